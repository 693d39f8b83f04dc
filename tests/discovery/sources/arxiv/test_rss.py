"""Laws of feed items: each fact is read from any element that holds it; faults are reported."""

from dataclasses import replace

import pytest

from bot.discovery.paper import Paper
from bot.discovery.sources.arxiv.rss import CAP, NEAR_CAP, FeedItem, parse_feed
from tests.discovery.corpus import FeedPaper, atom, batch, rss


def only(item: FeedPaper) -> FeedItem:
    (found,) = parse_feed(rss(item)).items
    assert (found,) == parse_feed(atom(item)).items
    return found


def test_rss_and_atom_give_the_same_papers() -> None:
    item = FeedPaper(
        version=3, kind="replace-cross", authors="Ada Lark (Nest, Tree), Bo Wren, Jr."
    )
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
def test_the_announce_type_is_read_from_its_element_then_from_the_description(kind: str) -> None:
    assert only(FeedPaper(kind=kind, described_kind="new")).kind == kind
    assert only(FeedPaper(kind=f" {kind.upper()}\n")).kind == kind
    assert only(FeedPaper(kind=None, described_kind=kind)).kind == kind
    assert only(FeedPaper(kind="astonishing", described_kind=kind)).kind == kind


@pytest.mark.parametrize(("version", "kind"), [(1, "new"), (2, "replace"), (7, "replace")])
def test_without_announce_type_the_version_decides(version: int, kind: str) -> None:
    item = only(FeedPaper(kind=None, described_kind=None, version=version))
    assert (item.kind, item.version) == (kind, version)


@pytest.mark.parametrize("arxiv", ["2509.00001", "0704.0001", "cs/0112017", "hep-th/9901001"])
@pytest.mark.parametrize("source", ["link", "guid", "description"])
def test_the_id_is_read_from_the_link_the_guid_or_the_description(arxiv: str, source: str) -> None:
    item = FeedPaper(id=arxiv, version=1)
    if source != "link":
        item = replace(item, link=None)
    if source != "guid":
        item = replace(item, guid=None)
    if source != "description":
        item = replace(item, described_kind=None)
    assert parse_feed(rss(item)).items[0].paper.arxiv == arxiv


def test_only_the_prefix_of_an_abstract_is_removed() -> None:
    odd = "Abstract: art. arXiv:2401.00001v1 Announce Type: old Abstract: x < y & <b>z</b>"
    assert only(FeedPaper(abstract=odd)).paper.abstract == odd
    assert only(FeedPaper(abstract=odd, described_kind=None)).paper.abstract == odd


def test_evidence_of_a_venue_is_kept() -> None:
    raw = (
        "<arxiv:DOI>10.1145/1.2</arxiv:DOI>\n"
        "<arxiv:journal_reference>Proc. of Gardens\n 2025</arxiv:journal_reference>\n"
    )
    paper = only(FeedPaper(raw=raw)).paper
    assert (paper.doi, paper.journal_ref) == ("10.1145/1.2", "Proc. of Gardens 2025")


def test_a_repeated_paper_is_one_item_with_its_strongest_announce_type() -> None:
    kinds = ("replace-cross", "replace", "new", "cross")
    feed = parse_feed(rss(*(FeedPaper(kind=kind) for kind in kinds), *batch(1)))
    assert [item.kind for item in feed.items] == ["new", "new"]
    feed = parse_feed(rss(*(FeedPaper(kind="replace", version=n) for n in (2, 4, 3))))
    assert [item.version for item in feed.items] == [4]


def test_a_channel_states_its_categories() -> None:
    assert parse_feed(rss()).asked == ("cs.DC", "cs.LG")
    assert parse_feed(atom()).asked == ("cs.DC",)


def test_a_channel_without_address_takes_its_categories_from_the_title() -> None:
    body = rss().replace(b"/rss/cs.DC+cs.LG", b"/")
    assert parse_feed(body).asked == ("cs.DC", "cs.LG")
    assert parse_feed(body.replace(b" updates on", b" news of")).asked == ()


def test_bad_and_repeated_items_count_towards_the_cap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """arXiv cuts off at 2,000 sent items, whether they can be parsed or not."""
    assert 0.8 * CAP < NEAR_CAP < CAP
    monkeypatch.setattr("bot.discovery.sources.arxiv.rss.NEAR_CAP", 10)
    same = [FeedPaper()] * 9
    assert not parse_feed(rss(*same)).near_cap
    assert parse_feed(rss(*same, FeedPaper())).near_cap
    assert parse_feed(rss(*same, FeedPaper(title=None))).near_cap


def test_a_truncated_feed_still_has_its_categories() -> None:
    whole = rss(*batch(5))
    feed = parse_feed(whole[: len(whole) // 2])
    assert feed.truncated
    assert feed.asked == ("cs.DC", "cs.LG")


def test_a_bad_item_is_reported_with_its_number() -> None:
    feed = parse_feed(
        rss(*batch(1), FeedPaper(title=None), FeedPaper(link=None, guid=None, described_kind=None))
    )
    assert feed.faults == (
        "Item 2 (2509.00001) has no title.",
        "Item 3 (Paged Gardens: Caching Flowers) names no paper.",
    )
