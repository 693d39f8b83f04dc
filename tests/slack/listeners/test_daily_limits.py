"""Laws of daily limits in Slack: whatever a person writes ends with a sentence, for that day."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from bot.catalog.identity import title_key
from bot.catalog.model import Entry
from bot.limits.model import DAILY_LIMITS, DAY, DailyLimitError
from bot.outbox.tables import outbox
from bot.review.actions import DecisionRules, Reject, Reopen
from bot.review.model import Person, Subject
from bot.review.service import Proposal, SuggestionMade
from bot.slack.blocks import cards, lookup, subscriptions
from tests.slack.fake import ALICE, BOB, PAPERS
from tests.slack.workspace_bot import CAROL, SERVING, WorkspaceBot

MOST = 3
REFUSED = "within 24 hours, which is the most that one person may. You can go on in"
BODIES = ["vllm", "orca", "serving", "training", "agents", "moe"]


@pytest.fixture(autouse=True)
def _low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a test reaches quickly."""
    for activity, limit in DAILY_LIMITS.items():
        monkeypatch.setitem(DAILY_LIMITS, activity, replace(limit, most=MOST))


def suggest(
    bot: WorkspaceBot, number: int, *, source: str | None = None, is_rejected: bool = False
) -> int:
    """A suggestion, by default the bot's own."""
    entry = Entry(title=f"Made Up {number}", arxiv=f"2603.1000{number}", sections=(SERVING,))
    proposal = Proposal(
        identity=f"arxiv:{entry.arxiv}", subject=Subject(after=entry), source=source
    )
    made = bot.review.suggest(proposal, bot.clock.now)
    assert isinstance(made, SuggestionMade)
    if is_rejected:
        rules = DecisionRules(is_reviewer=True)
        alice = Person(ALICE, "alice")
        bot.review.act(made.suggestion.id, Reject("a survey"), alice, bot.clock.now, rules)
    return made.suggestion.id


def submit(bot: WorkspaceBot, values: Mapping[str, object], user: str) -> object:
    """What a person is told in the form, or after it has closed."""
    if user not in (members := bot.slack.conversation(PAPERS).members):
        members.append(user)
    before = len(bot.slack.ephemerals(user))
    answer = bot.submit(values, user)
    told = bot.slack.ephemerals(user)[before:]
    return [answer, [message.text for message in told]]


def suggest_paper(bot: WorkspaceBot, number: int, user: str) -> object:
    return bot.command(f"suggest 2603.0100{number}", user)


def correct(bot: WorkspaceBot, number: int, user: str) -> object:
    listed = [entry for entry in bot.catalog.entries if entry.venue][number]
    bot.click_private(lookup.CORRECT, title_key(listed), user)
    return submit(bot, {"venue": "Another Venue"}, user)


def reopen(bot: WorkspaceBot, number: int, user: str) -> object:
    bot.click_private(cards.REOPEN, str(suggest(bot, number, is_rejected=True)), user)
    return submit(bot, {"words": "it is new"}, user)


def support(bot: WorkspaceBot, number: int, user: str) -> object:
    bot.click_private(cards.SECOND, str(suggest(bot, number)), user)
    return bot.private(user)


def subscribe(bot: WorkspaceBot, number: int, user: str) -> object:
    return bot.command(f"subscribe {BODIES[number]}", user)


def change_subscription(bot: WorkspaceBot, number: int, user: str) -> object:
    bot.command("subscribe everything", BOB)
    (active,) = bot.subscriptions.active(PAPERS, bot.clock.now)
    bot.click_private(subscriptions.EDIT, str(active.subscription.id), user)
    return submit(bot, {"time": f"1{number}:30", "when": "0"}, user)


def share(bot: WorkspaceBot, number: int, user: str) -> object:
    said = len(bot.slack.ephemerals(user))
    value = json.dumps({"v": "search", "q": BODIES[number], "p": 0})
    bot.click_private(lookup.SHARE, value, user)
    return bot.private(user) if len(bot.slack.ephemerals(user)) > said else ""


def written(bot: WorkspaceBot) -> object:
    """What people suggested, reopened, supported, subscribed to and shared."""
    people = [
        event
        for suggestion in bot.suggestions.open()
        for event in bot.suggestions.history(suggestion.id)
        if event.actor
    ]
    active = bot.subscriptions.active(PAPERS, bot.clock.now)
    return people, [each.words for each in active], len(bot.slack.posted(PAPERS))


@pytest.mark.parametrize(
    "act",
    [suggest_paper, correct, reopen, support, subscribe, change_subscription, share],
    ids=lambda act: act.__name__,
)
def test_a_person_may_do_so_much_a_day_and_is_told_when_they_may_go_on(
    bot: WorkspaceBot, act: Callable[[WorkspaceBot, int, str], object]
) -> None:
    for number in range(MOST):
        before = written(bot)
        assert REFUSED not in json.dumps(act(bot, number, CAROL))
        assert written(bot) != before
        bot.clock.tick(60)
    before = written(bot)
    assert REFUSED in json.dumps(act(bot, MOST, CAROL))
    assert written(bot) == before
    assert REFUSED not in json.dumps(act(bot, MOST + 1, BOB)), "others may"
    bot.clock.tick(DAY.total_seconds() - 60 * MOST)
    assert REFUSED not in json.dumps(act(bot, MOST + 2, CAROL)), "a day after the first"


def test_papers_corrections_and_reopened_suggestions_count_together(bot: WorkspaceBot) -> None:
    for number, act in enumerate((suggest_paper, correct, reopen)):
        assert REFUSED not in json.dumps(act(bot, number, CAROL))
    for number, act in enumerate((suggest_paper, correct, reopen)):
        assert REFUSED in json.dumps(act(bot, number + 3, CAROL))


def test_what_changes_nothing_is_not_counted(bot: WorkspaceBot) -> None:
    """A mistake, the same again, and the end of a subscription."""
    for _ in range(2 * MOST):
        bot.command("subscribe serving daily at 25:00", CAROL)
        assert REFUSED not in json.dumps(bot.command("subscribe serving", CAROL))
    for _ in range(MOST - 1):
        assert "Ended" in json.dumps(bot.command("unsubscribe all", CAROL))
        assert REFUSED not in json.dumps(bot.command("subscribe serving", CAROL))
    assert "Ended" in json.dumps(bot.command("unsubscribe all", CAROL))
    assert REFUSED in json.dumps(bot.command("subscribe serving", CAROL))


def test_reviewers_decide_without_a_limit(bot: WorkspaceBot) -> None:
    for number in range(2 * MOST):
        bot.click_private(cards.APPROVE, f"{suggest(bot, number)}:1", ALICE)
    assert bot.suggestions.event_counts()["accepted"] == 2 * MOST
    assert {answer.text[:4] for answer in bot.slack.ephemerals(ALICE)} == {"Done"}


def test_of_many_suggestions_at_the_same_moment_no_more_than_the_limit_are_made(
    bot: WorkspaceBot,
) -> None:
    """New ones and reopened ones together."""
    rejected = [suggest(bot, number, is_rejected=True) for number in range(4)]
    carol, now = Person(CAROL), bot.clock.now

    def act(number: int) -> bool:
        try:
            if number < len(rejected):
                action = Reopen("it is new")
                bot.review.act(rejected[number], action, carol, now, DecisionRules())
            else:
                suggest(bot, number, source=CAROL)
        except DailyLimitError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(act, range(8))) == MOST


def test_a_second_support_by_the_same_person_sends_nothing(bot: WorkspaceBot) -> None:
    number = suggest(bot, 0)

    def messages() -> list[tuple[object, ...]]:
        with bot.database.read() as connection:
            return [tuple(row) for row in connection.execute(sa.select(outbox))]

    bot.click_private(cards.SECOND, str(number), CAROL)
    before = messages()
    for _ in range(2 * MOST):
        bot.click_private(cards.SECOND, str(number), CAROL)
        assert "names you already" in bot.private(CAROL)
    assert messages() == before
    (suggestion,) = bot.suggestions.open()
    assert (suggestion.version, suggestion.seconds) == (2, (CAROL,))
    assert [event.what for event in bot.suggestions.history(number)] == ["suggested", "seconded"]
