"""Readiness of a process to do its work, for deployments and alarms. Pure."""

import datetime as dt
import re
from collections.abc import Iterator, Sequence

from bot.ops.doctor.findings import format_duration
from bot.ops.doctor.job_checks import STUCK
from bot.outbox.message import QueueDepth
from bot.slack.api_errors import TOKEN_ERRORS, UNAUTHORIZED, error_sentence
from bot.text import pluralize

_FILE = re.compile(r"[\w.-]{1,80}\.ya?ml\b", re.ASCII)


def reasons(
    list_problem: str | None, depth: QueueDepth, problems: Sequence[str], now: dt.datetime
) -> Iterator[str]:
    """The reasons why the process is not ready; none if it is.

    `list_problem` is the reason why the list cannot be read, `problems` are those for unsent
    messages. No reason holds a path, an address or foreign text.
    """
    if list_problem:
        file = _FILE.search(list_problem)
        where = f"there is a mistake in {file[0]}" if file else "its files are missing or broken"
        yield f"The list cannot be read: {where}. `papers check` shows it."
    for code in sorted(UNAUTHORIZED):
        if error_sentence(code) in problems:
            yield f"Slack refuses the token: {TOKEN_ERRORS.get(code, code)}."
    oldest = depth.oldest
    if oldest and now - oldest > STUCK:
        waiting, age = pluralize(depth.due, "message"), format_duration(now - oldest)
        yield f"{waiting} to send, the oldest for {age}: is a worker running?"
