"""A request for every listener of the bot, so that a law can be tested for all of them.

`test_every_listener_has_a_case` fails for a listener that is missing here.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.slack.blocks import cards, entry_form, lookup, modals, subscriptions
from bot.slack.blocks.form_offer import OPEN_FORM
from bot.slack.listeners.declaration import Timing
from bot.slack.listeners.registration import CLICKS, FORMS, SHORTCUTS
from bot.slack.listeners.shortcuts.suggest import SHORTCUT
from bot.slack.lookup_request import LookupRequest
from bot.slack.verbs import SEARCH, VERBS
from tests.slack.fake import ALICE, PAPERS, View
from tests.slack.fake.interactions import form
from tests.slack.workspace_bot import SERVING, WorkspaceBot

PAGE = "https://www.usenix.org/conference/osdi26/presentation/made-up"
LISTED = "distserve: disaggregating prefill and decoding"

MakeBody: TypeAlias = Callable[[], str]
"""Makes the body of a request, with a trigger and a `response_url` of its own."""
Prepare: TypeAlias = Callable[[WorkspaceBot, int, str], MakeBody]
"""Prepares a person's requests about a suggestion, while Slack is quick."""


@dataclass(frozen=True)
class Case:
    """A listener, with requests to it."""

    name: str
    timing: Timing
    prepare: Prepare
    opens_form: bool = False
    is_silent: bool = False
    """Whether an acknowledgement is the whole answer."""


def _command(words: str) -> Prepare:
    def prepare(bot: WorkspaceBot, number: int, user: str) -> MakeBody:
        return lambda: bot.slack.command(words.replace("NUMBER", str(number)), user)

    return prepare


def _click(action: str, value: str) -> Prepare:
    def prepare(bot: WorkspaceBot, number: int, user: str) -> MakeBody:
        filled = value.replace("NUMBER", str(number))
        if value == "ENTRY":
            filled = _entry(bot)
        if value == "SUBSCRIPTION":
            filled = _subscription(bot)

        def make_body() -> str:
            """The present card's button, as it is when the request is made."""
            present = filled.replace("VERSION", str(_version(bot, number)))
            return form(bot.private_click(action, present, user))

        return make_body

    return prepare


def _form(opening: Callable[[WorkspaceBot, int], object], values: Mapping[str, object]) -> Prepare:
    """A form that alice opens, and any person sends."""

    def prepare(bot: WorkspaceBot, number: int, user: str) -> MakeBody:
        opening(bot, number)
        view: View = bot.slack.views[-1]
        return lambda: form(bot.slack.submit(view, values, user))

    return prepare


def _opened_by(action: str, value: str) -> Callable[[WorkspaceBot, int], object]:
    def opening(bot: WorkspaceBot, number: int) -> None:
        bot.post(_click(action, value)(bot, number, ALICE)())
        bot.wait()

    return opening


def _use_shortcut(bot: WorkspaceBot, _number: int) -> None:
    bot.post(_shortcut(bot, 0, ALICE)())
    bot.wait()


def _shortcut(bot: WorkspaceBot, _number: int, user: str) -> MakeBody:
    text = "<https://arxiv.org/abs/2603.00012> or <https://arxiv.org/abs/2603.00013|this>"
    message = bot.slack.say(user, text)
    return lambda: form(bot.slack.shortcut(message, SHORTCUT, user))


def _entry(bot: WorkspaceBot) -> str:
    answer = bot.command("2401.09670", ALICE)
    return str(_buttons(answer)[lookup.CORRECT])


def _version(bot: WorkspaceBot, number: int) -> int:
    suggestion = bot.suggestions.get(number)
    return suggestion.version if suggestion else 0


def _subscription(bot: WorkspaceBot) -> str:
    active = bot.subscriptions.active(PAPERS, bot.clock.now)
    if not active:
        bot.command("subscribe serving", ALICE)
        active = bot.subscriptions.active(PAPERS, bot.clock.now)
    return str(active[0].subscription.id)


def _buttons(message: Mapping[str, Any]) -> dict[str, str]:
    return {
        element["action_id"]: element["value"]
        for block in message["blocks"]
        for element in block.get("elements", [])
        if element.get("type") == "button"
    }


_COMMANDS = {
    SEARCH.name: "kv cache",
    "help": "help",
    "recent": "recent",
    "random": "random",
    "suggest": f"suggest {PAGE} serving it is fast",
    "pending": "pending",
    "history": "history NUMBER",
    "subscribe": "subscribe serving daily at 9:00",
    "unsubscribe": "unsubscribe",
    "subscriptions": "subscriptions",
    "pause": "pause 1 day",
    "cite": "cite 2401.09670",
    "stats": "stats",
}
_PAGE_2 = LookupRequest("search", "serving", 1).to_value()
_CARD = "NUMBER:VERSION"
_VALUES = {
    cards.APPROVE: _CARD,
    cards.UNDO: _CARD,
    cards.SECOND: "NUMBER",
    cards.REOPEN: "NUMBER",
    cards.REJECT: _CARD,
    cards.LATER: _CARD,
    cards.EDIT: _CARD,
    cards.SECTION: SERVING,
    lookup.SUGGEST: PAGE,
    lookup.CORRECT: "ENTRY",
    lookup.PREVIOUS: _PAGE_2,
    lookup.NEXT: _PAGE_2,
    lookup.OPEN: LookupRequest("search", "serving", 1, "0" * 16).to_value(),
    lookup.BACK: _PAGE_2,
    lookup.AGAIN: LookupRequest("random").to_value(),
    lookup.SHARE: _PAGE_2,
    subscriptions.EDIT: "SUBSCRIPTION",
    subscriptions.END: "SUBSCRIPTION",
    subscriptions.JOIN: PAPERS,
    OPEN_FORM: f"click {cards.REOPEN} NUMBER",
    "an:old:button": "x",
}
_OPENS_FORM = {
    "suggest",
    *(cards.REOPEN, cards.REJECT, cards.LATER, cards.EDIT),
    *(lookup.SUGGEST, lookup.CORRECT, subscriptions.EDIT, OPEN_FORM),
    SHORTCUT,
}
_ENTRY = {"title": "A Made-Up Talk", "sections": [SERVING]}
_FORMS = {
    modals.REJECTED: _form(_opened_by(cards.REJECT, _CARD), {"words": "a survey"}),
    modals.POSTPONED: _form(_opened_by(cards.LATER, _CARD), {"when": "0"}),
    modals.REOPENED: _form(_opened_by(cards.REOPEN, "NUMBER"), {"words": "it is new"}),
    modals.CHOSEN_LINK: _form(_use_shortcut, {"link": "1"}),
    entry_form.EDITED: _form(_opened_by(cards.EDIT, _CARD), {"title": "Another"}),
    entry_form.SUGGESTED: _form(_opened_by(lookup.SUGGEST, PAGE), _ENTRY),
    entry_form.CORRECTED: _form(_opened_by(lookup.CORRECT, "ENTRY"), {"venue": "SOSP"}),
    subscriptions.FORM: _form(_opened_by(subscriptions.EDIT, "SUBSCRIPTION"), {"when": "0"}),
}


def _all_cases() -> list[Case]:
    verbs = {verb.name: verb for verb in (SEARCH, *VERBS.values())}
    cases = [
        Case(f"/papers {name}", verbs[name].timing, _command(words), name in _OPENS_FORM)
        for name, words in _COMMANDS.items()
    ]
    clicks = {name_of(listener.action_id): listener for listener in CLICKS}
    cases += [
        Case(
            f"click {name}",
            clicks[name].timing,
            _click(name, value),
            opens_form=name in _OPENS_FORM,
            is_silent=name == cards.SECTION,
        )
        for name, value in _VALUES.items()
    ]
    cases += [
        Case(f"shortcut {listener.callback_id}", listener.timing, _shortcut, opens_form=True)
        for listener in SHORTCUTS
    ]
    forms = {listener.callback_id: listener for listener in FORMS}
    cases += [
        Case(f"form {name}", forms[name].timing, prepare) for name, prepare in _FORMS.items()
    ]
    return cases


def name_of(action_id: str | re.Pattern[str]) -> str:
    """The action id, or the one of a made-up button for the listener that takes all others."""
    return action_id if isinstance(action_id, str) else "an:old:button"


CASES = _all_cases()
LATER = [case for case in CASES if case.timing is Timing.LATER]


def registered() -> set[str]:
    """The names of all listeners, as those of their cases."""
    return {
        *(f"/papers {verb.name}" for verb in (SEARCH, *VERBS.values())),
        *(f"click {name_of(listener.action_id)}" for listener in CLICKS),
        *(f"shortcut {listener.callback_id}" for listener in SHORTCUTS),
        *(f"form {listener.callback_id}" for listener in FORMS),
    }
