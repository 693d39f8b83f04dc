"""The papers of a topic: the results of its lookup that match all of it.

The list and all other papers of the material are looked up as one list, so that a topic means the
same for listed, waiting and unlisted papers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.catalog.links import read_reference
from bot.catalog.model import Catalog, Entry, Section
from bot.catalog.names import KnownNames
from bot.digest.model import EVERYTHING, Topic
from bot.lookup.answers import LookupAnswer
from bot.lookup.catalog_lookup import CatalogLookup
from bot.lookup.query import Query, QueryMistake, misspelled_filter, parse

_ELSEWHERE = Section(id="not-on-the-list-any-more", title="No section of the list")


@dataclass(frozen=True, slots=True)
class TopicMatch:
    """The entries of a topic, None for all; `trouble` is why it cannot be looked up."""

    entries: frozenset[Entry] | None
    trouble: str | None = None

    def has(self, entry: Entry) -> bool:
        """Whether an entry is of the topic."""
        return self.entries is None or entry in self.entries


@dataclass(frozen=True, slots=True)
class ResolvedTopic:
    """A topic that can be subscribed to, and a remark for the person who typed it."""

    topic: Topic
    remark: str = ""


class TopicSearch:
    """Looks topics up in a list, each once."""

    def __init__(self, catalog: Catalog, shipped: KnownNames) -> None:
        """`catalog` is the list with the other papers, from `merge_entries`."""
        self._catalog, self._shipped = catalog, shipped
        self._lookup: CatalogLookup | None = None
        self._matches: dict[str, TopicMatch] = {"": TopicMatch(None)}

    def find(self, topic: Topic) -> TopicMatch:
        """The entries of a topic."""
        if topic.text not in self._matches:
            self._matches[topic.text] = self._match(topic.text)
        return self._matches[topic.text]

    def _match(self, text: str) -> TopicMatch:
        # Building an index is slow, and subscriptions to everything need none.
        self._lookup = self._lookup or CatalogLookup(self._catalog, self._shipped)
        answer = self._lookup.answer(text)
        if answer.kind == "error":
            return TopicMatch(frozenset(), answer.message)
        return TopicMatch(frozenset(answer.results[: answer.complete]))


def resolve_topic(lookup: CatalogLookup, text: str) -> ResolvedTopic | QueryMistake:
    """The topic that a person typed, or the mistake in it.

    A section gets its title as text, which corrects a typing error where the person sees it, and
    stays that section when a paper of its name is added. A topic without results is allowed, since
    papers may come.
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
    if intended := misspelled_filter(text):
        return QueryMistake(f"{text} names no filter. Did you mean `{intended}`?")
    remark = "" if answer.complete else f"Nothing on the list matches “{text}” today."
    return ResolvedTopic(_section(lookup, text, answer) or Topic(text), remark)


def _section(lookup: CatalogLookup, text: str, answer: LookupAnswer) -> Topic | None:
    """The section that a text names, if it names nothing else."""
    query = parse(text)
    place = answer.place
    if place is None or not isinstance(query, Query) or query.has_filters:
        return None
    # Of two sections with one title, the title means the first.
    again = lookup.answer(place.section.title).place
    is_clear = again is not None and again.path == place.path
    return Topic(place.section.title if is_clear else text, place.path)


def merge_entries(catalog: Catalog, others: Iterable[Entry]) -> tuple[Catalog, tuple[Entry, ...]]:
    """The list with other entries added, and those entries with sections of the list.

    An entry whose sections have all been renamed since goes to a section of its own.
    """
    placed = []
    for entry in others:
        sections = tuple(path for path in entry.sections if path in catalog.places)
        placed.append(replace(entry, sections=sections or (_ELSEWHERE.id,)))
    info = catalog.info
    if any(entry.home == _ELSEWHERE.id for entry in placed):
        info = replace(info, sections=(*info.sections, _ELSEWHERE))
    listed = set(catalog.entries)
    added = [entry for entry in dict.fromkeys(placed) if entry not in listed]
    return Catalog(info, (*catalog.entries, *added)), tuple(placed)
