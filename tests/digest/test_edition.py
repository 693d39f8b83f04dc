"""Laws of editions: what a channel asked for, of the period, once, in the outbox or not at all."""

import datetime as dt
import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa

from bot.db.engine import Database
from bot.digest.composer import DueEdition
from bot.digest.edition import LATE, Edition
from bot.digest.edition_text import render_text
from bot.digest.messages import MAX_IN_MESSAGE, PAPERS_PER_PART, read_part, read_summary
from bot.digest.model import Subscription
from bot.digest.service import SubscriptionConfirmed
from bot.digest.store import edition_key
from bot.outbox.store import Outbox
from bot.outbox.tables import outbox
from bot.review.decision import Postpone, Undo
from bot.review.model import Person
from tests.digest.made_up import OLD, REVIEWER, RULES, Desk, berlin, entry

DAY = dt.timedelta(days=1)


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def subscribe(desk: Desk, text: str, channel: str = "C1", day: int = 3) -> Subscription:
    """On Tuesday, the 3rd; the first Monday is the 9th."""
    found = desk.subscribing.subscribe(text, channel, "U9", "Europe/Berlin", berlin(day))
    assert isinstance(found, SubscriptionConfirmed), found
    return found.subscription


def titles(edition: Edition) -> list[str]:
    return [paper.title for group in edition.groups for paper in group.papers]


def rows(database: Database, kind: str = "digest") -> list[str]:
    query = sa.select(outbox.c.key).where(outbox.c.kind == kind).order_by(outbox.c.id)
    with database.read() as connection:
        return list(connection.scalars(query))


def only(found: tuple[DueEdition, ...]) -> Edition:
    assert len(found) == 1
    return found[0].edition


def test_monday_morning_brings_what_was_asked_for_once(desk: Desk, database: Database) -> None:
    """Also when the bot was down at nine."""
    one = subscribe(desk, "serving")
    desk.approve(entry(10, "Fast: A Serving Paper"), berlin(5))
    desk.approve(entry(11, "Strong: A Training Paper", "systems/training"), berlin(5))
    assert desk.editor.issue_due(berlin(9, 8, 59)) == ()
    edition = only(desk.editor.issue_due(berlin(9, 13)))
    assert titles(edition) == ["Fast: A Serving Paper"]
    assert edition.groups[0].section == "Systems › Serving"
    assert edition.groups[0].papers[0].approved_by == ("U1",)
    for later in (berlin(9, 13), berlin(9, 12), berlin(9, 8), berlin(15)):
        assert desk.editor.issue_due(later) == ()
    assert rows(database) == [f"digest:C1:{one.id}:2026-W46"]
    item = Outbox(database).get(rows(database)[0])
    assert item is not None
    assert read_summary(item.content).edition == replace(edition, waiting=())


def test_a_dry_run_says_the_same_and_changes_nothing(desk: Desk, database: Database) -> None:
    subscribe(desk, "serving")
    subscribe(desk, "everything")
    desk.approve(entry(10, "Fast: A Serving Paper"), berlin(5))
    dry = desk.editor.due_editions(berlin(9))
    assert rows(database) == []
    assert [titles(one.edition) for one in dry] == [["Fast: A Serving Paper"], []]
    assert [one.edition for one in desk.editor.issue_due(berlin(9))] == [
        one.edition for one in dry
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
def test_a_subscription_to_one_thing_brings_that_thing_only(
    desk: Desk, topic: str, expected: set[str]
) -> None:
    subscribe(desk, topic)
    desk.approve(entry(10, "Fast: Serving Mixtures"), berlin(5))
    kv = entry(11, "Strong: Training with a KV Cache", "systems/training", venue="OSDI")
    desk.approve(kv, berlin(5))
    assert set(titles(only(desk.editor.issue_due(berlin(9))))) == expected


def test_no_paper_comes_twice_in_a_channel_and_other_channels_have_it_too(desk: Desk) -> None:
    """Whichever subscription tells of it first; as seen, listed, or listed again after an undo."""
    subscribe(desk, "serving")
    subscribe(desk, "everything daily")
    subscribe(desk, "serving", "C2")
    fast = desk.approve(entry(10, "Fast: A Serving Paper"), berlin(5))
    first = {one.subscription.channel: one.edition for one in desk.editor.issue_due(berlin(6))}
    assert titles(first["C1"]) == ["Fast: A Serving Paper"]
    desk.review.act(fast.id, Undo(), REVIEWER, berlin(6, 10), RULES)
    by = {
        (one.subscription.channel, one.subscription.topic.text): one.edition
        for one in desk.editor.issue_due(berlin(9))
    }
    assert titles(by["C2", "Serving"]) == []
    desk.approve_again(fast, berlin(10))
    by = {
        (one.subscription.channel, one.subscription.topic.text): one.edition
        for one in desk.editor.issue_due(berlin(16))
    }
    assert titles(by["C1", "Serving"]) == titles(by["C1", ""]) == []
    assert by["C1", "Serving"].told_before == 1
    assert titles(by["C2", "Serving"]) == ["Fast: A Serving Paper"]


def test_what_a_person_adds_to_the_files_is_news_too(desk: Desk) -> None:
    """It has a day and no suggestion; imported entries have none. Merged late, it is told late."""
    subscribe(desk, "everything")
    desk.catalog = replace(
        desk.catalog,
        entries=(*OLD, replace(entry(10, "Hand: Made"), added=berlin(4).date())),
    )
    edition = only(desk.editor.issue_due(berlin(9)))
    assert titles(edition) == ["Hand: Made"]
    assert edition.groups[0].papers[0].approved_by == ()
    late = replace(entry(11, "Late: Merged"), added=berlin(8).date())
    desk.catalog = replace(desk.catalog, entries=(*desk.catalog.entries, late))
    assert titles(only(desk.editor.issue_due(berlin(16)))) == ["Late: Merged"]


def test_an_approved_paper_is_told_once_though_the_files_hold_it_too(desk: Desk) -> None:
    subscribe(desk, "everything")
    one = desk.approve(entry(10, "Fast: A Serving Paper"), berlin(5))
    assert one.subject.after
    published = replace(one.subject.after, venue="ATC")
    desk.catalog = replace(desk.catalog, entries=(*OLD, published))
    edition = only(desk.editor.issue_due(berlin(9)))
    assert titles(edition) == ["Fast: A Serving Paper"]
    assert edition.groups[0].papers[0].details == "ATC", "as people have corrected it since"
    assert edition.told_before == 0


def test_what_was_dated_by_a_clock_that_was_ahead_is_not_lost(desk: Desk) -> None:
    """The edition was issued an hour early; what was approved in that hour comes in the next."""
    subscribe(desk, "everything")
    ahead = berlin(9, 9, 5)
    assert len(desk.editor.issue_due(ahead)) == 1
    desk.approve(entry(10, "Fast: A Serving Paper"), berlin(9, 8, 30))
    edition = only(desk.editor.issue_due(berlin(16)))
    assert titles(edition) == ["Fast: A Serving Paper"]
    assert LATE >= DAY


def test_cards_that_wait_are_counted_and_linked_and_long_waiting_ones_mentioned(
    desk: Desk, database: Database
) -> None:
    """Their papers are not named: they are told of once they are listed."""
    one = subscribe(desk, "serving")
    old = desk.suggest(entry(10, "Long: Waiting"), berlin(1))
    desk.suggest(entry(11, "Short: Waiting"), berlin(7))
    desk.suggest(entry(12, "Other: Training", "systems/training"), berlin(7))
    later = desk.suggest(entry(13, "Put: Off"), berlin(7))
    desk.review.act(later.id, Postpone(berlin(30)), REVIEWER, berlin(8), RULES)
    item = Outbox(database).get(f"suggestion:{old.id}:card")
    assert item is not None
    Outbox(database).mark_posted(item, 1, "CREVIEW", "1.2", berlin(1))
    edition = only(desk.editor.issue_due(berlin(9)))
    assert [waiting.is_stale for waiting in edition.waiting] == [True, False]
    card = edition.waiting[0].card
    assert card is not None
    assert (card.channel, card.ts) == ("CREVIEW", "1.2")
    assert "2 suggestions wait for review, 1 of them for a week or longer" in render_text(
        edition, one
    )
    assert "Waiting" not in render_text(edition, one)


def test_noteworthy_papers_are_few_the_best_and_not_those_decided_on(desk: Desk) -> None:
    subscribe(desk, "serving")
    day = berlin(4).date()
    for number in range(20, 28):
        desk.see(entry(number, f"Seen {number}: of Serving"), day, score=float(number))
    desk.see(entry(30, "Bad: Score"), day, score=-0.5)
    desk.see(entry(31, "Old: Thing Seen"), berlin(1).date() - 9 * DAY, score=99)
    desk.see(entry(32, "Other: Training", "systems/training"), day, score=99)
    desk.approve(entry(27, "Seen 27: of Serving"), berlin(5))
    edition = only(desk.editor.issue_due(berlin(9)))
    assert [paper.title[:7] for paper in edition.noteworthy] == [
        f"Seen {number}" for number in (26, 25, 24, 23, 22)
    ]
    desk.approve(entry(26, "Seen 26: of Serving"), berlin(10))
    following = only(desk.editor.issue_due(berlin(16)))
    assert titles(following) == []
    assert following.told_before == 1


def test_an_empty_period_is_one_line_or_nothing_as_the_subscription_says(
    desk: Desk, database: Database
) -> None:
    loud = subscribe(desk, "serving")
    quiet = subscribe(desk, "surveys unless empty")
    first, second = desk.editor.issue_due(berlin(9))
    assert first.edition.is_empty
    assert second.edition.may_be_silent
    assert rows(database) == [edition_key(loud, first.period)]
    assert len(desk.digests.issued_periods(quiet.id)) == 1
    desk.approve(entry(10, "A Survey of Surveys", "surveys"), berlin(9, 10))
    desk.editor.issue_due(berlin(16))
    assert f"digest:C1:{quiet.id}:2026-W47" in rows(database)


def test_a_silent_subscription_still_tells_of_a_card_that_grew_stale(
    desk: Desk, database: Database
) -> None:
    subscribe(desk, "serving daily unless empty")
    desk.suggest(entry(10, "Long: Waiting"), berlin(2))
    said = []
    for day in range(4, 14):
        desk.editor.issue_due(berlin(day))
        said.append(len(rows(database)))
    assert said[-1] == 1, "once, on the day when a week has gone"


def test_a_long_edition_is_one_message_with_its_details_in_the_thread(
    desk: Desk, database: Database
) -> None:
    one = subscribe(desk, "everything")
    number = PAPERS_PER_PART + MAX_IN_MESSAGE
    for at in range(number):
        section = "systems/serving" if at % 2 else "surveys"
        desk.approve(entry(100 + at, f"Paper {at}: of many", section), berlin(5, 9, at))
    desk.see(entry(50, "Seen: Only"), berlin(5).date(), 2.0)
    desk.editor.issue_due(berlin(9))
    key = f"digest:C1:{one.id}:2026-W46"
    assert rows(database) == [key]
    assert rows(database, "digest part") == [f"{key}:part:{n}" for n in (1, 2, 3)]
    box = Outbox(database)
    item = box.get(key)
    assert item is not None
    said = read_summary(item.content)
    assert said.edition.groups == ()
    assert sum(count for _, count in said.sections) == number
    assert [name for name, _ in said.sections] == ["Systems › Serving", "Surveys"]
    items = [box.get(f"{key}:part:{n}") for n in (1, 2, 3)]
    parts = [read_part(part.content) for part in items if part]
    told = [paper.title for part in parts for group in part.groups for paper in group.papers]
    assert len(told) == len(set(told)) == number + 1
    assert [part.is_noteworthy for part in parts] == [False, False, True]
    assert {item.thread_of for item in items if item} == {key}


def test_two_processes_that_issue_at_once_say_it_once(desk: Desk, database: Database) -> None:
    """Also editions of two subscriptions to one channel, which would tell of one paper."""
    subscribe(desk, "serving")
    subscribe(desk, "everything")
    desk.approve(entry(10, "Fast: A Serving Paper"), berlin(5))
    start, issued = threading.Barrier(4), list[DueEdition]()

    def tick() -> None:
        start.wait()
        issued.extend(Desk(database).editor.issue_due(berlin(9)))

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(issued) == len(rows(database)) == 2
    assert sorted(len(titles(one.edition)) for one in issued) == [0, 1]


def test_an_edition_is_issued_whole_or_not_at_all(
    desk: Desk, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that dies in between has issued nothing; the next one does."""
    subscribe(desk, "everything")
    desk.approve(entry(10, "Fast: A Serving Paper"), berlin(5))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("bot.digest.store.enqueue", die)
        with pytest.raises(KeyboardInterrupt):
            desk.editor.issue_due(berlin(9))
    assert rows(database) == []
    assert titles(only(desk.editor.issue_due(berlin(9)))) == ["Fast: A Serving Paper"]


def test_a_changed_or_ended_subscription_is_not_issued_as_it_was(desk: Desk) -> None:
    one = subscribe(desk, "everything")
    (due,) = desk.editor.due_editions(berlin(9))
    desk.subscribing.subscribe("everything on friday", "C1", "U9", None, berlin(9, 10))
    assert desk.digests.issue(one, due.period, due.edition, berlin(9, 10)) is None
    desk.subscribing.unsubscribe("", "C1", "U9", berlin(9, 11))
    assert desk.editor.issue_due(berlin(30)) == ()


def test_a_change_of_the_day_loses_nothing_and_repeats_nothing(
    desk: Desk, database: Database
) -> None:
    """Monday's edition, then Friday's in the same week: two keys, one after the other."""
    one = subscribe(desk, "everything")
    desk.approve(entry(10, "Fast: A Serving Paper"), berlin(5))
    desk.editor.issue_due(berlin(9))
    desk.subscribing.subscribe("everything on friday", "C1", "U9", None, berlin(10))
    desk.approve(entry(11, "Next: A Serving Paper"), berlin(9, 10))
    assert desk.editor.issue_due(berlin(12)) == ()
    assert titles(only(desk.editor.issue_due(berlin(13)))) == ["Next: A Serving Paper"]
    assert rows(database) == [
        f"digest:C1:{one.id}:2026-W46",
        f"digest:C1:{one.id}:2026-W46.2",
    ]


def test_a_changed_topic_brings_nothing_from_periods_that_are_over(desk: Desk) -> None:
    one = subscribe(desk, "surveys")
    desk.approve(entry(10, "Fast: A Serving Paper"), berlin(5))
    desk.editor.issue_due(berlin(9))
    current = desk.subscribing.get(one.id)
    assert current
    desk.subscribing.edit(current, "serving", current.schedule, berlin(10), quiet=False)
    desk.approve(entry(11, "Next: A Serving Paper"), berlin(11))
    assert titles(only(desk.editor.issue_due(berlin(16)))) == ["Next: A Serving Paper"]


def test_a_topic_that_cannot_be_looked_up_any_more_says_so(desk: Desk, database: Database) -> None:
    """The only paper of the venue was taken off the list."""
    one = subscribe(desk, "venue:osdi unless empty")
    desk.catalog = replace(desk.catalog, entries=OLD[1:])
    edition = only(desk.editor.issue_due(berlin(9)))
    assert "no venue “osdi”" in (edition.trouble or "")
    assert "/papers subscriptions" in render_text(edition, one)
    assert rows(database)


def test_a_paper_of_a_section_that_was_renamed_since_is_told_of_all_the_same(desk: Desk) -> None:
    subscribe(desk, "everything")
    desk.approve(entry(10, "Fast: A Serving Paper", "systems/gone"), berlin(5))
    edition = only(desk.editor.issue_due(berlin(9)))
    assert titles(edition) == ["Fast: A Serving Paper"]


def test_a_preview_shows_the_time_just_past_and_tells_nothing(
    desk: Desk, database: Database
) -> None:
    desk.approve(entry(10, "Fast: A Serving Paper"), berlin(2))
    one = subscribe(desk, "serving")
    assert titles(desk.subscribing.preview(one, berlin(3))) == ["Fast: A Serving Paper"]
    assert rows(database) == []
    assert desk.digests.sent_keys("C1", ["arxiv:2611.00010"]) == frozenset()


def test_people_are_remembered_who_approved(desk: Desk) -> None:
    """With a quorum, all of them."""
    one = desk.suggest(entry(10, "Fast: A Serving Paper"), berlin(4))
    rules = replace(RULES, quorum=2)
    for who in ("U1", "U2"):
        desk.approve_one(one, Person(who), berlin(5), rules)
    subscribe(desk, "everything")
    edition = only(desk.editor.issue_due(berlin(9)))
    assert edition.groups[0].papers[0].approved_by == ("U1", "U2")
