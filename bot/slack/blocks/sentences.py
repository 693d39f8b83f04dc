"""Refusals, confirmations and lists of suggestions, in words. Pure; all of it mrkdwn."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.catalog.model import Catalog
from bot.review.actions import Refusal, RefusalReason
from bot.review.changes import changed_fields
from bot.review.model import Event, Suggestion
from bot.review.objections import UNDO_DAYS
from bot.slack.blocks.text import (
    bold_title,
    day,
    fit,
    mention,
    moment,
    section_name,
    titled_card_link,
)
from bot.text import pluralize

_TITLE_LENGTH = 200
_MAX_PENDING = 20
_MAX_EVENTS = 40
_MAX_CHANGES = 4
_FIELDS = {
    "title": "title", "url": "link", "venue": "venue", "year": "year", "orgs": "organisations",
    "note": "note", "sections": "section",
}  # fmt: skip
_REFUSALS: Mapping[RefusalReason, str] = {
    "not a reviewer": "Only reviewers decide on suggestions, and you are not one of them here. "
    "The list’s `review` settings say who is; ask them, or write into the card’s thread.",
    "stale": "This card has changed since you opened it. Nothing was decided.",
    "own suggestion": "You suggested {title} yourself; here somebody else has to approve it.",
    "own support": "You asked for {title} yourself; here somebody else has to approve it.",
    "own edit": "You changed the title or link of {title} last; here somebody else has to "
    "approve it.",
    "seconded already": "The card of {title} names you already; it waits for a decision.",
    "approved already": "You have approved {title} already; it still needs others.",
    "decided": "That is decided: {decision}",
    "open": "{title} is open: it waits for a decision.",
    "gathering": "{title} is still being looked up on arXiv; its card comes in a moment.",
    "too late": f"A decision can be taken back for {UNDO_DAYS} days. To change {{title}} now, "
    "look it up and use *Suggest a correction*.",
    "depended on": "A later correction stands on {title}. Take that one back first, then this.",
    "suggested again": "{title} was suggested again. Decide on that suggestion first.",
    "no title": "arXiv has not told what {title} is. Give it its title with *Edit* first.",
    "listed": "{title} is on the list already. Reject the suggestion, or undo that first.",
    "no section": "A section of {title} is not on the list any more. Choose others with *Edit*, "
    "then approve.",
    "address as title": "The title {title} looks like a web address. Write the paper’s title with "
    "*Edit*, then approve.",
    "no reason": "A reason is needed: choose one, or write a few words.",
}


def refusal(refused: Refusal) -> str:
    """The reason why an action was refused, and the remedy."""
    suggestion = refused.suggestion
    ended = decision(suggestion) if refused.reason == "decided" else ""
    text = _REFUSALS[refused.reason].replace("{title}", _title(suggestion))
    return text.replace("{decision}", ended)


def stale(refused: Refusal, catalog: Catalog) -> str:
    """The refusal of an action on a content that its person did not see, with what changed."""
    changes = [_change(event, catalog) for event in refused.changes]
    lines = [_REFUSALS["stale"]]
    if len(changes) > _MAX_CHANGES:
        lines.append(f"• {pluralize(len(changes) - _MAX_CHANGES, 'earlier change')}")
    lines += [f"• {change}" for change in changes[-_MAX_CHANGES:]]
    return "\n".join(lines)


def _change(event: Event, catalog: Catalog) -> str:
    """A change of a suggestion, with its person."""
    reason = fit(str(event.detail.get("reason") or ""), 100)
    match event.what:
        case "rejected":
            text = f"rejected it: {reason}"
        case "reopened":
            text = f"suggested it again: {reason}"
        case "undone":
            text = "took the decision back"
        case "postponed":
            text = f"put it off until {str(event.detail.get('until') or 'later')[:10]}"
        case "accepted" | "approved":
            text = f"approved it{_new_section(event, catalog)}"
        case "completed":
            text = "found its title and authors"
        case _:
            text = f"changed {_edited(event, catalog)}"
    return f"{mention(event.actor)} {text}"


def _edited(event: Event, catalog: Catalog) -> str:
    parts = [
        f"the {_FIELDS[name]} to {field_value(name, pair[1], catalog)}"
        for name, pair in changed_fields(event).items()
        if name in _FIELDS
    ]
    return "; ".join(parts[:3]) or "it"


def _new_section(event: Event, catalog: Catalog) -> str:
    pair = changed_fields(event).get("sections")
    return f" for {field_value('sections', pair[1], catalog)}" if pair else ""


def field_value(name: str, value: object, catalog: Catalog) -> str:
    """A value of an entry's field as a person reads it."""
    values = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    texts = [section_name(catalog, str(text)) if name == "sections" else text for text in values]
    shown = ", ".join(str(text) for text in texts if text)
    return f"“{fit(shown, 90)}”" if shown else "nothing"


def decision(suggestion: Suggestion) -> str:
    """The decision on a suggestion: its kind, person, day and reason."""
    title, by = _title(suggestion), mention(suggestion.decided_by)
    if suggestion.decided_at:
        by += f" on {day(suggestion.decided_at)}"
    if suggestion.state == "rejected":
        return f"{title} was rejected by {by}: {fit(suggestion.reason or '', 500)}"
    verb = {"addition": "approved", "correction": "corrected", "removal": "taken out"}
    return f"{title} was {verb[suggestion.subject.kind]} by {by}."


def outcome(suggestion: Suggestion, catalog: Catalog) -> str:
    """The decision on a suggestion, for the person who made it."""
    title = _title(suggestion)
    if suggestion.state == "approved":
        where = fit(section_name(catalog, suggestion.subject.entry.home), 300)
        ended = {
            "addition": f"is on the list now, in {where}",
            "correction": "is corrected on the list",
            "removal": "is taken off the list",
        }
        change = ended[suggestion.subject.kind]
        return f":tada: {title} {change}. Thank you for suggesting it."
    if suggestion.state == "rejected":
        return (
            f"{title} was not taken: {fit(suggestion.reason or '', 500)}. If something new speaks "
            "for it, suggest it again and say what."
        )
    return f"{title}, which you suggested, is being talked of again."


def progress(suggestion: Suggestion, channel: str | None) -> str:
    """The state of a suggestion; `channel` is the review channel."""
    if suggestion.state in {"approved", "rejected"}:
        return decision(suggestion)
    where = f" in <#{channel}>" if channel else ""
    later = f", put off until {day(suggestion.wake_at)}" if suggestion.wake_at else ""
    source = suggestion.source
    found = "found on arXiv" if suggestion.subject.entry.arxiv else "found by me"
    origin = f"suggested by {mention(source)}" if source else found
    since = day(suggestion.suggested_at)
    return f"{_title(suggestion)} waits for review{where}: {origin} {since}{later}."


def thanks(suggestion: Suggestion, channel: str | None) -> str:
    """Thanks for a suggestion, and what happens next; `channel` is the review channel."""
    where = f"its card comes to <#{channel}> in a moment" if channel else "it waits for review"
    if suggestion.state == "gathering":
        where += " once arXiv has told me about it"
    title = bold_title(suggestion.subject.entry)
    return (
        f"Thank you. {title} is suggestion {suggestion.id}: {where}. I will tell you how it ends."
    )


def pending(
    waiting: Sequence[Suggestion],
    links: Mapping[int, str],
    paused: tuple[dt.datetime, str] | None,
) -> str:
    """The suggestions that wait for a decision, with the links to their cards by number.

    `paused` says until when proposals are paused, and by whom.
    """
    lines = [f"*{pluralize(len(waiting), 'suggestion')} waiting*"]
    if paused:
        until, user = paused
        lines.append(f":double_vertical_bar: Paused until {moment(until)} by {mention(user)}.")
    if not waiting:
        lines.append("Nothing waits for a decision. `/papers suggest LINK` suggests a paper.")
    lines += [_pending_line(suggestion, links) for suggestion in waiting[:_MAX_PENDING]]
    if len(waiting) > _MAX_PENDING:
        lines.append(f"… and {len(waiting) - _MAX_PENDING} more")
    return "\n".join(lines)


def _pending_line(suggestion: Suggestion, links: Mapping[int, str]) -> str:
    title = suggestion.subject.entry.title
    link = links.get(suggestion.id)
    label = titled_card_link(link, title, 150) if link else fit(title, 150)
    found = "arXiv" if suggestion.subject.entry.arxiv else "me"
    origin = mention(suggestion.source) if suggestion.source else found
    later = ""
    if suggestion.state == "postponed" and suggestion.wake_at:
        later = f" · back {day(suggestion.wake_at)}"
    return f"`{suggestion.id}` {label} · {origin}{later}"


def history(suggestion: Suggestion, events: Iterable[Event]) -> str:
    """The latest events of a suggestion, a line each."""
    return "\n".join(_history(suggestion, events))


def _history(suggestion: Suggestion, events: Iterable[Event]) -> Iterator[str]:
    yield f"{_title(suggestion)} · suggestion {suggestion.id}"
    for event in list(events)[-_MAX_EVENTS:]:
        line = f"{moment(event.at)}  {event.what} by {mention(event.actor)}"
        detail = event.detail
        text = str(detail.get("reason") or detail.get("until") or detail.get("where") or "")
        yield f"{line}: {fit(text, 300)}" if text else line


def _title(suggestion: Suggestion) -> str:
    return bold_title(suggestion.subject.entry, _TITLE_LENGTH)
