"""The arguments of a call as they arrive (form, query or JSON), and the refusals they earn."""

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
    found = structured(args, "blocks", RefusedError("invalid_blocks_format"))
    if found is None:
        return None
    if faults := message_faults(found):
        raise RefusedError("invalid_blocks", errors=faults, response_metadata={"messages": faults})
    if characters(found) > MOST_CHARACTERS:
        raise RefusedError("msg_blocks_too_long")
    assert isinstance(found, list)
    for at, block in enumerate(found):
        block.setdefault("block_id", f"made-up-{at}")
    return found


def said(args: Args, blocks: Sequence[object] | None) -> str:
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
    found = structured(args, "metadata", refusal)
    if found is None or found == {}:
        return None if found is None else {}
    if not isinstance(found, dict) or set(found) != {"event_type", "event_payload"}:
        raise refusal
    kind, payload = found["event_type"], found["event_payload"]
    if not isinstance(kind, str) or not _EVENT_TYPE.fullmatch(kind):
        raise refusal
    if not isinstance(payload, dict) or not all(_is_allowed(one) for one in payload.values()):
        raise refusal
    if len(json.dumps(found)) > _MOST_METADATA:
        raise RefusedError("metadata_too_large")
    return found


def _is_allowed(value: object) -> bool:
    """Metadata holds plain values, flat objects, and lists of either."""
    if isinstance(value, list):
        return all(_is_plain(one) or _is_flat(one) for one in value)
    return _is_plain(value) or _is_flat(value)


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool)


def _is_flat(value: object) -> bool:
    return isinstance(value, dict) and all(_is_plain(one) for one in value.values())


def view(args: Args) -> dict[str, Any]:
    """A view, when Slack would take it."""
    found = structured(args, "view", invalid("view is not JSON"))
    if faults := view_faults(found):
        raise invalid(*faults)
    assert isinstance(found, dict)
    for at, block in enumerate(found["blocks"]):
        block.setdefault("block_id", f"made-up-{at}")
    return found


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
