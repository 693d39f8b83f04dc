"""Citations as BibTeX, written by bibtexparser. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from urllib.parse import quote

from bibtexparser.entrypoint import write_string
from bibtexparser.library import Library
from bibtexparser.model import Entry, Field
from bibtexparser.writer import BibtexFormat
from pylatexenc.latex2text import LatexNodes2Text
from pylatexenc.latexencode import (
    RULE_DICT,
    RULE_REGEX,
    UnicodeToLatexConversionRule,
    UnicodeToLatexEncoder,
)

from bot.catalog.bibliography.author_name import AuthorName
from bot.catalog.bibliography.cited_paper import CitedPaper, PaperType

_TYPES: Mapping[PaperType, str] = {
    PaperType.ARTICLE: "article",
    PaperType.INPROCEEDINGS: "inproceedings",
    PaperType.PREPRINT: "misc",
    PaperType.PAGE: "misc",
}
# BibTeX counts braces even after a backslash, so a brace of a text is written as a macro.
_SIGNS = {
    ord("{"): r"\ensuremath{\lbrace}",
    ord("}"): r"\ensuremath{\rbrace}",
    ord("`"): r"\textasciigrave",
    ord('"'): '"',
}
# Two of these signs together are another sign in TeX.
_LIGATURES = [(re.compile(r"-(?=-)"), "-{}"), (re.compile(r"'(?=')"), "'{}")]
_ENCODER = UnicodeToLatexEncoder(  # bibtexparser's own, with these rules before its defaults
    conversion_rules=[
        UnicodeToLatexConversionRule(RULE_DICT, _SIGNS),
        UnicodeToLatexConversionRule(RULE_REGEX, _LIGATURES, replacement_latex_protection="none"),
        "defaults",
    ],
    replacement_latex_protection="braces-all",
    unknown_char_policy="keep",
    unknown_char_warning=False,
)
_DECODER = LatexNodes2Text()
_NOT_ASCII = re.compile(r"([^\x00-\x7f])")
_UNSAFE = re.compile(r'[\\{}"`\s]')
_CASED = re.compile(r"(?<=\S)[A-Z]|[A-Z]\d")


def write_bibtex(papers: Iterable[CitedPaper]) -> str:
    """BibTeX entries of papers. Texts are LaTeX; identifiers and addresses are verbatim."""
    library = Library([_entry(paper) for paper in papers])
    layout = BibtexFormat()
    layout.indent, layout.block_separator, layout.trailing_comma = "  ", "\n", True
    return write_string(library, unparse_stack=[], bibtex_format=layout)


def _entry(paper: CitedPaper) -> Entry:
    fields = [Field(name, f"{{{value}}}") for name, value in _fields(paper) if value]
    return Entry(_TYPES[paper.type], paper.key, fields)


def _fields(paper: CitedPaper) -> Iterator[tuple[str, str | None]]:
    authors = [_author(person) for person in paper.authors]
    if authors and paper.more_authors:
        authors.append("others")
    yield "author", " and ".join(authors)
    yield "title", _title(paper.title)
    venue = "journal" if paper.type is PaperType.ARTICLE else "booktitle"
    yield venue, _latex(paper.venue or "")
    yield "year", str(paper.year) if paper.year else None
    yield "eprint", _verbatim(paper.arxiv)
    yield "archiveprefix", "arXiv" if paper.arxiv else None
    yield "primaryclass", _verbatim(paper.category)
    yield "doi", _verbatim(paper.doi)
    yield "url", _verbatim(paper.url)


def _author(person: AuthorName) -> str:
    """`von Family, Jr., Given`; a name in one part that BibTeX would part is in braces."""
    if not person.given:
        name = _latex(person.family)
        is_word = person.family.isalnum() and person.family.lower() not in {"and", "others"}
        return name if is_word else f"{{{name}}}"
    return ", ".join(_latex(part) for part in (person.family, person.suffix, person.given) if part)


def _title(title: str) -> str:
    """A title with braces around the words whose capitals BibTeX's styles must keep."""
    return " ".join(
        f"{{{_latex(word)}}}" if _CASED.search(word) else _latex(word) for word in title.split(" ")
    )


def _latex(text: str) -> str:
    parts = _NOT_ASCII.split(text)
    return "".join(
        _letter(part) if index % 2 else str(_ENCODER.unicode_to_latex(part))
        for index, part in enumerate(parts)
    )


@cache
def _letter(character: str) -> str:
    """LaTeX of a character beyond ASCII, or itself if readers take its macro for another one."""
    macro = str(_ENCODER.unicode_to_latex(character))
    return macro if _DECODER.latex_to_text(macro) == character else character


def _verbatim(value: str | None) -> str:
    """An identifier or address without the signs that end a field."""
    return _UNSAFE.sub(lambda match: quote(match[0], safe=""), value or "")
