"""The form of a subscription."""

from dataclasses import replace

import structlog

from bot.lookup.query import QueryMistake
from bot.slack.blocks.modals import FormFaults
from bot.slack.blocks.subscriptions import FORM, read_schedule
from bot.slack.blocks.text import text_message
from bot.slack.context import ListenerContext
from bot.slack.listeners.declaration import FormListener, FormResult, Timing
from bot.slack.payloads import Submission

_log = structlog.get_logger()


def edit(context: ListenerContext, submission: Submission) -> FormResult:
    """Change a subscription to what the form describes."""
    subscription, values = context.subscription(submission.number), submission.values
    context.check_writer(submission.user)
    schedule = read_schedule(values, subscription.schedule)
    if isinstance(schedule, QueryMistake):
        return FormFaults({"time": schedule.message})
    topic = values.text("topic")
    topic = "" if topic.lower() == "everything" else topic
    is_quiet = values.text("quiet") == "quiet"
    wanted = replace(subscription, schedule=schedule, is_quiet=is_quiet)
    outcome = context.subscriptions.edit(wanted, topic, submission.user, context.now())
    if isinstance(outcome, QueryMistake):
        return FormFaults({"topic": outcome.message[:150]})
    _log.info("subscription changed", user=submission.user, channel=subscription.channel)
    return text_message(outcome.sentence)


LISTENERS = (FormListener(callback_id=FORM, handler=edit, timing=Timing.AT_ONCE),)
