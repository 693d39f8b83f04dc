"""An edition as rows of the outbox: one message, and what is too long for it in its thread.

Pure. The contents are plain JSON, typed here; what Slack is shown is made of them in `slack/`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from bot.digest.edition import Edition, Group, Paper
from bot.outbox.message import Say

SHOWN = 8
"""So many papers stand in the message itself; more go to its thread, by section."""
PART = 15
"""Papers in one message of a thread; what each is shown with is bounded accordingly."""
CARDS = 5
"""So many waiting cards are linked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The message of an edition.

    `edition` has the papers that stand in the message, and the first of the waiting cards; the
    numbers count all.
    """

    edition: Edition
    listed: int
    noteworthy: int
    waiting: int
    stale: int
    sections: tuple[tuple[str, int], ...] = ()
    """Where the papers of the thread were listed, and how many; empty when none are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A message of an edition's thread."""

    number: int
    of: int
    is_noteworthy: bool
    """Whether its papers were seen and not proposed; else they are listed."""
    groups: tuple[Group, ...]


SUMMARY: TypeAdapter[Summary] = TypeAdapter(Summary)
PART_CONTENT: TypeAdapter[Part] = TypeAdapter(Part)


def summary(edition: Edition) -> Summary:
    """What the message says."""
    is_long = edition.listed > SHOWN
    sections = tuple((group.section, len(group.papers)) for group in edition.groups)
    return Summary(
        edition=replace(
            edition,
            groups=() if is_long else edition.groups,
            noteworthy=(),
            waiting=edition.waiting[:CARDS],
        ),
        listed=edition.listed,
        noteworthy=len(edition.noteworthy),
        waiting=len(edition.waiting),
        stale=sum(one.is_stale for one in edition.waiting),
        sections=sections if is_long else (),
    )


def parts(edition: Edition) -> tuple[Part, ...]:
    """What its thread says: the papers of a long edition, then the noteworthy ones."""
    pages = list(_pages(edition.groups)) if edition.listed > SHOWN else []
    seen = [(Group("", edition.noteworthy),)] if edition.noteworthy else []
    return tuple(
        Part(
            number=number,
            of=len(pages) + len(seen),
            is_noteworthy=number > len(pages),
            groups=page,
        )
        for number, page in enumerate([*pages, *seen], 1)
    )


def says(edition: Edition, channel: str, key: str) -> Iterator[Say]:
    """The rows of an edition under its key."""
    content = SUMMARY.dump_python(summary(edition), mode="json")
    yield Say(key=key, channel=channel, kind="digest", content=content)
    for part in parts(edition):
        yield Say(
            key=f"{key}:part:{part.number}",
            channel=channel,
            kind="digest part",
            content=PART_CONTENT.dump_python(part, mode="json"),
            thread_of=key,
        )


def read_summary(content: Mapping[str, Any]) -> Summary:
    """The summary in a row."""
    return SUMMARY.validate_python(content)


def read_part(content: Mapping[str, Any]) -> Part:
    """The part in a row."""
    return PART_CONTENT.validate_python(content)


def _pages(groups: Iterable[Group]) -> Iterator[tuple[Group, ...]]:
    """The papers in their sections, so many a page; a long section goes on on the next one."""
    pairs = [(group.section, paper) for group in groups for paper in group.papers]
    for at in range(0, len(pairs), PART):
        yield _grouped(pairs[at : at + PART])


def _grouped(pairs: Sequence[tuple[str, Paper]]) -> tuple[Group, ...]:
    sections = dict.fromkeys(section for section, _ in pairs)
    return tuple(
        Group(name, tuple(paper for section, paper in pairs if section == name))
        for name in sections
    )
