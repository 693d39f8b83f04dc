"""Editions as outbox messages: one for the channel, and parts in its thread for what is too long.

Pure. The contents are plain JSON of the types here, which `slack/` renders.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from bot.digest.edition import Edition, EditionGroup, EditionPaper
from bot.outbox.message import Message

MAX_IN_MESSAGE = 8
"""Listed papers in the message itself; more of them all go to its thread."""
PAPERS_PER_PART = 15
"""Papers in one message of the thread."""
MAX_CARD_LINKS = 5
"""Waiting cards with a link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionSummary:
    """The message of an edition.

    `edition` has only the papers of the message and the first waiting cards; the numbers count
    all.
    """

    edition: Edition
    listed: int
    noteworthy: int
    waiting: int
    stale: int
    sections: tuple[tuple[str, int], ...] = ()
    """The sections of the listed papers and their numbers, if the thread has the papers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionPart:
    """A message of an edition's thread."""

    number: int
    of: int
    is_noteworthy: bool
    """Whether its papers are noteworthy; else they are listed."""
    groups: tuple[EditionGroup, ...]


SUMMARY: TypeAdapter[EditionSummary] = TypeAdapter(EditionSummary)
PART: TypeAdapter[EditionPart] = TypeAdapter(EditionPart)


def summarize(edition: Edition) -> EditionSummary:
    """The message of an edition."""
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
        stale=sum(card.is_stale for card in edition.waiting),
        sections=sections if is_long else (),
    )


def parts(edition: Edition) -> tuple[EditionPart, ...]:
    """The messages of the thread: the papers of a long edition, then the noteworthy ones."""
    listed = list(_pages(edition)) if edition.listed > MAX_IN_MESSAGE else []
    noteworthy = [(EditionGroup("", edition.noteworthy),)] if edition.noteworthy else []
    pages = [*listed, *noteworthy]
    return tuple(
        EditionPart(
            number=number, of=len(pages), is_noteworthy=number > len(listed), groups=groups
        )
        for number, groups in enumerate(pages, 1)
    )


def to_messages(edition: Edition, channel: str, key: str) -> Iterator[Message]:
    """The outbox messages of an edition under its key."""
    content = SUMMARY.dump_python(summarize(edition), mode="json")
    yield Message(key=key, channel=channel, kind="digest", content=content)
    for part in parts(edition):
        yield Message(
            key=f"{key}:part:{part.number}",
            channel=channel,
            kind="digest part",
            content=PART.dump_python(part, mode="json"),
            thread_of=key,
        )


def _pages(edition: Edition) -> Iterator[tuple[EditionGroup, ...]]:
    """The listed papers in pages; a long section continues on the next page."""
    pairs = [(group.section, paper) for group in edition.groups for paper in group.papers]
    for at in range(0, len(pairs), PAPERS_PER_PART):
        sections: dict[str, list[EditionPaper]] = {}
        for section, paper in pairs[at : at + PAPERS_PER_PART]:
            sections.setdefault(section, []).append(paper)
        yield tuple(EditionGroup(name, tuple(papers)) for name, papers in sections.items())
