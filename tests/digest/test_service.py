"""A subscription is confirmed with its content and time, or refused with the remedy."""

import datetime as dt
import threading
from dataclasses import replace

import pytest

from bot.db.engine import Database
from bot.digest.model import Schedule, find_zone
from bot.digest.service import SubscriptionConfirmed
from bot.digest.store import MAX_SUBSCRIPTIONS
from bot.lookup.query import QueryMistake
from tests.digest.setup import BOTH, CATALOG, Setup, berlin, entry


def answer(setup: Setup, text: str, zone: str | None = "Europe/Berlin") -> str:
    outcome = setup.service.subscribe(text, "C1", "U9", zone, berlin(3))
    return outcome.message if isinstance(outcome, QueryMistake) else outcome.sentence


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
def test_a_subscription_is_confirmed_in_words(setup: Setup, text: str, sentence: str) -> None:
    assert answer(setup, text) == sentence


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
def test_a_mistake_is_a_sentence_and_nothing_is_stored(setup: Setup, text: str, says: str) -> None:
    assert says in answer(setup, text)
    assert setup.service.active("C1", berlin(3)) == ()


@pytest.mark.parametrize("zone", [None, "", "Nowhere/Land"])
def test_without_a_time_zone_the_confirmation_says_utc(setup: Setup, zone: str | None) -> None:
    assert "(UTC)" in answer(setup, "serving", zone)
    assert "no time zone of yours" in answer(setup, "surveys", zone)
    assert "no time zone of yours" not in answer(setup, "training at 9 utc", zone)


def test_subscribing_again_changes_the_typed_parts_only(setup: Setup) -> None:
    answer(setup, "serving daily at 7:00 unless empty")
    assert answer(setup, "Serving at 8").startswith(
        "Changed. This channel now gets, every day at 8:00 (Europe/Berlin): new papers in Serving"
        "; nothing when"
    )
    assert answer(setup, "sErving").startswith("This channel gets that already: every day at 8:00")
    assert "New_York" not in answer(setup, "serving even if empty", "America/New_York")
    assert "at 8:00 (America/New_York)" in answer(setup, "serving at 8", "America/New_York")
    (active,) = setup.service.active("C1", berlin(3))
    assert active.words == "every day at 8:00 (America/New_York): new papers in Serving"


def test_a_channel_lists_exactly_its_own_subscriptions(setup: Setup) -> None:
    answer(setup, "serving")
    answer(setup, "caches daily")
    setup.service.subscribe("everything", "C2", "U9", "UTC", berlin(3))
    words = [active.words for active in setup.service.active("C1", berlin(3))]
    assert words == [
        "every Monday at 9:00 (Europe/Berlin): new papers in Serving",
        "every day at 9:00 (Europe/Berlin): new papers that match “caches”",
    ]


@pytest.mark.parametrize(
    ("text", "left"),
    [("serving", 2), ("Servng", 2), ("caches", 2), ("everything", 2), ("all", 0), ("ALL", 0)],
)
def test_unsubscribing_ends_the_named_subscription(setup: Setup, text: str, left: int) -> None:
    for topic in ("serving", "caches", "everything"):
        answer(setup, topic)
    outcome = setup.service.unsubscribe(text, "C1", "U8", berlin(4))
    assert outcome.startswith("Ended. This channel no longer gets")
    assert len(setup.service.active("C1", berlin(4))) == left


def test_an_unclear_unsubscribe_lists_the_subscriptions(setup: Setup) -> None:
    def end(text: str) -> str:
        return setup.service.unsubscribe(text, "C1", "U8", berlin(4))

    assert "no subscription" in end("")
    answer(setup, "serving")
    assert "`/papers unsubscribe Serving`" in end("surveys")
    answer(setup, "everything")
    assert end("").startswith("Which one? It is subscribed to 2")
    assert "every new paper" in end("everything")
    assert "new papers in Serving" in end("")


def test_a_button_ends_only_an_active_subscription_of_its_channel(setup: Setup) -> None:
    answer(setup, "serving")
    (active,) = setup.service.active("C1", berlin(3))
    number = active.subscription.id
    channels = ("C2", "C1", "C1")
    answers = [setup.service.end(number, channel, "U8", berlin(4)) for channel in channels]
    assert [answer.startswith("Ended.") for answer in answers] == [False, True, False]
    assert isinstance(
        setup.service.edit(active.subscription, "x", "U8", berlin(4)),
        QueryMistake,
    )


@BOTH
def test_an_edit_sets_every_field_and_refuses_a_topic_that_is_taken(setup: Setup) -> None:
    answer(setup, "serving")
    answer(setup, "everything")
    subscription = setup.service.active("C1", berlin(3))[0].subscription
    schedule = Schedule(rhythm="daily", time=dt.time(7), zone="UTC")
    wanted = replace(subscription, schedule=schedule, is_quiet=True)
    outcome = setup.service.edit(wanted, "training", "U8", berlin(4))
    assert isinstance(outcome, SubscriptionConfirmed)
    assert outcome.sentence.startswith(
        "Changed. This channel now gets, every day at 7:00 (UTC): new papers in Training; nothing"
    )
    refused = setup.service.edit(wanted, "", "U8", berlin(4))
    assert isinstance(refused, QueryMistake)
    assert "another subscription to everything" in refused.message
    bad = setup.service.edit(wanted, "venue:nope", "U8", berlin(4))
    assert isinstance(bad, QueryMistake)


def test_the_number_of_subscriptions_is_limited(setup: Setup) -> None:
    for number in range(MAX_SUBSCRIPTIONS):
        answer(setup, f"topic{number}")
    assert "which is the most" in answer(setup, "serving")


@BOTH
def test_people_who_subscribe_at_once_make_one_subscription(
    setup: Setup, database: Database
) -> None:
    start = threading.Barrier(4)

    def ask() -> None:
        other = Setup(database)
        start.wait()
        other.service.subscribe("serving", "C1", "U9", "UTC", berlin(3))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(setup.service.active("C1", berlin(3))) == 1


def test_a_section_stays_a_section_when_a_paper_of_its_name_is_added(setup: Setup) -> None:
    answer(setup, "serving")
    paper = entry(40, "Serving: A Paper of That Name", "surveys")
    setup.catalog = replace(CATALOG, entries=(*CATALOG.entries, paper))
    assert answer(setup, "serving").startswith("This channel gets that already")


def test_zones_are_known_by_any_case() -> None:
    assert find_zone("europe/berlin") == "Europe/Berlin"
    assert find_zone("utc") == "UTC"
    assert find_zone("Europe/Nowhere") is None
