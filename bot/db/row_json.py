"""Values of rows as JSON and back, by the types of their columns. Pure."""

import base64
import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa


def moments_with_zone(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row whose moments are in UTC and say so; SQLite keeps them without."""
    return {name: _moment(value) for name, value in row.items()}


def _moment(value: object) -> object:
    if not isinstance(value, dt.datetime):
        return value
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def to_json(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON can hold it."""
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: object) -> object:
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return value


def from_json(row: Mapping[str, Any], table: sa.Table) -> dict[str, Any]:
    """A row as the table takes it. Raises ValueError or LookupError where it is none of its."""
    return {name: _typed(value, table.c[name].type) for name, value in row.items()}


def _typed(value: Any, kind: sa.types.TypeEngine[Any]) -> object:
    if value is None:
        return None
    match kind:
        case sa.LargeBinary():
            return base64.b64decode(value)
        case sa.DateTime():
            return dt.datetime.fromisoformat(value)
        case sa.Date():
            return dt.date.fromisoformat(value)
        case sa.Time():
            return dt.time.fromisoformat(value)
        case _:
            return value
