"""Laws of digests in Slack: within its limits and escaped, whatever they hold."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from bot.digest.edition import CardLink, Edition, EditionGroup, EditionPaper, WaitingCard
from bot.digest.feed_health import FeedHealth
from bot.digest.messages import PAPERS_PER_PART, parts, summarize
from bot.digest.model import EVERYTHING, Topic
from bot.slack.blocks.digests import edition_message, part_message, preview_message
from bot.slack.blocks.text import SlackMessage
from tests.slack.blocks.test_lookup import HOSTILE, TEXT, as_json, check

BEGIN = dt.datetime(2026, 11, 9, 8, tzinfo=dt.UTC)
END = BEGIN + dt.timedelta(days=7)
WORKSPACE = "https://example.slack.com/"

papers = st.builds(
    EditionPaper,
    title=TEXT,
    url=st.none()
    | st.sampled_from(["https://arxiv.org/abs/2611.00001", "https://x.y/" + "&|" * 400]),
    details=st.just("") | TEXT,
    approved_by=st.lists(st.just("U0123456789"), max_size=6).map(tuple),
)
waiting = st.builds(
    WaitingCard,
    number=st.integers(1, 10**6),
    since=st.just(BEGIN),
    is_stale=st.booleans(),
    card=st.none() | st.just(CardLink("C0123456789", "1700000000.000100")),
)
editions = st.builds(
    Edition,
    topic=st.just(EVERYTHING) | st.builds(Topic, TEXT, st.none() | st.just("a/b")),
    begin=st.just(BEGIN),
    end=st.just(END),
    zone=st.just("Europe/Berlin"),
    groups=st.lists(
        st.builds(EditionGroup, TEXT, st.lists(papers, min_size=1, max_size=30).map(tuple)),
        max_size=40,
    ).map(tuple),
    told_before=st.integers(0, 9),
    waiting=st.lists(waiting, max_size=30).map(tuple),
    noteworthy=st.lists(papers, max_size=5).map(tuple),
    health=st.builds(FeedHealth, TEXT, st.booleans()),
    trouble=st.none() | TEXT,
)


def all_messages(edition: Edition) -> list[SlackMessage]:
    return [
        edition_message(summarize(edition), WORKSPACE),
        *(part_message(part) for part in parts(edition)),
        preview_message(edition, WORKSPACE),
    ]


def shown(message: SlackMessage) -> str:
    return f"{message.text} {as_json(message)}"


def edition(*titles: str, section: str = "Serving", **more: object) -> Edition:
    listed = tuple(EditionPaper(title=title, approved_by=("U1",)) for title in titles)
    defaults = {
        "topic": EVERYTHING,
        "begin": BEGIN,
        "end": END,
        "zone": "UTC",
        "groups": (EditionGroup(section, listed),) if listed else (),
        "health": FeedHealth("arXiv: fresh every weekday.", is_trouble=False),
    }
    return Edition(**{**defaults, **more})  # type: ignore[arg-type]  # a test's shorthand


@given(editions)
def test_every_message_is_within_slacks_limits(edition_: Edition) -> None:
    for message in all_messages(edition_):
        check(message)


def test_the_worst_titles_are_within_slacks_limits() -> None:
    for hostile in ("x" * 5000, "&" * 5000, "<" * 300, "模" * 5000):
        worst = EditionPaper(
            title=hostile,
            url="https://x.y/" + "z" * 160,
            details=hostile,
            approved_by=("U" * 11,) * 9,
        )
        groups = tuple(EditionGroup(hostile + str(at), (worst,)) for at in range(PAPERS_PER_PART))
        for listed in (groups, (EditionGroup(hostile, (worst,) * PAPERS_PER_PART),), groups[:8]):
            full = edition(groups=listed, noteworthy=(worst,) * 5, trouble=hostile)
            for message in all_messages(full):
                check(message)


def test_foreign_text_is_never_markup() -> None:
    hostile = edition(
        *HOSTILE, topic=Topic("<!channel>", "s"), section="<!here>", trouble="<!everyone>"
    )
    for message in all_messages(hostile):
        for raw in ("<!", "<https://evil", "<@U0001>"):
            assert raw not in shown(message)


def test_all_papers_of_a_long_edition_are_in_its_thread() -> None:
    long = edition(*(f"Paper {number:03}." for number in range(95)))
    thread = " ".join(shown(part_message(part)) for part in parts(long))
    assert all(thread.count(f"Paper {number:03}.") == 1 for number in range(95))
    first = shown(edition_message(summarize(long)))
    assert "95 new papers" in first
    assert "Serving: 95" in first
    assert "In the thread: all of them" in first


def test_a_short_edition_names_its_papers_and_who_approved_them() -> None:
    message = edition_message(summarize(edition("Fast: A Paper")))
    assert "Fast: A Paper" in shown(message)
    assert "approved by <@U1>" in shown(message)
    assert "fresh every weekday" in shown(message)
    assert parts(edition("Fast: A Paper")) == ()


def test_an_empty_edition_is_one_line() -> None:
    message = edition_message(summarize(edition(waiting=(WaitingCard(number=3, since=BEGIN),))))
    assert len(message.blocks) == 1
    assert as_json(message)[0]["text"] == {
        "type": "mrkdwn",
        "text": "Nothing new since Monday 9 November. 1 suggestion waits for review. "
        "arXiv: fresh every weekday.",
        "verbatim": True,
    }


def test_waiting_cards_are_linked() -> None:
    card = CardLink("C1", "1700000000.000100")
    stale = WaitingCard(number=3, since=BEGIN, is_stale=True, card=card)
    message = edition_message(summarize(edition("A: B", waiting=(stale,))), WORKSPACE)
    assert "<https://example.slack.com/archives/C1/p1700000000000100|since 9 Nov>" in shown(
        message
    )
    assert "for a week or longer" in shown(message)
