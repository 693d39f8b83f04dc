"""Slack's limits for the parts of blocks: texts, buttons, selects, inputs and their options.

Each check yields the faults in Slack's words, with a pointer to the place.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]
Faults = Iterator[str]
PLAIN, ANY = ("plain_text",), ("plain_text", "mrkdwn")

_SELECTS = {
    f"{many}{kind}_select"
    for many in ("", "multi_")
    for kind in ("static", "external", "users", "conversations", "channels")
}
_ONE_OF = {kind for kind in _SELECTS if not kind.startswith("multi_")}
_PICKERS = {"datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons"}
_TYPED = {"plain_text_input", "email_text_input", "url_text_input", "number_input"}
IN_SECTION = {"button", "overflow", "image", *_SELECTS, *_PICKERS} - {"datetimepicker"}
IN_ACTIONS = {"button", "overflow", *_ONE_OF, *_PICKERS}
IN_INPUT = {*_SELECTS, *_PICKERS, *_TYPED}


def check_element(element: object, at: str, allowed: Collection[str]) -> Faults:
    if not isinstance(element, dict):
        yield fault("must be an object", at)
        return
    kind = str(element.get("type"))
    if kind not in allowed:
        yield fault(f"unsupported type: {kind}", f"{at}/type")
        return
    keys, required = _KEYS[kind]
    yield from check_keys(element, at, keys | _common(kind), required, block=False)
    yield from check_string(element, at, "action_id", 255)
    yield from check_text(element.get("placeholder"), f"{at}/placeholder", 150, PLAIN)
    if element.get("confirm") is not None:
        yield from _confirm(element["confirm"], f"{at}/confirm")
    if kind == "button":
        yield from _button(element, at)
    elif kind in _TYPED:
        yield from _typed(element, at)
    elif kind == "image":
        yield from check_string(element, at, "image_url", 3000)
        yield from check_string(element, at, "alt_text", 2000)
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
    yield from check_text(element.get("text"), f"{at}/text", 75, PLAIN)
    yield from check_string(element, at, "value", 2000)
    yield from check_string(element, at, "url", 3000)
    yield from check_string(element, at, "accessibility_label", 75)
    if element.get("style") not in {None, "primary", "danger"}:
        yield fault("must be primary or danger", f"{at}/style")


def _typed(element: Json, at: str) -> Faults:
    for key, least in (("min_length", 0), ("max_length", 1)):
        if (limit := element.get(key)) is not None and not least <= limit <= 3000:
            yield fault(f"must be between {least} and 3000", f"{at}/{key}")
    most = element.get("max_length") or 3000
    yield from check_string(
        element, at, "initial_value", most, least=element.get("min_length") or 0
    )


def _choices(element: Json, at: str, kind: str) -> Faults:
    most, groups = _CHOICES[kind], element.get("option_groups")
    kinds = ANY if kind in {"checkboxes", "radio_buttons"} else PLAIN
    link = kind == "overflow"
    if (element.get("options") is None) == (groups is None):
        yield fault("exactly one of options and option_groups is required", at)
        return

    def option(item: object, here: str) -> Faults:
        yield from _option(item, here, kinds, link=link)

    def group(item: object, here: str) -> Faults:
        if not isinstance(item, dict):
            yield fault("must be an object", here)
            return
        yield from check_keys(item, here, {"label", "options"}, {"label", "options"}, block=False)
        yield from check_text(item.get("label"), f"{here}/label", 75, PLAIN)
        yield from check_items(item.get("options"), f"{here}/options", 100, option)

    if groups is not None:
        yield from check_items(groups, f"{at}/option_groups", 100, group)
    else:
        yield from check_items(element["options"], f"{at}/options", most, option)
    given = list(options_of(element))
    initial = element.get("initial_options") or [element.get("initial_option")]
    for choice in initial:
        if choice is not None and choice not in given:
            yield fault("must be one of the provided options", f"{at}/initial_option")


def options_of(element: Json) -> Iterator[Json]:
    """The options of an element, those of its groups too."""
    yield from (option for option in element.get("options") or () if isinstance(option, dict))
    for group in element.get("option_groups") or ():
        if isinstance(group, dict):
            yield from (
                option for option in group.get("options") or () if isinstance(option, dict)
            )


def _option(option: object, at: str, kinds: Sequence[str], *, link: bool) -> Faults:
    if not isinstance(option, dict):
        yield fault("must be an object", at)
        return
    keys = {"text", "value", "description"} | ({"url"} if link else set())
    yield from check_keys(option, at, keys, {"text", "value"}, block=False)
    yield from check_text(option.get("text"), f"{at}/text", 75, kinds)
    yield from check_text(option.get("description"), f"{at}/description", 75, kinds)
    yield from check_string(option, at, "value", 150)
    yield from check_string(option, at, "url", 3000)


def _confirm(dialog: object, at: str) -> Faults:
    if not isinstance(dialog, dict):
        yield fault("must be an object", at)
        return
    parts = {"title", "text", "confirm", "deny"}
    yield from check_keys(dialog, at, {*parts, "style"}, parts, block=False)
    yield from check_text(dialog.get("title"), f"{at}/title", 100, PLAIN)
    yield from check_text(dialog.get("text"), f"{at}/text", 300)
    yield from check_text(dialog.get("confirm"), f"{at}/confirm", 30, PLAIN)
    yield from check_text(dialog.get("deny"), f"{at}/deny", 30, PLAIN)
    if dialog.get("style") not in {None, "primary", "danger"}:
        yield fault("must be primary or danger", f"{at}/style")


def check_text(text: object, at: str, most: int, kinds: Sequence[str] = ANY) -> Faults:
    """Check a text object, if there is one."""
    if text is None:
        return
    if not isinstance(text, dict) or text.get("type") not in kinds:
        yield fault(f"must be a text object of type {' or '.join(kinds)}", at)
        return
    more = {"emoji"} if text["type"] == "plain_text" else {"verbatim"}
    yield from check_keys(text, at, {"text", *more}, {"text"}, block=False)
    yield from check_string(text, at, "text", most)


def check_string(item: Json, at: str, key: str, most: int, *, least: int = 1) -> Faults:
    """Check the string under a key, if there is one."""
    value = item.get(key)
    if value is None:
        return
    here = f"{at}/{key}"
    if not isinstance(value, str):
        yield fault("must be a string", here)
    elif len(value) < least:
        yield fault(f"must be more than {least - 1} characters", here)
    elif len(value) > most:
        yield fault(f"must be less than {most + 1} characters", here)


def check_items(
    items: object, at: str, most: int, check: Callable[[object, str], Faults]
) -> Faults:
    """Check a list of 1 to `most` items, and each item."""
    if not isinstance(items, list):
        yield fault("must be an array", at)
        return
    if not items:
        yield fault("no fewer than 1 items required", at)
    if len(items) > most:
        yield fault(f"no more than {most} items allowed", at)
    for number, item in enumerate(items):
        yield from check(item, f"{at}/{number}")


def check_keys(
    item: Json, at: str, allowed: set[str], required: Collection[str] = (), *, block: bool = True
) -> Faults:
    """Check that all required keys are there, and no unknown one."""
    allowed_keys = {*allowed, "type"} | ({"block_id"} if block else set())
    for key in item:
        if key not in allowed_keys:
            yield fault(f"additional property: {key}", at)
    for key in sorted(required):
        if item.get(key) is None:
            yield fault(f"missing required field: {key}", at)


def fault(what: str, at: str) -> str:
    return f"[ERROR] {what} [json-pointer:{at}]"
