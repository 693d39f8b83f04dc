"""Laws of upgrades in Slack: what version 0.1.0 posted and opened works with the code of today.

Driven by the recorded messages and forms, so that no button and no form is left out.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest
from pytest_httpserver import HTTPServer

from bot.db.engine import Database
from bot.outbox.message import Kind
from bot.slack.blocks.lookup import NEXT, OPEN, PAGE, PREVIOUS
from tests.conftest import opened
from tests.slack.elements import options_of
from tests.slack.fake import ALICE, BOB, payloads
from tests.upgrade.installation import V0_1, Json
from tests.upgrade.interactions import Element, UpgradedBot, elements_of, forms_of, is_select

ELEMENTS, FORMS = elements_of(V0_1), forms_of(V0_1)
ACTIONS = (
    "lookup:again", "lookup:next", "lookup:previous", "lookup:share", "review:approve",
    "review:edit", "review:later", "review:reject", "review:reopen", "review:second",
    "review:section", "review:undo", "subscription:edit", "subscription:end",
    "subscription:join", "suggest:correct", "suggest:link",
)  # fmt: skip
CALLBACKS = (
    "review:correct:form", "review:edit:form", "review:later:form", "review:link:form",
    "review:reject:form", "review:reopen:form", "review:suggest:form", "subscription:form",
)  # fmt: skip
OPENS = {"review:reject", "review:later", "review:edit"}
REVIEWERS_FORMS = {f"{action}:form" for action in OPENS}
OF_REVIEWERS = {"review:approve", "review:undo", *OPENS}
"""The buttons that decide on what their card shows."""
CAROL = "U0003"  # who does not review
Start = Callable[[], UpgradedBot]


@pytest.fixture
def start(slack_server: HTTPServer, tmp_path: Path, upgraded_template: Path) -> Iterator[Start]:
    """Starts a bot on a fresh copy of the migrated database and of the list."""
    started: list[Database] = []

    def fresh() -> UpgradedBot:
        folder = tmp_path / str(len(started))
        folder.mkdir()
        (folder / "papers.db").write_bytes(upgraded_template.read_bytes())
        with opened(f"sqlite:///{folder}/papers.db") as database:
            started.append(database)
            return UpgradedBot(slack_server, database, folder, V0_1)

    yield fresh
    for database in started:
        database.close()
    assert not slack_server.handler_errors, "the fake itself failed"


def has_changed_something(reaction: Json) -> bool:
    return bool({"events", "subscriptions", "joined"} & set(reaction))


def take_opening_buttons(reaction: Json) -> list[object]:
    """Remove the buttons on the lines of results from an answer: 0.1 had none there."""
    taken: list[object] = []
    for answer in reaction.get("answers", ()):
        taken += [button for button in answer["buttons"] if button[0] == OPEN]
        answer["buttons"] = [button for button in answer["buttons"] if button[0] != OPEN]
    return taken


def recorded_state(number: int) -> Json:
    found: Json = next(row for row in V0_1.facts["suggestions"] if row["id"] == number)
    return found


def test_every_kind_of_message_and_every_button_and_form_is_recorded() -> None:
    kinds = {message["kind"] for message in V0_1.messages if message["where"] == "outbox"}
    assert kinds == set(get_args(Kind)) - {"notice"}, "which 0.1 did not have"
    assert {element.action for element in ELEMENTS.values()} == set(ACTIONS)
    assert {form["view"]["callback_id"] for form in FORMS.values()} == set(CALLBACKS)
    assert set(V0_1.reactions["clicks"]) == set(ELEMENTS)
    assert set(V0_1.reactions["submissions"]) == set(FORMS)


@pytest.mark.parametrize("action", sorted(set(ACTIONS) - OF_REVIEWERS))
def test_a_button_of_0_1_does_what_it_did(action: str, start: Start) -> None:
    """The same events, answers, forms and subscriptions, with the same ids and values in them."""
    bot = start()
    for key, element in ELEMENTS.items():
        if element.action != action:
            continue
        reaction = bot.click(element)
        opening = take_opening_buttons(reaction)
        assert reaction == V0_1.reactions["clicks"][key], key
        assert len(opening) == (PAGE if action in {PREVIOUS, NEXT} else 0), key
        assert is_select(element) or reaction, f"{key}: nobody was answered"
        bot.workspace_bot.clock.tick(5)
        if has_changed_something(reaction):
            bot = start()


@pytest.mark.parametrize("action", sorted(OF_REVIEWERS))
def test_a_reviewers_button_of_0_1_is_answered_with_the_present_card(
    action: str, start: Start
) -> None:
    """It does not tell what its person saw. The buttons of the copy do what the old ones did."""
    for key, element in ELEMENTS.items():
        if element.action != action:
            continue
        bot, recorded = start(), V0_1.reactions["clicks"][key]
        before = bot.workspace_bot.suggestions.get(element.suggestion)
        assert before is not None
        reaction = bot.click(element)
        assert list(reaction) == ["answers"], key
        assert bot.workspace_bot.suggestions.get(element.suggestion) == before
        copy = copy_of_card(bot)
        if action not in copy:
            assert list(recorded) == ["answers"], "it was refused then, too"
            continue
        value = f"{before.id}:{before.version}"
        assert copy[action].element["value"] == value
        again = bot.click(copy[action])
        assert again.get("events") == recorded.get("events")
        assert again.get("states") == recorded.get("states")
        assert forms_without_metadata(again) == forms_without_metadata(recorded)
        for form in again.get("forms", ()):
            assert form["private_metadata"].startswith(value)


def test_a_card_of_0_1_is_edited_when_one_of_its_buttons_is_used(start: Start) -> None:
    """So that the next click on it works, after one edit."""
    bot, element = start(), CARDS[1]
    bot.deliver()
    before = bot.workspace_bot.card(1).edits
    bot.click(element)
    bot.click(element, BOB)
    bot.deliver()
    card = bot.workspace_bot.card(1)
    assert card.edits == before + 1
    bot.workspace_bot.click(card, "review:approve", ALICE)
    suggestion = bot.workspace_bot.suggestions.get(1)
    assert suggestion is not None
    assert suggestion.approvals == (ALICE,)


def test_open_cards_of_0_1_get_their_new_buttons_at_the_first_start(start: Start) -> None:
    """Once; a second start edits none."""
    bot = start()
    bot.deliver()
    store = bot.workspace_bot.suggestions
    edits = len(bot.slack.calls("chat.update"))
    for _ in range(2):
        bot.workspace_bot.review.enqueue_cards(store.open(), bot.workspace_bot.clock.now)
        bot.deliver()
    shown = [suggestion for suggestion in store.open() if suggestion.state != "gathering"]
    for suggestion in shown:
        card = bot.workspace_bot.card(suggestion.id)
        values = {button.get("value") for _, button in payloads.elements(card.blocks)}
        assert f"{suggestion.id}:{suggestion.version}" in values
    assert len(bot.slack.calls("chat.update")) - edits == len(shown)


def copy_of_card(bot: UpgradedBot, user: str = ALICE) -> dict[str, Element]:
    """The buttons of the private copy of a card, by action id."""
    shown = bot.slack.ephemerals(user)[-1]
    message = {
        "where": "private",
        "channel": shown.channel,
        "blocks": shown.blocks,
        "ts": shown.ts,
    }
    return {
        button["action_id"]: Element(message, block_id, button)
        for block_id, button in payloads.elements(shown.blocks)
    }


def forms_without_metadata(reaction: Json) -> list[Json]:
    return [
        {name: value for name, value in form.items() if name != "private_metadata"}
        for form in reaction.get("forms", ())
    ]


@pytest.mark.parametrize("callback", CALLBACKS)
def test_a_form_of_0_1_does_what_it_did(callback: str, start: Start) -> None:
    """A reviewer's form, which does not tell what its person saw, when it is sent again."""
    for key, form in FORMS.items():
        if form["view"]["callback_id"] != callback:
            continue
        bot, recorded = start(), V0_1.reactions["submissions"][key]
        reaction = bot.submit(form)
        if callback in REVIEWERS_FORMS and "events" in recorded:
            again = reaction["response"]["form"]
            assert list(reaction) == ["response"], key
            assert again["callback_id"] == callback
            reaction = bot.submit({**form, "view": bot.updated_view(form["view"])})
        assert with_sentence(reaction) == with_sentence(recorded), key


def with_sentence(reaction: Json) -> Json:
    """A reaction, whether a sentence came in the form's place or in private, later."""
    is_sentence = reaction.get("response", {}).get("form", {}).get("callback_id") == ""
    rest = {name: value for name, value in reaction.items() if name not in {"response", "notices"}}
    if is_sentence or "notices" in reaction:
        return {**rest, "sentence": True}
    return reaction


def is_decided(element: Element) -> bool:
    return recorded_state(element.suggestion)["state"] in {"approved", "rejected"}


def may_be_approved(element: Element) -> bool:
    recorded = recorded_state(element.suggestion)
    is_known = recorded["subject"]["is_known"]
    return not is_decided(element) and ALICE not in recorded["approvals"] and is_known


@pytest.mark.parametrize("key", [key for key in ELEMENTS if " review:" in key])
def test_the_recorded_reactions_to_a_card_are_those_of_the_design(key: str) -> None:
    """No mistake of 0.1.0 becomes a law: open ones are decided on, decided ones are not."""
    element, reaction = ELEMENTS[key], V0_1.reactions["clicks"][key]
    events = [event["what"] for event in reaction.get("events", ())]
    forms = [form["callback_id"] for form in reaction.get("forms", ())]
    match element.action:
        case "review:section":
            assert reaction == {}
        case "review:approve" if may_be_approved(element):
            assert events == ["approved"]
        case "review:undo" if is_decided(element):
            assert events == ["undone"]
        case action if action in OPENS and not is_decided(element):
            assert forms == [f"{action}:form"]
            assert reaction["forms"][0]["private_metadata"] == str(element.suggestion)
        case "review:reopen":
            assert forms == ["review:reopen:form"]
        case "review:second" if not is_decided(element):
            assert events == ["seconded"]
        case _:
            assert list(reaction) == ["answers"]
            assert not reaction["answers"][0]["replaces"]


CARDS = {
    element.suggestion: element
    for element in ELEMENTS.values()
    if element.action == "review:approve"
}


@pytest.mark.parametrize(
    "number", [number for number, element in CARDS.items() if may_be_approved(element)]
)
def test_two_reviewers_approve_a_card_of_0_1(number: int, start: Start) -> None:
    """In the section that its select shows, if somebody has changed that."""
    bot, element = start(), CARDS[number]
    recorded = recorded_state(number)
    is_addition = recorded["subject"]["before"] is None
    chosen = chosen_section(element) if is_addition else {}
    for person in (ALICE, BOB):
        bot.send(element, person, state=chosen)
        bot.workspace_bot.clock.tick(1)
        approve = copy_of_card(bot, person)["review:approve"]
        bot.send(approve, person, state=chosen_section(approve) if is_addition else {})
    found = bot.workspace_bot.suggestions.get(number)
    assert found is not None
    assert (found.state, found.decided_by) == ("approved", BOB)
    if is_addition:
        assert found.subject.entry.home == "other-reading"
    bot.workspace_bot.settle(2)
    listed = {entry.by: entry for entry in bot.workspace_bot.files.entries}
    assert (f"suggestion-{number}" in listed) == is_addition


def chosen_section(element: Element) -> Json:
    """The state of a card on which *Other Reading* was chosen."""
    select = next(
        other
        for other in element.message["blocks"]
        if other["block_id"].startswith("review:choice:")
    )
    option = next(
        option for option in options_of(select["accessory"]) if option["value"] == "other-reading"
    )
    held = {"type": "static_select", "selected_option": option}
    return {select["block_id"]: {select["accessory"]["action_id"]: held}}


@pytest.mark.parametrize("action", ["review:approve", "review:undo", *sorted(OPENS)])
def test_a_card_of_0_1_refuses_who_does_not_review(action: str, start: Start) -> None:
    bot = start()
    for element in ELEMENTS.values():
        if element.action == action:
            reaction = bot.click(element, CAROL)
            assert list(reaction) == ["answers"]
            bot.workspace_bot.clock.tick(5)


def test_a_button_that_nobody_knows_would_be_noticed(start: Start) -> None:
    """It is logged as a warning, and no recorded button may cause one."""
    button = {"type": "button", "action_id": "nobody:knows", "value": "1", "text": {}}
    blocks = [{"type": "actions", "block_id": "any", "elements": [button]}]
    message = {**next(iter(ELEMENTS.values())).message, "blocks": blocks}
    with pytest.raises(AssertionError, match="warning"):
        start().click(Element(message, "any", button))


def test_a_subscription_form_of_0_1_changes_the_schedule(start: Start) -> None:
    bot = start()
    form = FORMS["subscription:form 3 U0003"]
    reaction = bot.submit(form, {"when": "5", "time": "7:15 Asia/Tokyo", "quiet": "loud"})
    assert reaction["subscriptions"] == {"3": '"kv cache", weekly'}
    found = bot.workspace_bot.subscriptions.get(3)
    assert found is not None
    assert (found.schedule.weekday, found.schedule.zone) == (4, "Asia/Tokyo")
    assert found.revision == 2


def test_a_correction_form_of_0_1_suggests_that_the_entry_goes(start: Start) -> None:
    bot = start()
    key = next(key for key in FORMS if "flexgen" in key)
    reaction = bot.submit(FORMS[key], {"removal": "remove"})
    assert [event["what"] for event in reaction["events"]] == ["suggested"]
    found = bot.workspace_bot.suggestions.get(reaction["events"][0]["suggestion"])
    assert found is not None
    assert found.subject.kind == "removal"
