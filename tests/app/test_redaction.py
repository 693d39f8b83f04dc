"""Redaction: no secret is written in any form by any library."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.app.logging import configure_logging
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


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The log at DEBUG, as JSON lines."""
    root = logging.getLogger()
    handlers, level, hooks = root.handlers[:], root.level, structlog.get_config()
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    monkeypatch.setattr("sys.excepthook", None)
    monkeypatch.setattr("threading.excepthook", None)
    configure_logging(SETTINGS.model_copy(update={"log_level": "DEBUG", "log_format": "json"}))
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
