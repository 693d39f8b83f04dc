"""Citations as CSL JSON (https://docs.citationstyles.org/en/stable/specification.html). Pure."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bot.catalog.bibliography.author_name import AuthorName
from bot.catalog.bibliography.cited_paper import CitedPaper, PaperType

_TYPES: Mapping[PaperType, str] = {
    PaperType.ARTICLE: "article-journal",
    PaperType.INPROCEEDINGS: "paper-conference",
    PaperType.PREPRINT: "article",
    PaperType.PAGE: "webpage",
}


def write_csl(papers: Iterable[CitedPaper]) -> str:
    """A JSON array of CSL items."""
    items = [_item(paper) for paper in papers]
    return f"{json.dumps(items, ensure_ascii=False, indent=2)}\n"


def _item(paper: CitedPaper) -> dict[str, Any]:
    item = {
        "id": paper.key,
        "citation-key": paper.key,
        "type": _TYPES[paper.type],
        "title": paper.title,
        "author": [_name(person) for person in paper.authors],
        "container-title": paper.venue,
        "issued": {"date-parts": [[paper.year]]} if paper.year else None,
        "DOI": paper.doi,
        "archive": "arXiv" if paper.arxiv else None,
        "number": f"arXiv:{paper.arxiv}" if paper.type is PaperType.PREPRINT else None,
        "archive_location": paper.arxiv,
        "URL": paper.url,
        "note": "There are more authors." if paper.more_authors else None,
    }
    return {name: value for name, value in item.items() if value}


def _name(person: AuthorName) -> dict[str, str]:
    if not person.given:
        return {"literal": person.family}
    parts = {"family": person.family, "given": person.given, "suffix": person.suffix}
    return {name: value for name, value in parts.items() if value}
