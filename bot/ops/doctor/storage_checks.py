"""Judges what the bot keeps and where: the database, the disk, the list, its publishing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.ops.doctor.finding import Finding, error, ok, warning
from bot.text import pluralize

_FEW_CONNECTIONS = 15
"""As many as one process may open."""
_LITTLE, _TOO_LITTLE = 500_000_000, 50_000_000  # bytes
_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """The database as it was met."""

    where: str
    """Which it is, without who may use it."""
    is_there: bool = True
    problem: str | None = None
    """Why it could not be reached, or not to the end."""
    version: str | None = None
    newest: str = ""
    is_known: bool = True
    """Whether this code knows the version."""
    unwritable: str | None = None
    connections: tuple[int, int] | None = None
    """How many are open and how many may be, on a server."""


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """A folder and the room that is left in it."""

    what: str
    path: str
    free: int
    """Bytes."""
    is_writable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GitState:
    """The data folder's git repository, as far as there is one."""

    problem: str | None = None
    branch: str | None = None
    remotes: tuple[str, ...] = ()
    is_dirty: bool = False


def database(found: DatabaseFacts) -> Iterator[Finding]:
    """Whether decisions can be kept."""
    what = "database"
    if not found.is_there:
        remedy = "`papers migrate` makes it; so does the first start."
        yield warning(what, f"{found.where} is not there yet.", remedy)
    elif found.problem:
        yield error(
            what,
            f"{found.where} cannot be used: {found.problem}.",
            "Check DATABASE_URL, and that the server is up and lets this machine in.",
        )
    elif not found.is_known:
        yield error(
            what,
            f"{found.where} was made by a newer version of this code (schema {found.version}; "
            f"known here is {found.newest}).",
            "Deploy that version again, or restore a backup from before.",
        )
    elif found.version != found.newest:
        yield error(
            what,
            f"{found.where} has schema {found.version or 'none'}, and this code needs "
            f"{found.newest}.",
            "Run `papers migrate`; every start does so, too.",
        )
    elif found.unwritable:
        yield error(
            what,
            f"{found.where} cannot be written: {found.unwritable}.",
            "See who holds it, that the disk has room, and that this user may write there.",
        )
    else:
        yield ok(what, f"{found.where} can be read and written; schema {found.version}.")
    if found.connections:
        yield _connections(*found.connections)


def _connections(open_ones: int, most: int) -> Finding:
    what, sentence = "connections", f"{open_ones} of the server's {most} are in use."
    if most - open_ones >= _FEW_CONNECTIONS:
        return ok(what, sentence)
    return warning(
        what,
        sentence,
        "One process may need 15: allow more (max_connections), or start fewer `papers web` "
        "and set WEB_CONCURRENCY lower.",
    )


def space(found: DiskSpace) -> Finding:
    """Whether there is room."""
    room = f"{found.free / _MEGABYTE:,.0f} MB are free"
    if not found.is_writable:
        return error(
            found.what,
            f"{found.path} cannot be written, so nothing approved gets into it ({room}).",
            "Let the bot's user write there; under systemd name it in ReadWritePaths.",
        )
    if found.free >= _LITTLE:
        return ok(found.what, f"{found.path} can be written; {room}.")
    judged = error if found.free < _TOO_LITTLE else warning
    return judged(found.what, f"{room} at {found.path}.", "Make room on the disk.")


def listed(entries: int, errors: int, warnings: int) -> Finding:
    """Whether the list is in order."""
    what = "list"
    if errors:
        return error(
            what,
            f"{pluralize(errors, 'mistake')} in it; {entries:,} entries are read all the same.",
            "`papers check` shows each with file, line and remedy.",
        )
    remarks = f"; `papers check` has {pluralize(warnings, 'remark')}" if warnings else ""
    return ok(what, f"{entries:,} entries, no mistake{remarks}.")


def git(found: GitState) -> Finding:
    """Whether approvals can become commits."""
    what = "publishing"
    if found.problem:
        return error(
            what,
            f"PAPERS_PUBLISH is git, and {found.problem}.",
            "Let PAPERS_DATA_DIR be in a clone of the list's repository, or set PAPERS_PUBLISH to "
            "files.",
        )
    if found.branch is None:
        return error(
            what,
            "No branch is checked out, so a commit would belong to none.",
            "Check the list's branch out (`git switch main`) in the data folder.",
        )
    if not found.remotes:
        return warning(
            what,
            f"Approvals are committed on {found.branch}; there is no remote to push to.",
            "`git remote add` one, or see that the repository is backed up otherwise.",
        )
    return ok(what, f"Approvals are committed on {found.branch}, and pushed.")


def github(*, has_token: bool, repo: str | None) -> Finding:
    """Whether approvals can become pull requests, as far as the settings tell."""
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
        return error(
            "publishing", f"PAPERS_GITHUB_REPO is {repo}.", "It is to look like owner/name."
        )
    return ok("publishing", f"Approvals become pull requests on {repo}.")


def queue(depth: int, problems: Sequence[str]) -> Finding:
    """Whether what was decided gets published."""
    what = "publishing queue"
    if not depth:
        return ok(what, "It is empty.")
    waiting = f"{pluralize(depth, 'decision')} to be published"
    if not problems:
        return ok(what, f"{waiting}.")
    return error(
        what,
        f"{waiting}: {' '.join(problems[:3])}",
        "Mend what the reason names; it is tried again by itself.",
    )
