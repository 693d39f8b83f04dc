"""What a person typed after `/papers subscribe`, taken apart. Pure.

    serving weekly on monday at 9:00    kv cache daily at 8am unless empty    venue:osdi at 17:30

Words of a schedule are taken out, wherever they stand; whatever is left is the topic, to be
looked up as any other text. What stands in quotes is always topic.
"""

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bot.digest.model import DAYS, Rhythm, Schedule, find_zone
from bot.lookup.query import QUOTES, QueryMistake

_TOKEN = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
_CLOCK = re.compile(r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2})|h)?(?P<half>[ap]\.?m\.?)?")
_FOUR_DIGITS = re.compile(r"(?P<hour>\d{2})(?P<minute>\d{2})(?P<half>)")
_HALVES = re.compile(r"[ap]\.?m\.?")
_NAMED_TIMES = {"noon": dt.time(12), "midday": dt.time(12), "midnight": dt.time(0)}
_SHORT = {"tues": 1, "thur": 3, "thurs": 3} | {day[:3].lower(): at for at, day in enumerate(DAYS)}
_LONG = {day.lower(): at for at, day in enumerate(DAYS)}
_RHYTHMS: dict[str, Rhythm] = {"weekly": "weekly", "daily": "daily"}
_UNITS: dict[str, Rhythm] = {"week": "weekly", "day": "daily"}
_UNKNOWN_RHYTHMS = frozenset(
    {"monthly", "hourly", "biweekly", "bi-weekly", "fortnightly", "yearly", "weekdays", "weekends"}
)
_QUIET = ("unless empty", "if not empty", "not if empty", "when not empty", "not when empty")
_LOUD = ("even if empty", "even when empty", "also if empty", "also when empty")
_ALL = frozenset({"everything", "all", "anything", "*", "all papers", "every paper", "all topics"})
_NOON, _LAST_HOUR, _LAST_MINUTE = 12, 23, 59
_QUOTE = "Put it in quotes if it belongs to the topic."


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedSubscription:
    """What was typed; None is what was not said."""

    topic: str = ""
    """Empty for everything."""
    rhythm: Rhythm | None = None
    weekday: int | None = None
    time: dt.time | None = None
    zone: str | None = None
    is_quiet: bool | None = None

    def schedule(self, before: Schedule) -> Schedule:
        """The schedule that is wanted; what was not said is as before."""
        rhythm = self.rhythm or ("weekly" if self.weekday is not None else before.rhythm)
        weekday = before.weekday if self.weekday is None else self.weekday
        return Schedule(
            rhythm=rhythm,
            weekday=weekday if rhythm == "weekly" else 0,
            time=before.time if self.time is None else self.time,
            zone=self.zone or before.zone,
        )


def parse_subscription(text: str) -> ParsedSubscription | QueryMistake:
    """What is wanted, or the first thing that cannot be, in a sentence with the remedy."""
    reader = _Reader(_TOKEN.findall(text.translate(QUOTES)))
    return reader.read()


class _Reader:
    """Goes once through the words; each kind of schedule word takes what it knows."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._at = 0
        self._topic: list[str] = []
        self._rhythms: list[Rhythm] = []
        self._days: list[int] = []
        self._times: list[dt.time] = []
        self._zone: str | None = None
        self._quiet: bool | None = None
        self._mistake: str | None = None

    def read(self) -> ParsedSubscription | QueryMistake:
        steps: tuple[Callable[[], int], ...] = (
            self._take_emptiness, self._take_rhythm, self._take_day, self._take_time,
        )  # fmt: skip
        while self._at < len(self._words) and not self._mistake:
            taken = next((count for step in steps if (count := step())), 0)
            if not taken and not self._mistake:
                self._topic.append(self._words[self._at])
            self._at += taken or 1
        mistake = self._mistake or self._contradiction()
        return QueryMistake(mistake) if mistake else self._wanted()

    def _wanted(self) -> ParsedSubscription:
        return ParsedSubscription(
            topic=_topic(self._topic),
            rhythm=self._rhythms[0] if self._rhythms else None,
            weekday=self._days[0] if self._days else None,
            time=self._times[0] if self._times else None,
            zone=self._zone,
            is_quiet=self._quiet,
        )

    def _contradiction(self) -> str | None:
        if len(set(self._rhythms)) > 1:
            return "That is both weekly and daily. Write one of the two."
        if "daily" in self._rhythms and self._days:
            day = DAYS[self._days[0]]
            return f"Daily comes every day. Write `weekly on {day}`, or leave out {day}."
        if len(set(self._days)) > 1:
            return "A subscription comes on one day a week, or daily. Name one day."
        if len(set(self._times)) > 1:
            return "A subscription comes at one time of the day. Name one time."
        return None

    def _word(self, ahead: int = 0) -> str:
        """A word as schedules are written: without case and commas; empty beyond the end."""
        at = self._at + ahead
        return self._words[at].lower().rstrip(",;") if at < len(self._words) else ""

    def _take_emptiness(self) -> int:
        three = " ".join(self._word(ahead) for ahead in range(3))
        for phrases, quiet in ((_QUIET, True), (_LOUD, False)):
            for phrase in phrases:
                if three == phrase or three.startswith(f"{phrase} "):
                    self._quiet = quiet
                    return len(phrase.split())
        return 0

    def _take_rhythm(self) -> int:
        word, following = self._word(), self._word(1)
        if word in _UNKNOWN_RHYTHMS or (word in {"every", "each"} and following == "weekday"):
            self._mistake = (
                f"Subscriptions are weekly or daily, not “{word}”. `daily unless empty` is silent "
                f"on days without news. {_QUOTE}"
            )
            return 1
        if word in _RHYTHMS:
            self._rhythms.append(_RHYTHMS[word])
            return 1
        if word in {"every", "each", "per"} and following in _UNITS:
            self._rhythms.append(_UNITS[following])
            return 2
        if (
            word == "once"
            and following in {"a", "per", "every", "each"}
            and self._word(2) in _UNITS
        ):
            self._rhythms.append(_UNITS[self._word(2)])
            return 3
        return 0

    def _take_day(self) -> int:
        word = self._word()
        if word in {"on", "every", "each"}:
            day = _day(self._word(1))
            if day is None:
                return self._no_day(word)
            self._days.append(day)
            return 2 + self._more_days(2)
        day = _LONG.get(word, _LONG.get(word.removesuffix("s")))
        if day is None and self._at and self._word(-1) in {*_RHYTHMS, "week"}:
            day = _day(word)
        if day is None:
            return 0
        self._days.append(day)
        return 1 + self._more_days(1)

    def _more_days(self, ahead: int) -> int:
        """`and thursday` after a day: two days cannot be had."""
        if self._word(ahead) in {"and", "&", "or"}:
            day = _day(self._word(ahead + 1))
            if day is not None:
                self._days.append(day)
                return 2
        return 0

    def _no_day(self, word: str) -> int:
        """After `on` comes no day: a slip, or words of the topic."""
        named = self._word(1)
        near = get_close_matches(named, list(_LONG), n=1, cutoff=0.75)
        if near:
            self._mistake = (
                f"“{named}” is no day of the week. Did you mean `{word} {near[0]}`? {_QUOTE}"
            )
        elif word == "on" and self._at and self._word(-1) in _RHYTHMS and named:
            self._mistake = (
                f"“{named}” is no day of the week. Write for example `weekly on monday`. {_QUOTE}"
            )
        return 0

    def _take_time(self) -> int:
        word, is_said = self._word(), False
        ahead = 0
        if word in {"at", "@"}:
            word, is_said, ahead = self._word(1), True, 1
        if word in _NAMED_TIMES and is_said:
            self._times.append(_NAMED_TIMES[word])
            return ahead + 1 + self._take_zone(ahead + 1)
        if not word[:1].isdigit() or not (is_said or _is_clock(word)):
            return 0
        spread = 2 if _HALVES.fullmatch(self._word(ahead + 1)) else 1
        typed = "".join(self._word(ahead + at) for at in range(spread))
        time = _clock(typed)
        if time is None:
            self._mistake = (
                f"“{typed}” is no time of the day. Write for example `at 9:00`, `at 17:30` "
                f"or `at 8am`. {_QUOTE}"
            )
            return 0
        self._times.append(time)
        return ahead + spread + self._take_zone(ahead + spread)

    def _take_zone(self, ahead: int) -> int:
        """A zone right after the time: `at 9:00 Europe/Berlin`, `at 9 UTC`."""
        word = self._word(ahead).strip("()")
        if "/" not in word and word not in {"utc", "gmt"}:
            return 0
        self._zone = find_zone(word)
        if self._zone is None:
            self._mistake = (
                f"I know no time zone “{word}”. Write for example `at 9:00 Europe/Berlin`, or "
                "leave it out: the time zone of your Slack profile counts then."
            )
        return 1


def _day(word: str) -> int | None:
    word = word.rstrip(".")
    return _SHORT.get(word, _LONG.get(word, _LONG.get(word.removesuffix("s"))))


def _is_clock(word: str) -> bool:
    """Whether a word looks like a time without `at`: `9:00`, `8am`; not `9`, nor `2401.09670`."""
    return bool(re.fullmatch(r"\d{1,2}(?::\d{2}(?:[ap]\.?m\.?)?|[ap]\.?m\.?)", word))


def _clock(word: str) -> dt.time | None:
    match = _CLOCK.fullmatch(word) or _FOUR_DIGITS.fullmatch(word)
    if not match:
        return None
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if match["half"]:
        if not 1 <= hour <= _NOON:
            return None
        hour = hour % _NOON + (_NOON if match["half"].startswith("p") else 0)
    return dt.time(hour, minute) if hour <= _LAST_HOUR and minute <= _LAST_MINUTE else None


def _topic(words: Sequence[str]) -> str:
    """The topic's words, without `to`, `for` and commas that belonged to the sentence."""
    kept = list(words)
    while kept and kept[0].lower() in {"to", "for"}:
        kept.pop(0)
    while kept and kept[-1].lower() in {"and", "for", "to"}:
        kept.pop()
    text = " ".join(kept).strip(" ,;")
    return "" if text.lower() in _ALL else text
