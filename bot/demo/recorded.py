"""A small recorded arXiv on loopback, which the demo polls if arXiv cannot be reached.

It answers in arXiv's formats (RSS for feeds, Atom for the API), so that all of polling runs.
"""

import contextlib
import datetime as dt
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

import yaml

from bot.catalog.links import arxiv_url

_ARXIV = "http://arxiv.org/schemas/atom"
_DC = "http://purl.org/dc/elements/1.1/"
_ATOM = "http://www.w3.org/2005/Atom"
_COUNTS = "http://a9.com/-/spec/opensearch/1.1/"

for prefix, space in (("", _ATOM), ("arxiv", _ARXIV), ("dc", _DC), ("opensearch", _COUNTS)):
    register_namespace(prefix, space)  # the prefixes that feed parsers know


@dataclass(frozen=True, slots=True)
class Sample:
    """A real paper with a summary written for this project."""

    arxiv: str
    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]


def samples() -> tuple[Sample, ...]:
    """The papers of the recorded feed."""
    text = resources.files("bot.demo").joinpath("sample.yaml").read_text("utf-8")
    return tuple(
        Sample(
            arxiv=row["arxiv"],
            title=row["title"],
            abstract=row["abstract"],
            authors=tuple(row["authors"]),
            categories=tuple(row["categories"]),
        )
        for row in yaml.safe_load(text)
    )


def rss(papers: Sequence[Sample], categories: Sequence[str], now: dt.datetime) -> bytes:
    """The feed of some categories for one day."""
    root = Element("rss", version="2.0")
    channel = SubElement(root, "channel")
    SubElement(channel, "title").text = f"{', '.join(categories)} updates on arXiv.org"
    SubElement(channel, "link").text = f"http://rss.arxiv.org/rss/{'+'.join(categories)}"
    SubElement(channel, "description").text = "A small recorded feed of real papers."
    SubElement(channel, "lastBuildDate").text = format_datetime(now)
    SubElement(channel, "pubDate").text = format_datetime(now)
    for paper in papers:
        if set(paper.categories) & set(categories):
            kind = "new" if paper.categories[0] in categories else "cross"
            _item(channel, paper, kind, now)
    body: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _item(channel: Element, paper: Sample, kind: str, now: dt.datetime) -> None:
    item = SubElement(channel, "item")
    description = f"arXiv:{paper.arxiv}v1 Announce Type: {kind} \nAbstract: {paper.abstract}"
    SubElement(item, "title").text = paper.title
    SubElement(item, "link").text = arxiv_url(paper.arxiv)
    SubElement(item, "description").text = description
    SubElement(item, "guid", isPermaLink="false").text = f"oai:arXiv.org:{paper.arxiv}v1"
    for category in paper.categories:
        SubElement(item, "category").text = category
    SubElement(item, "pubDate").text = format_datetime(now)
    SubElement(item, f"{{{_ARXIV}}}announce_type").text = kind
    SubElement(item, f"{{{_DC}}}creator").text = ", ".join(paper.authors)


def atom(papers: Sequence[Sample], now: dt.datetime) -> bytes:
    """The API's answer for some papers."""
    root = Element(f"{{{_ATOM}}}feed")
    SubElement(root, f"{{{_ATOM}}}id").text = "http://arxiv.org/api/recorded"
    SubElement(root, f"{{{_ATOM}}}title").text = "A small recorded answer about real papers"
    SubElement(root, f"{{{_COUNTS}}}totalResults").text = str(len(papers))
    SubElement(root, f"{{{_COUNTS}}}startIndex").text = "0"
    SubElement(root, f"{{{_COUNTS}}}itemsPerPage").text = str(len(papers))
    for paper in papers:
        entry = SubElement(root, f"{{{_ATOM}}}entry")
        SubElement(entry, f"{{{_ATOM}}}id").text = f"http://arxiv.org/abs/{paper.arxiv}v1"
        SubElement(entry, f"{{{_ATOM}}}title").text = paper.title
        SubElement(entry, f"{{{_ATOM}}}summary").text = paper.abstract
        SubElement(entry, f"{{{_ATOM}}}published").text = now.isoformat()
        SubElement(entry, f"{{{_ATOM}}}updated").text = now.isoformat()
        for name in paper.authors:
            author = SubElement(entry, f"{{{_ATOM}}}author")
            SubElement(author, f"{{{_ATOM}}}name").text = name
        for category in paper.categories:
            SubElement(entry, f"{{{_ATOM}}}category", term=category)
    body: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return body


@contextlib.contextmanager
def recorded(now: dt.datetime) -> Iterator[str]:
    """Serve the recorded arXiv while the block runs; yields its base URL."""
    papers = samples()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = _answer(self.path, papers, now)
            self.send_response(200)
            self.send_header("Content-Type", "application/xml; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _answer(path: str, papers: Sequence[Sample], now: dt.datetime) -> bytes:
    parts = urlsplit(path)
    if parts.path.startswith("/rss/"):
        return rss(papers, parts.path.removeprefix("/rss/").split("+"), now)
    ids = ",".join(parse_qs(parts.query).get("id_list", [])).split(",")
    return atom([paper for paper in papers if paper.arxiv in ids], now)
