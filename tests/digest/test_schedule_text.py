"""Schedules are read as people write them; all other words are the topic."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.model import DAYS, Schedule
from bot.digest.schedule_text import ParsedSubscription, parse_subscription
from bot.lookup.query import QueryMistake

NINE = dt.time(9)


def parsed(text: str) -> ParsedSubscription:
    outcome = parse_subscription(text)
    assert isinstance(outcome, ParsedSubscription), outcome
    return outcome


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ParsedSubscription()),
        ("everything", ParsedSubscription()),
        ("all papers weekly", ParsedSubscription(rhythm="weekly")),
        (
            "serving weekly on monday at 9:00",
            ParsedSubscription(topic="serving", rhythm="weekly", weekday=0, time=NINE),
        ),
        (
            "kv cache daily at 8am",
            ParsedSubscription(topic="kv cache", rhythm="daily", time=dt.time(8)),
        ),
        ("venue:osdi", ParsedSubscription(topic="venue:osdi")),
        (
            "daily at 17:30 moe",
            ParsedSubscription(topic="moe", rhythm="daily", time=dt.time(17, 30)),
        ),
        ("weekly on fri", ParsedSubscription(rhythm="weekly", weekday=4)),
        ("Weekly, on Fridays, at 9", ParsedSubscription(rhythm="weekly", weekday=4, time=NINE)),
        ("at 9", ParsedSubscription(time=NINE)),
        ("moe at 9 pm", ParsedSubscription(topic="moe", time=dt.time(21))),
        ("at 12am", ParsedSubscription(time=dt.time(0))),
        ("at noon", ParsedSubscription(time=dt.time(12))),
        ("at 0730", ParsedSubscription(time=dt.time(7, 30))),
        ("9:00 tuesday training", ParsedSubscription(topic="training", weekday=1, time=NINE)),
        (
            "every thursday at 9.30 serving",
            ParsedSubscription(topic="serving", weekday=3, time=dt.time(9, 30)),
        ),
        ("every day serving", ParsedSubscription(topic="serving", rhythm="daily")),
        ("once a week", ParsedSubscription(rhythm="weekly")),
        ("serving unless empty", ParsedSubscription(topic="serving", is_quiet=True)),
        (
            "serving even if empty daily",
            ParsedSubscription(topic="serving", rhythm="daily", is_quiet=False),
        ),
        ("to serving", ParsedSubscription(topic="serving")),
        (
            "at 9:00 europe/berlin moe",
            ParsedSubscription(topic="moe", time=NINE, zone="Europe/Berlin"),
        ),
        ("at 9 utc", ParsedSubscription(time=NINE, zone="UTC")),
        ("moe year:2024 weekly", ParsedSubscription(topic="moe year:2024", rhythm="weekly")),
        (
            'org:"Hugging Face" daily',
            ParsedSubscription(topic='org:"Hugging Face"', rhythm="daily"),
        ),
    ],
)
def test_schedules_are_read_as_people_write_them(text: str, expected: ParsedSubscription) -> None:
    assert parse_subscription(text) == expected


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ('"weekly" weekly', '"weekly"'),
        ("“daily at 9” daily", '"daily at 9"'),
        ("serving at the edge", "serving at the edge"),
        ("papers on caching", "papers on caching"),
        ("sat solvers weekly", "sat solvers"),
        ("training at scale daily", "training at scale"),
        ("empty caches", "empty caches"),
    ],
)
def test_other_words_are_the_topic(text: str, topic: str) -> None:
    assert parsed(text).topic == topic


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("at 25:00", "“25:00” is no time"),
        ("serving at 9:75", "at 17:30"),
        ("at 13pm", "“13pm”"),
        ("25:00 serving", "“25:00”"),
        ("on mondey", "`on monday`"),
        ("weekly on blursday", "“blursday” is no day"),
        ("weekly on 15th", "“15th”"),
        ("daily on monday", "Daily comes every day"),
        ("weekly daily", "both"),
        ("on monday and thursday", "one day a week"),
        ("on mon and thu", "one day a week"),
        ("at 9 at 17", "one time"),
        ("serving monthly", "“monthly”"),
        ("every weekday", "“every weekday”"),
        ("at 9:00 Europe/Berlon", "time zone"),
    ],
)
def test_a_mistake_is_a_sentence_with_its_remedy(text: str, says: str) -> None:
    mistake = parse_subscription(text)
    assert isinstance(mistake, QueryMistake), mistake
    assert says in mistake.message
    assert mistake.message.endswith((".", "?"))


@given(st.text(max_size=80))
def test_no_text_raises(text: str) -> None:
    parse_subscription(text)


@given(
    topic=st.sampled_from(["", "serving", "kv cache", '"daily news"', "venue:osdi moe"]),
    rhythm=st.sampled_from(["", "weekly", "every week"]),
    day=st.sampled_from(["", *(f"on {day}" for day in DAYS)]),
    time=st.sampled_from(["", "at 8:05", "at 8:05am"]),
    order=st.permutations(range(4)),
)
def test_the_order_of_the_parts_does_not_matter(
    topic: str, rhythm: str, day: str, time: str, order: list[int]
) -> None:
    parts = [topic, rhythm, day, time]
    outcome = parsed(" ".join(parts[at] for at in order if parts[at]))
    assert outcome.topic == topic
    assert outcome.rhythm == ("weekly" if rhythm else None)
    assert outcome.weekday == (DAYS.index(day.split()[1]) if day else None)
    assert outcome.time == (dt.time(8, 5) if time else None)


def test_parts_that_were_not_typed_stay() -> None:
    """The default is weekly, on Monday at nine."""
    assert parsed("").schedule(Schedule(zone="Europe/Berlin")) == Schedule(
        rhythm="weekly", weekday=0, time=NINE, zone="Europe/Berlin"
    )
    before = Schedule(rhythm="daily", time=dt.time(7), zone="UTC")
    assert parsed("on friday").schedule(before) == Schedule(
        rhythm="weekly", weekday=4, time=dt.time(7), zone="UTC"
    )
