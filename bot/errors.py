"""The error for everything that a person can fix."""


class PapersError(Exception):
    """A problem that a person can fix.

    The message is one or more whole sentences for a terminal or a private Slack reply: what is
    wrong, and the remedy. It never holds a token or a traceback.
    """
