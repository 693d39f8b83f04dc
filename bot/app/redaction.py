"""Hides secrets in log lines, tracebacks and the output of commands.

The bot itself writes no secret. Libraries do, at DEBUG or in errors, and any address may hold a
password; so all output passes through a Redactor.
"""

import json
import re
from collections.abc import Iterator
from urllib.parse import quote

import sqlalchemy as sa
from pydantic import SecretStr

from bot.settings import Settings

HIDDEN = "[secret]"
_MIN_LENGTH = 8
"""Shorter passwords are hidden in addresses alone: elsewhere they would hide common words."""
_PATTERNS = re.compile(
    r"xox[a-z]-[A-Za-z0-9-]+|xapp-[A-Za-z0-9-]+"  # tokens of any Slack workspace
    r"|gh[opsur]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}"  # GitHub's
    r"|(?<=[?&]ticket=)[^\s&\"']+"  # opens a socket as the bot
    r"|(?<=hooks\.slack\.com/)[^\s\"']+"  # the address alone permits an answer
    r"|(?<=Bearer )[^\s\"']+"
)
_IN_ADDRESS = re.compile(r"(?<=://)[^\s/@\"':]*:[^\s/@\"']*(?=@)")


class Redactor:
    """Replaces secrets in text."""

    def __init__(self, settings: Settings | None) -> None:
        """Without settings, only what looks like a secret is hidden."""
        words = {form for word in _secrets(settings) for form in _forms(word)} if settings else ()
        longest_first = sorted(words, key=len, reverse=True)
        self._own = re.compile("|".join(map(re.escape, longest_first))) if words else None

    def __call__(self, text: str) -> str:
        """Return the text with secrets replaced."""
        if self._own:
            text = self._own.sub(HIDDEN, text)
        return _IN_ADDRESS.sub(HIDDEN, _PATTERNS.sub(HIDDEN, text))


def _secrets(settings: Settings) -> Iterator[str]:
    for value in (getattr(settings, name) for name in type(settings).model_fields):
        if isinstance(value, SecretStr) and len(value.get_secret_value().strip()) >= _MIN_LENGTH:
            yield value.get_secret_value().strip()
    try:
        password = sa.make_url(settings.database).password
    except sa.exc.ArgumentError:
        return
    if password and len(str(password)) >= _MIN_LENGTH:
        yield str(password)


def _forms(word: str) -> Iterator[str]:
    """The secret as written in plain text, in JSON, and in an address."""
    yield word
    yield json.dumps(word)[1:-1]
    yield json.dumps(word, ensure_ascii=False)[1:-1]
    yield quote(word, safe="")
