"""Laws of reading feeds: what an item says, wherever it says it, and how far a feed is trusted."""

from dataclasses import replace

import pytest

from bot.discovery.paper import Paper
from bot.discovery.sources.arxiv.rss import CAP, NEAR_CAP, FeedItem, parse_feed
from tests.discovery.corpus import Made, atom, batch, rss


def only(item: Made) -> FeedItem:
    (found,) = parse_feed(rss(item)).items
    assert (found,) == parse_feed(atom(item)).items
    return found


def test_rss_and_atom_say_the_same() -> None:
    item = Made(version=3, kind="replace-cross", authors="Ada Lark (Nest, Tree), Bo Wren, Jr.")
    assert only(item) == FeedItem(
        Paper(
            arxiv="2509.00001",
            title="Paged Gardens: Caching Flowers",
            abstract="We water flowers in pages.",
            authors=("Ada Lark", "Bo Wren, Jr."),
            categories=("cs.DC", "cs.LG"),
        ),
        "2509.00001",
        "replace-cross",
        3,
    )


@pytest.mark.parametrize("kind", ["new", "cross", "replace", "replace-cross"])
def test_the_kind_is_the_elements_then_the_descriptions(kind: str) -> None:
    assert only(Made(kind=kind, said="new")).kind == kind
    assert only(Made(kind=f" {kind.upper()}\n")).kind == kind
    assert only(Made(kind=None, said=kind)).kind == kind
    assert only(Made(kind="astonishing", said=kind)).kind == kind


@pytest.mark.parametrize(("version", "kind"), [(1, "new"), (2, "replace"), (7, "replace")])
def test_where_nothing_says_the_kind_the_version_does(version: int, kind: str) -> None:
    item = only(Made(kind=None, said=None, version=version))
    assert (item.kind, item.version) == (kind, version)


@pytest.mark.parametrize("arxiv", ["2509.00001", "0704.0001", "cs/0112017", "hep-th/9901001"])
@pytest.mark.parametrize("source", ["link", "guid", "description"])
def test_the_id_is_found_wherever_it_stands(arxiv: str, source: str) -> None:
    item = Made(id=arxiv, version=1)
    if source != "link":
        item = replace(item, link=None)
    if source != "guid":
        item = replace(item, guid=None)
    if source != "description":
        item = replace(item, said=None)
    assert parse_feed(rss(item)).items[0].paper.arxiv == arxiv


def test_an_abstract_loses_its_prefix_and_nothing_else() -> None:
    odd = "Abstract: art. arXiv:2401.00001v1 Announce Type: old Abstract: x < y & <b>z</b>"
    assert only(Made(abstract=odd)).paper.abstract == odd
    assert only(Made(abstract=odd, said=None)).paper.abstract == odd


def test_evidence_of_a_venue_is_kept() -> None:
    raw = (
        "<arxiv:DOI>10.1145/1.2</arxiv:DOI>\n"
        "<arxiv:journal_reference>Proc. of Gardens\n 2025</arxiv:journal_reference>\n"
    )
    paper = only(Made(raw=raw)).paper
    assert (paper.doi, paper.journal_ref) == ("10.1145/1.2", "Proc. of Gardens 2025")


def test_one_paper_is_one_item_in_its_strongest_kind() -> None:
    kinds = ("replace-cross", "replace", "new", "cross")
    feed = parse_feed(rss(*(Made(kind=kind) for kind in kinds), *batch(1)))
    assert [item.kind for item in feed.items] == ["new", "new"]
    feed = parse_feed(rss(*(Made(kind="replace", version=n) for n in (2, 4, 3))))
    assert [item.version for item in feed.items] == [4]


def test_a_channel_states_its_categories() -> None:
    assert parse_feed(rss()).asked == ("cs.DC", "cs.LG")
    assert parse_feed(atom()).asked == ("cs.DC",)


def test_a_channel_without_address_is_known_by_its_title() -> None:
    body = rss().replace(b"/rss/cs.DC+cs.LG", b"/")
    assert parse_feed(body).asked == ("cs.DC", "cs.LG")
    assert parse_feed(body.replace(b" updates on", b" news of")).asked == ()


def test_near_the_cap_counts_every_item_the_bad_and_the_double_ones_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What arXiv cuts off at 2,000 is what it sent, not what we could read."""
    assert 0.8 * CAP < NEAR_CAP < CAP
    monkeypatch.setattr("bot.discovery.sources.arxiv.rss.NEAR_CAP", 10)
    same = [Made()] * 9
    assert not parse_feed(rss(*same)).near_cap
    assert parse_feed(rss(*same, Made())).near_cap
    assert parse_feed(rss(*same, Made(title=None))).near_cap


def test_a_cut_feed_still_says_of_what_it_is() -> None:
    whole = rss(*batch(5))
    feed = parse_feed(whole[: len(whole) // 2])
    assert feed.truncated
    assert feed.asked == ("cs.DC", "cs.LG")


def test_a_bad_item_is_told_with_its_number() -> None:
    feed = parse_feed(rss(*batch(1), Made(title=None), Made(link=None, guid=None, said=None)))
    assert feed.faults == (
        "Item 2 (2509.00001) has no title.",
        "Item 3 (Paged Gardens: Caching Flowers) names no paper.",
    )
