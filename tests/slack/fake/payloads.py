"""Payloads of interactions, made from a message or a view. Pure.

The shapes are those of real payloads. An action is made only for an element that is there.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.slack.elements import options_of
from tests.slack.fake.workspace import APP, TEAM, Channel, User

Json = dict[str, Any]
# The key of the choice in an action and in a view's state.
_CHOSEN: Mapping[str, str] = {
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "overflow": "selected_option",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "checkboxes": "selected_options",
    "users_select": "selected_user",
    "multi_users_select": "selected_users",
    "conversations_select": "selected_conversation",
    "multi_conversations_select": "selected_conversations",
    "channels_select": "selected_channel",
    "multi_channels_select": "selected_channels",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
}
_INITIAL: Mapping[str, str] = {
    "selected_option": "initial_option",
    "selected_options": "initial_options",
    "selected_user": "initial_user",
    "selected_users": "initial_users",
    "selected_conversation": "initial_conversation",
    "selected_conversations": "initial_conversations",
    "selected_channel": "initial_channel",
    "selected_channels": "initial_channels",
    "selected_date": "initial_date",
    "selected_time": "initial_time",
    "selected_date_time": "initial_date_time",
    "value": "initial_value",
}


def interaction(kind: str, user: User, trigger: str) -> Json:
    """The fields that all interactions share."""
    return {
        "type": kind,
        "team": {"id": TEAM, "domain": "example"},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team},
        "api_app_id": APP,
        "token": "legacy",
        "trigger_id": trigger,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def in_channel(channel: Channel) -> Json:
    """The conversation of an interaction."""
    return {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name}


def elements(blocks: Sequence[Json]) -> Iterator[tuple[str, Json]]:
    """The interactive elements of blocks, with the ids of their blocks."""
    for block in blocks:
        candidates = [*block.get("elements", ()), block.get("accessory"), block.get("element")]
        for element in candidates:
            if isinstance(element, dict) and "action_id" in element:
                yield str(block["block_id"]), element


def action(
    blocks: Sequence[Json],
    action_id: str,
    *,
    value: str | None = None,
    selected: object = None,
    at: str,
) -> Json:
    """One action. `value` finds the button among several, or the option if none is `selected`.

    Raises AssertionError when there is no such element or option.
    """
    for block_id, element in elements(blocks):
        if element["action_id"] != action_id:
            continue
        if element["type"] == "button":
            if value is not None and element.get("value") != value:
                continue
            state: Json = {
                key: element[key] for key in ("text", "value", "url", "style") if key in element
            }
        else:
            state = chosen(element, value if selected is None else selected)
        return {
            "action_id": action_id,
            "block_id": block_id,
            "type": element["type"],
            **copy.deepcopy(state),
            "action_ts": at,
        }
    shown = [(element["action_id"], element.get("value")) for _, element in elements(blocks)]
    raise AssertionError(f"nothing to click as {action_id!r} {value!r} among {shown}")


def chosen(element: Json, what: object) -> Json:
    """The state of an element after a choice or typing; None: nothing was chosen."""
    key = _CHOSEN.get(element["type"], "value")
    if not key.startswith("selected_option") or what is None:
        return {key: what}
    options = {option["value"]: option for option in options_of(element)}
    wanted = list(what) if isinstance(what, list | tuple | set) else [what]
    for value in wanted:
        assert value in options, f"no option {value!r} among {sorted(options)}"
    picked = [options[value] for value in wanted]
    return {key: picked if key == "selected_options" else picked[0]}


def state(blocks: Sequence[Json], values: Mapping[str, object]) -> Json:
    """The state of inputs: the given values (by block id or action id), else the initial ones.

    Raises AssertionError for a value without input, and for a required input without value.
    """
    left, fields = set(values), {}
    for block in blocks:
        element = block.get("element") if block["type"] == "input" else None
        if not isinstance(element, dict):
            continue
        names = [name for name in (block["block_id"], element["action_id"]) if name in values]
        left -= set(names)
        state_ = chosen(element, values[names[0]]) if names else initial(element)
        most = element.get("max_length") or len(str(state_.get("value") or ""))
        assert len(str(state_.get("value") or "")) <= most, f"{block['block_id']}: too long"
        assert block.get("optional") or any(
            part not in (None, "", []) for part in state_.values()
        ), f"{block['block_id']} is required"
        fields[block["block_id"]] = {element["action_id"]: {"type": element["type"], **state_}}
    assert not left, f"no input {sorted(left)}"
    return {"values": copy.deepcopy(fields)}


def initial(element: Json) -> Json:
    """The state of an element that nobody has changed."""
    key = _CHOSEN.get(element["type"], "value")
    return {key: element.get(_INITIAL[key], [] if key == "selected_options" else None)}
