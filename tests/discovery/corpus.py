"""Generated feeds: whole, empty, broken and hostile.

The structure is that of arXiv's own RSS and Atom feeds; titles, names and abstracts are made up.
Each case states the papers that must survive and the verdict of a poll.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from bot.discovery.sources.base import VerdictName

WEDNESDAY = datetime(2025, 9, 17, 16, 0, tzinfo=UTC)  # noon in New York
EARLY = datetime(2025, 9, 17, 5, 0, tzinfo=UTC)  # one o’clock at night in New York
SATURDAY = datetime(2025, 9, 20, 16, 0, tzinfo=UTC)
THANKSGIVING = datetime(2025, 11, 27, 17, 0, tzinfo=UTC)

_RSS_HEAD = """<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"\
 xmlns:atom="http://www.w3.org/2005/Atom" version="2.0">
  <channel>
    <title>cs.DC, cs.LG updates on arXiv.org</title>
    <link>http://rss.arxiv.org/rss/cs.DC+cs.LG</link>
    <description>cs.DC, cs.LG updates on the arXiv.org e-print archive.</description>
    <atom:link href="http://rss.arxiv.org/rss/cs.DC+cs.LG" rel="self" type="application/rss+xml"/>
    <language>en-us</language>
    <lastBuildDate>Wed, 17 Sep 2025 04:00:00 +0000</lastBuildDate>
    <pubDate>Wed, 17 Sep 2025 00:00:00 -0400</pubDate>
    <skipDays>
      <day>Sunday</day>
      <day>Saturday</day>
    </skipDays>
"""
RSS_TAIL = "  </channel>\n</rss>\n"
_ATOM_HEAD = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"\
 xmlns="http://www.w3.org/2005/Atom" xml:lang="en-us">
  <id>http://rss.arxiv.org/atom/cs.DC</id>
  <title>cs.DC updates on arXiv.org</title>
  <updated>2025-09-17T04:00:19.866337+00:00</updated>
  <link href="http://rss.arxiv.org/atom/cs.DC" rel="self" type="application/atom+xml"/>
"""
ATOM_TAIL = "</feed>\n"

LETTER_PAIRS = tuple(f"cs.{a}{b}" for a in "ABCDEFGHIJKLMNOPQ" for b in "ABCDEFGHIJKLMNOPQ")
HTML = b"""<!DOCTYPE html>
<html><head><title>arXiv is down for maintenance</title></head><body><p>Back soon.</body></html>"""
BILLION_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 11))
    + ']><rss version="2.0"><channel><title>&a10;</title></channel></rss>'
).encode()


@dataclass(frozen=True, kw_only=True)
class FeedPaper:
    """A paper as a feed item; None leaves its element out. `raw` is XML and not escaped."""

    id: str = "2509.00001"
    version: int = 1
    title: str | None = "Paged Gardens: Caching Flowers"
    abstract: str = "We water flowers in pages."
    kind: str | None = "new"
    described_kind: str | None = "new"
    """The kind that the description names."""
    authors: str | None = "Ada Gärtner, Bo Rain"
    categories: tuple[str, ...] = ("cs.DC", "cs.LG")
    link: str | None = "https://arxiv.org/abs/{id}"
    guid: str | None = "oai:arXiv.org:{id}v{version}"
    date: str = "Wed, 17 Sep 2025 00:00:00 -0400"
    raw: str = ""

    def rss(self) -> str:
        return (
            "    <item>\n"
            + self._element("title", self.title)
            + self._element("link", self._filled(self.link))
            + self._element("description", self._description())
            + self._element("guid", self._filled(self.guid), ' isPermaLink="false"')
            + "".join(self._element("category", name) for name in self.categories)
            + self._element("pubDate", self.date)
            + self._element("arxiv:announce_type", self.kind)
            + self._element("dc:creator", self.authors)
            + f"{self.raw}    </item>\n"
        )

    def atom(self) -> str:
        link = self._filled(self.link)
        return (
            "  <entry>\n"
            + self._element("id", self._filled(self.guid))
            + self._element("title", self.title)
            + (f'    <link href="{link}" rel="alternate" type="text/html"/>\n' if link else "")
            + self._element("summary", self._description())
            + "".join(f'    <category term="{name}"/>\n' for name in self.categories)
            + self._element("arxiv:announce_type", self.kind)
            + self._element("dc:creator", self.authors)
            + f"{self.raw}  </entry>\n"
        )

    def _filled(self, text: str | None) -> str | None:
        return text.format(id=self.id, version=self.version) if text else None

    def _description(self) -> str:
        prefix = (
            f"arXiv:{self.id}v{self.version} Announce Type: {self.described_kind} \n"
            if self.described_kind
            else ""
        )
        return f"{prefix}Abstract: {self.abstract}"

    @staticmethod
    def _element(name: str, text: str | None, attributes: str = "") -> str:
        if text is None:
            return ""
        return f"      <{name}{attributes}>{escape(text)}</{name}>\n"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A document, how it is served, and the expected result."""

    name: str
    body: bytes
    ids: tuple[str, ...] = ()
    verdict: VerdictName = "fresh"
    reason: str = ""
    """A part of the reason that the verdict must give."""
    faults: int = 0
    truncated: bool = False
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    now: datetime = WEDNESDAY


def rss(*items: FeedPaper | str) -> bytes:
    """A whole RSS feed; strings are inserted unchanged."""
    parts = (item if isinstance(item, str) else item.rss() for item in items)
    return f"{_RSS_HEAD}{''.join(parts)}{RSS_TAIL}".encode()


def atom(*items: FeedPaper) -> bytes:
    """A whole Atom feed."""
    return f"{_ATOM_HEAD}{''.join(item.atom() for item in items)}{ATOM_TAIL}".encode()


def batch(count: int) -> tuple[FeedPaper, ...]:
    """So many different papers."""
    return tuple(
        FeedPaper(id=f"2509.{number:05}", title=f"Garden {number}: A Study of Rain")
        for number in range(10_001, 10_001 + count)
    )


GOOD = FeedPaper(id="2509.09999", title="A Good Neighbour")


def bad_item(
    name: str, item: FeedPaper | str, *, ids: tuple[str, ...] = (), faults: int = 0
) -> Case:
    """A bad item between two good ones, which must survive."""
    other = replace(GOOD, id="2509.08888")
    expected = (GOOD.id, *ids, other.id)
    return Case(name=name, body=rss(GOOD, item, other), ids=expected, faults=faults)


def odd_paper(name: str, item: FeedPaper) -> Case:
    """An unusual but valid paper between two others."""
    return bad_item(name, item, ids=(item.id,))


def failed(
    name: str,
    body: bytes,
    reason: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Case:
    """A document that is no feed, or is not served as a feed."""
    return Case(
        name=name, body=body, verdict="failed", reason=reason, status=status, headers=headers or {}
    )


def _whole() -> list[Case]:
    two, empty = batch(2), rss()
    ids = tuple(item.id for item in two)
    kinds = ("replace", "replace-cross")
    later = [
        FeedPaper(id=f"2501.0000{n}", version=2, kind=k, described_kind=k)
        for n, k in enumerate(kinds)
    ]
    return [
        Case(name="rss", body=rss(*two), ids=ids, reason="2 new papers came."),
        Case(name="atom", body=atom(*two), ids=ids),
        Case(
            name="crossed",
            body=rss(FeedPaper(kind="cross", described_kind="cross")),
            ids=("2509.00001",),
        ),
        Case(
            name="replacements alone",
            body=rss(*later),
            ids=("2501.00000", "2501.00001"),
            verdict="stalled",
            reason="2 items",
        ),
        Case(
            name="empty on a Saturday",
            body=empty,
            verdict="quiet",
            reason="Saturday",
            now=SATURDAY,
        ),
        Case(
            name="empty on a holiday",
            body=empty,
            verdict="quiet",
            reason="Thanksgiving",
            now=THANKSGIVING,
        ),
        Case(
            name="empty before its hour", body=empty, verdict="waiting", reason="08:00", now=EARLY
        ),
        Case(name="empty on a weekday", body=empty, verdict="stalled", reason="the feed is empty"),
        Case(name="empty atom", body=atom(), verdict="stalled", reason="the feed is empty"),
        Case(name="papers on a Saturday", body=rss(*two), ids=ids, now=SATURDAY),
        Case(
            name="2,000 items",
            body=rss(*batch(2_000)),
            ids=tuple(item.id for item in batch(2_000)),
            reason="2,000 new papers",
        ),
    ]


def _served_badly() -> list[Case]:
    feed = rss(*batch(2))
    late = "Wed, 17 Sep 2025 16:02:00 GMT"
    return [
        *(
            failed(f"HTTP {status}", b"no", f"HTTP {status}", status=status)
            for status in (400, 403, 404, 410, 429, 500, 502, 503, 204, 206)
        ),
        failed(
            "429 with Retry-After", b"", "HTTP 429", status=429, headers={"Retry-After": "120"}
        ),
        failed("503 with Retry-After", b"", "HTTP 503", status=503, headers={"Retry-After": late}),
        failed("404 with a feed", feed, "HTTP 404", status=404),
        failed("304 unasked", b"", "HTTP 304", status=304),
        failed("unknown encoding", feed, "content-encoding", headers={"Content-Encoding": "br"}),
        failed("gzip that is none", feed, "unreadable", headers={"Content-Encoding": "gzip"}),
        failed("redirect to nowhere", b"", "HTTP 302 without", status=302),
        failed(
            "redirect to another host",
            b"",
            "another host evil.example",
            status=302,
            headers={"Location": "https://evil.example/rss"},
        ),
        failed(
            "redirect to a file",
            b"",
            "other than http",
            status=302,
            headers={"Location": "file:///etc/x"},
        ),
        failed(
            "redirect in disguise",
            b"",
            "another host evil.example",
            status=301,
            headers={"Location": "//127.0.0.1@evil.example/rss"},
        ),
        failed("redirect to itself", b"", "in a loop", status=308, headers={"Location": "?"}),
    ]


def _no_feeds() -> list[Case]:
    root = '<rss version="2.0"><channel>'
    attributes = " ".join(f'a{n}=""' for n in range(50_000))
    return [
        failed("no bytes", b"", "an empty answer"),
        failed("white space", b" \n\t ", "an empty answer"),
        failed("NULs alone", b"\0" * 1000, "an empty answer"),
        failed("HTML page", HTML, "an HTML page instead of a feed, “arXiv is down"),
        failed("HTML without a doctype", HTML.partition(b"\n")[2], "an HTML page"),
        failed("HTML as XHTML", b"<?xml version='1.0'?>" + HTML, "an HTML page"),
        failed("JSON", b'{"papers": []}', "no XML"),
        failed("PDF", b"%PDF-1.7\n\xff\xfe\x00", "no XML"),
        failed(
            "other XML", b"<?xml version='1.0'?><sitemap><loc>x</loc></sitemap>", "but no feed"
        ),
        failed(
            "no version", b"<rss><channel><title>x</title></channel></rss>", "no known version"
        ),
        failed("a bare root", b"<feed/>", "no known version"),
        failed("billion laughs", BILLION_LAUGHS, "document type"),
        failed(
            "external entity",
            b'<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
            + rss(FeedPaper(title="&x;")).partition(b"\n")[2],
            "document type",
        ),
        failed("a harmless DTD", b"<!DOCTYPE rss>" + rss().partition(b"\n")[2], "document type"),
        failed(
            "billion laughs in UTF-16", BILLION_LAUGHS.decode().encode("utf-16"), "document type"
        ),
        failed(
            "quadratic entity",
            b'<!DOCTYPE rss [<!ENTITY a "' + b"a" * 50_000 + b'">]><rss>' + b"&a;" * 50_000,
            "document type",
        ),
        failed("attributes without end", f"<rss {attributes}>{root}".encode(), "not well-formed"),
        failed("too many items", f"{root}{'<item/>' * 5_001}".encode(), "more than 5,000 items"),
        failed("cut in its root", rss()[:70], "cut off before"),
    ]


def _endless() -> list[Case]:
    """A feed that begins well and has no items."""
    root = b'<rss version="2.0"><channel>'
    return [
        Case(
            name=f"a feed of {what}",
            body=root + sign * 100_000,
            verdict="failed",
            reason="truncated after 0 items",
            truncated=True,
        )
        for what, sign in (("nothing", b""), ("opened elements", b"<a>"), ("signs", b"< & "))
    ]


def _truncated() -> list[Case]:
    """Feeds cut at every tenth: whole items are kept, and the rest does not count as absent."""
    items, cases = batch(20), []
    for name, whole, end in (("rss", rss(*items), "</item>"), ("atom", atom(*items), "</entry>")):
        for tenth in range(1, 10):
            body = whole[: len(whole) * tenth // 10]
            count = body.decode(errors="ignore").count(end)
            cases.append(
                Case(
                    name=f"{name} cut at {tenth} tenths",
                    body=body,
                    truncated=True,
                    ids=tuple(item.id for item in items[:count]),
                    verdict="failed",
                    reason=f"truncated after {count} items",
                )
            )
    return cases


def _encodings() -> list[Case]:
    good = rss(FeedPaper(id="2509.00001", title="Gärten"))
    ids = ("2509.00001",)
    text = good.decode()
    return [
        Case(
            name="UTF-8 that claims Latin-1",
            body=text.replace("UTF-8", "ISO-8859-1").encode(),
            ids=ids,
        ),
        Case(
            name="UTF-8 that claims UTF-16", body=text.replace("UTF-8", "UTF-16").encode(), ids=ids
        ),
        Case(
            name="UTF-8 that claims nonsense",
            body=text.replace("UTF-8", "x-klingon").encode(),
            ids=ids,
        ),
        Case(
            name="UTF-8 that claims a codec", body=text.replace("UTF-8", "zlib").encode(), ids=ids
        ),
        Case(name="Latin-1 that claims UTF-8", body=text.encode("latin-1"), ids=ids),
        Case(name="Latin-1", body=text.replace("UTF-8", "ISO-8859-1").encode("latin-1"), ids=ids),
        Case(
            name="Latin-1 that claims a codec",
            body=text.replace("UTF-8", "rot13").encode("latin-1"),
            ids=ids,
        ),
        Case(name="UTF-16", body=text.replace("UTF-8", "UTF-16").encode("utf-16"), ids=ids),
        Case(name="UTF-32", body=text.replace("UTF-8", "UTF-32").encode("utf-32"), ids=ids),
        Case(name="byte order mark", body=b"\xef\xbb\xbf" + good, ids=ids),
        Case(name="no declaration", body=good.partition(b"\n")[2], ids=ids),
        Case(name="space before the declaration", body=b"\n  " + good, ids=ids),
        Case(
            name="wrong charset in the header",
            body=good,
            ids=ids,
            headers={"Content-Type": "text/html; charset=koi8-r"},
        ),
        Case(
            name="invalid UTF-8",
            body=good.replace(b"Paged", b"\xff\xfe\x80").replace(b"ten", b"\xc3("),
            ids=ids,
        ),
        Case(name="NULs within", body=good.replace(b"G", b"\0G\0"), ids=ids),
        Case(name="control characters within", body=good.replace(b"G", b"\x01\x08\x1fG"), ids=ids),
    ]


def _bad_items() -> list[Case]:
    return [
        bad_item("no title", FeedPaper(title=None), faults=1),
        bad_item("title of nothing that can be seen", FeedPaper(title="\u200b \u202e"), faults=1),
        bad_item("no id anywhere", FeedPaper(link=None, guid=None, described_kind=None), faults=1),
        bad_item("month 99", FeedPaper(id="2599.00001"), faults=1),
        bad_item("id of letters", FeedPaper(id="abcd.efghi"), faults=1),
        bad_item(
            "another site's id", FeedPaper(id="12", link="https://example.org/{id}"), faults=1
        ),
        bad_item("unclosed element", "<item><title>Broken <b></title></item>\n", faults=1),
        bad_item("elements within elements", f"<item>{'<a>' * 500}</item>\n", faults=1),
        bad_item("categories without end", FeedPaper(categories=LETTER_PAIRS * 2), faults=1),
        bad_item("unknown prefix", "<item><nope:title>x</nope:title></item>\n", faults=1),
        bad_item("attribute without quotes", "<item a=b><title>x</title></item>\n", faults=1),
        bad_item("unclosed item", "<item><title>Never ends</title>\n", faults=1),
        bad_item("megabyte without a space", FeedPaper(title="x" * 1_000_000), faults=1),
        bad_item(
            "word of 10,000 characters", FeedPaper(authors="a" * 10_000), ids=("2509.00001",)
        ),
        bad_item(
            "megabyte of words",
            FeedPaper(abstract="word " * 200_000),
            faults=0,
            ids=("2509.00001",),
        ),
        bad_item("DTD within", "<item><!DOCTYPE x [<!ENTITY y 'z'>]></item>\n", faults=1),
    ]


def _odd_items() -> list[Case]:
    old = FeedPaper(id="cs/0112017")
    return [
        odd_paper("stray ampersand", FeedPaper(raw="<x>R & D</x>\n")),
        odd_paper("stray less-than", FeedPaper(raw="<x>a < b</x>\n")),
        odd_paper("HTML's entities", FeedPaper(raw="<x>caf&eacute;&nbsp;&bogus;</x>\n")),
        odd_paper(
            "reference to no character", FeedPaper(raw="<x>&#0;&#xD800;&#x1FFFFFF;&#55;</x>\n")
        ),
        odd_paper("no link", FeedPaper(link=None)),
        odd_paper("no guid", FeedPaper(guid=None)),
        odd_paper("neither", FeedPaper(link=None, guid=None)),
        odd_paper("no description", FeedPaper(described_kind=None, abstract="")),
        odd_paper("no authors", FeedPaper(authors=None)),
        odd_paper("no categories", FeedPaper(categories=())),
        odd_paper("no announce type", FeedPaper(kind=None)),
        odd_paper(
            "unknown announce type", FeedPaper(kind="astonishing", described_kind="astonishing")
        ),
        odd_paper("old id", old),
        odd_paper("old id with an archive of two words", FeedPaper(id="hep-th/9901001")),
        odd_paper("old id, link alone", replace(old, guid=None, described_kind=None)),
        odd_paper("date of year 0", FeedPaper(date="Mon, 00 Foo 0000 99:99:99 +9999")),
        odd_paper("date of year 99999", FeedPaper(date="99999-99-99T99:99:99Z")),
        odd_paper("date in the future", FeedPaper(date="Fri, 31 Dec 9999 23:59:60 -1200")),
        odd_paper("version 999", FeedPaper(version=999)),
        odd_paper("<!channel>", FeedPaper(title="Ping <!channel> & <@U1>")),
        odd_paper("escaped twice", FeedPaper(title="a &lt; b &amp;lt; c")),
        odd_paper("CDATA", FeedPaper(raw="<x><![CDATA[</title> ]]></x>\n")),
        odd_paper("TeX", FeedPaper(title=r"Caf{\'e}s in $O(n^2)$")),
        odd_paper("broken TeX", FeedPaper(title=r"Caf{\'e}s in $O(n^2 \frac{")),
        odd_paper("right to left", FeedPaper(title="\u202eesrever\u202c ניר")),
        odd_paper("zero width", FeedPaper(title="Gar\u200bden\ufeff")),
        odd_paper("abstract of 10,000 characters", FeedPaper(abstract="rainy " * 1_667)),
        odd_paper(
            "markup in the abstract", FeedPaper(abstract="<script>alert(1)</script><img src=x>")
        ),
        odd_paper(
            "3,000 authors", FeedPaper(authors=", ".join(f"Ann Nr{n}" for n in range(3_000)))
        ),
        odd_paper("300 categories", FeedPaper(categories=LETTER_PAIRS)),
        odd_paper("bad address", FeedPaper(raw='<atom:link href="http://[::bad/"/>\n')),
        odd_paper("bad base", FeedPaper(raw='<x xml:base="http://[">y</x>\n')),
    ]


def _duplicates() -> list[Case]:
    first, again = FeedPaper(kind="replace", described_kind="replace"), FeedPaper(kind="new")
    twice = (first.id,)
    return [
        Case(name="an id twice", body=rss(again, again), ids=twice, reason="1 new paper came"),
        Case(
            name="replaced and new", body=rss(first, again), ids=twice, reason="1 new paper came"
        ),
        Case(name="two versions", body=rss(FeedPaper(), FeedPaper(version=2)), ids=twice),
        Case(
            name="old id with and without its class",
            ids=("math/0309136",),
            body=rss(FeedPaper(id="math/0309136"), FeedPaper(id="math.GT/0309136")),
        ),
    ]


CASES = (
    *_whole(),
    *_served_badly(),
    *_no_feeds(),
    *_endless(),
    *_truncated(),
    *_encodings(),
    *_bad_items(),
    *_odd_items(),
    *_duplicates(),
)
