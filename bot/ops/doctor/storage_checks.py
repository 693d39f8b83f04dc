"""Checks of storage: database, disk, list and publishing. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.ops.doctor.findings import Finding, error, ok, warning
from bot.text import pluralize

_CONNECTIONS_PER_PROCESS = 15
_LOW_SPACE, _NO_SPACE = 500_000_000, 50_000_000  # bytes
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """The state of the database."""

    where: str
    """Its name in a sentence, without user and password."""
    is_there: bool = True
    problem: str | None = None
    """Why it could not be used."""
    version: str | None = None
    """Of the schema; None if there is none."""
    newest: str = ""
    """Version of the schema that this code needs."""
    is_known: bool = True
    """Whether this code knows the version."""
    write_error: str | None = None
    """Why a write was refused."""
    connections: tuple[int, int] | None = None
    """Open connections and their maximum, on a server."""


def database(facts: DatabaseFacts) -> Iterator[Finding]:
    """Whether the database can be read and written."""
    what = "database"
    if not facts.is_there:
        remedy = "`papers migrate` creates it; so does the first start."
        yield warning(what, f"{facts.where} is not there yet.", remedy)
    elif facts.problem:
        yield error(
            what,
            f"{facts.where} cannot be used: {facts.problem}.",
            "Check DATABASE_URL, and that the server is running and accepts this machine.",
        )
    elif not facts.is_known:
        yield error(
            what,
            f"{facts.where} was made by a newer version of this code (schema {facts.version}; "
            f"this code knows {facts.newest}).",
            "Deploy that version again, or restore a backup from before.",
        )
    elif facts.version != facts.newest:
        yield error(
            what,
            f"{facts.where} has schema {facts.version or 'none'}, and this code needs "
            f"{facts.newest}.",
            "Run `papers migrate`; every start migrates too.",
        )
    elif facts.write_error:
        yield error(
            what,
            f"{facts.where} cannot be written: {facts.write_error}.",
            "Check which process holds it, the free disk space, and this user's permissions.",
        )
    else:
        yield ok(what, f"{facts.where} can be read and written; schema {facts.version}.")
    if facts.connections:
        yield _connections(*facts.connections)


def _connections(used: int, most: int) -> Finding:
    what, sentence = "connections", f"{used} of the server's {most} are in use."
    if most - used >= _CONNECTIONS_PER_PROCESS:
        return ok(what, sentence)
    return warning(
        what,
        sentence,
        "A process may need 15: raise max_connections, start fewer `papers web`, or lower "
        "WEB_CONCURRENCY.",
    )


def space(what: str, path: Path, free: int, *, is_writable: bool) -> Finding:
    """Whether a folder is writable and has free space; `free` in bytes."""
    room = f"{free / _MEGABYTE:,.0f} MB are free"
    if not is_writable:
        return error(
            what,
            f"{path} cannot be written, so approvals cannot be stored ({room}).",
            "Allow the bot's user to write it; under systemd, name it in ReadWritePaths.",
        )
    if free >= _LOW_SPACE:
        return ok(what, f"{path} can be written; {room}.")
    report = error if free < _NO_SPACE else warning
    return report(what, f"{room} at {path}.", "Free some disk space.")


def listed(entries: int, errors: int, warnings: int) -> Finding:
    """Whether the list has mistakes."""
    what = "list"
    if errors:
        return error(
            what,
            f"It has {pluralize(errors, 'mistake')}; {entries:,} entries can be read.",
            "`papers check` shows each with file, line and remedy.",
        )
    remarks = f"; `papers check` has {pluralize(warnings, 'remark')}" if warnings else ""
    return ok(what, f"{entries:,} entries, no mistake{remarks}.")


def git(problem: str | None, branch: str | None = None, remotes: str = "") -> Finding:
    """Whether approvals can become commits; `problem` is why git cannot be used."""
    what = "publishing"
    if problem:
        return error(
            what,
            f"PAPERS_PUBLISH is git, and {problem}.",
            "Move the data folder into a clone of the list's repository, or set "
            "PAPERS_PUBLISH=files.",
        )
    if branch is None:
        return error(
            what,
            "No branch is checked out, so commits would be on none.",
            "Check out the list's branch in the data folder (`git switch main`).",
        )
    if not remotes:
        return warning(
            what,
            f"Approvals are committed on {branch}, and there is no remote to push to.",
            "Add one (`git remote add`), or back the repository up otherwise.",
        )
    return ok(what, f"Approvals are committed on {branch}, and pushed.")


def github(*, has_token: bool, repo: str | None) -> Finding:
    """Whether the settings allow approvals to become pull requests."""
    missing = [] if has_token else ["PAPERS_GITHUB_TOKEN"]
    if repo is None:
        missing.append("PAPERS_GITHUB_REPO")
    if missing:
        return error(
            "publishing",
            f"PAPERS_PUBLISH is github, and {' and '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not set.",
            "Set them in the environment; the token may push branches and open pull requests.",
        )
    if len([part for part in str(repo).split("/") if part]) != 2:  # noqa: PLR2004  # owner, name
        return error("publishing", f"PAPERS_GITHUB_REPO is {repo}.", "Set it to owner/name.")
    return ok("publishing", f"Approvals become pull requests on {repo}.")


def queue(depth: int, problems: Sequence[str]) -> Finding:
    """Whether decisions are published."""
    what = "publishing queue"
    if not depth:
        return ok(what, "It is empty.")
    waiting = f"{pluralize(depth, 'decision')} to publish"
    if not problems:
        return ok(what, f"{waiting}.")
    return error(
        what,
        f"{waiting}: {' '.join(problems[:3])}",
        "Fix what the reason names; the worker tries again.",
    )
