"""What tests share: the real list of this repository, and a Slack that answers on loopback."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from pytest_httpserver import HTTPServer
from slack_sdk import WebClient

from bot.catalog.files import read_catalog
from bot.catalog.model import Catalog
from bot.catalog.names import shipped_names
from bot.db.engine import Database, open_database
from bot.db.migrate import migrate
from bot.lookup.lookup import Lookup
from tests.slack.fake import FakeSlack
from tests.slack.payloads import BOT_TOKEN

# Made-up cases: the same ones in every run of `make test`, many more and new ones in `make proof`.
settings.register_profile("default", max_examples=60, deadline=None, derandomize=True)
settings.register_profile("proof", max_examples=3000, deadline=None)
settings.load_profile("default")

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The list of this repository."""
    return read_catalog(DATA).catalog


@pytest.fixture(scope="session")
def lookup(catalog: Catalog) -> Lookup:
    return Lookup(catalog, shipped_names())


@pytest.fixture
def web_api(httpserver: HTTPServer) -> Iterator[HTTPServer]:
    """A Web API that knows one token."""
    httpserver.expect_request("/api/auth.test").respond_with_json(
        {
            "ok": True,
            "url": "https://example.slack.com/",
            "team": "Example",
            "user": "papers",
            "team_id": "T0001",
            "user_id": "U0BOT",
            "bot_id": "B0BOT",
        }
    )
    yield httpserver
    httpserver.check_assertions()


@pytest.fixture
def client(web_api: HTTPServer) -> WebClient:
    return WebClient(token=BOT_TOKEN, base_url=web_api.url_for("/api/"))


@pytest.fixture
def sqlite(tmp_path: Path) -> Database:
    """A new database in a file."""
    found = open_database(f"sqlite:///{tmp_path}/papers.db")
    migrate(found)
    return found


@pytest.fixture
def catalog_copy() -> Callable[[Path], Path]:
    """Makes a scratch copy of the list in a folder."""
    return lambda folder: Path(shutil.copytree(DATA, folder / "data"))


@pytest.fixture(scope="session")
def slack_server() -> Iterator[HTTPServer]:
    """A server on loopback whose answers do not wait for each other."""
    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        yield server


@pytest.fixture
def fake_slack(slack_server: HTTPServer) -> Iterator[FakeSlack]:
    """A strict Slack with an empty workspace; a test may make its own on `slack_server`."""
    slack_server.clear()
    yield FakeSlack(slack_server)
    errors = list(slack_server.handler_errors)
    slack_server.clear()
    assert not errors, "the fake itself failed"
