"""GitHub's REST API, as far as publishing needs it: texts of a commit, commits, branches, pulls.

https://docs.github.com/en/rest/git and https://docs.github.com/en/rest/pulls. What GitHub refuses
becomes a PublishError with a remedy; the token is in no message.
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
_PAGE = 100  # the most that GitHub gives at once
_AUTHOR = COMMITTER["GIT_COMMITTER_EMAIL"]


class BranchMoved(Exception):  # noqa: N818  # no error: a branch that somebody else has changed meanwhile
    """A branch is no longer where it was."""


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
    """A branch beside its base."""

    fork: str
    """The commit that they have parted at."""
    commits: tuple[tuple[str, str], ...]
    """Those of the branch alone, sha and message, the oldest first."""


@dataclass(frozen=True, slots=True)
class GitHubRepository:
    """One repository, with what its token may do there."""

    http: HttpClient
    name: str
    token: str
    api_url: str = "https://api.github.com"
    _texts: dict[str, str] = field(default_factory=dict)
    _trees: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def default_branch(self) -> str:
        """The branch that pull requests go to."""
        return str(self._ask("GET", "")["default_branch"])

    def head(self, branch: str) -> str | None:
        """The commit that a branch is at; None where there is no such branch."""
        found = self._send("GET", f"/git/ref/heads/{quote(branch)}")
        return (
            None
            if found.status == HTTPStatus.NOT_FOUND
            else str(self._read(found)["object"]["sha"])
        )

    def reader(self, commit: str) -> FileReader:
        """Reads the texts that a commit holds. What was read once is not asked for again."""

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
        """Make a commit on top of another one; no branch knows of it yet."""
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
        made = self._ask("POST", "/git/trees", {"base_tree": base, "tree": tree})
        author = {
            "name": publication.author_name,
            "email": publication.author_email or _AUTHOR,
        }
        told = {"message": publication.message, "tree": made["sha"], "parents": [parent]}
        return str(self._ask("POST", "/git/commits", {**told, "author": author})["sha"])

    def compare(self, base: str, branch: str) -> "BranchComparison":
        """What a branch has that the base has not."""
        path = f"/compare/{quote(base, safe='')}...{quote(branch, safe='')}"
        found: list[Any] = []
        fork = ""
        for page in range(1, 11):
            told = self._ask("GET", f"{path}?per_page={_PAGE}&page={page}")
            found, fork = found + told["commits"], str(told["merge_base_commit"]["sha"])
            if len(told["commits"]) < _PAGE:
                break
        commits = tuple((str(one["sha"]), str(one["commit"]["message"])) for one in found)
        return BranchComparison(fork, commits)

    def begin_branch(self, branch: str, commit: str) -> None:
        """Make a branch. Raises Moved where there is one."""
        ref = {"ref": f"refs/heads/{branch}", "sha": commit}
        self._read(self._or_moved(self._send("POST", "/git/refs", ref)))

    def move_branch(self, branch: str, commit: str) -> None:
        """Move a branch forward. Raises Moved where it is elsewhere by now."""
        told = {"sha": commit, "force": False}
        path = f"/git/refs/heads/{quote(branch)}"
        self._read(self._or_moved(self._send("PATCH", path, told)))

    def end_branch(self, branch: str) -> None:
        """Delete a branch, if it is there."""
        found = self._send("DELETE", f"/git/refs/heads/{quote(branch)}")
        if found.status not in {404, 422}:
            self._read(found)

    def open_pulls(self, base: str) -> list[PullRequest]:
        """The open pull requests of branches of this repository."""
        found: list[Any] = []
        for page in range(1, 11):
            words = urlencode({"state": "open", "base": base, "per_page": _PAGE, "page": page})
            pulls = self._ask("GET", f"/pulls?{words}")
            found += pulls
            if len(pulls) < _PAGE:
                break
        own = self.name.casefold()
        return [
            _pull(one)
            for one in found
            if ((one["head"]["repo"] or {}).get("full_name") or "").casefold() == own
        ]

    def open_pull(self, base: str, branch: str, title: str, body: str) -> PullRequest:
        """Open a pull request."""
        told = {"title": title, "head": branch, "base": base, "body": body}
        return _pull(self._ask("POST", "/pulls", told))

    def tell_more(self, pull: PullRequest, body: str) -> None:
        """Give a pull request another text."""
        self._ask("PATCH", f"/pulls/{pull.number}", {"body": body})

    def close_pull(self, pull: PullRequest) -> None:
        """Close a pull request without merging it."""
        self._ask("PATCH", f"/pulls/{pull.number}", {"state": "closed"})

    def _entry(self, commit: str, path: str) -> Mapping[str, Any] | None:
        """What a commit's tree holds at a path: its type, mode and sha."""
        sha = commit
        entry: Mapping[str, Any] | None = None
        for part in path.split("/"):
            if sha not in self._trees:
                entries = self._ask("GET", f"/git/trees/{sha}")["tree"]
                self._trees[sha] = {str(one["path"]): one for one in entries}
            entry = self._trees[sha].get(part)
            if entry is None:
                return None
            sha = str(entry["sha"])
        return entry

    def _or_moved(self, reply: Reply) -> Reply:
        told = _message(reply).casefold()
        if reply.status == HTTPStatus.UNPROCESSABLE_ENTITY and (
            "already exists" in told or "fast forward" in told
        ):
            raise BranchMoved
        return reply

    def _ask(self, method: str, path: str, told: object = None) -> Any:
        return self._read(self._send(method, path, told))

    def _send(self, method: str, path: str, told: object = None) -> Reply:
        url = f"{self.api_url.rstrip('/')}/repos/{quote(self.name)}{path}"
        content = b"" if told is None else json.dumps(told).encode()
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
        said = _message(reply).replace(self.token, "…")
        is_limit = reply.retry_after is not None or "rate limit" in said.casefold()
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
            403: f"The token may not do this in {self.name} ({said}). Give it read and write "
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
            f"GitHub refuses the change to {self.name}: {said} (HTTP {reply.status}). See its "
            "rules for branches; it is tried again."
        )


def _message(reply: Reply) -> str:
    """What GitHub says about a failure, in a line."""
    try:
        told = json.loads(reply.body)
    except ValueError:
        return ""
    if not isinstance(told, dict):
        return ""
    faults = told.get("errors")
    parts = [told.get("message"), *(faults if isinstance(faults, list) else [])]
    words = [part.get("message") if isinstance(part, dict) else part for part in parts]
    line = " ".join(" ".join(str(word) for word in words if word).split())
    return "".join(char if char.isprintable() else "?" for char in line)[:300].rstrip(" .")


def _pull(told: Mapping[str, Any]) -> PullRequest:
    return PullRequest(
        number=int(told["number"]),
        url=str(told["html_url"]),
        branch=str(told["head"]["ref"]),
        head=str(told["head"]["sha"]),
        body=str(told["body"] or ""),
    )


def _decoded(told: Mapping[str, Any], path: str) -> str:
    try:
        return base64.b64decode(str(told["content"])).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise PublishError(f"{path} on GitHub is no UTF-8 text. Save it as UTF-8.") from error
