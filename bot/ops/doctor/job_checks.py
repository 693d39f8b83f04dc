"""Checks of background work: feeds, outbox, worker and jobs. Pure."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.discovery.feed_history import FeedCheck
from bot.discovery.sources.arxiv.identifiers import ARXIV
from bot.ops.doctor.findings import Finding, error, format_duration, ok, warning
from bot.ops.jobs import JobRun
from bot.outbox.message import OutboxRow, QueueDepth
from bot.review.model import Suggestion
from bot.text import pluralize

NO_POLL = dt.timedelta(hours=26)
"""A poll a day, 25 hours apart when summer time ends, and an hour of grace."""
STUCK = dt.timedelta(minutes=5)
"""A message that is due for longer is stuck."""
_IDLE = dt.timedelta(minutes=5)
_MAX_SHOWN = 10
_ARXIV = (
    "Nothing is lost: missed days are filled in once arXiv answers. See https://status.arxiv.org."
)


def feeds(
    categories: Sequence[str], last: Mapping[str, tuple[dt.datetime, FeedCheck]], now: dt.datetime
) -> Iterator[Finding]:
    """The verdict on each feed at the last poll: the categories, and the other sources' feeds.

    `last` holds the last check of each feed; arXiv's feeds that are watched no more are left out.
    """
    others = sorted(name for name, (_, check) in last.items() if check.source != ARXIV)
    watched = [*categories, *(name for name in others if name not in categories)]
    if not watched:
        yield ok("feeds", "The list watches no categories.")
        return
    polled = [at for name, (at, _) in last.items() if name in watched]
    if not polled:
        yield warning(
            "feeds",
            "No source was ever polled.",
            "`papers poll` polls now; the worker polls by itself.",
        )
        return
    if now - max(polled) > NO_POLL:
        yield error(
            "feeds",
            f"The last poll was {format_duration(now - max(polled))} ago.",
            "Start `papers run` or `papers worker`; `papers poll` polls now.",
        )
    for name in watched:
        if name in last:
            yield _feed(name, *last[name], now)
        else:
            yield warning(f"feed {name}", "It was never polled.", "The next poll includes it.")


def _feed(name: str, at: dt.datetime, check: FeedCheck, now: dt.datetime) -> Finding:
    sentence = f"{check.verdict.capitalize()}, {format_duration(now - at)} ago: {check.reason}"
    if check.verdict == "failed":
        return error(f"feed {name}", sentence, _remedy(check.source))
    if check.verdict == "stalled":
        return warning(f"feed {name}", sentence, _remedy(check.source))
    return ok(f"feed {name}", sentence)


def _remedy(source: str) -> str:
    is_arxiv = source == ARXIV
    return _ARXIV if is_arxiv else f"Nothing is lost; the next polls ask {source} again."


def waiting_for_facts(waiting: Sequence[tuple[Suggestion, int]]) -> Iterator[Finding]:
    """Warnings of suggestions whose paper no source has described, with the number of tries."""
    for suggestion, tries in waiting[:_MAX_SHOWN]:
        yield warning(
            f"suggestion {suggestion.id}",
            f"Its paper could not be looked up yet, after {pluralize(tries, 'attempt')}.",
            "The worker tries again; after some time the card comes without the paper's facts.",
        )
    if len(waiting) > _MAX_SHOWN:
        yield warning(
            "suggestions", f"{len(waiting) - _MAX_SHOWN} more wait for facts.", "See the log."
        )


def paused(pause: tuple[dt.datetime, str] | None) -> Iterator[Finding]:
    """A warning while proposals are paused; `pause` is its end and who paused."""
    if pause:
        yield warning(
            "proposals",
            f"They are paused until {pause[0]:%Y-%m-%d %H:%M} UTC.",
            "`/papers pause off` in Slack ends it.",
        )


def outbox(depth: QueueDepth, dead: Sequence[OutboxRow], now: dt.datetime) -> Iterator[Finding]:
    """Findings about unsent messages, and about messages that were given up."""
    what = "outbox"
    age = now - depth.oldest if depth.oldest else dt.timedelta()
    if not depth.due:
        yield ok(what, "All messages were sent.")
    elif age < STUCK:
        yield ok(what, f"{pluralize(depth.due, 'message')} to send.")
    else:
        yield error(
            what,
            f"{pluralize(depth.due, 'message')} to send, the oldest for {format_duration(age)}.",
            "Check that the worker runs; `papers outbox` shows why messages were not sent.",
        )
    for row in dead[:_MAX_SHOWN]:
        yield error(
            "dead letter",
            f"{row.key}, for {row.channel}: {row.problem or 'no reason is known.'}",
            f"Fix that, then: papers outbox retry {row.key}",
        )
    if len(dead) > _MAX_SHOWN:
        yield error(
            "dead letters",
            f"{len(dead) - _MAX_SHOWN} more.",
            "`papers outbox` shows them; `papers outbox retry` sends them all again.",
        )


def worker(*, is_running: bool, runs: Iterable[JobRun], now: dt.datetime) -> Iterator[Finding]:
    """Findings about the worker, and about jobs whose last run failed."""
    runs = tuple(runs)
    last = max((run.started_at for run in runs), default=None)
    ran = f"; the last job ran {format_duration(now - last)} ago" if last else ""
    if not is_running:
        yield error(
            "worker",
            f"None is running{ran}.",
            "Start `papers run`, or `papers worker` beside `papers web`.",
        )
    elif last and now - last > _IDLE:
        yield error("worker", f"It is running but idle{ran}.", "Restart it.")
    else:
        yield ok("worker", f"It is running{ran}.")
    for run in runs:
        if not run.is_ok:
            yield error(
                f"job {run.name}",
                f"It failed {format_duration(now - run.started_at)} ago: {run.outcome}",
                "The worker repeats it; the log has the details.",
            )
