"""A worker does nothing on a schema that another version has migrated while it stood by."""

import threading

import sqlalchemy as sa
from structlog.testing import capture_logs

from bot.app.container import bootstrap
from bot.app.worker import Worker
from bot.db.engine import Database
from bot.ops.jobs import JobJournal
from bot.settings import Settings
from tests.conftest import DATA


class _Once(threading.Event):
    """An event that is set by the first wait for it."""

    def wait(self, _timeout: float | None = None) -> bool:
        self.set()
        return True


def test_a_worker_that_stood_by_does_not_work_on_a_newer_schema(database: Database) -> None:
    settings = Settings.model_validate({"PAPERS_DATA_DIR": str(DATA)})
    worker = Worker(bootstrap(settings, database=database))
    with database.write() as connection:
        version = connection.execute(sa.text("select version_num from alembic_version")).scalar()
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    with capture_logs() as lines:
        worker.run(_Once())
    with database.write() as connection:
        connection.execute(
            sa.text("update alembic_version set version_num = :version"), {"version": version}
        )
    assert [line["log_level"] for line in lines] == ["error"]
    assert "another version" in lines[0]["event"]
    assert not JobJournal(database).runs()
