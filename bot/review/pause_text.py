"""How long a pause is to be, as people write it. Pure."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

MAX_PAUSE = dt.timedelta(days=366)
_UNITS = {"hour": 1, "day": 24, "week": 24 * 7, "month": 24 * 30}
_SPAN = re.compile(
    r"(?:for\s+)?(?P<count>\d{1,4}|an?)\s+(?P<unit>hour|day|week|month)s?", re.IGNORECASE
)
_DATE = re.compile(r"(?:until\s+|till\s+|to\s+)?(?P<day>\d{4}-\d{2}-\d{2})", re.IGNORECASE)


def parse_pause(text: str, now: dt.datetime, zone: ZoneInfo) -> dt.datetime | None:
    """Until when; `now` itself for *off*; None if it is not understood or lasts over a year.

    A date lasts until its morning begins in the person's zone.
    """
    text = text.strip()
    if text.lower() in {"off", "end", "stop"}:
        return now
    if match := _SPAN.fullmatch(text):
        count = 1 if match["count"].lower().startswith("a") else int(match["count"])
        until = now + dt.timedelta(hours=count * _UNITS[match["unit"].lower()])
    elif match := _DATE.fullmatch(text):
        try:
            day = dt.date.fromisoformat(match["day"])
        except ValueError:
            return None
        until = dt.datetime.combine(day, dt.time(), zone)
    else:
        return None
    return until if now < until <= now + MAX_PAUSE else None
