"""`/papers suggest`."""

import re
from difflib import get_close_matches

from bot.catalog.links import read_reference
from bot.catalog.model import Catalog
from bot.slack.blocks.text import fit, mrkdwn_message
from bot.slack.context import ListenerContext
from bot.slack.listeners.declaration import Reply
from bot.slack.payloads import Command
from bot.slack.suggest_link import suggest_link

USAGE = (
    "Name a paper by its link, arXiv id or DOI: "
    "`/papers suggest https://arxiv.org/abs/2401.09670`. "
    "Its section and a few words why may follow."
)

_PATH = re.compile(r"[a-z0-9-]+(?:/[a-z0-9-]+)+")


def suggest(context: ListenerContext, command: Command, words: str) -> Reply:
    """`/papers suggest LINK [SECTION] [REASON]`."""
    address, _, rest = words.partition(" ")
    link = read_reference(address)
    if link is None:
        return None
    place, note = context.lookup.current().section_at_start(rest)
    if place is None and (unknown := _unknown_section(note)):
        return mrkdwn_message(_no_section(context.catalog, unknown))
    return suggest_link(context, link, command.user, place.path if place else None, note)


def _unknown_section(words: str) -> str | None:
    """The section that somebody meant by the first words after a link: a path, or a single word.

    A reason has several words, and does not begin with a path.
    """
    first, _, rest = words.partition(" ")
    return first if first and (not rest or _PATH.fullmatch(first)) else None


def _no_section(catalog: Catalog, name: str) -> str:
    ids: dict[str, str] = {}
    for path, place in catalog.places.items():
        ids.setdefault(place.section.id, path)
    near = get_close_matches(name.casefold(), [*catalog.places, *ids], n=1, cutoff=0.7)
    guess = f" Did you mean `{ids.get(near[0], near[0])}`?" if near else ""
    return (
        f"The list has no section “{fit(name, 100)}”.{guess} Name one as `/papers help` shows it, "
        "or give your reason in a few words."
    )
