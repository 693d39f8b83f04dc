"""Commands and clicks: each is acknowledged, calls one use case, and is answered.

Registered on a Bolt App alike in Socket Mode and over HTTP. Whoever asks is always answered, in
private: also a click on a button of an older version, also when something breaks.
"""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from random import Random
from typing import Any

import structlog
from slack_bolt import Ack, App, BoltResponse, Respond
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from bot.catalog.names import KnownNames
from bot.counters import COMMAND_SECONDS, COMMANDS
from bot.errors import PapersError
from bot.lookup.catalog_lookup import CatalogLookup, LookupAnswer
from bot.slack.blocks import lookup as blocks
from bot.slack.blocks.lookup import AGAIN, NEXT, PAGE, PREVIOUS, SHARE, SlackMessage
from bot.slack.context import ListenerContext
from bot.slack.replies import SORRY, acknowledge, answering, reply
from bot.slack.request import PapersRequest, UnknownVerb, VerbRequest, read_command, read_value
from bot.slack.reviewing import Reviewing, said
from bot.slack.subscriptions import Subscriptions
from bot.slack.suggesting import Suggesting
from bot.slack.verbs import VerbHandlers

COMMAND = "/papers"

_OLD_BUTTON = "This button is from an older message of mine. Ask again with `/papers`."
_NOT_SHARED = "Slack did not take the message. Ask again with `/papers`, then share that."

_log = structlog.get_logger()


class Listeners:
    """What the bot listens to, over the use cases that answer."""

    def __init__(self, desk: ListenerContext, names: KnownNames, chance: Random) -> None:
        """`chance` decides what `/papers random` shows; `names` are those that forms know."""
        self._lookup, self._chance = desk.lookup, chance
        self._reviewing, self._suggesting = Reviewing(desk, names), Suggesting(desk, names)
        self._subscriptions = Subscriptions(desk, desk.subscribing)
        self._orders = VerbHandlers(desk, self._suggesting, self._subscriptions)

    def register(self, app: App) -> None:
        """Put every listener on the app; the last one catches clicks that nobody else knows."""
        app.command(COMMAND)(self.command)
        self._reviewing.register(app)
        self._suggesting.register(app)
        self._subscriptions.register(app)
        for action, work in (
            (PREVIOUS, self.turn),
            (NEXT, self.turn),
            (AGAIN, self.turn),
            (SHARE, self.share),
            (re.compile(""), self.unknown_click),
        ):
            app.action(action)(ack=acknowledge, lazy=[answering(work)])
        app.error(self.broken)

    def command(self, ack: Ack, command: Mapping[str, Any], client: WebClient) -> None:
        """`/papers …`: the answer goes back with the acknowledgement, in the same breath."""
        request = read_command(str(command.get("text") or ""))
        with COMMAND_SECONDS.labels(request.verb).time():
            message = self._answered(request, command, client)
        COMMANDS.labels(request.verb).inc()
        _log.info("command", verb=request.verb)
        ack(text=message.text, blocks=message.blocks, response_type="ephemeral")

    def _answered(
        self,
        request: PapersRequest | VerbRequest | UnknownVerb,
        command: Mapping[str, Any],
        client: WebClient,
    ) -> SlackMessage:
        try:
            match request:
                case UnknownVerb():
                    return blocks.text_message(_not_yet(request))
                case VerbRequest():
                    return self._orders.answer(request, command, client)
                case _:
                    return self._message(request)
        except PapersError as error:
            return blocks.text_message(str(error))

    def turn(self, body: Mapping[str, Any], respond: Respond) -> None:
        """*Previous*, *Next*, *Another*: the private message changes in place."""
        action = body["actions"][0]
        request = read_value(str(action.get("value") or ""))
        message = self._message(request) if request else blocks.text_message(_OLD_BUTTON)
        reply(respond, message, replace=True)

    def share(self, body: Mapping[str, Any], respond: Respond) -> None:
        """*Share*: the shown page, for all; by `response_url`, so no membership is needed."""
        action = body["actions"][0]
        request = read_value(str(action.get("value") or ""))
        lookup = self._lookup.current()
        answer = self._answer(lookup, request) if request else None
        if answer is None or not answer.results:
            reply(respond, blocks.text_message(_OLD_BUTTON), replace=False)
            return
        message = blocks.shared_results(lookup.catalog, answer, str(body["user"]["id"]))
        # Never sent twice: a repeated call after a dropped connection would post a second message.
        client = WebhookClient(str(body["response_url"]), retry_handlers=[])
        try:
            sent = client.send(
                text=message.text,
                blocks=message.blocks,
                response_type="in_channel",
                replace_original=False,
            )
            accepted = sent.status_code == HTTPStatus.OK
            problem = None if accepted else f"{sent.status_code} {sent.body[:100]}"
        except OSError as error:
            problem = str(error)
        if problem:
            _log.warning("not shared", reason=problem)
            reply(respond, blocks.text_message(_NOT_SHARED), replace=False)

    def unknown_click(self, body: Mapping[str, Any], respond: Respond) -> None:
        """A click on something that no version of this code knows is answered too."""
        action = body["actions"][0]
        if "url" in action:  # a link button; Slack opens it by itself
            return
        _log.warning("unknown click", action=str(action.get("action_id"))[:100])
        reply(respond, blocks.text_message(_OLD_BUTTON), replace=False)

    def broken(self, error: Exception, body: Mapping[str, Any]) -> BoltResponse:
        """What breaks while somebody waits: logged with its cause; the person is told."""
        kind = str(body.get("command") or body.get("type"))
        _log.error("a request failed", exc_info=error, kind=kind)
        if body.get("type") == "view_submission":
            view = said(SORRY).to_dict()
            return BoltResponse(status=200, body={"response_action": "update", "view": view})
        answer = {"response_type": "ephemeral", "text": SORRY}
        return BoltResponse(status=200, body=answer)

    def _message(self, request: PapersRequest) -> SlackMessage:
        lookup = self._lookup.current()
        if request.verb == "help":
            return blocks.help_message(lookup.catalog)
        answer = self._answer(lookup, request)
        if answer.unlisted:
            return self._suggesting.standing(answer.unlisted)
        if not answer.results:
            hint = _hint(request) if answer.kind == "error" else ""
            return blocks.text_message(f"{answer.message}{hint}")
        return blocks.results_message(lookup.catalog, answer, request)

    def _answer(self, lookup: CatalogLookup, request: PapersRequest) -> LookupAnswer:
        ask: Mapping[str, Callable[[int], LookupAnswer]] = {
            "search": lambda offset: lookup.answer(request.text, offset=offset, limit=PAGE),
            "recent": lambda offset: lookup.recent(offset=offset, limit=PAGE),
            "random": lambda _: lookup.random(request.text, self._chance),
        }
        answer = ask[request.verb](request.page * PAGE)
        if answer.total and not answer.results:  # the list has shrunk since the button was made
            return ask[request.verb]((answer.total - 1) // PAGE * PAGE)
        return answer


def _hint(request: PapersRequest) -> str:
    if request.verb == "random" and request.text:
        return f' To search for the word “random” itself, write /papers "random {request.text}".'
    return ""


def _not_yet(request: UnknownVerb) -> str:
    return (
        f"“{request.verb}” is not there yet. `/papers help` shows what is; "
        f'to look the word up, put it in quotes: /papers "{request.verb}".'
    )
