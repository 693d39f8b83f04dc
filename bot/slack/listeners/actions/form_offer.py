"""*Open the form*: repeats an interaction whose form Slack did not open in time."""

from dataclasses import replace

from bot.catalog.links import read_link
from bot.slack.blocks.form_offer import OPEN_FORM
from bot.slack.blocks.text import text_message
from bot.slack.context import ListenerContext
from bot.slack.listeners.actions import review, subscriptions, suggest
from bot.slack.listeners.actions.unknown import OLD_BUTTON
from bot.slack.listeners.commands.papers import reply_to
from bot.slack.listeners.declaration import ClickListener, Reply, Timing
from bot.slack.listeners.shortcuts.suggest import suggest_message
from bot.slack.payloads import Click, Command, MessageShortcut
from bot.slack.verbs import route

_CLICKS = {
    listener.action_id: listener.handler
    for listener in (*review.LISTENERS, *suggest.LISTENERS, *subscriptions.LISTENERS)
}


def open_form(context: ListenerContext, click: Click) -> Reply:
    """Answer the command, click or shortcut that the button carries, with the new trigger."""
    kind, _, rest = click.value.partition(" ")
    person = {
        "user": click.user,
        "user_name": click.user_name,
        "trigger": click.trigger,
        "channel": click.channel,
    }
    if kind == "command":
        return reply_to(context, Command(**person, text=rest), *route(rest))
    if kind == "links":
        links = tuple(filter(read_link, rest.split()))
        return suggest_message(context, MessageShortcut(**person, links=links))
    action_id, _, value = rest.partition(" ")
    handler = _CLICKS.get(action_id) if kind == "click" else None
    if handler is None:
        return text_message(OLD_BUTTON)
    return handler(context, replace(click, action_id=action_id, value=value))


LISTENERS = (ClickListener(action_id=OPEN_FORM, handler=open_form, timing=Timing.LATER),)
