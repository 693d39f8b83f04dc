"""Laws of review in Slack: one click decides, once, for who may; others are told why not."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from bot.catalog.model import Entry
from bot.db.engine import Database
from bot.discovery.paper import Paper
from bot.discovery.sources.base import DatedPaper
from bot.review.model import Subject
from bot.review.service import DAILY_LIMIT, Proposal, SuggestionMade
from bot.slack.blocks.cards import APPROVE, CHOSEN, EDIT, LATER, REJECT, SECTION, UNDO
from bot.slack.suggesting import SHORTCUT
from tests.slack.fake import ALICE, BOB, FakeSlack
from tests.slack.house import REVIEW, Clock, House, furnish

CAROL = "U0003"  # not a member of the review channel
SERVING, TRAINING = "llm-systems/serving", "llm-systems/pre-training"


@pytest.fixture
def house(
    slack_server: HTTPServer,
    database: Database,
    tmp_path: Path,
    catalog_copy: Callable[[Path], Path],
) -> Iterator[House]:
    clock = Clock()
    slack_server.clear()
    slack = FakeSlack(slack_server, clock=clock.timestamp)
    furnish(slack)
    yield House(slack, database, catalog_copy(tmp_path), clock)
    slack.check()


def proposal(title: str = "Made Up: A System", arxiv: str = "2603.00001") -> Proposal:
    entry = Entry(
        title=title, url=f"https://arxiv.org/abs/{arxiv}", arxiv=arxiv, sections=(SERVING,)
    )
    return Proposal(identity=f"arxiv:{arxiv}", subject=Subject(after=entry), source=None)


def suggested(house: House, **known: str) -> int:
    """The number of a suggestion whose card is posted."""
    made = house.review.suggest(proposal(**known), house.clock.now)
    assert isinstance(made, SuggestionMade)
    house.settle(3)
    return made.suggestion.id


def titles(house: House) -> list[str]:
    return [entry.title for entry in house.files.entries]


def test_one_click_lists_the_paper_and_the_card_becomes_the_record(house: House) -> None:
    before = (house.data / "papers/llm-systems.yaml").read_text()
    number = suggested(house)
    house.click(house.card(number), APPROVE, ALICE)
    house.clock.tick(1)
    shown = [entry.title for entry in house.catalog.within(SERVING)]
    assert "Made Up: A System" in shown, "lookups have it within a second"
    house.settle()
    assert "Made Up: A System" in titles(house)
    card = json.dumps(house.card(number).blocks)
    assert f"<@{ALICE}>" in card
    assert "Added to" in card
    assert UNDO in card
    assert APPROVE not in card
    house.click(house.card(number), UNDO, BOB)
    house.settle()
    assert (house.data / "papers/llm-systems.yaml").read_text() == before, "byte for byte"
    assert APPROVE in json.dumps(house.card(number).blocks)


def test_who_is_not_in_the_review_channel_decides_nothing_and_is_told_so(house: House) -> None:
    number = suggested(house)
    house.click(house.card(number), APPROVE, CAROL)
    assert "Only reviewers" in house.private(CAROL)
    house.click(house.card(number), REJECT, CAROL)
    assert "Only reviewers" in house.private(CAROL)
    assert not house.slack.views
    one = house.suggestions.get(number)
    assert one is not None
    assert one.state == "waiting"


def test_the_second_of_two_people_is_told_of_the_first(house: House) -> None:
    number = suggested(house)
    card = house.card(number)
    late = house.slack.click(card, APPROVE, BOB)
    house.click(card, APPROVE, ALICE)
    house.send(late)
    assert f"<@{ALICE}>" in house.private(BOB)
    house.settle()
    assert titles(house).count("Made Up: A System") == 1


def test_a_click_that_slack_delivers_twice_decides_once(house: House) -> None:
    number = suggested(house)
    payload = house.slack.click(house.card(number), APPROVE, ALICE)
    house.send(payload)
    house.send(payload)
    events = [event.what for event in house.suggestions.history(number)]
    assert events.count("accepted") == 1


def test_the_section_that_the_select_shows_is_where_it_goes(house: House) -> None:
    number = suggested(house)
    block = f"{CHOSEN}:{number}:1"
    chosen = {block: {SECTION: {"selected_option": {"value": TRAINING}}}}
    house.click(house.card(number), APPROVE, ALICE, state=chosen)
    house.settle()
    (entry,) = [one for one in house.files.entries if one.title == "Made Up: A System"]
    assert entry.home == TRAINING
    assert entry.by == f"suggestion-{number}"
    assert entry.added == house.clock.now.date()


def test_rejecting_asks_for_a_reason_and_keeps_it(house: House) -> None:
    number = suggested(house)
    house.click(house.card(number), REJECT, ALICE)
    answer = house.submit({}, ALICE)
    assert answer["response_action"] == "errors", "a reason is needed"
    assert house.submit({"reason": "Out of scope"}, ALICE) == {}
    house.settle()
    card = json.dumps(house.card(number).blocks)
    assert "Rejected" in card
    assert "Out of scope" in card
    assert "Made Up: A System" not in titles(house)


def test_later_brings_the_card_back_in_the_channel_once(house: House) -> None:
    number = suggested(house)
    house.click(house.card(number), LATER, ALICE)
    house.submit({"when": "0"}, ALICE)
    house.settle(5)
    house.clock.tick(25 * 3600)
    for one in house.suggestions.expired_postponements(house.clock.now):
        house.review.wake(one, house.clock.now)
    house.settle(10)
    thread = house.slack.thread(house.card(number))
    assert [one.broadcast for one in thread].count(True) == 1
    assert APPROVE in json.dumps(house.card(number).blocks)


def test_an_edit_is_what_gets_listed(house: House) -> None:
    number = suggested(house)
    house.click(house.card(number), EDIT, ALICE)
    wrong = house.submit({"year": "20x6"}, ALICE)
    assert "year" in wrong["errors"]
    fields = {"title": "A Better Title", "name": "Made Up", "venue": "Eurosys", "year": "2026"}
    house.submit({**fields, "orgs": "THU, Nvidia"}, ALICE)
    house.click(house.card(number), APPROVE, ALICE)
    house.settle()
    (entry,) = [one for one in house.files.entries if one.by == f"suggestion-{number}"]
    assert entry.title == "Made Up: A Better Title"
    assert (entry.venue, entry.year) == ("EuroSys", 2026)
    assert entry.orgs == ("Tsinghua", "NVIDIA")


def test_whoever_suggested_hears_how_it_ended_once(house: House) -> None:
    answer = house.command("suggest https://arxiv.org/abs/2603.00002v3 serving it is fast", CAROL)
    assert answer["response_type"] == "ephemeral"
    assert "Thank you" in json.dumps(answer)
    (one,) = house.suggestions.gathering(house.clock.now)
    paper = Paper(arxiv="2603.00002", title="Swift: A Fast System", authors=("Ada Lovelace",))
    house.intake.complete(one, DatedPaper(paper), None, house.clock.now)
    house.settle(5)
    assert f"<@{CAROL}>" in json.dumps(house.card(one.id).blocks)
    assert "it is fast" in json.dumps(house.card(one.id).blocks)
    house.click(house.card(one.id), APPROVE, ALICE)
    house.settle()
    (told,) = house.slack.posted(CAROL)
    assert "on the list now" in told.text


def test_what_arxiv_does_not_know_gets_its_title_from_a_reviewer_first(house: House) -> None:
    house.command("suggest 2603.00009", CAROL)
    (one,) = house.suggestions.gathering(house.clock.now)
    house.intake.complete(one, None, None, house.clock.now)
    house.settle(5)
    house.click(house.card(one.id), APPROVE, ALICE)
    assert "Give it its title" in house.private(ALICE)
    house.click(house.card(one.id), EDIT, ALICE)
    house.submit({"title": "Known at Last"}, ALICE)
    house.click(house.card(one.id), APPROVE, ALICE)
    house.settle()
    assert "Known at Last" in titles(house)


def test_a_paper_that_waits_was_rejected_or_is_listed_says_so_and_offers_what_helps(
    house: House,
) -> None:
    number = suggested(house)
    waiting = house.command("2603.00001", CAROL)
    assert "waits for review" in json.dumps(waiting)
    assert "I want it, too" in json.dumps(waiting)
    house.click(house.card(number), REJECT, ALICE)
    house.submit({"words": "a survey"}, ALICE)
    rejected = house.command("suggest 2603.00001", CAROL)
    assert "a survey" in json.dumps(rejected)
    assert f"<@{ALICE}>" in json.dumps(rejected)
    assert "Suggest again" in json.dumps(rejected)
    listed = house.command("suggest https://arxiv.org/pdf/2401.09670v2.pdf", CAROL)
    assert "is on the list, in" in json.dumps(listed)
    unknown = house.command("2603.99999", CAROL)
    assert "Suggest" in json.dumps(unknown)


def test_a_page_that_is_not_arxivs_is_described_in_a_form_and_never_fetched(
    house: House,
) -> None:
    house.command("suggest https://www.usenix.org/conference/osdi26/presentation/made-up", CAROL)
    answer = house.submit(
        {"title": "A Made-Up Talk", "sections": [SERVING], "venue": "OSDI", "year": "2026"}, CAROL
    )
    assert answer["response_action"] == "update"
    house.settle(5)
    (one,) = house.suggestions.open()
    house.click(house.card(one.id), APPROVE, ALICE)
    house.settle()
    assert "A Made-Up Talk" in titles(house)


def test_a_link_in_a_message_is_suggested_from_its_menu(house: House) -> None:
    """One link at once; of several the person says which; without one, a sentence says so."""
    one = house.slack.say(BOB, "Read https://arxiv.org/pdf/2603.00011v2 today!")
    house.send(house.slack.shortcut(one, SHORTCUT, CAROL))
    assert "Thank you" in house.private(CAROL)
    several = house.slack.say(
        BOB, "<https://arxiv.org/abs/2603.00012> or <https://arxiv.org/abs/2603.00013|this>"
    )
    house.send(house.slack.shortcut(several, SHORTCUT, CAROL))
    house.submit({"link": "1"}, CAROL)
    none = house.slack.say(BOB, "no link here")
    house.send(house.slack.shortcut(none, SHORTCUT, CAROL))
    assert "no link" in house.private(CAROL)
    found = {one.subject.entry.arxiv for one in house.suggestions.open()}
    assert found == {"2603.00011", "2603.00013"}


def test_the_list_may_name_people_and_user_groups_as_reviewers(house: House) -> None:
    house.slack.group("S0GROUP", "list-keepers", [CAROL])
    path = house.data / "list.yaml"
    path.write_text(f"{path.read_text()}review: {{reviewers: [S0GROUP], quorum: 1}}\n")
    house.clock.tick(1)
    number = suggested(house)
    house.click(house.card(number), APPROVE, ALICE)
    assert "Only reviewers" in house.private(ALICE), "in the channel, but not of the group"
    house.click(house.card(number), APPROVE, CAROL)
    one = house.suggestions.get(number)
    assert one is not None
    assert one.decided_by == CAROL


def test_one_person_suggests_a_sensible_number_a_day(house: House) -> None:
    for number in range(DAILY_LIMIT):
        assert "Thank you" in json.dumps(house.command(f"suggest 2603.001{number:02}", CAROL))
    assert "come back tomorrow" in json.dumps(house.command("suggest 2603.00200", CAROL))
    assert "Thank you" in json.dumps(house.command("suggest 2603.00200", BOB)), "others may"
    house.clock.tick(25 * 3600)
    assert "Thank you" in json.dumps(house.command("suggest 2603.00201", CAROL))


def test_a_reviewer_pauses_the_bots_own_proposals(house: House) -> None:
    assert "Only reviewers" in json.dumps(house.command("pause 3 days", CAROL))
    house.command("pause 3 days", ALICE)
    assert house.suggestions.paused_until(house.clock.now) is not None
    assert "Paused until" in json.dumps(house.command("pending", CAROL))
    house.command("pause off", ALICE)
    assert house.suggestions.paused_until(house.clock.now) is None


def test_a_correction_goes_through_the_same_review_and_can_be_undone(house: House) -> None:
    path = house.data / "papers/llm-systems.yaml"
    before = path.read_text()
    answer = house.command("2401.09670", CAROL)
    (correct,) = [
        element
        for block in answer["blocks"]
        for element in block.get("elements", [])
        if element.get("action_id") == "suggest:correct"
    ]
    house.send(_private_click(house, correct, CAROL))
    assert house.submit({}, CAROL)["response_action"] == "errors", "nothing was changed"
    house.submit({"venue": "SOSP", "why": "the venue is another"}, CAROL)
    house.settle(5)
    (one,) = house.suggestions.open()
    assert "OSDI 2024" in json.dumps(house.card(one.id).blocks)
    house.click(house.card(one.id), APPROVE, ALICE)
    house.settle()
    assert any(e.arxiv == "2401.09670" and e.venue == "SOSP" for e in house.files.entries)
    house.click(house.card(one.id), UNDO, ALICE)
    house.settle()
    assert path.read_text() == before


def _private_click(house: House, button: dict[str, str], user: str) -> dict[str, object]:
    """A click on a button of an answer to a command, which Slack keeps nowhere."""
    return {
        "type": "block_actions",
        "user": {"id": user, "name": "carol"},
        "team": {"id": "T0001"},
        "container": {"type": "message", "is_ephemeral": True, "channel_id": REVIEW},
        "trigger_id": house.slack.trigger(user),
        "response_url": house.slack.response_url(REVIEW, user),
        "actions": [{**button, "type": "button", "block_id": "x", "action_ts": "1.0"}],
    }
