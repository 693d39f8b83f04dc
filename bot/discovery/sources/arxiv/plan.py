"""Plan of feed requests: few, and none near the cap at which arXiv drops new papers. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from bot.discovery.sources.arxiv.rss import Feed

# New papers and cross-lists of a category on its heaviest day. cs.LG and cs.DC are
# from complete days; the others are what a thinner recording of June to
# October 2025 shows, times the 693/508 by which it is thinner for cs.LG.
_HEAVIEST_DAY = {
    "cs.AI": 760,
    "cs.LG": 693,
    "cs.CL": 390,
    "cs.SE": 100,
    "cs.DC": 54,
    "cs.AR": 45,
    "cs.NI": 40,
    "cs.DB": 26,
    "cs.PL": 21,
    "cs.PF": 18,
    "cs.OS": 5,
}
_UNKNOWN = 600  # so that two unknown categories never share a feed, and small ones may join one

# A feed is cut off at 2,000 items, and replacements, which come first, are about as many again as
# new papers and cross-lists: 2 x 800 = 1,600 is a fifth away from it on a day when all of a feed's
# categories are at their heaviest and no paper stands in two of them; and both never happen.
# The eleven default categories make three requests: cs.AI (760), cs.LG with cs.OS (698),
# and the other eight (694).
_BUDGET = 800


@dataclass(frozen=True, slots=True)
class FeedRequest:
    """A feed to fetch, and the categories that it covers."""

    url: str
    categories: tuple[str, ...]


def feed_requests(base: str, categories: Iterable[str]) -> tuple[FeedRequest, ...]:
    """The feeds that together hold every category once."""
    groups: list[list[str]] = []
    for category in sorted(dict.fromkeys(categories), key=_heaviest, reverse=True):
        fitting = [group for group in groups if _weight([*group, category]) <= _BUDGET]
        if fitting:
            min(fitting, key=_weight).append(category)
        else:
            groups.append([category])
    return tuple(_request(base, group) for group in groups)


def again(base: str, request: FeedRequest, feed: Feed) -> tuple[FeedRequest, ...]:
    """Requests for the single categories of a feed that may not be whole.

    None for a whole feed or one of a single category; the API then gives what is missing.
    """
    is_single = len(request.categories) == 1
    if is_single or not (feed.near_cap or feed.truncated):
        return ()
    return tuple(_request(base, [category]) for category in request.categories)


def _request(base: str, categories: Sequence[str]) -> FeedRequest:
    path = "+".join(quote(category, safe="") for category in categories)
    return FeedRequest(f"{base.rstrip('/')}/{path}", tuple(categories))


def _weight(categories: Iterable[str]) -> int:
    return sum(map(_heaviest, categories))


def _heaviest(category: str) -> int:
    return _HEAVIEST_DAY.get(category, _UNKNOWN)
