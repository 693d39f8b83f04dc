"""Publishing as commits in the list's own repository, pushed where its branch is pushed to.

    fetch ──► others' commits in ──► commit on HEAD's texts ──► files and index in step ──► push
      ▲                                                                                      │
      └─────────────────────── the remote has moved on meanwhile ◄───────────────────────────┘

A commit is made of the texts that HEAD holds, never of the files: what a person is editing there
is not committed for them. It carries its decision's key in a trailer and is looked for by it, so
that an interruption anywhere, and any number of repetitions, leave one commit.
"""

import datetime as dt
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bot.catalog.atomic_write import write_file
from bot.catalog.names import KnownNames
from bot.catalog.yaml.edit import folder_reader
from bot.catalog.yaml.read import Read
from bot.publishing.edits import file_edits
from bot.publishing.git_cli import GitCli
from bot.publishing.git_locks import at_work
from bot.publishing.publication import TRAILER, Publication, Published, PublishError, has_trailer

Now = Callable[[], dt.datetime]

_TRIES = 5
_REBASING = "papers-bot-rebase"  # in the git directory while a rebase there is this bot's


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in which repository the list lies, and where its branch is pushed to."""

    root: Path
    git_dir: Path
    data: str
    branch: str
    remote: str | None
    pushed_to: str


class GitTarget:
    """The git repository that a list's folder lies in.

    `git` runs in the list's folder; `step` is told of each thing done, for tests.
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
        self._list = git
        self._git = git  # in the repository's root, once that is known
        self._markdown = markdown
        self._names = names
        self._now = now
        self._step = step

    def publish(self, publication: Publication) -> Published:
        """Commit a decision and push it, once however often it is asked for.

        Raises PublishError with the reason when it cannot be done. What was committed by then
        stays, and is pushed the next time.
        """
        place = self._place()
        self._git = replace(self._list, folder=place.root)
        with at_work(place.git_dir, place.branch, self._now()):
            return self._publish(place, publication)

    def _publish(self, place: _Place, publication: Publication) -> Published:
        for _ in range(_TRIES):
            offline = self._fetch(place)
            self._catch_up(place)
            commit = self._found(publication.key) or self._commit(place, publication)
            if commit:
                self._bring_in_step(place, commit, publication)
            if place.remote is None or not self._ahead():
                return Published(commit)
            if offline:
                raise PublishError(
                    f"The change is committed and cannot be pushed: {offline}. It is tried again."
                )
            if self._push(place):
                self._step("pushed")
                return Published(self._found(publication.key))
        raise PublishError(
            f"The change is committed and not pushed: {place.remote} moved on {_TRIES} times "
            "meanwhile. It is tried again."
        )

    def _place(self) -> _Place:
        git = self._list
        inside = git.run("rev-parse", "--show-toplevel", "--absolute-git-dir", "--show-prefix")
        if inside.code:
            raise PublishError(
                f"{git.folder} is in no git repository that can be used ({inside.reason}). Run "
                "`git init` there and commit the list, or set PAPERS_PUBLISH=files.",
                is_final=True,
            )
        root, git_dir, prefix = (inside.text + "\n").split("\n")[:3]
        self._end_own_rebase(Path(git_dir))
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
        merge = git.run("config", f"branch.{branch.text}.merge").text
        return _Place(
            Path(root),
            Path(git_dir),
            prefix.rstrip("/"),
            branch.text,
            remote if remote and remote != "." and merge else None,
            merge,
        )

    def _fetch(self, place: _Place) -> str | None:
        """Learn what others have pushed; why that is not possible, if it is not."""
        if place.remote is None:
            return None
        answer = self._git.run("fetch", "--quiet", "--no-tags", place.remote)
        self._step("fetched")
        return answer.reason if answer.code else None

    def _catch_up(self, place: _Place) -> None:
        """Take in what others have pushed; own commits that are not pushed come behind it."""
        upstream = self._upstream(place)
        if upstream is None:
            return
        if not int(self._git.ask("rev-list", "--count", f"HEAD..{upstream}")):
            return
        self._refuse_if_edits_conflict(place, upstream)
        marker = place.git_dir / _REBASING
        write_file(marker, "")
        self._step("rebasing")
        answer = self._git.run("rebase", "--quiet", "--autostash", "--rebase-merges", upstream)
        if answer.code:
            conflicts = self._git.run("diff", "--name-only", "--diff-filter=U").text.split("\n")
            self._git.run("rebase", "--abort")
            marker.unlink(missing_ok=True)
            where = ", ".join(filter(None, conflicts)) or answer.reason
            raise PublishError(
                f"Commits that are not pushed conflict with those of others ({where}). Run `git "
                f"pull --rebase` in {place.root} and mend it; then it is tried again.",
                is_final=True,
            )
        marker.unlink(missing_ok=True)
        self._step("caught up")

    def _refuse_if_edits_conflict(self, place: _Place, upstream: str) -> None:
        """A stash that cannot be applied again would hide a person's edits from them."""
        self._git.run("update-index", "-q", "--refresh")  # else stash takes touched for changed
        stash = self._git.run("stash", "create").text
        if stash and self._conflict(upstream, stash) and not self._conflict(upstream, "HEAD"):
            raise PublishError(
                f"What is edited in {place.root} and not committed conflicts with what others "
                "have pushed. Commit it and run `git pull --rebase`; then it is tried again.",
                is_final=True,
            )

    def _conflict(self, one: str, other: str) -> bool:
        """Whether two commits conflict; False too where git is too old to tell (before 2.38)."""
        return self._git.run("merge-tree", "--write-tree", one, other).code == 1

    def _end_own_rebase(self, git_dir: Path) -> None:
        """A rebase that was interrupted is taken back; a person's own is left alone."""
        marker = git_dir / _REBASING
        if marker.exists():
            self._git.run("rebase", "--abort")
            marker.unlink(missing_ok=True)

    def _upstream(self, place: _Place) -> str | None:
        if place.remote is None:
            return None
        answer = self._git.run("rev-parse", "--verify", "--quiet", f"{place.branch}@{{upstream}}")
        return None if answer.code else answer.text

    def _ahead(self) -> bool:
        answer = self._git.run("rev-list", "--count", "@{upstream}..HEAD")
        return bool(answer.code) or answer.text != "0"

    def _found(self, key: str) -> str | None:
        """The commit of a decision, if it has been made."""
        words = ["log", "--format=%H%x00%B%x00%x00", "--fixed-strings", f"--grep={TRAILER}: {key}"]
        for told in self._git.ask(*words, "HEAD").split("\0\0"):
            commit, _, message = told.strip().partition("\0")
            if has_trailer(message, key):
                return commit
        return None

    def _commit(self, place: _Place, publication: Publication) -> str | None:
        """Commit a decision on what HEAD holds; None where HEAD says it already."""
        head = self._git.ask("rev-parse", "HEAD")
        found = self._edits(self._reader(head), place, publication)
        if not found:
            return None
        self._edits(folder_reader(place.root), place, publication)  # or the files are broken
        tree = self._tree(place, head, found)
        author = {
            "GIT_AUTHOR_NAME": publication.author_name,
            "GIT_AUTHOR_EMAIL": publication.author_email,
        }
        words = ["commit-tree", tree, "-p", head]
        commit = self._git.ask(*words, stdin=publication.message.encode(), extra=author)
        self._step("written")
        note = f"papers: {publication.key}"
        self._git.ask("update-ref", "-m", note, f"refs/heads/{place.branch}", commit, head)
        self._step("committed")
        return commit

    def _edits(self, read: Read, place: _Place, publication: Publication) -> Mapping[str, str]:
        return file_edits(read, place.data, self._markdown, self._names, publication.change)

    def _reader(self, commit: str) -> Read:
        """Reads the texts that a commit holds."""

        def read(path: str) -> str | None:
            answer = self._git.run("cat-file", "blob", f"{commit}:{path}")
            return None if answer.code else answer.out.decode("utf-8")

        return read

    def _tree(self, place: _Place, head: str, edits: Mapping[str, str]) -> str:
        """HEAD's tree with some files replaced, made in an index of its own."""
        with tempfile.TemporaryDirectory(dir=place.git_dir, prefix="papers-bot-") as folder:
            own = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            self._git.ask("read-tree", head, extra=own)
            self._enter({path: self._blob(text) for path, text in edits.items()}, own)
            return self._git.ask("write-tree", extra=own)

    def _blob(self, text: str) -> str:
        return self._git.ask("hash-object", "-w", "--stdin", stdin=text.encode())

    def _enter(self, blobs: Mapping[str, str], extra: Mapping[str, str] | None = None) -> None:
        """Put blobs in an index; files that are there keep their modes."""
        lines = []
        for path, blob in blobs.items():
            mode, _ = self._staged(path, extra)
            lines.append(f"{mode} {blob}\t{path}\0")
        words = ["update-index", "-z", "--index-info"]
        self._git.ask(*words, stdin="".join(lines).encode(), extra=extra)
        if extra is None:
            self._git.run("update-index", "-q", "--refresh")

    def _staged(self, path: str, extra: Mapping[str, str] | None = None) -> tuple[str, str]:
        """The mode and the blob that an index has for a path."""
        told = self._git.ask("ls-files", "--stage", "--", f":(literal){path}", extra=extra)
        mode, blob = told.split()[:2] if told else ("100644", "")
        return mode, blob

    def _bring_in_step(self, place: _Place, commit: str, publication: Publication) -> None:
        """Make the files and the index follow a commit, with a person's edits kept as edits.

        The index comes last: a path that it has as HEAD has it has been brought in step. A path
        that HEAD has otherwise than the commit has been changed since, and is in order.
        """
        told = self._git.ask("diff-tree", "-r", "--name-only", "-z", f"{commit}^", commit)
        late: dict[str, str] = {}
        for path in filter(None, told.split("\0")):
            new = self._git.ask("rev-parse", f"{commit}:{path}")
            if self._git.run("rev-parse", f"HEAD:{path}").text == new != self._staged(path)[1]:
                late[path] = new
        if not late:
            return
        for path, text in self._edits(folder_reader(place.root), place, publication).items():
            if path in late:
                write_file(place.root / path, text)
        self._step("files in step")
        self._enter(self._staged_anew(place, commit, publication, late))
        self._step("index in step")

    def _staged_anew(
        self, place: _Place, commit: str, publication: Publication, late: Mapping[str, str]
    ) -> dict[str, str]:
        """What the index is to hold: the commit's blobs, or what a person has staged, changed."""
        blobs = dict(late)
        for path in late:
            old = self._git.run("rev-parse", f"{commit}^:{path}")
            _, staged = self._staged(path)
            if staged and staged != old.text:
                edited = self._edits(self._reader(""), place, publication)
                blobs[path] = self._blob(edited[path]) if path in edited else staged
        return blobs

    def _push(self, place: _Place) -> bool:
        """Whether the branch was pushed; False where the remote has moved on."""
        answer = self._git.run(
            "push", "--porcelain", "--no-verify", place.remote or "", f"HEAD:{place.pushed_to}"
        )
        if not answer.code:
            return True
        said = answer.text
        if "[rejected]" in said or "cannot lock ref" in said:
            return False
        why = " ".join([_refusal(said), f"({answer.reason})"]).strip()
        raise PublishError(
            f"The change is committed, and {place.remote} did not take it: {why}. See that the "
            "bot may push to this branch; it is tried again."
        )


def _refusal(said: str) -> str:
    """The reason in a line such as `!  HEAD:refs/heads/main  [remote rejected] (declined)`."""
    lines = [line.split("\t")[-1] for line in said.splitlines() if line.startswith("!")]
    return lines[0][:200] if lines else ""
