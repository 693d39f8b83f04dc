"""Redaction: no secret is written in any form by any library."""

import base64
import html
import io
import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
import structlog

from bot.app.logging import configure_logging, defect_message
from bot.app.redaction import HIDDEN, Redactor
from bot.settings import Settings

SETTINGS = Settings.model_validate(
    {
        "SLACK_BOT_TOKEN": "xoxb-12-distinctive",
        "SLACK_APP_TOKEN": "xapp-1-distinctive",
        "SLACK_SIGNING_SECRET": "0123456789distinctive",
        "PAPERS_GITHUB_TOKEN": "ghp_0123456789abcdefdistinctive",
        "DATABASE_URL": 'postgresql://someone:p%40ss"\\distinctive@db.example/papers',
    }
)


@pytest.mark.parametrize(
    "text",
    [
        "Bearer xoxb-12-distinctive",
        '{"token": "xapp-1-distinctive"}',
        "secret=0123456789distinctive!",
        "https://x:ghp_0123456789abcdefdistinctive@github.com/a/b",
        'connection to postgresql://someone:p%40ss"\\distinctive@db.example/papers failed',
        'password p@ss"\\distinctive is wrong',
        json.dumps({"password": 'p@ss"\\distinctive'}),
        "xoxp-99-distinctive of another workspace",
        "postgresql://u:distinctive@host/db",
        "wss://wss-primary.slack.com/link/?ticket=distinctive&app_id=1",
        "https://hooks.slack.com/commands/T1/2/distinctive",
    ],
)
def test_a_secret_is_hidden_in_every_form(text: str) -> None:
    shown = Redactor(SETTINGS)(text)
    assert "distinctive" not in shown
    assert HIDDEN in shown


SECRETS = ["xoxb-12-distinctive", "xapp-1-distinctive", "0123456789distinctive",
           "ghp_0123456789abcdefdistinctive", 'p@ss"\\distinctive']  # fmt: skip
FORMS: dict[str, Callable[[str], str]] = {
    "quoted": quote,
    "quoted twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "each byte quoted": lambda secret: "".join(f"%{byte:02x}" for byte in secret.encode()),
    "JSON": json.dumps,
    "JSON in JSON": lambda secret: json.dumps(json.dumps({"a": secret})),
    "Unicode escapes": lambda secret: "".join(f"\\u{ord(char):04X}" for char in secret),
    "hexadecimal escapes": lambda secret: "".join(f"\\x{ord(char):02x}" for char in secret),
    "Python": repr,
    "Python twice": lambda secret: repr(repr(secret)),
    "bytes": lambda secret: repr(secret.encode()),
    "HTML": html.escape,
    "HTML numbers": lambda secret: "".join(f"&#{ord(char)};" for char in secret),
    "cut": lambda secret: f"{secret[:-3]}...",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_hidden_however_it_is_encoded(form: str) -> None:
    for secret in SECRETS:
        shown = Redactor(SETTINGS)(f"before {FORMS[form](secret)} after")
        assert HIDDEN in shown, secret
        assert not re.search("tinct|%74|0074|x74|&#116", shown), shown
        assert shown.startswith("before ")
        assert shown.endswith(" after")


@pytest.mark.parametrize("before", ["", "x", "me", "x-access-token:"])
def test_a_secret_is_hidden_in_base64(before: str) -> None:
    for secret in SECRETS:
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(f"{before}{secret}".encode()).decode()
            shown = Redactor(SETTINGS)(f"header: {encoded} end")
            assert HIDDEN in shown
            assert len(shown) < 60


def test_a_password_that_breaks_its_address_is_hidden_in_every_part() -> None:
    """A driver takes the part after the first @ for the host."""
    settings = Settings.model_validate({"DATABASE_URL": "postgresql://me:long@ss@db.example/x"})
    shown = Redactor(settings)('could not translate host name "ss@db.example" to address')
    assert "ss@db" not in shown
    assert "long" not in Redactor(settings)("postgresql://me:long@ss@db.example/x")


def test_redacting_takes_linear_time() -> None:
    """Each text is of what begins a secret, or an escape."""
    redact = Redactor(SETTINGS)
    for text in ("\\", "%25", "&#0", "://a:", "p@ss", "xoxb-", "0123456789", "Basic "):
        short, long = (measure(redact, text * size) for size in (4_000, 16_000))
        assert long < 12 * short + 0.05, text


def measure(redact: Redactor, text: str) -> float:
    """The processor's seconds, the least of three: another process may delay one."""
    times = []
    for _ in range(3):
        began = time.process_time()
        redact(text)
        times.append(time.process_time() - began)
    return min(times)


@pytest.mark.parametrize(
    "text",
    [
        "nothing to hide",
        "https://arxiv.org/abs/2401.09670",
        "at 12:30 to a@example.org",
        "https://slack.com/api/",
    ],
)
def test_other_text_is_unchanged(text: str) -> None:
    assert Redactor(SETTINGS)(text) == text
    assert Redactor(None)(text) == text


def test_a_short_password_hides_no_common_words() -> None:
    settings = Settings.model_validate({"DATABASE_URL": "postgresql://papers:papers@h/papers"})
    assert Redactor(settings)("the papers of papers") == "the papers of papers"
    assert Redactor(settings)("postgresql://papers:papers@h/x") == f"postgresql://{HIDDEN}@h/x"


@pytest.fixture(params=["json"])
def lines(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[io.StringIO]:
    """The log at DEBUG, as JSON lines or for people."""
    root = logging.getLogger()
    handlers, level, hooks = root.handlers[:], root.level, structlog.get_config()
    monkeypatch.setattr("logging.raiseExceptions", True)
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    monkeypatch.setattr("sys.excepthook", None)
    monkeypatch.setattr("threading.excepthook", None)
    configure_logging(
        SETTINGS.model_copy(update={"log_level": "DEBUG", "log_format": request.param})
    )
    yield written
    root.handlers[:], root.level = handlers, level
    structlog.configure(**hooks)


def test_secrets_of_libraries_and_tracebacks_are_hidden(lines: io.StringIO) -> None:
    logging.getLogger("slack_sdk.web").debug(
        "headers: %s", {"Authorization": "Bearer xoxb-12-distinctive"}
    )
    try:
        int("no login with 0123456789distinctive")
    except ValueError:
        structlog.get_logger().exception("failed", token="xapp-1-distinctive")
    text = lines.getvalue()
    assert text.count(HIDDEN) >= 3
    assert "distinctive" not in text
    assert all(json.loads(line) for line in text.splitlines())


HOSTILE = "a\x1b[31mb\x9b2Jc\u202ed\u2066e\u2028f\u200bg\nh\rFORGED\x00\x07\ud800 \U000e0041"
both_formats = pytest.mark.parametrize("lines", ["json", "console"], indirect=True)


@both_formats
def test_foreign_text_begins_no_line_and_commands_no_terminal(lines: io.StringIO) -> None:
    """As an event, a value, a key of a value, another library's message, or an error."""
    root = logging.getLogger()
    for handler in root.handlers[:]:  # pytest's keep the text, which xdist cannot transmit
        if type(handler).__module__ == "_pytest.logging":
            root.removeHandler(handler)
    log = structlog.get_logger()
    log.info(HOSTILE)
    log.info("x", value=HOSTILE, nested={HOSTILE: [HOSTILE]}, error=ValueError(HOSTILE))
    log.info("x", value=HOSTILE.encode("utf-8", "replace"))
    logging.getLogger("library").warning("got %s", HOSTILE)
    try:
        int(HOSTILE)
    except ValueError as error:
        error.add_note(HOSTILE)
        log.exception("failed")
        logging.getLogger("library").exception("failed")
    text = lines.getvalue()
    text.encode()
    assert all(character.isprintable() or character == "\n" for character in text)
    for line in text.split("\n"):
        assert not line.startswith(("FORGED", "h", "\\rFORGED"))
    assert text.count("FORGED") >= 8


@both_formats
def test_a_traceback_holds_no_values_of_variables(lines: io.StringIO) -> None:
    """They may hold a secret, or a part of one after they are cut."""

    def fail(password: str) -> None:
        connection = f"postgresql://someone:{password}-and-more@db.example/papers"
        raise ValueError(len(connection))

    try:
        fail("unknown-to-the-bot")
    except ValueError:
        structlog.get_logger().exception("failed")
        logging.getLogger("library").exception("failed")
    assert "unknown-to" not in lines.getvalue().replace('fail("unknown-to-the-bot")', "")
    assert lines.getvalue().count("ValueError") >= 2


def test_a_defect_of_a_command_shows_no_secret_and_no_control_character(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "0123456789distinctive")
    shown = defect_message(RuntimeError("a\x1b[2J 0123456789distinctive"))
    assert "distinctive" not in shown
    assert "\\x1b[2J" in shown
    assert "RuntimeError" in shown


def test_a_line_that_cannot_be_formatted_is_not_printed_raw(
    lines: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("library").warning("%d", "xoxb-12-distinctive")
    assert "distinctive" not in lines.getvalue()
    assert "distinctive" not in capsys.readouterr().err
