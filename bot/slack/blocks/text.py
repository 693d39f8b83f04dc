"""Texts, messages and their parts in Slack's markup. Pure.

Limits are Slack's (https://docs.slack.dev/reference/block-kit/blocks): 50 blocks a message and
3,000 characters a section. A message of more than about 13,000 characters is refused though that
is not documented, so what foreign text can fill is bounded.
"""

import datetime as dt
import json
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    MarkdownTextObject,
    SectionBlock,
)

from bot.catalog.hosts import contains_address
from bot.catalog.links import mixed_host, read_link, shown_host
from bot.catalog.model import Catalog, Entry
from bot.review.model import is_removed

TITLE_LENGTH = 240
SENTENCE_LENGTH = 2800
_MESSAGE_LENGTH, _MESSAGE_BLOCKS = 12_000, 50
_ADDRESS_LENGTH = 500
_HOST_LENGTH = 40


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """A message: its blocks, and its text for notifications and screen readers."""

    text: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Replacement:
    """A message that takes the place of the one whose button was clicked, if there is one."""

    message: SlackMessage


def escape(text: str) -> str:
    """Escape foreign text for mrkdwn: nothing in it is a link, a mention or markup of Slack's.

    See https://docs.slack.dev/messaging/formatting-message-text#escaping.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shorten(text: str, limit: int) -> str:
    """Cut a text to at most `limit` characters, at a word."""
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,.;:") + "…"


def fit(text: str, limit: int) -> str:
    """Escape foreign text and cut it to at most `limit` characters."""
    short = shorten(text, limit)
    while len(escape(short)) > limit:
        short = shorten(short, len(short) * limit // len(escape(short)))
    return escape(short)


def mrkdwn(text: str) -> MarkdownTextObject:
    """Text with Slack's markup, its foreign parts escaped already.

    Verbatim: otherwise Slack makes links of what looks like a name or an address.
    """
    return MarkdownTextObject(text=text, verbatim=True)


def section(text: str) -> SectionBlock:
    """A paragraph of escaped text."""
    return SectionBlock(text=mrkdwn(text))


def small_print(*texts: str) -> ContextBlock:
    """Small grey lines of escaped text."""
    return ContextBlock(elements=[mrkdwn(text) for text in texts])


def text_message(text: str) -> SlackMessage:
    """A message of plain text, which is escaped."""
    shown = fit(text, SENTENCE_LENGTH)
    return SlackMessage(shown, (section(shown),))


def mrkdwn_message(text: str, *buttons: ButtonElement) -> SlackMessage:
    """A message of escaped mrkdwn, with buttons below."""
    parts = [text[at : at + SENTENCE_LENGTH] for at in range(0, len(text), SENTENCE_LENGTH)][:3]
    blocks: list[Block] = [section(part) for part in parts]
    if buttons:
        blocks.append(ActionsBlock(elements=list(buttons)))
    return SlackMessage(text[:SENTENCE_LENGTH], tuple(blocks))


def joined_message(*messages: SlackMessage) -> SlackMessage:
    """Several messages as one; blocks beyond Slack's limits are left out at the end."""
    taken: list[Block] = []
    length = 0
    for block in (block for message in messages for block in message.blocks):
        length += len(json.dumps(block.to_dict(), ensure_ascii=False))
        if length > _MESSAGE_LENGTH or len(taken) == _MESSAGE_BLOCKS:
            break
        taken.append(block)
    return SlackMessage(messages[0].text, tuple(taken))


def moment(at: dt.datetime) -> str:
    """Date and time in UTC: `3 Mar 2026, 09:00 UTC`."""
    return f"{day(at)}, {at:%H:%M} UTC"


def day(at: dt.date) -> str:
    """Date: `3 Mar 2026`."""
    return f"{at.day} {at:%b %Y}"


def mention(user: str | None) -> str:
    """Mention of a person by id; without an id it is the bot itself.

    A person whose data were removed has no id any more, and is not named.
    """
    if not user:
        return "the bot"
    return "a former member" if is_removed(user) else f"<@{user}>"


def mentions(users: tuple[str, ...]) -> str:
    """Mentions of several people."""
    return ", ".join(map(mention, users))


def bold_title(entry: Entry, limit: int = TITLE_LENGTH) -> str:
    """An entry's title in bold, without a link."""
    return f"*{fit(entry.title, limit)}*"


def linked_title(entry: Entry, *, bold: bool = False) -> str:
    """An entry's title with its link, and the host of the link."""
    return titled_link(entry.url, entry.title, TITLE_LENGTH, _ADDRESS_LENGTH, bold=bold)


def titled_link(
    url: str | None, title: str, title_limit: int, url_limit: int, *, bold: bool = False
) -> str:
    """A title that links to an address, and the host of the address unless it is arXiv or doi.org.

    The title has no link without an address, or with one longer than `url_limit`.
    """
    address = read_link(url or "")
    host = shown_host(address.url) if address else ""
    if len(host) > _HOST_LENGTH:
        host = f"…{host[-_HOST_LENGTH:]}"  # its end says whose it is
    label = fit(title, title_limit)
    title_link = link(address.url, label, url_limit) if address else label
    if address and title_link != label and contains_address(title):
        title_link, host = label, link(address.url, host or "its page", url_limit)
    shown = f"*{title_link}*" if bold else title_link
    return f"{shown} ({host})" if host else shown


def titled_card_link(address: str, title: str, limit: int) -> str:
    """A link to a card, with the title of its paper."""
    label = fit(title, limit)
    if contains_address(title):
        return f"{label} (<{address}|its card>)"
    return f"<{address}|{label}>"


def mixed_host_note(entry: Entry) -> str:
    """A warning of an address that mixes alphabets; else empty."""
    host = mixed_host(entry.url or "")
    return f":warning: The address mixes alphabets: {host}" if host else ""


def link(url: str, label: str, limit: int) -> str:
    """A link with an escaped label; the label alone without an address of at most `limit`."""
    address = escape(url.replace("|", "%7C"))
    return f"<{address}|{label}>" if 0 < len(address) <= limit else label


def venue_and_year(entry: Entry) -> str:
    """Venue and year (`OSDI 2024`), or the one of them that is known."""
    return " ".join(str(part) for part in (entry.venue, entry.year) if part)


def section_name(catalog: Catalog, path: str) -> str:
    """The titles down to a section, `LLM Systems › Serving`; its path if it is not on the list."""
    return catalog.section_titles(path, " › ") if path in catalog.places else path
