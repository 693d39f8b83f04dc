"""Database errors as sentences for people."""

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

_MAX_LENGTH = 300


def describe_error(error: SQLAlchemyError) -> str:
    """The error and its remedy, without statement, values or address."""
    return (
        f"The database cannot be used: {driver_reason(error)}. Check DATABASE_URL and that the "
        "database is up; `papers doctor` looks closer."
    )


def driver_reason(error: SQLAlchemyError) -> str:
    """The first line of the driver's own message."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    return (lines[0] if lines else type(cause).__name__)[:_MAX_LENGTH].rstrip(".")
