"""A paper as a source gives it, and the keys that identify it. Pure.

A key is `arxiv:2401.09670`, `doi:10.1145/…`, `dblp:conf/…` or `title:…`, in that order of
preference. Text in a paper is clean (`bot.discovery.clean`); every identifier is a string.
"""

import datetime as dt
from dataclasses import dataclass, fields

from bot.catalog.identity import keys_for
from bot.catalog.links import arxiv_url, read_link
from bot.catalog.model import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """The facts of a paper. An empty value means that the source does not state the fact."""

    title: str
    arxiv: str | None = None
    """Without a version."""
    doi: str | None = None
    dblp: str | None = None
    """dblp's record key, such as `conf/osdi/ZhongLCHZLJZ24`."""
    abstract: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    """arXiv's, primary first."""
    venue: str | None = None
    year: int | None = None
    """Of the venue's edition."""
    published: dt.date | None = None
    url: str | None = None
    """The paper's page, where arXiv and doi.org have none."""
    pdf_url: str | None = None
    code_url: str | None = None
    journal_ref: str | None = None
    comment: str | None = None

    @property
    def key(self) -> str:
        """The best of the keys."""
        return self.keys[0]

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key that identifies the paper, the best first and the title last."""
        return keys_for(self.title, arxiv=self.arxiv, doi=self.doi, dblp=self.dblp)

    @property
    def link(self) -> str | None:
        """The canonical address: arXiv's page, else the DOI's, else the source's."""
        if self.arxiv:
            return arxiv_url(self.arxiv)
        return f"https://doi.org/{self.doi}" if self.doi else self.url

    def as_entry(self, section: str) -> Entry:
        """The paper as an entry of the list."""
        link = read_link(self.link) if self.link else None
        return Entry(
            title=self.title,
            url=link.url if link else None,
            arxiv=link.arxiv if link else None,
            doi=link.doi if link else None,
            venue=self.venue,
            year=self.year,
            sections=(section,),
        )


FACTS = tuple(field.name for field in fields(Paper))
