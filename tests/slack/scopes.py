"""The scopes that each Web API method needs, as Slack documents them; `response_url` needs none.

The manifest is compared with it, and the strict fake refuses by it. A conversation's scopes come
in kinds, for public channels, private ones and so on; a call needs that of its channel.
"""

from collections.abc import Mapping

KINDS: Mapping[str, str] = {"public": "channels", "private": "groups", "im": "im"}


def _conversations(right: str, *kinds: str) -> frozenset[str]:
    """The scopes for a right in some kinds of conversations."""
    return frozenset(f"{kind}:{right}" for kind in kinds)


_NONE: frozenset[str] = frozenset()
_WRITE = frozenset({"chat:write"})
_READ = _conversations("read", "channels", "groups")
_HISTORY = _conversations("history", "channels", "groups", "im")  # the sender searches there, too

SCOPES: Mapping[str, frozenset[str]] = {
    "auth.test": _NONE,
    "apps.connections.open": _NONE,
    "chat.delete": _WRITE,
    "chat.getPermalink": _NONE,
    "chat.postEphemeral": _WRITE,
    "chat.postMessage": _WRITE,
    "chat.update": _WRITE,
    "conversations.history": _HISTORY,
    "conversations.info": _READ,
    "conversations.join": frozenset({"channels:join"}),
    "conversations.list": _READ,
    "conversations.members": _READ,
    "conversations.open": frozenset({"im:write"}),
    "conversations.replies": _HISTORY,
    "usergroups.list": frozenset({"usergroups:read"}),
    "usergroups.users.list": frozenset({"usergroups:read"}),
    "users.conversations": _READ,
    "users.info": frozenset({"users:read"}),
    "views.open": _NONE,
    "views.publish": _NONE,
    "views.update": _NONE,
}

ALL: frozenset[str] = _NONE.union(*SCOPES.values())


def needed(method: str, kind: str) -> frozenset[str]:
    """The scopes that a call of a method needs for a conversation of a kind."""
    scopes = SCOPES[method]
    if method.startswith("conversations.") and len(scopes) > 1:
        (right,) = {scope.partition(":")[2] for scope in scopes}
        return frozenset({f"{KINDS[kind]}:{right}"})
    return scopes
