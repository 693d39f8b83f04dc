"""200 people at once: each is answered within Slack's three seconds, whatever the worker does."""

from tests.bench.load import DEADLINE, DIGESTS, PEOPLE, load
from tests.lengths import length


def test_200_people_are_answered_while_a_worker_polls_learns_and_sends_50_digests() -> None:
    found = load(length(4, 60))
    assert found.asked.errors == 0, "none is lost"
    assert found.most < DEADLINE
    assert len(found.asked.seconds) >= PEOPLE
    assert found.digests == DIGESTS
    assert "500 new papers" in found.polled
