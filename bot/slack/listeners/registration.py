"""Registration of all listeners."""

from slack_bolt import App

from bot.slack.context import ListenerContext
from bot.slack.listeners import actions, errors, shortcuts, views
from bot.slack.listeners.adapters import Adapters
from bot.slack.listeners.commands import papers
from bot.slack.listeners.declaration import ClickListener, FormListener, ShortcutListener
from bot.slack.listeners.threads import ListenerThreads

CLICKS: tuple[ClickListener, ...] = actions.LISTENERS
SHORTCUTS: tuple[ShortcutListener, ...] = shortcuts.LISTENERS
FORMS: tuple[FormListener, ...] = views.LISTENERS


def register(app: App, context: ListenerContext, threads: ListenerThreads) -> None:
    """Register every listener on the app."""
    adapters = Adapters(app, context, threads)
    papers.register(adapters, context)
    for click in CLICKS:
        adapters.on_click(click)
    for shortcut in SHORTCUTS:
        adapters.on_shortcut(shortcut)
    for form in FORMS:
        adapters.on_form(form)
    errors.register(app)
