"""Laws of the one sender: everything is said, once, in order and at Slack's pace, whatever fails.

Over the strict fake, with the real outbox on both databases. Time is the test's, but for the few
faults that take a real second.
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
from bot.outbox.tables import outbox as rows
from bot.slack.blocks import lookup as blocks
from bot.slack.delivery.sender import EVERY, GRACE, TRIES, RenderedMessage, Sender
from tests.e2e.processes import wait_for
from tests.slack.fake import ALICE, PAPERS, FakeSlack, Fault, PostedMessage
from tests.slack.house import Clock
from tests.slack.payloads import BOT_TOKEN

OTHER = "C0002"
TIMEOUT = 1  # seconds that the client waits for an answer
KEY = "suggestion:1:card"


class Killed(BaseException):
    """An end without any ado."""


class Mortal(Outbox):
    """An outbox whose process may die at a step, before it or after."""

    _deadly: tuple[str, str] | None = None

    def die_at(self, step: tuple[str, str] | None) -> None:
        self._deadly = step

    @property
    def is_doomed(self) -> bool:
        return self._deadly is not None

    def mark_attempted(self, item: OutboxRow) -> None:
        self._pass("mark_attempted", "before")
        super().mark_attempted(item)
        self._pass("mark_attempted", "after")

    def mark_not_posted(self, item: OutboxRow) -> None:
        self._pass("mark_not_posted", "before")
        super().mark_not_posted(item)
        self._pass("mark_not_posted", "after")

    def mark_posted(
        self, item: OutboxRow, version: int, channel: str, ts: str, now: dt.datetime
    ) -> None:
        self._pass("mark_posted", "before")
        super().mark_posted(item, version, channel, ts, now)
        self._pass("mark_posted", "after")

    def postpone(self, item: OutboxRow, until: dt.datetime, problem: str, *, counts: bool) -> None:
        self._pass("postpone", "before")
        super().postpone(item, until, problem, counts=counts)
        self._pass("postpone", "after")

    def forget_posting(self, key: str) -> None:
        self._pass("forget_posting", "before")
        super().forget_posting(key)
        self._pass("forget_posting", "after")

    def _pass(self, step: str, when: str) -> None:
        if self._deadly == (step, when):
            self._deadly = None
            raise Killed


STEPS = [
    (step, when)
    for step in ("mark_attempted", "mark_not_posted", "mark_posted", "postpone", "forget_posting")
    for when in ("before", "after")
]


@dataclass
class Post:
    """An outbox, a sender and a Slack."""

    slack: FakeSlack
    database: Database
    clock: Clock
    said: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.slack.channel(OTHER)
        self.outbox = Mortal(self.database)
        self.begin()

    def begin(self) -> None:
        """Start as a new process does."""
        self.sender = Sender(
            self.outbox,
            WebClient(
                token=BOT_TOKEN, base_url=self.slack.url, retry_handlers=[], timeout=TIMEOUT
            ),
            shown,
            now=lambda: self.clock.now,
            clock=lambda: self.clock.seconds,
        )

    def say(
        self, text: str, key: str = KEY, channel: str = PAPERS, thread_of: str | None = None
    ) -> None:
        """Put something into the outbox, or edit it."""
        say = Message(
            key=key, channel=channel, kind="card", content={"text": text}, thread_of=thread_of
        )
        with self.database.write() as connection:
            enqueue(connection, say, self.clock.now)
        self.said[key] = text

    def go(self, seconds: float = 20.0, tick: float = 1.0) -> None:
        """Let the sender work; one that is killed is started again."""
        for passed in range(int(seconds / tick)):
            self.step()
            if not self.outbox.depth().due:
                self.clock.tick(seconds - passed * tick)
                return
            self.clock.tick(tick)

    def step(self) -> None:
        """One look into the outbox."""
        try:
            self.sender.step(lambda: True)
        except (Killed, OperationalError):
            self.begin()

    def one(self, key: str = KEY) -> PostedMessage:
        """The one message of a key; an error if there are none or several."""
        (found,) = self.slack.by_metadata("key", key)
        return found

    def row(self, key: str = KEY) -> OutboxRow:
        found = self.outbox.get(key)
        assert found is not None
        return found

    def settled(self) -> None:
        """Everything is said once, as it was said last, and nothing is left to do."""
        for key, text in self.said.items():
            assert self.one(key).text == text, key
        depth = self.outbox.depth()
        assert (depth.due, depth.dead) == (0, 0)


def shown(item: OutboxRow) -> RenderedMessage:
    text = str(item.content["text"])
    if text == "impossible":
        raise ValueError(text)
    return RenderedMessage(blocks.text_message(text))


@pytest.fixture
def post(slack_server: HTTPServer, database: Database) -> Iterator[Post]:
    clock = Clock()
    slack_server.clear()
    yield Post(FakeSlack(slack_server, clock=clock.timestamp), database, clock)
    errors = list(slack_server.handler_errors)
    slack_server.clear()
    assert not errors, "the fake itself failed"


def test_what_is_due_is_said_once_and_then_no_more(post: Post) -> None:
    post.say("one")
    post.go()
    post.go()
    post.settled()
    assert len(post.slack.calls("chat.postMessage")) == 1
    post.slack.check()


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


@pytest.mark.parametrize("where", sorted(WHERE))
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_post_that_fails_is_there_once_in_the_end(post: Post, fault: str, where: str) -> None:
    """Whether it had arrived or not; also when the look for it fails, too."""
    head = None
    if where == "thread":
        head = "head"
        post.say("first", key=head)
        post.go(3)
    post.slack.fail("chat.postMessage", FAULTS[fault])
    for method in ("conversations.history", "conversations.replies", "conversations.open"):
        post.slack.fail(method, FAULTS[fault], times=2)
    post.say("one", channel=WHERE[where], thread_of=head)
    post.go(200)
    post.settled()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_edit_that_fails_is_made_in_the_end(post: Post, fault: str) -> None:
    post.say("one")
    post.go(2)
    post.slack.fail("chat.update", FAULTS[fault])
    post.say("two")
    post.go(100)
    post.settled()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("fault", [Fault.delay(1.4), Fault.late_answer(1.4)], ids=lambda f: f.name)
def test_an_answer_that_comes_too_late_is_no_reason_to_say_it_again(
    post: Post, fault: Fault
) -> None:
    post.slack.fail("chat.postMessage", fault)
    post.say("one")
    post.step()
    assert post.row().attempted == 1, "it may be there"
    wait_for(post.slack.posted, 5, "the message")
    post.go()
    post.settled()


def test_slacks_wish_to_wait_is_granted_and_counts_as_no_failure(post: Post) -> None:
    post.slack.fail("chat.postMessage", Fault.ratelimited(30))
    post.say("one")
    post.say("other", key="other", channel=OTHER)
    post.go(29)
    assert len(post.slack.calls(channel=PAPERS)) == 1
    assert post.slack.by_metadata("key", "other"), "other channels go on"
    post.go(3)
    post.settled()


def test_a_token_that_is_taken_away_loses_nothing(post: Post) -> None:
    """Nothing is asked more than once a minute meanwhile; what may be there stays in doubt."""
    post.slack.fail("chat.postMessage", Fault.drop_after)
    post.say("one")
    post.step()
    post.slack.fail("*", Fault.error("token_revoked"), seconds=600)
    post.say("other", key="other", channel=OTHER)
    before = len(post.slack.calls())
    post.go(600, tick=7)
    assert len(post.slack.calls()) - before <= 11
    assert post.outbox.depth().dead == 0
    post.go(100)
    post.settled()


def test_outside_a_channel_a_message_is_kept_until_the_bot_is_invited(post: Post) -> None:
    channel = post.slack.known(OTHER)
    channel.is_private = True
    channel.members.clear()
    post.say("one", channel=OTHER)
    post.say("reply", key="reply", channel=OTHER, thread_of=KEY)
    post.go(300)
    (dead,) = post.outbox.dead_rows()
    assert "invite it" in str(dead.problem)
    assert len(post.slack.calls(channel=OTHER)) == 1, "it is tried once"
    channel.members.append("U0BOT")
    assert post.outbox.retry(post.clock.now) == 1
    post.go()
    post.settled()


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("not_in_channel", "invite it"),
        ("is_archived", "archived"),
        ("channel_not_found", "no such channel"),
        ("invalid_blocks", "blocks"),
        ("msg_too_long", "too long"),
    ],
)
def test_what_no_repetition_helps_is_given_up_with_the_reason_and_holds_nobody_up(
    post: Post, code: str, says: str
) -> None:
    post.slack.fail("chat.postMessage", Fault.error(code))
    post.say("one")
    post.say("other", key="other")
    post.go(60)
    (dead,) = post.outbox.dead_rows()
    assert says in str(dead.problem)
    assert post.slack.by_metadata("key", "other")
    assert len(post.slack.calls("chat.postMessage")) == 2
    post.outbox.retry(post.clock.now, [KEY])
    post.go()
    post.settled()


@pytest.mark.parametrize("code", ["not_in_channel", "is_archived", "missing_scope"])
def test_what_may_be_there_is_still_in_doubt_when_it_was_given_up(post: Post, code: str) -> None:
    """The look for a message is refused: it must not be posted blindly when that is mended."""
    post.slack.fail("chat.postMessage", Fault.drop_after)
    post.say("one")
    post.step()
    post.slack.fail("conversations.history", Fault.error(code))
    post.go(100)
    post.outbox.retry(post.clock.now)
    post.go(100)
    post.settled()


def test_what_cannot_be_made_is_given_up_and_holds_nobody_up(post: Post) -> None:
    post.say("impossible")
    post.say("other", key="other")
    post.go()
    (dead,) = post.outbox.dead_rows()
    assert "could not be made" in str(dead.problem)
    assert post.slack.by_metadata("key", "other")
    post.say("possible")
    post.go()
    post.settled()


def test_after_two_hours_of_failures_it_is_given_up_and_kept(post: Post) -> None:
    post.slack.fail("chat.postMessage", Fault.http_500, times=1000)
    post.say("one")
    for _ in range(3 * 60 * 4):
        post.step()
        post.clock.tick(15)
        if post.outbox.dead_rows():
            break
    assert len(post.slack.calls("chat.postMessage")) == TRIES
    assert [one.key for one in post.outbox.dead_rows()] == [KEY]
    post.slack.heal()
    post.outbox.retry(post.clock.now)
    post.go()
    post.settled()


def test_a_message_that_a_person_takes_away_comes_again_with_its_next_edit(post: Post) -> None:
    post.say("one")
    post.go(3)
    post.slack.remove(post.one())
    post.say("two")
    post.go()
    post.settled()


def test_a_thread_whose_first_message_is_taken_away_begins_again(post: Post) -> None:
    post.say("one")
    post.go(3)
    post.slack.remove(post.one())
    post.say("reply", key="reply", thread_of=KEY)
    post.go()
    post.settled()
    assert post.one("reply").thread_ts == post.one().ts


def test_edits_end_with_the_latest(post: Post) -> None:
    """Also one that comes while an earlier one is on its way; those between may be left out."""
    for number in range(8):
        post.say(f"version {number}")
        post.go(number % 3 * 0.5)
    post.go()
    post.settled()
    assert post.row().sent_version == post.row().version


def test_a_channel_hears_in_order_once_a_second_and_others_do_not_wait(post: Post) -> None:
    for number in range(6):
        post.say(f"{number}", key=f"here-{number}")
        post.say(f"{number}", key=f"there-{number}", channel=OTHER)
    post.go(12, tick=0.25)
    post.settled()
    for channel in (PAPERS, OTHER):
        said = post.slack.posted(channel)
        assert [one.text for one in said] == [str(number) for number in range(6)]
        moments = [float(one.ts) for one in said]
        gaps = [later - before for before, later in itertools.pairwise(moments)]
        assert min(gaps) >= EVERY
        assert max(gaps) <= EVERY + 0.5
    post.slack.check()


def test_a_thread_waits_for_its_first_message(post: Post) -> None:
    post.slack.fail("chat.postMessage", Fault.http_500, times=2)
    post.say("head")
    post.say("reply", key="reply", thread_of=KEY)
    post.go(1)
    assert not post.slack.by_metadata("key", "reply")
    post.go()
    post.settled()
    assert post.one("reply").thread_ts == post.one().ts
    assert not post.one("reply").broadcast


@pytest.mark.parametrize("step", STEPS, ids="-".join)
@pytest.mark.parametrize("where", sorted(WHERE))
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_killed_at_any_step_a_message_is_known_again(
    post: Post, step: tuple[str, str], where: str
) -> None:
    """Posts and edits, of what arrives, is refused, and is taken away."""
    if where == "thread":
        post.say("first", key="head")
        post.go(3)
    post.outbox.die_at(step)
    if step[0] in {"mark_not_posted", "postpone"}:
        post.slack.fail("chat.postMessage", Fault.ratelimited(1))
    post.say("one", channel=WHERE[where], thread_of="head" if where == "thread" else None)
    post.go(30)
    if step[0] == "forget_posting":
        post.slack.remove(post.one())
    post.say("two", channel=WHERE[where])
    post.go(30)
    assert not post.outbox.is_doomed, "it was killed"
    post.settled()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_database_that_fails_after_a_post_is_no_reason_to_give_up(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message is there and the row does not know it: it is looked for, once all is well."""

    def broken(*_: object) -> None:
        raise OperationalError("UPDATE outbox", {}, Exception("database is locked"))

    post.say("one")
    with monkeypatch.context() as patch:
        patch.setattr(post.outbox, "mark_posted", broken)
        post.go(1)
    post.go()
    post.settled()


def test_after_a_start_only_what_is_in_doubt_waits(post: Post) -> None:
    """Whoever tried it last may still be at it for as long as a call may take."""
    post.slack.fail("chat.postMessage", Fault.drop_before)
    post.say("one")
    post.step()
    post.clock.tick(60)
    post.say("other", key="other", channel=OTHER)
    post.begin()
    post.go(GRACE - 0.5)
    assert post.slack.by_metadata("key", "other")
    assert not post.slack.by_metadata("key", KEY)
    post.go(3)
    post.settled()


def test_a_message_is_found_behind_many_others(post: Post) -> None:
    post.slack.fail("chat.postMessage", Fault.drop_after)
    post.say("one")
    post.step()
    for number in range(450):
        post.slack.say(ALICE, f"talk {number}")
    post.go()
    post.settled()
    assert len(post.slack.calls("conversations.history")) == 3


def test_who_may_not_go_on_says_nothing(post: Post) -> None:
    """A sender whose lock is lost stops before the next message."""
    for number in range(4):
        post.say("x", key=f"{number}", channel=[PAPERS, OTHER, ALICE, "U0002"][number])
    left = iter([True, True, False, False])
    assert post.sender.step(lambda: next(left)) == 2
    assert len(post.slack.calls("chat.postMessage")) == 2


ACTS = st.one_of(
    st.tuples(st.just("say"), st.integers(0, 3)),
    st.tuples(st.just("go"), st.integers(1, 40)),
    st.tuples(st.just("die"), st.integers(0, len(STEPS) - 1)),
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


def happen(post: Post, act: str, value: int, number: int) -> None:
    key, channel, thread = PLACES[value % len(PLACES)]
    match act:
        case "say" if thread is None or thread in post.said:
            post.say(f"{key} {number}", key=key, channel=channel, thread_of=thread)
        case "say":
            pass
        case "go":
            post.go(value)
        case "die":
            post.outbox.die_at(STEPS[value])
        case "remove":
            for message in post.slack.by_metadata("key", key):
                post.slack.remove(message)
        case method:
            post.slack.fail(method, FAULTS[sorted(FAULTS)[value]])


@settings(
    max_examples=max(25, settings().max_examples // 10),
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # it makes a new world each time
)
@given(st.lists(ACTS, min_size=3, max_size=30))
@example([("say", 0), ("say", 1), ("chat.postMessage", 1), ("go", 3), ("remove", 0), ("go", 9)])
def test_whatever_happens_in_whatever_order_each_thing_is_said_once(
    post_again: Callable[[], Post], acts: list[Act]
) -> None:
    """Failures of posts, edits and looks, deaths at any step, people who take messages away."""
    post = post_again()
    for number, (act, value) in enumerate(acts):
        happen(post, act, value, number)
    post.slack.heal()
    post.outbox.die_at(None)
    for key, channel, thread in PLACES:
        if key in post.said:
            post.say(f"{key} in the end", key=key, channel=channel, thread_of=thread)
    post.go(300, tick=2)
    for key, text in post.said.items():
        assert post.one(key).text == text
    assert post.outbox.depth().due == 0


@pytest.fixture
def post_again(slack_server: HTTPServer, sqlite: Database) -> Callable[[], Post]:
    """Makes a new, empty world, as often as it is asked for."""

    def make() -> Post:
        with sqlite.write() as connection:
            connection.execute(rows.delete())
        clock = Clock()
        slack_server.clear()
        return Post(FakeSlack(slack_server, clock=clock.timestamp), sqlite, clock)

    return make
