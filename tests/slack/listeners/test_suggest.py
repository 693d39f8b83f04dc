"""Laws of suggesting in Slack: by command, button and message menu, and of corrections."""

import json

import pytest

from bot.catalog.links import Link
from bot.catalog.model import Entry
from bot.discovery.paper import Paper
from bot.discovery.sources.base import DatedPaper
from bot.limits.model import DAILY_LIMITS
from bot.slack.blocks.cards import APPROVE, EDIT, REJECT, REOPEN, UNDO
from bot.slack.blocks.lookup import CORRECT, SUGGEST
from bot.slack.listeners.shortcuts.suggest import SHORTCUT
from bot.slack.suggest_link import Step, next_step
from tests.slack.fake import ALICE, BOB, Fault
from tests.slack.workspace_bot import CAROL, SERVING, WorkspaceBot

PAGE = "https://www.usenix.org/conference/osdi26/presentation/made-up"


def test_the_person_who_suggested_hears_the_outcome_once(bot: WorkspaceBot) -> None:
    answer = bot.command("suggest https://arxiv.org/abs/2603.00002v3 serving it is fast", CAROL)
    assert answer["response_type"] == "ephemeral"
    assert "Thank you" in json.dumps(answer)
    (suggestion,) = bot.suggestions.gathering(bot.clock.now)
    paper = Paper(arxiv="2603.00002", title="Swift: A Fast System", authors=("Ada Lovelace",))
    bot.intake.complete(suggestion, DatedPaper(paper), None, bot.clock.now)
    bot.settle(5)
    assert f"<@{CAROL}>" in json.dumps(bot.card(suggestion.id).blocks)
    assert "it is fast" in json.dumps(bot.card(suggestion.id).blocks)
    bot.click(bot.card(suggestion.id), APPROVE, ALICE)
    bot.settle()
    (message,) = bot.slack.posted(CAROL)
    assert "on the list now" in message.text


def test_a_paper_that_arxiv_does_not_know_gets_its_title_from_a_reviewer(
    bot: WorkspaceBot,
) -> None:
    bot.command("suggest 2603.00009", CAROL)
    (suggestion,) = bot.suggestions.gathering(bot.clock.now)
    bot.intake.complete(suggestion, None, None, bot.clock.now)
    bot.settle(5)
    bot.click(bot.card(suggestion.id), APPROVE, ALICE)
    assert "Give it its title" in bot.private(ALICE)
    bot.click(bot.card(suggestion.id), EDIT, ALICE)
    bot.submit({"title": "Known at Last"}, ALICE)
    bot.click(bot.card(suggestion.id), APPROVE, ALICE)
    bot.settle()
    assert "Known at Last" in bot.titles


def test_a_paper_that_waits_was_rejected_or_is_listed_says_so_and_offers_what_helps(
    bot: WorkspaceBot,
) -> None:
    number = bot.suggest()
    waiting = bot.command("2603.00001", CAROL)
    assert "waits for review" in json.dumps(waiting)
    assert "I want it, too" in json.dumps(waiting)
    bot.click(bot.card(number), REJECT, ALICE)
    bot.submit({"words": "a survey"}, ALICE)
    rejected = bot.command("suggest 2603.00001", CAROL)
    assert "a survey" in json.dumps(rejected)
    assert f"<@{ALICE}>" in json.dumps(rejected)
    assert "Suggest again" in json.dumps(rejected)
    listed = bot.command("suggest https://arxiv.org/pdf/2401.09670v2.pdf", CAROL)
    assert "is on the list, in" in json.dumps(listed)
    unknown = bot.command("2603.99999", CAROL)
    assert "Suggest" in json.dumps(unknown)


def test_anybody_may_suggest_a_rejected_paper_again_with_a_reason(bot: WorkspaceBot) -> None:
    number = bot.suggest()
    bot.click(bot.card(number), REJECT, ALICE)
    bot.submit({"words": "a survey"}, ALICE)
    bot.click_private(REOPEN, str(number), CAROL)
    assert bot.submit({"words": "it has a system now"}, CAROL) == {}
    bot.settle(5)
    assert "it has a system now" in json.dumps(bot.card(number).blocks)


def test_a_page_that_is_not_arxivs_is_described_in_a_form_and_never_fetched(
    bot: WorkspaceBot,
) -> None:
    bot.command(f"suggest {PAGE}", CAROL)
    answer = bot.submit(
        {"title": "A Made-Up Talk", "sections": [SERVING], "venue": "OSDI", "year": "2026"}, CAROL
    )
    assert answer == {}, "the form closes"
    bot.settle(5)
    assert "Thank you" in bot.slack.posted(CAROL)[0].text, "Slack shows her nothing in #papers"
    (suggestion,) = bot.suggestions.open()
    bot.click(bot.card(suggestion.id), APPROVE, ALICE)
    bot.settle()
    assert "A Made-Up Talk" in bot.titles


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "https://bank.example/login"}, "title"),
        ({"name": "bank.example", "title": "Sign In"}, "title"),
        ({"name": "x" * 100, "title": "y" * 400}, "title"),
        ({"url": "https://[::1]/"}, "url"),
    ],
)
def test_a_form_with_a_mistake_names_the_field_and_nothing_is_suggested(
    bot: WorkspaceBot, changes: dict[str, object], field: str
) -> None:
    bot.command(f"suggest {PAGE}", CAROL)
    answer = bot.submit({"title": "A Made-Up Talk", "sections": [SERVING], **changes}, CAROL)
    assert list(answer["errors"]) == [field]
    assert not bot.suggestions.open()


@pytest.mark.parametrize("words", ["no-such/section it is fast", "nosuch", "servng"])
def test_an_unknown_section_is_not_taken_for_a_reason(bot: WorkspaceBot, words: str) -> None:
    answer = json.dumps(bot.command(f"suggest 2603.00002 {words}", CAROL), ensure_ascii=False)
    assert f"The list has no section “{words.split(maxsplit=1)[0]}”." in answer
    assert ("Did you mean" in answer) == (words == "servng")
    assert not bot.suggestions.gathering(bot.clock.now)
    bot.command("suggest 2603.00002 it is fast", CAROL)
    assert len(bot.suggestions.gathering(bot.clock.now)) == 1


def test_a_form_that_slack_does_not_open_is_a_sentence(bot: WorkspaceBot) -> None:
    """Whether a command or a click asked for it."""
    bot.slack.fail("views.open", Fault.error("expired_trigger_id"), times=2)
    assert "too little time" in json.dumps(bot.command(f"suggest {PAGE}", CAROL))
    bot.click_private(SUGGEST, PAGE, CAROL)
    assert "too little time" in bot.private(CAROL)
    assert not bot.slack.views


def test_the_link_of_a_message_is_suggested_from_its_menu(bot: WorkspaceBot) -> None:
    """One link at once; of several the person chooses one; without one, a sentence says so."""
    one_link = bot.slack.say(BOB, "Read https://arxiv.org/pdf/2603.00011v2 today!")
    bot.send(bot.slack.shortcut(one_link, SHORTCUT, CAROL))
    assert "Thank you" in bot.private(CAROL)
    several = bot.slack.say(
        BOB, "<https://arxiv.org/abs/2603.00012> or <https://arxiv.org/abs/2603.00013|this>"
    )
    bot.send(bot.slack.shortcut(several, SHORTCUT, CAROL))
    bot.submit({"link": "1"}, CAROL)
    no_link = bot.slack.say(BOB, "no link here")
    bot.send(bot.slack.shortcut(no_link, SHORTCUT, CAROL))
    assert "no link" in bot.private(CAROL)
    suggested = {suggestion.subject.entry.arxiv for suggestion in bot.suggestions.open()}
    assert suggested == {"2603.00011", "2603.00013"}


def test_the_button_of_a_lookup_is_replaced_by_the_thanks(bot: WorkspaceBot) -> None:
    """A paper that is known by then is told below the button, which stays."""
    bot.click_private(SUGGEST, "https://arxiv.org/abs/2603.00011", CAROL)
    bot.click_private(SUGGEST, "https://arxiv.org/abs/2603.00011", CAROL)
    replaced = [answer["body"]["replace_original"] for answer in bot.slack.responses]
    assert replaced == [True, False]
    assert "waits for review" in bot.private(CAROL)


def test_a_person_suggests_a_limited_number_of_papers_a_day(bot: WorkspaceBot) -> None:
    for number in range(DAILY_LIMITS["suggest"].most):
        assert "Thank you" in json.dumps(bot.command(f"suggest 2603.001{number:02}", CAROL))
    assert "You can go on in 24 hours" in json.dumps(bot.command("suggest 2603.00200", CAROL))
    assert "Thank you" in json.dumps(bot.command("suggest 2603.00200", BOB)), "others may"
    bot.clock.tick(25 * 3600)
    assert "Thank you" in json.dumps(bot.command("suggest 2603.00201", CAROL))


def test_a_correction_goes_through_the_same_review_and_can_be_undone(bot: WorkspaceBot) -> None:
    path = bot.data / "papers/llm-systems.yaml"
    before = path.read_text()
    answer = bot.command("2401.09670", CAROL)
    (button,) = [
        element
        for block in answer["blocks"]
        for element in block.get("elements", [])
        if element.get("action_id") == CORRECT
    ]
    bot.click_private(CORRECT, button["value"], CAROL)
    assert bot.submit({}, CAROL)["response_action"] == "errors", "nothing was changed"
    bot.submit({"venue": "SOSP", "why": "the venue is another"}, CAROL)
    bot.settle(5)
    (suggestion,) = bot.suggestions.open()
    assert "OSDI 2024" in json.dumps(bot.card(suggestion.id).blocks)
    bot.click(bot.card(suggestion.id), APPROVE, ALICE)
    bot.settle()
    corrected = [entry for entry in bot.files.entries if entry.arxiv == "2401.09670"]
    assert [entry.venue for entry in corrected] == ["SOSP"]
    bot.click(bot.card(suggestion.id), UNDO, ALICE)
    bot.settle()
    assert path.read_text() == before


ARXIV, OTHER = Link("https://arxiv.org/abs/2603.00001", arxiv="2603.00001"), Link(PAGE)
ENTRY = Entry(title="T", arxiv="2603.00001", sections=(SERVING,))


@pytest.mark.parametrize(
    ("link", "step"), [(ARXIV, Step.SUGGEST), (OTHER, Step.ASK)], ids=["arXiv", "other"]
)
def test_the_next_step_of_a_link_depends_on_what_is_known(
    bot: WorkspaceBot, link: Link, step: Step
) -> None:
    """A listed paper is told first, then a suggestion; one that was removed by hand may return."""
    number = bot.suggest()
    waiting = bot.suggestions.get(number)
    bot.click(bot.card(number), APPROVE, ALICE)
    approved = bot.suggestions.get(number)
    assert next_step(link, None, None) is step
    assert next_step(link, ENTRY, waiting) is ENTRY
    assert next_step(link, None, waiting) is waiting
    assert next_step(link, None, approved) is step
