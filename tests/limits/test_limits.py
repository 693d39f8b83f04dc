"""Laws of daily limits: no more than the limit within 24 hours, also at the same moment."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.db.engine import Database
from bot.limits.model import DAILY_LIMITS, Activity, DailyLimit, DailyLimitError, check_limit
from bot.limits.store import ActivityStore

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("earlier", "wait"),
    [
        (dt.timedelta(), "24 hours"),
        (dt.timedelta(hours=3, minutes=1), "21 hours"),
        (dt.timedelta(hours=22, minutes=30), "90 minutes"),
        (dt.timedelta(hours=23, minutes=59, seconds=30), "1 minute"),
    ],
)
def test_the_sentence_names_the_limit_and_when_the_person_may_go_on(
    earlier: dt.timedelta, wait: str
) -> None:
    for activity, limit in DAILY_LIMITS.items():
        with pytest.raises(DailyLimitError) as refusal:
            check_limit(activity, NOW - earlier, NOW)
        sentence = str(refusal.value)
        assert f" {limit.most} " in sentence
        assert "within 24 hours" in sentence
        assert sentence.endswith(f"You can go on in {wait}.")


def test_a_person_may_go_on_24_hours_after_the_first_of_their_acts(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DAILY_LIMITS, "share", DailyLimit(3, "shared {} answers"))
    store = ActivityStore(sqlite)
    for hours in (0, 1, 2):
        store.spend("share", "U1", NOW + hours * HOUR)
    for refused in (3 * HOUR, 24 * HOUR - dt.timedelta(seconds=1)):
        with pytest.raises(DailyLimitError):
            store.spend("share", "U1", NOW + refused)
    store.spend("share", "U2", NOW + 3 * HOUR)
    store.spend("subscribe", "U1", NOW + 3 * HOUR)
    store.spend("share", "U1", NOW + 24 * HOUR)
    with pytest.raises(DailyLimitError):
        store.spend("share", "U1", NOW + 24 * HOUR)


@pytest.mark.parametrize("activity", ["subscribe", "share"])
def test_of_many_acts_at_the_same_moment_no_more_than_the_limit_are_accepted(
    database: Database, activity: Activity
) -> None:
    most, store = DAILY_LIMITS[activity].most, ActivityStore(database)
    for _ in range(most - 5):
        store.spend(activity, "U1", NOW)

    def act(_: int) -> bool:
        try:
            store.spend(activity, "U1", NOW)
        except DailyLimitError:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(act, range(20))) == 5


def test_what_no_limit_counts_any_more_is_deleted(sqlite: Database) -> None:
    store = ActivityStore(sqlite)
    store.spend("share", "U1", NOW - 25 * HOUR)
    store.spend("share", "U1", NOW - HOUR)
    assert store.delete_old(NOW) == 1
    assert store.delete_old(NOW) == 0
