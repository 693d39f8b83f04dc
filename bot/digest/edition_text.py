"""What an edition says in words, for Slack and for a terminal. Pure; nothing is escaped here."""

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from bot.digest.edition import Edition, EditionGroup
from bot.digest.messages import EditionSummary, summarize
from bot.digest.model import Subscription, Topic, describe_subscription, format_time
from bot.text import pluralize


def headline(said: EditionSummary) -> str:
    """How many papers of what since when."""
    edition = said.edition
    since = f"since {format_day(edition.begin, edition.zone, edition.end)}"
    what = f"{_of(edition.topic, is_one=said.listed <= 1)} {since}"
    if said.listed:
        return f"{pluralize(said.listed, 'new paper')}{what}"
    if said.noteworthy:
        return f"No paper{what} was listed, {said.noteworthy} may be worth a look"
    return f"Nothing new{what}"


def notes(said: EditionSummary) -> Iterator[str]:
    """What else there is to say, a sentence each; the waiting cards are not among it."""
    edition = said.edition
    if edition.trouble:
        yield (
            f"“{edition.topic.text}” cannot be looked up any more: {edition.trouble} "
            "`/papers subscriptions` lets you change it."
        )
    if edition.told_before:
        yield f"{edition.told_before} more had been in this channel’s digests before."


def waiting_sentence(said: EditionSummary) -> str:
    """How many cards wait, and how many of them for long; empty when none does."""
    if not said.waiting:
        return ""
    verb = "waits" if said.waiting == 1 else "wait"
    told = f"{pluralize(said.waiting, 'suggestion')} {verb} for review"
    if not said.stale:
        return told
    if said.stale == said.waiting:
        return f"{told}, for a week or longer"
    return f"{told}, {said.stale} of them for a week or longer"


def noteworthy_heading(number: int) -> str:
    """What the papers that were only seen are called."""
    return f"Seen on arXiv and not proposed, perhaps worth a look: {pluralize(number, 'paper')}"


def format_day(moment: dt.datetime, zone: str, seen_from: dt.datetime | None = None) -> str:
    """`Monday 16 November`; with the year where that is another one than `seen_from`'s."""
    local = moment.astimezone(ZoneInfo(zone))
    is_same = seen_from is None or seen_from.astimezone(ZoneInfo(zone)).year == local.year
    return f"{local:%A} {local.day} {local:%B}{'' if is_same else f' {local.year}'}"


def format_moment(moment: dt.datetime, zone: str) -> str:
    """`Monday 16 November at 9:00`."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{format_day(moment, zone)} at {format_time(local.time())}"


def render_text(edition: Edition, one: Subscription) -> str:
    """A whole edition for a terminal, under the subscription that it is for."""
    said = summarize(edition)
    lines = [f"{one.channel}: {describe_subscription(one)}"]
    if one.is_quiet and edition.may_be_silent:
        return "\n".join([*lines, "  Nothing new, and nothing is said then."])
    lines.append(f"  {headline(said)}.")
    for group in edition.groups:
        lines += _group_lines(group)
    lines += [f"  {note}" for note in notes(said)]
    if told := waiting_sentence(said):
        numbers = [f"{one.number}" for one in said.edition.waiting]
        more = [] if said.waiting == len(numbers) else ["…"]
        lines.append(f"  {told} (number {', '.join([*numbers, *more])}).")
    if edition.noteworthy:
        lines += _group_lines(
            EditionGroup(noteworthy_heading(len(edition.noteworthy)), edition.noteworthy)
        )
    return "\n".join([*lines, f"  {edition.health.sentence}"])


def _group_lines(group: EditionGroup) -> Iterator[str]:
    yield f"  {group.section}"
    for paper in group.papers:
        yield f"    {paper.title}"
        who = f"approved by {', '.join(paper.approved_by)}" if paper.approved_by else ""
        told = [part for part in (paper.url, paper.details, who) if part]
        if told:
            yield f"      {'  '.join(told)}"


def _of(topic: Topic, *, is_one: bool) -> str:
    if not topic.text:
        return ""
    if topic.section:
        return f" in {topic.text}"
    return f" that {'matches' if is_one else 'match'} “{topic.text}”"
