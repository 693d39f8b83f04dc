"""A real PostgreSQL server for tests: on loopback, in a temporary folder.

It runs as an unprivileged user where the tests run as root, which PostgreSQL refuses to do. Tests
that need it fail with the remedy where it is missing; a skipped test would prove nothing.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, LiteralString, Self

import psycopg
from psycopg import sql

from bot.demo.standin import free_port

MISSING = (
    "PostgreSQL is not installed, and these tests need its server. On Debian and Ubuntu: "
    "apt-get install postgresql; on Fedora: dnf install postgresql-server; with Homebrew: "
    "brew install postgresql."
)
PLACES = "usr/lib/postgresql/*/bin/initdb"  # Debian's, which is not on the PATH
_USER = "papers"
_SECONDS = 30.0
_FAST = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "16MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "log_min_messages": "fatal",
}


def programs() -> Path:
    """The folder of `initdb` and `postgres`. Raises AssertionError with the remedy."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = Path("/").glob(PLACES)
    newest = max(folders, key=lambda path: int(path.parent.parent.name), default=None)
    assert newest is not None, MISSING
    return newest.parent


def _unprivileged() -> dict[str, Any]:
    """Arguments of `subprocess` that run the server as another user if the tests run as root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


class Postgres:
    """A server with its databases. `durable`: it waits for the disk, as in production.

    A restart keeps its address and its data.
    """

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        """Create the server's files; `start` is next."""
        self._bin, self._data, self._as = programs(), folder / "data", _unprivileged()
        self._log = folder / "log"
        self._settings = {**_FAST, "fsync": "on" if durable else "off"}
        self.port = free_port(0)
        self._server: subprocess.Popen[bytes] | None = None
        if self._as:
            os.chown(folder, self._as["user"], self._as["group"])
        self._run(
            "initdb", "--auth=trust", f"--username={_USER}", "--encoding=UTF8", "--locale=C",
            "--no-sync", f"--pgdata={self._data}",
        )  # fmt: skip

    @classmethod
    @contextlib.contextmanager
    def running(cls, *, durable: bool = False) -> Iterator[Self]:
        """A server while the block runs."""
        folder = Path(tempfile.mkdtemp(prefix="papers-postgres-"))
        try:
            server = cls(folder, durable=durable)
            try:
                server.start()
                yield server
            finally:
                server.stop()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """The address of a database, for DATABASE_URL."""
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        assert self._server is None, "it is running"
        settings = [
            f"--{name.replace('_', '-')}={value}" for name, value in self._settings.items()
        ]
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(  # noqa: S603  # the server's own program
                [self._bin / "postgres", "-D", self._data, f"--port={self.port}", *settings],
                stdout=log,
                stderr=log,
                cwd="/",
                **self._as,
            )
        end = time.monotonic() + _SECONDS
        while not self._answers():
            assert self._server.poll() is None, f"PostgreSQL ended: {self._log.read_text()[-500:]}"
            assert time.monotonic() < end, f"PostgreSQL did not start within {_SECONDS} s"
            time.sleep(0.02)

    def stop(self, *, abruptly: bool = False) -> None:
        """Stop the server, `abruptly` as in a crash."""
        if self._server is None:
            return
        self._server.send_signal(signal.SIGQUIT if abruptly else signal.SIGINT)
        try:
            self._server.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait(_SECONDS)
        self._server = None

    def restart(self, *, abruptly: bool = False) -> None:
        """Stop the server and start it again."""
        self.stop(abruptly=abruptly)
        self.start()

    def create(self, name: str) -> str:
        """Create a database; returns its address."""
        self._do("CREATE DATABASE {}", name)
        return self.url(name)

    def drop(self, name: str) -> None:
        """Drop a database, even one in use."""
        self._do("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def empty(self, name: str) -> None:
        """Delete all rows of a database and end its other connections.

        It takes a tenth of the time of a new database, and tests cannot tell the difference.
        """
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            tables = connection.execute(
                "SELECT tablename FROM pg_tables "
                "WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
            ).fetchall()
            names = sql.SQL(", ").join(sql.Identifier(table) for (table,) in tables)
            connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(names))

    def _do(self, statement: LiteralString, name: str) -> None:
        words = sql.SQL(statement).format(sql.Identifier(name))
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(words)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(  # noqa: S603  # the server's own programs
            [self._bin / program, *words],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd="/",
            **self._as,
        )
        assert done.returncode == 0, f"{program} failed: {done.stderr[-500:]}"
