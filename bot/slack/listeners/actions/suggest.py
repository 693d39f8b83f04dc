"""Buttons below the answer to a lookup: *Suggest*, *Suggest a correction*."""

from bot.catalog.links import read_reference
from bot.slack.blocks.entry_form import entry_form
from bot.slack.blocks.lookup import CORRECT, SUGGEST
from bot.slack.blocks.text import mrkdwn_message
from bot.slack.context import ListenerContext
from bot.slack.listeners.commands.suggest import USAGE
from bot.slack.listeners.declaration import ClickListener, Reply, Timing
from bot.slack.payloads import Click
from bot.slack.suggest_link import suggest_link


def suggest(context: ListenerContext, click: Click) -> Reply:
    """*Suggest*: the link that was looked up."""
    link = read_reference(click.value)
    return suggest_link(context, link, click.user) if link else mrkdwn_message(USAGE)


def open_correction(context: ListenerContext, click: Click) -> Reply:
    """*Suggest a correction*: open a form about a listed paper."""
    entry = context.entry(click.value)
    context.check_writer(click.user)
    return entry_form("correct", click.value, entry, context.catalog)


LISTENERS = (
    ClickListener(action_id=SUGGEST, handler=suggest, timing=Timing.LATER),
    ClickListener(action_id=CORRECT, handler=open_correction, timing=Timing.LATER),
)
