"""An arXiv on loopback: feeds by category and the API, over papers that a test announces."""

import datetime as dt
import re
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.discovery.corpus import FeedPaper, rss

_API_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"\
 xmlns:arxiv="http://arxiv.org/schemas/atom">
  <id>https://arxiv.org/api/x</id><title>arXiv Query</title>
  <opensearch:totalResults>{total}</opensearch:totalResults>
  <opensearch:startIndex>{start}</opensearch:startIndex>
"""


@dataclass
class ArXiv:
    """Announced papers by day, configured failures and received requests."""

    server: HTTPServer
    days: dict[dt.date, tuple[FeedPaper, ...]] = field(default_factory=dict)
    today: dt.date | None = None
    broken: dict[str, Response] = field(default_factory=dict)
    """Failure responses by a part of the path or query."""
    requests: list[str] = field(default_factory=list)
    listed: tuple[FeedPaper, ...] = ()

    def __post_init__(self) -> None:
        self.server.expect_request(re.compile("/rss/.*")).respond_with_handler(self._feed)
        self.server.expect_request("/api/query").respond_with_handler(self._query)

    def announce(self, day: dt.date, *papers: FeedPaper) -> None:
        """Set the current day and the papers announced on it."""
        self.days[day] = papers
        self.today = day

    def _feed(self, request: Request) -> Response:
        asked = request.path.removeprefix("/rss/").split("+")
        self.requests.append(request.path)
        if answer := self._failure(request.path):
            return answer
        todays = self.days.get(self.today, ()) if self.today else ()
        shown = [
            replace(
                made,
                kind=made.kind if made.kind != "new" or made.categories[0] in asked else "cross",
            )
            for made in todays
            if set(made.categories) & set(asked)
        ]
        body = rss(*shown)
        etag = f'"{hash(body)}"'
        if request.headers.get("If-None-Match") == etag:
            return Response(status=304)
        return Response(body, headers={"ETag": etag, "Content-Type": "application/xml"})

    def _query(self, request: Request) -> Response:
        self.requests.append(request.full_path)
        if answer := self._failure(request.full_path):
            return answer
        query = {key: values[0] for key, values in parse_qs(request.query_string.decode()).items()}
        start, count = int(query.get("start", 0)), int(query["max_results"])
        matches = self._by_id(query["id_list"]) if "id_list" in query else self._window(query)
        page = matches[start : start + count]
        body = _API_HEAD.format(total=len(matches), start=start)
        body += "".join(_entry(made, day) for made, day in page) + "</feed>"
        return Response(body, content_type="application/atom+xml")

    def _by_id(self, ids: str) -> list[tuple[FeedPaper, dt.date]]:
        return [(made, dt.date(2025, 1, 1)) for made in self.listed if made.id in ids.split(",")]

    def _window(self, query: dict[str, str]) -> list[tuple[FeedPaper, dt.date]]:
        """Papers of the query's window, each submitted on the weekday before it was announced."""
        span = re.search(r"\[(\d{8})0000 TO (\d{8})2359\]", query["search_query"])
        assert span
        categories = set(re.findall(r"cat:([\w.-]+)", query["search_query"]))
        return [
            (made, submitted)
            for day, papers in sorted(self.days.items())
            for submitted in [_submitted(day)]
            if span[1] <= f"{submitted:%Y%m%d}" <= span[2]
            for made in papers
            if set(made.categories) & categories and made.kind in {"new", "cross"}
        ]

    def _failure(self, path: str) -> Response | None:
        return next((answer for part, answer in self.broken.items() if part in path), None)


def _submitted(day: dt.date) -> dt.date:
    day -= dt.timedelta(days=1)
    while day.weekday() > 4:
        day -= dt.timedelta(days=1)
    return day


def _entry(made: FeedPaper, submitted: dt.date) -> str:
    names = (made.authors or "").split(", ")
    authors = "".join(f"<author><name>{escape(name)}</name></author>" for name in names)
    terms = "".join(f'<category term="{name}"/>' for name in made.categories)
    return (
        f"<entry><id>http://arxiv.org/abs/{made.id}v{made.version}</id>"
        f"<title>{escape(made.title or '')}</title><summary>{escape(made.abstract)}</summary>"
        f"<published>{submitted}T12:00:00Z</published><updated>{submitted}T12:00:00Z</updated>"
        f'{authors}<arxiv:primary_category term="{made.categories[0]}"/>{terms}{made.raw}</entry>'
    )
