"""`/papers suggest`."""

from bot.catalog.links import read_reference
from bot.slack.context import ListenerContext
from bot.slack.listeners.declaration import Reply
from bot.slack.payloads import Command
from bot.slack.suggest_link import suggest_link

USAGE = (
    "Name a paper by its link, arXiv id or DOI: "
    "`/papers suggest https://arxiv.org/abs/2401.09670`. "
    "Its section and a few words why may follow."
)


def suggest(context: ListenerContext, command: Command, words: str) -> Reply:
    """`/papers suggest LINK [SECTION] [REASON]`."""
    address, _, rest = words.partition(" ")
    link = read_reference(address)
    if link is None:
        return None
    place, note = context.lookup.current().section_at_start(rest)
    return suggest_link(context, link, command.user, place.path if place else None, note)
