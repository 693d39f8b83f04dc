"""The environment, read once: the names of DESIGN's contract, typed, secrets kept from view."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

Url = Annotated[str, AfterValidator(lambda url: url.rstrip("/") + "/")]


class Settings(BaseSettings):
    """What an operator sets. Every field's description stands in the README, held by a test."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    slack_bot_token: SecretStr | None = Field(
        default=None, validation_alias="SLACK_BOT_TOKEN", description="The bot's token, `xoxb-…`."
    )
    slack_app_token: SecretStr | None = Field(
        default=None,
        validation_alias="SLACK_APP_TOKEN",
        description="The app-level token, `xapp-…`, for Socket Mode (`papers run`).",
    )
    slack_signing_secret: SecretStr | None = Field(
        default=None,
        validation_alias="SLACK_SIGNING_SECRET",
        description="Proves that a request is Slack's, for HTTP mode (`papers web`).",
    )
    slack_api_url: Url = Field(
        default="https://slack.com/api/",
        validation_alias="SLACK_API_URL",
        description="Another Web API base, for stand-ins.",
    )
    port: int = Field(
        default=3000,
        validation_alias="PORT",
        ge=0,
        le=65535,
        description="The port of `papers web`.",
    )
    host: str = Field(
        default="0.0.0.0",  # noqa: S104  # a platform's router must reach it; loopback is a setting away
        validation_alias="PAPERS_HOST",
        description="The address that `papers web` listens on.",
    )
    data_dir: Path = Field(
        default=Path("data"),
        validation_alias="PAPERS_DATA_DIR",
        description="The folder of the list.",
    )
    log_format: Literal["auto", "console", "json"] = Field(
        default="auto",
        validation_alias="PAPERS_LOG_FORMAT",
        description="`console` for people, `json` for machines, `auto` by whether a person looks.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO",
        validation_alias="PAPERS_LOG_LEVEL",
        description="The least severe line that is logged.",
    )
