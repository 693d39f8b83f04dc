"""arXiv's identifiers and categories as they stand in its feeds. Pure.

Schemes: https://info.arxiv.org/help/arxiv_identifier.html. The subject class of an old id
(`math.GT/0309136`) is decoration: `math/0309136` is the same paper.
"""

import re
from collections.abc import Iterable

ARXIV = "arXiv"
"""The name of the source."""
CATEGORIES = 50
_NEW_ID = r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"
_OLD_ID = r"[a-z]+(?:-[a-z]+)*(?:\.[A-Z]{2})?/\d{2}(?:0[1-9]|1[0-2])\d{3}"
ARXIV_ID = rf"(?P<id>{_NEW_ID}|{_OLD_ID})(?:v(?P<version>\d{{1,3}}))?(?![\w.]*\d)"
IN_LINK = re.compile(rf"/(?:abs|pdf|html)/{ARXIV_ID}", re.ASCII)
_SUBJECT_CLASS = re.compile(r"\.[A-Z]{2}(?=/)", re.ASCII)
# The API lists MSC and ACM classes (`68T07`, `I.2.7`) among the categories; they are none.
_CATEGORY = re.compile(
    r"[a-z]{1,10}(?:-[a-z]{2,10})?(?:\.(?:[A-Z]{2}|[a-z]{2,10}(?:-[a-z]{2,10})?))?"
)


def id_in(match: re.Match[str]) -> tuple[str, int | None]:
    """Id and version from a match of a pattern that holds `ARXIV_ID`."""
    version = match["version"]
    return _SUBJECT_CLASS.sub("", match["id"]), int(version) if version else None


def clean_categories(terms: Iterable[str]) -> tuple[str, ...]:
    """The terms that are arXiv categories, in order, without duplicates."""
    clean = (term.strip() for term in terms)
    return tuple(dict.fromkeys(term for term in clean if _CATEGORY.fullmatch(term)))[:CATEGORIES]
