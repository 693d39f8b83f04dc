"""Parser of the text after `/papers subscribe`. Pure.

    serving weekly on monday at 9:00    kv cache daily at 8am unless empty    venue:osdi at 17:30

The words of a schedule may be anywhere; all other words are the topic, which is looked up like
any other query. Quoted text is always topic.
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
_RHYTHMS: dict[str, Rhythm] = {
    "weekly": "weekly", "daily": "daily", "week": "weekly", "day": "daily",
}  # fmt: skip
# These match the next three words; `(?!\S)` is the end of a word.
_RHYTHM = re.compile(
    r"(?:(weekly|daily)|(?:every|each|per|once (?:a|per|every|each)) (week|day))(?!\S)"
)
_UNKNOWN_RHYTHM = re.compile(
    r"(?:monthly|hourly|bi-?weekly|fortnightly|yearly|weekdays|weekends|(?:every|each) weekday)"
    r"(?!\S)"
)
_QUIET = re.compile(r"(?:unless empty|(?:if|when) not empty|not (?:if|when) empty)(?!\S)")
_LOUD = re.compile(r"(?:even|also) (?:if|when) empty(?!\S)")
_ALL = frozenset({"everything", "all", "anything", "*", "all papers", "every paper", "all topics"})
_NOON, _LAST_HOUR, _LAST_MINUTE = 12, 23, 59
_QUOTE = "Put it in quotes if it belongs to the topic."


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedSubscription:
    """The typed parts of a subscription; None is a part that was not typed."""

    topic: str = ""
    """Empty for everything."""
    rhythm: Rhythm | None = None
    weekday: int | None = None
    time: dt.time | None = None
    zone: str | None = None
    is_quiet: bool | None = None

    def schedule(self, before: Schedule) -> Schedule:
        """The typed schedule, with the missing parts of `before`."""
        rhythm = self.rhythm or ("weekly" if self.weekday is not None else before.rhythm)
        weekday = before.weekday if self.weekday is None else self.weekday
        return Schedule(
            rhythm=rhythm,
            weekday=weekday if rhythm == "weekly" else 0,
            time=before.time if self.time is None else self.time,
            zone=self.zone or before.zone,
        )


def parse_subscription(text: str) -> ParsedSubscription | QueryMistake:
    """The parts of a subscription, or the first mistake with its remedy."""
    return _Reader(_TOKEN.findall(text.translate(QUOTES))).read()


class _Reader:
    """Reads the words once; each step consumes the schedule words of its kind."""

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
        if mistake := self._mistake or self._contradiction():
            return QueryMistake(mistake)
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
        """A word in lower case without a comma at its end; empty beyond the last word."""
        at = self._at + ahead
        return self._words[at].lower().rstrip(",;") if at < len(self._words) else ""

    def _window(self) -> str:
        return " ".join(self._word(ahead) for ahead in range(3))

    def _take_emptiness(self) -> int:
        for pattern, quiet in ((_QUIET, True), (_LOUD, False)):
            if match := pattern.match(self._window()):
                self._quiet = quiet
                return len(match[0].split())
        return 0

    def _take_rhythm(self) -> int:
        if match := _UNKNOWN_RHYTHM.match(self._window()):
            self._mistake = (
                f"Subscriptions are weekly or daily, not “{match[0]}”. `daily unless empty` is "
                f"silent on days without news. {_QUOTE}"
            )
        elif match := _RHYTHM.match(self._window()):
            self._rhythms.append(_RHYTHMS[match[1] or match[2]])
        return len(match[0].split()) if match else 0

    def _take_day(self) -> int:
        word = self._word()
        if word in {"on", "every", "each"}:
            day = _day(self._word(1))
            if day is None:
                return self._no_day(word)
            self._days.append(day)
            return 2 + self._more_days(2)
        day = _LONG.get(word, _LONG.get(word.removesuffix("s")))
        if day is None and self._at and self._word(-1) in {"weekly", "daily", "week"}:
            day = _day(word)
        if day is None:
            return 0
        self._days.append(day)
        return 1 + self._more_days(1)

    def _more_days(self, ahead: int) -> int:
        """Take `and thursday` after a day, which is a contradiction."""
        if self._word(ahead) in {"and", "&", "or"}:
            day = _day(self._word(ahead + 1))
            if day is not None:
                self._days.append(day)
                return 2
        return 0

    def _no_day(self, word: str) -> int:
        """Handle `on` before another word: a misspelt day, or words of the topic."""
        named = self._word(1)
        near = get_close_matches(named, list(_LONG), n=1, cutoff=0.75)
        if near:
            self._mistake = (
                f"“{named}” is no day of the week. Did you mean `{word} {near[0]}`? {_QUOTE}"
            )
        elif word == "on" and self._at and self._word(-1) in {"weekly", "daily"} and named:
            self._mistake = (
                f"“{named}” is no day of the week. Write for example `weekly on monday`. {_QUOTE}"
            )
        return 0

    def _take_time(self) -> int:
        word, ahead = self._word(), 0
        if word in {"at", "@"}:
            word, ahead = self._word(1), 1
        if ahead and word in _NAMED_TIMES:
            self._times.append(_NAMED_TIMES[word])
            return ahead + 1 + self._take_zone(ahead + 1)
        if not word[:1].isdigit() or not (ahead or _is_clock(word)):
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
        """Take a zone right after the time: `at 9:00 Europe/Berlin`, `at 9 UTC`."""
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
    """Whether a word is a time without `at`: `9:00`, `8am`, but not `9` or `2401.09670`."""
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
    """The words of the topic, without the `to`, `for`, `and` and commas around them."""
    kept = list(words)
    while kept and kept[0].lower() in {"to", "for"}:
        kept.pop(0)
    while kept and kept[-1].lower() in {"and", "for", "to"}:
        kept.pop()
    text = " ".join(kept).strip(" ,;")
    return "" if text.lower() in _ALL else text
