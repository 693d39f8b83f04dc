"""Changes of a suggestion since a version, read from its history. Pure.

An event's `detail` holds the `version` of the suggestion after it. `changed` is there where the
suggested entry changed: a field's name, and its values before and after. `lapsed` holds the ids
of the people whose approvals the event took away. Events from before these were recorded have
none of them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bot.catalog.model import Entry
from bot.review.model import Event, EventKind

FIELDS = ("title", "url", "arxiv", "doi", "venue", "year", "orgs", "note", "sections")
"""The fields of an entry that people change."""
_IDENTIFYING = frozenset({"title", "url", "arxiv", "doi"})
_DECISIVE: frozenset[EventKind] = frozenset(
    {"suggested", "completed", "accepted", "rejected", "postponed", "undone", "reopened"}
)
_OF_PUBLISHING: frozenset[EventKind] = frozenset({"published", "unpublished"})
_FRESH_START: frozenset[EventKind] = frozenset({"accepted", "rejected", "undone", "reopened"})


def entry_changes(before: Entry | None, after: Entry | None) -> dict[str, list[Any]]:
    """The fields in which two entries differ, each with both values, as JSON."""
    if before is None or after is None or before == after:
        return {}
    pairs = {name: [_plain(getattr(entry, name)) for entry in (before, after)] for name in FIELDS}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def changed_fields(event: Event) -> Mapping[str, Sequence[Any]]:
    """The fields of the entry that an event changed, with the values before and after."""
    changed = event.detail.get("changed")
    return changed if isinstance(changed, Mapping) else {}


def changes_since(history: Iterable[Event], version: int, person: str) -> tuple[Event, ...]:
    """The changes after a version that a person who saw that version does not know.

    Approvals of the same entry, support and publishing change nothing that a reviewer decides on.
    People know their own changes; but after a change of the section, an old card's select still
    shows the section before.
    """
    return tuple(
        event
        for at, event in _dated(history)
        if at > version
        and _is_change(event)
        and (event.actor != person or "sections" in changed_fields(event))
    )


def last_editor(history: Iterable[Event]) -> str | None:
    """The person who last changed the title or the link of the suggested entry."""
    editor = None
    for event in history:
        is_old = "changed" not in event.detail
        if event.what == "edited" and (is_old or _IDENTIFYING & changed_fields(event).keys()):
            editor = event.actor
    return editor


def lapsed_approvals(history: Iterable[Event]) -> tuple[str, ...]:
    """The people whose approvals lapsed, and who have not approved again.

    A decision and a reopening begin anew.
    """
    lapsed: dict[str, None] = {}
    for event in history:
        if event.what in _FRESH_START:
            lapsed.clear()
            continue
        lapsed |= dict.fromkeys(map(str, event.detail.get("lapsed", ())))
        if event.what == "approved":
            lapsed.pop(event.actor, None)
    return tuple(lapsed)


def _dated(history: Iterable[Event]) -> Iterator[tuple[int, Event]]:
    """The events with the versions that they led to; at least, for those without a version."""
    at = 0
    for event in history:
        version = event.detail.get("version")
        at = version if isinstance(version, int) else at + (event.what not in _OF_PUBLISHING)
        yield at, event


def _is_change(event: Event) -> bool:
    if event.what == "edited" and "changed" not in event.detail:
        return True
    return event.what in _DECISIVE or bool(changed_fields(event))


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
