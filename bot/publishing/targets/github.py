"""Publishing as pull requests: one for each paper, or one for each week.

    missing on the default branch? ──► commit ──► branch ──► pull request

A repetition after an interruption finds each stage again: the commit by its decision's key in a
trailer, the pull request by its branch. GitHub shows conflicts with the default branch to the
person who merges.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.catalog.names import KnownNames
from bot.publishing.edits import file_edits
from bot.publishing.github_text import markdown
from bot.publishing.publication import Publication, Published, PublishError, has_trailer
from bot.publishing.targets.github_api import BranchMovedError, GitHubRepository, PullRequest

_TRIES = 5
_MAX_BRANCHES = 50  # of one name, left over from earlier decisions
_PREFIX = "papers/"


@dataclass(frozen=True, slots=True)
class _Branch:
    """The branch for a commit: its head, and its pull request if there is one."""

    name: str
    head: str
    exists: bool
    pull: PullRequest | None = None


@dataclass(frozen=True, slots=True)
class GitHubTarget:
    """A list in a repository on GitHub, in its folder `data_path` (empty: the root).

    `rolling`: one pull request for each week instead of each paper.
    """

    repository: GitHubRepository
    data_path: str
    markdown: str | None
    names: KnownNames
    rolling: bool = False

    def publish(self, publication: Publication) -> Published:
        """Put a decision into a pull request; a repetition changes nothing.

        An undo closes the paper's pull request, or removes the paper from the week's; what was
        merged is reverted by another pull request. Raises PublishError.
        """
        for _ in range(_TRIES):
            try:
                return self._publish(publication)
            except BranchMovedError:  # somebody else pushed; read the branch again
                continue
        raise PublishError(
            f"The branch in {self.repository.name} changed {_TRIES} times meanwhile. It is tried "
            "again."
        )

    def _publish(self, publication: Publication) -> Published:
        base = self.repository.default_branch()
        head = self.repository.head(base)
        if head is None:
            raise PublishError(
                f"{self.repository.name} has no commit yet. Push the list first.", is_final=True
            )
        pulls = self.repository.list_open_pulls(base)
        is_needed = bool(self._edits(head, publication))
        if publication.change.before and not is_needed:
            return self._change_unmerged(base, pulls, publication)
        for branch in self._branches(head, pulls, publication):
            if branch.pull is None and not is_needed:
                return Published()
            own = self.repository.compare(base, branch.name).commits if branch.exists else ()
            commit = _find_commit(own, publication)
            if commit or branch.pull or not own:
                # A merged branch restarts at the base's head.
                parent = branch.head if own else head
                return self._propose(base, replace(branch, head=parent), commit, publication)
            # The branch is left over from a pull request that was closed or squashed.
        raise PublishError(
            f"{self.repository.name} has too many branches {_PREFIX}… left over. Delete those "
            "that are merged or closed.",
            is_final=True,
        )

    def _propose(
        self, base: str, branch: _Branch, commit: str | None, publication: Publication
    ) -> Published:
        """Commit a decision to a branch, unless `commit` has it, and open its pull request."""
        if commit is None:
            edits = self._edits(branch.head, publication)
            if not edits:
                return Published(url=branch.pull.url if branch.pull else None)
            commit = self.repository.commit(branch.head, edits, publication)
            if branch.exists:
                self.repository.move_branch(branch.name, commit)
            else:
                self.repository.create_branch(branch.name, commit)
        pull = branch.pull
        if pull is None:
            title, text = self._title(publication), _text(publication)
            pull = self.repository.create_pull(base, branch.name, title, text)
        elif _mark(publication) not in pull.body:
            body = f"{pull.body.rstrip()}\n\n{_text(publication)}".strip()
            self.repository.update_body(pull, body)
        return Published(commit, pull.url)

    def _change_unmerged(
        self, base: str, pulls: list[PullRequest], publication: Publication
    ) -> Published:
        """Change or undo an entry in the open pull request that adds it."""
        for pull in pulls:
            if not pull.branch.startswith(_PREFIX):
                continue
            branch = _Branch(pull.branch, pull.head, exists=True, pull=pull)
            compared = self.repository.compare(base, pull.branch)
            if commit := _find_commit(compared.commits, publication):
                return self._propose(base, branch, commit, publication)
            # The branch has to add the entry itself, not to have it from the default branch.
            if not self._edits(pull.head, publication) or self._edits(compared.fork, publication):
                continue
            if not publication.is_undo or not self._is_own_branch(pull.branch, publication):
                return self._propose(base, branch, None, publication)
            self.repository.close_pull(pull)
            self.repository.delete_branch(pull.branch)
            return Published(url=pull.url)
        if publication.is_undo and not self.rolling:
            self._delete_left_over(publication)
        return Published()

    def _delete_left_over(self, publication: Publication) -> None:
        """Delete a branch whose pull request was closed just before an interruption."""
        name = self._name(publication, is_undo=False)
        head = self.repository.head(name)
        if head and self._edits(head, publication):
            self.repository.delete_branch(name)

    def _branches(
        self, head: str, pulls: list[PullRequest], publication: Publication
    ) -> Iterator[_Branch]:
        """The branches that may have a decision or take it, likeliest first."""
        by_name = {pull.branch: pull for pull in pulls}
        name = self._name(publication, is_undo=publication.is_undo and not self.rolling)
        for number in range(1, _MAX_BRANCHES):
            chosen = name if number == 1 else f"{name}-{number}"
            pull = by_name.get(chosen)
            present = pull.head if pull else self.repository.head(chosen)
            yield _Branch(chosen, present or head, exists=present is not None, pull=pull)

    def _edits(self, commit: str, publication: Publication) -> Mapping[str, str]:
        read = self.repository.reader(commit)
        data = self.data_path.strip("/")
        return file_edits(read, data, self.markdown, self.names, publication.change)

    def _is_own_branch(self, branch: str, publication: Publication) -> bool:
        """Tell whether a branch is for the paper of this publication alone."""
        if self.rolling:
            return False
        name = re.escape(self._name(publication, is_undo=False))
        return bool(re.fullmatch(rf"{name}(?:-\d+)?", branch))

    def _name(self, publication: Publication, *, is_undo: bool) -> str:
        if self.rolling:
            year, week, _ = publication.day.isocalendar()
            return f"{_PREFIX}{year}-W{week:02d}"
        slug = re.sub(r"[^a-z0-9]+", "-", publication.slug.casefold()).strip("-") or "paper"
        return f"{_PREFIX}{'undo-' if is_undo else ''}{slug[:80].strip('-')}"

    def _title(self, publication: Publication) -> str:
        if not self.rolling:
            return " ".join(publication.subject.split())
        year, week, _ = publication.day.isocalendar()
        return f"Papers of week {week}, {year}"


def _find_commit(commits: Iterable[tuple[str, str]], publication: Publication) -> str | None:
    """The commit of a decision among commits, given by sha and message."""
    return next((sha for sha, text in commits if has_trailer(text, publication.key)), None)


def _text(publication: Publication) -> str:
    """A decision in a pull request's text, with a mark by which it is recognised."""
    subject = " ".join(publication.subject.split())
    body = markdown(publication.body.strip())
    return f"### {markdown(subject)}\n\n{body}\n\n{_mark(publication)}"


def _mark(publication: Publication) -> str:
    key = re.sub(r"[^\w.:-]", "", publication.key)
    return f"<!-- {key} -->"
