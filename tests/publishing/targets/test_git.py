"""Laws of publishing with git: one commit a decision, of that entry's lines alone, on top of what
others did; what cannot be done says why and loses nothing.

Real git, with a bare repository to push to.
"""

import datetime as dt
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app.clock import utc_now
from bot.catalog.change import Change
from bot.catalog.model import Entry
from bot.catalog.names import shipped_names
from bot.catalog.yaml.read import read_catalog
from bot.publishing.git_cli import GitCli
from bot.publishing.git_locks import DEAD_AFTER, MARKER
from bot.publishing.publication import Publication, Published, PublishError
from bot.publishing.targets.git import GitTarget

LIST = """\
title: A List
sections:
- {id: serving, title: Serving}
- {id: training, title: Training}
"""
BETA = "- {title: Beta, url: https://a.example/beta, sections: [training]}\n"
SERVING = """\
# serving papers
- title: "Alpha: the first paper"   # a favourite
  url: https://a.example/alpha
  sections: [serving]
# --- the end ---
"""
README = """\
# A List

## Serving

* [Alpha](https://a.example/alpha): the first paper

## Training

* [Beta](https://a.example/beta)
"""
FILES = {
    "README.md": README,
    "data/list.yaml": LIST,
    "data/papers/serving.yaml": SERVING,
    "data/papers/training.yaml": BETA,
}
NAMES = shipped_names()


def entry(number: int, section: str = "serving") -> Entry:
    word = ["none", "one", "two", "three", "four"][number]
    return Entry(
        title=f"Omega {word}: paper {word} of them all",
        url=f"https://arxiv.org/abs/2501.0000{number}",
        arxiv=f"2501.0000{number}",
        sections=(section,),
        added=dt.date(2026, 1, 2),
        by=f"suggestion-{number}",
    )


def publication(change: Change, key: str = "suggestion-1") -> Publication:
    return Publication(
        key=key,
        change=change,
        subject="Add Omega to\nServing",
        body="It belongs here.\n\nhttps://slack.example/card",
        author="Ada <Lark>\nX",
        email="ada@example.org",
        slug="omega",
        day=dt.date(2026, 1, 2),
    )


def approval(number: int = 1, section: str = "serving") -> Publication:
    change = Change(before=None, after=entry(number, section))
    return publication(change, f"suggestion-{number}")


def undo(of: Publication) -> Publication:
    return replace(of, key=f"{of.key}-undo", change=of.change.reverse)


@dataclass(frozen=True)
class Site:
    """A list's repository with the bare one that it is pushed to, and another person's clone."""

    folder: Path
    environment: dict[str, str]

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def git(self, *words: str, at: str = "work", must: bool = True) -> str:
        done = subprocess.run(  # noqa: S603  # git alone, with words of this file
            ["/usr/bin/env", "git", *words],
            cwd=self.folder / at,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert not must or not done.returncode, done.stderr
        return done.stdout

    def commit(self, path: str, text: str, at: str = "work") -> None:
        target = self.folder / at / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        self.git("add", "--", path, at=at)
        self.git("commit", "-qm", f"Edit {path}", at=at)

    def publisher(self, step: Callable[[str], None] = lambda _: None) -> GitTarget:
        git = GitCli(self.work / "data", self.environment, timeout=20)
        return GitTarget(git, "README.md", NAMES, now=utc_now, step=step)

    def publish(self, *publications: Publication) -> list[Published]:
        return [self.publisher().publish(one) for one in publications]

    def diff(self, *words: str) -> list[str]:
        """The lines that have come and gone, without what surrounds them."""
        told = self.git("diff", "-U0", *words).splitlines()
        return [line for line in told if line[:1] in "+-" and line[:3] not in ("+++", "---")]

    def keys(self, at: str = "bare.git", branch: str = "main") -> list[str]:
        told = self.git("log", "--format=%(trailers:key=Suggestion,valueonly)", branch, at=at)
        return [line for line in reversed(told.split("\n")) if line]


def a_site(folder: Path) -> Site:
    (folder / "home").mkdir()
    environment = {
        "PATH": os.environ["PATH"],  # noqa: TID251  # where git is, on this machine
        "HOME": str(folder / "home"),
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    site = Site(folder, environment)
    (folder / "home/.gitconfig").write_text(
        "[user]\nname=Person\nemail=p@example.org\n[init]\ndefaultBranch=main\n[commit]\ngpgsign=true\n"
        "[gpg]\nprogram=false\n"
    )
    site.git("init", "-q", "--bare", "bare.git", at=".")
    site.git("clone", "-q", "bare.git", "work", at=".")
    site.git("config", "commit.gpgsign", "false")
    for path, text in FILES.items():
        target = site.work / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    site.git("add", ".")
    site.git("commit", "-qm", "Begin")
    site.git("push", "-q", "-u", "origin", "HEAD:main")
    site.git("clone", "-q", "bare.git", "other", at=".")
    site.git("config", "commit.gpgsign", "false", at="other")
    return site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return a_site(tmp_path)


ADDED = [
    "+* [Omega one](https://arxiv.org/abs/2501.00001): paper one of them all",
    '+- title: "Omega one: paper one of them all"',
    "+  url: https://arxiv.org/abs/2501.00001",
    '+  arxiv: "2501.00001"',
    "+  sections: [serving]",
    "+  added: 2026-01-02",
    "+  by: suggestion-1",
]


def test_an_approval_is_one_pushed_commit_of_that_entry_alone(site: Site) -> None:
    """Data and Markdown in one commit, its author the approver, the key in its message."""
    (published,) = site.publish(approval())
    assert published.commit == site.git("rev-parse", "main", at="bare.git").strip()
    assert site.diff("HEAD^", "HEAD") == ADDED
    assert not site.git("status", "--porcelain")
    told = site.git("log", "-1", "--format=%an|%ae|%cn%n%B").strip()
    assert told == (
        "Ada Lark X|ada@example.org|papers bot\nAdd Omega to Serving\n\nIt belongs here.\n\n"
        "https://slack.example/card\n\nSuggestion: suggestion-1"
    )


def test_one_process_publishes_one_after_the_other(site: Site) -> None:
    publisher = site.publisher()
    for number in (1, 2, 3):
        publisher.publish(approval(number))
    publisher.publish(undo(approval(2)))
    assert site.keys() == ["suggestion-1", "suggestion-2", "suggestion-3", "suggestion-2-undo"]


def test_an_undo_leaves_every_file_as_it_was(site: Site) -> None:
    before = site.git("rev-parse", "HEAD^{tree}")
    site.publish(approval(), undo(approval()))
    assert site.git("rev-parse", "HEAD^{tree}") == before
    assert site.keys() == ["suggestion-1", "suggestion-1-undo"]
    assert not site.git("status", "--porcelain")


def test_asked_again_nothing_happens_again(site: Site) -> None:
    """Whatever happened to the record of it."""
    first = site.publish(approval())
    assert site.publish(approval(), approval()) == first * 2
    assert site.keys() == ["suggestion-1"]


def test_a_paper_that_is_listed_already_makes_no_commit(site: Site) -> None:
    site.publish(approval())
    by_hand = publication(Change(before=None, after=replace(entry(1), by="suggestion-7")), "other")
    assert site.publish(by_hand) == [Published()]
    assert site.keys() == ["suggestion-1"]


def test_what_others_pushed_stays_and_ours_comes_behind_it(site: Site) -> None:
    site.commit(
        "data/papers/serving.yaml", SERVING.replace("# --- the end", "# --- an end"), "other"
    )
    site.git("push", "-q", at="other")
    site.publish(approval())
    assert site.git("log", "--format=%s", "main", at="bare.git").splitlines() == [
        "Add Omega to Serving", "Edit data/papers/serving.yaml", "Begin",
    ]  # fmt: skip
    assert "an end" in (site.work / "data/papers/serving.yaml").read_text()
    assert not site.git("status", "--porcelain")


def test_a_remote_that_moves_while_we_commit_is_caught_up_with(site: Site) -> None:
    """Refused for being behind: fetched, rebased and pushed, with one commit in the end."""
    moves = iter(range(3))

    def step(name: str) -> None:
        if name == "index in step" and (number := next(moves, None)) is not None:
            site.git("pull", "-q", "--rebase", at="other")
            site.commit(f"notes-{number}.md", "More.\n", "other")
            site.git("push", "-q", at="other")

    published = site.publisher(step).publish(approval())
    assert published.commit == site.git("rev-parse", "main", at="bare.git").strip()
    assert site.keys() == ["suggestion-1"]
    assert (site.work / "notes-0.md").exists()


def test_a_remote_that_never_rests_is_given_up_on_for_now(site: Site) -> None:
    def step(name: str) -> None:
        if name == "fetched":
            site.git("pull", "-q", "--rebase", at="other")
            site.git("commit", "-q", "--allow-empty", "-m", "Again", at="other")
            site.git("push", "-q", at="other")

    with pytest.raises(PublishError, match=r"moved on 5 times.*tried again"):
        site.publisher(step).publish(approval())
    assert site.publish(approval())[0].commit
    assert site.keys() == ["suggestion-1"]


def test_a_conflict_is_told_with_its_files_and_loses_nothing(site: Site) -> None:
    """A person's commit that was never pushed conflicts with another's that was."""
    site.commit("notes.md", "Theirs.\n", "other")
    site.git("push", "-q", at="other")
    site.commit("notes.md", "Ours.\n")
    (site.work / "data/papers/training.yaml").write_text("[]\n")
    before = site.git("rev-parse", "HEAD"), site.git("status", "--porcelain")
    with pytest.raises(PublishError, match=r"conflict.*notes\.md.*pull --rebase") as told:
        site.publish(approval())
    assert told.value.is_final
    assert (site.git("rev-parse", "HEAD"), site.git("status", "--porcelain")) == before
    assert (site.work / "data/papers/training.yaml").read_text() == "[]\n"
    site.git("reset", "-q", "--hard", "HEAD^")
    assert site.publish(approval())[0].commit


def test_uncommitted_edits_are_neither_committed_nor_lost(site: Site) -> None:
    """In the same file, next to the new entry, staged and not: they stay a person's."""
    path = site.work / "data/papers/serving.yaml"
    path.write_text(SERVING.replace("a favourite", "our favourite"))
    site.git("add", "-A")
    path.write_text(path.read_text().replace("# --- the end", "# --- an end"))
    (site.work / "draft.md").write_text("Not yet.\n")
    site.publish(approval())
    assert site.diff("HEAD^", "HEAD") == ADDED
    assert [line[:1] for line in site.diff("--cached")] == ["-", "+"]
    assert site.diff() == ["-# --- the end ---", "+# --- an end ---"]
    site.publish(undo(approval()))
    assert path.read_text() == SERVING.replace("a favourite", "our favourite").replace(
        "the end", "an end"
    )
    assert site.git("status", "--porcelain") == "MM data/papers/serving.yaml\n?? draft.md\n"


def test_uncommitted_edits_outlast_what_others_pushed(site: Site) -> None:
    site.commit(
        "data/papers/training.yaml", "# theirs\n" + FILES["data/papers/training.yaml"], "other"
    )
    site.git("push", "-q", at="other")
    path = site.work / "data/papers/serving.yaml"
    path.write_text(SERVING.replace("a favourite", "our favourite"))
    site.publish(approval())
    assert "our favourite" in path.read_text()
    assert site.diff() == [
        '-- title: "Alpha: the first paper"   # a favourite',
        '+- title: "Alpha: the first paper"   # our favourite',
    ]


def test_uncommitted_edits_that_conflict_with_what_others_pushed_are_left_alone(
    site: Site,
) -> None:
    """Neither overwritten nor hidden in a stash: the person is told."""
    site.commit("data/papers/serving.yaml", SERVING.replace("favourite", "classic"), "other")
    site.git("push", "-q", at="other")
    path = site.work / "data/papers/serving.yaml"
    path.write_text(SERVING.replace("favourite", "beauty"))
    with pytest.raises(PublishError, match="not committed conflicts with what others"):
        site.publish(approval())
    assert path.read_text() == SERVING.replace("favourite", "beauty")
    assert not site.git("stash", "list")
    assert site.keys() == []


def test_files_that_a_person_has_left_broken_are_not_committed_around(site: Site) -> None:
    (site.work / "data/papers/serving.yaml").write_text("- title: [\n")
    with pytest.raises(PublishError, match=r"serving\.yaml: .*not valid YAML"):
        site.publish(approval())
    assert site.git("log", "--format=%s").splitlines() == ["Begin"]


def test_a_refusal_is_told_in_the_remotes_words_and_pushed_later(site: Site) -> None:
    hook = site.folder / "bare.git/hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'this branch is protected' >&2\nexit 1\n")
    hook.chmod(0o755)
    for _ in range(2):
        with pytest.raises(PublishError, match=r"did not take it: .*this branch is protected"):
            site.publish(approval())
    site.git("log", "--grep=Suggestion: suggestion-1")
    hook.unlink()
    site.publish(approval(2))
    assert site.keys() == ["suggestion-1", "suggestion-2"]
    assert site.publish(approval())[0].commit == site.git("rev-parse", "HEAD^").strip()


def test_without_a_reachable_remote_it_is_committed_and_pushed_later(site: Site) -> None:
    """No word of the address's password is told."""
    site.git("remote", "set-url", "origin", "http://user:hunter2@127.0.0.1:1/list.git")
    with pytest.raises(PublishError, match="committed and cannot be pushed") as told:
        site.publish(approval())
    assert "hunter2" not in str(told.value)
    site.git("remote", "set-url", "origin", str(site.folder / "bare.git"))
    site.publish(approval())
    assert site.keys() == ["suggestion-1"]


def test_without_a_remote_it_is_committed(site: Site) -> None:
    site.git("branch", "--unset-upstream")
    (published,) = site.publish(approval())
    assert published.commit == site.git("rev-parse", "HEAD").strip()
    assert site.keys() == []


def test_hooks_of_the_user_are_not_run(site: Site) -> None:
    """A commit of the bot's waits for no formatter and no question."""
    for name in ("pre-commit", "commit-msg", "pre-push", "reference-transaction"):
        hook = site.work / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)
    site.publish(approval())
    assert site.keys() == ["suggestion-1"]


def test_a_folder_in_no_repository_is_told_what_to_do(site: Site) -> None:
    publisher = GitTarget(GitCli(site.folder / "home", site.environment), None, NAMES, now=utc_now)
    with pytest.raises(PublishError, match=r"git init.*PAPERS_PUBLISH=files"):
        publisher.publish(approval())


def test_a_repository_on_no_branch_is_told_what_to_do(site: Site) -> None:
    site.git("checkout", "-q", "--detach")
    with pytest.raises(PublishError, match="on no branch"):
        site.publish(approval())


def test_a_markdown_list_that_cannot_take_the_entry_stops_the_commit(site: Site) -> None:
    """Data and Markdown go together or not at all; where sections are bullets, none is put in."""
    site.commit("README.md", "# A List\n\n- Training\n  - [Beta](https://a.example/beta)\n")
    with pytest.raises(PublishError, match="no heading for the section Serving"):
        site.publish(approval())
    assert site.git("log", "-1", "--format=%s") == "Edit README.md\n"


class Killed(BaseException):
    """An end without any ado."""


STEPS = [
    "fetched",
    "rebasing",
    "caught up",
    "written",
    "committed",
    "files in step",
    "index in step",
    "pushed",
]


@pytest.mark.parametrize("at", STEPS)
@pytest.mark.parametrize("decision", ["approval", "undo"])
def test_killed_anywhere_and_asked_again_there_is_one_commit(
    site: Site, at: str, decision: str
) -> None:
    """Between any two steps; files, index and remote are in step in the end."""
    made = approval()
    if decision == "undo":
        site.publish(made)
        site.git("pull", "-q", at="other")
        made = undo(made)
    site.commit("notes.md", "Theirs.\n", "other")
    site.git("push", "-q", at="other")

    def step(name: str) -> None:
        if name == at:
            raise Killed

    with pytest.raises(Killed):
        site.publisher(step).publish(made)
    site.publish(made)
    assert site.keys().count(made.key) == 1
    assert not site.git("status", "--porcelain")
    assert site.git("rev-parse", "HEAD") == site.git("rev-parse", "main", at="bare.git")
    assert not site.git("stash", "list")


LOCKS = ["index.lock", "refs/heads/main.lock", "HEAD.lock"]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_that_a_killed_git_has_left_goes_once_that_git_is_dead(
    site: Site, name: str
) -> None:
    """Killed at work: its marker stands there still. Until then it is told, and tried again."""
    (site.work / ".git" / MARKER).touch()
    lock = site.work / ".git" / name
    lock.touch()
    with pytest.raises(PublishError, match=r"It is tried again"):
        site.publish(approval())
    for path, age in ((lock, DEAD_AFTER + 1), (site.work / ".git" / MARKER, DEAD_AFTER + 2)):
        os.utime(path, (time.time() - age,) * 2)
    site.publish(approval())
    assert site.keys() == ["suggestion-1"]
    assert not lock.exists()
    assert not (site.work / ".git" / MARKER).exists()


def test_a_lock_of_a_persons_own_is_left_alone(site: Site) -> None:
    """However old: it was there before the bot began, or the bot was not killed."""
    lock = site.work / ".git/index.lock"
    lock.touch()
    os.utime(lock, (time.time() - 1000,) * 2)
    for _ in range(2):
        with pytest.raises(PublishError, match=r"index\.lock"):
            site.publish(approval())
    assert lock.exists()
    lock.unlink()
    site.publish(approval())
    assert site.keys() == ["suggestion-1"]


def test_killed_in_the_middle_of_a_rebase_it_is_taken_back_first(site: Site) -> None:
    """As a kill of git itself would leave it: a rebase that stands still at a conflict."""
    site.commit("notes.md", "Theirs.\n", "other")
    site.git("push", "-q", at="other")
    site.commit("notes.md", "Ours.\n")

    def step(name: str) -> None:
        if name == "rebasing":
            site.git("fetch", "-q")
            site.git("rebase", "-q", "origin/main", must=False)
            raise Killed

    with pytest.raises(Killed):
        site.publisher(step).publish(approval())
    assert (site.work / ".git/rebase-merge").exists()
    with pytest.raises(PublishError, match=r"conflict.*notes\.md"):
        site.publish(approval())
    assert not (site.work / ".git/rebase-merge").exists()
    assert site.git("symbolic-ref", "HEAD") == "refs/heads/main\n"


HISTORIES = st.lists(st.tuples(st.integers(1, 3), st.booleans()), min_size=1, max_size=5)


@settings(max_examples=max(4, settings().max_examples // 12))  # each is dozens of processes
@given(HISTORIES)
def test_a_history_leaves_what_only_its_remaining_approvals_leave(
    tmp_path_factory: pytest.TempPathFactory, history: Sequence[tuple[int, bool]]
) -> None:
    """Byte for byte, in the data and in the Markdown, with others pushing in between."""
    site = a_site(tmp_path_factory.mktemp("history"))
    listed: dict[int, Publication] = {}
    for at, (number, moves) in enumerate(history):
        if moves:
            site.git("pull", "-q", "--rebase", at="other")
            site.commit("notes.md", f"{at}\n", "other")
            site.git("push", "-q", at="other")
        if number in listed:
            made = undo(listed.pop(number))
        else:
            section = "serving" if number % 2 else "training"
            made = listed[number] = replace(approval(number, section), key=f"decision-{at}")
        site.publish(made)
    assert len(site.keys()) == len(history)
    assert not site.git("status", "--porcelain")
    plain = a_site(tmp_path_factory.mktemp("plain"))
    plain.publish(*listed.values())
    for path in FILES:
        assert site.git("show", f"HEAD:{path}") == plain.git("show", f"HEAD:{path}")
    loaded = read_catalog(site.work / "data")
    assert not loaded.problems
    assert len(loaded.catalog.entries) == 2 + len(listed)
