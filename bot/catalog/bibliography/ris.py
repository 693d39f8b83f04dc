"""Citations as RIS, the format of reference managers. Pure.

The tags are those of https://en.wikipedia.org/wiki/RIS_(file_format), which Zotero, EndNote and
Mendeley read.
"""

from collections.abc import Iterable, Iterator, Mapping

from bot.catalog.bibliography.author_name import AuthorName
from bot.catalog.bibliography.cited_paper import CitedPaper, PaperType

_TYPES: Mapping[PaperType, str] = {
    PaperType.ARTICLE: "JOUR",
    PaperType.INPROCEEDINGS: "CPAPER",
    PaperType.PREPRINT: "UNPB",
    PaperType.PAGE: "ELEC",
}


def write_ris(papers: Iterable[CitedPaper]) -> str:
    """RIS records of papers, one after the other."""
    return "\n".join(
        "".join(f"{tag}  - {value}\n" for tag, value in _lines(paper) if value is not None)
        for paper in papers
    )


def _lines(paper: CitedPaper) -> Iterator[tuple[str, str | None]]:
    yield "TY", _TYPES[paper.type]
    yield "ID", paper.key
    for person in paper.authors:
        yield "AU", _author(person)
    yield "TI", paper.title
    yield "T2", paper.venue
    yield "PY", str(paper.year) if paper.year else None
    yield "DO", paper.doi
    yield "AN", f"arXiv:{paper.arxiv}" if paper.arxiv else None
    yield "UR", paper.url
    yield "N1", "There are more authors." if paper.more_authors else None
    yield "ER", ""


def _author(person: AuthorName) -> str:
    return ", ".join(filter(None, (person.family, person.given, person.suffix)))
