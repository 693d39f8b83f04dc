"""Laws of Socket Mode, with real processes, commands and clicks through the stand-in."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot.demo.standin import APP_TOKEN, BOT_TOKEN, StandIn, fetch, free_port, running, workspace
from tests.e2e import processes
from tests.e2e.person import BOB, Person
from tests.e2e.processes import wait_for

PEOPLE, DEADLINE = 200, 3.0


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with running(fetch(), free_port(0), workspace({"mode": "socket"})) as created:
        yield created


@pytest.fixture
def start(standin: StandIn, tmp_path: Path) -> Callable[[], Any]:
    """Function that runs the bot while a block runs."""

    def begin() -> Any:
        return processes.running(
            "run",
            settings={
                "SLACK_BOT_TOKEN": BOT_TOKEN,
                "SLACK_APP_TOKEN": APP_TOKEN,
                "SLACK_API_URL": standin.api,
                "DATABASE_URL": f"sqlite:///{tmp_path}/papers.db",
                "PAPERS_LOG_FORMAT": "json",
            },
            log=tmp_path / "bot.log",
        )

    return begin


def wait_until_ready(log: Path) -> None:
    wait_for(lambda: '"ready"' in log.read_text(), 15, "the bot")


def shown(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False)


def test_an_answer_can_be_paged_and_shared_after_a_restart(
    standin: StandIn, start: Callable[[], Any], tmp_path: Path
) -> None:
    person = Person(standin)
    log = tmp_path / "bot.log"
    with start():
        wait_until_ready(log)
        answer = person.type("serving")
        assert answer["subtype"] == "ephemeral"
        assert "70 papers" in shown(answer)
        assert "1–8 of 70" in shown(answer)
        assert "Orca" in shown(answer)
    with start():
        wait_until_ready(log)
        person.click(answer, "Next")
        edited = wait_for(
            lambda: next((m for m in person.messages() if "9–16 of 70" in shown(m)), None),
            5,
            "page 2",
        )
        assert edited["ts"] == answer["ts"]
        before = {message["ts"] for message in person.messages()}
        person.click(edited, "Share in channel", user=BOB)
        posted = person.new_message(before)
        assert posted.get("subtype") != "ephemeral"
        assert f"<@{BOB}> shared" in shown(posted)


def test_an_answer_that_comes_after_the_acknowledgement_appears_in_private(
    standin: StandIn, start: Callable[[], Any], tmp_path: Path
) -> None:
    person = Person(standin)
    with start():
        wait_until_ready(tmp_path / "bot.log")
        for words, part in (
            ("suggest 2603.00011", "Thank you"),
            ("subscribe serving", "every Monday"),
            ("pause 1 day", "Only reviewers"),
        ):
            answer = person.type(words)
            assert answer["subtype"] == "ephemeral"
            assert part in shown(answer)


def test_200_people_at_once_are_each_answered_within_slacks_three_seconds(
    standin: StandIn, start: Callable[[], Any], tmp_path: Path
) -> None:
    """The stand-in's call returns when the command is acknowledged, with its answer."""
    person = Person(standin)
    before = len(person.messages())

    def ask(_: int) -> float:
        began = time.monotonic()
        person.command("flashatention")
        return time.monotonic() - began

    with start(), ThreadPoolExecutor(PEOPLE) as pool:
        wait_until_ready(tmp_path / "bot.log")
        seconds = list(pool.map(ask, range(PEOPLE)))
        answers = person.messages()[before:]
    assert len(answers) == PEOPLE
    assert all("FlashAttention" in shown(answer) for answer in answers)
    assert max(seconds) < DEADLINE


def test_sigterm_ends_the_bot_within_ten_seconds_with_exit_code_0(
    start: Callable[[], Any], tmp_path: Path
) -> None:
    """A platform stops a process this way when it moves it."""
    with start() as process:
        wait_until_ready(tmp_path / "bot.log")
        process.terminate()
        assert process.wait(10) == 0
