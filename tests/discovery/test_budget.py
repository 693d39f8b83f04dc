"""Laws of the weekly budget: it is never exceeded, and the best papers are proposed first."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.discovery.budget import CARRY_WEEKS, RankedPaper, allowance, choose, monday

MONDAY = date(2025, 6, 2)


def waiting(arxiv: str, score: float, day: int = 0) -> RankedPaper:
    return RankedPaper(arxiv, score, MONDAY + timedelta(day))


def days(pool: list[RankedPaper], budget: int, count: int) -> list[list[str]]:
    """Keys proposed on each of `count` days from Monday."""
    proposed: list[list[str]] = []
    gone: set[str] = set()
    for today in (MONDAY + timedelta(at) for at in range(count)):
        spent = sum(len(keys) for keys in proposed[len(proposed) - today.weekday() :])
        spent = 0 if today.weekday() == 0 else spent
        left = [ranked for ranked in pool if ranked.key not in gone]
        chosen = [ranked.key for ranked in choose(left, today, budget=budget, spent=spent)]
        proposed.append(chosen)
        gone.update(chosen)
    return proposed


pools = st.lists(st.tuples(st.integers(-30, 20), st.floats(-20, 20)), max_size=80).map(
    lambda made: [waiting(str(at), score, day) for at, (day, score) in enumerate(made)]
)


@given(pools, st.integers(0, 15))
def test_a_week_never_has_more_than_its_budget_and_proposes_no_paper_twice(
    pool: list[RankedPaper], budget: int
) -> None:
    proposed = days(pool, budget, 21)
    for week in range(3):
        assert sum(len(day) for day in proposed[7 * week : 7 * week + 7]) <= budget
    every = [arxiv for day in proposed for arxiv in day]
    assert len(every) == len(set(every))


@given(pools, st.integers(0, 15))
def test_nothing_is_proposed_before_its_day_or_after_its_weeks(
    pool: list[RankedPaper], budget: int
) -> None:
    announced = {ranked.key: ranked.day for ranked in pool}
    for at, chosen in enumerate(days(pool, budget, 21)):
        today = MONDAY + timedelta(at)
        for arxiv in chosen:
            assert announced[arxiv] <= today
            assert monday(today) - monday(announced[arxiv]) <= timedelta(weeks=CARRY_WEEKS)


def test_the_budget_is_released_in_equal_steps_and_not_lost() -> None:
    steps = [allowance(MONDAY + timedelta(day), 10, 0) for day in range(7)]
    assert steps == [2, 4, 6, 8, 10, 10, 10]
    assert allowance(MONDAY + timedelta(6), 10, 10) == 0
    assert allowance(MONDAY, 10, 25) == 0


def test_a_small_budget_is_spent_by_friday() -> None:
    assert [allowance(MONDAY + timedelta(day), 1, 0) for day in range(5)] == [0, 0, 0, 0, 1]


def test_a_paper_outranked_on_its_day_can_be_proposed_later_in_the_week() -> None:
    pool = [waiting(name, score) for name, score in [("a", 5), ("b", 4), ("c", 3)]]
    pool.append(waiting("d", 3.5, 1))
    assert days(pool, 5, 5) == [["a"], ["b"], ["d"], ["c"], []]


def test_a_paper_outranked_for_a_week_competes_with_a_handicap() -> None:
    old, new = waiting("old", 5, -3), waiting("new", 4.5, 0)
    assert [ranked.key for ranked in choose([old, new], MONDAY, budget=10, spent=0)] == [
        "new",
        "old",
    ]
    better = waiting("old", 5.6, -3)
    assert choose([better, new], MONDAY, budget=10, spent=0)[0] == better
    assert choose([better, new], MONDAY, budget=10, spent=0, carry=0) == (new,)


def test_after_weeks_of_downtime_the_budget_still_holds() -> None:
    pool = [waiting(str(at), float(at), -(at % 28)) for at in range(2000)]
    assert len(choose(pool, MONDAY + timedelta(4), budget=10, spent=0)) == 10


def test_equal_scores_are_ordered_by_key() -> None:
    pool = [waiting(name, 1.0) for name in "cab"]
    assert [ranked.key for ranked in choose(pool, MONDAY, budget=10, spent=0)] == ["a", "b"]
