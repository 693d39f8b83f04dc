"""The sentences of an edition, for Slack and for a terminal. Pure; nothing is escaped here."""

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from bot.catalog.links import canonical_address
from bot.digest.edition import Edition, EditionGroup
from bot.digest.messages import EditionSummary, summarize
from bot.digest.model import Subscription, describe_subscription, format_time, topic_clause
from bot.text import pluralize


def headline(summary: EditionSummary) -> str:
    """The number of papers, their topic and since when."""
    edition = summary.edition
    since = f"since {format_day(edition.begin, edition.zone, edition.end)}"
    what = f"{topic_clause(edition.topic, is_one=summary.listed <= 1)} {since}"
    if summary.listed:
        return f"{pluralize(summary.listed, 'new paper')}{what}"
    if summary.noteworthy:
        return f"No paper{what} was listed, {summary.noteworthy} may be worth a look"
    return f"Nothing new{what}"


def notes(summary: EditionSummary) -> Iterator[str]:
    """Further sentences, except the one about waiting cards."""
    edition = summary.edition
    if edition.trouble:
        yield (
            f"“{edition.topic.text}” cannot be looked up any more: {edition.trouble} "
            "`/papers subscriptions` lets you change it."
        )
    if edition.told_before:
        yield f"{edition.told_before} more had been in this channel’s digests before."


def waiting_sentence(summary: EditionSummary) -> str:
    """The number of waiting cards, and of stale ones among them; empty without any."""
    if not summary.waiting:
        return ""
    verb = "waits" if summary.waiting == 1 else "wait"
    sentence = f"{pluralize(summary.waiting, 'suggestion')} {verb} for review"
    if not summary.stale:
        return sentence
    some = f" {summary.stale} of them" if summary.stale < summary.waiting else ""
    return f"{sentence},{some} for a week or longer"


def noteworthy_heading(number: int) -> str:
    """The heading of the noteworthy papers."""
    return f"Seen on arXiv and not proposed, perhaps worth a look: {pluralize(number, 'paper')}"


def format_day(moment: dt.datetime, zone: str, seen_from: dt.datetime | None = None) -> str:
    """`Monday 16 November`, with the year if it is not that of `seen_from`."""
    local = moment.astimezone(ZoneInfo(zone))
    is_same = seen_from is None or seen_from.astimezone(ZoneInfo(zone)).year == local.year
    return f"{local:%A} {local.day} {local:%B}{'' if is_same else f' {local.year}'}"


def format_moment(moment: dt.datetime, zone: str) -> str:
    """`Monday 16 November at 9:00`."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{format_day(moment, zone)} at {format_time(local.time())}"


def render_text(edition: Edition, subscription: Subscription) -> str:
    """A whole edition for a terminal, below its subscription."""
    summary = summarize(edition)
    lines = [f"{subscription.channel}: {describe_subscription(subscription)}"]
    if subscription.is_quiet and edition.may_be_silent:
        return "\n".join([*lines, "  Nothing new, and nothing is said then."])
    lines.append(f"  {headline(summary)}.")
    for group in edition.groups:
        lines += _group_lines(group)
    lines += [f"  {note}" for note in notes(summary)]
    if sentence := waiting_sentence(summary):
        numbers = [f"{card.number}" for card in summary.edition.waiting]
        more = [] if summary.waiting == len(numbers) else ["…"]
        lines.append(f"  {sentence} (number {', '.join([*numbers, *more])}).")
    if edition.noteworthy:
        heading = noteworthy_heading(len(edition.noteworthy))
        lines += _group_lines(EditionGroup(heading, edition.noteworthy))
    return "\n".join([*lines, f"  {edition.health.sentence}"])


def _group_lines(group: EditionGroup) -> Iterator[str]:
    yield f"  {group.section}"
    for paper in group.papers:
        yield f"    {paper.title}"
        approved = f"approved by {', '.join(paper.approved_by)}" if paper.approved_by else ""
        address = canonical_address(paper.url)
        details = [part for part in (address, paper.details, approved) if part]
        if details:
            yield f"      {'  '.join(details)}"
