"""A list in a git repository with a remote and another clone, copied from one template."""

import atexit
import datetime as dt
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bot.app.clock import utc_now
from bot.catalog.change import Change
from bot.catalog.model import Entry
from bot.catalog.names import shipped_names
from bot.publishing.git_cli import GitCli
from bot.publishing.publication import Publication, Published
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


def publication(change: Change, key: str) -> Publication:
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
    """A list's repository `work`, its remote `bare.git`, and another person's clone `other`."""

    folder: Path
    environment: dict[str, str]

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def git(self, *arguments: str, at: str = "work", must: bool = True) -> str:
        """The output of git in one of the folders; a failure is an error if it `must` succeed."""
        done = subprocess.run(  # noqa: S603  # git alone, with arguments of the tests
            ["/usr/bin/env", "git", *arguments],
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
        return [self.publisher().publish(publication) for publication in publications]

    def diff(self, *arguments: str) -> list[str]:
        """The added and removed lines of a diff."""
        lines = self.git("diff", "-U0", *arguments).splitlines()
        return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]

    def keys(self, at: str = "bare.git", branch: str = "main") -> list[str]:
        """The keys of the published decisions, oldest first."""
        lines = self.git("log", "--format=%(trailers:key=Suggestion,valueonly)", branch, at=at)
        return [line for line in reversed(lines.split("\n")) if line]


def make_site(folder: Path) -> Site:
    """A site in a folder, with one pushed commit of `FILES`."""
    template = _template()
    shutil.copytree(template, folder, dirs_exist_ok=True)
    for clone in ("work", "other"):
        config = folder / clone / ".git/config"
        config.write_text(config.read_text().replace(str(template), str(folder)))
    return Site(folder, _environment(folder))


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],  # noqa: TID251  # where git is, on this machine
        "HOME": str(folder / "home"),
        "GIT_CONFIG_NOSYSTEM": "1",
    }


@functools.cache
def _template() -> Path:
    """A site to copy, since a copy takes a tenth of the time of git's commands."""
    folder = Path(tempfile.mkdtemp(prefix="papers-site-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "home").mkdir()
    (folder / "home/.gitconfig").write_text(
        "[user]\nname=Person\nemail=p@example.org\n[init]\ndefaultBranch=main\n"
        "[commit]\ngpgsign=true\n[gpg]\nprogram=false\n"
    )
    site = Site(folder, _environment(folder))
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
    return folder
