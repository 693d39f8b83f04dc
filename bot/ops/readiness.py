"""Whether a process can do its work now, for deployments and alarms. Pure."""

import datetime as dt
from collections.abc import Iterator, Sequence

from bot.ops.doctor.findings import format_duration
from bot.ops.doctor.job_checks import STUCK
from bot.outbox.message import QueueDepth
from bot.slack.api_errors import TOKEN_ERRORS, UNAUTHORIZED, error_sentence
from bot.text import pluralize


def reasons(
    list_problem: str | None, depth: QueueDepth, problems: Sequence[str], now: dt.datetime
) -> Iterator[str]:
    """Why the process is not ready; nothing if it is.

    `list_problem` is why the list cannot be read, `problems` are why messages could not be sent.
    """
    if list_problem:
        yield f"The list cannot be read: {list_problem}"
    for code in sorted(UNAUTHORIZED):
        if error_sentence(code) in problems:
            yield f"Slack refuses the token: {TOKEN_ERRORS.get(code, code)}."
    oldest = depth.oldest
    if oldest and now - oldest > STUCK:
        waiting, age = pluralize(depth.due, "message"), format_duration(now - oldest)
        yield f"{waiting} to send, the oldest for {age}: is a worker running?"
