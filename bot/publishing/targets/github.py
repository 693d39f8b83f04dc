"""Publishing as pull requests: a branch a paper, or one that rolls on through a week.

    is it on the default branch? ──no──► a commit on the branch ──► the branch ──► the pull request

Every stage is found again: the commit by its decision's key in a trailer, the pull request by its
branch. Asked again after an interruption anywhere, nothing is done twice. Where a branch conflicts
with what was merged meanwhile, GitHub shows it to those who merge.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.catalog.names import KnownNames
from bot.publishing.edits import file_edits
from bot.publishing.publication import Publication, Published, PublishError, has_trailer
from bot.publishing.targets.github_api import BranchMoved, GitHubRepository, PullRequest

_TRIES = 5
_NAMES = 50  # of branches that are still there from decisions before
_PREFIX = "papers/"


@dataclass(frozen=True, slots=True)
class _Branch:
    """Where a commit is to go: on top of which one, and in which pull request if there is one."""

    name: str
    head: str
    exists: bool
    pull: PullRequest | None = None


@dataclass(frozen=True, slots=True)
class GitHubTarget:
    """A list in a repository on GitHub, in its folder `data_path` (empty: at its root).

    `rolling`: one pull request a week instead of one a paper.
    """

    repository: GitHubRepository
    data_path: str
    markdown: str | None
    names: KnownNames
    rolling: bool = False

    def publish(self, publication: Publication) -> Published:
        """Bring a decision into a pull request, once however often it is asked for.

        An undo closes the pull request of a paper that was not merged, or takes the paper back
        out of the week's; what was merged is reverted by a pull request. Raises PublishError.
        """
        for _ in range(_TRIES):
            try:
                return self._publish(publication)
            except BranchMoved:  # somebody was quicker; look again
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
        pulls = self.repository.open_pulls(base)
        is_needed = bool(self._edits(head, publication))
        if publication.change.before and not is_needed:
            return self._where_it_waits(base, pulls, publication)
        for branch in self._branches(head, pulls, publication):
            if branch.pull is None and not is_needed:
                return Published()
            own = self.repository.compare(base, branch.name).commits if branch.exists else ()
            done = _made(own, publication)
            if done or branch.pull or not own:
                # A branch that is merged begins anew at the base's head.
                parent = branch.head if own else head
                return self._bring(base, replace(branch, head=parent), done, publication)
            # Else it is left over from a pull request that was closed or squashed.
        raise PublishError(
            f"{self.repository.name} has too many branches {_PREFIX}… left over. Delete those "
            "that are merged or closed.",
            is_final=True,
        )

    def _bring(
        self, base: str, branch: _Branch, done: str | None, publication: Publication
    ) -> Published:
        """The decision on a branch, and the branch in a pull request, as far as they are not."""
        commit = done
        if commit is None:
            edits = self._edits(branch.head, publication)
            if not edits:
                return Published(url=branch.pull.url if branch.pull else None)
            commit = self.repository.commit(branch.head, edits, publication)
            if branch.exists:
                self.repository.move_branch(branch.name, commit)
            else:
                self.repository.begin_branch(branch.name, commit)
        pull = branch.pull
        if pull is None:
            title = self._title(publication)
            pull = self.repository.open_pull(base, branch.name, title, _told(publication))
        elif _mark(publication) not in pull.body:
            self.repository.tell_more(
                pull, f"{pull.body.rstrip()}\n\n{_told(publication)}".strip()
            )
        return Published(commit, pull.url)

    def _where_it_waits(
        self, base: str, pulls: list[PullRequest], publication: Publication
    ) -> Published:
        """A change of what the default branch does not have: in the pull request that has it."""
        for pull in pulls:
            if not pull.branch.startswith(_PREFIX):
                continue
            branch = _Branch(pull.branch, pull.head, exists=True, pull=pull)
            compared = self.repository.compare(base, pull.branch)
            done = _made(compared.commits, publication)
            if done:
                return self._bring(base, branch, done, publication)
            # What stands there since before the branch began is the default branch's business.
            if not self._edits(pull.head, publication) or self._edits(compared.fork, publication):
                continue
            if not publication.is_undo or not self._is_papers(pull.branch, publication):
                return self._bring(base, branch, None, publication)
            self.repository.close_pull(pull)
            self.repository.end_branch(pull.branch)
            return Published(url=pull.url)
        if publication.is_undo and not self.rolling:
            self._end_left_over(publication)
        return Published()

    def _end_left_over(self, publication: Publication) -> None:
        """A branch whose pull request was closed just before an interruption, or never opened."""
        name = self._name(publication, is_undo=False)
        head = self.repository.head(name)
        if head and self._edits(head, publication):
            self.repository.end_branch(name)

    def _branches(
        self, head: str, pulls: list[PullRequest], publication: Publication
    ) -> Iterator[_Branch]:
        """The branches that a decision may be on or go to, the likeliest first."""
        by_name = {pull.branch: pull for pull in pulls}
        name = self._name(publication, is_undo=publication.is_undo and not self.rolling)
        for number in range(1, _NAMES):
            chosen = name if number == 1 else f"{name}-{number}"
            pull = by_name.get(chosen)
            found = pull.head if pull else self.repository.head(chosen)
            yield _Branch(chosen, found or head, exists=found is not None, pull=pull)

    def _edits(self, commit: str, publication: Publication) -> Mapping[str, str]:
        read = self.repository.reader(commit)
        data = self.data_path.strip("/")
        return file_edits(read, data, self.markdown, self.names, publication.change)

    def _is_papers(self, branch: str, publication: Publication) -> bool:
        """Whether a branch is that of this paper alone."""
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


def _made(commits: Iterable[tuple[str, str]], publication: Publication) -> str | None:
    """The commit of a decision, if it is among these."""
    return next((sha for sha, told in commits if has_trailer(told, publication.key)), None)


def _told(publication: Publication) -> str:
    """A decision in a pull request's text: what, why, and a mark by which it is found again."""
    subject = " ".join(publication.subject.split())
    return f"### {subject}\n\n{publication.body.strip()}\n\n{_mark(publication)}"


def _mark(publication: Publication) -> str:
    key = re.sub(r"[^\w.:-]", "", publication.key)
    return f"<!-- {key} -->"
