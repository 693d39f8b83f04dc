"""Released migrations are frozen: databases exist that they have made.

`released_migrations.sha256` has the hash of each, as `sha256sum` prints it. A release adds the
lines of its new migrations: the last test fails until then, and prints them.
"""

import hashlib
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "bot" / "db" / "migrations" / "versions"
LIST = Path(__file__).parent / "released_migrations.sha256"


def released() -> dict[str, str]:
    """The hashes of released migrations by file name."""
    lines = (line.split("  ") for line in LIST.read_text().splitlines())
    return {name: digest for digest, name in lines}


def present() -> dict[str, str]:
    """The hashes of the migrations in the code, of their bytes, by file name."""
    paths = sorted(FOLDER.glob("[0-9]*.py"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def test_a_released_migration_is_never_changed() -> None:
    now = present()
    changed = [name for name, digest in released().items() if now.get(name) != digest]
    assert not changed, (
        f"{', '.join(changed)} was released, and databases exist that it has made. Restore it, "
        "and write a new migration for what has to change."
    )


def test_a_new_migration_comes_after_all_released_ones() -> None:
    unreleased = present().keys() - released().keys()
    last = max(released())
    early = sorted(name for name in unreleased if name < last)
    assert not early, (
        f"{', '.join(early)} comes before {last}, which was released: databases that have the "
        "latter would never run it. Write a new migration with the next number."
    )


def test_a_release_freezes_its_migrations() -> None:
    """While the changelog has the heading Unreleased, new migrations may still change."""
    if "## Unreleased" in (ROOT / "CHANGELOG.md").read_text().splitlines():
        return
    unlisted = sorted(present().keys() - released().keys())
    lines = "\n".join(f"{present()[name]}  {name}" for name in unlisted)
    assert not unlisted, f"This release freezes migrations. Add to {LIST.name}:\n{lines}"
