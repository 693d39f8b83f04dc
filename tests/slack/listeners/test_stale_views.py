"""Laws of views that have become old: nothing is decided on a content that was not seen."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot.catalog.model import Entry
from bot.review.actions import Action, DecisionRules, Edit, Postpone, Reject, Transition
from bot.review.model import Person, State, Suggestion
from bot.review.service import ReviewService, card_key
from bot.slack.blocks.cards import (
    APPROVE,
    CHOSEN,
    EDIT,
    LATER,
    REJECT,
    REOPEN,
    SECOND,
    SECTION,
    UNDO,
)
from tests.slack.fake import ALICE, BOB, Fault, PostedMessage
from tests.slack.limits import MOST_CHARACTERS, characters
from tests.slack.workspace_bot import CAROL, REVIEW, SERVING, WorkspaceBot

TITLE = "Made Up: A System"
TRAINING = "llm-systems/pre-training"
STALE = "This card has changed since you opened it"
CHANGE = {"title": "Another System"}


def suggestion_of(bot: WorkspaceBot, number: int) -> Suggestion:
    suggestion = bot.suggestions.get(number)
    assert suggestion is not None
    return suggestion


def entry_of(bot: WorkspaceBot, number: int) -> Entry:
    return suggestion_of(bot, number).subject.entry


def edit(bot: WorkspaceBot, number: int, user: str, values: Mapping[str, object]) -> None:
    """Edit a suggestion and have its card edited."""
    bot.click(bot.card(number), EDIT, user)
    assert bot.submit(values, user) == {}
    bot.settle(3)


def set_policy(bot: WorkspaceBot, policy: str) -> None:
    path = bot.data / "list.yaml"
    path.write_text(f"{path.read_text()}review: {{{policy}}}\n")
    bot.clock.tick(1)


def copy_of_card(bot: WorkspaceBot, user: str) -> PostedMessage:
    """The private copy of the card with which a stale click is answered."""
    shown = bot.slack.ephemerals(user)[-1]
    assert STALE in shown.text
    assert characters(shown.blocks) < MOST_CHARACTERS
    return shown


def selected(block: str, section: str) -> dict[str, Any]:
    """The state of a card whose select shows a section."""
    return {block: {SECTION: {"selected_option": {"value": section}}}}


@pytest.mark.parametrize("action", [APPROVE, REJECT, LATER, EDIT])
def test_a_click_on_a_card_that_was_edited_meanwhile_decides_nothing(
    bot: WorkspaceBot, action: str
) -> None:
    """The answer says who changed what, and holds the present card, whose buttons work."""
    number = bot.suggest(TITLE)
    late = bot.slack.click(bot.card(number), action, BOB)
    edit(bot, number, ALICE, CHANGE)
    before = suggestion_of(bot, number)
    bot.send(late)
    assert suggestion_of(bot, number) == before
    assert not bot.slack.views
    copy = copy_of_card(bot, BOB)
    assert f"<@{ALICE}> changed the title to “Made Up: Another System”" in copy.text
    bot.click(copy, action, BOB)
    if action == APPROVE:
        assert suggestion_of(bot, number).state == "approved"
        assert "Done" in bot.private(BOB), "the copy, whose buttons are old now, is replaced"
    else:
        assert len(bot.slack.views) == 1


def test_a_copy_that_has_become_old_is_replaced_by_the_present_one(bot: WorkspaceBot) -> None:
    number = bot.suggest(TITLE)
    late = bot.slack.click(bot.card(number), APPROVE, BOB)
    edit(bot, number, ALICE, CHANGE)
    bot.send(late)
    copy = copy_of_card(bot, BOB)
    edit(bot, number, ALICE, {"venue": "OSDI"})
    bot.click(copy, APPROVE, BOB)
    assert len(bot.slack.ephemerals(BOB)) == 1
    assert "“OSDI”" in copy_of_card(bot, BOB).text
    assert suggestion_of(bot, number).state == "waiting"


@pytest.mark.parametrize("editor", [ALICE, BOB])
def test_an_approval_on_an_old_card_does_not_move_the_paper_back(
    bot: WorkspaceBot, editor: str
) -> None:
    """Its select still shows the section before; also to the person who changed it."""
    number = bot.suggest(TITLE)
    late = bot.slack.click(bot.card(number), APPROVE, BOB)
    late["state"] = {"values": selected(f"{CHOSEN}:{number}:1", SERVING)}
    edit(bot, number, editor, {"sections": [TRAINING]})
    bot.send(late)
    assert suggestion_of(bot, number).state == "waiting"
    assert entry_of(bot, number).home == TRAINING
    copy = copy_of_card(bot, BOB)
    version = suggestion_of(bot, number).version
    shown = selected(f"{CHOSEN}:{number}:{version}", TRAINING)
    bot.click(copy, APPROVE, BOB, state=shown)
    assert suggestion_of(bot, number).state == "approved"
    assert entry_of(bot, number).home == TRAINING


def test_people_know_what_they_changed_themselves(bot: WorkspaceBot) -> None:
    """Who edits a paper and approves it before the card is edited is not refused."""
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), EDIT, ALICE)
    bot.submit(CHANGE, ALICE)
    bot.click(bot.card(number), APPROVE, ALICE)
    assert suggestion_of(bot, number).state == "approved"


@pytest.mark.parametrize("decision", [APPROVE, LATER])
def test_a_click_on_a_card_that_was_decided_meanwhile_says_by_whom(
    bot: WorkspaceBot, decision: str
) -> None:
    number = bot.suggest(TITLE)
    late = bot.slack.click(bot.card(number), REJECT, BOB)
    bot.click(bot.card(number), decision, ALICE)
    if decision == LATER:
        bot.submit({"when": "0"}, ALICE)
    bot.send(late)
    verb = "approved it" if decision == APPROVE else "put it off"
    assert f"<@{ALICE}> {verb}" in copy_of_card(bot, BOB).text


def test_an_undo_takes_back_the_decision_that_its_card_shows(bot: WorkspaceBot) -> None:
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), APPROVE, ALICE)
    bot.settle(3)
    late = bot.slack.click(bot.card(number), UNDO, BOB)
    bot.click(bot.card(number), UNDO, ALICE)
    bot.settle(3)
    bot.click(bot.card(number), REJECT, ALICE)
    bot.submit({"words": "a survey"}, ALICE)
    bot.send(late)
    assert suggestion_of(bot, number).state == "rejected"
    bot.click(copy_of_card(bot, BOB), UNDO, BOB)
    assert suggestion_of(bot, number).state == "waiting"


def test_publishing_makes_no_card_old(bot: WorkspaceBot) -> None:
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), APPROVE, ALICE)
    bot.sender.step(lambda: True)
    bot.clock.tick(1)
    late = bot.slack.click(bot.card(number), UNDO, BOB)
    bot.settle(5)
    bot.send(late)
    assert suggestion_of(bot, number).state == "waiting"


@pytest.mark.parametrize("value", ["{}", "{}:", "{}:0", "{}:99", "{}:x", "{}:1:1", "{}:-1"])
def test_a_button_without_a_possible_version_decides_nothing(
    bot: WorkspaceBot, value: str
) -> None:
    """As those of cards from before buttons had one, or from before a backup was restored."""
    number = bot.suggest(TITLE)
    edit(bot, number, ALICE, CHANGE)
    for action in (APPROVE, REJECT, LATER, EDIT, UNDO):
        bot.click_private(action, value.format(number), BOB, REVIEW)
        assert STALE in bot.private(BOB)
        bot.clock.tick(2)
    assert suggestion_of(bot, number).state == "waiting"
    assert not bot.slack.views


def test_support_and_reopening_need_no_version(bot: WorkspaceBot) -> None:
    """They decide nothing; what speaks for the paper is shown to the reviewers."""
    number = bot.suggest(TITLE)
    bot.click_private(SECOND, str(number), CAROL)
    assert suggestion_of(bot, number).seconds == (CAROL,)
    late = bot.slack.click(bot.card(number), APPROVE, BOB)
    bot.settle(3)
    bot.click(bot.card(number), REJECT, ALICE)
    bot.submit({"words": "a survey"}, ALICE)
    bot.click_private(REOPEN, str(number), CAROL)
    assert bot.submit({"words": "it has a system"}, CAROL) == {}
    assert suggestion_of(bot, number).state == "waiting"
    bot.send(late)
    assert f"<@{CAROL}> suggested it again: it has a system" in copy_of_card(bot, BOB).text


def test_support_makes_no_card_old(bot: WorkspaceBot) -> None:
    number = bot.suggest(TITLE)
    late = bot.slack.click(bot.card(number), APPROVE, BOB)
    bot.click_private(SECOND, str(number), CAROL)
    bot.send(late)
    assert suggestion_of(bot, number).state == "approved"


@pytest.mark.parametrize(
    ("action", "typed", "state"),
    [(REJECT, {"words": "not for us"}, "rejected"), (LATER, {"when": "4"}, "postponed")],
)
def test_a_form_about_what_was_edited_meanwhile_is_shown_again(
    bot: WorkspaceBot, action: str, typed: dict[str, str], state: State
) -> None:
    """With what was typed and what changed; sent again, it decides."""
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), action, BOB)
    (form,) = bot.slack.views
    edit(bot, number, ALICE, CHANGE)
    answer = bot.submit_view(form, typed, BOB)
    assert suggestion_of(bot, number).state == "waiting"
    shown = json.dumps(answer["view"], ensure_ascii=False)
    assert STALE in shown
    assert f"<@{ALICE}> changed the title" in shown
    assert bot.submit_view(form, {}, BOB) == {}, "what was typed is there"
    assert suggestion_of(bot, number).state == state
    if state == "rejected":
        assert suggestion_of(bot, number).reason == "not for us"


def test_a_form_about_what_was_decided_meanwhile_says_so(bot: WorkspaceBot) -> None:
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), REJECT, BOB)
    bot.click(bot.card(number), APPROVE, ALICE)
    answer = bot.submit({"words": "not for us"}, BOB)
    assert f"<@{ALICE}> approved it" in json.dumps(answer)
    assert suggestion_of(bot, number).state == "approved"


# Two forms


def test_two_open_forms_keep_what_each_changed(bot: WorkspaceBot) -> None:
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), EDIT, ALICE)
    bot.click(bot.card(number), EDIT, BOB)
    first, second = bot.slack.views
    assert bot.submit_view(first, {"title": "A Better Title", "venue": "OSDI"}, ALICE) == {}
    assert bot.submit_view(second, {"name": "Renamed", "year": "2026"}, BOB) == {}
    entry = entry_of(bot, number)
    assert entry.title == "Renamed: A Better Title"
    assert (entry.venue, entry.year) == ("OSDI", 2026)


def test_a_field_that_two_people_changed_is_shown_again_with_both_values(
    bot: WorkspaceBot,
) -> None:
    """Nothing is saved and nothing is lost; saved again, it is a decision with open eyes."""
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), EDIT, ALICE)
    bot.click(bot.card(number), EDIT, BOB)
    first, second = bot.slack.views
    assert bot.submit_view(first, {"title": "Theirs", "venue": "OSDI"}, ALICE) == {}
    answer = bot.submit_view(second, {"title": "Mine", "year": "2026"}, BOB)
    assert entry_of(bot, number).title == "Made Up: Theirs"
    assert entry_of(bot, number).year is None, "nothing of it is saved"
    blocks = answer["view"]["blocks"]
    (at,) = [place for place, block in enumerate(blocks) if block.get("block_id") == "title"]
    assert blocks[at]["element"]["initial_value"] == "Mine"
    remark = blocks[at + 1]["elements"][0]["text"]
    assert f"<@{ALICE}> changed this to “Theirs”" in remark
    fields = {block.get("block_id"): block.get("element", {}) for block in blocks}
    assert fields["venue"]["initial_value"] == "OSDI", "the other person's, which does not collide"
    assert fields["year"]["initial_value"] == "2026"
    assert fields["title"]["action_id"] != "value", "Slack shows it anew"
    assert bot.submit_view(second, {}, BOB) == {}
    entry = entry_of(bot, number)
    assert (entry.title, entry.venue, entry.year) == ("Made Up: Mine", "OSDI", 2026)


def test_two_people_who_write_the_same_do_not_collide(bot: WorkspaceBot) -> None:
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), EDIT, ALICE)
    bot.click(bot.card(number), EDIT, BOB)
    first, second = bot.slack.views
    assert bot.submit_view(first, CHANGE, ALICE) == {}
    assert bot.submit_view(second, {**CHANGE, "year": "2026"}, BOB) == {}
    assert entry_of(bot, number).year == 2026


def test_a_mistake_in_a_form_is_shown_before_a_collision(bot: WorkspaceBot) -> None:
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), EDIT, ALICE)
    bot.click(bot.card(number), EDIT, BOB)
    first, second = bot.slack.views
    bot.submit_view(first, {"title": "Theirs"}, ALICE)
    answer = bot.submit_view(second, {"title": "Mine", "year": "20x6"}, BOB)
    assert list(answer["errors"]) == ["year"]
    assert "Theirs" in json.dumps(bot.submit_view(second, {"title": "Mine"}, BOB))


def test_a_form_that_was_opened_before_a_section_was_chosen_keeps_that_section(
    bot: WorkspaceBot,
) -> None:
    set_policy(bot, "quorum: 2")
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), EDIT, BOB)
    chosen = selected(f"{CHOSEN}:{number}:1", TRAINING)
    bot.click(bot.card(number), APPROVE, ALICE, state=chosen)
    assert bot.submit({"venue": "OSDI"}, BOB) == {}
    assert (entry_of(bot, number).home, entry_of(bot, number).venue) == (TRAINING, "OSDI")


def test_an_edit_keeps_what_the_form_cannot_show(bot: WorkspaceBot) -> None:
    """A title longer than Slack's fields, and names with commas; the form's metadata is short."""
    title = f"Made Up: {'长的标题 ' * 150}end"
    number = bot.suggest(title)
    bot.click(bot.card(number), EDIT, ALICE)
    (form,) = bot.slack.views
    assert len(form.content["private_metadata"]) < 1000
    assert bot.submit_view(form, {"venue": "OSDI"}, ALICE) == {}
    assert entry_of(bot, number).title == title
    assert entry_of(bot, number).venue == "OSDI"


def just_before(
    bot: WorkspaceBot, monkeypatch: pytest.MonkeyPatch, action: type[Action], change: Entry
) -> None:
    """Have ALICE edit the entry after an action was checked, before it gets the lock."""
    act, rules = bot.review.act, DecisionRules(is_reviewer=True)
    left = [True]

    def late(number: int, what: Action, *rest: Any) -> Any:
        if isinstance(what, action) and left:
            left.clear()
            act(number, Edit(change), Person(ALICE), bot.clock.now, rules)
        return act(number, what, *rest)

    monkeypatch.setattr(bot.review, "act", late)


def test_an_edit_that_is_saved_at_the_same_moment_is_merged(
    bot: WorkspaceBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), EDIT, BOB)
    just_before(bot, monkeypatch, Edit, replace(entry_of(bot, number), venue="OSDI"))
    assert bot.submit({"year": "2026"}, BOB) == {}
    assert (entry_of(bot, number).venue, entry_of(bot, number).year) == ("OSDI", 2026)


@pytest.mark.parametrize(("field", "typed"), [("venue", "SOSP"), ("title", "Mine")])
def test_an_edit_that_collides_at_the_same_moment_is_shown_again(
    bot: WorkspaceBot, monkeypatch: pytest.MonkeyPatch, field: str, typed: str
) -> None:
    """Its form has closed already, so it opens again."""
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), EDIT, BOB)
    change = replace(entry_of(bot, number), venue="OSDI", title="Made Up: Theirs")
    just_before(bot, monkeypatch, Edit, change)
    assert bot.submit({field: typed}, BOB) == {}
    (form,) = bot.slack.views
    assert f'"{typed}"' in json.dumps(form.content)
    assert entry_of(bot, number).title == "Made Up: Theirs"
    assert bot.submit_view(form, {}, BOB) == {}
    entry = entry_of(bot, number)
    assert typed in (entry.venue, (entry.title.removeprefix("Made Up: ")))


def test_a_rejection_at_the_moment_of_an_edit_is_asked_for_again(
    bot: WorkspaceBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), REJECT, BOB)
    just_before(bot, monkeypatch, Reject, replace(entry_of(bot, number), venue="OSDI"))
    assert bot.submit({"words": "not for us"}, BOB) == {}
    assert suggestion_of(bot, number).state == "waiting"
    (form,) = bot.slack.views
    assert STALE in json.dumps(form.content)
    bot.submit_view(form, {}, BOB)
    assert suggestion_of(bot, number).reason == "not for us"


# Quorum


def test_a_colleagues_approval_makes_no_card_old(bot: WorkspaceBot) -> None:
    set_policy(bot, "quorum: 2")
    number = bot.suggest(TITLE)
    late = bot.slack.click(bot.card(number), APPROVE, BOB)
    bot.click(bot.card(number), APPROVE, ALICE)
    bot.send(late)
    assert suggestion_of(bot, number).state == "approved"


@pytest.mark.parametrize("change", ["title", "section"])
def test_a_vote_counts_for_the_content_that_its_voter_saw(bot: WorkspaceBot, change: str) -> None:
    """An edit or another section takes earlier approvals away, and the card says so."""
    set_policy(bot, "quorum: 2")
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), APPROVE, ALICE)
    bot.settle(3)
    late = bot.slack.click(bot.card(number), APPROVE, ALICE)
    if change == "title":
        edit(bot, number, BOB, CHANGE)
        bot.click(bot.card(number), APPROVE, BOB)
    else:
        version = suggestion_of(bot, number).version
        chosen = selected(f"{CHOSEN}:{number}:{version}", TRAINING)
        bot.click(bot.card(number), APPROVE, BOB, state=chosen)
    assert suggestion_of(bot, number).state == "waiting"
    assert suggestion_of(bot, number).approvals == (BOB,)
    bot.settle(3)
    shown = json.dumps(bot.card(number).blocks)
    assert f"Approvals that no longer count: <@{ALICE}>" in shown
    bot.send(late)
    assert suggestion_of(bot, number).state == "waiting"
    bot.click(copy_of_card(bot, ALICE), APPROVE, ALICE)
    assert suggestion_of(bot, number).state == "approved"
    bot.settle(3)
    assert "no longer count" not in json.dumps(bot.card(number).blocks)


def test_a_vote_stays_when_nothing_is_edited(bot: WorkspaceBot) -> None:
    set_policy(bot, "quorum: 2")
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), APPROVE, ALICE)
    edit(bot, number, BOB, {})
    assert suggestion_of(bot, number).approvals == (ALICE,)


def test_approvals_are_counted_again_at_the_quorum(bot: WorkspaceBot) -> None:
    """Without those of people who do not review any more."""
    set_policy(bot, "quorum: 2")
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), APPROVE, ALICE)
    bot.settle(3)
    members = bot.slack.conversation(REVIEW).members
    members.remove(ALICE)
    members.append(CAROL)
    bot.clock.tick(61)
    bot.click(bot.card(number), APPROVE, BOB)
    assert suggestion_of(bot, number).approvals == (BOB,)
    bot.settle(3)
    assert f"no longer count: <@{ALICE}>" in json.dumps(bot.card(number).blocks)
    bot.click(bot.card(number), APPROVE, CAROL)
    assert suggestion_of(bot, number).state == "approved"
    assert suggestion_of(bot, number).approvals == (BOB, CAROL)


def test_nothing_is_counted_while_slack_does_not_say_who_reviews(bot: WorkspaceBot) -> None:
    bot.slack.group("S0GROUP", "list-keepers", [ALICE])
    set_policy(bot, "quorum: 2, reviewers: [U0002, S0GROUP]")
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), APPROVE, ALICE)
    bot.settle(3)
    bot.clock.tick(61)
    bot.slack.fail("usergroups.users.list", Fault.error("internal_error"), seconds=600)
    bot.click(bot.card(number), APPROVE, BOB)
    assert "Slack does not tell me" in bot.private(BOB)
    assert suggestion_of(bot, number).approvals == (ALICE,)


# One's own


def test_nobody_approves_what_they_asked_for(bot: WorkspaceBot) -> None:
    set_policy(bot, "self_approval: false")
    number = bot.suggest(TITLE)
    bot.click_private(SECOND, str(number), ALICE)
    bot.settle(3)
    bot.click(bot.card(number), APPROVE, ALICE)
    assert "You asked for" in bot.private(ALICE)
    bot.click(bot.card(number), APPROVE, BOB)
    assert suggestion_of(bot, number).state == "approved"


def test_nobody_approves_what_they_reopened(bot: WorkspaceBot) -> None:
    set_policy(bot, "self_approval: false")
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), REJECT, BOB)
    bot.submit({"words": "a survey"}, BOB)
    bot.click_private(REOPEN, str(number), ALICE)
    bot.submit({"words": "it has a system"}, ALICE)
    bot.settle(3)
    bot.click(bot.card(number), APPROVE, ALICE)
    assert "You asked for" in bot.private(ALICE)
    assert suggestion_of(bot, number).state == "waiting"


@pytest.mark.parametrize(
    ("values", "is_own"),
    [
        (CHANGE, True),
        ({"name": "Renamed"}, True),
        ({"url": "https://arxiv.org/abs/2603.77777"}, True),
        ({"venue": "OSDI"}, False),
    ],
)
def test_nobody_approves_a_title_or_link_that_they_wrote(
    bot: WorkspaceBot, values: dict[str, str], *, is_own: bool
) -> None:
    """The last person who changed them; others may."""
    set_policy(bot, "self_approval: false")
    number = bot.suggest(TITLE)
    edit(bot, number, BOB, {"title": "By Bob"})
    edit(bot, number, ALICE, values)
    bot.click(bot.card(number), APPROVE, ALICE)
    assert (suggestion_of(bot, number).state == "waiting") == is_own
    if is_own:
        assert "You changed the title or link" in bot.private(ALICE)
        bot.click(bot.card(number), APPROVE, BOB)
        assert suggestion_of(bot, number).state == "approved"


def test_a_vote_lapses_when_its_voter_asks_for_the_paper(bot: WorkspaceBot) -> None:
    set_policy(bot, "quorum: 2, self_approval: false")
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), APPROVE, ALICE)
    bot.click_private(SECOND, str(number), ALICE)
    bot.settle(3)
    bot.click(bot.card(number), APPROVE, BOB)
    assert suggestion_of(bot, number).approvals == (BOB,)


# Another channel


def test_what_belongs_to_an_old_card_goes_to_its_channel(bot: WorkspaceBot) -> None:
    """After PAPERS_REVIEW_CHANNEL has changed: details, edits, and that it is back."""
    number = bot.suggest(TITLE)
    bot.slack.channel("C0NEW", "new-review")
    moved = ReviewService(bot.database, "C0NEW")
    rules, alice = DecisionRules(is_reviewer=True), Person(ALICE)
    until: Action = Postpone(bot.clock.now)
    assert isinstance(moved.act(number, until, alice, bot.clock.now, rules), Transition)
    moved.wake(suggestion_of(bot, number), bot.clock.now)
    bot.settle(120)
    card = bot.card(number)
    assert card.channel == REVIEW
    assert [reply.broadcast for reply in bot.slack.thread(card)] == [False, True]
    assert not bot.slack.posted("C0NEW")
    posts = bot.slack.calls("chat.postMessage")
    assert sum(card_key(number) in json.dumps(call.args) for call in posts) == 1
    assert bot.outbox.depth().due == 0
