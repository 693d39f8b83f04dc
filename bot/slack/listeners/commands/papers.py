"""`/papers`: routes the words to a verb, and answers with the acknowledgement."""

from typing import Any

import structlog
from slack_bolt import Ack, App
from slack_sdk.models.views import View

from bot.counters import COMMAND_SECONDS, COMMANDS
from bot.errors import PapersError
from bot.slack.blocks.text import Replacement, SlackMessage, mrkdwn_message, text_message
from bot.slack.context import ListenerContext
from bot.slack.payloads import Command
from bot.slack.verbs import Verb, route

COMMAND = "/papers"

_log = structlog.get_logger()


def register(app: App, context: ListenerContext) -> None:
    """Register the command."""

    def papers(ack: Ack, command: dict[str, Any]) -> None:
        request = Command.read(command)
        verb, words = route(request.text)
        with COMMAND_SECONDS.labels(verb.name).time():
            message = answer(context, request, verb, words)
        COMMANDS.labels(verb.name).inc()
        _log.info("command", verb=verb.name)
        ack(text=message.text, blocks=message.blocks, response_type="ephemeral")

    app.command(COMMAND)(papers)


def answer(context: ListenerContext, command: Command, verb: Verb, words: str) -> SlackMessage:
    """Answer a command that was routed to a verb."""
    if verb.handler is None:
        return text_message(
            f"“{verb.name}” is not there yet. `/papers help` shows what is; "
            f'to look the word up, put it in quotes: /papers "{verb.name}".'
        )
    if verb.needs_words and not words:
        return mrkdwn_message(verb.usage)
    try:
        reply = verb.handler(context, command, words)
        if isinstance(reply, View):
            context.open_form(command, reply)
            return text_message("Please tell me about it in the form that I have opened.")
    except PapersError as error:
        return text_message(str(error))
    if isinstance(reply, Replacement):
        return reply.message
    return reply or mrkdwn_message(verb.usage)
