"""What is said in words: refusals, confirmations, lists of suggestions. Pure; all of it mrkdwn."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

from bot.catalog.model import Catalog
from bot.review.decision import UNDO_DAYS, Refusal, RefusalReason
from bot.review.model import Event, Suggestion
from bot.review.service import DAILY_LIMIT
from bot.slack.blocks.cards import day, moment, person, place_name
from bot.slack.blocks.lookup import fit

_TITLE = 200
_SHOWN = 20


_REFUSALS: Mapping[RefusalReason, str] = {
    "not a reviewer": "Only reviewers decide on suggestions, and you are not one of them here. "
    "The list’s `review` settings say who is; ask them, or write into the card’s thread.",
    "own suggestion": "You suggested {title} yourself; here somebody else has to approve it.",
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
    "no reason": "A reason is needed: choose one, or write a few words.",
}


def refusal(refused: Refusal) -> str:
    """Why a click or command did nothing, and what would."""
    one = refused.suggestion
    title = f"*{fit(one.subject.entry.title, _TITLE)}*"
    ended = decision(one) if refused.reason == "decided" else ""
    return _REFUSALS[refused.reason].replace("{title}", title).replace("{decision}", ended)


def decision(one: Suggestion) -> str:
    """How a suggestion ended."""
    title = f"*{fit(one.subject.entry.title, _TITLE)}*"
    when = f" on {day(one.decided_at)}" if one.decided_at else ""
    if one.state == "rejected":
        reason = fit(one.reason or "", 500)
        return f"{title} was rejected by {person(one.decided_by)}{when}: {reason}"
    verb = {"addition": "approved", "correction": "corrected", "removal": "taken out"}
    return f"{title} was {verb[one.subject.kind]} by {person(one.decided_by)}{when}."


def outcome(one: Suggestion, catalog: Catalog) -> str:
    """What whoever suggested it hears."""
    title = f"*{fit(one.subject.entry.title, _TITLE)}*"
    if one.state == "approved":
        where = fit(place_name(catalog, one.subject.entry.home), 300)
        ended = {
            "addition": f"is on the list now, in {where}",
            "correction": "is corrected on the list",
            "removal": "is taken off the list",
        }
        return f":tada: {title} {ended[one.subject.kind]}. Thank you for suggesting it."
    if one.state == "rejected":
        return (
            f"{title} was not taken: {fit(one.reason or '', 500)}. If something new speaks for "
            "it, suggest it again and say what."
        )
    return f"{title}, which you suggested, is being talked of again."


def standing(one: Suggestion, channel: str | None) -> str:
    """Where the suggestion of a paper stands, for somebody who asks about the paper."""
    if one.state in {"approved", "rejected"}:
        return decision(one)
    title = f"*{fit(one.subject.entry.title, _TITLE)}*"
    where = f" in <#{channel}>" if channel else ""
    later = f", put off until {day(one.wake_at)}" if one.wake_at else ""
    found = "found on arXiv" if one.subject.entry.arxiv else "found by me"
    who = f"suggested by {person(one.source)}" if one.source else found
    return f"{title} waits for review{where}: {who} {day(one.suggested_at)}{later}."


def pending(
    waiting: Iterable[Suggestion], links: dict[int, str], paused: tuple[dt.datetime, str] | None
) -> str:
    """What waits for a decision."""
    ones = list(waiting)
    lines = [f"*{len(ones)} suggestion{'' if len(ones) == 1 else 's'} waiting*"]
    if paused:
        lines.append(
            f":double_vertical_bar: Paused until {moment(paused[0])} by {person(paused[1])}."
        )
    if not ones:
        lines.append("Nothing waits for a decision. `/papers suggest LINK` suggests a paper.")
    for one in ones[:_SHOWN]:
        title = fit(one.subject.entry.title, 150)
        label = f"<{links[one.id]}|{title}>" if one.id in links else title
        later = f" · back {day(one.wake_at)}" if one.state == "postponed" and one.wake_at else ""
        who = person(one.source) if one.source else "arXiv" if one.subject.entry.arxiv else "me"
        lines.append(f"`{one.id}` {label} · {who}{later}")
    if len(ones) > _SHOWN:
        lines.append(f"… and {len(ones) - _SHOWN} more")
    return "\n".join(lines)


def history(one: Suggestion, events: Iterable[Event]) -> str:
    """What happened to a suggestion, a line each."""
    return "\n".join(_history(one, events))


def _history(one: Suggestion, events: Iterable[Event]) -> Iterator[str]:
    yield f"*{fit(one.subject.entry.title, _TITLE)}* · suggestion {one.id}"
    for event in list(events)[-40:]:
        detail = fit(told_detail(event), 300)
        line = f"{moment(event.at)}  {event.what} by {person(event.actor)}"
        yield f"{line}: {detail}" if detail else line


def told_detail(event: Event) -> str:
    """What an event says beyond its name."""
    detail = event.detail
    return str(detail.get("reason") or detail.get("until") or detail.get("where") or "")


def too_many(limit: int = DAILY_LIMIT) -> str:
    """Enough for a day."""
    return (
        f"You have suggested {limit} papers within a day; the reviewers need time for them. "
        "Please come back tomorrow."
    )
