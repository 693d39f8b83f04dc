"""Judges what the bot does by itself: the feeds, the outbox, the worker and its jobs."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.discovery.feed_history import FeedCheck
from bot.ops.doctor.finding import Finding, error, ok, span, warning
from bot.ops.jobs import JobRun
from bot.outbox.message import OutboxRow, QueueDepth
from bot.text import pluralize

NO_POLL = dt.timedelta(hours=26)
"""A poll a day, and two hours of grace: on one day of the year 25 hours lie between two."""
STUCK = dt.timedelta(minutes=5)
"""After so long something that is to be said has not been said for a reason."""
_STILL = dt.timedelta(minutes=5)
_SHOWN = 10
_ARXIV = (
    "Nothing is lost: missed days are filled in once arXiv answers. See https://status.arxiv.org."
)


def feeds(
    categories: Sequence[str], last: Mapping[str, tuple[dt.datetime, FeedCheck]], now: dt.datetime
) -> Iterator[Finding]:
    """How each category was found at the last poll."""
    if not categories:
        yield ok("feeds", "The list watches no categories.")
        return
    polled = [at for name, (at, _) in last.items() if name in categories]
    if not polled:
        yield warning(
            "feeds", "arXiv was never polled.", "`papers poll` does it now; so does the worker."
        )
        return
    if now - max(polled) > NO_POLL:
        yield error(
            "feeds",
            f"The last poll was {span(now - max(polled))} ago.",
            "See that `papers run` or `papers worker` runs; `papers poll` polls now.",
        )
    for name in categories:
        if name in last:
            yield _feed(name, *last[name], now)
        else:
            yield warning(f"feed {name}", "It was never polled.", "The next poll does it.")


def _feed(name: str, at: dt.datetime, check: FeedCheck, now: dt.datetime) -> Finding:
    sentence = f"{check.verdict.capitalize()}, {span(now - at)} ago: {check.reason}"
    if check.verdict == "failed":
        return error(f"feed {name}", sentence, _ARXIV)
    if check.verdict == "stalled":
        return warning(f"feed {name}", sentence, _ARXIV)
    return ok(f"feed {name}", sentence)


def paused(found: tuple[dt.datetime, str] | None) -> Iterator[Finding]:
    """That the bot proposes nothing, if so."""
    if found:
        yield warning(
            "proposals",
            f"They are paused until {found[0]:%Y-%m-%d %H:%M} UTC.",
            "`/papers pause off` in Slack ends it.",
        )


def outbox(depth: QueueDepth, dead: Sequence[OutboxRow], now: dt.datetime) -> Iterator[Finding]:
    """Whether what is to be said gets said."""
    what = "outbox"
    age = now - depth.oldest if depth.oldest else dt.timedelta()
    if not depth.due:
        yield ok(what, "Everything was said.")
    elif age < STUCK:
        yield ok(what, f"{pluralize(depth.due, 'message')} to be sent.")
    else:
        yield error(
            what,
            f"{pluralize(depth.due, 'message')} to be sent, the oldest for {span(age)}.",
            "See whether the worker runs and Slack takes its messages; `papers outbox` has the "
            "reasons.",
        )
    for item in dead[:_SHOWN]:
        yield error(
            "dead letter",
            f"{item.key}, for {item.channel}: {item.problem or 'no reason is known.'}",
            f"Mend that, then: papers outbox retry {item.key}",
        )
    if len(dead) > _SHOWN:
        yield error(
            "dead letters",
            f"{len(dead) - _SHOWN} more.",
            "`papers outbox` shows them; `papers outbox retry` tries them all again.",
        )


def worker(*, is_at_work: bool, runs: Iterable[JobRun], now: dt.datetime) -> Iterator[Finding]:
    """Whether somebody sends, publishes and polls, and how that went."""
    known = tuple(runs)
    last = max((run.started_at for run in known), default=None)
    ran = f"; the last job ran {span(now - last)} ago" if last else ""
    if not is_at_work:
        yield error(
            "worker",
            f"None is at work{ran}.",
            "Start `papers run`, or `papers worker` beside `papers web`.",
        )
    elif last and now - last > _STILL:
        yield error("worker", f"One is there and does nothing{ran}.", "Start it anew.")
    else:
        yield ok("worker", f"One is at work{ran}.")
    for run in known:
        if not run.is_ok:
            yield error(
                f"job {run.name}",
                f"It failed {span(now - run.started_at)} ago: {run.outcome}",
                "It is tried again by itself; the log has the details.",
            )
