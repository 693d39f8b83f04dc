"""Whether a process can do its work now, for deployments and alarms. Pure."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.ops.doctor.finding import format_duration
from bot.ops.doctor.job_checks import STUCK
from bot.outbox.message import QueueDepth
from bot.slack.api_errors import TOKEN_ERRORS, UNAUTHORIZED, answered
from bot.text import pluralize


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessState:
    """What readiness depends on."""

    list_problem: str | None
    """Why the list cannot be read."""
    depth: QueueDepth
    problems: Sequence[str]
    """Why messages could not be sent."""


def reasons(state: ProcessState, now: dt.datetime) -> Iterator[str]:
    """Why the process is not ready; nothing if it is."""
    if state.list_problem:
        yield f"The list cannot be read: {state.list_problem}"
    for code in sorted(UNAUTHORIZED):
        if answered(code) in state.problems:
            yield f"Slack refuses the token: {TOKEN_ERRORS.get(code, code)}."
    oldest = state.depth.oldest
    if oldest and now - oldest > STUCK:
        waiting, age = pluralize(state.depth.due, "message"), format_duration(now - oldest)
        yield f"{waiting} to send, the oldest for {age}: is a worker running?"
