"""An edition as rows of the outbox: one message, and what is too long for it in its thread.

Pure. The contents are plain JSON, typed here; what Slack is shown is made of them in `slack/`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from bot.digest.edition import Edition, EditionGroup, EditionPaper
from bot.outbox.message import Message

MAX_IN_MESSAGE = 8
"""So many papers stand in the message itself; more go to its thread, by section."""
PAPERS_PER_PART = 15
"""Papers in one message of a thread; what each is shown with is bounded accordingly."""
MAX_CARD_LINKS = 5
"""So many waiting cards are linked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionSummary:
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
class EditionPart:
    """A message of an edition's thread."""

    number: int
    of: int
    is_noteworthy: bool
    """Whether its papers were seen and not proposed; else they are listed."""
    groups: tuple[EditionGroup, ...]


SUMMARY: TypeAdapter[EditionSummary] = TypeAdapter(EditionSummary)
PART_CONTENT: TypeAdapter[EditionPart] = TypeAdapter(EditionPart)


def summarize(edition: Edition) -> EditionSummary:
    """What the message says."""
    is_long = edition.listed > MAX_IN_MESSAGE
    sections = tuple((group.section, len(group.papers)) for group in edition.groups)
    return EditionSummary(
        edition=replace(
            edition,
            groups=() if is_long else edition.groups,
            noteworthy=(),
            waiting=edition.waiting[:MAX_CARD_LINKS],
        ),
        listed=edition.listed,
        noteworthy=len(edition.noteworthy),
        waiting=len(edition.waiting),
        stale=sum(one.is_stale for one in edition.waiting),
        sections=sections if is_long else (),
    )


def parts(edition: Edition) -> tuple[EditionPart, ...]:
    """What its thread says: the papers of a long edition, then the noteworthy ones."""
    pages = list(_pages(edition.groups)) if edition.listed > MAX_IN_MESSAGE else []
    seen = [(EditionGroup("", edition.noteworthy),)] if edition.noteworthy else []
    return tuple(
        EditionPart(
            number=number,
            of=len(pages) + len(seen),
            is_noteworthy=number > len(pages),
            groups=page,
        )
        for number, page in enumerate([*pages, *seen], 1)
    )


def to_messages(edition: Edition, channel: str, key: str) -> Iterator[Message]:
    """The rows of an edition under its key."""
    content = SUMMARY.dump_python(summarize(edition), mode="json")
    yield Message(key=key, channel=channel, kind="digest", content=content)
    for part in parts(edition):
        yield Message(
            key=f"{key}:part:{part.number}",
            channel=channel,
            kind="digest part",
            content=PART_CONTENT.dump_python(part, mode="json"),
            thread_of=key,
        )


def read_summary(content: Mapping[str, Any]) -> EditionSummary:
    """The summary in a row."""
    return SUMMARY.validate_python(content)


def read_part(content: Mapping[str, Any]) -> EditionPart:
    """The part in a row."""
    return PART_CONTENT.validate_python(content)


def _pages(groups: Iterable[EditionGroup]) -> Iterator[tuple[EditionGroup, ...]]:
    """The papers in their sections, so many a page; a long section goes on on the next one."""
    pairs = [(group.section, paper) for group in groups for paper in group.papers]
    for at in range(0, len(pairs), PAPERS_PER_PART):
        yield _grouped(pairs[at : at + PAPERS_PER_PART])


def _grouped(pairs: Sequence[tuple[str, EditionPaper]]) -> tuple[EditionGroup, ...]:
    sections = dict.fromkeys(section for section, _ in pairs)
    return tuple(
        EditionGroup(name, tuple(paper for section, paper in pairs if section == name))
        for name in sections
    )
