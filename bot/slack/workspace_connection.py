"""The workspace of the bot token, which is unknown while Slack cannot be reached.

A start asks Slack once. Where Slack is away, the process serves what needs no Slack, and goes on
asking with back-off: after 1 s, doubled up to 60 s, or later where Slack asks for that.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

import structlog

from bot.backoff import backoff
from bot.slack.api_errors import SlackError, SlackUnavailableError
from bot.slack.authority import Workspace

Result = TypeVar("Result")

UNREACHABLE = "Slack cannot be reached."
REFUSED = "Slack refuses the token."
"""The sentences of `/readyz`; the log has the reasons, which may hold addresses."""
_UNKNOWN = Workspace("")
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0  # seconds
_LONGEST_RETRY_AFTER = 600.0

_log = structlog.get_logger()


class WorkspaceConnection:
    """The way from a token to its workspace, which Slack names."""

    def __init__(
        self, workspace: Workspace | None = None, ask: Callable[[], Workspace] | None = None
    ) -> None:
        """`ask` asks Slack for the workspace; see `bot.slack.app.check_token`."""
        self._workspace, self._ask = workspace, ask
        self._failure: SlackError | None = None

    @property
    def workspace(self) -> Workspace:
        """The workspace; its address is empty while it is unknown."""
        return self._workspace or _UNKNOWN

    @property
    def is_known(self) -> bool:
        """Tell whether Slack has accepted the token, or need not be asked."""
        return self._workspace is not None or self._ask is None

    @property
    def outage(self) -> SlackUnavailableError | None:
        """The failure of the last question, if Slack was away."""
        return self._failure if isinstance(self._failure, SlackUnavailableError) else None

    @property
    def problem(self) -> str | None:
        """A sentence on why the workspace is unknown; None if it is known."""
        if self.is_known:
            return None
        return UNREACHABLE if self._failure is None or self.outage else REFUSED

    def ask(self) -> None:
        """Ask Slack once, unless the workspace is known.

        Raises SlackError if Slack refuses the token, SlackUnavailableError if it is away.
        """
        if self._ask is None or self._workspace is not None:
            return
        try:
            self._workspace = self._ask()
        except SlackError as error:
            self._failure = error
            raise


def wait_for_slack(
    call: Callable[[], Result],
    stop: threading.Event,
    failure: SlackUnavailableError | None = None,
) -> Result | None:
    """Repeat a call while Slack is away; returns None when `stop` is set first.

    `failure` is that of a call before. Raises SlackError when Slack answers with a refusal.
    """
    tries = 0
    while not stop.is_set():
        if failure is not None:
            wait = backoff(tries, first=_FIRST_WAIT, longest=_LONGEST_WAIT)
            wait = max(wait, min(failure.retry_after, _LONGEST_RETRY_AFTER))
            _log.warning("waiting for Slack", seconds=wait, reason=str(failure))
            if stop.wait(wait):
                break
            tries += 1
        try:
            return call()
        except SlackUnavailableError as error:
            failure = error
    return None
