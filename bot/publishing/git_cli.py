"""Runs git: bounded in time, never asking anybody anything, without the user's hooks."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.publishing.publication import PublishError

_LONGEST_REASON = 300
_OWN = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY"}
_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.quotePath": "false",
    "commit.gpgSign": "false",
    "push.gpgSign": "false",
    "i18n.commitEncoding": "utf-8",
    "i18n.logOutputEncoding": "utf-8",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "rebase.autoSquash": "false",
    "rebase.updateRefs": "false",
    "log.showSignature": "false",
    "advice.detachedHead": "false",
}
COMMITTER = {"GIT_COMMITTER_NAME": "papers bot", "GIT_COMMITTER_EMAIL": "papers-bot@localhost"}


@dataclass(frozen=True, slots=True)
class GitResult:
    """What git said."""

    code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        """The output, without what surrounds it."""
        return self.out.decode("utf-8", "replace").strip()

    @property
    def reason(self) -> str:
        """Why it failed, in git's own words, fit for a sentence: no secrets, not too long."""
        said = (self.err or self.out).decode("utf-8", "replace")
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        lines = [line for line in lines if not line.startswith(("hint:", "To "))]
        telling = [line for line in lines if line.startswith(("fatal:", "error:", "remote:", "!"))]
        words = " ".join(" ".join(telling or lines).split())
        words = re.sub(
            r"://[^/\s@]+@", "://", "".join(c if c.isprintable() else "?" for c in words)
        )
        return words[:_LONGEST_REASON].rstrip(" .") or f"git ended with {self.code}"


@dataclass(frozen=True, slots=True)
class GitCli:
    """Git in a folder. `environment` is what it inherits; `timeout` in seconds, for each call."""

    folder: Path
    environment: Mapping[str, str]
    timeout: float = 60.0

    def run(
        self,
        *words: str,
        stdin: bytes | None = None,
        extra: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> GitResult:
        """What git says to a command, whether it succeeded or not.

        Raises PublishError when there is no git, or when it does not end in time.
        """
        settings = [word for key, value in _SETTINGS.items() for word in ("-c", f"{key}={value}")]
        command = ["git", *settings, *words]
        try:
            process = subprocess.Popen(  # noqa: S603  # no shell; the words are the caller's own
                command,
                cwd=self.folder,
                env={**self._inherited(), **COMMITTER, **(extra or {})},
                stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # no terminal to ask at, and one group to end
            )
        except FileNotFoundError as error:
            raise PublishError(
                f"git cannot be run in {self.folder}: install git, and make the folder.",
                is_final=True,
            ) from error
        try:
            out, err = process.communicate(stdin, timeout or self.timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise PublishError(
                f"git {words[0]} did not end within {timeout or self.timeout:g} s. It is tried "
                "again; if that goes on, run it by hand in the list's repository."
            ) from None
        return GitResult(process.returncode, out, err)

    def ask(
        self, *words: str, stdin: bytes | None = None, extra: Mapping[str, str] | None = None
    ) -> str:
        """The output of a command that has to succeed. Raises PublishError when it does not."""
        answer = self.run(*words, stdin=stdin, extra=extra)
        if answer.code:
            raise PublishError(f"git {words[0]} failed: {answer.reason}. It is tried again.")
        return answer.text

    def _inherited(self) -> dict[str, str]:
        kept = {name: value for name, value in self.environment.items() if name not in _OWN}
        return {
            **kept,
            "LC_ALL": "C",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_EDITOR": "true",
            "GIT_SEQUENCE_EDITOR": "true",
            "GIT_OPTIONAL_LOCKS": "0",
            "SSH_ASKPASS_REQUIRE": "never",
        }
