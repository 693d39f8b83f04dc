"""What Slack sends when a person acts: built from a message or a view as it stands, pure.

The shapes are those of real payloads. An action is built only for an element that is there; what
cannot be clicked in Slack cannot be clicked here.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.slack.elements import options_of
from tests.slack.fake.workspace import APP, TEAM, Channel, User

Json = dict[str, Any]
# Under which key a chosen thing stands in an action and in a view's state.
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
    """What every interaction says."""
    return {
        "type": kind,
        "team": {"id": TEAM, "domain": "example"},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": TEAM},
        "api_app_id": APP,
        "token": "legacy",
        "trigger_id": trigger,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def in_channel(channel: Channel) -> Json:
    """Where it happened."""
    return {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name}


def elements(blocks: Sequence[Json]) -> Iterator[tuple[str, Json]]:
    """Everything that can be acted on, with the id of its block."""
    for block in blocks:
        found = [*block.get("elements", ()), block.get("accessory"), block.get("element")]
        for one in found:
            if isinstance(one, dict) and "action_id" in one:
                yield str(block["block_id"]), one


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
            told: Json = {
                key: element[key] for key in ("text", "value", "url", "style") if key in element
            }
        else:
            told = chosen(element, value if selected is None else selected)
        return {
            "action_id": action_id,
            "block_id": block_id,
            "type": element["type"],
            **copy.deepcopy(told),
            "action_ts": at,
        }
    shown = [(one["action_id"], one.get("value")) for _, one in elements(blocks)]
    raise AssertionError(f"nothing to click as {action_id!r} {value!r} among {shown}")


def chosen(element: Json, what: object) -> Json:
    """What an element says after a choice, or after typing; None: nothing was chosen."""
    key = _CHOSEN.get(element["type"], "value")
    if not key.startswith("selected_option") or what is None:
        return {key: what}
    options = {one["value"]: one for one in options_of(element)}
    wanted = list(what) if isinstance(what, list | tuple | set) else [what]
    for one in wanted:
        assert one in options, f"no option {one!r} among {sorted(options)}"
    found = [options[one] for one in wanted]
    return {key: found if key == "selected_options" else found[0]}


def state(blocks: Sequence[Json], values: Mapping[str, object]) -> Json:
    """The state of inputs: what was filled in (by block id or action id), or stood there before.

    Raises AssertionError for a value without input, and for a required input without value.
    """
    left, found = set(values), {}
    for block in blocks:
        element = block.get("element") if block["type"] == "input" else None
        if not isinstance(element, dict):
            continue
        names = [name for name in (block["block_id"], element["action_id"]) if name in values]
        left -= set(names)
        told = chosen(element, values[names[0]]) if names else initial(element)
        most = element.get("max_length") or len(str(told.get("value") or ""))
        assert len(str(told.get("value") or "")) <= most, f"{block['block_id']}: too long"
        assert block.get("optional") or any(one not in (None, "", []) for one in told.values()), (
            f"{block['block_id']} is required"
        )
        found[block["block_id"]] = {element["action_id"]: {"type": element["type"], **told}}
    assert not left, f"no input {sorted(left)}"
    return {"values": copy.deepcopy(found)}


def initial(element: Json) -> Json:
    """What an element says that nobody has touched."""
    key = _CHOSEN.get(element["type"], "value")
    return {key: element.get(_INITIAL[key], [] if key == "selected_options" else None)}
