"""Facts of listed papers, gathered from recordings and from the records in the database. Pure.

A fact is taken only from the same paper: its id agrees and its title shares words with the
entry's, or the titles agree. A wrong fact is worse than none.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.catalog.facts import NO_FACTS, PaperFacts, merge_facts
from bot.catalog.identity import keys_for, titles_agree
from bot.catalog.model import Catalog, Entry, compact, fold
from bot.discovery.author_names import NameForms
from bot.discovery.paper import Paper

_LEAST_SHARED = 3  # words of two titles of one paper that was renamed
_LEAST_TITLE = 3  # words; a shorter title identifies no paper


@dataclass(frozen=True, slots=True)
class StatedPaper:
    """A paper as a source stated it on a day."""

    paper: Paper
    source: str
    on: dt.date


def add_facts(catalog: Catalog, stated: Iterable[StatedPaper], forms: NameForms) -> Catalog:
    """The catalog with the facts of the papers that it lists."""
    owners = _owners(catalog.entries)
    facts = dict(catalog.facts)
    for each in stated:
        paper = each.paper
        keys = keys_for(paper.title, arxiv=paper.arxiv, doi=paper.doi)
        for key in keys:
            if (entry := owners.get(key)) and _is_same(entry, paper):
                best = _own_key(entry, owners)
                old = facts.get(best, NO_FACTS)
                new = merge_facts(old, _facts(entry, each, forms))
                if new != old:
                    facts[best] = new
                break
    return Catalog(catalog.info, catalog.entries, facts)


def _owners(entries: Iterable[Entry]) -> Mapping[str, Entry]:
    """The entry of each key; keys that several papers share, by mistake, have none."""
    owners: dict[str, Entry] = {}
    shared: set[str] = set()
    for entry in entries:
        for key in keys_for(entry.title, arxiv=entry.arxiv, doi=entry.doi):
            if not titles_agree(owners.setdefault(key, entry).title, entry.title):
                shared.add(key)
    return {key: entry for key, entry in owners.items() if key not in shared}


def _own_key(entry: Entry, owners: Mapping[str, Entry]) -> str:
    """The best key that no other entry has; the title's in any case."""
    keys = keys_for(entry.title, arxiv=entry.arxiv, doi=entry.doi)
    return next((key for key in keys if key in owners), keys[-1])


def _is_same(entry: Entry, paper: Paper) -> bool:
    if titles_agree(entry.title, paper.title):
        is_telling = len(entry.title.split()) >= _LEAST_TITLE
        return is_telling or bool(entry.arxiv and entry.arxiv == paper.arxiv)
    return len(_words(entry.title) & _words(paper.title)) >= _LEAST_SHARED


def _words(title: str) -> set[str]:
    return {word.strip(":,.;()") for word in fold(title).replace("-", " ").split()}


def _facts(entry: Entry, stated: StatedPaper, forms: NameForms) -> PaperFacts:
    paper = stated.paper
    authors = forms.repair(paper.authors)
    listed, title = compact(entry.title), compact(paper.title)
    is_other_title = title and not listed.startswith(title)
    return PaperFacts(
        title=paper.title if is_other_title else None,
        authors=authors.names,
        more_authors=authors.has_more and bool(authors.names),
        year=paper.year if paper.venue and paper.venue == entry.venue else None,
        published=paper.published,
        categories=paper.categories,
        doi=paper.doi if paper.doi != entry.doi else None,
        dblp=paper.dblp,
        sources={stated.source: stated.on},
    )
