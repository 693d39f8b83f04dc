"""The environment, read once: typed, with secrets kept from view."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

Url = Annotated[str, AfterValidator(lambda url: url.rstrip("/") + "/")]

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Variable that names the folder in which gunicorn's processes count (prometheus-client's own)."""


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
        description="The port of `papers web`; health and metrics of `run`, `worker` (0: none).",
    )
    host: str = Field(
        default="0.0.0.0",  # noqa: S104  # a platform's router must reach it; loopback is a setting away
        validation_alias="PAPERS_HOST",
        description="The address that these listen on.",
    )
    data_dir: Path = Field(
        default=Path("data"),
        validation_alias="PAPERS_DATA_DIR",
        description="The folder of the list.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="`postgresql://…`, or `sqlite:///…`; without it `papers.db` beside the data.",
    )
    review_channel: str | None = Field(
        default=None,
        validation_alias="PAPERS_REVIEW_CHANNEL",
        description="The id (`C…`) of the channel where suggestions are decided on.",
    )
    publish: Literal["files", "git", "github"] = Field(
        default="files",
        validation_alias="PAPERS_PUBLISH",
        description="Where approved papers go: `files`, `git` commits, `github` pull requests.",
    )
    github_token: SecretStr | None = Field(
        default=None,
        validation_alias="PAPERS_GITHUB_TOKEN",
        description="A token that may push branches and open pull requests, for `github`.",
    )
    github_repo: str | None = Field(
        default=None,
        validation_alias="PAPERS_GITHUB_REPO",
        description="The repository, `owner/name`, that holds the data, for `github`.",
    )
    github_data: str = Field(
        default="data",
        validation_alias="PAPERS_GITHUB_DATA",
        description="The folder of the list in that repository, for `github`.",
    )
    github_branch: Literal["paper", "week"] = Field(
        default="paper",
        validation_alias="PAPERS_GITHUB_BRANCH",
        description="A pull request for each `paper`, or one for each `week`.",
    )
    github_api_url: str = Field(
        default="https://api.github.com",
        validation_alias="PAPERS_GITHUB_API_URL",
        description="Another GitHub API, for GitHub Enterprise.",
    )
    rss_url: str = Field(
        default="https://rss.arxiv.org/rss",
        validation_alias="PAPERS_RSS_URL",
        description="Where arXiv's feeds are; `/cs.DC+cs.LG` is added.",
    )
    api_url: str = Field(
        default="https://export.arxiv.org/api/query",
        validation_alias="PAPERS_API_URL",
        description="arXiv's API, for catching up and for what it says of listed papers.",
    )
    contact: str | None = Field(
        default=None,
        validation_alias="PAPERS_CONTACT",
        description="An address or page that tells arXiv who asks, in the User-Agent.",
    )
    lookback_days: int = Field(
        default=7,
        validation_alias="PAPERS_LOOKBACK_DAYS",
        ge=0,
        le=366,
        description="How many days a first poll looks back.",
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

    @property
    def database(self) -> str:
        """The URL of the database."""
        if self.database_url:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir.resolve().parent / 'papers.db'}"
