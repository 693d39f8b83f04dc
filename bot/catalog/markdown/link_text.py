"""What a link's text says: a title, what the link is (`paper`), or where the paper came out."""

import re
from collections.abc import Iterable

from bot.catalog.markdown.details import knows_venue, read_edition
from bot.catalog.markdown.inline import Piece, is_escaped, squeeze
from bot.catalog.names import KnownNames

_WORDS_OF_LINKS = frozenset(
    """paper papers pdf link links url arxiv abs html code here website web site project page
    homepage home slides slide video talk poster blog post github repo repository demo doc docs
    documentation dataset data openreview acm usenix ieee doi source official twitter tweet model
    weights hugging face huggingface bibtex
    论文 論文 链接 代码 主页 项目 地址""".split()  # noqa: SIM905  # such words read best as words
)
BEST_FIRST = (
    "paper",
    "pdf",
    "arxiv",
    "abs",
    "link",
    "url",
    "html",
    "openreview",
    "doi",
    "acm",
    "usenix",
)


def is_word_of_link(text: str) -> bool:
    """Whether a link's text says only what the link is (`paper`, `project page`)."""
    words = re.findall(r"\w+", text.casefold())
    return bool(words) and not is_escaped(text) and all(word in _WORDS_OF_LINKS for word in words)


def is_generic(piece: Piece, names: KnownNames, *, editions: bool = True) -> bool:
    """Whether a link's text is no title: a word for links, an edition, or the address itself."""
    if piece.href is None:
        return False
    return (
        is_word_of_link(piece.text) or is_address(piece) or (editions and is_edition(piece, names))
    )


def is_edition(link: Piece, names: KnownNames) -> bool:
    """Whether a link's text is only where or when the paper came out: `[[OSDI '24](…)]`."""
    if link.href is None or is_word_of_link(link.text):
        return False
    edition = read_edition(inner_text(link), names)
    return bool(edition and (not edition.venue or knows_venue(edition.venue, names)))


def inner_text(link: Piece) -> str:
    """A link's text without brackets around it."""
    return squeeze(link.text).strip("[]() ")


def is_address(link: Piece) -> bool:
    """Whether a link's text is only its address."""
    return bool(re.fullmatch(r"(?:https?://|www\.)\S+", link.text.strip()))


def best_link(links: Iterable[Piece]) -> Piece | None:
    """The link to the paper itself, rather than to its code or slides."""

    def rank(link: Piece) -> int:
        words = set(re.findall(r"\w+", link.text.casefold()))
        return next((at for at, word in enumerate(BEST_FIRST) if word in words), len(BEST_FIRST))

    return min(links, key=rank, default=None)
