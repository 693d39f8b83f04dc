"""Laws of pauses: what people write is understood, or refused; nothing lasts over a year."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from bot.review.pause_text import parse_pause

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("3 days", NOW + dt.timedelta(days=3)),
        ("for a week", NOW + dt.timedelta(weeks=1)),
        ("2 hours", NOW + dt.timedelta(hours=2)),
        ("until 2026-03-10", dt.datetime(2026, 3, 10, tzinfo=BERLIN)),
        ("2026-03-10", dt.datetime(2026, 3, 10, tzinfo=BERLIN)),
        ("off", NOW),
    ],
)
def test_a_time_is_understood_as_people_write_it(text: str, until: dt.datetime) -> None:
    assert parse_pause(text, NOW, BERLIN) == until


@pytest.mark.parametrize(
    "text", ["until 2026-02-30", "2025-01-01", "for ever", "9999 months", "", "0 days", "-3 days"]
)
def test_what_is_no_time_ahead_within_a_year_is_refused(text: str) -> None:
    assert parse_pause(text, NOW, BERLIN) is None
