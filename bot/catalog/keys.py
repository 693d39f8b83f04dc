"""Bounded keys: texts of any length as keys of database rows and buttons. Pure."""

import hashlib

KEY_LENGTH = 512
"""The most bytes of a key in UTF-8; PostgreSQL indexes 2,700."""


def bounded_key(key: str, limit: int = KEY_LENGTH) -> str:
    """A key of at most `limit` bytes: the key itself, or its beginning with a hash of the whole.

    It contains no character that a database refuses.
    """
    key = key.replace("\0", "%00")
    text = key.encode("utf-8", "replace")
    if len(text) <= limit:
        return text.decode()
    digest = hashlib.sha256(text).hexdigest()
    return f"{text[: limit - len(digest) - 1].decode('utf-8', 'ignore')}#{digest}"
