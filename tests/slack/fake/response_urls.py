"""Answers to interactions through their `response_url`, in a channel or in private."""

from collections.abc import Mapping
from typing import Any

from tests.slack.fake import arguments
from tests.slack.fake.arguments import RefusedError
from tests.slack.fake.workspace import (
    BOT,
    RESPONSE_SECONDS,
    RESPONSE_USES,
    PostedMessage,
    ResponseUrl,
    Workspace,
)


def respond(workspace: Workspace, number: int, body: object) -> None:
    """Carry an answer out. Raises RefusedError."""
    url = workspace.responses.get(number)
    if url is None:
        raise RefusedError("no_service")
    if workspace.clock() - url.given_at > RESPONSE_SECONDS:
        raise RefusedError("expired_url")
    if url.uses >= RESPONSE_USES:
        raise RefusedError("used_url")
    if not isinstance(body, dict):
        raise RefusedError("invalid_payload")
    url.uses += 1
    if body.get("delete_original"):
        _remove(workspace, url)
        return
    blocks = arguments.blocks(body)
    text = arguments.message_text(body, blocks)
    if body.get("replace_original") and url.message is not None:
        _replace(workspace, url.message, text, blocks or [])
    else:
        _post(workspace, url, text, blocks or [], body)


def _remove(workspace: Workspace, url: ResponseUrl) -> None:
    if url.message is None:
        raise RefusedError("message_not_found")
    if url.message.ephemeral_to:
        workspace.ephemerals = [
            message for message in workspace.ephemerals if message.ts != url.message.ts
        ]
    else:
        workspace.remove(url.message)


def _replace(
    workspace: Workspace, message: PostedMessage, text: str, blocks: list[dict[str, Any]]
) -> None:
    if message.ephemeral_to is None and workspace.find(message.channel, message.ts) is None:
        raise RefusedError("message_not_found")
    message.text, message.blocks = text, blocks
    message.edited, message.edits = workspace.ts(), message.edits + 1


def _post(
    workspace: Workspace,
    url: ResponseUrl,
    text: str,
    blocks: list[dict[str, Any]],
    body: Mapping[str, Any],
) -> None:
    kind = body.get("response_type", "ephemeral")
    if kind not in {"ephemeral", "in_channel"}:
        raise RefusedError("invalid_payload")
    message = PostedMessage(
        channel=url.channel,
        ts=workspace.ts(),
        user=BOT,
        text=text,
        blocks=blocks,
        thread_ts=body.get("thread_ts"),
        ephemeral_to=url.user if kind == "ephemeral" else None,
    )
    if message.ephemeral_to:
        workspace.ephemerals.append(message)
    else:
        workspace.add(message)
