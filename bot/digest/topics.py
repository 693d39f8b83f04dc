"""Which papers a topic brings: what a lookup of the topic finds, and only what meets all of it.

The list and everything that may be told are looked up as one list, so that a topic means the same
for a paper that is listed, waits or was only seen. A run of editions shares the answers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.catalog.links import read_reference
from bot.catalog.model import Catalog, Entry, Section
from bot.catalog.names import KnownNames
from bot.digest.model import EVERYTHING, Topic
from bot.lookup.catalog_lookup import CatalogLookup, LookupAnswer
from bot.lookup.query import Query, QueryMistake, parse

_ELSEWHERE = Section(id="not-on-the-list-any-more", title="No section of the list")


@dataclass(frozen=True, slots=True)
class TopicMatch:
    """The entries of a topic; None are all. `trouble` is why it cannot be looked up."""

    entries: frozenset[Entry] | None
    trouble: str | None = None

    def has(self, entry: Entry) -> bool:
        """Whether an entry belongs to the topic."""
        return self.entries is None or entry in self.entries


@dataclass(frozen=True, slots=True)
class ResolvedTopic:
    """A topic that can be subscribed to, and what is to be said of it."""

    topic: Topic
    remark: str = ""


class TopicSearch:
    """Looks topics up in a list, each once."""

    def __init__(self, catalog: Catalog, shipped: KnownNames) -> None:
        """`catalog` is the list with all that may be told, as `together` makes it."""
        self._catalog, self._shipped = catalog, shipped
        self._lookup: CatalogLookup | None = None
        self._found: dict[str, TopicMatch] = {"": TopicMatch(None)}

    def find(self, topic: Topic) -> TopicMatch:
        """The entries of a topic."""
        if topic.text not in self._found:
            self._found[topic.text] = self._ask(topic.text)
        return self._found[topic.text]

    def _ask(self, text: str) -> TopicMatch:
        # An index takes a while to build; subscriptions to everything need none.
        self._lookup = self._lookup or CatalogLookup(self._catalog, self._shipped)
        answer = self._lookup.answer(text)
        if answer.kind == "error":
            return TopicMatch(frozenset(), answer.message)
        return TopicMatch(frozenset(answer.results[: answer.complete]))


def resolve_topic(lookup: CatalogLookup, text: str) -> ResolvedTopic | QueryMistake:
    """The topic that somebody typed, as it is kept.

    A section is kept under its title, so that a slip in typing is corrected where it is seen, and
    a paper of that name that comes later takes nothing away. What nothing on the list matches
    today may be subscribed to: it may come.
    """
    text = " ".join(text.split())
    if not text:
        return ResolvedTopic(EVERYTHING)
    if any(read_reference(word) for word in (text, *text.split())):
        return QueryMistake(
            f"“{text}” is one paper. Subscribe to a section, to words to look up, "
            "or to everything."
        )
    answer = lookup.answer(text)
    if answer.kind == "error":
        return QueryMistake(answer.message)
    remark = "" if answer.complete else f"Nothing on the list matches “{text}” today."
    return ResolvedTopic(_section(lookup, text, answer) or Topic(text), remark)


def _section(lookup: CatalogLookup, text: str, answer: LookupAnswer) -> Topic | None:
    """The section that the text names, if it names nothing else."""
    query = parse(text)
    place = answer.place
    if place is None or not isinstance(query, Query) or query.has_filters:
        return None
    # Of two sections of one name the title means the first.
    again = lookup.answer(place.section.title).place
    is_clear = again is not None and again.path == place.path
    return Topic(place.section.title if is_clear else text, place.path)


def merge_entries(catalog: Catalog, others: Iterable[Entry]) -> tuple[Catalog, tuple[Entry, ...]]:
    """The list with other entries, and those as they stand in it.

    A suggestion may name a section that people have renamed since: it stands in none then.
    """
    known, added, is_lost = set(catalog.entries), list[Entry](), False
    there = []
    for entry in others:
        sections = tuple(path for path in entry.sections if path in catalog.places)
        is_lost = is_lost or not sections
        fitting = replace(entry, sections=sections or (_ELSEWHERE.id,))
        there.append(fitting)
        if fitting not in known:
            known.add(fitting)
            added.append(fitting)
    info = catalog.info
    if is_lost:
        info = replace(info, sections=(*info.sections, _ELSEWHERE))
    return Catalog(info, (*catalog.entries, *added)), tuple(there)
