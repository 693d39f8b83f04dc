"""Typed settings from the environment, with secrets hidden from view.

This is the only module that touches the environment.
"""

import os
from collections.abc import MutableMapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, AliasGenerator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import PapersError

Url = Annotated[str, AfterValidator(lambda url: url.rstrip("/") + "/")]

ENVIRONMENT: MutableMapping[str, str] = os.environ  # noqa: TID251  # the one place that names it
"""The environment itself: child processes (git, gunicorn) inherit it."""

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus-client's variable: the folder in which gunicorn's processes keep their counts."""


def _variable(field: str) -> str:
    """The environment variable of a field: prefixed by PAPERS_, unless others define its name."""
    name = field.upper()
    shared = name.startswith("SLACK_") or name in {"PORT", "DATABASE_URL"}
    return name if shared else f"PAPERS_{name}"


class Settings(BaseSettings):
    """Settings of an operator. A test holds the README's table equal to the descriptions."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        alias_generator=AliasGenerator(validation_alias=_variable),
    )

    slack_bot_token: SecretStr | None = Field(
        default=None, description="The bot's token, `xoxb-…`."
    )
    slack_app_token: SecretStr | None = Field(
        default=None, description="The app-level token, `xapp-…`, for Socket Mode (`papers run`)."
    )
    slack_signing_secret: SecretStr | None = Field(
        default=None,
        description="Verifies that requests come from Slack, for HTTP mode (`papers web`).",
    )
    slack_api_url: Url = Field(
        default="https://slack.com/api/",
        description="Another base URL of the Web API, for stand-ins.",
    )
    port: int = Field(
        default=3000,
        ge=0,
        le=65535,
        description="The port of `papers web`; health and metrics of `run`, `worker` (0: none).",
    )
    health_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="A port of its own for health and metrics of `papers web`; unset: `PORT`.",
    )
    host: str = Field(
        default="0.0.0.0",  # noqa: S104  # a platform's router must reach it; loopback is a setting away
        description="The address to listen on.",
    )
    data_dir: Path = Field(default=Path("data"), description="The folder of the list.")
    database_url: SecretStr | None = Field(
        default=None,
        description="`postgresql://…` or `sqlite:///…`; by default `papers.db` beside the data.",
    )
    review_channel: str | None = Field(
        default=None, description="The id (`C…`) of the channel in which suggestions are reviewed."
    )
    publish: Literal["files", "git", "github"] = Field(
        default="files",
        description="Where approved papers go: `files`, `git` commits, `github` pull requests.",
    )
    github_token: SecretStr | None = Field(
        default=None,
        description="A token that may push branches and open pull requests, for `github`.",
    )
    github_repo: str | None = Field(
        default=None,
        description="The repository, `owner/name`, that holds the data, for `github`.",
    )
    github_data: str = Field(
        default="data", description="The folder of the list in that repository, for `github`."
    )
    github_branch: Literal["paper", "week"] = Field(
        default="paper", description="A pull request for each `paper`, or one for each `week`."
    )
    github_api_url: str = Field(
        default="https://api.github.com", description="Another GitHub API, for GitHub Enterprise."
    )
    rss_url: str = Field(
        default="https://rss.arxiv.org/rss",
        description="The base URL of arXiv's feeds; `/cs.DC+cs.LG` is appended.",
    )
    api_url: str = Field(
        default="https://export.arxiv.org/api/query",
        description="The URL of arXiv's API, for missed days and for details of papers.",
    )
    contact: str | None = Field(
        default=None,
        description="An e-mail address or page for arXiv to contact you, sent in the User-Agent.",
    )
    lookback_days: int = Field(
        default=7, ge=0, le=366, description="The number of days that a first poll covers."
    )
    log_format: Literal["auto", "console", "json"] = Field(
        default="auto",
        description="`console` for people, `json` for programs, `auto`: `console` in a terminal.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="The lowest severity that is logged."
    )

    @property
    def database(self) -> str:
        """The URL of the database."""
        if self.database_url:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir.resolve().parent / 'papers.db'}"


def read_settings() -> Settings:
    """Read the settings from the environment. Raises PapersError that names every wrong one."""
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors()
        )
        raise PapersError(
            f"The environment is not right: {faults}. See the README's list of settings."
        ) from None


def bot_token(settings: Settings) -> str:
    """The bot token. Raises PapersError when it is missing or another kind of token."""
    return _secret(settings.slack_bot_token, "SLACK_BOT_TOKEN", "xoxb-")


def app_token(settings: Settings) -> str:
    """The app-level token. Raises PapersError when it is missing or another kind of token."""
    return _secret(settings.slack_app_token, "SLACK_APP_TOKEN", "xapp-")


def signing_secret(settings: Settings) -> str:
    """The signing secret. Raises PapersError when it is missing."""
    return _secret(settings.slack_signing_secret, "SLACK_SIGNING_SECRET", "")


def hide_bot_token() -> None:
    """Remove the bot token from the environment, where Bolt reads it and warns of two tokens."""
    ENVIRONMENT.pop("SLACK_BOT_TOKEN", None)


def _secret(value: SecretStr | None, name: str, prefix: str) -> str:
    """A required secret with its expected prefix. No error message shows it."""
    if value is None:
        raise PapersError(
            f"{name} is not set. The README tells in five steps where to find it; "
            "`papers demo` needs no Slack account."
        )
    secret = value.get_secret_value().strip()
    if not secret.startswith(prefix):
        raise PapersError(f"{name} should begin with {prefix}; are two tokens swapped?")
    return secret
