"""Adapters between Bolt and listeners: payloads become values, replies become answers.

    request ──► at once: the answer comes with the acknowledgement (a click's right after it)
            └─► later: acknowledged, then carried out by `ListenerThreads.later`

A person always gets an answer, also when a handler fails, when too many are waiting, and when
Slack does not take the answer: then it goes by the outbox.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

import structlog
from slack_bolt import Ack, App
from slack_sdk.errors import SlackApiError
from slack_sdk.models.views import View

from bot.errors import PapersError
from bot.slack.api_errors import CALL_FAILURES, count, failure_code
from bot.slack.blocks.form_offer import OPEN_FORM, form_offer
from bot.slack.blocks.modals import FormFaults, message_view
from bot.slack.blocks.text import Replacement, SlackMessage, text_message
from bot.slack.context import FormNotOpenedError, ListenerContext
from bot.slack.listeners.declaration import (
    ClickListener,
    Deferred,
    FormListener,
    Reply,
    ShortcutListener,
    Timing,
)
from bot.slack.listeners.threads import ListenerThreads
from bot.slack.payloads import (
    Click,
    Command,
    Interaction,
    MessageShortcut,
    Submission,
    join_metadata,
)
from bot.slack.response_url import post_response

SORRY = "Something went wrong on my side, and it is logged. Please try again in a moment."
BUSY = (
    "Slack answers slowly at present, and many people are waiting. Please try again in a minute."
)

_TRY_AGAIN = "Slack did not answer me in time. Please try again in a minute."
_NO_ANSWER = (SlackApiError, HTTPException, URLError, TimeoutError)
_FORM_OPENED = "Please tell me about it in the form that I have opened."

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Adapters:
    """Registers listeners on an app."""

    app: App
    context: ListenerContext
    threads: ListenerThreads

    def on_click(self, listener: ClickListener) -> None:
        """Answer clicks on the elements of a listener."""

        def click(ack: Ack, body: dict[str, Any]) -> None:
            ack()
            event = Click.read(body)
            is_later = listener.timing is Timing.LATER
            executor = self.threads.later if is_later else self.threads.lookups
            work = self._work(event, partial(listener.handler, self.context, event))
            if not executor.submit(work):
                self._refuse(event)

        self.app.action(listener.action_id)(click)

    def on_shortcut(self, listener: ShortcutListener) -> None:
        """Answer uses of a message shortcut."""

        def shortcut(ack: Ack, body: dict[str, Any]) -> None:
            ack()
            event = MessageShortcut.read(body)
            work = self._work(event, partial(listener.handler, self.context, event))
            if not self.threads.later.submit(work):
                self._refuse(event)

        self.app.shortcut(listener.callback_id)(shortcut)

    def on_form(self, listener: FormListener) -> None:
        """Answer submissions of a form."""

        def submit(ack: Ack, body: dict[str, Any]) -> None:
            event = Submission.read(body)
            try:
                result = listener.handler(self.context, event)
            except PapersError as error:
                result = text_message(str(error))
            if not isinstance(result, Deferred):
                _acknowledge_form(ack, event, result)
            elif self.threads.later.submit(self._work(event, result.work)):
                ack()  # the form closes
            else:
                _acknowledge_form(ack, event, _form_refusal(event))

        self.app.view(listener.callback_id)(submit)

    def on_command(
        self, command: str, answer: Callable[[Command], SlackMessage | Callable[[], Reply]]
    ) -> None:
        """Answer a slash command.

        `answer` returns the message, or the work that makes the reply after the acknowledgement.
        """

        def run(ack: Ack, body: dict[str, Any]) -> None:
            event = Command.read(body)
            message = answer(event)
            if not isinstance(message, SlackMessage):
                if self.threads.later.submit(self._work(event, message)):
                    ack()
                    return
                message = text_message(BUSY)
            ack(text=message.text, blocks=message.blocks, response_type="ephemeral")

        self.app.command(command)(run)

    def _refuse(self, event: Interaction) -> None:
        """Tell a person that their click finds no room; without waiting for Slack."""
        _log.warning("too many people are waiting", kind=type(event).__name__)
        sentence = text_message(BUSY)
        if not self.threads.notices.submit(self._work(event, lambda: sentence)):
            self.context.notify(event.user, sentence)

    def _work(self, event: Interaction, handler: Callable[[], Reply]) -> Callable[[], None]:
        """Work that runs a handler and answers the person; it raises nothing."""

        def work() -> None:
            try:
                self._answer(event, self._reply(event, handler))
            except Exception:  # noqa: BLE001  # the executor would drop it without a word
                _log.exception("an answer was lost", kind=type(event).__name__)

        return work

    def _reply(
        self, event: Interaction, handler: Callable[[], Reply]
    ) -> SlackMessage | Replacement | None:
        """The reply of a handler; a form is opened, and a failure becomes a sentence."""
        try:
            reply = handler()
            if not isinstance(reply, View):
                return reply
            self.context.open_form(event, reply)
        except FormNotOpenedError as error:
            offer = form_offer(event, str(error))
            is_repeated = isinstance(event, Click) and event.action_id == OPEN_FORM
            return Replacement(offer) if is_repeated else offer
        except PapersError as error:
            return text_message(str(error))
        except _NO_ANSWER as error:
            count(error)
            _log.warning("Slack did not answer a listener", reason=failure_code(error))
            return text_message(_TRY_AGAIN)
        except Exception:  # noqa: BLE001  # whatever it is, a person waits for an answer
            _log.exception("a listener failed", kind=type(event).__name__)
            return text_message(SORRY)
        return text_message(_FORM_OPENED) if isinstance(event, Command) else None

    def _answer(self, event: Interaction, reply: SlackMessage | Replacement | None) -> None:
        if isinstance(reply, Replacement):
            self._send(event, reply.message, replace=isinstance(event, Click))
        elif reply:
            self._send(event, reply)

    def _send(self, event: Interaction, message: SlackMessage, *, replace: bool = False) -> None:
        """Send a private message; by the outbox if Slack does not take it now.

        After a time-out the message may have arrived nevertheless; then it comes twice.
        """
        problem = self._post(event, message, replace=replace)
        if problem is not None:
            _log.warning("a private answer goes by the outbox", reason=problem)
            self.context.notify(event.user, message)

    def _post(self, event: Interaction, message: SlackMessage, *, replace: bool) -> str | None:
        """Post a private message; the problem if Slack does not take it."""
        if event.response_url:
            return post_response(event.response_url, message, replace=replace)
        if not event.channel:
            return "the channel is not known"
        try:
            self.context.clients.interactive.chat_postEphemeral(
                channel=event.channel, user=event.user, text=message.text, blocks=message.blocks
            )
        except CALL_FAILURES as error:
            count(error)
            return failure_code(error)
        return None


def _form_refusal(event: Submission) -> FormFaults | SlackMessage:
    """The sentence that there is no room; the form stays open with what was typed."""
    field = next(iter(event.values.fields), None)
    return FormFaults({field: BUSY}) if field else text_message(BUSY)


def _acknowledge_form(
    ack: Ack, event: Submission, result: SlackMessage | View | FormFaults
) -> None:
    match result:
        case FormFaults(errors):
            ack(response_action="errors", errors=dict(errors))
        case View():
            result.private_metadata = join_metadata(event.channel, result.private_metadata or "")
            ack(response_action="update", view=result)
        case SlackMessage():
            ack(response_action="update", view=message_view(result))
