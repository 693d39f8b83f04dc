"""Arguments of a call (form, query or JSON), and how Slack refuses wrong ones."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from tests.slack.limits import MOST_CHARACTERS, MOST_TEXT, characters, message_faults, view_faults

Args = Mapping[str, Any]
Item = TypeVar("Item")
_MOST_METADATA = 8_000
_EVENT_TYPE = re.compile(r"[A-Za-z0-9_]{1,255}")


class RefusedError(Exception):
    """Slack's `ok: false`, with its code and what else it says."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.code, self.more = code, more


def text(args: Args, name: str) -> str:
    """A required string."""
    value = args.get(name)
    if not isinstance(value, str) or not value:
        raise invalid(f"missing required field: {name}")
    return value


def flag(args: Args, name: str, *, default: bool = False) -> bool:
    """A boolean, as JSON or as a form sends it."""
    value = args.get(name)
    return default if value is None else str(value).lower() in {"1", "true"}


def number(args: Args, name: str, default: int, most: int) -> int:
    """How many are asked for."""
    try:
        value = int(args.get(name) or default)
    except ValueError:
        raise RefusedError("invalid_limit") from None
    if not 1 <= value <= most:
        raise RefusedError("invalid_limit")
    return value


def invalid(*messages: str) -> RefusedError:
    """Arguments of a wrong form, with what is wrong with them."""
    return RefusedError("invalid_arguments", response_metadata={"messages": list(messages)})


def structured(args: Args, name: str, refusal: RefusedError) -> Any:
    """An argument with a structure; forms carry it as a string of JSON."""
    value = args.get(name)
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            raise refusal from None
    return value


def blocks(args: Args) -> list[dict[str, Any]] | None:
    """The blocks of a message, if it has some, when Slack would take them."""
    blocks = structured(args, "blocks", RefusedError("invalid_blocks_format"))
    if blocks is None:
        return None
    if faults := message_faults(blocks):
        raise RefusedError("invalid_blocks", errors=faults, response_metadata={"messages": faults})
    if characters(blocks) > MOST_CHARACTERS:
        raise RefusedError("msg_blocks_too_long")
    assert isinstance(blocks, list)
    for at, block in enumerate(blocks):
        block.setdefault("block_id", f"made-up-{at}")
    return blocks


def message_text(args: Args, blocks: Sequence[object] | None) -> str:
    """The text of a message, which it needs if it has no blocks."""
    value = args.get("text") or ""
    if not isinstance(value, str):
        raise invalid("text must be a string")
    if not value and not blocks:
        raise RefusedError("no_text")
    if len(value) > MOST_TEXT:
        raise RefusedError("msg_too_long")
    return value


def metadata(args: Args) -> dict[str, Any] | None:
    """The metadata of a message; an empty object stands for none."""
    refusal = RefusedError("invalid_metadata_format")
    metadata = structured(args, "metadata", refusal)
    if metadata is None or metadata == {}:
        return None if metadata is None else {}
    if not isinstance(metadata, dict) or set(metadata) != {"event_type", "event_payload"}:
        raise refusal
    kind, payload = metadata["event_type"], metadata["event_payload"]
    if not isinstance(kind, str) or not _EVENT_TYPE.fullmatch(kind):
        raise refusal
    if not isinstance(payload, dict) or not all(_is_allowed(item) for item in payload.values()):
        raise refusal
    if len(json.dumps(metadata)) > _MOST_METADATA:
        raise RefusedError("metadata_too_large")
    return metadata


def _is_allowed(value: object) -> bool:
    """Metadata holds plain values, flat objects, and lists of either."""
    if isinstance(value, list):
        return all(_is_plain(item) or _is_flat(item) for item in value)
    return _is_plain(value) or _is_flat(value)


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool)


def _is_flat(value: object) -> bool:
    return isinstance(value, dict) and all(_is_plain(item) for item in value.values())


def view(args: Args) -> dict[str, Any]:
    """A view, when Slack would take it."""
    view = structured(args, "view", invalid("view is not JSON"))
    if faults := view_faults(view):
        raise invalid(*faults)
    assert isinstance(view, dict)
    for at, block in enumerate(view["blocks"]):
        block.setdefault("block_id", f"made-up-{at}")
    return view


def page(
    args: Args, items: Sequence[Item], key: Callable[[Item], str], limit: int
) -> tuple[Sequence[Item], str]:
    """A page of a list, from the cursor on, and the cursor of the next one ("" at the end).

    A cursor names the item where its page begins, so that what is added before it moves nothing.
    """
    start = 0
    if cursor := args.get("cursor"):
        try:
            name = base64.b64decode(str(cursor), validate=True).decode().removeprefix("next:")
        except (binascii.Error, UnicodeDecodeError):
            raise RefusedError("invalid_cursor") from None
        start = next((at for at, item in enumerate(items) if key(item) == name), -1)
        if start < 0:
            raise RefusedError("invalid_cursor")
    after = items[start + limit :]
    following = base64.b64encode(f"next:{key(after[0])}".encode()).decode() if after else ""
    return items[start : start + limit], following
