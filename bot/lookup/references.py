"""References to papers anywhere in a text: arXiv ids, DOIs and addresses of papers' pages. Pure.

Pages and PDFs of one paper share a key: the presentation and the PDF of USENIX, the page and the
PDF of PMLR, MLSys, NeurIPS and OpenReview.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from bot.catalog.links import Link, arxiv_url, read_link, read_reference

_MONTH = r"(?:0[1-9]|1[0-2])"
_ARXIV_ID = rf"\d{{2}}{_MONTH}\.\d{{4,5}}"
_BARE_ARXIV = re.compile(
    rf"(?<![\w./-])(?:arxiv\s*[:.]\s*)?({_ARXIV_ID})(?:v\d+)?(?![\w/-]|\.\d)", re.IGNORECASE
)
_OLD_ARXIV = re.compile(
    r"\barxiv\s*[:.]\s*([a-z]+(?:-[a-z]+)*(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?", re.IGNORECASE
)
_DOI = re.compile(r"(?<!\w)10\.\d{4,9}/[^\s\"'<>{}|,;]+", re.ASCII)
_ADDRESS = re.compile(
    r"<?(?:https?://|(?<![\w@./-])(?=(?:[\w-]+\.)+[a-z]{2,}/))[^\s<>\"{}|\\^]+", re.IGNORECASE
)
_ARXIV_IN_PATH = re.compile(
    rf"(?:^|/|arxiv[:/.])({_ARXIV_ID})(?:v\d+)?(?=$|[/?#.])", re.IGNORECASE
)
_SIGNS = re.compile(r"\d{4}\.|/")  # of an id, a DOI or an address
_HASH = re.compile(r"[0-9a-f]{32,40}")
_LEAST_SLUG = 3  # words


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference in a text: its link and, where the address holds it, the start of the title."""

    link: Link
    title: str = ""


def find_references(text: str) -> tuple[list[Reference], str]:
    """The references in a text in their order, each paper once, and the text without them."""
    if not _SIGNS.search(text):
        return [], text
    if link := read_reference(text):
        reference = _read_address(text.strip().strip("<>").split("|")[0])
        return [reference or Reference(link)], ""
    references: dict[str, Reference] = {}
    rest = text
    for reader in (_addresses, _dois, _arxiv_ids):
        spans = []
        for start, end, reference in reader(rest):
            references.setdefault(document_key(reference.link), reference)
            spans.append((start, end))
        for start, end in reversed(spans):
            rest = f"{rest[:start]} {rest[end:]}"
    return list(references.values()), " ".join(rest.split())


def document_key(link: Link) -> str:
    """A key that the page and the PDF of one paper share."""
    if link.arxiv or link.doi:
        return link.key
    parts = urlsplit(link.url)
    host, path = (parts.hostname or "").removeprefix("www."), unquote(parts.path)
    return _page_key(host, path, parts.query) or link.key


def _page_key(host: str, path: str, query: str) -> str | None:
    """The key of a paper on the pages of a conference; None on other pages."""
    if host == "usenix.org":
        if match := re.search(r"/conference/(\w+)/presentation/([\w-]+)", path):
            return f"usenix:{match[1]}-{match[2]}"
        if match := re.search(r"/(\w+?\d\d)-(?:paper-)?([\w-]+?)\.pdf$", path):
            return f"usenix:{match[1]}-{match[2].removesuffix('_0')}"
    if host.endswith("mlr.press") and (match := re.match(r"/(v\d+)/([\w-]+)", path)):
        return f"pmlr:{match[1]}/{match[2]}"
    if host == "openreview.net" and (name := parse_qs(query).get("id")):
        return f"openreview:{name[0]}"
    if match := _HASH.search(path):
        return f"{host}:{match[0]}"
    return None


def _addresses(text: str) -> Iterator[tuple[int, int, Reference]]:
    for match in _ADDRESS.finditer(text):
        address = _trimmed(match[0].lstrip("<"))
        if reference := _read_address(address):
            yield match.start(), match.end(), reference


def _read_address(address: str) -> Reference | None:
    link = read_reference(address)
    if link is None or link.arxiv or link.doi:
        return Reference(link) if link else None
    parts = urlsplit(link.url)
    path = unquote(parts.path)
    if (parts.hostname or "").endswith("github.com"):
        return Reference(link)
    if match := _ARXIV_IN_PATH.search(path):
        return Reference(_arxiv(match[1]))
    if match := _DOI.search(path):
        return Reference(read_reference(match[0].rstrip(".")) or link)
    words = max((re.split(r"[-:\s]+", part) for part in path.split("/")), key=len)
    return Reference(link, " ".join(words) if len(words) >= _LEAST_SLUG else "")


def _dois(text: str) -> Iterator[tuple[int, int, Reference]]:
    for match in _DOI.finditer(text):
        doi = _trimmed(match[0])
        if link := read_reference(doi) or read_link(f"https://doi.org/{doi}"):
            yield match.start(), match.start() + len(doi), Reference(link)


def _arxiv_ids(text: str) -> Iterator[tuple[int, int, Reference]]:
    for pattern in (_BARE_ARXIV, _OLD_ARXIV):
        for match in pattern.finditer(text):
            yield match.start(), match.end(), Reference(_arxiv(match[1]))


def _arxiv(name: str) -> Link:
    return Link(arxiv_url(name), arxiv=name)


def _trimmed(address: str) -> str:
    """An address without the punctuation of the sentence around it."""
    address = address.rstrip(".,;:!?'\"*_`>]")
    while address.endswith(")") and address.count(")") > address.count("("):
        address = address[:-1].rstrip(".,;:!?")
    return address
