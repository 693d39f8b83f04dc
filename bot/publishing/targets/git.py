"""Publishing as commits in the list's own repository, pushed to its branch's upstream.

    fetch ──► rebase onto others' commits ──► commit on HEAD's texts ──► update files ──► push
      ▲                                                                                     │
      └───────────────────── the remote has new commits meanwhile ◄─────────────────────────┘

A commit is made from the texts of HEAD, never from the files: a person's unfinished edits are not
committed. It carries its decision's key in a trailer and is found again by it, so that any number
of interruptions and repetitions leave one commit.
"""

import datetime as dt
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bot.catalog.atomic_write import write_file
from bot.catalog.names import KnownNames
from bot.catalog.yaml.edit import folder_reader
from bot.catalog.yaml.read import FileReader
from bot.publishing.edits import file_edits
from bot.publishing.git_cli import GitCli
from bot.publishing.git_locks import at_work
from bot.publishing.publication import TRAILER, Publication, Published, PublishError, has_trailer

Now = Callable[[], dt.datetime]

_TRIES = 5
_REBASING = "papers-bot-rebase"  # in the git directory while the bot rebases


@dataclass(frozen=True, slots=True)
class _Checkout:
    """The repository of a list, the list's folder in it, and the upstream of its branch."""

    root: Path
    git_dir: Path
    data: str
    branch: str
    remote: str | None
    upstream: str


class GitTarget:
    """The git repository that contains a list's folder.

    `git` runs in the list's folder; `step` is called after each step, for tests.
    """

    def __init__(
        self,
        git: GitCli,
        markdown: str | None,
        names: KnownNames,
        *,
        now: Now,
        step: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._list_git = git
        self._git = git  # in the repository's root, once that is known
        self._markdown = markdown
        self._names = names
        self._now = now
        self._step = step

    def publish(self, publication: Publication) -> Published:
        """Commit a decision and push it; a repetition changes nothing.

        Raises PublishError with the reason. A commit that was made by then stays, and is pushed
        the next time.
        """
        checkout = self._checkout()
        self._git = replace(self._list_git, folder=checkout.root)
        with at_work(checkout.git_dir, checkout.branch, self._now()):
            return self._publish(checkout, publication)

    def _publish(self, checkout: _Checkout, publication: Publication) -> Published:
        for _ in range(_TRIES):
            offline = self._fetch(checkout)
            self._rebase(checkout)
            commit = self._find(publication.key) or self._commit(checkout, publication)
            if commit:
                self._update_files(checkout, commit, publication)
            if checkout.remote is None or not self._is_ahead():
                return Published(commit)
            if offline:
                raise PublishError(
                    f"The change is committed and cannot be pushed: {offline}. It is tried again."
                )
            if self._push(checkout):
                self._step("pushed")
                return Published(self._find(publication.key))
        raise PublishError(
            f"The change is committed and not pushed: {checkout.remote} moved on {_TRIES} times "
            "meanwhile. It is tried again."
        )

    def _checkout(self) -> _Checkout:
        git = self._list_git
        inside = git.run("rev-parse", "--show-toplevel", "--absolute-git-dir", "--show-prefix")
        if inside.code:
            raise PublishError(
                f"{git.folder} is in no git repository that can be used ({inside.reason}). Run "
                "`git init` there and commit the list, or set PAPERS_PUBLISH=files.",
                is_final=True,
            )
        root, git_dir, prefix = (inside.text + "\n").split("\n")[:3]
        self._abort_own_rebase(Path(git_dir))
        branch = git.run("symbolic-ref", "--quiet", "--short", "HEAD")
        if branch.code:
            raise PublishError(
                f"{root} is on no branch (a rebase may be going on). Check out the branch that "
                "the list is published on.",
                is_final=True,
            )
        if git.run("rev-parse", "--verify", "--quiet", "HEAD").code:
            raise PublishError(f"{root} has no commit yet. Commit the list first.", is_final=True)
        remote = git.run("config", f"branch.{branch.text}.remote").text
        upstream = git.run("config", f"branch.{branch.text}.merge").text
        has_upstream = remote and remote != "." and upstream
        return _Checkout(
            Path(root),
            Path(git_dir),
            prefix.rstrip("/"),
            branch.text,
            remote if has_upstream else None,
            upstream,
        )

    def _fetch(self, checkout: _Checkout) -> str | None:
        """Fetch the remote's commits; returns the reason if that fails."""
        if checkout.remote is None:
            return None
        result = self._git.run("fetch", "--quiet", "--no-tags", checkout.remote)
        self._step("fetched")
        return result.reason if result.code else None

    def _rebase(self, checkout: _Checkout) -> None:
        """Rebase unpushed commits onto those that others have pushed."""
        upstream = self._upstream_commit(checkout)
        if not upstream or not int(self._git.output("rev-list", "--count", f"HEAD..{upstream}")):
            return
        self._refuse_conflicting_edits(checkout, upstream)
        marker = checkout.git_dir / _REBASING
        write_file(marker, "")
        self._step("rebasing")
        result = self._git.run("rebase", "--quiet", "--autostash", "--rebase-merges", upstream)
        if result.code:
            conflicts = self._git.run("diff", "--name-only", "--diff-filter=U").text.split("\n")
            self._git.run("rebase", "--abort")
            marker.unlink(missing_ok=True)
            where = ", ".join(filter(None, conflicts)) or result.reason
            raise PublishError(
                f"Commits that are not pushed conflict with those of others ({where}). Run `git "
                f"pull --rebase` in {checkout.root} and mend it; then it is tried again.",
                is_final=True,
            )
        marker.unlink(missing_ok=True)
        self._step("caught up")

    def _refuse_conflicting_edits(self, checkout: _Checkout, upstream: str) -> None:
        """Refuse where the autostash could not be applied again, which would hide the edits."""
        self._git.run("update-index", "-q", "--refresh")  # else stash counts touched files
        stash = self._git.run("stash", "create").text
        if stash and self._conflict(upstream, stash) and not self._conflict(upstream, "HEAD"):
            raise PublishError(
                f"What is edited in {checkout.root} and not committed conflicts with what others "
                "have pushed. Commit it and run `git pull --rebase`; then it is tried again.",
                is_final=True,
            )

    def _conflict(self, commit: str, other: str) -> bool:
        """Whether two commits conflict; False also where git cannot tell (before 2.38)."""
        return self._git.run("merge-tree", "--write-tree", commit, other).code == 1

    def _abort_own_rebase(self, git_dir: Path) -> None:
        """Abort a rebase of the bot's that was interrupted, not one of a person."""
        marker = git_dir / _REBASING
        if marker.exists():
            self._git.run("rebase", "--abort")
            marker.unlink(missing_ok=True)

    def _upstream_commit(self, checkout: _Checkout) -> str:
        """The last fetched commit of the upstream; empty where there is none."""
        if checkout.remote is None:
            return ""
        revision = f"{checkout.branch}@{{upstream}}"
        return self._git.run("rev-parse", "--verify", "--quiet", revision).text

    def _is_ahead(self) -> bool:
        result = self._git.run("rev-list", "--count", "@{upstream}..HEAD")
        return bool(result.code) or result.text != "0"

    def _find(self, key: str) -> str | None:
        """The commit of a decision, if it has been made."""
        words = ["log", "--format=%H%x00%B%x00%x00", "--fixed-strings", f"--grep={TRAILER}: {key}"]
        for entry in self._git.output(*words, "HEAD").split("\0\0"):
            commit, _, message = entry.strip().partition("\0")
            if has_trailer(message, key):
                return commit
        return None

    def _commit(self, checkout: _Checkout, publication: Publication) -> str | None:
        """Commit a decision on top of HEAD; None where HEAD has its change already."""
        head = self._git.output("rev-parse", "HEAD")
        edits = self._edits(self._git.reader(head), checkout, publication)
        if not edits:
            return None
        # Raises where a person has left the files broken.
        self._edits(folder_reader(checkout.root), checkout, publication)
        tree = self._write_tree(checkout, head, edits)
        author = {
            "GIT_AUTHOR_NAME": publication.author_name,
            "GIT_AUTHOR_EMAIL": publication.author_email,
        }
        words = ["commit-tree", tree, "-p", head]
        commit = self._git.output(*words, stdin=publication.message.encode(), extra=author)
        self._step("written")
        note = f"papers: {publication.key}"
        self._git.output("update-ref", "-m", note, f"refs/heads/{checkout.branch}", commit, head)
        self._step("committed")
        return commit

    def _edits(
        self, read: FileReader, checkout: _Checkout, publication: Publication
    ) -> Mapping[str, str]:
        return file_edits(read, checkout.data, self._markdown, self._names, publication.change)

    def _write_tree(self, checkout: _Checkout, head: str, edits: Mapping[str, str]) -> str:
        """HEAD's tree with some files replaced, made in a temporary index."""
        with tempfile.TemporaryDirectory(dir=checkout.git_dir, prefix="papers-bot-") as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self._git.output("read-tree", head, extra=index)
            blobs = {path: self._git.write_blob(text) for path, text in edits.items()}
            self._git.stage(blobs, index)
            return self._git.output("write-tree", extra=index)

    def _update_files(self, checkout: _Checkout, commit: str, publication: Publication) -> None:
        """Apply a commit to the files and the index, and keep a person's edits as edits.

        The index comes last, so a path whose index entry is HEAD's is finished. A path that HEAD
        has otherwise than the commit was changed later, and is finished, too.
        """
        names = self._git.output("diff-tree", "-r", "--name-only", "-z", f"{commit}^", commit)
        late: dict[str, str] = {}
        for path in filter(None, names.split("\0")):
            new = self._git.output("rev-parse", f"{commit}:{path}")
            if self._git.run("rev-parse", f"HEAD:{path}").text == new != self._git.staged(path)[1]:
                late[path] = new
        if not late:
            return
        files = folder_reader(checkout.root)
        for path, text in self._edits(files, checkout, publication).items():
            if path in late:
                write_file(checkout.root / path, text)
        self._step("files in step")
        self._git.stage(self._index_blobs(checkout, commit, publication, late))
        self._step("index in step")

    def _index_blobs(
        self,
        checkout: _Checkout,
        commit: str,
        publication: Publication,
        committed: Mapping[str, str],
    ) -> dict[str, str]:
        """The new blobs of the index: the commit's, or a person's staged text with the change."""
        blobs = dict(committed)
        for path in committed:
            old = self._git.run("rev-parse", f"{commit}^:{path}").text
            _, staged = self._git.staged(path)
            if staged and staged != old:
                edits = self._edits(self._git.reader(""), checkout, publication)
                blobs[path] = self._git.write_blob(edits[path]) if path in edits else staged
        return blobs

    def _push(self, checkout: _Checkout) -> bool:
        """Push the branch; returns False where the remote has new commits."""
        result = self._git.run(
            "push",
            "--porcelain",
            "--no-verify",
            checkout.remote or "",
            f"HEAD:{checkout.upstream}",
        )
        if not result.code:
            return True
        if "[rejected]" in result.text or "cannot lock ref" in result.text:
            return False
        reason = " ".join([_refusal(result.text), f"({result.reason})"]).strip()
        raise PublishError(
            f"The change is committed, and {checkout.remote} did not take it: {reason}. See that "
            "the bot may push to this branch; it is tried again."
        )


def _refusal(output: str) -> str:
    """The reason in a line such as `!  HEAD:refs/heads/main  [remote rejected] (declined)`."""
    lines = [line.split("\t")[-1] for line in output.splitlines() if line.startswith("!")]
    return lines[0][:200] if lines else ""
