"""A fake GitHub with one repository on loopback, strict about shas, parents and branches."""

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


def _sha(kind: str, content: object) -> str:
    return hashlib.sha1(f"{kind} {json.dumps(content, sort_keys=True)}".encode()).hexdigest()  # noqa: S324  # as git does


class RefusedError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class FakeGitHub:
    """The repository; its trees are flat, from path to blob."""

    blobs: dict[str, str] = field(default_factory=dict)
    trees: dict[str, dict[str, str]] = field(default_factory=dict)
    commits: dict[str, dict[str, Any]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    failures: dict[tuple[str, str], Response] = field(default_factory=dict)
    """Answers to a method on paths with an ending, instead of the real ones."""
    dies_before: int | None = None
    """The number of the changing request that is lost before it arrives."""
    dies_after: int | None = None
    """The number of the changing request whose answer is lost."""
    changes: int = 0
    folders: dict[str, tuple[str, str]] = field(default_factory=dict)

    def begin(self, files: dict[str, str]) -> None:
        self.refs["main"] = self.create_commit(self.create_tree(files), [], "Begin")

    def create_tree(self, files: dict[str, str]) -> str:
        shas = {path: _sha("blob", text) for path, text in files.items()}
        self.blobs.update({shas[path]: text for path, text in files.items()})
        sha = _sha("tree", shas)
        self.trees[sha] = shas
        return sha

    def create_commit(
        self, tree: str, parents: list[str], message: str, author: Any = None
    ) -> str:
        commit = {"tree": tree, "parents": parents, "message": message, "author": author}
        sha = _sha("commit", [commit, len(self.commits)])
        self.commits[sha] = commit
        return sha

    def files(self, branch: str = "main") -> dict[str, str]:
        tree = self.trees[self.commits[self.refs[branch]]["tree"]]
        return {path: self.blobs[sha] for path, sha in tree.items()}

    def log(self, branch: str = "main") -> list[str]:
        return [
            self.commits[sha]["message"]
            for sha in reversed(self._first_parents(self.refs[branch]))
        ]

    def edit(self, branch: str, **files: str) -> None:
        """Commit files as a person."""
        edited = {
            **self.files(branch),
            **{path.replace("__", "/"): text for path, text in files.items()},
        }
        self.refs[branch] = self.create_commit(
            self.create_tree(edited), [self.refs[branch]], "By hand"
        )

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
        tree = self.create_tree({**self.files(), **changed})
        self.refs["main"] = self.create_commit(tree, parents, f"{pull['title']} (#{number})")
        pull["state"] = "closed"
        if delete:
            del self.refs[branch]

    def _first_parents(self, sha: str) -> list[str]:
        line = [sha]
        while parents := self.commits[line[-1]]["parents"]:
            line.append(parents[0])
        return line

    def _ancestors(self, sha: str) -> set[str]:
        ancestors, todo = set(), [sha]
        while todo:
            commit = todo.pop()
            if commit not in ancestors:
                ancestors.add(commit)
                todo += self.commits[commit]["parents"]
        return ancestors

    # The API.

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
        body: Any = json.loads(request.data) if request.data else {}
        routes = [
            ("GET", r"", lambda: {"default_branch": "main"}),
            ("GET", r"/git/ref/heads/(.+)", self._ref),
            ("GET", r"/git/trees/(\w+)", self._tree),
            ("GET", r"/git/blobs/(\w+)", self._blob),
            ("GET", r"/git/commits/(\w+)", self._commit),
            ("POST", r"/git/trees", lambda: self._new_tree(body)),
            ("POST", r"/git/commits", lambda: self._new_commit(body)),
            ("POST", r"/git/refs", lambda: self._new_ref(body)),
            ("PATCH", r"/git/refs/heads/(.+)", lambda branch: self._move(branch, body)),
            ("DELETE", r"/git/refs/heads/(.+)", self._delete),
            ("GET", r"/compare/(.+)\.\.\.(.+)", self._compare),
            ("GET", r"/pulls", self._open_pulls),
            ("POST", r"/pulls", lambda: self._open(body)),
            ("PATCH", r"/pulls/(\d+)", lambda number: self._change(int(number), body)),
        ]  # fmt: skip
        for expected, pattern, act in routes:
            match = re.fullmatch(pattern, path)
            if match and expected == method:
                answer = act(*match.groups())  # type: ignore[operator]  # each takes its groups
                return _json(answer, 201 if method == "POST" else 200)
        raise RefusedError(404, "Not Found")

    def _at(self, branch: str) -> str:
        if branch not in self.refs:
            raise RefusedError(404, "Not Found")
        return self.refs[branch]

    def _ref(self, branch: str) -> Any:
        return {"ref": f"refs/heads/{branch}", "object": {"sha": self._at(branch)}}

    def _tree(self, sha: str) -> Any:
        """One level of entries of a commit or folder."""
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

    def _new_tree(self, body: Any) -> Any:
        if body["base_tree"] not in self.trees:
            raise RefusedError(422, "base_tree is not a valid tree oid")
        old = {path: self.blobs[sha] for path, sha in self.trees[body["base_tree"]].items()}
        for child in body["tree"]:
            assert (child["mode"], child["type"]) == ("100755", "blob"), "a file keeps its mode"
            old[child["path"]] = child["content"]
        return {"sha": self.create_tree(old)}

    def _new_commit(self, body: Any) -> Any:
        if body["tree"] not in self.trees or any(
            parent not in self.commits for parent in body["parents"]
        ):
            raise RefusedError(422, "Tree SHA or parent does not exist")
        if not body["author"]["name"] or "@" not in body["author"]["email"]:
            raise RefusedError(422, "author is invalid")
        return {
            "sha": self.create_commit(
                body["tree"], body["parents"], body["message"], body["author"]
            )
        }

    def _new_ref(self, body: Any) -> Any:
        branch = body["ref"].removeprefix("refs/heads/")
        if branch in self.refs:
            raise RefusedError(422, "Reference already exists")
        if body["sha"] not in self.commits:
            raise RefusedError(422, "Object does not exist")
        self.refs[branch] = body["sha"]
        return self._ref(branch)

    def _move(self, branch: str, body: Any) -> Any:
        if self._at(branch) not in self._ancestors(body["sha"]) or body["force"]:
            raise RefusedError(422, "Update is not a fast forward")
        self.refs[branch] = body["sha"]
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
        ours = self._ancestors(self._at(base))
        line = self._first_parents(self._at(branch))
        own = [sha for sha in reversed(line) if sha not in ours]
        fork = next(sha for sha in line if sha in ours)
        commits = [
            {"sha": sha, "commit": {"message": self.commits[sha]["message"]}} for sha in own
        ]
        return {"merge_base_commit": {"sha": fork}, "commits": commits}

    def _open_pulls(self) -> Any:
        return [self._shown(pull) for pull in self.pulls if pull["state"] == "open"]

    def _open(self, body: Any) -> Any:
        if any(each["branch"] == body["head"] and each["state"] == "open" for each in self.pulls):
            raise RefusedError(422, f"A pull request already exists for team:{body['head']}.")
        if self._at(body["head"]) in self._ancestors(self._at(body["base"])):
            raise RefusedError(422, f"No commits between {body['base']} and {body['head']}")
        number = len(self.pulls) + 1
        self.pulls.append({**body, "branch": body["head"], "number": number, "state": "open"})
        return self._shown(self.pulls[-1])

    def _change(self, number: int, body: Any) -> Any:
        self.pulls[number - 1].update(body)
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


def _json(answer: object, status: int) -> Response:
    return Response(json.dumps(answer), status, content_type="application/json")


def served(fake: FakeGitHub, server: HTTPServer) -> str:
    """Serve a fake; returns its address."""
    server.expect_request(re.compile(".*")).respond_with_handler(fake.answer)
    return server.url_for("").rstrip("/")
