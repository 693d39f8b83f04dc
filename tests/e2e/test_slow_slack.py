"""Laws of a slow Slack, with real processes: lookups are never late, whatever people press.

`make proof` presses for longer. `python -m tests.bench slow` prints the same figures.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pytest_httpserver import HTTPServer

from bot.slack.blocks.form_offer import OPEN_FORM
from tests.bench import slow_slack
from tests.bench.figures import milliseconds, quantile
from tests.bench.slow_slack import PAGE, press_at_once, web_with_slack
from tests.e2e.processes import running, wait_for
from tests.lengths import IS_PROOF, length
from tests.slack.fake import BOB, FakeSlack
from tests.slack.fake.faults import RESPONSE_URL
from tests.slack.fake.sockets import SocketMode, socket_mode
from tests.slack.payloads import BOT_TOKEN

DEADLINE = 3.0  # Slack's, for an acknowledgement
AT_ONCE = 90
METHODS = (
    *("users.info", "conversations.members", "conversations.info", "views.open"),
    *("chat.postEphemeral", RESPONSE_URL),
)


def test_lookups_are_in_time_while_people_press_and_slack_hangs() -> None:
    one_by_one = [(method,) for method in METHODS] if IS_PROOF else []
    for phase in slow_slack.measure(length(4, 30), [(), slow_slack.ALL, *one_by_one]):
        for times in (phase.lookups, phase.presses):
            assert times.errors == 0, phase.hangs
            assert times.seconds
            assert max(times.seconds) < DEADLINE, phase.hangs
        late, typical = (quantile(phase.lookups.seconds, share) for share in (0.99, 0.5))
        print(  # noqa: T201  # the proof's figures
            f"{phase.hangs} hangs: {len(phase.lookups.seconds)} lookups, median "
            f"{milliseconds(typical)}, 99th percentile {milliseconds(late)}"
        )


def test_90_suggestions_at_once_delay_no_lookup_and_each_is_answered() -> None:
    """A form that Slack is too slow to open is offered to each of them by a button."""
    with web_with_slack() as (port, slack):
        gate = slack.hold("views.open")
        suggestions = [slack.command(f"suggest {PAGE}") for _ in range(AT_ONCE)]
        lookups = [slack.command("serving") for _ in range(20)]
        times = press_at_once(port, suggestions, lookups)
        assert times.errors == 0
        assert max(times.seconds) < DEADLINE
        wait_for(lambda: len(slack.responses) == AT_ONCE, 30, "an answer for each")
        assert all(OPEN_FORM in json.dumps(answer["body"]) for answer in slack.responses)
        gate.set()


@pytest.fixture
def sockets(
    slack_server: HTTPServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[SocketMode, FakeSlack]]:
    """`papers run`, connected by Socket Mode."""
    folder = tmp_path_factory.mktemp("slow")
    slack_server.clear()
    with socket_mode(slack_server) as mode:
        slack = FakeSlack(slack_server)
        settings = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": "xapp-made-up",
            "SLACK_API_URL": slack.url,
            "DATABASE_URL": f"sqlite:///{folder}/papers.db",
            "PAPERS_HOST": "127.0.0.1",
            "PAPERS_LOG_FORMAT": "json",
        }
        log = folder / "run.log"
        with running("run", settings=settings, log=log):
            wait_for(lambda: '"ready"' in log.read_text(), 30, "the bot")
            yield mode, slack
        assert "Traceback" not in log.read_text()


def test_in_socket_mode_lookups_are_in_time_while_slack_hangs(
    sockets: tuple[SocketMode, FakeSlack],
) -> None:
    """Suggestions are acknowledged, and answered when Slack answers again."""
    mode, slack = sockets
    gate = slack.hold("views.open")
    with ThreadPoolExecutor(AT_ONCE + 1) as pool:
        asked = [
            pool.submit(mode.command, slack.command(f"suggest {PAGE}", BOB))
            for _ in range(AT_ONCE)
        ]
        lookups = [mode.command(slack.command("serving")) for _ in range(20)]
        answers = [*lookups, *(future.result() for future in asked)]
    assert all(answer is not None and answer[0] < DEADLINE for answer in answers)
    assert all(answer and "papers" in json.dumps(answer[1]) for answer in lookups)
    wait_for(lambda: len(slack.responses) == AT_ONCE, 30, "an answer for each")
    assert all(OPEN_FORM in json.dumps(answer["body"]) for answer in slack.responses)
    gate.set()
