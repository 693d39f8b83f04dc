"""A subscription: what a channel wants to hear of, and when. Values, and their words."""

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
"""Used for people of whom Slack tells no time zone; words always name the zone."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What a subscription is about: a section, a search, or everything (no text).

    `text` is looked up anew for every edition, so it follows the list. `section` is the path of
    the section that the text alone names; a section with filters has none.
    """

    text: str = ""
    section: str | None = None

    @property
    def key(self) -> str:
        """The same however it is spelt; a channel has one subscription to a topic."""
        return fold(" ".join(self.text.split()))

    @property
    def words(self) -> str:
        """The topic as a heading."""
        return self.text or "everything"


EVERYTHING = Topic()


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When editions come, by the clock on the wall of a zone."""

    rhythm: Rhythm = "weekly"
    weekday: int = 0
    """0 is Monday; a daily schedule has 0 and heeds it not."""
    time: dt.time = dt.time(9)
    zone: str = DEFAULT_ZONE
    """An IANA name."""

    @property
    def zone_info(self) -> ZoneInfo:
        """The zone's rules."""
        return ZoneInfo(self.zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A channel's subscription as it stands."""

    id: int
    channel: str
    topic: Topic
    schedule: Schedule
    is_quiet: bool = False
    """Whether nothing at all is said of a period that brought nothing."""
    created_by: str
    created_at: dt.datetime
    changed_at: dt.datetime
    """When its schedule was last set; editions are due after that."""
    revision: int = 1
    """Counts the schedules it has had; see `periods.Period`."""
    since: dt.datetime
    """Nothing from before this moment is told."""
    covered_until: dt.datetime
    """The end of the last period that an edition was issued for, or where the first begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRequest:
    """What somebody wants for a channel."""

    channel: str
    topic: Topic
    schedule: Schedule
    is_quiet: bool = False
    requested_by: str


def apply_change(before: Subscription, wanted: Subscription, now: dt.datetime) -> Subscription:
    """A subscription with the topic, schedule and quiet of another."""
    after = replace(before, is_quiet=wanted.is_quiet)
    if wanted.topic != before.topic:
        # What the new topic brought in periods that were told of already is no news.
        after = replace(after, topic=wanted.topic, since=before.covered_until)
    if wanted.schedule != before.schedule:
        revision = before.revision + 1
        after = replace(after, schedule=wanted.schedule, changed_at=now, revision=revision)
    return after


@cache
def _zones() -> Mapping[str, str]:
    return {name.casefold(): name for name in available_timezones()}


def find_zone(name: str) -> str | None:
    """The IANA name of a time zone, whatever its case; None if there is no such zone."""
    return _zones().get(name.strip().casefold())


def describe_schedule(schedule: Schedule) -> str:
    """`every Monday at 9:00 (Europe/Berlin)`."""
    day = DAYS[schedule.weekday] if schedule.rhythm == "weekly" else "day"
    return f"every {day} at {format_time(schedule.time)} ({schedule.zone})"


def describe_topic(topic: Topic) -> str:
    """`new papers in Serving`, `new papers that match “kv cache”`, `every new paper`."""
    if not topic.text:
        return "every new paper"
    if topic.section:
        return f"new papers in {topic.text}"
    return f"new papers that match “{topic.text}”"


def describe_subscription(one: Subscription) -> str:
    """What comes when, and whether anything comes when there is nothing."""
    empty = "; nothing when there is nothing new" if one.is_quiet else ""
    return f"{describe_schedule(one.schedule)}: {describe_topic(one.topic)}{empty}"


def format_time(time: dt.time) -> str:
    """`9:00`, `17:30`."""
    return f"{time.hour}:{time.minute:02}"
