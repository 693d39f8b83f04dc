"""Database errors as sentences for people."""

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

_MAX_LENGTH = 300
_PUBLIC_REASONS = {
    "refused": "the connection is refused",
    "resolve": "the name of its host is not known",
    "translate host": "the name of its host is not known",
    "timed out": "it does not answer in time",
    "timeout": "it does not answer in time",
    "password": "it refuses the login",
    "authentication": "it refuses the login",
    "disk is full": "its disk is full",
    "no space left": "its disk is full",
    "disk i/o error": "its disk is full or cannot be written",
    "read-only": "it is read-only",
    "readonly": "it is read-only",
    "unable to open": "its file cannot be opened",
    "locked": "another process keeps it locked",
    "no such table": "its tables are of another version",
    "does not exist": "it does not exist, or its tables are of another version",
    "terminat": "it ends connections",
    "shutting down": "it is shutting down",
    "starting up": "it is starting",
    "too many": "it has too many connections",
    "closed": "it ends connections",
}
"""Parts of drivers' messages, and the public text for each."""


def describe_error(error: SQLAlchemyError) -> str:
    """The error and its remedy, without statement, values or address."""
    return (
        f"The database cannot be used: {driver_reason(error)}. Check DATABASE_URL and that the "
        "database is up; `papers doctor` looks closer."
    )


def public_reason(error: SQLAlchemyError) -> str:
    """The kind of an error, without any name, address or path of this installation."""
    message = driver_reason(error).lower()
    reasons = (reason for words, reason in _PUBLIC_REASONS.items() if words in message)
    return next(reasons, "its driver reports an error; `papers doctor` shows it")


def driver_reason(error: SQLAlchemyError) -> str:
    """The first line of the driver's own message."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    return (lines[0] if lines else type(cause).__name__)[:_MAX_LENGTH].rstrip(".")
