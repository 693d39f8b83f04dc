"""Hides secrets in log lines, tracebacks and the output of commands.

The bot itself writes no secret. Libraries do, at DEBUG or in errors, and any address may hold a
password; so all output passes through a Redactor.
"""

import base64
import html
import re
from collections.abc import Iterator
from urllib.parse import unquote

import sqlalchemy as sa
from pydantic import SecretStr

from bot.settings import Settings

HIDDEN = "[secret]"
_MIN_LENGTH = 8
"""Shorter passwords are hidden in addresses alone: elsewhere they would hide common words."""
_MIN_PART = 12
"""The beginning of a secret is hidden from this length on: a library may cut its messages."""
_BACKSLASHES = r"\\{1,8}"  # each level of quoting doubles them
_PATTERNS = re.compile(
    r"xox[a-z]-[A-Za-z0-9-]+|xapp-[A-Za-z0-9-]+"  # tokens of any Slack workspace
    r"|gh[opsur]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}"  # GitHub's
    r"|(?<=[?&]ticket=)[^\s&\"']+"  # opens a socket as the bot
    r"|(?<=hooks\.slack\.com/)[^\s\"']+"  # the address alone permits an answer
    r"|(?<=Bearer )[^\s\"']+"
    r"|(?<=Basic )[A-Za-z0-9+/=_-]{8,}"
)
_IN_ADDRESS = re.compile(r"(?<=://)[^\s/@\"']{0,100}:[^\s\"']{0,200}(?=@)")


class Redactor:
    """Replaces secrets in text, also where a library has quoted, encoded or cut them."""

    def __init__(self, settings: Settings | None) -> None:
        """Without settings, only what looks like a secret is hidden."""
        words = sorted(set(_secrets(settings)) if settings else (), key=len, reverse=True)
        patterns = [*map(_written, words), *(form for word in words for form in _base64(word))]
        self._own = re.compile("|".join(patterns)) if patterns else None

    def __call__(self, text: str) -> str:
        """Return the text with secrets replaced."""
        if self._own:
            text = self._own.sub(HIDDEN, text)
        return _IN_ADDRESS.sub(HIDDEN, _PATTERNS.sub(HIDDEN, text))


def _secrets(settings: Settings) -> Iterator[str]:
    words = [
        value.get_secret_value().strip()
        for name, value in (
            (name, getattr(settings, name)) for name in type(settings).model_fields
        )
        if isinstance(value, SecretStr) and name != "database_url"
    ]
    yield from (word for word in (*words, *_passwords(settings.database)) if _is_long(word))


def _passwords(url: str) -> Iterator[str]:
    """The password of a database's URL, as written, decoded, and as drivers split it."""
    _, _, address = url.partition("://")
    login, _, place = address.rpartition("@")
    written = login.partition(":")[2]
    yield from (written, unquote(written))
    for at in re.finditer("@", written):  # taken for the end of the password
        yield f"{written[at.end() :]}@{place}"
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        return
    values = (parsed.password, parsed.query.get("password"))
    yield from (str(value) for value in values if value)


def _is_long(word: str) -> bool:
    return len(word) >= _MIN_LENGTH


def _written(word: str) -> str:
    """A pattern of a secret, or of a long beginning of it, each character in any form."""
    characters = [_character(character) for character in word]
    needed, more = characters[:_MIN_PART], characters[_MIN_PART:]
    return "".join([*needed, *(f"(?:{form})?" for form in more)])


def _character(character: str) -> str:
    """A pattern of a character as it is, and as escaped by Python, JSON, HTML and addresses."""
    code = ord(character)
    units = character.encode("utf-16-be")
    escaped = [
        "".join(rf"{_BACKSLASHES}u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)),
        rf"{_BACKSLASHES}U{code:08x}",
        rf"&#(?:0{{0,6}}{code}|x0{{0,6}}{code:x});",
        "".join(f"%(?:25){{0,4}}{byte:02x}" for byte in character.encode("utf-8", "replace")),
    ]
    if code < 256:  # noqa: PLR2004  # two hexadecimal digits
        escaped.append(rf"{_BACKSLASHES}x{code:02x}")
    plain = [re.escape(character), re.escape(html.escape(character))]
    if character in "\"'\\/":
        plain.append(_BACKSLASHES + re.escape(character).replace("\\\\", ""))
    return f"(?:{'|'.join(dict.fromkeys(plain))}|(?i:{'|'.join(escaped)}))"


def _base64(word: str) -> Iterator[str]:
    """The forms of a secret inside a longer Base64 text, by its position."""
    data = word.encode("utf-8", "replace")
    for before in range(3):
        text = base64.b64encode(bytes(before) + data).decode()
        inner = text[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
        yield re.escape(inner).replace(r"\+", "[+-]").replace("/", "[/_]")
