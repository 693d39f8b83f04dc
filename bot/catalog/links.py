"""Links and ids: canonical form of URLs, arXiv ids and DOIs.

arXiv's identifier schemes: https://info.arxiv.org/help/arxiv_identifier.html. DOIs follow
Crossref's recommendation, https://www.crossref.org/blog/dois-and-matching-regular-expressions/.
"""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from bot.catalog.hosts import ascii_host, mixes_alphabets
from bot.catalog.keys import bounded_key

LONGEST_ADDRESS = 2000
"""In characters; longer ones are not read. It is Slack's limit for a button's value, too."""

_NEW = r"\d{4}\.\d{4,5}"
_OLD = r"[a-z]+(?:-[a-z]+)*(?:\.[A-Z]{2})?/\d{7}"
_ARXIV_ID = re.compile(rf"(?P<id>{_NEW}|{_OLD})(?:v\d+)?", re.ASCII)
_DOI = re.compile(r"10\.\d{4,9}/[^\s?#]*[^\s?#.,;]", re.ASCII)
_DOI_IN_PATH = re.compile(r"/(?=10\.\d{4,9}/.)", re.ASCII)
_ARXIV_HOSTS = re.compile(
    r"(?:[a-z]+\.)?(?:arxiv\.org|ar5iv\.org|ar5iv\.labs\.arxiv\.org|alphaxiv\.org)|huggingface\.co"
)
_ARXIV_PATHS = re.compile(
    rf"/(?:abs|pdf|html|format|overview|papers)/(?P<rest>(?:{_NEW}|{_OLD}).*)"
)
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(?P<id>.+)", re.IGNORECASE)
# Tracking parameters that occur in lists.
_TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|igshid|mc_[ce]id|mkt_tok|twclid|ref_src"
    r"|_hsenc|_hsmi|ved|si|spm|share_\w+|trk"
)


@dataclass(frozen=True, slots=True)
class Link:
    """A canonical web address with the arXiv id and the DOI that it contains."""

    url: str
    arxiv: str | None = None
    doi: str | None = None

    @property
    def key(self) -> str:
        """A key that all addresses of a document share: `arxiv:…`, `doi:…` or `url:…`."""
        return bounded_key(self._whole_key)

    @property
    def _whole_key(self) -> str:
        if self.arxiv:
            return f"arxiv:{self.arxiv}"
        if self.doi:
            return f"doi:{self.doi.lower()}"
        address = _split(self.url)
        if address is None:
            return f"url:{self.url}"
        parts, host = address.parts, address.host
        path = unquote(parts.path).rstrip("/")
        if host == "openreview.net":
            path = re.sub(r"^/(pdf|forum|attachment)$", "/forum", path)
        return f"url:{host.removeprefix('www.')}{path}?{parts.query}#{parts.fragment}"


@dataclass(frozen=True, slots=True)
class _Address:
    """The parts of an address, with the ASCII form of its host."""

    parts: SplitResult
    host: str
    port: int | None

    @property
    def site(self) -> str:
        """The host, with a port that is not the usual one."""
        return self.host if self.port in {None, 80, 443} else f"{self.host}:{self.port}"


def read_link(address: str) -> Link | None:
    """Parse an address into a link; None if it is not an http or https address of a page.

    It leads where a browser goes: a user's name is removed, a backslash before the query is a
    slash, and the host is in ASCII form. http becomes https, tracking parameters are removed, and
    arXiv pages, PDFs and mirrors become `https://arxiv.org/abs/ID`.
    """
    split = _split(address)
    if split is None:
        return None
    if arxiv := _arxiv_in(split.host, split.parts):
        return _arxiv_link(arxiv)
    return Link(_canonical(split), doi=_doi_in(split.host, split.parts))


def shown_host(url: str) -> str:
    """The host to show beside a link, in ASCII form and without `www.`.

    Empty for pages of arXiv and doi.org, and for what is not a web address.
    """
    split = _split(url)
    if split is None or split.site in {"arxiv.org", "doi.org"}:
        return ""
    return split.site.removeprefix("www.")


def canonical_address(url: str | None) -> str:
    """The canonical form of an address, or the text itself if it is none; empty for None."""
    link = read_link(url or "")
    return link.url if link else url or ""


def mixed_host(url: str) -> str:
    """The host of an address that mixes alphabets, in ASCII form; else empty."""
    split = _split(url)
    return split.host if split and mixes_alphabets(split.host) else ""


def read_reference(text: str) -> Link | None:
    """Parse an arXiv id, a DOI or a web address that a person typed; None for other text."""
    text = text.strip().strip("<>").split("|")[0]
    bare = re.sub(r"^(?:arxiv|doi)\s*:\s*", "", text, flags=re.IGNORECASE)
    if match := _ARXIV_ID.fullmatch(bare.removesuffix(".pdf")):
        return _arxiv_link(match["id"])
    if len(bare) <= LONGEST_ADDRESS and _DOI.fullmatch(bare):
        if match := _ARXIV_DOI.fullmatch(bare):
            return read_reference(match["id"])
        return Link(f"https://doi.org/{bare}", doi=bare)
    if re.match(r"https?://", text, re.IGNORECASE):
        return read_link(text)
    if re.match(r"(?:www\.)?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/\S+$", text, re.IGNORECASE):
        return read_link(f"https://{text}")
    return None


def arxiv_url(arxiv: str) -> str:
    """The canonical address of an arXiv paper, by its id without a version."""
    return f"https://arxiv.org/abs/{arxiv}"


def _arxiv_link(arxiv: str) -> Link:
    return Link(arxiv_url(arxiv), arxiv=arxiv)


def _arxiv_in(host: str, parts: SplitResult) -> str | None:
    path = unquote(parts.path)
    if _ARXIV_HOSTS.fullmatch(host.lower()) and (page := _ARXIV_PATHS.fullmatch(path)):
        match = _ARXIV_ID.match(page["rest"])
    else:
        doi = _ARXIV_DOI.fullmatch(_doi_in(host, parts) or "")
        match = _ARXIV_ID.match(doi["id"]) if doi else None
    return match["id"] if match else None


def _doi_in(host: str, parts: SplitResult) -> str | None:
    """The DOI in the path of a resolver or publisher page, such as `/doi/pdf/10.1145/…`."""
    if host.lower() in {"github.com", "web.archive.org"}:
        return None
    tail = re.split(r"[\s?#]", unquote(parts.path).rstrip("/"))[-1]
    match = _DOI_IN_PATH.search(tail)
    if not match or tail.endswith((".", ",", ";")):
        return None
    doi = tail[match.end() :]
    return re.sub(r"(?:v\d+)?(?:\.full)?\.pdf$|/(?:full|abstract|pdf|epub|html)$", "", doi)


def _split(address: str) -> _Address | None:
    """Split an address as a browser does; None if it is not an http or https address."""
    address = address.strip()
    if len(address) > LONGEST_ADDRESS or any("\ud800" <= char <= "\udfff" for char in address):
        return None
    if address.startswith(("//", "\\\\")):
        address = f"https:{address}"
    place = re.split(r"[?#]", address, maxsplit=1)[0]
    try:
        parts = urlsplit(place.replace("\\", "/") + address[len(place) :])
        host, port = ascii_host(parts.hostname or ""), parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or host is None:
        return None
    return _Address(parts, host, port)


def _canonical(address: _Address) -> str:
    parts, query = address.parts, address.parts.query
    pairs = parse_qsl(query, keep_blank_values=True)
    kept = [pair for pair in pairs if not _TRACKING.fullmatch(pair[0])]
    if len(kept) < len(pairs):  # else the query keeps its own encoding
        query = urlencode(kept)
    url = urlunsplit(("https", address.site, parts.path or "/", query, parts.fragment))
    if not parts.path and not query and not parts.fragment:
        url = f"https://{address.site}"
    return "".join(
        char if char.isprintable() and char not in ' <>"' else quote(char, safe="") for char in url
    )
