"""Subscriptions: topic, schedule, and their descriptions in words. Values only."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from bot.catalog.model import fold

Rhythm = Literal["weekly", "daily"]
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DEFAULT_ZONE = "UTC"
"""The zone of people whose Slack profile has none; descriptions always name the zone."""


@dataclass(frozen=True, slots=True)
class Topic:
    """The topic of a subscription: a section, a search, or everything (no text).

    `text` is looked up again for every edition, so it follows the list. `section` is the path of
    the section that the text alone names; a section with filters has none.
    """

    text: str = ""
    section: str | None = None

    @property
    def key(self) -> str:
        """The same for all spellings; a channel has one subscription to a topic."""
        return fold(" ".join(self.text.split()))

    @property
    def words(self) -> str:
        """The topic as a heading."""
        return self.text or "everything"


EVERYTHING = Topic()


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The due moments of editions, in the local time of a zone."""

    rhythm: Rhythm = "weekly"
    weekday: int = 0
    """0 is Monday; a daily schedule has 0, which has no effect."""
    time: dt.time = dt.time(9)
    zone: str = DEFAULT_ZONE
    """An IANA name."""

    @property
    def zone_info(self) -> ZoneInfo:
        """The zone's rules."""
        return ZoneInfo(self.zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """An active subscription of a channel."""

    id: int
    channel: str
    topic: Topic
    schedule: Schedule
    is_quiet: bool = False
    """Whether an empty edition is not posted at all."""
    created_by: str
    created_at: dt.datetime
    changed_at: dt.datetime
    """When its schedule was last set; editions are due after that."""
    revision: int = 1
    """The number of schedules it has had; see `periods.Period`."""
    since: dt.datetime
    """Papers listed before this moment are not in its editions."""
    covered_until: dt.datetime
    """The end of the last issued period, or the begin of the first one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRequest:
    """A subscription that a person asks for."""

    channel: str
    topic: Topic
    schedule: Schedule
    is_quiet: bool = False
    requested_by: str


def apply_change(before: Subscription, wanted: Subscription, now: dt.datetime) -> Subscription:
    """`before` with the topic, schedule and `is_quiet` of another subscription."""
    after = replace(before, is_quiet=wanted.is_quiet)
    if wanted.topic != before.topic:
        # The new topic's papers of periods that are over are no news.
        after = replace(after, topic=wanted.topic, since=before.covered_until)
    if wanted.schedule != before.schedule:
        revision = before.revision + 1
        after = replace(after, schedule=wanted.schedule, changed_at=now, revision=revision)
    return after


@cache
def _zones() -> Mapping[str, str]:
    return {name.casefold(): name for name in available_timezones()}


def find_zone(name: str) -> str | None:
    """The IANA name of a time zone, in any case; None if there is no such zone."""
    return _zones().get(name.strip().casefold())


def topic_clause(topic: Topic, *, is_one: bool = False) -> str:
    """` in Serving`, ` that match “kv cache”`, for one paper ` that matches …`; or nothing."""
    if not topic.text:
        return ""
    if topic.section:
        return f" in {topic.text}"
    return f" that {'matches' if is_one else 'match'} “{topic.text}”"


def describe_topic(topic: Topic) -> str:
    """`new papers in Serving`, `new papers that match “kv cache”`, `every new paper`."""
    return f"new papers{topic_clause(topic)}" if topic.text else "every new paper"


def describe_subscription(subscription: Subscription) -> str:
    """`every Monday at 9:00 (Europe/Berlin): new papers in Serving`."""
    schedule = subscription.schedule
    day = DAYS[schedule.weekday] if schedule.rhythm == "weekly" else "day"
    when = f"every {day} at {format_time(schedule.time)} ({schedule.zone})"
    empty = "; nothing when there is nothing new" if subscription.is_quiet else ""
    return f"{when}: {describe_topic(subscription.topic)}{empty}"


def format_time(time: dt.time) -> str:
    """`9:00`, `17:30`."""
    return f"{time.hour}:{time.minute:02}"
