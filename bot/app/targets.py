"""Where approved papers are published, as the settings say."""

import os
import time

from bot.app.parts import Parts, now
from bot.catalog.names import shipped_names
from bot.errors import PapersError
from bot.http import HttpClient, user_agent
from bot.publishing.folder import Folder
from bot.publishing.git import GitRepository
from bot.publishing.github import GitHub
from bot.publishing.github_api import Repository
from bot.publishing.publisher import Target
from bot.publishing.running import Git
from bot.settings import Settings


def target_of(parts: Parts) -> Target:
    """Where changes go. Raises PapersError when a setting is missing."""
    settings = parts.settings
    markdown = parts.lookup.current().catalog.info.publish.markdown
    names = shipped_names()
    if settings.publish == "files":
        return Folder(settings.data_dir, markdown, names)
    if settings.publish == "git":
        environment = dict(os.environ)  # noqa: TID251  # git needs PATH, HOME and the agent's socket
        return GitRepository(Git(settings.data_dir, environment), markdown, names)
    return GitHub(
        _repository(settings),
        settings.github_data,
        markdown,
        names,
        rolling=settings.github_branch == "week",
    )


def _repository(settings: Settings) -> Repository:
    if settings.github_token is None or not settings.github_repo:
        raise PapersError(
            "PAPERS_PUBLISH=github needs PAPERS_GITHUB_TOKEN and PAPERS_GITHUB_REPO (owner/name)."
        )
    http = HttpClient(agent=user_agent(settings.contact), clock=time.monotonic, now=now)
    token = settings.github_token.get_secret_value()
    return Repository(http, settings.github_repo, token, settings.github_api_url)
