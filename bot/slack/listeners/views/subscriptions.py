"""The form of a subscription."""

from dataclasses import replace
from functools import partial

import structlog

from bot.digest.model import Subscription
from bot.digest.topics import ResolvedTopic
from bot.lookup.query import QueryMistake
from bot.slack.blocks.modals import FormFaults
from bot.slack.blocks.subscriptions import FORM, read_schedule
from bot.slack.blocks.text import SlackMessage, text_message
from bot.slack.context import ListenerContext
from bot.slack.listeners.declaration import Deferred, FormListener, FormResult, Timing
from bot.slack.payloads import Submission

_log = structlog.get_logger()


def edit(context: ListenerContext, submission: Submission) -> FormResult:
    """Change a subscription to what the form describes, after closing the form."""
    subscription, values = context.subscription(submission.number), submission.values
    schedule = read_schedule(values, subscription.schedule)
    if isinstance(schedule, QueryMistake):
        return FormFaults({"time": schedule.message})
    words = values.text("topic")
    topic = context.subscriptions.read_topic(
        subscription, "" if words.lower() == "everything" else words
    )
    if isinstance(topic, QueryMistake):
        return FormFaults({"topic": topic.message[:150]})
    is_quiet = values.text("quiet") == "quiet"
    wanted = replace(subscription, schedule=schedule, is_quiet=is_quiet)
    return Deferred(partial(_save, context, submission.user, wanted, topic))


def _save(
    context: ListenerContext, user: str, wanted: Subscription, topic: ResolvedTopic
) -> SlackMessage:
    context.check_writer(user)
    outcome = context.subscriptions.edit(wanted, topic, user, context.now())
    if isinstance(outcome, QueryMistake):
        return text_message(outcome.message)
    _log.info("subscription changed", user=user, channel=wanted.channel)
    return text_message(outcome.sentence)


LISTENERS = (FormListener(callback_id=FORM, handler=edit, timing=Timing.LATER),)
