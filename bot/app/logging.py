"""A process's log, its messages for errors, and its exit."""

import logging
import os
import sys
import threading
from types import TracebackType
from typing import Any, NoReturn

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.app.redaction import Redactor
from bot.db.error_text import describe_error
from bot.errors import PapersError
from bot.settings import Settings, read_settings


def redactor() -> Redactor:
    """The redactor of this process's secrets; of patterns alone when its settings are wrong."""
    try:
        return Redactor(read_settings())
    except PapersError:
        return Redactor(None)


def operator_message(error: Exception) -> str | None:
    """The message for an error that an operator can fix, without secrets; None for a defect."""
    match error:
        case PapersError():
            message = str(error)
        case SQLAlchemyError():
            message = describe_error(error)
        case _:
            return None
    return f"papers: {redactor()(message)}"


def configure_logging(settings: Settings) -> None:
    """Log to standard error: a line an event for people in a terminal, else a JSON object."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    as_json = settings.log_format == "json" or (
        settings.log_format == "auto" and not sys.stderr.isatty()
    )
    last: list[structlog.typing.Processor] = (
        [
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
        if as_json
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        _RedactingFormatter(
            Redactor(settings),
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(handlers=[handler], level=settings.log_level, force=True)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it logs every tick
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    _log_crashes()


class _RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    """Formatter that hides secrets in every line, from any library."""

    def __init__(self, redact: Redactor, **options: Any) -> None:
        super().__init__(**options)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Format one line."""
        return self._redact(super().format(record))


def _log_crashes() -> None:
    """Log uncaught exceptions instead of printing tracebacks, which may show secrets."""

    def log_crash(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            structlog.get_logger().critical("crashed", exc_info=(kind, error, trace))

    def log_thread_crash(arguments: threading.ExceptHookArgs) -> None:
        error = arguments.exc_value
        if error is not None:
            trace = (arguments.exc_type, error, arguments.exc_traceback)
            structlog.get_logger().critical("a thread crashed", exc_info=trace)

    sys.excepthook = log_crash
    threading.excepthook = log_thread_crash


def exit_now() -> NoReturn:
    """End this process without waiting for its threads.

    A poll in the middle of a slow answer may be cut off anywhere; the next start repeats it.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
