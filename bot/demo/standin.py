"""The stand-in for Slack: local-slack, downloaded once with npm and verified by its hash.

It has a Slack-like page, Socket Mode, signed HTTP and a control API for tests. It listens on all
interfaces (no option changes that), so it is for demos and tests only.
"""

import base64
import contextlib
import hashlib
import json
import platform
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.errors import PapersError

PACKAGE, VERSION = "local-slack-linux-x64", "0.1.8"
INTEGRITY = (
    "2BCTKxKajjZNWCSCj66Jq5VDScUDNpGZ1lA3281I8RvpDE4/ULCwC26TlcW6/4sPbSTs02Q3KjTiltJp3ZBEvg=="
)
CACHE = Path(".standin")
BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = (
    "xoxb-stand-in",
    "xapp-stand-in",
    "stand-in-signing-secret",
)  # made up

_INSTEAD = "Without it, `papers search serving` shows the bot's answers in this terminal."
_FETCH_SECONDS, _START_SECONDS = 300, 20


@dataclass(frozen=True, slots=True)
class StandIn:
    """A running stand-in."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def page(self) -> str:
        """The address of its page and of its control API."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        """The base URL of its Web API, for SLACK_API_URL."""
        return f"{self.page}/api/"


def fetch(cache: Path = CACHE) -> Path:
    """Return the stand-in's program, from the cache or from npm.

    Raises PapersError on other platforms, and without npm or a network.
    """
    program = cache / f"local-slack-{VERSION}"
    if program.exists():
        return program.resolve()
    here = f"{platform.system()} {platform.machine()}"
    if here not in {"Linux x86_64", "Linux AMD64"}:
        raise PapersError(
            f"The demo's stand-in for Slack runs on Linux x64 only, and this is {here}. "
            f"Start the demo in a Linux container or virtual machine. {_INSTEAD}"
        )
    npm = shutil.which("npm")
    if npm is None:
        raise PapersError(
            "The demo downloads its stand-in for Slack with npm, which is not installed. "
            "Install Node.js with npm (on Debian: apt-get install nodejs npm) and try again. "
            f"{_INSTEAD}"
        )
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        archive = _download(npm, Path(scratch))
        unpacked = Path(scratch) / "local-slack"
        with tarfile.open(archive) as files:
            member = files.extractfile("package/bin/local-slack")
            if member is None:
                raise PapersError(f"{PACKAGE} {VERSION} holds no program. {_INSTEAD}")
            with unpacked.open("wb") as target:
                shutil.copyfileobj(member, target)
        unpacked.chmod(0o755)
        unpacked.replace(program)
    return program.resolve()


@contextlib.contextmanager
def running(program: Path, port: int, config: Mapping[str, Any]) -> Iterator[StandIn]:
    """Run the stand-in while the block runs. Raises PapersError if it does not start."""
    with tempfile.TemporaryDirectory(prefix="papers-stand-in-") as folder:
        path = Path(folder) / "slack.yaml"
        path.write_text(yaml.safe_dump(dict(config)), "utf-8")
        process = subprocess.Popen(  # noqa: S603  # the program whose hash was checked
            [str(program), "--config", str(path), "--port", str(port), "--base-host", "127.0.0.1"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the bot, which ends the stand-in last
        )
        try:
            _wait_until_started(process, port)
            yield StandIn(port, process)
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)


def free_port(wanted: int) -> int:
    """Return the wanted port if it is free, else any free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise PapersError("There is no free port on this machine.")


def workspace(app: Mapping[str, Any]) -> dict[str, Any]:
    """Configuration of a small workspace; `app` holds further settings of the bot's app."""
    people = {"alice": "Alice Anderson", "bob": "Bob Brown", "carol": "Carol Chen"}
    users = [
        {
            "id": f"U0{name.upper()}",
            "name": name,
            "real_name": full,
            "email": f"{name}@example.com",
        }
        for name, full in people.items()
    ]
    members = [user["id"] for user in users] + ["U0BOT"]
    return {
        "workspace": {"name": "Research Team", "domain": "research-team", "teamId": "T0TEAM"},
        "apps": [
            {
                "appId": "A0PAPERS",
                "botUserId": "U0BOT",
                "botName": "papers",
                "botToken": BOT_TOKEN,
                "appToken": APP_TOKEN,
                "signingSecret": SIGNING_SECRET,
                **app,
            }
        ],
        "users": users,
        "channels": [
            {"id": "C0PAPERS", "name": "papers", "members": members},
            {"id": "C0REVIEW", "name": "papers-review", "members": members},
        ],
    }


def _download(npm: str, folder: Path) -> Path:
    try:
        packed = subprocess.run(  # noqa: S603  # npm, with our own words
            [npm, "pack", f"{PACKAGE}@{VERSION}", "--json", "--pack-destination", str(folder)],
            capture_output=True, text=True, timeout=_FETCH_SECONDS, check=True,
        )  # fmt: skip
        archive = folder / str(json.loads(packed.stdout)[0]["filename"])
        digest = hashlib.sha512(archive.read_bytes()).digest()
    except subprocess.TimeoutExpired:
        raise PapersError(
            f"npm did not download the stand-in within {_FETCH_SECONDS} s. {_INSTEAD}"
        ) from None
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or "").strip().splitlines() or ["npm gave no reason"]
        raise PapersError(
            f"npm could not download the stand-in: {lines[0]}. Is there a network? {_INSTEAD}"
        ) from None
    except (OSError, ValueError, LookupError) as error:
        raise PapersError(f"npm's answer could not be read: {error}. {_INSTEAD}") from None
    if base64.b64encode(digest).decode() != INTEGRITY:
        raise PapersError(f"The download is not {PACKAGE} {VERSION}: its hash differs. {_INSTEAD}")
    return archive


def _wait_until_started(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise PapersError(
                f"The stand-in failed to start, with exit code {process.returncode}. {_INSTEAD}"
            )
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), timeout=1),
        ):
            return
        time.sleep(0.05)
    raise PapersError(
        f"The stand-in did not start within {_START_SECONDS} s on {sys.platform}. {_INSTEAD}"
    )
