"""Laws of `papers poll`, as a real process over an arXiv on loopback."""

import datetime as dt
import json
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from bot.discovery.sources.arxiv.calendar import last_announcement
from tests.conftest import DATA
from tests.discovery.arxiv import ArXiv
from tests.discovery.corpus import FeedPaper
from tests.e2e.processes import ROOT, environment, papers
from tests.lengths import length

SERVING = "We serve large language models with paged key-value caches on GPU clusters."
FLOWERS = "Petals fold by night, and bees come by day, as gardeners have always said."


def today() -> dt.date:
    """The newest announcement day, by the real clock that the process uses too."""
    return last_announcement(dt.datetime.now(dt.UTC))  # noqa: TID251  # see above


def announcement() -> list[FeedPaper]:
    """Papers of a day, five of which belong on the list."""
    good = [
        FeedPaper(
            id=f"2511.0{n:04}",
            title=f"ServeFast{n}: Serving LLMs on GPU Clusters",
            abstract=SERVING,
        )
        for n in range(5)
    ]
    other = [
        FeedPaper(id=f"2511.1{n:04}", title=f"On the Petals of Flower {n}", abstract=FLOWERS)
        for n in range(200)
    ]
    return [*good, *other]


@pytest.fixture
def settings(httpserver: HTTPServer, tmp_path: Path) -> dict[str, str]:
    data = Path(shutil.copytree(DATA, tmp_path / "data"))
    # One category is one feed, and so fewer waits of three seconds.
    text = re.sub(r"categories: .*", "categories: [cs.DC]", (data / "list.yaml").read_text())
    (data / "list.yaml").write_text(text)
    return {
        "PAPERS_DATA_DIR": str(tmp_path / "data"),
        "PAPERS_RSS_URL": httpserver.url_for("/rss"),
        "PAPERS_API_URL": httpserver.url_for("/api/query"),
        "PAPERS_LOOKBACK_DAYS": "0",
        "PAPERS_CONTACT": "papers@example.org",
    }


def rows(settings: dict[str, str], query: str) -> list[tuple[object, ...]]:
    path = Path(settings["PAPERS_DATA_DIR"]).parent / "papers.db"
    with sqlite3.connect(path) as connection:
        result = connection.execute(query).fetchall()
    connection.close()
    return result


def test_a_poll_ranks_new_papers_with_sections_and_reasons_once(
    httpserver: HTTPServer, settings: dict[str, str]
) -> None:
    arxiv = ArXiv(httpserver)
    arxiv.announce(today(), *announcement())
    done = papers("poll", "--json", **settings)
    outcome = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert outcome["new"] == 205
    assert {c["category"]: c["verdict"] for c in outcome["checks"]}["cs.DC"] == "fresh"
    assert outcome["candidates"]
    best = outcome["candidates"][0]
    assert best["title"].startswith("ServeFast")
    assert "Serving" in best["sections"][0]["title"]
    assert best["reasons"]["nearest"]
    assert any(term["text"] in {"serving", "gpu", "llms"} for term in best["reasons"]["terms_for"])
    agents = {request.headers["User-Agent"] for request, _ in httpserver.log}
    assert all("papers@example.org" in agent for agent in agents)
    again = json.loads(papers("poll", "--json", **settings).stdout)
    assert again["new"] == 0
    assert again["candidates"] == []


def test_a_dry_run_prints_candidates_and_stores_none(
    httpserver: HTTPServer, settings: dict[str, str]
) -> None:
    ArXiv(httpserver).announce(today(), *announcement())
    done = papers("poll", "--dry-run", **settings)
    assert "would be proposed" in done.stdout
    assert "ServeFast" in done.stdout
    assert rows(settings, "select * from candidates") == []


def test_a_broken_feed_is_reported_with_its_reason_and_exit_code_1(
    httpserver: HTTPServer, settings: dict[str, str]
) -> None:
    """A broken feed is an error, not “0 papers”."""
    arxiv = ArXiv(httpserver)
    arxiv.announce(today(), *announcement())
    arxiv.broken["/rss/"] = Response("<html>Sorry</html>", status=503)
    done = papers("poll", **settings)
    assert done.returncode == 1
    assert "failed" in done.stdout
    assert "503" in done.stdout
    assert "Traceback" not in done.stderr


def test_check_reports_a_link_that_belongs_to_another_paper(
    httpserver: HTTPServer, settings: dict[str, str]
) -> None:
    arxiv = ArXiv(httpserver)
    arxiv.announce(today())
    arxiv.listed = (FeedPaper(id="2401.09670", title="On the Cohomology of Knots"),)
    papers("poll", **settings)
    done = papers("check", **settings)
    assert done.returncode == 0
    assert "arXiv 2401.09670 is “On the Cohomology of Knots”" in done.stdout


def test_a_poll_killed_at_any_time_loses_nothing_and_repeats_nothing(
    httpserver: HTTPServer, settings: dict[str, str]
) -> None:
    """Killed at random times and restarted, it stores what one complete poll stores."""
    ArXiv(httpserver).announce(today(), *announcement())
    chance = random.Random(7)
    for _ in range(length(3, 12)):
        process = subprocess.Popen(  # this project's own command
            [sys.executable, "-m", "bot", "poll"],
            env=environment(**settings),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0.5, 9))
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    done = papers("poll", "--json", **settings)
    assert done.returncode == 0, done.stderr
    assert len(rows(settings, "select key from seen_papers")) == 205
    proposed = rows(settings, "select key from candidates")
    assert len(proposed) == len(set(proposed)) <= 10
    relevant = [row for row in proposed if str(row[0]).startswith("arxiv:2511.0")]
    assert relevant, "papers that belong on the list were proposed"
