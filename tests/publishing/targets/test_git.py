"""Publishing with git makes one commit for each decision, with that entry's lines alone, on top of
what others pushed; a failure says why and loses nothing.

Real git, with a bare repository to push to.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app.clock import utc_now
from bot.catalog.change import Change
from bot.catalog.yaml.read import read_catalog
from bot.publishing.git_cli import GitCli
from bot.publishing.git_locks import DEAD_AFTER, MARKER
from bot.publishing.publication import Publication, Published, PublishError
from bot.publishing.targets.git import GitTarget
from tests.publishing.site import (
    FILES,
    NAMES,
    SERVING,
    Site,
    approval,
    entry,
    make_site,
    publication,
    undo,
)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return make_site(tmp_path)


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
    """Data and Markdown are one commit, by the approver, with the key in its message."""
    (published,) = site.publish(approval())
    assert published.commit == site.git("rev-parse", "main", at="bare.git").strip()
    assert site.diff("HEAD^", "HEAD") == ADDED
    assert not site.git("status", "--porcelain")
    log = site.git("log", "-1", "--format=%an|%ae|%cn%n%B").strip()
    assert log == (
        "Ada Lark X|ada@example.org|papers bot\nAdd Omega to Serving\n\nIt belongs here.\n\n"
        "https://slack.example/card\n\nSuggestion: suggestion-1"
    )


def test_one_target_publishes_several_decisions(site: Site) -> None:
    publisher = site.publisher()
    for number in (1, 2, 3):
        publisher.publish(approval(number))
    publisher.publish(undo(approval(2)))
    assert site.keys() == ["suggestion-1", "suggestion-2", "suggestion-3", "suggestion-2-undo"]


def test_an_undo_restores_every_file(site: Site) -> None:
    before = site.git("rev-parse", "HEAD^{tree}")
    site.publish(approval(), undo(approval()))
    assert site.git("rev-parse", "HEAD^{tree}") == before
    assert site.keys() == ["suggestion-1", "suggestion-1-undo"]
    assert not site.git("status", "--porcelain")


def test_publishing_again_makes_no_second_commit(site: Site) -> None:
    first = site.publish(approval())
    assert site.publish(approval(), approval()) == first * 2
    assert site.keys() == ["suggestion-1"]


def test_a_listed_paper_makes_no_commit(site: Site) -> None:
    site.publish(approval())
    by_hand = publication(Change(before=None, after=replace(entry(1), by="suggestion-7")), "other")
    assert site.publish(by_hand) == [Published()]
    assert site.keys() == ["suggestion-1"]


def test_the_commit_comes_after_what_others_pushed(site: Site) -> None:
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


def test_a_remote_that_moves_during_the_commit_is_rebased_onto(site: Site) -> None:
    """The push is refused, so the commit is rebased and pushed again; it stays one commit."""
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


def test_a_remote_that_moves_every_time_is_an_error_until_the_next_try(site: Site) -> None:
    def step(name: str) -> None:
        if name == "fetched":
            site.git("pull", "-q", "--rebase", at="other")
            site.git("commit", "-q", "--allow-empty", "-m", "Again", at="other")
            site.git("push", "-q", at="other")

    with pytest.raises(PublishError, match=r"moved on 5 times.*tried again"):
        site.publisher(step).publish(approval())
    assert site.publish(approval())[0].commit
    assert site.keys() == ["suggestion-1"]


def test_a_conflict_is_an_error_that_names_its_files_and_loses_nothing(site: Site) -> None:
    """A person's unpushed commit conflicts with another person's pushed one."""
    site.commit("notes.md", "Theirs.\n", "other")
    site.git("push", "-q", at="other")
    site.commit("notes.md", "Ours.\n")
    (site.work / "data/papers/training.yaml").write_text("[]\n")
    before = site.git("rev-parse", "HEAD"), site.git("status", "--porcelain")
    with pytest.raises(PublishError, match=r"conflict.*notes\.md.*pull --rebase") as error:
        site.publish(approval())
    assert error.value.is_final
    assert (site.git("rev-parse", "HEAD"), site.git("status", "--porcelain")) == before
    assert (site.work / "data/papers/training.yaml").read_text() == "[]\n"
    site.git("reset", "-q", "--hard", "HEAD^")
    assert site.publish(approval())[0].commit


def test_uncommitted_edits_are_neither_committed_nor_lost(site: Site) -> None:
    """Staged and unstaged edits of the same file, next to the new entry, stay as they are."""
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


def test_uncommitted_edits_survive_a_rebase(site: Site) -> None:
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


def test_uncommitted_edits_that_conflict_with_what_others_pushed_are_an_error(
    site: Site,
) -> None:
    """They are neither overwritten nor hidden in a stash."""
    site.commit("data/papers/serving.yaml", SERVING.replace("favourite", "classic"), "other")
    site.git("push", "-q", at="other")
    path = site.work / "data/papers/serving.yaml"
    path.write_text(SERVING.replace("favourite", "beauty"))
    with pytest.raises(PublishError, match="not committed conflicts with what others"):
        site.publish(approval())
    assert path.read_text() == SERVING.replace("favourite", "beauty")
    assert not site.git("stash", "list")
    assert site.keys() == []


def test_files_that_are_not_valid_stop_the_commit(site: Site) -> None:
    (site.work / "data/papers/serving.yaml").write_text("- title: [\n")
    with pytest.raises(PublishError, match=r"serving\.yaml: .*not valid YAML"):
        site.publish(approval())
    assert site.git("log", "--format=%s").splitlines() == ["Begin"]


def test_a_refusal_has_the_remotes_reason_and_the_commit_is_pushed_later(site: Site) -> None:
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


def test_without_a_reachable_remote_the_change_is_committed_and_pushed_later(site: Site) -> None:
    """The error does not contain the password of the address."""
    site.git("remote", "set-url", "origin", "http://user:hunter2@127.0.0.1:1/list.git")
    with pytest.raises(PublishError, match="committed and cannot be pushed") as error:
        site.publish(approval())
    assert "hunter2" not in str(error.value)
    site.git("remote", "set-url", "origin", str(site.folder / "bare.git"))
    site.publish(approval())
    assert site.keys() == ["suggestion-1"]


def test_without_a_remote_the_change_is_committed(site: Site) -> None:
    site.git("branch", "--unset-upstream")
    (published,) = site.publish(approval())
    assert published.commit == site.git("rev-parse", "HEAD").strip()
    assert site.keys() == []


def test_git_and_what_it_runs_see_no_secret_of_the_bot(site: Site, tmp_path: Path) -> None:
    """But what they need to find a key, a proxy or a credential helper."""
    needed = {
        "SSH_AUTH_SOCK": "/run/agent", "GIT_SSH_COMMAND": "ssh -i key", "HTTPS_PROXY": "http://p",
        "XDG_CONFIG_HOME": "/x", "GIT_CONFIG_GLOBAL": os.devnull, "LC_CTYPE": "C.UTF-8",
    }  # fmt: skip
    secret = {
        "SLACK_BOT_TOKEN": "s", "SLACK_SIGNING_SECRET": "s", "PAPERS_GITHUB_TOKEN": "s",
        "DATABASE_URL": "s", "PGPASSWORD": "s", "GITHUB_TOKEN": "s", "AWS_SECRET_ACCESS_KEY": "s",
        "PROMETHEUS_MULTIPROC_DIR": "s", "GIT_DIR": "s",
    }  # fmt: skip
    git = GitCli(tmp_path, {**site.environment, **needed, **secret})
    seen = dict(
        line.partition("=")[::2] for line in git.output("-c", "alias.env=!env", "env").splitlines()
    )
    assert needed.items() <= seen.items()
    assert not secret.keys() & (seen.keys() - {"GIT_DIR"})
    assert seen.get("GIT_DIR") != "s"
    assert seen["GIT_TERMINAL_PROMPT"] == "0"


def test_hooks_of_the_user_are_not_run(site: Site) -> None:
    """Formatters and prompts do not delay the bot's commits."""
    for name in ("pre-commit", "commit-msg", "pre-push", "reference-transaction"):
        hook = site.work / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)
    site.publish(approval())
    assert site.keys() == ["suggestion-1"]


def test_a_folder_outside_a_repository_is_an_error_with_the_remedy(site: Site) -> None:
    publisher = GitTarget(GitCli(site.folder / "home", site.environment), None, NAMES, now=utc_now)
    with pytest.raises(PublishError, match=r"git init.*PAPERS_PUBLISH=files"):
        publisher.publish(approval())


def test_a_detached_head_is_an_error_with_the_remedy(site: Site) -> None:
    site.git("checkout", "-q", "--detach")
    with pytest.raises(PublishError, match="on no branch"):
        site.publish(approval())


def test_a_markdown_list_that_cannot_take_the_entry_stops_the_commit(site: Site) -> None:
    """Data and Markdown are committed together or not at all; this list has no headings."""
    site.commit("README.md", "# A List\n\n- Training\n  - [Beta](https://a.example/beta)\n")
    with pytest.raises(PublishError, match="no heading for the section Serving"):
        site.publish(approval())
    assert site.git("log", "-1", "--format=%s") == "Edit README.md\n"


class Killed(BaseException):
    """A process that is killed."""


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
def test_a_kill_at_any_step_and_a_repetition_leave_one_commit(
    site: Site, at: str, decision: str
) -> None:
    """Files, index and remote agree in the end."""
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
def test_a_lock_left_by_a_killed_git_is_removed_once_that_git_is_dead(
    site: Site, name: str
) -> None:
    """The marker shows that the bot was killed; until the git is dead, the lock is an error."""
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


def test_a_persons_lock_is_not_removed(site: Site) -> None:
    """Without the marker of a killed bot, a lock of any age stays."""
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


def test_an_interrupted_rebase_is_aborted_first(site: Site) -> None:
    """A kill of git itself leaves a rebase that stopped at a conflict."""
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
def test_any_history_leaves_what_its_remaining_approvals_alone_leave(
    tmp_path_factory: pytest.TempPathFactory, history: Sequence[tuple[int, bool]]
) -> None:
    """Data and Markdown are the same bytes, even with pushes of others in between."""
    site = make_site(tmp_path_factory.mktemp("history"))
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
    plain = make_site(tmp_path_factory.mktemp("plain"))
    plain.publish(*listed.values())
    for path in FILES:
        assert site.git("show", f"HEAD:{path}") == plain.git("show", f"HEAD:{path}")
    loaded = read_catalog(site.work / "data")
    assert not loaded.problems
    assert len(loaded.catalog.entries) == 2 + len(listed)
