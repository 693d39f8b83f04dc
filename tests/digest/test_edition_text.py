"""The sentences of an edition, with correct numbers and plurals."""

import datetime as dt

import pytest

from bot.digest.edition import Edition, EditionGroup, EditionPaper, WaitingCard
from bot.digest.edition_text import headline, waiting_sentence
from bot.digest.feed_health import FeedHealth
from bot.digest.messages import summarize
from bot.digest.model import EVERYTHING, Topic

BEGIN = dt.datetime(2026, 12, 28, 8, tzinfo=dt.UTC)
PAPER = EditionPaper(title="A: B")


def edition(topic: Topic, listed: int, seen: int = 0, cards: tuple[bool, ...] = ()) -> Edition:
    return Edition(
        topic=topic,
        begin=BEGIN,
        end=BEGIN + dt.timedelta(days=7),
        zone="Europe/Berlin",
        groups=(EditionGroup("S", (PAPER,) * listed),) if listed else (),
        noteworthy=(PAPER,) * seen,
        waiting=tuple(WaitingCard(number=1, since=BEGIN, is_stale=stale) for stale in cards),
        health=FeedHealth("", is_trouble=False),
    )


@pytest.mark.parametrize(
    ("topic", "listed", "seen", "says"),
    [
        (EVERYTHING, 1, 0, "1 new paper"),
        (EVERYTHING, 1200, 0, "1,200 new papers"),
        (Topic("Serving", "a/serving"), 2, 0, "2 new papers in Serving"),
        (Topic("moe"), 1, 3, "1 new paper that matches “moe”"),
        (Topic("moe"), 2, 0, "2 new papers that match “moe”"),
        (Topic("moe"), 0, 0, "Nothing new that matches “moe”"),
        (EVERYTHING, 0, 0, "Nothing new"),
    ],
)
def test_the_headline_counts_the_listed_papers(
    topic: Topic, listed: int, seen: int, says: str
) -> None:
    text = headline(summarize(edition(topic, listed, seen)))
    assert text == f"{says} since Monday 28 December 2026"


def test_noteworthy_papers_do_not_count_as_listed() -> None:
    text = headline(summarize(edition(Topic("Serving", "a/serving"), 0, 2)))
    assert text.startswith("No paper in Serving since Monday 28 December 2026 was listed, 2 may")


@pytest.mark.parametrize(
    ("cards", "says"),
    [
        ((), ""),
        ((False,), "1 suggestion waits for review"),
        ((True,), "1 suggestion waits for review, for a week or longer"),
        ((True, False, False), "3 suggestions wait for review, 1 of them for a week or longer"),
    ],
)
def test_waiting_cards_are_counted(cards: tuple[bool, ...], says: str) -> None:
    assert waiting_sentence(summarize(edition(EVERYTHING, 0, 0, cards))) == says
