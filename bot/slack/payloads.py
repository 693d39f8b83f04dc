"""Payloads of Slack as typed values: the one module that reads their dictionaries.

https://docs.slack.dev/interactivity/handling-user-interaction describes them. What is missing, or
of another type than expected, reads as empty.
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from bot.catalog.links import Link, read_link
from bot.slack.sanitize import number_in

Body: TypeAlias = Mapping[str, Any]

_WRAPPED = re.compile(r"<(?P<address>(?:https?|mailto)[^|<>\s]*)(?:\|[^<>]*)?>")
_MAX_DEPTH = 12  # deeper than any message of Slack's
_ADDRESS_KEYS = frozenset({"url", "title_link", "from_url", "original_url"})
_TEXT_KEYS = frozenset({"text", "fallback", "value"})
_FOREIGN_KEYS = frozenset({"user_profile", "icons", "files"})
_METADATA = re.compile(r"in:(?P<channel>[A-Z0-9]+) (?P<about>.*)", re.DOTALL)
_ADDRESS = re.compile(r"https?://[^\s<>|\"“”]+[^\s<>|\"“”.,;:!?)\]]")


@dataclass(frozen=True, slots=True)
class FormValues:
    """Typed and chosen values of a form, by block id."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def text(self, block: str) -> str:
        """The text of a field on one line, or its chosen option; empty without either."""
        return next(iter(self.choices(block)), "")

    def choices(self, block: str) -> tuple[str, ...]:
        """The chosen options of a field, in the order in which they were chosen."""
        return self.fields.get(block, ())

    @classmethod
    def read(cls, state: object) -> "FormValues":
        """Read the `state` of a view or message."""
        match state:
            case {"values": Mapping() as blocks}:
                return cls({str(block): _choices(elements) for block, elements in blocks.items()})
            case _:
                return cls()


@dataclass(frozen=True, slots=True)
class SuggestionReference:
    """The suggestion that a button or a form is about, and its version when it was shown.

    As text: `12:3`. Buttons and forms of releases up to 0.1 carry the number alone.
    """

    number: int | None
    """None for what the bot could not have put there."""
    version: int
    """0: unknown."""
    rest: str = ""
    """The rest of the metadata, in forms that carry more."""

    @classmethod
    def read(cls, text: str) -> "SuggestionReference":
        """Read a button's value, or a form's `private_metadata`."""
        number, _, more = text.partition(":")
        version, _, rest = more.partition(":")
        return cls(number_in(number), number_in(version) or 0, rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """The person who acted, and how they can be answered."""

    user: str
    user_name: str
    trigger: str
    """Opens one form within three seconds."""
    channel: str
    """The channel of the act; empty if Slack does not tell."""
    response_url: str = ""
    """Takes private answers; a form has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Interaction):
    """A slash command."""

    text: str
    """As it was typed, without the command."""

    @classmethod
    def read(cls, body: Body) -> "Command":
        """Read the form of a command."""
        return cls(
            user=_text(body, "user_id"),
            user_name=_text(body, "user_name"),
            trigger=_text(body, "trigger_id"),
            channel=_text(body, "channel_id"),
            response_url=_text(body, "response_url"),
            text=unescape(_text(body, "text")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Click(Interaction):
    """A click on a button or a choice in a select."""

    action_id: str
    value: str
    state: FormValues
    """The selects of the message as the person sees them."""
    is_link: bool
    """Whether the button is a link, which Slack opens by itself."""
    is_private: bool
    """Whether the message is shown to the person alone."""

    @property
    def number(self) -> int | None:
        """The number that the button carries, if it is one."""
        return number_in(self.value)

    @property
    def suggestion(self) -> SuggestionReference:
        """The suggestion that the button is about."""
        return SuggestionReference.read(self.value)

    @classmethod
    def read(cls, body: Body) -> "Click":
        """Read a `block_actions` payload."""
        action = body["actions"][0]
        return cls(
            **_actor(body),
            **_origin(body),
            action_id=_text(action, "action_id"),
            value=_text(action, "value"),
            state=FormValues.read(body.get("state")),
            is_link="url" in action,
            is_private=_is_private(body.get("container")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission(Interaction):
    """A form that was sent."""

    about: str
    """The subject of the form, from its `private_metadata`."""
    values: FormValues

    @property
    def number(self) -> int | None:
        """The number that the form is about, if it is one."""
        return number_in(self.about)

    @property
    def suggestion(self) -> SuggestionReference:
        """The suggestion that the form is about."""
        return SuggestionReference.read(self.about)

    @classmethod
    def read(cls, body: Body) -> "Submission":
        """Read a `view_submission` payload."""
        view = body["view"]
        channel, about = split_metadata(_text(view, "private_metadata"))
        return cls(
            **_actor(body),
            channel=channel,
            about=about,
            values=FormValues.read(view.get("state")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageShortcut(Interaction):
    """A shortcut in the menu of a message."""

    links: tuple[str, ...]
    """The addresses in the message, each once."""

    @classmethod
    def read(cls, body: Body) -> "MessageShortcut":
        """Read a `message_action` payload."""
        links = (link.url for link in links_in(body.get("message") or {}))
        return cls(**_actor(body), **_origin(body), links=tuple(dict.fromkeys(links)))


def interaction_id(body: Body) -> str:
    """The id of the button, form or shortcut that a payload is about; empty for any other."""
    match body:
        case {"actions": [{"action_id": str(name)}, *_]}:
            return name
        case {"view": {"callback_id": str(name)}} | {"callback_id": str(name)}:
            return name
        case _:
            return ""


def kind_of(body: Body) -> str:
    """The command of a payload, or its type: `view_submission`, `block_actions`, …."""
    return _text(body, "command") or _text(body, "type")


def links_in(message: Mapping[str, object]) -> Iterator[Link]:
    """Every link in a message: in its text, its blocks and its attachments."""
    for address in _addresses(message, 0):
        if link := read_link(html.unescape(address)):
            yield link


def unescape(text: str) -> str:
    """Text as it was typed: Slack escapes `&`, `<` and `>`, and wraps addresses."""
    return html.unescape(_WRAPPED.sub(lambda match: match["address"], text)).strip()


def join_metadata(channel: str, about: str) -> str:
    """The subject of a form or button, after the channel in which it was asked for."""
    return f"in:{channel} {about}" if channel else about


def split_metadata(metadata: str) -> tuple[str, str]:
    """The channel of a form or button, empty if unknown, and its subject."""
    match = _METADATA.fullmatch(metadata)
    return (match["channel"], match["about"]) if match else ("", metadata)


def _origin(body: Body) -> dict[str, str]:
    return {
        "channel": _text(body.get("channel"), "id"),
        "response_url": _text(body, "response_url"),
    }


def _actor(body: Body) -> dict[str, str]:
    user = body.get("user")
    return {
        "user": _text(user, "id"),
        "user_name": _text(user, "name"),
        "trigger": _text(body, "trigger_id"),
    }


def _is_private(container: object) -> bool:
    return isinstance(container, Mapping) and container.get("is_ephemeral") is True


def _text(fields: object, key: str) -> str:
    return str(fields.get(key) or "") if isinstance(fields, Mapping) else ""


def _choices(elements: object) -> tuple[str, ...]:
    """The values of the element in a block."""
    match next(iter(elements.values()), None) if isinstance(elements, Mapping) else None:
        case {"value": str(text)} if text.strip():
            return (" ".join(text.split()),)
        case {"selected_option": {"value": str(value)}}:
            return (value,)
        case {"selected_options": list(options)}:
            return tuple(_text(option, "value") for option in options)
        case _:
            return ()


def _addresses(part: object, depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(part, Mapping):
        for key, value in part.items():
            yield from _addresses_of_field(str(key), value, depth)
    elif isinstance(part, Sequence) and not isinstance(part, str):
        for value in part:
            yield from _addresses(value, depth + 1)


def _addresses_of_field(key: str, value: object, depth: int) -> Iterator[str]:
    if not isinstance(value, str):
        if key not in _FOREIGN_KEYS:
            yield from _addresses(value, depth + 1)
    elif key in _ADDRESS_KEYS:
        yield value
    elif key in _TEXT_KEYS:
        yield from (match[0] for match in _ADDRESS.finditer(value))
