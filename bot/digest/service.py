"""Use cases of subscriptions: subscribe, list, change, end, preview. Answers are sentences."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.digest.composer import Composer
from bot.digest.edition import Edition
from bot.digest.edition_text import format_moment
from bot.digest.model import (
    DEFAULT_ZONE,
    Schedule,
    Subscription,
    SubscriptionRequest,
    Topic,
    describe_subscription,
    describe_topic,
    find_zone,
)
from bot.digest.periods import next_due
from bot.digest.schedule_text import ParsedSubscription, parse_subscription
from bot.digest.store import (
    MAX_SUBSCRIPTIONS,
    DigestStore,
    SavedSubscription,
    SubscriptionChange,
    TooManySubscriptionsError,
    TopicTakenError,
)
from bot.digest.topics import ResolvedTopic, resolve_topic
from bot.lookup.catalog_lookup import CatalogLookup
from bot.lookup.query import QueryMistake

_VERBS: dict[SubscriptionChange, str] = {
    "added": "This channel now gets, ",
    "changed": "Changed. This channel now gets, ",
    "same": "This channel gets that already: ",
}
_GONE = "This subscription has ended. `/papers subscriptions` shows those that there are."


@dataclass(frozen=True, slots=True)
class SubscriptionConfirmed:
    """A subscription after a request, and the sentences that confirm it."""

    subscription: Subscription
    sentence: str


@dataclass(frozen=True, slots=True)
class ActiveSubscription:
    """An active subscription in words, and its next edition's time in a sentence."""

    subscription: Subscription
    words: str
    sentence: str


class SubscriptionService:
    """Use cases of subscriptions, for the listeners."""

    def __init__(
        self, digests: DigestStore, composer: Composer, lookup: Callable[[], CatalogLookup]
    ) -> None:
        """`lookup` gives the lookup of the present list."""
        self._digests, self._composer, self._lookup = digests, composer, lookup

    def subscribe(
        self, text: str, channel: str, user: str, zone: str | None, now: dt.datetime
    ) -> SubscriptionConfirmed | QueryMistake:
        """Subscribe a channel to the text after the verb.

        `zone` is the time zone of the person's Slack profile, if Slack knows it. Parts that were
        not typed are those of the channel's subscription to this topic, or else the default:
        weekly, on Monday at nine, with a short line when there is nothing new.
        Raises DailyLimitError.
        """
        parsed = parse_subscription(text)
        if isinstance(parsed, QueryMistake):
            return parsed
        resolved = resolve_topic(self._lookup(), parsed.topic)
        if isinstance(resolved, QueryMistake):
            return resolved
        zone, key = find_zone(zone or ""), resolved.topic.key
        present = self._digests.list_for_channel(channel)
        before = next((each for each in present if each.topic.key == key), None)
        was_quiet = before is not None and before.is_quiet
        request = SubscriptionRequest(
            channel=channel,
            topic=resolved.topic,
            schedule=_schedule(parsed, before, zone),
            is_quiet=was_quiet if parsed.is_quiet is None else parsed.is_quiet,
            requested_by=user,
        )
        try:
            saved = self._digests.subscribe(request, now)
        except TooManySubscriptionsError:
            return QueryMistake(
                f"This channel has {MAX_SUBSCRIPTIONS} subscriptions, which is the most. "
                "End one with `/papers unsubscribe` first."
            )
        is_guess = not (before or parsed.zone or zone)
        return _confirmed(saved, resolved.remark, now, is_guess=is_guess)

    def edit(
        self, wanted: Subscription, topic: str, user: str, now: dt.datetime
    ) -> SubscriptionConfirmed | QueryMistake:
        """Give a subscription the schedule and `is_quiet` of `wanted`, and a typed topic.

        Raises DailyLimitError.
        """
        resolved = resolve_topic(self._lookup(), topic)
        if isinstance(resolved, QueryMistake):
            return resolved
        wanted = replace(wanted, topic=resolved.topic)
        try:
            saved = self._digests.change(wanted.id, wanted, user, now)
        except TopicTakenError:
            return QueryMistake(
                f"This channel has another subscription to {resolved.topic.words}. "
                "Change that one, or end it first."
            )
        if saved is None:
            return QueryMistake(_GONE)
        return _confirmed(saved, resolved.remark, now, is_guess=False)

    def active(self, channel: str, now: dt.datetime) -> tuple[ActiveSubscription, ...]:
        """The active subscriptions of a channel."""
        subscriptions = self._digests.list_for_channel(channel)
        return tuple(_describe(subscription, now) for subscription in subscriptions)

    def get(self, number: int) -> Subscription | None:
        """The active subscription with a number."""
        return self._digests.get(number)

    def unsubscribe(self, text: str, channel: str, user: str, now: dt.datetime) -> str:
        """End the named subscription, every one for `all`, the only one for an empty text.

        Returns a sentence on what ended, or why nothing did.
        """
        subscriptions = self._digests.list_for_channel(channel)
        if not subscriptions:
            return "This channel has no subscription. `/papers subscribe` makes one."
        named = self._named(text, subscriptions)
        if isinstance(named, QueryMistake):
            return named.message
        return self._end([subscription.id for subscription in named], channel, user, now)

    def end(self, number: int, channel: str, user: str, now: dt.datetime) -> str:
        """End a subscription of a channel by its number; returns a sentence on it."""
        return self._end([number], channel, user, now)

    def preview(self, subscription: Subscription, now: dt.datetime) -> Edition:
        """An example edition of a subscription."""
        return self._composer.preview(subscription, now)

    def _end(self, numbers: Sequence[int], channel: str, user: str, now: dt.datetime) -> str:
        removed = (self._digests.remove(number, channel, user, now) for number in numbers)
        topics = [describe_topic(subscription.topic) for subscription in removed if subscription]
        return f"Ended. This channel no longer gets {', '.join(topics)}." if topics else _GONE

    def _named(
        self, text: str, subscriptions: tuple[Subscription, ...]
    ) -> tuple[Subscription, ...] | QueryMistake:
        """The subscriptions that a text names."""
        commands = ", ".join(f"`/papers unsubscribe {each.topic.words}`" for each in subscriptions)
        choice = (
            f"It is subscribed to {len(subscriptions)}: {commands}; "
            "`/papers unsubscribe all` ends all."
        )
        text = " ".join(text.split())
        if text.lower() == "all" or (not text and len(subscriptions) == 1):
            return subscriptions
        if not text:
            return QueryMistake(f"Which one? {choice}")
        parsed = parse_subscription(text)
        if isinstance(parsed, QueryMistake):
            return parsed
        keys = {Topic(parsed.topic).key}
        resolved = resolve_topic(self._lookup(), parsed.topic)
        if isinstance(resolved, ResolvedTopic):
            keys.add(resolved.topic.key)
        named = tuple(each for each in subscriptions if each.topic.key in keys)
        return named or QueryMistake(f"This channel has no such subscription. {choice}")


def _schedule(
    parsed: ParsedSubscription, before: Subscription | None, zone: str | None
) -> Schedule:
    """The typed schedule, with the missing parts of `before` or the default."""
    schedule = before.schedule if before else Schedule(zone=zone or DEFAULT_ZONE)
    if parsed.time is not None and zone:
        schedule = replace(schedule, zone=zone)  # the time is meant in the person's own zone
    return parsed.schedule(schedule)


def _confirmed(
    saved: SavedSubscription, remark: str, now: dt.datetime, *, is_guess: bool
) -> SubscriptionConfirmed:
    active = _describe(saved.subscription, now)
    sentences = [f"{_VERBS[saved.change]}{active.words}.", active.sentence, remark]
    if is_guess:
        sentences.append(
            "Slack tells me no time zone of yours, so the time is in UTC; "
            "`at 9:00 Europe/Berlin` names another."
        )
    return SubscriptionConfirmed(saved.subscription, " ".join(filter(None, sentences)))


def _describe(subscription: Subscription, now: dt.datetime) -> ActiveSubscription:
    due = next_due(subscription, now)
    when = (
        "The next edition is on its way."
        if due <= now
        else f"The next edition comes on {format_moment(due, subscription.schedule.zone)}."
    )
    return ActiveSubscription(subscription, describe_subscription(subscription), when)
