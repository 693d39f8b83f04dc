"""Words and sentences for people, shared by Slack, the terminal and the logs. Pure."""

import re
import unicodedata

_SUSPECT = re.compile(r"[^\x20-\x7e]")
# Format characters, controls that are no white space, surrogates, private use.
_INVISIBLE = frozenset({"Cf", "Cc", "Cs", "Co"})


def pluralize(number: int, noun: str) -> str:
    """A number with its noun: `1 paper`, `1,200 papers`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def escape_controls(text: str, keep: str = "") -> str:
    """Replace the characters that do not print by Python's escapes, but for those to keep.

    A terminal obeys some of them, and others hide or turn the text around them.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in keep else _escaped(character)
        for character in text
    )


def _escaped(character: str) -> str:
    return ascii(character)[1:-1]


def visible(text: str) -> str:
    """Remove the characters of a text that cannot be seen; white space becomes a plain space.

    These are controls (NUL among them), format characters such as bidirectional overrides and
    zero-width spaces, lone surrogates and private-use characters.
    """
    return _SUSPECT.sub(_visible, text)


def _visible(match: re.Match[str]) -> str:
    character = match[0]
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in _INVISIBLE else character
