"""The Slack app manifest, for Socket Mode, or for HTTP mode with an address.

The format is described at https://docs.slack.dev/reference/app-manifest.
"""

from importlib import resources
from typing import Any

import yaml


def manifest(address: str | None = None) -> str:
    """The manifest as YAML; for HTTP mode with the public address of `papers web`."""
    text = resources.files("bot.slack").joinpath("manifest.yaml").read_text("utf-8")
    if address is None:
        return text
    document: dict[str, Any] = yaml.safe_load(text)
    url = f"{address.rstrip('/')}/slack/events"
    document["settings"]["socket_mode_enabled"] = False
    document["settings"]["interactivity"]["request_url"] = url
    for command in document["features"]["slash_commands"]:
        command["url"] = url
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)


def scopes() -> frozenset[str]:
    """The bot scopes that the manifest asks for."""
    document: dict[str, Any] = yaml.safe_load(manifest())
    return frozenset(document["oauth_config"]["scopes"]["bot"])
