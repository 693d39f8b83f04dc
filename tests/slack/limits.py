"""Block Kit's documented limits, with faults in Slack's words.

`message_faults` and `view_faults` return the faults, each with a pointer to the place, as in
Slack's `response_metadata.messages`; nothing for what Slack accepts. Types of blocks and elements
that the bot does not use are refused, so that their first use is a decision.
"""

import json
from collections.abc import Callable, Mapping

from tests.slack.elements import (
    IN_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    PLAIN,
    Faults,
    Json,
    check_element,
    check_items,
    check_keys,
    check_string,
    check_text,
    fault,
)

MOST_TEXT = 40_000
MOST_BLOCKS, MOST_MODAL_BLOCKS = 50, 100
MOST_CHARACTERS = 13_000  # of a message's blocks together; observed, not documented


def message_faults(blocks: object) -> list[str]:
    """The faults of a message's blocks."""
    return list(_blocks(blocks, "/blocks", MOST_BLOCKS))


def characters(blocks: object) -> int:
    """The length of blocks, as the undocumented limit seems to count it."""
    return len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")))


def view_faults(view: object) -> list[str]:
    """The faults of a modal or a Home tab."""
    return list(_view(view))


def _view(view: object) -> Faults:
    at = "/view"
    if not isinstance(view, dict):
        yield fault("must be an object", at)
        return
    kind = view.get("type")
    if kind not in {"modal", "home"}:
        yield fault("must be modal or home", f"{at}/type")
        return
    keys = {"type", "blocks", "private_metadata", "callback_id", "external_id"}
    if kind == "modal":
        keys |= {"title", "submit", "close", "clear_on_close", "notify_on_close"}
        keys |= {"submit_disabled"}
    yield from check_keys(view, at, keys, {"blocks", "title"} if kind == "modal" else {"blocks"})
    for key in ("title", "submit", "close"):
        yield from check_text(view.get(key), f"{at}/{key}", 24, PLAIN)
    yield from check_string(view, at, "private_metadata", 3000, least=0)
    yield from check_string(view, at, "callback_id", 255)
    yield from check_string(view, at, "external_id", 255)
    yield from _blocks(view.get("blocks"), f"{at}/blocks", MOST_MODAL_BLOCKS)
    inputs = any(
        isinstance(b, dict) and b.get("type") == "input" for b in view.get("blocks") or ()
    )
    if kind == "modal" and inputs and not view.get("submit"):
        yield fault("`submit` is required when an input block is present", at)


def _blocks(blocks: object, at: str, most: int) -> Faults:
    if not isinstance(blocks, list):
        yield fault("must be an array", at)
        return
    if len(blocks) > most:
        yield fault(f"no more than {most} items allowed", at)
    ids = [block.get("block_id") for block in blocks if isinstance(block, dict)]
    for number, block in enumerate(blocks):
        here = f"{at}/{number}"
        if not isinstance(block, dict):
            yield fault("must be an object", here)
            continue
        check = _BLOCKS.get(str(block.get("type")))
        if check is None:
            yield fault(f"unsupported type: {block.get('type')}", f"{here}/type")
            continue
        yield from check_string(block, here, "block_id", 255)
        if block.get("block_id") and ids.count(block["block_id"]) > 1:
            yield fault("`block_id` must be unique", f"{here}/block_id")
        yield from check(block, here)
        yield from _unique_actions(block, here)


def _unique_actions(block: Json, at: str) -> Faults:
    elements = block.get("elements")
    elements = elements if isinstance(elements, list) else []
    ids = [element.get("action_id") for element in elements if isinstance(element, dict)]
    if len(used := [element for element in ids if element]) != len(set(used)):
        yield fault("`action_id` must be unique within a block", f"{at}/elements")


def _section(block: Json, at: str) -> Faults:
    yield from check_keys(block, at, {"text", "fields", "accessory", "expand"})
    fields = block.get("fields")
    if block.get("text") is None and not fields:
        yield fault("missing required field: text", at)
    yield from check_text(block.get("text"), f"{at}/text", 3000)
    if fields is not None:
        yield from check_items(
            fields, f"{at}/fields", 10, lambda text, here: check_text(text, here, 2000)
        )
    if block.get("accessory") is not None:
        yield from check_element(block["accessory"], f"{at}/accessory", IN_SECTION)


def _header(block: Json, at: str) -> Faults:
    yield from check_keys(block, at, {"text"}, {"text"})
    yield from check_text(block.get("text"), f"{at}/text", 150, PLAIN)


def _divider(block: Json, at: str) -> Faults:
    yield from check_keys(block, at, set())


def _image(block: Json, at: str) -> Faults:
    yield from check_keys(block, at, {"image_url", "alt_text", "title"}, {"image_url", "alt_text"})
    yield from check_string(block, at, "image_url", 3000)
    yield from check_string(block, at, "alt_text", 2000)
    yield from check_text(block.get("title"), f"{at}/title", 2000, PLAIN)


def _context(block: Json, at: str) -> Faults:
    def check_part(element: object, here: str) -> Faults:
        if isinstance(element, dict) and element.get("type") == "image":
            yield from check_element(element, here, {"image"})
        else:
            yield from check_text(element, here, 3000)

    yield from check_keys(block, at, {"elements"}, {"elements"})
    yield from check_items(block.get("elements"), f"{at}/elements", 10, check_part)


def _actions(block: Json, at: str) -> Faults:
    yield from check_keys(block, at, {"elements"}, {"elements"})
    yield from check_items(
        block.get("elements"),
        f"{at}/elements",
        25,
        lambda element, here: check_element(element, here, IN_ACTIONS),
    )


def _input(block: Json, at: str) -> Faults:
    keys = {"label", "element", "dispatch_action", "hint", "optional"}
    yield from check_keys(block, at, keys, {"label", "element"})
    yield from check_text(block.get("label"), f"{at}/label", 2000, PLAIN)
    yield from check_text(block.get("hint"), f"{at}/hint", 2000, PLAIN)
    if block.get("element") is not None:
        yield from check_element(block["element"], f"{at}/element", IN_INPUT)


def _rich_text(block: Json, at: str) -> Faults:
    yield from check_keys(block, at, {"elements"}, {"elements"})
    yield from check_items(block.get("elements"), f"{at}/elements", 1000, lambda *_: iter(()))


def _markdown(block: Json, at: str) -> Faults:
    yield from check_keys(block, at, {"text"}, {"text"})
    yield from check_string(block, at, "text", 12_000)


_BLOCKS: Mapping[str, Callable[[Json, str], Faults]] = {
    "section": _section,
    "header": _header,
    "divider": _divider,
    "image": _image,
    "context": _context,
    "actions": _actions,
    "input": _input,
    "rich_text": _rich_text,
    "markdown": _markdown,
}
