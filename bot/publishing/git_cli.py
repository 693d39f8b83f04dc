"""Git commands: limited in time, without prompts, the user's hooks and the bot's secrets."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.catalog.yaml.read import FileReader
from bot.publishing.publication import PublishError

_MAX_REASON = 300
_INHERITED = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LANGUAGE", "GNUPGHOME",
     "DBUS_SESSION_BUS_ADDRESS", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE",
     "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy",
     "all_proxy", "no_proxy"}
)  # fmt: skip
_INHERITED_PREFIXES = ("GIT_", "SSH_", "XDG_", "LC_")
"""With those above, what git, ssh and credential helpers need; the bot's secrets stay out."""
_NOT_INHERITED = frozenset(
    {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY",
     "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_ALTERNATE_OBJECT_DIRECTORIES"}
)  # fmt: skip
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
    """The exit code and output of a git command."""

    code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        """The output, stripped."""
        return self.out.decode("utf-8", "replace").strip()

    @property
    def reason(self) -> str:
        """The reason of a failure as git states it, short and without passwords."""
        output = (self.err or self.out).decode("utf-8", "replace")
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        lines = [line for line in lines if not line.startswith(("hint:", "To "))]
        errors = [line for line in lines if line.startswith(("fatal:", "error:", "remote:", "!"))]
        reason = " ".join(" ".join(errors or lines).split())
        reason = "".join(c if c.isprintable() else "?" for c in reason)
        reason = re.sub(r"://[^/\s@]+@", "://", reason)
        return reason[:_MAX_REASON].rstrip(" .") or f"git ended with {self.code}"


@dataclass(frozen=True, slots=True)
class GitCli:
    """Git in a folder.

    Of `environment` it inherits what git needs; `timeout` is in seconds, for each command.
    """

    folder: Path
    environment: Mapping[str, str]
    timeout: float = 60.0

    def run(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> GitResult:
        """Run a command, `extra` added to its environment; its failure is in the result.

        Raises PublishError when git is missing or does not end in time.
        """
        settings = [
            argument for key, value in _SETTINGS.items() for argument in ("-c", f"{key}={value}")
        ]
        command = ["git", *settings, *arguments]
        try:
            process = subprocess.Popen(  # noqa: S603  # no shell, and no foreign arguments
                command,
                cwd=self.folder,
                env={**self._inherited(), **COMMITTER, **(extra or {})},
                stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # no terminal for prompts, and one group to kill
            )
        except FileNotFoundError as error:
            raise PublishError(
                f"git cannot be run in {self.folder}: install git, and make the folder.",
                is_final=True,
            ) from error
        try:
            out, err = process.communicate(stdin, self.timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise PublishError(
                f"git {arguments[0]} did not end within {self.timeout:g} s. It is tried again; "
                "if that goes on, run it by hand in the list's repository."
            ) from None
        return GitResult(process.returncode, out, err)

    def output(
        self, *arguments: str, stdin: bytes | None = None, extra: Mapping[str, str] | None = None
    ) -> str:
        """Run a command and return its output. Raises PublishError when it fails."""
        result = self.run(*arguments, stdin=stdin, extra=extra)
        if result.code:
            raise PublishError(f"git {arguments[0]} failed: {result.reason}. It is tried again.")
        return result.text

    def reader(self, revision: str) -> FileReader:
        """A function that gives the texts of a revision; the empty revision is the index."""

        def read(path: str) -> str | None:
            result = self.run("cat-file", "blob", f"{revision}:{path}")
            return None if result.code else result.out.decode("utf-8")

        return read

    def write_blob(self, text: str) -> str:
        """Store a text; returns its object name."""
        return self.output("hash-object", "-w", "--stdin", stdin=text.encode())

    def staged(self, path: str, extra: Mapping[str, str] | None = None) -> tuple[str, str]:
        """The mode and blob of a path in the index; a new file's mode and no blob if absent."""
        line = self.output("ls-files", "--stage", "--", f":(literal){path}", extra=extra)
        mode, blob = line.split()[:2] if line else ("100644", "")
        return mode, blob

    def stage(self, blobs: Mapping[str, str], extra: Mapping[str, str] | None = None) -> None:
        """Put blobs in the index, or in another one that `extra` names; files keep their modes."""
        lines = [f"{self.staged(path, extra)[0]} {blob}\t{path}\0" for path, blob in blobs.items()]
        words = ["update-index", "-z", "--index-info"]
        self.output(*words, stdin="".join(lines).encode(), extra=extra)
        if extra is None:
            self.run("update-index", "-q", "--refresh")

    def _inherited(self) -> dict[str, str]:
        inherited = self.environment.items()
        return {
            **{name: value for name, value in inherited if _is_inherited(name)},
            "LC_ALL": "C",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_EDITOR": "true",
            "GIT_SEQUENCE_EDITOR": "true",
            "GIT_OPTIONAL_LOCKS": "0",
            "SSH_ASKPASS_REQUIRE": "never",
        }


def _is_inherited(name: str) -> bool:
    is_needed = name in _INHERITED or name.startswith(_INHERITED_PREFIXES)
    return is_needed and name not in _NOT_INHERITED
