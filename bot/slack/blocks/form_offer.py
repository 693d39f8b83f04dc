"""Offer to open a form that Slack did not open in time. Pure.

The button carries the interaction that asked for the form, so a click repeats it, in every
process.
"""

from slack_sdk.models.blocks import ButtonElement

from bot.slack.blocks.text import SlackMessage, fit, mrkdwn_message, text_message
from bot.slack.payloads import Click, Command, Interaction, MessageShortcut

OPEN_FORM = "form:open"

_VALUE_LENGTH = 2000
_TEXT_LENGTH = 1000


def form_offer(event: Interaction, problem: str) -> SlackMessage:
    """The reason why a form did not open, with a button that opens it."""
    value = _value(event)
    if not value:
        return text_message(f"{problem} Please try once more.")
    button = ButtonElement(text="Open the form", action_id=OPEN_FORM, value=value)
    return mrkdwn_message(f"{fit(problem, _TEXT_LENGTH)} Press the button to open it.", button)


def _value(event: Interaction) -> str:
    """The interaction, as a button's value; last words that have no room are left out."""
    match event:
        case Command(text=text):
            value = f"command {text}"
        case MessageShortcut(links=links):
            value = " ".join(("links", *links))
        case Click(action_id=action_id, value=carried):
            value = carried if action_id == OPEN_FORM else f"click {action_id} {carried}"
        case _:
            value = ""
    return value if len(value) <= _VALUE_LENGTH else value[:_VALUE_LENGTH].rsplit(" ", 1)[0]
