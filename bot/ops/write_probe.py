"""Write probe: whether the database keeps what is written, so that a decision can be made now."""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.db.engine import Database, Moment, metadata

_ROW = 1

probe = sa.Table(
    "write_probe",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", Moment, nullable=False),
)


def probe_writing(database: Database, now: dt.datetime) -> None:
    """Write and commit one row. Raises SQLAlchemyError, also when the disk is full.

    It takes no writers' lock: nobody else reads or writes that row.
    """
    with database.engine.begin() as connection:
        if connection.execute(probe.update().values(at=now)).rowcount:
            return
    try:
        with database.engine.begin() as connection:
            connection.execute(probe.insert().values(id=_ROW, at=now))
    except IntegrityError:
        return  # another process was faster
