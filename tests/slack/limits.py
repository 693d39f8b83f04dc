"""What Slack's Block Kit refuses: the documented limits, said as Slack says them.

`message_faults` and `view_faults` return what is wrong, each with a pointer to the place, as they
stand in `response_metadata.messages`. Nothing comes back for what Slack accepts. Types of blocks
and elements that the bot has no use for are refused here, so that their first use is a decision.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

MOST_TEXT = 40_000
MOST_BLOCKS, MOST_MODAL_BLOCKS = 50, 100
MOST_CHARACTERS = 13_000  # of a message's blocks together; undocumented, and seen

Json = Mapping[str, Any]
Faults = Iterator[str]
_PLAIN, _ANY = ("plain_text",), ("plain_text", "mrkdwn")


def message_faults(blocks: object) -> list[str]:
    """What is wrong with the blocks of a message."""
    return list(_blocks(blocks, "/blocks", MOST_BLOCKS))


def characters(blocks: object) -> int:
    """How long blocks are, counted as the undocumented limit seems to count."""
    return len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":")))


def view_faults(view: object) -> list[str]:
    """What is wrong with a modal or a Home tab."""
    return list(_view(view))


def _view(view: object) -> Faults:
    at = "/view"
    if not isinstance(view, dict):
        yield _fault("must be an object", at)
        return
    kind = view.get("type")
    if kind not in {"modal", "home"}:
        yield _fault("must be modal or home", f"{at}/type")
        return
    keys = {"type", "blocks", "private_metadata", "callback_id", "external_id"}
    if kind == "modal":
        keys |= {"title", "submit", "close", "clear_on_close", "notify_on_close"}
        keys |= {"submit_disabled"}
    yield from _keys(view, at, keys, {"blocks", "title"} if kind == "modal" else {"blocks"})
    for key in ("title", "submit", "close"):
        yield from _text(view.get(key), f"{at}/{key}", 24, _PLAIN)
    yield from _string(view, at, "private_metadata", 3000, least=0)
    yield from _string(view, at, "callback_id", 255)
    yield from _string(view, at, "external_id", 255)
    yield from _blocks(view.get("blocks"), f"{at}/blocks", MOST_MODAL_BLOCKS)
    inputs = any(
        isinstance(b, dict) and b.get("type") == "input" for b in view.get("blocks") or ()
    )
    if kind == "modal" and inputs and not view.get("submit"):
        yield _fault("`submit` is required when an input block is present", at)


def _blocks(blocks: object, at: str, most: int) -> Faults:
    if not isinstance(blocks, list):
        yield _fault("must be an array", at)
        return
    if len(blocks) > most:
        yield _fault(f"no more than {most} items allowed", at)
    ids = [block.get("block_id") for block in blocks if isinstance(block, dict)]
    for number, block in enumerate(blocks):
        here = f"{at}/{number}"
        if not isinstance(block, dict):
            yield _fault("must be an object", here)
            continue
        check = _BLOCKS.get(str(block.get("type")))
        if check is None:
            yield _fault(f"unsupported type: {block.get('type')}", f"{here}/type")
            continue
        yield from _string(block, here, "block_id", 255)
        if block.get("block_id") and ids.count(block["block_id"]) > 1:
            yield _fault("`block_id` must be unique", f"{here}/block_id")
        yield from check(block, here)
        yield from _unique_actions(block, here)


def _unique_actions(block: Json, at: str) -> Faults:
    elements = block.get("elements")
    elements = elements if isinstance(elements, list) else []
    ids = [one.get("action_id") for one in elements if isinstance(one, dict)]
    if len(known := [one for one in ids if one]) != len(set(known)):
        yield _fault("`action_id` must be unique within a block", f"{at}/elements")


def _section(block: Json, at: str) -> Faults:
    yield from _keys(block, at, {"text", "fields", "accessory", "expand"})
    fields = block.get("fields")
    if block.get("text") is None and not fields:
        yield _fault("missing required field: text", at)
    yield from _text(block.get("text"), f"{at}/text", 3000)
    if fields is not None:
        yield from _items(fields, f"{at}/fields", 10, lambda one, here: _text(one, here, 2000))
    if block.get("accessory") is not None:
        yield from _element(block["accessory"], f"{at}/accessory", _IN_SECTION)


def _header(block: Json, at: str) -> Faults:
    yield from _keys(block, at, {"text"}, {"text"})
    yield from _text(block.get("text"), f"{at}/text", 150, _PLAIN)


def _divider(block: Json, at: str) -> Faults:
    yield from _keys(block, at, set())


def _image(block: Json, at: str) -> Faults:
    yield from _keys(block, at, {"image_url", "alt_text", "title"}, {"image_url", "alt_text"})
    yield from _string(block, at, "image_url", 3000)
    yield from _string(block, at, "alt_text", 2000)
    yield from _text(block.get("title"), f"{at}/title", 2000, _PLAIN)


def _context(block: Json, at: str) -> Faults:
    def one(element: object, here: str) -> Faults:
        if isinstance(element, dict) and element.get("type") == "image":
            yield from _element(element, here, {"image"})
        else:
            yield from _text(element, here, 3000)

    yield from _keys(block, at, {"elements"}, {"elements"})
    yield from _items(block.get("elements"), f"{at}/elements", 10, one)


def _actions(block: Json, at: str) -> Faults:
    yield from _keys(block, at, {"elements"}, {"elements"})
    yield from _items(
        block.get("elements"),
        f"{at}/elements",
        25,
        lambda one, here: _element(one, here, _IN_ACTIONS),
    )


def _input(block: Json, at: str) -> Faults:
    keys = {"label", "element", "dispatch_action", "hint", "optional"}
    yield from _keys(block, at, keys, {"label", "element"})
    yield from _text(block.get("label"), f"{at}/label", 2000, _PLAIN)
    yield from _text(block.get("hint"), f"{at}/hint", 2000, _PLAIN)
    if block.get("element") is not None:
        yield from _element(block["element"], f"{at}/element", _IN_INPUT)


def _rich_text(block: Json, at: str) -> Faults:
    yield from _keys(block, at, {"elements"}, {"elements"})
    yield from _items(block.get("elements"), f"{at}/elements", 1000, lambda *_: iter(()))


def _markdown(block: Json, at: str) -> Faults:
    yield from _keys(block, at, {"text"}, {"text"})
    yield from _string(block, at, "text", 12_000)


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

_SELECTS = {
    f"{many}{kind}_select"
    for many in ("", "multi_")
    for kind in ("static", "external", "users", "conversations", "channels")
}
_ONE_OF = {kind for kind in _SELECTS if not kind.startswith("multi_")}
_PICKERS = {"datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons"}
_TYPED = {"plain_text_input", "email_text_input", "url_text_input", "number_input"}
_IN_SECTION = {"button", "overflow", "image", *_SELECTS, *_PICKERS} - {"datetimepicker"}
_IN_ACTIONS = {"button", "overflow", *_ONE_OF, *_PICKERS}
_IN_INPUT = {*_SELECTS, *_PICKERS, *_TYPED}


def _element(element: object, at: str, allowed: Collection[str]) -> Faults:
    if not isinstance(element, dict):
        yield _fault("must be an object", at)
        return
    kind = str(element.get("type"))
    if kind not in allowed:
        yield _fault(f"unsupported type: {kind}", f"{at}/type")
        return
    keys, required = _KEYS[kind]
    yield from _keys(element, at, keys | _common(kind), required, block=False)
    yield from _string(element, at, "action_id", 255)
    yield from _text(element.get("placeholder"), f"{at}/placeholder", 150, _PLAIN)
    if element.get("confirm") is not None:
        yield from _confirm(element["confirm"], f"{at}/confirm")
    if kind == "button":
        yield from _button(element, at)
    elif kind in _TYPED:
        yield from _typed(element, at)
    elif kind == "image":
        yield from _string(element, at, "image_url", 3000)
        yield from _string(element, at, "alt_text", 2000)
    elif kind in _CHOICES:
        yield from _choices(element, at, kind)


def _common(kind: str) -> set[str]:
    """The keys that most elements have."""
    if kind == "image":
        return set()
    last = "confirm" if kind in {"button", "overflow"} else "focus_on_load"
    return {"action_id", last} | (set() if kind in _TYPED else {"confirm"})


_CHOSEN = {"placeholder", "options", "option_groups"}
_KEYS: Mapping[str, tuple[set[str], set[str]]] = {
    "button": ({"text", "value", "url", "style", "accessibility_label"}, {"text"}),
    "image": ({"image_url", "alt_text"}, {"image_url", "alt_text"}),
    "overflow": ({"options"}, {"options"}),
    "checkboxes": ({"options", "initial_options"}, {"options"}),
    "radio_buttons": ({"options", "initial_option"}, {"options"}),
    "datepicker": ({"placeholder", "initial_date"}, set()),
    "timepicker": ({"placeholder", "initial_time", "timezone"}, set()),
    "datetimepicker": ({"initial_date_time"}, set()),
    "static_select": ({*_CHOSEN, "initial_option"}, set()),
    "multi_static_select": ({*_CHOSEN, "initial_options", "max_selected_items"}, set()),
    "external_select": ({"placeholder", "initial_option", "min_query_length"}, set()),
    "multi_external_select": (
        {"placeholder", "initial_options", "min_query_length", "max_selected_items"},
        set(),
    ),
    "users_select": ({"placeholder", "initial_user"}, set()),
    "multi_users_select": ({"placeholder", "initial_users", "max_selected_items"}, set()),
    "channels_select": ({"placeholder", "initial_channel", "response_url_enabled"}, set()),
    "multi_channels_select": ({"placeholder", "initial_channels", "max_selected_items"}, set()),
    "conversations_select": (
        {
            "placeholder",
            "initial_conversation",
            "default_to_current_conversation",
            "response_url_enabled",
            "filter",
        },
        set(),
    ),
    "multi_conversations_select": (
        {
            "placeholder",
            "initial_conversations",
            "default_to_current_conversation",
            "max_selected_items",
            "filter",
        },
        set(),
    ),
    "plain_text_input": (
        {
            "placeholder",
            "initial_value",
            "multiline",
            "min_length",
            "max_length",
            "dispatch_action_config",
        },
        set(),
    ),
    "email_text_input": ({"placeholder", "initial_value", "dispatch_action_config"}, set()),
    "url_text_input": ({"placeholder", "initial_value", "dispatch_action_config"}, set()),
    "number_input": (
        {
            "placeholder",
            "initial_value",
            "is_decimal_allowed",
            "min_value",
            "max_value",
            "dispatch_action_config",
        },
        {"is_decimal_allowed"},
    ),
}

# How many options each may have, and whether they may be grouped.
_CHOICES: Mapping[str, int] = {
    "overflow": 5,
    "checkboxes": 10,
    "radio_buttons": 10,
    "static_select": 100,
    "multi_static_select": 100,
}


def _button(element: Json, at: str) -> Faults:
    yield from _text(element.get("text"), f"{at}/text", 75, _PLAIN)
    yield from _string(element, at, "value", 2000)
    yield from _string(element, at, "url", 3000)
    yield from _string(element, at, "accessibility_label", 75)
    if element.get("style") not in {None, "primary", "danger"}:
        yield _fault("must be primary or danger", f"{at}/style")


def _typed(element: Json, at: str) -> Faults:
    for key, least in (("min_length", 0), ("max_length", 1)):
        if (limit := element.get(key)) is not None and not least <= limit <= 3000:
            yield _fault(f"must be between {least} and 3000", f"{at}/{key}")
    most = element.get("max_length") or 3000
    yield from _string(element, at, "initial_value", most, least=element.get("min_length") or 0)


def _choices(element: Json, at: str, kind: str) -> Faults:
    most, groups = _CHOICES[kind], element.get("option_groups")
    kinds = _ANY if kind in {"checkboxes", "radio_buttons"} else _PLAIN
    link = kind == "overflow"
    if (element.get("options") is None) == (groups is None):
        yield _fault("exactly one of options and option_groups is required", at)
        return

    def option(one: object, here: str) -> Faults:
        yield from _option(one, here, kinds, link=link)

    def group(one: object, here: str) -> Faults:
        if not isinstance(one, dict):
            yield _fault("must be an object", here)
            return
        yield from _keys(one, here, {"label", "options"}, {"label", "options"}, block=False)
        yield from _text(one.get("label"), f"{here}/label", 75, _PLAIN)
        yield from _items(one.get("options"), f"{here}/options", 100, option)

    if groups is not None:
        yield from _items(groups, f"{at}/option_groups", 100, group)
    else:
        yield from _items(element["options"], f"{at}/options", most, option)
    given = list(options_of(element))
    initial = element.get("initial_options") or [element.get("initial_option")]
    for one in initial:
        if one is not None and one not in given:
            yield _fault("must be one of the provided options", f"{at}/initial_option")


def options_of(element: Json) -> Iterator[Json]:
    """The options of an element, those of its groups too."""
    yield from (one for one in element.get("options") or () if isinstance(one, dict))
    for group in element.get("option_groups") or ():
        if isinstance(group, dict):
            yield from (one for one in group.get("options") or () if isinstance(one, dict))


def _option(one: object, at: str, kinds: Sequence[str], *, link: bool) -> Faults:
    if not isinstance(one, dict):
        yield _fault("must be an object", at)
        return
    keys = {"text", "value", "description"} | ({"url"} if link else set())
    yield from _keys(one, at, keys, {"text", "value"}, block=False)
    yield from _text(one.get("text"), f"{at}/text", 75, kinds)
    yield from _text(one.get("description"), f"{at}/description", 75, kinds)
    yield from _string(one, at, "value", 150)
    yield from _string(one, at, "url", 3000)


def _confirm(one: object, at: str) -> Faults:
    if not isinstance(one, dict):
        yield _fault("must be an object", at)
        return
    parts = {"title", "text", "confirm", "deny"}
    yield from _keys(one, at, {*parts, "style"}, parts, block=False)
    yield from _text(one.get("title"), f"{at}/title", 100, _PLAIN)
    yield from _text(one.get("text"), f"{at}/text", 300)
    yield from _text(one.get("confirm"), f"{at}/confirm", 30, _PLAIN)
    yield from _text(one.get("deny"), f"{at}/deny", 30, _PLAIN)
    if one.get("style") not in {None, "primary", "danger"}:
        yield _fault("must be primary or danger", f"{at}/style")


def _text(one: object, at: str, most: int, kinds: Sequence[str] = _ANY) -> Faults:
    """A text object, if there is one."""
    if one is None:
        return
    if not isinstance(one, dict) or one.get("type") not in kinds:
        yield _fault(f"must be a text object of type {' or '.join(kinds)}", at)
        return
    more = {"emoji"} if one["type"] == "plain_text" else {"verbatim"}
    yield from _keys(one, at, {"text", *more}, {"text"}, block=False)
    yield from _string(one, at, "text", most)


def _string(one: Json, at: str, key: str, most: int, *, least: int = 1) -> Faults:
    """A string under a key, if there is one."""
    value = one.get(key)
    if value is None:
        return
    here = f"{at}/{key}"
    if not isinstance(value, str):
        yield _fault("must be a string", here)
    elif len(value) < least:
        yield _fault(f"must be more than {least - 1} characters", here)
    elif len(value) > most:
        yield _fault(f"must be less than {most + 1} characters", here)


def _items(items: object, at: str, most: int, check: Callable[[object, str], Faults]) -> Faults:
    """A list of one to so many things, each checked."""
    if not isinstance(items, list):
        yield _fault("must be an array", at)
        return
    if not items:
        yield _fault("no fewer than 1 items required", at)
    if len(items) > most:
        yield _fault(f"no more than {most} items allowed", at)
    for number, one in enumerate(items):
        yield from check(one, f"{at}/{number}")


def _keys(
    one: Json, at: str, allowed: set[str], required: Collection[str] = (), *, block: bool = True
) -> Faults:
    """No key that Slack does not know, and all that it needs."""
    known = {*allowed, "type"} | ({"block_id"} if block else set())
    for key in one:
        if key not in known:
            yield _fault(f"additional property: {key}", at)
    for key in sorted(required):
        if one.get(key) is None:
            yield _fault(f"missing required field: {key}", at)


def _fault(what: str, at: str) -> str:
    return f"[ERROR] {what} [json-pointer:{at}]"
