"""Client of GitHub's REST API for publishing: texts, commits, branches and pull requests.

https://docs.github.com/en/rest/git and https://docs.github.com/en/rest/pulls. A refusal becomes a
PublishError with a remedy, which never contains the token.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from bot.catalog.yaml.read import FileReader
from bot.http import FetchError, HttpClient, Reply
from bot.publishing.git_cli import COMMITTER
from bot.publishing.publication import Publication, PublishError

_HEADERS = {
    "Accept": "application/vnd.github+json",
    "Content-Type": "application/json",
    "X-GitHub-Api-Version": "2022-11-28",
}
_OK = range(200, 300)
_PAGE = 100  # items, GitHub's maximum
_PAGES = 10
_AUTHOR = COMMITTER["GIT_COMMITTER_EMAIL"]


class BranchMovedError(Exception):
    """Somebody else has moved or created a branch meanwhile."""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request."""

    number: int
    url: str
    branch: str
    head: str
    body: str


@dataclass(frozen=True, slots=True)
class BranchComparison:
    """The commits that a branch has and its base has not."""

    fork: str
    """The sha of their last common commit."""
    commits: tuple[tuple[str, str], ...]
    """Sha and message, oldest first."""


@dataclass(frozen=True, slots=True)
class GitHubRepository:
    """A repository, accessed with a token."""

    http: HttpClient
    name: str
    token: str
    api_url: str = "https://api.github.com"
    _texts: dict[str, str] = field(default_factory=dict)
    _trees: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def default_branch(self) -> str:
        """The branch into which pull requests are merged."""
        return str(self._ask("GET", "")["default_branch"])

    def head(self, branch: str) -> str | None:
        """The commit of a branch; None if there is no such branch."""
        reply = self._send("GET", f"/git/ref/heads/{quote(branch)}")
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        return str(self._read(reply)["object"]["sha"])

    def reader(self, commit: str) -> FileReader:
        """A function that gives the texts of a commit, each requested once."""

        def read(path: str) -> str | None:
            entry = self._entry(commit, path)
            if entry is None or entry["type"] != "blob":
                return None
            sha = str(entry["sha"])
            if sha not in self._texts:
                self._texts[sha] = _decoded(self._ask("GET", f"/git/blobs/{sha}"), path)
            return self._texts[sha]

        return read

    def commit(self, parent: str, edits: Mapping[str, str], publication: Publication) -> str:
        """Create a commit on top of `parent`, without moving a branch; returns its sha."""
        tree = [
            {
                "path": path,
                "mode": (self._entry(parent, path) or {}).get("mode", "100644"),
                "type": "blob",
                "content": text,
            }
            for path, text in edits.items()
        ]
        base = self._ask("GET", f"/git/commits/{parent}")["tree"]["sha"]
        created = self._ask("POST", "/git/trees", {"base_tree": base, "tree": tree})
        commit = {
            "message": publication.message,
            "tree": created["sha"],
            "parents": [parent],
            "author": {
                "name": publication.author_name,
                "email": publication.author_email or _AUTHOR,
            },
        }
        return str(self._ask("POST", "/git/commits", commit)["sha"])

    def compare(self, base: str, branch: str) -> BranchComparison:
        """Compare a branch with its base."""
        path = f"/compare/{quote(base, safe='')}...{quote(branch, safe='')}"
        commits: list[tuple[str, str]] = []
        fork = ""
        for page in range(1, _PAGES + 1):
            answer = self._ask("GET", f"{path}?per_page={_PAGE}&page={page}")
            fork = str(answer["merge_base_commit"]["sha"])
            commits += [(str(c["sha"]), str(c["commit"]["message"])) for c in answer["commits"]]
            if len(answer["commits"]) < _PAGE:
                break
        return BranchComparison(fork, tuple(commits))

    def create_branch(self, branch: str, commit: str) -> None:
        """Create a branch. Raises BranchMovedError where there is one."""
        ref = {"ref": f"refs/heads/{branch}", "sha": commit}
        self._read_moved(self._send("POST", "/git/refs", ref))

    def move_branch(self, branch: str, commit: str) -> None:
        """Move a branch forward. Raises BranchMovedError where it has other commits by now."""
        path = f"/git/refs/heads/{quote(branch)}"
        self._read_moved(self._send("PATCH", path, {"sha": commit, "force": False}))

    def delete_branch(self, branch: str) -> None:
        """Delete a branch, if it exists."""
        reply = self._send("DELETE", f"/git/refs/heads/{quote(branch)}")
        if reply.status not in {404, 422}:
            self._read(reply)

    def list_open_pulls(self, base: str) -> list[PullRequest]:
        """The open pull requests from branches of this repository."""
        answers: list[Any] = []
        for page in range(1, _PAGES + 1):
            query = urlencode({"state": "open", "base": base, "per_page": _PAGE, "page": page})
            pulls = self._ask("GET", f"/pulls?{query}")
            answers += pulls
            if len(pulls) < _PAGE:
                break
        own = self.name.casefold()
        return [
            _pull(answer)
            for answer in answers
            if ((answer["head"]["repo"] or {}).get("full_name") or "").casefold() == own
        ]

    def create_pull(self, base: str, branch: str, title: str, body: str) -> PullRequest:
        """Open a pull request."""
        pull = {"title": title, "head": branch, "base": base, "body": body}
        return _pull(self._ask("POST", "/pulls", pull))

    def update_body(self, pull: PullRequest, body: str) -> None:
        """Replace the text of a pull request."""
        self._ask("PATCH", f"/pulls/{pull.number}", {"body": body})

    def close_pull(self, pull: PullRequest) -> None:
        """Close a pull request without merging it."""
        self._ask("PATCH", f"/pulls/{pull.number}", {"state": "closed"})

    def _entry(self, commit: str, path: str) -> Mapping[str, Any] | None:
        """Type, mode and sha of a path in a commit's tree."""
        sha = commit
        entry: Mapping[str, Any] | None = None
        for part in path.split("/"):
            if sha not in self._trees:
                entries = self._ask("GET", f"/git/trees/{sha}")["tree"]
                self._trees[sha] = {str(child["path"]): child for child in entries}
            entry = self._trees[sha].get(part)
            if entry is None:
                return None
            sha = str(entry["sha"])
        return entry

    def _read_moved(self, reply: Reply) -> None:
        message = _message(reply).casefold()
        if reply.status == HTTPStatus.UNPROCESSABLE_ENTITY and (
            "already exists" in message or "fast forward" in message
        ):
            raise BranchMovedError
        self._read(reply)

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        return self._read(self._send(method, path, body))

    def _send(self, method: str, path: str, body: object = None) -> Reply:
        url = f"{self.api_url.rstrip('/')}/repos/{quote(self.name)}{path}"
        content = b"" if body is None else json.dumps(body).encode()
        try:
            return self.http.exchange(
                method, url, token=self.token, headers=_HEADERS, content=content
            )
        except FetchError as error:
            raise PublishError(
                f"GitHub cannot be reached: {error.reason}. It is tried again."
            ) from error

    def _read(self, reply: Reply) -> Any:
        if reply.status not in _OK:
            raise self._refusal(reply)
        try:
            return json.loads(reply.body) if reply.body else None
        except ValueError as error:
            raise PublishError(
                "GitHub's answer cannot be understood; is GITHUB_API_URL that of an API? It is "
                "tried again."
            ) from error

    def _refusal(self, reply: Reply) -> PublishError:
        message = _message(reply).replace(self.token, "…")
        is_limit = reply.retry_after is not None or "rate limit" in message.casefold()
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS or (
            reply.status == HTTPStatus.FORBIDDEN and is_limit
        ):
            return PublishError(
                "GitHub asks to wait (rate limit). It is tried again then.",
                retry_after=reply.retry_after,
            )
        sentences = {
            401: "GitHub does not accept the token. Make a new one with read and write access to "
            "Contents and Pull requests, and set GITHUB_TOKEN.",
            403: f"The token may not do this in {self.name} ({message}). Give it read and write "
            "access to Contents and Pull requests.",
            404: f"GitHub shows the token no such thing in {self.name}. See that GITHUB_REPO is "
            "`owner/name`, and that the token may read and write its Contents and Pull requests.",
            301: f"{self.name} has moved. Set GITHUB_REPO to its new name.",
            307: f"{self.name} has moved. Set GITHUB_REPO to its new name.",
        }
        if sentence := sentences.get(reply.status):
            return PublishError(sentence, is_final=True)
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return PublishError(
                f"GitHub is out of order (HTTP {reply.status}). It is tried again.",
                retry_after=reply.retry_after,
            )
        return PublishError(
            f"GitHub refuses the change to {self.name}: {message} (HTTP {reply.status}). See its "
            "rules for branches; it is tried again."
        )


def _message(reply: Reply) -> str:
    """GitHub's explanation of a failure, in one line."""
    try:
        answer = json.loads(reply.body)
    except ValueError:
        return ""
    if not isinstance(answer, dict):
        return ""
    errors = answer.get("errors")
    parts = [answer.get("message"), *(errors if isinstance(errors, list) else [])]
    texts = [part.get("message") if isinstance(part, dict) else part for part in parts]
    line = " ".join(" ".join(str(text) for text in texts if text).split())
    return "".join(char if char.isprintable() else "?" for char in line)[:300].rstrip(" .")


def _pull(answer: Mapping[str, Any]) -> PullRequest:
    return PullRequest(
        number=int(answer["number"]),
        url=str(answer["html_url"]),
        branch=str(answer["head"]["ref"]),
        head=str(answer["head"]["sha"]),
        body=str(answer["body"] or ""),
    )


def _decoded(answer: Mapping[str, Any], path: str) -> str:
    try:
        return base64.b64decode(str(answer["content"])).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise PublishError(f"{path} on GitHub is no UTF-8 text. Save it as UTF-8.") from error
