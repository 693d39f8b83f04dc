"""Law of load: each of 200 concurrent people is answered within Slack's three seconds."""

from tests.bench.load import DEADLINE, DIGESTS, PEOPLE, load
from tests.lengths import length


def test_200_people_are_answered_while_a_worker_polls_learns_and_sends_50_digests() -> None:
    outcome = load(length(4, 60))
    assert outcome.commands.errors == 0, "none is lost"
    assert max(outcome.commands.seconds) < DEADLINE
    assert len(outcome.commands.seconds) >= PEOPLE
    assert outcome.digests == DIGESTS
    assert "500 new papers" in outcome.poll
