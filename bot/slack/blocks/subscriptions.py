"""Subscriptions of a channel: their list, their form, and requests for an invitation. Pure."""

from slack_sdk.models.blocks import ButtonElement, InputBlock, Option
from slack_sdk.models.views import View

from bot.digest.model import DAYS, Schedule, Subscription, format_time
from bot.digest.schedule_text import parse_subscription
from bot.digest.service import ActiveSubscription
from bot.lookup.query import QueryMistake
from bot.slack.blocks.modals import modal, numbered_options, select_element, text_element
from bot.slack.blocks.text import SlackMessage, fit, mrkdwn_message
from bot.slack.payloads import FormValues
from bot.slack.sanitize import number_in

EDIT, END, JOIN, FORM = (f"subscription:{name}" for name in ("edit", "end", "join", "form"))

NO_SUBSCRIPTION = (
    "This channel is subscribed to nothing. `/papers subscribe` brings what is new every Monday; "
    "`/papers subscribe serving daily at 9:00` a section every day."
)
_INVITE = (
    "I am not in this channel, so I cannot post here yet: type `/invite @papers` to invite me"
)


def subscription_message(active: ActiveSubscription) -> SlackMessage:
    """A subscription in words, with buttons to change and to end it."""
    value = str(active.subscription.id)
    return mrkdwn_message(
        f"*{fit(active.words, 600)}*\n{fit(active.sentence, 300)}",
        ButtonElement(text="Edit", action_id=EDIT, value=value),
        ButtonElement(text="Unsubscribe", action_id=END, value=value),
    )


def invite_message(channel: str | None) -> SlackMessage:
    """Ask to be let into a channel; with its id there is a button, for a public channel."""
    if channel is None:
        return mrkdwn_message(f"{_INVITE}.")
    button = ButtonElement(text="Let me in", action_id=JOIN, value=channel)
    return mrkdwn_message(f"{_INVITE}, or let me in.", button)


def subscription_form(subscription: Subscription) -> View:
    """The fields of a subscription."""
    schedule = subscription.schedule
    rhythms = numbered_options(["Every day", *(f"Every {day}" for day in DAYS)])
    rhythm = 0 if schedule.rhythm == "daily" else schedule.weekday + 1
    if_empty = [
        Option(value="loud", text="Say so in one line"),
        Option(value="quiet", text="Say nothing"),
    ]
    time = text_element(f"{format_time(schedule.time)} {schedule.zone}", max_length=60)
    quiet = select_element(if_empty, "What then?", int(subscription.is_quiet))
    blocks = [
        InputBlock(
            block_id="topic",
            label="What",
            hint="A section, a search, or everything.",
            element=text_element(subscription.topic.words, max_length=300),
        ),
        InputBlock(
            block_id="when", label="When", element=select_element(rhythms, "When?", rhythm)
        ),
        InputBlock(
            block_id="time",
            label="At",
            hint="A time and a zone, such as 9:00 Europe/Berlin.",
            element=time,
        ),
        InputBlock(block_id="quiet", label="If there is nothing new", element=quiet),
    ]
    return modal(FORM, "Edit a subscription", "Save", str(subscription.id), blocks)


def read_schedule(values: FormValues, before: Schedule) -> Schedule | QueryMistake:
    """The schedule that a form describes; what it leaves open is as before."""
    rhythm = number_in(values.text("when"))
    if rhythm is None or rhythm > len(DAYS):
        return QueryMistake("Choose when.")
    words = f"weekly on {DAYS[rhythm - 1]}" if rhythm else "daily"
    wanted = parse_subscription(f"{words} at {values.text('time')}")
    if isinstance(wanted, QueryMistake):
        return wanted
    if wanted.time is None or wanted.topic:
        return QueryMistake("A time and a zone are needed, such as 9:00 Europe/Berlin.")
    return wanted.schedule(before)
