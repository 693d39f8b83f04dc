"""Where approved papers are published, as the settings say."""

import os
import time

from bot.app.container import Container, now
from bot.catalog.names import shipped_names
from bot.errors import PapersError
from bot.http import HttpClient, user_agent
from bot.publishing.git_cli import GitCli
from bot.publishing.publisher import Target
from bot.publishing.targets.files import FilesTarget
from bot.publishing.targets.git import GitTarget
from bot.publishing.targets.github import GitHubTarget
from bot.publishing.targets.github_api import GitHubRepository
from bot.settings import Settings


def target_of(parts: Container) -> Target:
    """Where changes go. Raises PapersError when a setting is missing."""
    settings = parts.settings
    markdown = parts.lookup.current().catalog.info.publish.markdown
    names = shipped_names()
    if settings.publish == "files":
        return FilesTarget(settings.data_dir, markdown, names)
    if settings.publish == "git":
        environment = dict(os.environ)  # noqa: TID251  # git needs PATH, HOME and the agent's socket
        return GitTarget(GitCli(settings.data_dir, environment), markdown, names)
    return GitHubTarget(
        _repository(settings),
        settings.github_data,
        markdown,
        names,
        rolling=settings.github_branch == "week",
    )


def _repository(settings: Settings) -> GitHubRepository:
    if settings.github_token is None or not settings.github_repo:
        raise PapersError(
            "PAPERS_PUBLISH=github needs PAPERS_GITHUB_TOKEN and PAPERS_GITHUB_REPO (owner/name)."
        )
    http = HttpClient(agent=user_agent(settings.contact), clock=time.monotonic, now=now)
    token = settings.github_token.get_secret_value()
    return GitHubRepository(http, settings.github_repo, token, settings.github_api_url)
