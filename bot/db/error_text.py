"""What a database says when it cannot be used, in a sentence for people."""

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

_LONGEST = 300


def describe_error(error: SQLAlchemyError) -> str:
    """What went wrong, with the remedy. Holds no statement, no values and no address."""
    return (
        f"The database cannot be used: {driver_reason(error)}. Check DATABASE_URL and that the "
        "database is up; `papers doctor` looks closer."
    )


def driver_reason(error: SQLAlchemyError) -> str:
    """The driver's own first words."""
    found = error.orig if isinstance(error, DBAPIError) and error.orig else error
    lines = [line.strip() for line in str(found).splitlines() if line.strip()]
    return (lines[0] if lines else type(found).__name__)[:_LONGEST].rstrip(".")
