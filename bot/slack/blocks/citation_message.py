"""Citations as a message, a code block for each paper. Pure."""

import json
from dataclasses import replace

from bot.catalog.bibliography.bibtex import write_bibtex
from bot.catalog.bibliography.cited_paper import CitedPaper, cited_papers
from bot.catalog.model import Catalog
from bot.lookup.answers import LookupAnswer
from bot.slack.blocks.text import SlackMessage, escape, fit, section

MOST_CITATIONS = 5
_CODE_LENGTH = 2000  # as JSON; five of them and the heading are within a message's limit
_HEADING_LENGTH = 300
_MORE = "`papers cite` in a terminal prints all of them, also as RIS and CSL JSON."


def citation_message(catalog: Catalog, answer: LookupAnswer) -> SlackMessage:
    """BibTeX entries of the first results of an answer, which has some."""
    papers = cited_papers(catalog, answer.results[:MOST_CITATIONS])
    heading = fit(answer.message, _HEADING_LENGTH)
    if answer.total > len(papers):
        heading = f"{heading}\nThese are the first {len(papers)}. {_MORE}"
    return SlackMessage(heading, (section(heading), *(section(_code(paper)) for paper in papers)))


def _code(paper: CitedPaper) -> str:
    """A code block with a paper's BibTeX entry; of very many authors it has the first ones."""
    shown = paper
    while _length(code := f"```{escape(write_bibtex([shown]))}```") > _CODE_LENGTH:
        if not shown.authors:
            return "This citation is too long for Slack; `papers cite` in a terminal prints it."
        kept = shown.authors[: len(shown.authors) * 3 // 4]
        shown = replace(shown, authors=kept, more_authors=True)
    return code


def _length(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False))
