"""What every process of the bot begins and ends with: its log, and what it says when it fails."""

import logging
import os
import sys
import threading
from types import TracebackType
from typing import Any, NoReturn

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.app.environment import read_settings
from bot.app.redaction import Redactor
from bot.db.error_text import describe_error
from bot.errors import PapersError
from bot.settings import Settings


def redactor() -> Redactor:
    """What hides this process's secrets, also when its settings are not right."""
    try:
        return Redactor(read_settings())
    except PapersError:
        return Redactor(None)


def in_a_sentence(error: Exception) -> str | None:
    """What somebody is told who can mend it, without secrets; None where it is a defect."""
    match error:
        case PapersError():
            told = str(error)
        case SQLAlchemyError():
            told = describe_error(error)
        case _:
            return None
    return f"papers: {redactor()(told)}"


def configure_logging(settings: Settings) -> None:
    """One line a thing on standard error: for people in a terminal, JSON for machines."""
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
        _Redacting(
            Redactor(settings),
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(handlers=[handler], level=settings.log_level, force=True)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it tells of every tick
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


class _Redacting(structlog.stdlib.ProcessorFormatter):
    """Writes lines without secrets, whoever logs them."""

    def __init__(self, redact: Redactor, **options: Any) -> None:
        super().__init__(**options)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        return self._redact(super().format(record))


def _log_crashes() -> None:
    """What nobody catches is logged like all else: as a line, without secrets."""

    def crashed(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            structlog.get_logger().critical("crashed", exc_info=(kind, error, trace))

    def ended(arguments: threading.ExceptHookArgs) -> None:
        found = arguments.exc_value
        if found is not None:
            trace = (arguments.exc_type, found, arguments.exc_traceback)
            structlog.get_logger().critical("a thread crashed", exc_info=trace)

    sys.excepthook = crashed
    threading.excepthook = ended


def leave() -> NoReturn:
    """End this process now.

    Python would wait for every thread; what may still run, a poll in the middle of a slow answer,
    may be cut off anywhere and is begun again by the next start.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
