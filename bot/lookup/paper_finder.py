"""Listed papers by what identifies one: a link, an id, a whole title, a name in a text."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from bot.catalog.identity import facts_of, link_of, same_paper, titles_agree
from bot.catalog.model import Catalog, Entry, compact, name_of
from bot.lookup.analysis import is_stopword, spelling
from bot.lookup.citations import holds_title, likeness, starts_alike
from bot.lookup.index import SearchIndex
from bot.lookup.references import Reference, document_key
from bot.lookup.search_terms import SearchTerms, TermGroup

_LEAST_CITATION = 40  # characters of a text that may hold a whole title
_CANDIDATES = 10  # entries whose titles a citation is compared with
_MOST_WORDS = 100  # of a citation, those read


class PaperFinder:
    """Finds the entries of one catalog that a text identifies."""

    def __init__(self, catalog: Catalog, index: SearchIndex) -> None:
        self._catalog, self._index = catalog, index

    def listed(self, key: str, title: str) -> Entry | None:
        """The entry with the link of a key or, failing that, with the title."""
        if entries := self._by_key.get(key):
            return entries[0]
        return self._by_title.get(compact(title))

    def cited(
        self, references: Sequence[Reference], title: str, text: str, rest: str
    ) -> tuple[Entry, ...]:
        """The entries that a text refers to or, failing that, whose title it holds.

        `title` is the title of a BibTeX or RIS entry, `rest` the text without its references.
        """
        if entries := self._referred(references):
            return entries
        slug = next((each.title for each in references if each.title), "")
        if title or slug:
            return self._titled(title or slug, is_cut=not title)
        return self._titled(rest) if len(text) > _LEAST_CITATION else ()

    def is_named(self, text: str, entry: Entry) -> bool:
        """Tell whether a text holds the name or a title of an entry."""
        names = (name for title in self._titles(entry) for name in (title, name_of(title)) if name)
        return any(compact(name) in compact(text) for name in names)

    def _referred(self, references: Sequence[Reference]) -> tuple[Entry, ...]:
        """The entries with these links, each once."""
        keys = (document_key(each.link) for each in references)
        entries = (entry for key in keys for entry in self._by_key.get(key, ()))
        return tuple({id(entry): entry for entry in entries}.values())

    def _titled(self, text: str, *, is_cut: bool = False) -> tuple[Entry, ...]:
        """The entries whose title a text holds or is; with `is_cut` also the start of a title."""
        entries = self._nearest(text)
        scores = [self._likeness(text, entry, is_cut=is_cut) for entry in entries]
        best = max(scores, default=0.0)
        return tuple(
            entry for entry, score in zip(entries, scores, strict=True) if score == best > 0
        )

    def similar(self, entry: Entry, limit: int) -> tuple[Entry, ...]:
        """Other entries with the most words of an entry's title, apart from its name."""
        title = entry.title.partition(":")[2] if entry.name else entry.title
        others = (other for other in self._nearest(title) if not same_paper(other, entry))
        return tuple({other.title: other for other in others if other is not entry}.values())[
            :limit
        ]

    def _nearest(self, text: str) -> list[Entry]:
        """The entries with the most evidence for the words of a text."""
        words = dict.fromkeys(spelling().analyze(text))
        telling = [word for word in words if len(word) > 1 and not is_stopword(word)]
        groups = tuple(TermGroup((word,)) for word in telling[:_MOST_WORDS])
        positions = self._index.nearest(SearchTerms(text, groups), _CANDIDATES)
        return [self._catalog.entries[position] for position in positions]

    def _likeness(self, text: str, entry: Entry, *, is_cut: bool) -> float:
        """The certainty that a text holds or is a title of an entry; 0 if it does not."""
        return max(
            likeness(text, title)
            if holds_title(text, title)
            or titles_agree(text, title)
            or (is_cut and starts_alike(text, title))
            else 0.0
            for title in self._titles(entry)
        )

    def _titles(self, entry: Entry) -> Iterator[str]:
        yield entry.title
        if title := facts_of(self._catalog, entry).title:
            yield title

    @cached_property
    def _by_title(self) -> Mapping[str, Entry]:
        return {compact(entry.title): entry for entry in self._catalog.entries}

    @cached_property
    def _by_key(self) -> Mapping[str, tuple[Entry, ...]]:
        entries: dict[str, tuple[Entry, ...]] = {}
        for entry in self._catalog.entries:
            if not (link := link_of(entry)):
                continue
            doi = entry.doi or facts_of(self._catalog, entry).doi or ""
            keys = {link.key, document_key(link), f"doi:{doi.lower()}", f"arxiv:{entry.arxiv}"}
            for key in keys - {"doi:", "arxiv:None"}:
                entries[key] = (*entries.get(key, ()), entry)
        return entries


def age_key(entry: Entry) -> tuple[str, str]:
    """The sort key of `recent`: the day of addition, then the arXiv id's month or the year."""
    added = entry.added.isoformat() if entry.added else ""
    appeared = (
        f"20{entry.arxiv[:2]}-{entry.arxiv[2:4]}"
        if entry.arxiv and entry.arxiv[:4].isdecimal()
        else ""
    )
    return added, appeared or str(entry.year or "")
