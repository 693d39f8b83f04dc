"""Laws of the sender: each message arrives once, in order and at Slack's pace, whatever fails.

Over the strict fake, with the real outbox. Tests move the clock; a few faults take a real second.
"""

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from slack_sdk import WebClient
from sqlalchemy.exc import OperationalError

from bot.db.engine import Database
from bot.outbox.message import Message, OutboxRow
from bot.outbox.store import Outbox, enqueue
from bot.outbox.tables import outbox
from bot.slack.blocks.text import text_message
from bot.slack.delivery.sender import GRACE, INTERVAL, MAX_TRIES, RenderedMessage, Sender
from tests.e2e.processes import wait_for
from tests.slack.fake import ALICE, PAPERS, FakeSlack, Fault, PostedMessage
from tests.slack.payloads import BOT_TOKEN
from tests.slack.workspace_bot import Clock

OTHER = "C0002"
TIMEOUT = 1  # seconds that the client waits for an answer
KEY = "suggestion:1:card"


class CrashError(BaseException):
    """The sudden end of the process."""


class CrashingOutbox(Outbox):
    """An outbox whose process may crash before or after a step."""

    _crash: tuple[str, str] | None = None

    def crash_at(self, step: tuple[str, str] | None) -> None:
        self._crash = step

    @property
    def will_crash(self) -> bool:
        return self._crash is not None

    def mark_attempted(self, row: OutboxRow) -> None:
        self._crash_if_due("mark_attempted", "before")
        super().mark_attempted(row)
        self._crash_if_due("mark_attempted", "after")

    def mark_not_posted(self, row: OutboxRow) -> None:
        self._crash_if_due("mark_not_posted", "before")
        super().mark_not_posted(row)
        self._crash_if_due("mark_not_posted", "after")

    def mark_posted(
        self, row: OutboxRow, version: int, channel: str, ts: str, now: dt.datetime
    ) -> None:
        self._crash_if_due("mark_posted", "before")
        super().mark_posted(row, version, channel, ts, now)
        self._crash_if_due("mark_posted", "after")

    def postpone(self, row: OutboxRow, until: dt.datetime, problem: str, *, counts: bool) -> None:
        self._crash_if_due("postpone", "before")
        super().postpone(row, until, problem, counts=counts)
        self._crash_if_due("postpone", "after")

    def forget_posting(self, key: str) -> None:
        self._crash_if_due("forget_posting", "before")
        super().forget_posting(key)
        self._crash_if_due("forget_posting", "after")

    def restart_thread(self, row: OutboxRow, until: dt.datetime, problem: str) -> None:
        self._crash_if_due("restart_thread", "before")
        super().restart_thread(row, until, problem)
        self._crash_if_due("restart_thread", "after")

    def _crash_if_due(self, step: str, when: str) -> None:
        if self._crash == (step, when):
            self._crash = None
            raise CrashError


STEPS = [
    (step, when)
    for step in ("mark_attempted", "mark_not_posted", "mark_posted", "postpone", "forget_posting")
    for when in ("before", "after")
]


@dataclass
class Delivery:
    """An outbox, its sender and the strict fake."""

    slack: FakeSlack
    database: Database
    clock: Clock
    texts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.slack.channel(OTHER)
        self.outbox = CrashingOutbox(self.database)
        self.restart()

    def restart(self) -> None:
        """Start as a new process does."""
        self.sender = Sender(
            self.outbox,
            WebClient(
                token=BOT_TOKEN, base_url=self.slack.url, retry_handlers=[], timeout=TIMEOUT
            ),
            render,
            now=lambda: self.clock.now,
            clock=lambda: self.clock.seconds,
        )

    def enqueue(
        self, text: str, key: str = KEY, channel: str = PAPERS, thread_of: str | None = None
    ) -> None:
        """Put a message into the outbox, or edit it."""
        message = Message(
            key=key, channel=channel, kind="card", content={"text": text}, thread_of=thread_of
        )
        with self.database.write() as connection:
            enqueue(connection, message, self.clock.now)
        self.texts[key] = text

    def run(self, seconds: float = 20.0, tick: float = 1.0) -> None:
        """Let the sender work; after a crash it is started again."""
        for passed in range(int(seconds / tick)):
            self.step()
            if not self.outbox.depth().due:
                self.clock.tick(seconds - passed * tick)
                return
            self.clock.tick(tick)

    def step(self) -> None:
        """Let the sender look into the outbox once."""
        try:
            self.sender.step(lambda: True)
        except (CrashError, OperationalError):
            self.restart()

    def message(self, key: str = KEY) -> PostedMessage:
        """The only message of a key; an error if there is none or several."""
        (message,) = self.slack.by_metadata("key", key)
        return message

    def row(self, key: str = KEY) -> OutboxRow:
        row = self.outbox.get(key)
        assert row is not None
        return row

    def check(self) -> None:
        """Check that each message arrived once, as last edited, and that nothing is left to do."""
        for key, text in self.texts.items():
            assert self.message(key).text == text, key
        depth = self.outbox.depth()
        assert (depth.due, depth.dead) == (0, 0)


def render(row: OutboxRow) -> RenderedMessage:
    text = str(row.content["text"])
    if text == "impossible":
        raise ValueError(text)
    return RenderedMessage(text_message(text))


on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
"""Tests without this mark hold the outbox's queries to both databases."""


@pytest.fixture
def delivery(slack_server: HTTPServer, database: Database) -> Iterator[Delivery]:
    clock = Clock()
    slack_server.clear()
    yield Delivery(FakeSlack(slack_server, clock=clock.timestamp), database, clock)
    errors = list(slack_server.handler_errors)
    slack_server.clear()
    assert not errors, "the fake itself failed"


def test_a_due_message_is_posted_once(delivery: Delivery) -> None:
    delivery.enqueue("one")
    delivery.run()
    delivery.run()
    delivery.check()
    assert len(delivery.slack.calls("chat.postMessage")) == 1
    delivery.slack.check()


FAULTS = {
    "drop_before": Fault.drop_before,
    "drop_after": Fault.drop_after,
    "http_500": Fault.http_500,
    "http_503": Fault.http_503,
    "http_500_after": Fault.http_500_after,
    "html": Fault.html,
    "html_after": Fault.html_after,
    "truncated": Fault.truncated,
    "ratelimited": Fault.ratelimited(3),
    "internal_error": Fault.error("internal_error"),
    "fatal_error": Fault.error("fatal_error"),
    "unheard_of": Fault.error("something_new"),
    "token_revoked": Fault.error("token_revoked"),
}
WHERE = {"channel": PAPERS, "direct": ALICE, "thread": PAPERS}


@on_sqlite
@pytest.mark.parametrize("where", sorted(WHERE))
@pytest.mark.parametrize("fault", FAULTS)
def test_a_post_that_fails_arrives_once_in_the_end(
    delivery: Delivery, fault: str, where: str
) -> None:
    """Whether it had arrived or not; also when the search for it fails, too."""
    head = None
    if where == "thread":
        head = "head"
        delivery.enqueue("first", key=head)
        delivery.run(3)
    delivery.slack.fail("chat.postMessage", FAULTS[fault])
    for method in ("conversations.history", "conversations.replies", "conversations.open"):
        delivery.slack.fail(method, FAULTS[fault], times=2)
    delivery.enqueue("one", channel=WHERE[where], thread_of=head)
    delivery.run(200)
    delivery.check()


@on_sqlite
@pytest.mark.parametrize("fault", FAULTS)
def test_an_edit_that_fails_is_made_in_the_end(delivery: Delivery, fault: str) -> None:
    delivery.enqueue("one")
    delivery.run(2)
    delivery.slack.fail("chat.update", FAULTS[fault])
    delivery.enqueue("two")
    delivery.run(100)
    delivery.check()


@on_sqlite
@pytest.mark.parametrize("fault", [Fault.delay(1.4), Fault.late_answer(1.4)], ids=lambda f: f.name)
def test_a_message_whose_answer_comes_too_late_is_not_posted_again(
    delivery: Delivery, fault: Fault
) -> None:
    delivery.slack.fail("chat.postMessage", fault)
    delivery.enqueue("one")
    delivery.step()
    assert delivery.row().attempted == 1, "it may be there"
    wait_for(delivery.slack.posted, 5, "the message")
    delivery.run()
    delivery.check()


def test_a_rate_limit_is_waited_for_and_counts_as_no_failure(delivery: Delivery) -> None:
    delivery.slack.fail("chat.postMessage", Fault.ratelimited(30))
    delivery.enqueue("one")
    delivery.enqueue("other", key="other", channel=OTHER)
    delivery.run(29)
    assert len(delivery.slack.calls(channel=PAPERS)) == 1
    assert delivery.slack.by_metadata("key", "other"), "other channels go on"
    delivery.run(3)
    delivery.check()


@on_sqlite
def test_a_revoked_token_loses_no_message(delivery: Delivery) -> None:
    """Slack is asked at most once a minute meanwhile; a post in doubt stays in doubt."""
    delivery.slack.fail("chat.postMessage", Fault.drop_after)
    delivery.enqueue("one")
    delivery.step()
    delivery.slack.fail("*", Fault.error("token_revoked"), seconds=600)
    delivery.enqueue("other", key="other", channel=OTHER)
    before = len(delivery.slack.calls())
    delivery.run(600, tick=7)
    assert len(delivery.slack.calls()) - before <= 11
    assert delivery.outbox.depth().dead == 0
    delivery.run(100)
    delivery.check()


def test_outside_a_channel_a_message_is_kept_until_the_bot_is_invited(delivery: Delivery) -> None:
    channel = delivery.slack.conversation(OTHER)
    channel.is_private = True
    channel.members.clear()
    delivery.enqueue("one", channel=OTHER)
    delivery.enqueue("reply", key="reply", channel=OTHER, thread_of=KEY)
    delivery.run(300, tick=10)
    (dead,) = delivery.outbox.dead_rows()
    assert "invite it" in str(dead.problem)
    assert len(delivery.slack.calls(channel=OTHER)) == 1, "it is tried once"
    channel.members.append("U0BOT")
    assert delivery.outbox.retry(delivery.clock.now) == 1
    delivery.run()
    delivery.check()


@on_sqlite
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("not_in_channel", "invite it"),
        ("is_archived", "archived"),
        ("channel_not_found", "no such channel"),
        ("invalid_blocks", "blocks"),
        ("msg_too_long", "too long"),
    ],
)
def test_a_permanent_refusal_is_given_up_with_the_reason_and_holds_nothing_up(
    delivery: Delivery, code: str, reason: str
) -> None:
    delivery.slack.fail("chat.postMessage", Fault.error(code))
    delivery.enqueue("one")
    delivery.enqueue("other", key="other")
    delivery.run(60)
    (dead,) = delivery.outbox.dead_rows()
    assert reason in str(dead.problem)
    assert delivery.slack.by_metadata("key", "other")
    assert len(delivery.slack.calls("chat.postMessage")) == 2
    delivery.outbox.retry(delivery.clock.now, [KEY])
    delivery.run()
    delivery.check()


@on_sqlite
@pytest.mark.parametrize("code", ["not_in_channel", "is_archived", "missing_scope"])
def test_a_post_in_doubt_that_was_given_up_is_searched_before_it_is_retried(
    delivery: Delivery, code: str
) -> None:
    """The search is refused: once that is mended, the message must not be posted blindly."""
    delivery.slack.fail("chat.postMessage", Fault.drop_after)
    delivery.enqueue("one")
    delivery.step()
    delivery.slack.fail("conversations.history", Fault.error(code))
    delivery.run(100)
    delivery.outbox.retry(delivery.clock.now)
    delivery.run(100)
    delivery.check()


@on_sqlite
def test_a_message_that_cannot_be_made_is_given_up_and_holds_nothing_up(
    delivery: Delivery,
) -> None:
    delivery.enqueue("impossible")
    delivery.enqueue("other", key="other")
    delivery.run()
    (dead,) = delivery.outbox.dead_rows()
    assert "could not be made" in str(dead.problem)
    assert delivery.slack.by_metadata("key", "other")
    delivery.enqueue("possible")
    delivery.run()
    delivery.check()


@on_sqlite
def test_after_two_hours_of_failures_a_message_is_given_up_and_kept(delivery: Delivery) -> None:
    delivery.slack.fail("chat.postMessage", Fault.http_500, times=1000)
    delivery.enqueue("one")
    for _ in range(3 * 60):
        delivery.step()
        delivery.clock.tick(60)
        if delivery.outbox.dead_rows():
            break
    assert len(delivery.slack.calls("chat.postMessage")) == MAX_TRIES
    assert [row.key for row in delivery.outbox.dead_rows()] == [KEY]
    delivery.slack.heal()
    delivery.outbox.retry(delivery.clock.now)
    delivery.run()
    delivery.check()


def test_a_message_that_a_person_deletes_comes_back_with_its_next_edit(delivery: Delivery) -> None:
    delivery.enqueue("one")
    delivery.run(3)
    delivery.slack.remove(delivery.message())
    delivery.enqueue("two")
    delivery.run()
    delivery.check()


@on_sqlite
def test_a_thread_whose_first_message_is_deleted_starts_again(delivery: Delivery) -> None:
    delivery.enqueue("one")
    delivery.run(3)
    delivery.slack.remove(delivery.message())
    delivery.enqueue("reply", key="reply", thread_of=KEY)
    delivery.run()
    delivery.check()
    assert delivery.message("reply").thread_ts == delivery.message().ts


@pytest.mark.parametrize("fault", [None, Fault.drop_after], ids=["posted", "in doubt"])
def test_a_reply_goes_to_the_channel_of_its_thread(
    delivery: Delivery, fault: Fault | None
) -> None:
    """Whatever channel is set since; the first message stays the only one."""
    delivery.enqueue("one")
    delivery.run(3)
    if fault:
        delivery.slack.fail("chat.postMessage", fault)
    delivery.enqueue("reply", key="reply", channel=OTHER, thread_of=KEY)
    delivery.run(60)
    delivery.check()
    reply = delivery.message("reply")
    assert (reply.channel, reply.thread_ts) == (PAPERS, delivery.message().ts)
    delivery.enqueue("edited reply", key="reply", channel=OTHER, thread_of=KEY)
    delivery.run()
    delivery.check()
    assert not delivery.slack.posted(OTHER)


def test_a_reply_from_another_channel_keeps_the_pace_of_its_thread(delivery: Delivery) -> None:
    delivery.enqueue("one")
    delivery.run(3)
    for number in range(3):
        delivery.enqueue("here", key=f"here {number}")
        delivery.enqueue("reply", key=f"reply {number}", channel=OTHER, thread_of=KEY)
    delivery.run(20, tick=0.25)
    delivery.check()
    calls = delivery.slack.calls("chat.postMessage")
    moments = sorted(float(message.ts) for message in delivery.slack.by_metadata("key"))
    assert len(calls) == len(moments) == 7
    assert min(later - before for before, later in itertools.pairwise(moments)) >= INTERVAL


def first_posts(delivery: Delivery) -> int:
    """How often the first message of the thread was posted."""
    calls = delivery.slack.calls("chat.postMessage")
    return sum("thread_ts" not in call.args and call.outcome == "ok" for call in calls)


@on_sqlite
@pytest.mark.parametrize("fault", ["ratelimited", "http_500", "unheard_of"])
def test_a_reply_starts_its_thread_again_once(delivery: Delivery, fault: str) -> None:
    """Where people keep deleting the first message, the reply is given up until it is retried.

    Another failure between makes no difference.
    """
    delivery.enqueue("one")
    delivery.run(3)
    delivery.enqueue("reply", key="reply", thread_of=KEY)
    for number in range(80):
        for message in delivery.slack.by_metadata("key", KEY):
            delivery.slack.remove(message)
        if number in {3, 4}:
            delivery.slack.fail("chat.postMessage", FAULTS[fault])
        delivery.step()
        delivery.clock.tick(5)
    assert first_posts(delivery) == 2
    (dead,) = delivery.outbox.dead_rows()
    assert (dead.key, "the thread is gone" in str(dead.problem)) == ("reply", True)
    delivery.outbox.retry(delivery.clock.now)
    delivery.run(60)
    delivery.check()
    assert first_posts(delivery) == 3


@on_sqlite
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_while_a_thread_is_started_again_changes_nothing(
    delivery: Delivery, when: str
) -> None:
    delivery.enqueue("one")
    delivery.run(3)
    delivery.slack.remove(delivery.message())
    delivery.outbox.crash_at(("restart_thread", when))
    delivery.enqueue("reply", key="reply", thread_of=KEY)
    delivery.run(30)
    assert not delivery.outbox.will_crash, "it crashed"
    delivery.check()
    assert first_posts(delivery) == 2


@on_sqlite
def test_a_deleted_message_is_posted_once_for_each_edit(delivery: Delivery) -> None:
    delivery.enqueue("one")
    delivery.run(3)
    for number in range(3):
        delivery.enqueue(f"edit {number}")
        for _ in range(30):
            for message in delivery.slack.by_metadata("key", KEY):
                delivery.slack.remove(message)
            delivery.step()
            delivery.clock.tick(5)
        assert first_posts(delivery) == 2 + number


def test_edits_end_with_the_latest(delivery: Delivery) -> None:
    """Also one made while an earlier one is sent; those between may be left out."""
    for number in range(8):
        delivery.enqueue(f"version {number}")
        delivery.run(number % 3 * 0.5)
    delivery.run()
    delivery.check()
    assert delivery.row().sent_version == delivery.row().version


@on_sqlite
def test_a_channel_gets_one_message_a_second_in_order_and_others_do_not_wait(
    delivery: Delivery,
) -> None:
    for number in range(6):
        delivery.enqueue(f"{number}", key=f"here-{number}")
        delivery.enqueue(f"{number}", key=f"there-{number}", channel=OTHER)
    delivery.run(12, tick=0.25)
    delivery.check()
    for channel in (PAPERS, OTHER):
        messages = delivery.slack.posted(channel)
        assert [message.text for message in messages] == [str(number) for number in range(6)]
        moments = [float(message.ts) for message in messages]
        gaps = [later - before for before, later in itertools.pairwise(moments)]
        assert min(gaps) >= INTERVAL
        assert max(gaps) <= INTERVAL + 0.5
    delivery.slack.check()


def test_a_thread_waits_for_its_first_message(delivery: Delivery) -> None:
    delivery.slack.fail("chat.postMessage", Fault.http_500, times=2)
    delivery.enqueue("head")
    delivery.enqueue("reply", key="reply", thread_of=KEY)
    delivery.run(1)
    assert not delivery.slack.by_metadata("key", "reply")
    delivery.run()
    delivery.check()
    assert delivery.message("reply").thread_ts == delivery.message().ts
    assert not delivery.message("reply").broadcast


@on_sqlite
@pytest.mark.parametrize("step", STEPS, ids="-".join)
@pytest.mark.parametrize("where", sorted(WHERE))
def test_a_crash_at_any_step_neither_loses_nor_repeats_a_message(
    delivery: Delivery, step: tuple[str, str], where: str
) -> None:
    """Posts and edits; of messages that arrive, are refused and are deleted."""
    if where == "thread":
        delivery.enqueue("first", key="head")
        delivery.run(3)
    delivery.outbox.crash_at(step)
    if step[0] in {"mark_not_posted", "postpone"}:
        delivery.slack.fail("chat.postMessage", Fault.ratelimited(1))
    delivery.enqueue("one", channel=WHERE[where], thread_of="head" if where == "thread" else None)
    delivery.run(30)
    if step[0] == "forget_posting":
        delivery.slack.remove(delivery.message())
    delivery.enqueue("two", channel=WHERE[where])
    delivery.run(30)
    assert not delivery.outbox.will_crash, "it crashed"
    delivery.check()


@on_sqlite
def test_a_database_failure_after_a_post_does_not_repeat_the_message(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message is posted and the row does not say so: Slack is searched for it."""

    def broken(*_: object) -> None:
        raise OperationalError("UPDATE outbox", {}, Exception("database is locked"))

    delivery.enqueue("one")
    with monkeypatch.context() as patch:
        patch.setattr(delivery.outbox, "mark_posted", broken)
        delivery.run(1)
    delivery.run()
    delivery.check()


@on_sqlite
def test_after_a_start_only_posts_in_doubt_wait(delivery: Delivery) -> None:
    """The call of the process before may still arrive."""
    delivery.slack.fail("chat.postMessage", Fault.drop_before)
    delivery.enqueue("one")
    delivery.step()
    delivery.clock.tick(60)
    delivery.enqueue("other", key="other", channel=OTHER)
    delivery.restart()
    delivery.run(GRACE - 0.5)
    assert delivery.slack.by_metadata("key", "other")
    assert not delivery.slack.by_metadata("key", KEY)
    delivery.run(3)
    delivery.check()


@on_sqlite
def test_a_posted_message_is_found_behind_many_others(delivery: Delivery) -> None:
    delivery.slack.fail("chat.postMessage", Fault.drop_after)
    delivery.enqueue("one")
    delivery.step()
    for number in range(450):
        delivery.slack.say(ALICE, f"talk {number}")
    delivery.run()
    delivery.check()
    assert len(delivery.slack.calls("conversations.history")) == 3


@on_sqlite
def test_a_sender_that_may_not_go_on_posts_nothing(delivery: Delivery) -> None:
    """It stops before the next message when its lock is lost."""
    for number in range(4):
        delivery.enqueue("x", key=f"{number}", channel=[PAPERS, OTHER, ALICE, "U0002"][number])
    left = iter([True, True, False, False])
    assert delivery.sender.step(lambda: next(left)) == 2
    assert len(delivery.slack.calls("chat.postMessage")) == 2


ACTS = st.one_of(
    st.tuples(st.just("enqueue"), st.integers(0, 3)),
    st.tuples(st.just("run"), st.integers(1, 40)),
    st.tuples(st.just("crash"), st.integers(0, len(STEPS) - 1)),
    st.tuples(st.just("remove"), st.integers(0, 3)),
    st.tuples(
        st.sampled_from(
            ["chat.postMessage", "chat.update", "conversations.history", "conversations.replies"]
        ),
        st.integers(0, len(FAULTS) - 1),
    ),
)
PLACES: list[tuple[str, str, str | None]] = [
    ("a", PAPERS, None),
    ("b", PAPERS, "a"),
    ("c", ALICE, None),
    ("d", OTHER, None),
]
Act = tuple[str, int]


def act_on(delivery: Delivery, act: str, value: int, number: int) -> None:
    key, channel, thread = PLACES[value % len(PLACES)]
    match act:
        case "enqueue" if thread is None or thread in delivery.texts:
            delivery.enqueue(f"{key} {number}", key=key, channel=channel, thread_of=thread)
        case "enqueue":
            pass
        case "run":
            delivery.run(value)
        case "crash":
            delivery.outbox.crash_at(STEPS[value])
        case "remove":
            for message in delivery.slack.by_metadata("key", key):
                delivery.slack.remove(message)
        case method:
            delivery.slack.fail(method, FAULTS[sorted(FAULTS)[value]])


@settings(
    max_examples=max(25, settings().max_examples // 10),
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # each example makes its own
)
@given(st.lists(ACTS, min_size=3, max_size=30))
@example(
    [
        ("enqueue", 0),
        ("enqueue", 1),
        ("chat.postMessage", 1),
        ("run", 3),
        ("remove", 0),
        ("run", 9),
    ]
)
def test_any_sequence_of_failures_posts_each_message_once(
    new_delivery: Callable[[], Delivery], acts: list[Act]
) -> None:
    """Failures of posts, edits and searches, crashes at any step, people who delete messages."""
    delivery = new_delivery()
    for number, (act, value) in enumerate(acts):
        act_on(delivery, act, value, number)
    delivery.slack.heal()
    delivery.outbox.crash_at(None)
    for key, channel, thread in PLACES:
        if key in delivery.texts:
            delivery.enqueue(f"{key} in the end", key=key, channel=channel, thread_of=thread)
    delivery.run(300, tick=2)
    for key, text in delivery.texts.items():
        assert delivery.message(key).text == text
    assert delivery.outbox.depth().due == 0


@pytest.fixture
def new_delivery(slack_server: HTTPServer, sqlite: Database) -> Callable[[], Delivery]:
    """Makes an empty outbox with a new Slack, as often as it is called."""

    def make() -> Delivery:
        with sqlite.write() as connection:
            connection.execute(outbox.delete())
        clock = Clock()
        slack_server.clear()
        return Delivery(FakeSlack(slack_server, clock=clock.timestamp), sqlite, clock)

    return make
