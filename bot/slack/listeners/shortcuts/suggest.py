"""*Suggest for the list* in the menu of a message."""

from bot.catalog.links import read_reference
from bot.slack.blocks.modals import link_form
from bot.slack.blocks.text import mrkdwn_message
from bot.slack.context import ListenerContext
from bot.slack.listeners.declaration import Reply, ShortcutListener, Timing
from bot.slack.payloads import MessageShortcut
from bot.slack.suggest_link import suggest_link

SHORTCUT = "suggest_message"

_NO_LINK = "There is no link in this message. `/papers suggest LINK` suggests a paper by its link."


def suggest_message(context: ListenerContext, shortcut: MessageShortcut) -> Reply:
    """Suggest the link of a message; of several, ask which one."""
    if not shortcut.links:
        return mrkdwn_message(_NO_LINK)
    context.check_writer(shortcut.user)
    link = read_reference(shortcut.links[0])
    if len(shortcut.links) > 1 or link is None:
        return link_form(shortcut.links)
    return suggest_link(context, link, shortcut.user)


LISTENERS = (ShortcutListener(callback_id=SHORTCUT, handler=suggest_message, timing=Timing.LATER),)
