"""Adapters between Bolt and handlers: payloads become values, answers become replies.

A click or shortcut is acknowledged at once and answered through its `response_url`; a form is
answered with its acknowledgement. A person always gets an answer, also when a handler fails.
"""

import re
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import structlog
from slack_bolt import Ack, App, Respond
from slack_sdk.models.views import View

from bot.errors import PapersError
from bot.slack.blocks.modals import FormFaults, message_view
from bot.slack.blocks.text import Replacement, SlackMessage, text_message
from bot.slack.context import ListenerContext
from bot.slack.payloads import Body, Click, Interaction, MessageShortcut, Submission, kind_of

SORRY = "Something went wrong on my side, and it is logged. Please try again in a moment."

_log = structlog.get_logger()


Reply: TypeAlias = SlackMessage | Replacement | View | None
"""What a person sees after a click, shortcut or command: a private message, or a form."""
FormResult: TypeAlias = SlackMessage | Replacement | View | FormFaults | None
"""What a sent form becomes: a text, another form, itself with its faults; None: it closes."""
Event = TypeVar("Event", bound=Interaction)


def on_click(
    app: App,
    context: ListenerContext,
    action_id: str | re.Pattern[str],
    handler: Callable[[ListenerContext, Click], Reply],
) -> None:
    """Answer clicks on the elements with this action id."""
    app.action(action_id)(ack=acknowledge, lazy=[_replying(context, Click.read, handler)])


def on_shortcut(
    app: App,
    context: ListenerContext,
    callback_id: str,
    handler: Callable[[ListenerContext, MessageShortcut], Reply],
) -> None:
    """Answer uses of the message shortcut with this callback id."""
    lazy = [_replying(context, MessageShortcut.read, handler)]
    app.shortcut(callback_id)(ack=acknowledge, lazy=lazy)


def on_submission(
    app: App,
    context: ListenerContext,
    callback_id: str,
    handler: Callable[[ListenerContext, Submission], FormResult],
) -> None:
    """Answer submissions of the form with this callback id."""

    def submit(ack: Ack, body: dict[str, Any]) -> None:
        try:
            result = handler(context, Submission.read(body))
        except PapersError as error:
            result = text_message(str(error))
        match result:
            case None:
                ack()
            case FormFaults(errors):
                ack(response_action="errors", errors=dict(errors))
            case View():
                ack(response_action="update", view=result)
            case Replacement(message):
                ack(response_action="update", view=message_view(message))
            case SlackMessage():
                ack(response_action="update", view=message_view(result))

    app.view(callback_id)(submit)


def acknowledge(ack: Ack) -> None:
    """Tell Slack that the request has arrived, before anything is done for it."""
    ack()


def _replying(
    context: ListenerContext,
    read: Callable[[Body], Event],
    handler: Callable[[ListenerContext, Event], Reply],
) -> Callable[..., None]:
    """A lazy listener of Bolt's, which by itself only logs what fails in it."""

    def work(body: dict[str, Any], respond: Respond) -> None:
        try:
            event = read(body)
            reply = handler(context, event)
            if isinstance(reply, View):
                context.open_form(event, reply)
            elif isinstance(reply, Replacement):
                _reply(respond, reply.message, replace=isinstance(event, Click))
            elif reply:
                _reply(respond, reply)
        except PapersError as error:
            _reply(respond, text_message(str(error)))
        except Exception:  # noqa: BLE001  # whatever it is, a person waits for an answer
            _log.exception("a click failed", kind=kind_of(body))
            _reply(respond, text_message(SORRY))

    return work


def _reply(respond: Respond, message: SlackMessage, *, replace: bool = False) -> None:
    respond(
        text=message.text,
        blocks=message.blocks,
        response_type="ephemeral",
        replace_original=replace,
    )
