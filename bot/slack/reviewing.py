"""Clicks and forms on cards: each is acknowledged, tried as one decision, and answered.

What a decision changes on the card reaches Slack by the outbox. Who may not decide, or comes too
late, gets a private sentence; a form that is refused says so in its own place.
"""

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.models.views import View

from bot.catalog.names import KnownNames
from bot.errors import PapersError
from bot.review.decision import (
    Action,
    Approve,
    Edit,
    Postpone,
    Refusal,
    Reject,
    Reopen,
    Second,
    Undo,
)
from bot.review.model import Suggestion
from bot.slack.api_errors import count
from bot.slack.blocks import lookup as blocks
from bot.slack.blocks import modals as forms
from bot.slack.blocks.cards import APPROVE, CHOSEN, EDIT, LATER, REJECT, SECTION, UNDO
from bot.slack.blocks.sentences import refusal
from bot.slack.context import ListenerContext
from bot.slack.replies import acknowledge, answering, reply
from bot.slack.sanitize import number_in

SECOND, REOPEN = "review:second", "review:reopen"

_UNKNOWN = "I do not know this suggestion any more. `/papers pending` shows what waits."
_NO_SECTION = "Its section is not on the list any more. Choose another on the card, then approve."
_SLOW = "Slack gave me too little time to open the form. Please click once more."

_log = structlog.get_logger()


class Reviewing:
    """What the bot listens to on cards."""

    def __init__(self, desk: ListenerContext, names: KnownNames) -> None:
        """`names` make what people write canonical."""
        self._desk, self._names = desk, names

    def register(self, app: App) -> None:
        """Put the listeners on the app."""
        clicks: Mapping[str, Callable[..., None]] = {
            APPROVE: self.approve,
            UNDO: self.undo,
            SECOND: self.second,
        }
        for action, work in clicks.items():
            app.action(action)(ack=acknowledge, lazy=[answering(work)])
        opening: Mapping[str, Callable[[Suggestion], View]] = {
            REJECT: lambda one: forms.reject_form(one.id, one.subject.entry.title),
            LATER: lambda one: forms.later_form(one.id, one.subject.entry.title),
            EDIT: self._edit_form,
            REOPEN: lambda one: forms.reopen_form(
                one.id, one.subject.entry.title, one.reason or ""
            ),
        }
        for action, form in opening.items():
            app.action(action)(ack=acknowledge, lazy=[self._opener(form)])
        app.action(SECTION)(acknowledge)
        for callback, read in (
            (forms.REJECTED, self._read_rejection),
            (forms.POSTPONED, self._read_later),
            (forms.REOPENED, self._read_reopening),
            (forms.EDITED, self._read_edit),
        ):
            app.view(callback)(self._submission(read))

    def approve(self, body: dict[str, Any], respond: Respond) -> None:
        """*Approve*: with the section that the select shows."""
        one = self._suggestion(body, respond)
        if one is None:
            return
        section = _chosen_section(body)
        home = section or (one.subject.entry.home if one.subject.kind == "addition" else None)
        if home and home not in self._desk.catalog.places:
            reply(respond, blocks.text_message(_NO_SECTION), replace=False)
            return
        self._act(one, Approve(section), body, respond)

    def undo(self, body: dict[str, Any], respond: Respond) -> None:
        """*Undo*: the decision is taken back."""
        if one := self._suggestion(body, respond):
            self._act(one, Undo(), body, respond)

    def second(self, body: dict[str, Any], respond: Respond) -> None:
        """*I want it, too*: the card says so."""
        one = self._suggestion(body, respond)
        if one and self._act(one, Second(), body, respond):
            reply(respond, blocks.text_message("Thank you; the card says so now."), replace=False)

    def _act(
        self, one: Suggestion, action: Action, body: Mapping[str, Any], respond: Respond
    ) -> bool:
        """Try it; whether it was taken. A refusal is told in private."""
        desk, user = self._desk, str(body["user"]["id"])
        rules = desk.rules(user, one)
        outcome = desk.review.act(one.id, action, desk.actor(body), desk.now(), rules)
        _log.info("review", action=type(action).__name__.lower(), suggestion=one.id)
        if isinstance(outcome, Refusal):
            reply(respond, blocks.mrkdwn_message(refusal(outcome)), replace=False)
        return not isinstance(outcome, Refusal)

    def _suggestion(self, body: Mapping[str, Any], respond: Respond) -> Suggestion | None:
        number = number_in(body["actions"][0].get("value"))
        one = self._desk.suggestions.get(number) if number is not None else None
        if one is None:
            reply(respond, blocks.text_message(_UNKNOWN), replace=False)
        return one

    def _opener(self, form: Callable[[Suggestion], View]) -> Callable[..., None]:
        """Opens a form, for whom it may be of use."""

        def open_form(body: dict[str, Any], respond: Respond, client: WebClient) -> None:
            one = self._suggestion(body, respond)
            if one is None:
                return
            action, user = str(body["actions"][0]["action_id"]), str(body["user"]["id"])
            if action != REOPEN and not self._desk.may_review(user):
                words = refusal(Refusal("not a reviewer", one))
                reply(respond, blocks.mrkdwn_message(words), replace=False)
                return
            if action != REOPEN and one.state in {"approved", "rejected"}:
                reply(
                    respond, blocks.mrkdwn_message(refusal(Refusal("decided", one))), replace=False
                )
                return
            open_view(client, str(body["trigger_id"]), form(one), respond)

        return answering(open_form)

    def _edit_form(self, one: Suggestion) -> View:
        return forms.entry_form("edit", str(one.id), one.subject.after, self._desk.catalog)

    def _submission(
        self, read: Callable[[Suggestion, Mapping[str, Any]], Action | forms.FormFaults]
    ) -> Callable[..., None]:
        """Takes a submitted form: an action, tried at once, or what is wrong in the form."""

        def submit(ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
            number = number_in(view.get("private_metadata"))
            one = self._desk.suggestions.get(number) if number is not None else None
            if one is None:
                ack(response_action="update", view=said(_UNKNOWN))
                return
            action = read(one, view["state"]["values"])
            if isinstance(action, forms.FormFaults):
                ack(response_action="errors", errors=dict(action.errors))
                return
            try:
                rules = self._desk.rules(str(body["user"]["id"]), one)
            except PapersError as error:
                ack(response_action="update", view=said(str(error)))
                return
            actor, now = self._desk.actor(body), self._desk.now()
            outcome = self._desk.review.act(one.id, action, actor, now, rules)
            _log.info("review", action=type(action).__name__.lower(), suggestion=one.id)
            if isinstance(outcome, Refusal):
                ack(response_action="update", view=said(refusal(outcome)))
            else:
                ack()

        return submit

    def _read_rejection(
        self, _one: Suggestion, values: Mapping[str, Any]
    ) -> Action | forms.FormFaults:
        parts = (forms.answer(values, "reason"), forms.answer(values, "words"))
        reason = ": ".join(part for part in parts if part)
        if not reason:
            return forms.FormFaults({"words": "Choose a reason, or write a few words."})
        return Reject(reason)

    def _read_later(
        self, _one: Suggestion, values: Mapping[str, Any]
    ) -> Action | forms.FormFaults:
        at = number_in(forms.answer(values, "when"))
        if at is None or at >= len(forms.LATERS):
            return forms.FormFaults({"when": "Choose when."})
        return Postpone(self._desk.now() + forms.LATERS[at][1])

    def _read_reopening(
        self, _one: Suggestion, values: Mapping[str, Any]
    ) -> Action | forms.FormFaults:
        words = forms.answer(values, "words")
        return Reopen(words) if words else forms.FormFaults({"words": "Say what is new."})

    def _read_edit(self, one: Suggestion, values: Mapping[str, Any]) -> Action | forms.FormFaults:
        entry = forms.read_entry(values, one.subject.after, self._names)
        return Edit(entry) if not isinstance(entry, forms.FormFaults) else entry


def open_view(client: WebClient, trigger: str, view: View, respond: Respond) -> bool:
    """Open a form; whoever clicked is told when Slack does not let us."""
    try:
        client.views_open(trigger_id=trigger, view=view)
    except (SlackApiError, OSError) as error:
        count(error)
        _log.warning("a form could not be opened", reason=str(error)[:200])
        reply(respond, blocks.text_message(_SLOW), replace=False)
        return False
    return True


def said(words: str) -> View:
    """A form that has become a sentence."""
    section = blocks.section(words[:2900])
    return View(type="modal", title="Papers", close="Close", blocks=[section])


def _chosen_section(body: Mapping[str, Any]) -> str | None:
    """What the card's select shows, if somebody changed it."""
    values: Mapping[str, Any] = (body.get("state") or {}).get("values") or {}
    number = str(body["actions"][0].get("value") or "")
    for block, fields in values.items():
        if block.startswith(f"{CHOSEN}:{number}:"):
            option = (fields.get(SECTION) or {}).get("selected_option")
            return str(option["value"]) if option else None
    return None
