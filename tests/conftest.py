"""Shared fixtures: the list of this repository, databases, and a fake Slack on loopback.

A test that takes `database` runs twice, on SQLite and on PostgreSQL; one for which they do not
differ takes `sqlite`. Both are migrated and empty. `empty_database_url` has no tables.
"""

import contextlib
import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from pytest_httpserver import HTTPServer
from slack_sdk import WebClient

from bot.catalog.model import Catalog
from bot.catalog.names import shipped_names
from bot.catalog.yaml.read import read_catalog
from bot.db.engine import Database, open_database
from bot.db.migrate import migrate
from bot.lookup.catalog_lookup import CatalogLookup
from tests.db.postgres import Postgres
from tests.slack.fake import FakeSlack
from tests.slack.payloads import BOT_TOKEN

# Generated cases: the same in every run of `make test`, more and new ones in `make proof`.
settings.register_profile("default", max_examples=60, deadline=None, derandomize=True)
settings.register_profile("proof", max_examples=3000, deadline=None)
settings.load_profile("default")

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The list of this repository."""
    return read_catalog(DATA).catalog


@pytest.fixture(scope="session")
def lookup(catalog: Catalog) -> CatalogLookup:
    return CatalogLookup(catalog, shipped_names())


_MIGRATED = "papers"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server, started by the first test that needs it."""
    with Postgres.running() as server:
        with opened(server.create(_MIGRATED)) as database:
            migrate(database)
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "papers.db"
    with opened(f"sqlite:///{path}") as database:
        migrate(database)
    return path


@contextlib.contextmanager
def opened(url: str) -> Iterator[Database]:
    """Open a database and close its connections at the end."""
    database = open_database(url)
    try:
        yield database
    finally:
        database.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """The kind of database; `parametrize` it indirectly to run on one kind only."""
    return str(request.param)


@pytest.fixture
def empty_database_url(
    backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The address of a database without tables."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = f"empty_{next(_numbers)}"
    yield server.create(name)
    server.drop(name)


@pytest.fixture
def database_url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a migrated database, for child processes too."""
    if backend == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "papers.db")
        yield f"sqlite:///{tmp_path}/papers.db"
        return
    server: Postgres = request.getfixturevalue("postgres")
    yield server.url(_MIGRATED)
    server.empty(_MIGRATED)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database."""
    with opened(database_url) as database:
        yield database


@pytest.fixture
def web_api(httpserver: HTTPServer) -> Iterator[HTTPServer]:
    """A Web API that accepts one token."""
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
def sqlite(tmp_path: Path, sqlite_template: Path) -> Iterator[Database]:
    """A migrated SQLite database."""
    shutil.copy(sqlite_template, tmp_path / "sqlite.db")
    with opened(f"sqlite:///{tmp_path}/sqlite.db") as database:
        yield database


@pytest.fixture
def catalog_copy() -> Callable[[Path], Path]:
    """Copies the list into a folder."""
    return lambda folder: Path(shutil.copytree(DATA, folder / "data"))


@pytest.fixture(scope="session")
def slack_server() -> Iterator[HTTPServer]:
    """A threaded HTTP server on loopback."""
    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        yield server


@pytest.fixture
def fake_slack(slack_server: HTTPServer) -> Iterator[FakeSlack]:
    """A strict fake Slack with an empty workspace; tests may make their own on `slack_server`."""
    slack_server.clear()
    yield FakeSlack(slack_server)
    errors = list(slack_server.handler_errors)
    slack_server.clear()
    assert not errors, "the fake itself failed"
