"""A process's log, its messages for errors, and its exit."""

import json
import logging
import os
import re
import sys
import threading
import traceback
from types import TracebackType
from typing import Any, NoReturn

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.app.redaction import Redactor
from bot.db.error_text import describe_error
from bot.errors import PapersError
from bot.settings import Settings, read_settings
from bot.text import escape_controls

_LINE_END = "\n"


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
    return f"papers: {redactor()(escape_controls(message, _LINE_END))}"


def defect_message(error: Exception) -> str:
    """The traceback of a defect, without secrets and the values of variables."""
    lines = traceback.format_exception(error)
    return redactor()(escape_controls("".join(lines), _LINE_END))


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
    last = _json_processors() if as_json else _console_processors()
    handler = logging.StreamHandler()
    handler.setFormatter(
        _RedactingFormatter(
            Redactor(settings),
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.raiseExceptions = False  # else a line that cannot be formatted is printed raw
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


def _json_processors() -> list[structlog.typing.Processor]:
    """Tracebacks without the values of variables, and JSON in printable characters."""

    def escape(_logger: object, _name: str, line: Any) -> str:
        return _UNPRINTABLE.sub(_json_escape, str(line))

    return [
        structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        ),
        structlog.processors.JSONRenderer(ensure_ascii=False),
        escape,  # the processor after a renderer gets its line
    ]


_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


def _json_escape(match: re.Match[str]) -> str:
    character = match[0]
    return character if character.isprintable() else json.dumps(character)[1:-1]


def _console_processors() -> list[structlog.typing.Processor]:
    """Lines for people; no text of another begins a line or reaches the terminal unescaped."""
    return [
        structlog.processors.ExceptionRenderer(),  # without the values of variables
        _escape_values,
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        ),
    ]


def _escape_values(
    _logger: object, _name: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return {key: _printable(key, value) for key, value in event.items()}


def _printable(key: str, value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case str() if key in {"exception", "stack"}:
            return "\n".join(f"  {line}" for line in escape_controls(value, "\n").split("\n"))
        case str():
            return escape_controls(value)
        case _:
            return escape_controls(repr(value))


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
