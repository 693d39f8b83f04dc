"""An edition has the papers of its topic and period, each once, and is issued whole or not."""

import datetime as dt
import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa

from bot.db.engine import Database
from bot.digest.composer import DueEdition
from bot.digest.edition import LATE, Edition
from bot.digest.edition_text import render_text
from bot.digest.messages import MAX_IN_MESSAGE, PAPERS_PER_PART, PART, SUMMARY
from bot.digest.model import Subscription
from bot.digest.service import SubscriptionConfirmed
from bot.digest.store import edition_key
from bot.digest.topics import ResolvedTopic
from bot.outbox.store import Outbox
from bot.outbox.tables import outbox
from bot.review.actions import Postpone, Undo
from bot.review.model import Person
from tests.digest.setup import BOTH, OLD, REVIEWER, RULES, Setup, berlin, entry

DAY = dt.timedelta(days=1)


def subscribe(setup: Setup, text: str, channel: str = "C1", day: int = 3) -> Subscription:
    """Subscribe on Tuesday, the 3rd; the first Monday is the 9th."""
    confirmed = setup.service.subscribe(text, channel, "U9", "Europe/Berlin", berlin(day))
    assert isinstance(confirmed, SubscriptionConfirmed), confirmed
    return confirmed.subscription


def titles(edition: Edition) -> list[str]:
    return [paper.title for group in edition.groups for paper in group.papers]


def rows(database: Database, kind: str = "digest") -> list[str]:
    query = sa.select(outbox.c.key).where(outbox.c.kind == kind).order_by(outbox.c.id)
    with database.read() as connection:
        return list(connection.scalars(query))


def only(due: tuple[DueEdition, ...]) -> Edition:
    (single,) = due
    return single.edition


@BOTH
def test_an_edition_is_issued_once_also_when_it_is_late(setup: Setup, database: Database) -> None:
    subscription = subscribe(setup, "serving")
    setup.approve(entry(10, "Fast: A Serving Paper"), berlin(5))
    setup.approve(entry(11, "Strong: A Training Paper", "systems/training"), berlin(5))
    assert setup.composer.issue_due(berlin(9, 8, 59)) == ()
    edition = only(setup.composer.issue_due(berlin(9, 13)))
    assert titles(edition) == ["Fast: A Serving Paper"]
    assert edition.groups[0].section == "Systems › Serving"
    assert edition.groups[0].papers[0].approved_by == ("U1",)
    for later in (berlin(9, 13), berlin(9, 12), berlin(9, 8), berlin(15)):
        assert setup.composer.issue_due(later) == ()
    assert rows(database) == [f"digest:C1:{subscription.id}:2026-W46"]
    row = Outbox(database).get(rows(database)[0])
    assert row is not None
    assert SUMMARY.validate_python(row.content).edition == replace(edition, waiting=())


def test_a_dry_run_gives_the_same_editions_and_changes_nothing(
    setup: Setup, database: Database
) -> None:
    subscribe(setup, "serving")
    subscribe(setup, "everything")
    setup.approve(entry(10, "Fast: A Serving Paper"), berlin(5))
    dry = setup.composer.due_editions(berlin(9))
    assert rows(database) == []
    assert [titles(due.edition) for due in dry] == [["Fast: A Serving Paper"], []]
    assert [due.edition for due in setup.composer.issue_due(berlin(9))] == [
        due.edition for due in dry
    ]


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("everything", {"Fast: Serving Mixtures", "Strong: Training with a KV Cache"}),
        ("serving", {"Fast: Serving Mixtures"}),
        ("systems", {"Fast: Serving Mixtures", "Strong: Training with a KV Cache"}),
        ("surveys", set()),
        ("kv cache", {"Strong: Training with a KV Cache"}),
        ("kv quantisation", set()),
        ("training kv", {"Strong: Training with a KV Cache"}),
        ("section:serving", {"Fast: Serving Mixtures"}),
        ("venue:osdi", {"Strong: Training with a KV Cache"}),
        ("serving venue:osdi", set()),
        ('"with a KV"', {"Strong: Training with a KV Cache"}),
    ],
)
def test_an_edition_has_only_papers_of_its_topic(
    setup: Setup, topic: str, expected: set[str]
) -> None:
    subscribe(setup, topic)
    setup.approve(entry(10, "Fast: Serving Mixtures"), berlin(5))
    kv = entry(11, "Strong: Training with a KV Cache", "systems/training", venue="OSDI")
    setup.approve(kv, berlin(5))
    assert set(titles(only(setup.composer.issue_due(berlin(9))))) == expected


def test_a_paper_comes_once_in_a_channel_over_all_its_subscriptions(setup: Setup) -> None:
    """Also when it is listed again after an undo; other channels get it, too."""
    subscribe(setup, "serving")
    subscribe(setup, "everything daily")
    subscribe(setup, "serving", "C2")
    fast = setup.approve(entry(10, "Fast: A Serving Paper"), berlin(5))
    first = {due.subscription.channel: due.edition for due in setup.composer.issue_due(berlin(6))}
    assert titles(first["C1"]) == ["Fast: A Serving Paper"]
    setup.review.act(fast.id, Undo(), REVIEWER, berlin(6, 10), RULES)
    by = {
        (due.subscription.channel, due.subscription.topic.text): due.edition
        for due in setup.composer.issue_due(berlin(9))
    }
    assert titles(by["C2", "Serving"]) == []
    setup.approve_suggestion(fast, berlin(10))
    by = {
        (due.subscription.channel, due.subscription.topic.text): due.edition
        for due in setup.composer.issue_due(berlin(16))
    }
    assert titles(by["C1", "Serving"]) == titles(by["C1", ""]) == []
    assert by["C1", "Serving"].told_before == 1
    assert titles(by["C2", "Serving"]) == ["Fast: A Serving Paper"]


def test_an_entry_added_by_hand_is_in_the_edition_of_its_day_or_a_later_one(
    setup: Setup,
) -> None:
    """It has a day and no suggestion; imported entries have neither."""
    subscribe(setup, "everything")
    setup.catalog = replace(
        setup.catalog,
        entries=(*OLD, replace(entry(10, "Hand: FeedPaper"), added=berlin(4).date())),
    )
    edition = only(setup.composer.issue_due(berlin(9)))
    assert titles(edition) == ["Hand: FeedPaper"]
    assert edition.groups[0].papers[0].approved_by == ()
    late = replace(entry(11, "Late: Merged"), added=berlin(8).date())
    setup.catalog = replace(setup.catalog, entries=(*setup.catalog.entries, late))
    assert titles(only(setup.composer.issue_due(berlin(16)))) == ["Late: Merged"]


def test_an_approved_paper_comes_once_though_the_files_have_it_too(setup: Setup) -> None:
    subscribe(setup, "everything")
    suggestion = setup.approve(entry(10, "Fast: A Serving Paper"), berlin(5))
    assert suggestion.subject.after
    published = replace(suggestion.subject.after, venue="ATC")
    setup.catalog = replace(setup.catalog, entries=(*OLD, published))
    edition = only(setup.composer.issue_due(berlin(9)))
    assert titles(edition) == ["Fast: A Serving Paper"]
    assert edition.groups[0].papers[0].details == "ATC", "as corrected since"
    assert edition.told_before == 0


def test_a_paper_approved_after_an_early_edition_comes_in_the_next(setup: Setup) -> None:
    """The clock of the issuing process was ahead."""
    subscribe(setup, "everything")
    ahead = berlin(9, 9, 5)
    assert len(setup.composer.issue_due(ahead)) == 1
    setup.approve(entry(10, "Fast: A Serving Paper"), berlin(9, 8, 30))
    edition = only(setup.composer.issue_due(berlin(16)))
    assert titles(edition) == ["Fast: A Serving Paper"]
    assert LATE >= DAY


@BOTH
def test_waiting_cards_are_counted_and_linked_with_stale_ones_first(
    setup: Setup, database: Database
) -> None:
    """Their papers are not named before they are listed."""
    subscription = subscribe(setup, "serving")
    old = setup.suggest(entry(10, "Long: Waiting"), berlin(1))
    setup.suggest(entry(11, "Short: Waiting"), berlin(7))
    setup.suggest(entry(12, "Other: Training", "systems/training"), berlin(7))
    later = setup.suggest(entry(13, "Put: Off"), berlin(7))
    setup.review.act(later.id, Postpone(berlin(30)), REVIEWER, berlin(8), RULES)
    row = Outbox(database).get(f"suggestion:{old.id}:card")
    assert row is not None
    Outbox(database).mark_posted(row, 1, "CREVIEW", "1.2", berlin(1))
    edition = only(setup.composer.issue_due(berlin(9)))
    assert [waiting.is_stale for waiting in edition.waiting] == [True, False]
    card = edition.waiting[0].card
    assert card is not None
    assert (card.channel, card.ts) == ("CREVIEW", "1.2")
    assert "2 suggestions wait for review, 1 of them for a week or longer" in render_text(
        edition, subscription
    )
    assert "Waiting" not in render_text(edition, subscription)


def test_noteworthy_papers_are_the_best_few_without_a_decision(setup: Setup) -> None:
    subscribe(setup, "serving")
    day = berlin(4).date()
    for number in range(20, 28):
        setup.announce(entry(number, f"Seen {number}: of Serving"), day, score=float(number))
    setup.announce(entry(30, "Bad: Score"), day, score=-0.5)
    setup.announce(entry(31, "Old: Thing Seen"), berlin(1).date() - 9 * DAY, score=99)
    setup.announce(entry(32, "Other: Training", "systems/training"), day, score=99)
    setup.approve(entry(27, "Seen 27: of Serving"), berlin(5))
    edition = only(setup.composer.issue_due(berlin(9)))
    assert [paper.title[:7] for paper in edition.noteworthy] == [
        f"Seen {number}" for number in (26, 25, 24, 23, 22)
    ]
    setup.approve(entry(26, "Seen 26: of Serving"), berlin(10))
    following = only(setup.composer.issue_due(berlin(16)))
    assert titles(following) == []
    assert following.told_before == 1


def test_an_empty_edition_is_posted_unless_the_subscription_is_quiet(
    setup: Setup, database: Database
) -> None:
    loud = subscribe(setup, "serving")
    quiet = subscribe(setup, "surveys unless empty")
    first, second = setup.composer.issue_due(berlin(9))
    assert not first.edition.papers
    assert second.edition.may_be_silent
    assert rows(database) == [edition_key(loud, first.period)]
    assert second.subscription == quiet
    setup.approve(entry(10, "A Survey of Surveys", "surveys"), berlin(9, 10))
    setup.composer.issue_due(berlin(16))
    assert f"digest:C1:{quiet.id}:2026-W47" in rows(database)


def test_a_quiet_subscription_mentions_a_card_on_the_day_it_becomes_stale(
    setup: Setup, database: Database
) -> None:
    subscribe(setup, "serving daily unless empty")
    setup.suggest(entry(10, "Long: Waiting"), berlin(2))
    posted = []
    for day in range(4, 14):
        setup.composer.issue_due(berlin(day))
        posted.append(len(rows(database)))
    assert posted[-1] == 1


@BOTH
def test_a_long_edition_is_one_message_with_its_papers_in_the_thread(
    setup: Setup, database: Database
) -> None:
    subscription = subscribe(setup, "everything")
    number = PAPERS_PER_PART + MAX_IN_MESSAGE
    for at in range(number):
        section = "systems/serving" if at % 2 else "surveys"
        setup.approve(entry(100 + at, f"Paper {at}: of many", section), berlin(5, 9, at))
    setup.announce(entry(50, "Seen: Only"), berlin(5).date(), 2.0)
    setup.composer.issue_due(berlin(9))
    key = f"digest:C1:{subscription.id}:2026-W46"
    assert rows(database) == [key]
    assert rows(database, "digest part") == [f"{key}:part:{n}" for n in (1, 2, 3)]
    box = Outbox(database)
    row = box.get(key)
    assert row is not None
    summary = SUMMARY.validate_python(row.content)
    assert summary.edition.groups == ()
    assert sum(count for _, count in summary.sections) == number
    assert [name for name, _ in summary.sections] == ["Systems › Serving", "Surveys"]
    thread = [box.get(f"{key}:part:{n}") for n in (1, 2, 3)]
    parts = [PART.validate_python(part.content) for part in thread if part]
    listed = [paper.title for part in parts for group in part.groups for paper in group.papers]
    assert len(listed) == len(set(listed)) == number + 1
    assert [part.is_noteworthy for part in parts] == [False, False, True]
    assert {row.thread_of for row in thread if row} == {key}


@BOTH
def test_processes_that_issue_at_once_post_an_edition_once(
    setup: Setup, database: Database
) -> None:
    """Two subscriptions of the channel have the same paper, which comes in one edition."""
    subscribe(setup, "serving")
    subscribe(setup, "everything")
    setup.approve(entry(10, "Fast: A Serving Paper"), berlin(5))
    start, issued = threading.Barrier(4), list[DueEdition]()

    def tick() -> None:
        start.wait()
        issued.extend(Setup(database).composer.issue_due(berlin(9)))

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(issued) == len(rows(database)) == 2
    assert sorted(len(titles(due.edition)) for due in issued) == [0, 1]


@BOTH
def test_an_edition_is_issued_whole_or_not_at_all(
    setup: Setup, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that dies in between has issued nothing, and the next one issues it."""
    subscribe(setup, "everything")
    setup.approve(entry(10, "Fast: A Serving Paper"), berlin(5))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("bot.digest.store.enqueue", die)
        with pytest.raises(KeyboardInterrupt):
            setup.composer.issue_due(berlin(9))
    assert rows(database) == []
    assert titles(only(setup.composer.issue_due(berlin(9)))) == ["Fast: A Serving Paper"]


def test_an_edition_of_a_changed_or_ended_subscription_is_not_issued(setup: Setup) -> None:
    subscription = subscribe(setup, "everything")
    (due,) = setup.composer.due_editions(berlin(9))
    setup.service.subscribe("everything on friday", "C1", "U9", None, berlin(9, 10))
    assert setup.digests.issue(subscription, due.period, due.edition, berlin(9, 10)) is None
    setup.service.unsubscribe("", "C1", "U9", berlin(9, 11))
    assert setup.composer.issue_due(berlin(30)) == ()


def test_a_change_of_the_weekday_loses_and_repeats_no_paper(
    setup: Setup, database: Database
) -> None:
    """Monday's edition and Friday's of the same week have two keys."""
    subscription = subscribe(setup, "everything")
    setup.approve(entry(10, "Fast: A Serving Paper"), berlin(5))
    setup.composer.issue_due(berlin(9))
    setup.service.subscribe("everything on friday", "C1", "U9", None, berlin(10))
    setup.approve(entry(11, "Next: A Serving Paper"), berlin(9, 10))
    assert setup.composer.issue_due(berlin(12)) == ()
    assert titles(only(setup.composer.issue_due(berlin(13)))) == ["Next: A Serving Paper"]
    assert rows(database) == [
        f"digest:C1:{subscription.id}:2026-W46",
        f"digest:C1:{subscription.id}:2026-W46.2",
    ]


def test_a_changed_topic_has_no_papers_of_periods_that_are_over(setup: Setup) -> None:
    subscription = subscribe(setup, "surveys")
    setup.approve(entry(10, "Fast: A Serving Paper"), berlin(5))
    setup.composer.issue_due(berlin(9))
    current = setup.service.get(subscription.id)
    assert current
    topic = setup.service.read_topic(current, "serving")
    assert isinstance(topic, ResolvedTopic)
    setup.service.edit(current, topic, "U8", berlin(10))
    setup.approve(entry(11, "Next: A Serving Paper"), berlin(11))
    assert titles(only(setup.composer.issue_due(berlin(16)))) == ["Next: A Serving Paper"]


def test_an_edition_reports_a_topic_that_can_no_longer_be_looked_up(
    setup: Setup, database: Database
) -> None:
    """The only paper of the venue left the list."""
    subscription = subscribe(setup, "venue:osdi unless empty")
    setup.catalog = replace(setup.catalog, entries=OLD[1:])
    edition = only(setup.composer.issue_due(berlin(9)))
    assert "no venue “osdi”" in (edition.trouble or "")
    assert "/papers subscriptions" in render_text(edition, subscription)
    assert rows(database)


def test_a_paper_of_a_section_that_was_renamed_since_is_in_the_edition(setup: Setup) -> None:
    subscribe(setup, "everything")
    setup.approve(entry(10, "Fast: A Serving Paper", "systems/gone"), berlin(5))
    edition = only(setup.composer.issue_due(berlin(9)))
    assert titles(edition) == ["Fast: A Serving Paper"]


def test_a_preview_shows_the_time_just_past_and_stores_nothing(
    setup: Setup, database: Database
) -> None:
    setup.approve(entry(10, "Fast: A Serving Paper"), berlin(2))
    subscription = subscribe(setup, "serving")
    assert titles(setup.service.preview(subscription, berlin(3))) == ["Fast: A Serving Paper"]
    assert rows(database) == []
    assert setup.digests.sent_keys("C1", ["arxiv:2611.00010"]) == frozenset()


def test_an_edition_names_all_approvers_of_a_quorum(setup: Setup) -> None:
    suggestion = setup.suggest(entry(10, "Fast: A Serving Paper"), berlin(4))
    rules = replace(RULES, quorum=2)
    for person in ("U1", "U2"):
        setup.approve_suggestion(suggestion, berlin(5), Person(person), rules)
    subscribe(setup, "everything")
    edition = only(setup.composer.issue_due(berlin(9)))
    assert edition.groups[0].papers[0].approved_by == ("U1", "U2")
