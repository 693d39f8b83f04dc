"""Laws of subscribing: whoever asks is told what will come when, or what to do instead."""

import datetime as dt
import threading
from dataclasses import replace

import pytest

from bot.db.engine import Database
from bot.digest.model import Schedule, find_zone
from bot.digest.service import SubscriptionConfirmed, SubscriptionsEnded
from bot.digest.store import MAX_SUBSCRIPTIONS
from bot.lookup.query import QueryMistake
from tests.digest.made_up import CATALOG, Desk, berlin, entry


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def said(desk: Desk, text: str, zone: str | None = "Europe/Berlin") -> str:
    found = desk.subscribing.subscribe(text, "C1", "U9", zone, berlin(3))
    return found.message if isinstance(found, QueryMistake) else found.sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "",
            (
                "This channel now gets, every Monday at 9:00 (Europe/Berlin): every new paper. "
                "The next edition comes on Monday 9 November at 9:00."
            ),
        ),
        (
            "servng daily at 8am unless empty",
            (
                "This channel now gets, every day at 8:00 (Europe/Berlin): new papers in Serving; "
                "nothing when there is nothing new. "
                "The next edition comes on Wednesday 4 November at 8:00."
            ),
        ),
        (
            "caches on fri at 9 America/New_York",
            (
                "This channel now gets, every Friday at 9:00 (America/New_York): new papers that "
                "match “caches”. The next edition comes on Friday 6 November at 9:00."
            ),
        ),
        (
            "zebra stripes",
            (
                "This channel now gets, every Monday at 9:00 (Europe/Berlin): new papers that "
                "match “zebra stripes”. The next edition comes on Monday 9 November at 9:00. "
                "Nothing on the list matches “zebra stripes” today."
            ),
        ),
    ],
)
def test_a_subscription_is_confirmed_in_words(desk: Desk, text: str, sentence: str) -> None:
    assert said(desk, text) == sentence


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("serving at 25:00", "no time of the day"),
        ("venue:nope", "The list has no venue “nope”"),
        ("venu:osdi", "Did you mean `venue:osdi`?"),
        ("section:nope", "There is no section"),
        ("2401.09670", "is one paper"),
        ("https://arxiv.org/abs/2401.09670 weekly", "is one paper"),
        ("x" * 301, "301 characters"),
    ],
)
def test_what_cannot_be_subscribed_to_is_a_sentence_and_nothing_is_kept(
    desk: Desk, text: str, says: str
) -> None:
    assert says in said(desk, text)
    assert desk.subscribing.active("C1", berlin(3)) == ()


@pytest.mark.parametrize("zone", [None, "", "Nowhere/Land"])
def test_without_a_time_zone_it_is_utc_and_says_so(desk: Desk, zone: str | None) -> None:
    assert "(UTC)" in said(desk, "serving", zone)
    assert "no time zone of yours" in said(desk, "surveys", zone)
    assert "no time zone of yours" not in said(desk, "training at 9 utc", zone)


def test_subscribing_again_changes_what_was_said_and_keeps_the_rest(desk: Desk) -> None:
    said(desk, "serving daily at 7:00 unless empty")
    assert said(desk, "Serving at 8").startswith(
        "Changed. This channel now gets, every day at 8:00 (Europe/Berlin): new papers in Serving"
        "; nothing when"
    )
    assert said(desk, "sErving").startswith("This channel gets that already: every day at 8:00")
    assert "New_York" not in said(desk, "serving even if empty", "America/New_York")
    assert "at 8:00 (America/New_York)" in said(desk, "serving at 8", "America/New_York")
    (one,) = desk.subscribing.active("C1", berlin(3))
    assert one.words == "every day at 8:00 (America/New_York): new papers in Serving"


def test_a_channel_sees_exactly_what_is_its_own(desk: Desk) -> None:
    said(desk, "serving")
    said(desk, "caches daily")
    desk.subscribing.subscribe("everything", "C2", "U9", "UTC", berlin(3))
    words = [one.words for one in desk.subscribing.active("C1", berlin(3))]
    assert words == [
        "every Monday at 9:00 (Europe/Berlin): new papers in Serving",
        "every day at 9:00 (Europe/Berlin): new papers that match “caches”",
    ]


@pytest.mark.parametrize(
    ("text", "left"),
    [("serving", 2), ("Servng", 2), ("caches", 2), ("everything", 2), ("all", 0), ("ALL", 0)],
)
def test_unsubscribing_ends_what_was_named(desk: Desk, text: str, left: int) -> None:
    for topic in ("serving", "caches", "everything"):
        said(desk, topic)
    found = desk.subscribing.unsubscribe(text, "C1", "U8", berlin(4))
    assert isinstance(found, SubscriptionsEnded), found
    assert "no longer gets" in found.sentence
    assert len(desk.subscribing.active("C1", berlin(4))) == left


def test_unsubscribing_from_what_is_not_there_or_not_clear_says_what_is(desk: Desk) -> None:
    def end(text: str) -> str:
        found = desk.subscribing.unsubscribe(text, "C1", "U8", berlin(4))
        return found.message if isinstance(found, QueryMistake) else found.sentence

    assert "no subscription" in end("")
    said(desk, "serving")
    assert "`/papers unsubscribe Serving`" in end("surveys")
    said(desk, "everything")
    assert end("").startswith("Which one? It is subscribed to 2")
    assert "every new paper" in end("everything")
    assert "new papers in Serving" in end("")


def test_a_button_ends_only_what_is_in_its_channel_and_still_there(desk: Desk) -> None:
    said(desk, "serving")
    (one,) = desk.subscribing.active("C1", berlin(3))
    number = one.subscription.id
    assert isinstance(desk.subscribing.end(number, "C2", "U8", berlin(4)), QueryMistake)
    assert isinstance(desk.subscribing.end(number, "C1", "U8", berlin(4)), SubscriptionsEnded)
    assert isinstance(desk.subscribing.end(number, "C1", "U8", berlin(4)), QueryMistake)
    assert isinstance(
        desk.subscribing.edit(one.subscription, "x", Schedule(), berlin(4), quiet=False),
        QueryMistake,
    )


def test_an_edit_takes_the_whole_form_and_no_topic_twice(desk: Desk) -> None:
    said(desk, "serving")
    said(desk, "everything")
    one = desk.subscribing.active("C1", berlin(3))[0].subscription
    schedule = Schedule(rhythm="daily", time=dt.time(7), zone="UTC")
    found = desk.subscribing.edit(one, "training", schedule, berlin(4), quiet=True)
    assert isinstance(found, SubscriptionConfirmed)
    assert found.sentence.startswith(
        "Changed. This channel now gets, every day at 7:00 (UTC): new papers in Training; nothing"
    )
    taken = desk.subscribing.edit(one, "", schedule, berlin(4), quiet=True)
    assert isinstance(taken, QueryMistake)
    assert "another subscription to everything" in taken.message
    bad = desk.subscribing.edit(one, "venue:nope", schedule, berlin(4), quiet=True)
    assert isinstance(bad, QueryMistake)


def test_a_channel_has_so_many_subscriptions_and_no_more(desk: Desk) -> None:
    for number in range(MAX_SUBSCRIPTIONS):
        said(desk, f"topic{number}")
    assert "which is the most" in said(desk, "serving")


def test_two_people_who_subscribe_at_once_make_one_subscription(
    desk: Desk, database: Database
) -> None:
    start = threading.Barrier(4)

    def ask() -> None:
        other = Desk(database)
        start.wait()
        other.subscribing.subscribe("serving", "C1", "U9", "UTC", berlin(3))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(desk.subscribing.active("C1", berlin(3))) == 1


def test_a_section_stays_a_section_when_a_paper_of_its_name_comes(desk: Desk) -> None:
    said(desk, "serving")
    paper = entry(40, "Serving: A Paper of That Name", "surveys")
    desk.catalog = replace(CATALOG, entries=(*CATALOG.entries, paper))
    assert said(desk, "serving").startswith("This channel gets that already")


def test_zones_are_known_by_any_case() -> None:
    assert find_zone("europe/berlin") == "Europe/Berlin"
    assert find_zone("utc") == "UTC"
    assert find_zone("Europe/Nowhere") is None
