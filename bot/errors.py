"""The one error that a person can cause: a sentence that says what is wrong and what to do."""


class PapersError(Exception):
    """Something that a person can mend.

    The message is a whole sentence (or a few) fit for a terminal or a private Slack reply: what is
    wrong, and the remedy. It never holds a token or a traceback.
    """
