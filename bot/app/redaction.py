"""Takes secrets out of text: log lines, tracebacks and what commands say.

Nothing here writes a secret on purpose. Libraries do, at DEBUG or in an error, and a password may
stand in any address; so whatever is written goes through here.
"""

import json
import re
from collections.abc import Iterator
from urllib.parse import quote

import sqlalchemy as sa
from pydantic import SecretStr

from bot.settings import Settings

HIDDEN = "[secret]"
_SHORT = 8
"""Shorter passwords are hidden in addresses alone: everywhere, they would hide common words."""
_KNOWN = re.compile(
    r"xox[a-z]-[A-Za-z0-9-]+|xapp-[A-Za-z0-9-]+"  # Slack's tokens, whosever they are
    r"|gh[opsur]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}"  # GitHub's
    r"|(?<=[?&]ticket=)[^\s&\"']+"  # a ticket opens a socket in our name
    r"|(?<=hooks\.slack\.com/)[^\s\"']+"  # who has the address may answer there
    r"|(?<=Bearer )[^\s\"']+"
)
_IN_ADDRESS = re.compile(r"(?<=://)[^\s/@\"']*:[^\s/@\"']*(?=@)")


class Redactor:
    """Knows what must not be seen."""

    def __init__(self, settings: Settings | None) -> None:
        """Without settings, only what looks like a secret is known."""
        words = {form for word in _secrets(settings) for form in _forms(word)} if settings else ()
        longest_first = sorted(words, key=len, reverse=True)
        self._own = re.compile("|".join(map(re.escape, longest_first))) if words else None

    def __call__(self, text: str) -> str:
        """The text without them."""
        if self._own:
            text = self._own.sub(HIDDEN, text)
        return _IN_ADDRESS.sub(HIDDEN, _KNOWN.sub(HIDDEN, text))


def _secrets(settings: Settings) -> Iterator[str]:
    for value in (getattr(settings, name) for name in type(settings).model_fields):
        if isinstance(value, SecretStr) and len(value.get_secret_value().strip()) >= _SHORT:
            yield value.get_secret_value().strip()
    try:
        password = sa.make_url(settings.database).password
    except sa.exc.ArgumentError:
        return
    if password and len(str(password)) >= _SHORT:
        yield str(password)


def _forms(word: str) -> Iterator[str]:
    """How a secret looks in plain text, in JSON, and in an address."""
    yield word
    yield json.dumps(word)[1:-1]
    yield json.dumps(word, ensure_ascii=False)[1:-1]
    yield quote(word, safe="")
