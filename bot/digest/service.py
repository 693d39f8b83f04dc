"""What people do with subscriptions: subscribe, look, change, end. Answers are sentences."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.digest import periods as calendar
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
    """A subscription as it is now, and the sentences that say so."""

    subscription: Subscription
    change: SubscriptionChange
    sentence: str


@dataclass(frozen=True, slots=True)
class ActiveSubscription:
    """A subscription that holds, in words, and when its next edition comes."""

    subscription: Subscription
    words: str
    next_at: dt.datetime
    sentence: str
    """When that is, in the subscription's zone."""


@dataclass(frozen=True, slots=True)
class SubscriptionsEnded:
    """Subscriptions that were ended."""

    subscriptions: tuple[Subscription, ...]
    sentence: str


class SubscriptionService:
    """The use cases of listeners."""

    def __init__(
        self, digests: DigestStore, editor: Composer, lookup: Callable[[], CatalogLookup]
    ) -> None:
        """`lookup` gives the lookup of the list as it is now."""
        self._digests, self._editor, self._lookup = digests, editor, lookup

    def subscribe(
        self, text: str, channel: str, who: str, zone: str | None, now: dt.datetime
    ) -> SubscriptionConfirmed | QueryMistake:
        """Subscribe a channel to what was typed after the verb.

        `zone` is the time zone of the person's Slack profile, if Slack tells one. What was not
        typed is as in the channel's subscription to this topic, else the default: weekly, on
        Monday at nine, with a short line when there is nothing new.
        """
        wanted = parse_subscription(text)
        if isinstance(wanted, QueryMistake):
            return wanted
        chosen = resolve_topic(self._lookup(), wanted.topic)
        if isinstance(chosen, QueryMistake):
            return chosen
        there = self._of_topic(channel, chosen.topic)
        order = _order(wanted, chosen.topic, there, zone)
        try:
            kept = self._digests.subscribe(replace(order, channel=channel, requested_by=who), now)
        except TooManySubscriptionsError:
            return QueryMistake(
                f"This channel has {MAX_SUBSCRIPTIONS} subscriptions, which is the most. "
                "End one with `/papers unsubscribe` first."
            )
        is_guess = not (there or wanted.zone or find_zone(zone or ""))
        return _confirmed(kept, chosen.remark, now, is_guess=is_guess)

    def edit(
        self, one: Subscription, topic: str, schedule: Schedule, now: dt.datetime, *, quiet: bool
    ) -> SubscriptionConfirmed | QueryMistake:
        """Change a subscription to what a form says."""
        chosen = resolve_topic(self._lookup(), topic)
        if isinstance(chosen, QueryMistake):
            return chosen
        wanted = replace(one, topic=chosen.topic, schedule=schedule, is_quiet=quiet)
        try:
            kept = self._digests.change(one.id, wanted, now)
        except TopicTakenError:
            return QueryMistake(
                f"This channel has another subscription to {chosen.topic.words}. "
                "Change that one, or end it first."
            )
        if kept is None:
            return QueryMistake(_GONE)
        return _confirmed(kept, chosen.remark, now, is_guess=False)

    def active(self, channel: str, now: dt.datetime) -> tuple[ActiveSubscription, ...]:
        """What a channel is subscribed to, exactly."""
        return tuple(_active(one, now) for one in self._digests.list_for_channel(channel))

    def get(self, number: int) -> Subscription | None:
        """A subscription that holds; for an edit's form."""
        return self._digests.get(number)

    def unsubscribe(
        self, text: str, channel: str, who: str, now: dt.datetime
    ) -> SubscriptionsEnded | QueryMistake:
        """End what was named; the only one when nothing was; every one for `all`."""
        ours = self._digests.list_for_channel(channel)
        if not ours:
            return QueryMistake("This channel has no subscription. `/papers subscribe` makes one.")
        which = self._named(text, ours)
        if isinstance(which, QueryMistake):
            return which
        ended = (self._digests.remove(one.id, channel, who, now) for one in which)
        return _ended(tuple(one for one in ended if one))

    def end(
        self, number: int, channel: str, who: str, now: dt.datetime
    ) -> SubscriptionsEnded | QueryMistake:
        """End a subscription by a button."""
        one = self._digests.remove(number, channel, who, now)
        return _ended((one,)) if one else QueryMistake(_GONE)

    def preview(self, one: Subscription, now: dt.datetime) -> Edition:
        """What an edition of it looks like."""
        return self._editor.preview(one, now)

    def _named(
        self, text: str, ours: tuple[Subscription, ...]
    ) -> tuple[Subscription, ...] | QueryMistake:
        typed = " ".join(text.lower().split())
        if typed == "all":
            return ours
        if not typed:
            return ours if len(ours) == 1 else QueryMistake(f"Which one? {_listing(ours)}")
        wanted = parse_subscription(text)
        if isinstance(wanted, QueryMistake):
            return wanted
        chosen = resolve_topic(self._lookup(), wanted.topic)
        keys = {Topic(wanted.topic).key}
        if isinstance(chosen, ResolvedTopic):
            keys.add(chosen.topic.key)
        which = tuple(one for one in ours if one.topic.key in keys)
        return which or QueryMistake(f"This channel has no such subscription. {_listing(ours)}")

    def _of_topic(self, channel: str, topic: Topic) -> Subscription | None:
        ours = self._digests.list_for_channel(channel)
        return next((one for one in ours if one.topic.key == topic.key), None)


def _order(
    wanted: ParsedSubscription, topic: Topic, there: Subscription | None, zone: str | None
) -> SubscriptionRequest:
    """What is wanted, with what was not said as it is, or the default; for nobody yet."""
    known = find_zone(zone or "")
    before = there.schedule if there else Schedule(zone=known or DEFAULT_ZONE)
    if wanted.time is not None and known:
        before = replace(before, zone=known)  # nine o'clock, says who lives there
    quiet = wanted.is_quiet
    if quiet is None:
        quiet = there.is_quiet if there else False
    schedule = wanted.schedule(before)
    return SubscriptionRequest(
        channel="", topic=topic, schedule=schedule, is_quiet=quiet, requested_by=""
    )


def _confirmed(
    kept: SavedSubscription, remark: str, now: dt.datetime, *, is_guess: bool
) -> SubscriptionConfirmed:
    active = _active(kept.subscription, now)
    sentences = [f"{_VERBS[kept.change]}{active.words}.", active.sentence, remark]
    if is_guess:
        sentences.append(
            "Slack tells me no time zone of yours, so the time is in UTC; "
            "`at 9:00 Europe/Berlin` names another."
        )
    return SubscriptionConfirmed(kept.subscription, kept.change, " ".join(filter(None, sentences)))


def _active(one: Subscription, now: dt.datetime) -> ActiveSubscription:
    next_at = calendar.next_due(one, now)
    when = (
        "The next edition is on its way."
        if next_at <= now
        else f"The next edition comes on {format_moment(next_at, one.schedule.zone)}."
    )
    return ActiveSubscription(one, describe_subscription(one), next_at, when)


def _ended(ones: tuple[Subscription, ...]) -> SubscriptionsEnded | QueryMistake:
    if not ones:
        return QueryMistake(_GONE)
    what = ", ".join(describe_topic(one.topic) for one in ones)
    return SubscriptionsEnded(ones, f"Ended. This channel no longer gets {what}.")


def _listing(ours: tuple[Subscription, ...]) -> str:
    names = ", ".join(f"`/papers unsubscribe {one.topic.words}`" for one in ours)
    return f"It is subscribed to {len(ours)}: {names}; `/papers unsubscribe all` ends all."
