"""Links and ids: canonical form of URLs, arXiv ids and DOIs.

arXiv's identifier schemes: https://info.arxiv.org/help/arxiv_identifier.html. DOIs follow
Crossref's recommendation, https://www.crossref.org/blog/dois-and-matching-regular-expressions/.
"""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

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
        if self.arxiv:
            return f"arxiv:{self.arxiv}"
        if self.doi:
            return f"doi:{self.doi.lower()}"
        parts = urlsplit(self.url)
        path = unquote(parts.path).rstrip("/")
        if parts.hostname == "openreview.net":
            path = re.sub(r"^/(pdf|forum|attachment)$", "/forum", path)
        host = (parts.hostname or "").removeprefix("www.")
        return f"url:{host}{path}?{parts.query}#{parts.fragment}"


def read_link(address: str) -> Link | None:
    """Parse an address into a link; None if it is not an http or https address.

    http becomes https, tracking parameters are removed, and arXiv pages, PDFs and mirrors become
    `https://arxiv.org/abs/ID`.
    """
    address = address.strip()
    if address.startswith("//"):
        address = f"https:{address}"
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or not host or "." not in host:
        return None
    if re.search(r"[\s<>]", host):
        return None
    if arxiv := _arxiv_in(host, parts):
        return _arxiv_link(arxiv)
    return Link(_canonical(parts, host, port), doi=_doi_in(host, parts))


def read_reference(text: str) -> Link | None:
    """Parse an arXiv id, a DOI or a web address that a person typed; None for other text."""
    text = text.strip().strip("<>").split("|")[0]
    bare = re.sub(r"^(?:arxiv|doi)\s*:\s*", "", text, flags=re.IGNORECASE)
    if match := _ARXIV_ID.fullmatch(bare.removesuffix(".pdf")):
        return _arxiv_link(match["id"])
    if _DOI.fullmatch(bare):
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


def _canonical(parts: SplitResult, host: str, port: int | None) -> str:
    query = parts.query
    pairs = parse_qsl(query, keep_blank_values=True)
    kept = [pair for pair in pairs if not _TRACKING.fullmatch(pair[0])]
    if len(kept) < len(pairs):  # else the query keeps its own encoding
        query = urlencode(kept)
    netloc = host.lower() if port in {None, 80, 443} else f"{host.lower()}:{port}"
    url = urlunsplit(("https", netloc, parts.path or "/", query, parts.fragment))
    if not parts.path and not query and not parts.fragment:
        url = f"https://{netloc}"
    return re.sub(r"[\s<>\"]", lambda char: f"%{ord(char[0]):02X}", url)
