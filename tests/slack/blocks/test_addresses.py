"""Laws of links in Slack: each shows where it leads, whatever a list or a feed holds."""

import datetime as dt
import html
import json
import re
from collections.abc import Iterator

import pytest

from bot.catalog.hosts import contains_address
from bot.catalog.links import read_link, shown_host
from bot.catalog.model import Catalog, Entry, ListInfo, Section
from bot.catalog.names import shipped_names
from bot.digest.edition import Edition, EditionGroup, EditionPaper
from bot.digest.feed_health import FeedHealth
from bot.digest.messages import summarize
from bot.digest.model import EVERYTHING
from bot.discovery.ranking.explanations import NearEntry, Reasons
from bot.lookup.catalog_lookup import CatalogLookup
from bot.review.model import Subject, Suggestion
from bot.slack.blocks.cards import card, details
from bot.slack.blocks.digests import edition_message
from bot.slack.blocks.lookup import results_message, shared_results
from bot.slack.blocks.modals import link_form
from bot.slack.blocks.sentences import pending
from bot.slack.blocks.text import SlackMessage, mrkdwn_message
from bot.slack.lookup_request import LookupRequest

NOW = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
CARD = "https://team.slack.com/archives/C1/p1"
LINK = re.compile(r"<(https?://[^|>]+)\|([^>]*)>")
TITLES = [
    "Omega: A System for Caches",
    "https://bank.example/login",
    "www.bank.example",
    "bank.example: sign in",
    "Sign in at https://bank.example now",
    "bank。example/login",
]
URLS = {
    "https://arxiv.org/abs/2603.00001": "",
    "https://doi.org/10.1145/1.2": "",
    "https://www.usenix.org/x": "usenix.org",
    "https://arxiv.org@evil.example/x": "evil.example",
    r"https://evil.example\@arxiv.org/x": "evil.example",
    "https://arxiv.org:8443/x": "arxiv.org:8443",
    "https://аpple.com/x": "xn--pple-43d.com",
    f"https://arxiv.org.{'a' * 50}.evil.example/x": f"…{'a' * 27}.evil.example",
}


def messages(title: str, url: str) -> Iterator[SlackMessage]:
    """Every message with the title of a paper and its link."""
    entry = Entry(title=title, url=url, sections=("serving",))
    other = Entry(title="Another Paper on Caches", url=url, sections=("serving",))
    info = ListInfo(title="List", sections=(Section(id="serving", title="Serving"),))
    catalog = Catalog(info, (entry, other))
    near = NearEntry(title=title, arxiv="2603.00009", cosine=0.5)
    reasons = Reasons(score=1, base=1, rest=0, terms_for=(), terms_against=(), authors=(),
                      nearest=(near,))  # fmt: skip
    for state in ("waiting", "approved"):
        suggestion = Suggestion(
            id=1,
            identity="x",
            state=state,
            version=1,
            subject=Subject(after=entry, reasons=reasons),
            source="U1",
            suggested_at=NOW,
        )
        yield card(suggestion, catalog)
        yield details(suggestion, catalog)
        yield mrkdwn_message(pending([suggestion], {1: CARD}, None))
    lookup = CatalogLookup(catalog, shipped_names())
    for query in (f'"{title}"', "serving"):
        answer = lookup.answer(query)
        if answer.results:
            yield results_message(catalog, answer, LookupRequest("search", query))
            yield shared_results(catalog, answer, "U1")
    edition = Edition(
        topic=EVERYTHING,
        begin=NOW,
        end=NOW + dt.timedelta(days=7),
        zone="UTC",
        groups=(EditionGroup("Serving", (EditionPaper(title=title, url=url),)),),
        health=FeedHealth("Fine.", is_trouble=False),
    )
    yield edition_message(summarize(edition))


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("url", URLS)
def test_no_link_looks_like_another_address_and_shows_its_host(title: str, url: str) -> None:
    canonical, host = read_link(url), URLS[url]
    assert canonical is not None
    shown = 0
    for message in messages(title, url):
        text = json.dumps([block.to_dict() for block in message.blocks], ensure_ascii=False)
        for match in LINK.finditer(text):
            address, label = html.unescape(match[1]), html.unescape(match[2])
            assert not contains_address(label) or label in {host, shown_host(address)}
            if address == canonical.url and label != "2603.00001":
                shown += 1
                near = html.unescape(text[match.start() : match.end() + 60])
                assert host in near
    assert shown >= 5


@pytest.mark.parametrize("url", URLS)
def test_an_address_that_mixes_alphabets_is_pointed_out(url: str) -> None:
    warned = [message for message in messages("A Paper", url) if "mixes alphabets" in str(
        [block.to_dict() for block in message.blocks]
    )]  # fmt: skip
    assert bool(warned) == ("xn--" in URLS[url])


def test_a_choice_of_links_shows_the_end_of_a_long_host() -> None:
    """Its beginning could be that of another host."""
    view = link_form([f"https://arxiv.org.{'a' * 60}.evil.example/x", "https://a.example/x"])
    options = view.to_dict()["blocks"][0]["element"]["options"]
    labels = [option["text"]["text"] for option in options]
    assert labels[0].endswith(".evil.example")
    assert labels[1] == "https://a.example/x"
    assert all(len(label) <= 75 for label in labels)
