"""Laws of the request plan: few feeds, each category once, none near the cap of 2,000 items."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.discovery.sources.arxiv.plan import FeedRequest, again, feed_requests
from bot.discovery.sources.arxiv.rss import CAP, NEAR_CAP, Feed

BASE = "https://rss.arxiv.org/rss"
DEFAULT = tuple(
    f"cs.{name}" for name in ("DC", "LG", "CL", "AI", "AR", "OS", "PF", "NI", "SE", "DB", "PL")
)


def test_the_default_categories_take_three_requests() -> None:
    requests = feed_requests(f"{BASE}/", DEFAULT)
    assert len(requests) == 3
    assert all(request.url == f"{BASE}/{'+'.join(request.categories)}" for request in requests)


def test_large_categories_never_share_a_feed() -> None:
    heavy = {"cs.AI", "cs.LG", "cs.CL"}
    for request in feed_requests(BASE, DEFAULT):
        assert len(heavy.intersection(request.categories)) == 1


def test_the_busiest_days_stay_well_below_the_cap_with_as_many_replacements() -> None:
    """cs.LG has had 693 on a day, and cs.DC 54."""
    (request,) = feed_requests(BASE, ["cs.LG", "cs.DC"])
    assert request.categories == ("cs.LG", "cs.DC")
    worst = 2 * (693 + 54)
    assert worst < NEAR_CAP < CAP


def test_unknown_categories_never_share_a_feed_with_each_other() -> None:
    unknown = ["math.AT", "physics.optics", "stat.ML"]
    for request in feed_requests(BASE, [*unknown, "cs.OS", "cs.DC"]):
        assert len(set(unknown).intersection(request.categories)) <= 1


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([*DEFAULT, "math.AT", "stat.ML", "q-bio.NC"]), max_size=30))
def test_every_category_is_requested_once(categories: list[str]) -> None:
    planned = [name for request in feed_requests(BASE, categories) for name in request.categories]
    assert sorted(planned) == sorted(set(categories))


def test_a_category_name_cannot_change_the_host_or_path() -> None:
    (request,) = feed_requests(BASE, ["../?x#y z"])
    assert request.url == f"{BASE}/..%2F%3Fx%23y%20z"


def test_a_feed_near_the_cap_is_requested_again_for_each_category() -> None:
    both = FeedRequest(f"{BASE}/cs.LG+cs.DC", ("cs.LG", "cs.DC"))
    one_by_one = (
        FeedRequest(f"{BASE}/cs.LG", ("cs.LG",)),
        FeedRequest(f"{BASE}/cs.DC", ("cs.DC",)),
    )
    assert again(BASE, both, Feed((), near_cap=True)) == one_by_one
    assert again(BASE, both, Feed((), truncated=True)) == one_by_one
    assert again(BASE, both, Feed(())) == ()
    assert again(BASE, one_by_one[0], Feed((), near_cap=True)) == ()
