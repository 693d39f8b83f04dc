"""Addresses of messages in the workspace."""

from bot.outbox.store import Outbox
from bot.review.service import card_key


def permalink(workspace: str, channel: str, ts: str) -> str:
    """The address of a message; `workspace` is the workspace's, `https://team.slack.com/`."""
    return f"{workspace.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"


def card_link(outbox: Outbox, workspace: str, suggestion: int) -> str | None:
    """The address of a suggestion's card; None until it is posted and the workspace is known."""
    row = outbox.get(card_key(suggestion)) if workspace else None
    return permalink(workspace, row.posted_in or "", row.ts) if row and row.ts else None
