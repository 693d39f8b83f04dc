"""An installation of an earlier version: its database in four forms, its list, its messages."""

import datetime as dt
import gzip
import json
import shutil
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import psycopg

from bot.db.engine import Database
from bot.ops.backup import restore

Json = dict[str, Any]

BACKUPS = ("backup-of-sqlite.gz", "backup-of-postgresql.zip")


class Installation:
    """The files that a version left; see the README in its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def facts(self) -> Json:
        """What its code read from its database."""
        return self._json("facts.json")

    @cached_property
    def reactions(self) -> Json:
        """What its code did for each click and each submission."""
        return self._json("reactions.json")

    @cached_property
    def _said(self) -> Json:
        return self._json("messages.json")

    @property
    def messages(self) -> list[Json]:
        """Its messages: each post, edit and private answer, in order."""
        return cast("list[Json]", self._said["messages"])

    @property
    def views(self) -> list[Json]:
        """The forms that it opened."""
        return cast("list[Json]", self._said["views"])

    @property
    def workspace(self) -> Json:
        """The people and channels of its Slack."""
        return cast("Json", self._said["workspace"])

    @property
    def now(self) -> dt.datetime:
        """When it was stopped."""
        return dt.datetime.fromisoformat(self._said["now"])

    def copy_data(self, folder: Path) -> Path:
        """A scratch copy of its list."""
        return Path(shutil.copytree(self._folder / "data", folder / "data"))

    def copy_sqlite(self, path: Path) -> str:
        """Its SQLite database as a file; the address."""
        path.write_bytes(gzip.decompress((self._folder / "papers.db.gz").read_bytes()))
        return f"sqlite:///{path}"

    def replay(self, url: str) -> None:
        """Bring an empty PostgreSQL database to what its own held."""
        dump = gzip.decompress((self._folder / "papers.sql.gz").read_bytes())
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(dump)

    def restore(self, backup: str, database: Database, scratch: Path) -> None:
        """Restore one of its backup files, as `papers restore` does."""
        content = (self._folder / backup).read_bytes()
        file = scratch / "backup"
        file.write_bytes(gzip.decompress(content) if backup.endswith(".gz") else content)
        restore(database, file, replace=False)

    def _json(self, name: str) -> Json:
        return cast("Json", json.loads((self._folder / name).read_text(encoding="utf-8")))


V0_1 = Installation(Path(__file__).parent / "fixtures" / "v0_1")
