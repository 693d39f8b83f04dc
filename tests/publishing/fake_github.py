"""A GitHub of one repository on loopback, strict about shas, parents and branches."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

TOKEN = "github-token-for-tests"
NAME = "team/list"


def _sha(kind: str, told: object) -> str:
    return hashlib.sha1(f"{kind} {json.dumps(told, sort_keys=True)}".encode()).hexdigest()  # noqa: S324  # as git does


class RefusedError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class FakeGitHub:
    """The repository; trees are flat here, path to blob."""

    blobs: dict[str, str] = field(default_factory=dict)
    trees: dict[str, dict[str, str]] = field(default_factory=dict)
    commits: dict[str, dict[str, Any]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    failures: dict[tuple[str, str], Response] = field(default_factory=dict)
    """Answers to give instead, to a method on a path that ends so."""
    dies_before: int | None = None
    """The request, counted among those that change something, that is lost with its sender."""
    dies_after: int | None = None
    changes: int = 0
    folders: dict[str, tuple[str, str]] = field(default_factory=dict)

    def begin(self, files: dict[str, str]) -> None:
        self.refs["main"] = self.made_commit(self.made_tree(files), [], "Begin")

    def made_tree(self, files: dict[str, str]) -> str:
        shas = {path: _sha("blob", text) for path, text in files.items()}
        self.blobs.update({shas[path]: text for path, text in files.items()})
        sha = _sha("tree", shas)
        self.trees[sha] = shas
        return sha

    def made_commit(self, tree: str, parents: list[str], message: str, author: Any = None) -> str:
        told = {"tree": tree, "parents": parents, "message": message, "author": author}
        sha = _sha("commit", [told, len(self.commits)])
        self.commits[sha] = told
        return sha

    def files(self, branch: str = "main") -> dict[str, str]:
        tree = self.trees[self.commits[self.refs[branch]]["tree"]]
        return {path: self.blobs[sha] for path, sha in tree.items()}

    def log(self, branch: str = "main") -> list[str]:
        return [
            self.commits[sha]["message"] for sha in reversed(self._first_line(self.refs[branch]))
        ]

    def edit(self, branch: str, **files: str) -> None:
        """A person's commit."""
        told = {
            **self.files(branch),
            **{path.replace("__", "/"): text for path, text in files.items()},
        }
        self.refs[branch] = self.made_commit(self.made_tree(told), [self.refs[branch]], "By hand")

    def merge(self, number: int, *, squash: bool = False, delete: bool = False) -> None:
        """Merge a pull request whose branch begins at main's head."""
        pull = self.pulls[number - 1]
        branch = pull["branch"]
        tip = self.commits[self.refs[branch]]
        parents = [self.refs["main"]] + ([] if squash else [self.refs[branch]])
        changed = {
            path: text
            for path, text in self.files(branch).items()
            if self.files().get(path) != text
        }
        assert tip
        tree = self.made_tree({**self.files(), **changed})
        self.refs["main"] = self.made_commit(tree, parents, f"{pull['title']} (#{number})")
        pull["state"] = "closed"
        if delete:
            del self.refs[branch]

    def _first_line(self, sha: str) -> list[str]:
        found = [sha]
        while parents := self.commits[found[-1]]["parents"]:
            found.append(parents[0])
        return found

    def _all(self, sha: str) -> set[str]:
        found, todo = set(), [sha]
        while todo:
            one = todo.pop()
            if one not in found:
                found.add(one)
                todo += self.commits[one]["parents"]
        return found

    # What the API answers.

    def answer(self, request: Request) -> Response:
        path = unquote(request.path)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _json({"message": "Bad credentials"}, 401)
        if not path.startswith(f"/repos/{NAME}"):
            return _json({"message": "Not Found"}, 404)
        path = path.removeprefix(f"/repos/{NAME}")
        for (method, ending), response in self.failures.items():
            if request.method == method and path.endswith(ending):
                return response
        is_change = request.method != "GET"
        self.changes += is_change
        lost = _json({"message": "lost"}, 502)
        if is_change and self.dies_before == self.changes:
            return lost
        try:
            response = self._route(request.method, path, request)
        except RefusedError as refusal:
            response = _json({"message": str(refusal)}, refusal.status)
        return lost if is_change and self.dies_after == self.changes else response

    def _route(self, method: str, path: str, request: Request) -> Response:
        told: Any = json.loads(request.data) if request.data else {}
        routes = [
            ("GET", r"", lambda: {"default_branch": "main"}),
            ("GET", r"/git/ref/heads/(.+)", self._ref),
            ("GET", r"/git/trees/(\w+)", self._tree),
            ("GET", r"/git/blobs/(\w+)", self._blob),
            ("GET", r"/git/commits/(\w+)", self._commit),
            ("POST", r"/git/trees", lambda: self._new_tree(told)),
            ("POST", r"/git/commits", lambda: self._new_commit(told)),
            ("POST", r"/git/refs", lambda: self._new_ref(told)),
            ("PATCH", r"/git/refs/heads/(.+)", lambda branch: self._move(branch, told)),
            ("DELETE", r"/git/refs/heads/(.+)", self._delete),
            ("GET", r"/compare/(.+)\.\.\.(.+)", self._compare),
            ("GET", r"/pulls", self._open_ones),
            ("POST", r"/pulls", lambda: self._open(told)),
            ("PATCH", r"/pulls/(\d+)", lambda number: self._change(int(number), told)),
        ]  # fmt: skip
        for wanted, pattern, act in routes:
            match = re.fullmatch(pattern, path)
            if match and wanted == method:
                told = act(*match.groups())  # type: ignore[operator]  # each takes its groups
                return _json(told, 201 if method == "POST" else 200)
        raise RefusedError(404, "Not Found")

    def _at(self, branch: str) -> str:
        if branch not in self.refs:
            raise RefusedError(404, "Not Found")
        return self.refs[branch]

    def _ref(self, branch: str) -> Any:
        return {"ref": f"refs/heads/{branch}", "object": {"sha": self._at(branch)}}

    def _tree(self, sha: str) -> Any:
        """A commit's or a folder's own entries, one level of them."""
        root, folder = self.folders.get(sha, (sha, ""))
        if sha in self.commits:
            root = self.commits[sha]["tree"]
        if root not in self.trees:
            raise RefusedError(404, "Not Found")
        return {"tree": list(self._level(root, folder)), "truncated": False}

    def _level(self, root: str, folder: str) -> Iterator[dict[str, str]]:
        seen = set()
        for path, blob in self.trees[root].items():
            if not path.startswith(folder):
                continue
            first, deeper, _ = path.removeprefix(folder).partition("/")
            if not deeper:
                yield {"path": first, "type": "blob", "mode": "100755", "sha": blob}
            elif first not in seen:
                seen.add(first)
                sha = _sha("folder", [root, folder, first])
                self.folders[sha] = (root, f"{folder}{first}/")
                yield {"path": first, "type": "tree", "mode": "040000", "sha": sha}

    def _blob(self, sha: str) -> Any:
        if sha not in self.blobs:
            raise RefusedError(404, "Not Found")
        text = base64.encodebytes(self.blobs[sha].encode()).decode()
        return {"sha": sha, "encoding": "base64", "content": text}

    def _commit(self, sha: str) -> Any:
        if sha not in self.commits:
            raise RefusedError(404, "Not Found")
        return {"sha": sha, "tree": {"sha": self.commits[sha]["tree"]}}

    def _new_tree(self, told: Any) -> Any:
        if told["base_tree"] not in self.trees:
            raise RefusedError(422, "base_tree is not a valid tree oid")
        old = {path: self.blobs[sha] for path, sha in self.trees[told["base_tree"]].items()}
        for one in told["tree"]:
            assert (one["mode"], one["type"]) == ("100755", "blob"), "a file keeps its mode"
            old[one["path"]] = one["content"]
        return {"sha": self.made_tree(old)}

    def _new_commit(self, told: Any) -> Any:
        if told["tree"] not in self.trees or any(
            one not in self.commits for one in told["parents"]
        ):
            raise RefusedError(422, "Tree SHA or parent does not exist")
        if not told["author"]["name"] or "@" not in told["author"]["email"]:
            raise RefusedError(422, "author is invalid")
        return {
            "sha": self.made_commit(told["tree"], told["parents"], told["message"], told["author"])
        }

    def _new_ref(self, told: Any) -> Any:
        branch = told["ref"].removeprefix("refs/heads/")
        if branch in self.refs:
            raise RefusedError(422, "Reference already exists")
        if told["sha"] not in self.commits:
            raise RefusedError(422, "Object does not exist")
        self.refs[branch] = told["sha"]
        return self._ref(branch)

    def _move(self, branch: str, told: Any) -> Any:
        if self._at(branch) not in self._all(told["sha"]) or told["force"]:
            raise RefusedError(422, "Update is not a fast forward")
        self.refs[branch] = told["sha"]
        return self._ref(branch)

    def _delete(self, branch: str) -> Any:
        if branch not in self.refs:
            raise RefusedError(422, "Reference does not exist")
        del self.refs[branch]
        for pull in self.pulls:
            if pull["branch"] == branch:
                pull["state"] = "closed"
        return None

    def _compare(self, base: str, branch: str) -> Any:
        ours = self._all(self._at(base))
        line = self._first_line(self._at(branch))
        own = [sha for sha in reversed(line) if sha not in ours]
        fork = next(sha for sha in line if sha in ours)
        commits = [
            {"sha": sha, "commit": {"message": self.commits[sha]["message"]}} for sha in own
        ]
        return {"merge_base_commit": {"sha": fork}, "commits": commits}

    def _open_ones(self) -> Any:
        return [self._shown(one) for one in self.pulls if one["state"] == "open"]

    def _open(self, told: Any) -> Any:
        if any(one["branch"] == told["head"] and one["state"] == "open" for one in self.pulls):
            raise RefusedError(422, f"A pull request already exists for team:{told['head']}.")
        if self._at(told["head"]) in self._all(self._at(told["base"])):
            raise RefusedError(422, f"No commits between {told['base']} and {told['head']}")
        number = len(self.pulls) + 1
        self.pulls.append({**told, "branch": told["head"], "number": number, "state": "open"})
        return self._shown(self.pulls[-1])

    def _change(self, number: int, told: Any) -> Any:
        self.pulls[number - 1].update(told)
        return self._shown(self.pulls[number - 1])

    def _shown(self, pull: dict[str, Any]) -> Any:
        return {
            "number": pull["number"],
            "html_url": f"https://github.example/{NAME}/pull/{pull['number']}",
            "state": pull["state"],
            "title": pull["title"],
            "body": pull["body"],
            "head": {
                "ref": pull["branch"],
                "sha": self.refs[pull["branch"]],
                "repo": {"full_name": NAME},
            },
        }


def _json(told: object, status: int) -> Response:
    return Response(json.dumps(told), status, content_type="application/json")


def served(fake: FakeGitHub, server: HTTPServer) -> str:
    """The address of a GitHub that answers."""
    server.expect_request(re.compile(".*")).respond_with_handler(fake.answer)
    return server.url_for("").rstrip("/")
