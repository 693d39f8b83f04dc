"""Factory of publishing targets from settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.catalog.names import KnownNames
from bot.errors import PapersError
from bot.http import HttpClient
from bot.publishing.git_cli import GitCli
from bot.publishing.publisher import Target
from bot.publishing.targets.files import FilesTarget
from bot.publishing.targets.git import GitTarget, Now
from bot.publishing.targets.github import GitHubTarget
from bot.publishing.targets.github_api import GitHubRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSettings:
    """Settings of a publishing target."""

    kind: Literal["files", "git", "github"]
    folder: Path
    """The list's folder on this machine."""
    markdown: str | None
    """The Markdown list that is kept in step, if any."""
    environment: Mapping[str, str]
    """Variables that git inherits: PATH, HOME, the SSH agent's socket."""
    github_repo: str | None
    """`owner/name`."""
    github_token: str | None
    github_api_url: str
    github_data: str
    """The list's folder in the GitHub repository."""
    github_weekly: bool
    """One pull request a week instead of one a paper."""


def make_target(
    settings: TargetSettings,
    names: KnownNames,
    *,
    http: Callable[[], HttpClient],
    now: Now,
) -> Target:
    """Make the target. Raises PapersError when a setting for GitHub is missing."""
    folder, markdown = settings.folder, settings.markdown
    match settings.kind:
        case "files":
            return FilesTarget(folder, markdown, names)
        case "git":
            return GitTarget(GitCli(folder, settings.environment), markdown, names, now=now)
        case "github":
            return GitHubTarget(
                _repository(settings, http),
                settings.github_data,
                markdown,
                names,
                rolling=settings.github_weekly,
            )


def _repository(settings: TargetSettings, http: Callable[[], HttpClient]) -> GitHubRepository:
    repo, token = settings.github_repo, settings.github_token
    if not repo or token is None:
        raise PapersError(
            "PAPERS_PUBLISH=github needs PAPERS_GITHUB_TOKEN and PAPERS_GITHUB_REPO (owner/name)."
        )
    return GitHubRepository(http(), repo, token, settings.github_api_url)
