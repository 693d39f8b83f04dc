"""Whether a process can do its work now, for whoever deploys and watches it. Pure."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.ops.doctor.finding import span
from bot.ops.doctor.job_checks import STUCK
from bot.outbox.message import QueueDepth
from bot.slack.api_errors import TOKEN_ERRORS, UNAUTHORIZED, error_sentence
from bot.text import pluralize


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessState:
    """What was looked at."""

    unreadable_list: str | None
    depth: QueueDepth
    problems: Sequence[str]
    """Why messages were put off."""


def reasons(seen: ProcessState, now: dt.datetime) -> Iterator[str]:
    """Why it is not ready; nothing if it is."""
    if seen.unreadable_list:
        yield f"The list cannot be read: {seen.unreadable_list}"
    for code in sorted(UNAUTHORIZED):
        if error_sentence(code) in seen.problems:
            yield f"Slack refuses the token: {TOKEN_ERRORS.get(code, code)}."
    oldest = seen.depth.oldest
    if oldest and now - oldest > STUCK:
        waiting = pluralize(seen.depth.due, "message")
        yield f"{waiting} to be said, the oldest for {span(now - oldest)}: is a worker at work?"
