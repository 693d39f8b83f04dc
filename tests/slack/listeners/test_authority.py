"""Laws of permission: who may do what, by every listener, for every kind of person.

The listeners are those that are registered: one without a row here fails a test.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from bot.catalog.identity import title_key
from bot.catalog.model import Entry
from bot.db.engine import metadata
from bot.review.actions import Approve, DecisionRules, Reject
from bot.review.model import Person, Subject
from bot.review.service import Proposal, SuggestionMade
from bot.slack.blocks import cards, entry_form, lookup, modals, subscriptions
from bot.slack.blocks.form_offer import OPEN_FORM
from bot.slack.listeners.shortcuts.suggest import SHORTCUT
from tests.slack.fake import ALICE, BOB, BOT, PAPERS, Fault
from tests.slack.listeners.cases import registered
from tests.slack.workspace_bot import CAROL, REVIEW, SERVING, WorkspaceBot

VISITOR = "U0VISIT"
OPEN = "C0OPEN"
PAGE = "https://a.example/paper"
KINDS: Mapping[str, Mapping[str, Any]] = {
    "guest": {"is_restricted": True},
    "guest of one channel": {"is_restricted": True, "is_ultra_restricted": True},
    "other organisation": {"team": "T0ELSE"},
    "stranger": {"team": "T0ELSE", "is_stranger": True},
    "other workspace of the organisation": {"team": "T0ELSE", "teams": ["T0ELSE", "T0THIRD"]},
    "guest of another organisation": {"team": "T0ELSE", "is_restricted": True},
    "deactivated": {"deleted": True},
    "app": {"is_bot": True},
}
REFUSALS = (
    "Guests of this workspace look papers up, and change nothing",
    "only people of the workspace that keeps the list change something",
    "Your account is deactivated",
    "Apps look papers up, and change nothing",
)


@dataclass(frozen=True)
class Act:
    """An act of a person by one listener."""

    do: Callable[[WorkspaceBot, str], object]
    """Acts as a person; returns what Slack was answered at once."""
    before: Callable[[WorkspaceBot], object] = lambda _: None
    """Acts before it as a member: opens the form that is sent."""


def command(words: str, channel: str = PAPERS) -> Act:
    return Act(lambda bot, user: bot.command(words, user, channel))


def click(action: str, value: str, channel: str = PAPERS) -> Act:
    return Act(lambda bot, user: bot.click_private(action, value, user, channel))


def form(opening: Act, values: Mapping[str, object]) -> Act:
    """Send the form that another act opens for a member."""

    def send(bot: WorkspaceBot, user: str) -> object:
        return bot.send(bot.slack.submit(bot.slack.views[-1], values, user))

    return Act(send, before=lambda bot: opening.do(bot, ALICE))


def shortcut(text: str) -> Act:
    def use(bot: WorkspaceBot, user: str) -> object:
        return bot.send(bot.slack.shortcut(bot.slack.say(BOB, text), SHORTCUT, user))

    return Act(use)


def correct(bot: WorkspaceBot, user: str) -> None:
    (listed,) = (entry for entry in bot.catalog.entries if entry.arxiv == "2401.09670")
    bot.click_private(lookup.CORRECT, title_key(listed), user)


# The prepared suggestions: 1 waits, 2 was rejected, 3 approved; subscription 1 is of #papers.
WAITING, REJECTED, APPROVED = "1:1", "2:2", "3:2"
"""The suggestions and their versions, as the buttons of their cards carry them."""
WRITES: Mapping[str, Act] = {
    "/papers suggest": command("suggest 2603.00050 serving it is fast"),
    "/papers subscribe": command("subscribe everything daily"),
    "/papers unsubscribe": command("unsubscribe all"),
    "/papers pause": command("pause 3 days"),
    f"click {cards.APPROVE}": click(cards.APPROVE, WAITING),
    f"click {cards.REJECT}": click(cards.REJECT, WAITING),
    f"click {cards.LATER}": click(cards.LATER, WAITING),
    f"click {cards.EDIT}": click(cards.EDIT, WAITING),
    f"click {cards.UNDO}": click(cards.UNDO, APPROVED),
    f"click {cards.SECOND}": click(cards.SECOND, WAITING),
    f"click {cards.REOPEN}": click(cards.REOPEN, REJECTED),
    f"click {OPEN_FORM}": click(OPEN_FORM, f"click {cards.REJECT} {WAITING}"),
    f"click {lookup.SUGGEST}": click(lookup.SUGGEST, "https://arxiv.org/abs/2603.00051"),
    f"click {lookup.CORRECT}": Act(correct),
    f"click {subscriptions.EDIT}": click(subscriptions.EDIT, "1"),
    f"click {subscriptions.END}": click(subscriptions.END, "1"),
    f"click {subscriptions.JOIN}": click(subscriptions.JOIN, OPEN, OPEN),
    f"form {modals.REJECTED}": form(click(cards.REJECT, WAITING), {"words": "a survey"}),
    f"form {modals.POSTPONED}": form(click(cards.LATER, WAITING), {"when": "0"}),
    f"form {modals.REOPENED}": form(click(cards.REOPEN, REJECTED), {"words": "it is new"}),
    f"form {entry_form.EDITED}": form(click(cards.EDIT, WAITING), {"title": "Another Title"}),
    f"form {entry_form.SUGGESTED}": form(
        command(f"suggest {PAGE}"), {"title": "A Talk", "sections": [SERVING]}
    ),
    f"form {entry_form.CORRECTED}": form(Act(correct), {"venue": "SOSP", "why": "it is another"}),
    f"form {modals.CHOSEN_LINK}": form(
        shortcut("https://arxiv.org/abs/2603.00052 or https://arxiv.org/abs/2603.00053"),
        {"link": "1"},
    ),
    f"form {subscriptions.FORM}": form(
        click(subscriptions.EDIT, "1"), {"time": "17:30", "when": "0"}
    ),
    f"shortcut {SHORTCUT}": shortcut("Read https://arxiv.org/abs/2603.00054"),
}
READS: Mapping[str, Act] = {
    "/papers search": command("serving"),
    "/papers cite": command("cite"),
    "/papers stats": command("stats"),
    "/papers help": command("help"),
    "/papers recent": command("recent"),
    "/papers random": command("random"),
    "/papers pending": command("pending"),
    "/papers history": command("history 1"),
    "/papers subscriptions": command("subscriptions"),
    f"click {lookup.PREVIOUS}": click(lookup.PREVIOUS, '{"v":"recent","q":"","p":0}'),
    f"click {lookup.NEXT}": click(lookup.NEXT, '{"v":"recent","q":"","p":1}'),
    f"click {lookup.OPEN}": click(lookup.OPEN, '{"v":"recent","q":"","p":0,"k":"x"}'),
    f"click {lookup.BACK}": click(lookup.BACK, '{"v":"recent","q":"","p":0}'),
    f"click {lookup.AGAIN}": click(lookup.AGAIN, '{"v":"random","q":"","p":0}'),
    f"click {lookup.SHARE}": click(lookup.SHARE, '{"v":"search","q":"vllm","p":0}'),
    "click an:old:button": click("an:old:button", "x"),
}
SELECTS = {f"click {cards.SECTION}"}  # what was chosen is read when the paper is approved


def test_every_listener_is_tested_here() -> None:
    assert registered() == {*WRITES, *READS, *SELECTS}


@pytest.fixture
def prepared(bot: WorkspaceBot) -> WorkspaceBot:
    """A bot with suggestions in each state, a subscription, and a visitor among the reviewers."""
    rules, alice = DecisionRules(is_reviewer=True), Person(ALICE, "alice")
    for number in (1, 2, 3):
        entry = Entry(title=f"Made Up {number}", arxiv=f"2603.0000{number}", sections=(SERVING,))
        proposal = Proposal(
            identity=f"arxiv:{entry.arxiv}", subject=Subject(after=entry), source=None
        )
        assert isinstance(bot.review.suggest(proposal, bot.clock.now), SuggestionMade)
    bot.review.act(2, Reject("a survey"), alice, bot.clock.now, rules)
    bot.review.act(3, Approve(), alice, bot.clock.now, rules)
    bot.command("subscribe serving", ALICE)
    bot.slack.user(VISITOR, "victor")
    bot.slack.channel(OPEN, "open", members=(ALICE, VISITOR))
    for channel in (PAPERS, REVIEW):
        bot.slack.conversation(channel).members.append(VISITOR)
    return bot


def become(bot: WorkspaceBot, kind: Mapping[str, Any]) -> None:
    """Let the visitor be another kind of person, and the bot's kept answers become too old."""
    bot.slack.user(VISITOR, "victor", **kind)
    bot.clock.tick(61)


def perform(bot: WorkspaceBot, act: Act) -> tuple[str, bool]:
    """What the visitor is told, and whether anything was changed or a form opened."""
    before, forms = contents(bot), len(bot.slack.views)
    heard = len(bot.slack.ephemerals(VISITOR))
    answer = act.do(bot, VISITOR)
    private = [(each.text, each.blocks) for each in bot.slack.ephemerals(VISITOR)[heard:]]
    is_changed = contents(bot) != before or len(bot.slack.views) > forms
    return json.dumps([answer, private], ensure_ascii=False), is_changed


def contents(bot: WorkspaceBot) -> object:
    """All rows of the database, and the members of the open channel."""
    with bot.database.read() as connection:
        rows = {
            name: [tuple(map(repr, row)) for row in connection.execute(sa.select(table))]
            for name, table in metadata.tables.items()
        }
    return rows, list(bot.slack.conversation(OPEN).members)


def allow_guests(bot: WorkspaceBot) -> None:
    path = bot.data / "list.yaml"
    path.write_text(f"{path.read_text()}review: {{guests: true}}\n")
    bot.clock.tick(1)


def is_refused(told: str) -> bool:
    return any(refusal in told for refusal in REFUSALS)


def by_name(acts: Mapping[str, Act]) -> Iterable[Any]:
    return [pytest.param(act, id=name) for name, act in acts.items()]


@pytest.mark.parametrize("act", by_name(WRITES))
def test_only_members_and_guests_if_the_list_allows_it_change_something(
    prepared: WorkspaceBot, act: Act
) -> None:
    bot = prepared
    act.before(bot)
    for name, kind in KINDS.items():
        become(bot, kind)
        told, is_changed = perform(bot, act)
        assert is_refused(told), (name, told)
        assert not is_changed, name
    allow_guests(bot)
    for name, kind in KINDS.items():
        if name not in {"guest", "guest of one channel"}:
            become(bot, kind)
            told, is_changed = perform(bot, act)
            assert is_refused(told), (name, told)
            assert not is_changed, name
    become(bot, KINDS["guest of one channel"])
    told, is_changed = perform(bot, act)
    assert is_changed, told


def test_a_member_of_several_workspaces_of_an_organisation_is_one_of_each(
    prepared: WorkspaceBot,
) -> None:
    become(prepared, {"team": "T0ELSE", "teams": ["T0ELSE", "T0001"]})
    for act in (command("suggest 2603.00061"), click(cards.APPROVE, WAITING)):
        assert perform(prepared, act)[1]


def test_anybody_looks_up_and_shares(prepared: WorkspaceBot) -> None:
    """And Slack is asked nothing about them: a lookup does not wait for it."""
    for name, kind in KINDS.items():
        become(prepared, kind)
        asked, shared = len(prepared.slack.calls()), len(prepared.slack.posted(PAPERS))
        for act in READS.values():
            told, _ = perform(prepared, act)
            assert not is_refused(told), name
        assert len(prepared.slack.posted(PAPERS)) == shared + 1
        assert len(prepared.slack.calls()) == asked


def test_a_person_who_is_removed_decides_nothing_from_that_moment(prepared: WorkspaceBot) -> None:
    """However short the time since Slack said that they are a reviewer."""
    bot, members = prepared, prepared.slack.conversation(REVIEW).members
    click(cards.REJECT, WAITING).do(bot, VISITOR)
    members.remove(VISITOR)
    for act in (
        click(cards.APPROVE, WAITING),
        click(cards.UNDO, APPROVED),
        form(click(cards.REJECT, WAITING), {"words": "no"}),
        command("pause 3 days"),
    ):
        told, is_changed = perform(bot, act)
        assert "Only reviewers" in told
        assert not is_changed
    members.append(VISITOR)
    assert perform(bot, click(cards.APPROVE, WAITING))[1], "and decides again from that moment"


def test_a_person_who_leaves_a_group_of_reviewers_decides_nothing_from_that_moment(
    prepared: WorkspaceBot,
) -> None:
    bot = prepared
    path = bot.data / "list.yaml"
    path.write_text(f"{path.read_text()}review: {{reviewers: [S0GROUP], quorum: 2}}\n")
    bot.slack.group("S0GROUP", "keepers", [VISITOR])
    bot.clock.tick(1)
    assert perform(bot, click(cards.APPROVE, WAITING))[1]
    bot.slack.group("S0GROUP", "keepers", [ALICE])
    told, is_changed = perform(bot, click(cards.UNDO, APPROVED))
    assert "Only reviewers" in told
    assert not is_changed


FAULTS = [
    Fault.ratelimited(20), Fault.error("internal_error"), Fault.error("missing_scope"),
    Fault.http_503, Fault.html, Fault.truncated, Fault.drop_before,
]  # fmt: skip


@pytest.mark.parametrize("method", ["users.info", "conversations.members"])
def test_nothing_is_decided_while_slack_does_not_say_who_reviews(
    prepared: WorkspaceBot, method: str
) -> None:
    """Although it said so a moment ago."""
    bot = prepared
    click(cards.REJECT, WAITING).do(bot, VISITOR)
    for fault in FAULTS:
        for act in (
            click(cards.APPROVE, WAITING),
            click(cards.UNDO, APPROVED),
            form(click(cards.REJECT, WAITING), {"words": "no"}),
            command("pause 3 days"),
        ):
            bot.slack.fail(method, fault)
            told, is_changed = perform(bot, act)
            assert "Slack does not tell me now who you are here, so I changed nothing" in told
            assert not is_changed, fault
            bot.slack.heal()
            bot.clock.tick(2)
    assert perform(bot, click(cards.APPROVE, WAITING))[1]


def test_a_person_whom_slack_described_before_suggests_while_it_is_silent(
    prepared: WorkspaceBot,
) -> None:
    """And one of whom it has never said anything is told to try again."""
    bot = prepared
    bot.command("suggest 2603.00060", VISITOR)
    bot.clock.tick(3600)
    bot.slack.fail("users.info", Fault.ratelimited(20), seconds=600)
    for act in (command("suggest 2603.00061"), command("subscribe everything")):
        told, is_changed = perform(bot, act)
        assert is_changed, told
    answer = json.dumps(bot.command("suggest 2603.00062", CAROL))
    assert "Slack does not tell me now who you are here, so I changed nothing" in answer
    bot.clock.tick(601)
    assert "Thank you" in json.dumps(bot.command("suggest 2603.00062", CAROL))


def test_a_person_who_became_a_guest_suggests_nothing_while_slack_is_silent(
    prepared: WorkspaceBot,
) -> None:
    bot = prepared
    become(bot, KINDS["guest"])
    assert is_refused(perform(bot, command("suggest 2603.00061"))[0])
    bot.clock.tick(3600)
    bot.slack.fail("users.info", Fault.drop_before, seconds=600)
    told, is_changed = perform(bot, command("suggest 2603.00061"))
    assert is_refused(told)
    assert not is_changed


def test_a_person_whom_slack_hides_is_not_of_the_workspace(prepared: WorkspaceBot) -> None:
    for code in ("user_not_found", "user_not_visible"):
        prepared.slack.fail("users.info", Fault.error(code), times=2)
        for act in (command("suggest 2603.00061"), click(cards.APPROVE, WAITING)):
            told, is_changed = perform(prepared, act)
            assert is_refused(told)
            assert not is_changed
        prepared.slack.heal()
        prepared.clock.tick(61)


def test_the_last_member_of_a_channel_of_20_000_decides(prepared: WorkspaceBot) -> None:
    """And a person outside of it does not, each with a few calls."""
    bot = prepared
    crowd = [f"U1{number:05}" for number in range(20_000)]
    bot.slack.channel(REVIEW, "papers-review", members=(BOT, *crowd, VISITOR), is_private=True)
    for user, state in ((CAROL, "waiting"), (VISITOR, "approved")):
        asked = len(bot.slack.calls())
        bot.click_private(cards.APPROVE, WAITING, user)
        suggestion = bot.suggestions.get(1)
        assert suggestion is not None
        assert suggestion.state == state
        assert len(bot.slack.calls()) <= asked + 3
    assert "Only reviewers" in bot.private(CAROL)


def test_a_second_support_by_the_same_person_changes_nothing(prepared: WorkspaceBot) -> None:
    support = click(cards.SECOND, WAITING)
    assert perform(prepared, support)[1]
    for _ in range(3):
        told, is_changed = perform(prepared, support)
        assert "names you already" in told
        assert not is_changed
