"""The locks are complete, so that installing them never needs a resolver.

pip checks the hash of whatever it installs, and refuses what has none. A lock that lacks one
requirement of one locked package works until that requirement releases a new version. So the locks
are installed with `--no-deps`, and these tests see that nothing is missing from them.
"""

import re
import subprocess
from importlib.metadata import requires
from itertools import product
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCKS = sorted(path.name for path in ROOT.glob("requirements*.txt"))
EXTRAS = {"requirements.txt": {"build"}, "requirements-dev.txt": {"build", "dev"}}
"""The project's extras that each lock holds."""

ENVIRONMENTS = [
    {
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_system": system.capitalize(),
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": system,
    }
    for python, (system, machine) in product(
        ("3.11", "3.12", "3.13", "3.14"),
        (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64")),
    )
]
"""Where the project is promised to run, in the words of PEP 508's markers."""


def environment_id(environment: dict[str, str]) -> str:
    return "-".join(
        environment[key] for key in ("python_version", "sys_platform", "platform_machine")
    )


def locked(name: str) -> list[Requirement]:
    """The requirements of a lock, without their hashes."""
    text = re.sub(r"\\\n\s*", " ", (ROOT / name).read_text())
    lines = [re.split(r"\s+--hash", line)[0].strip() for line in text.splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def applies(requirement: Requirement, environment: dict[str, str], extra: str = "") -> bool:
    marker = requirement.marker
    return marker is None or marker.evaluate({**environment, "extra": extra})


def missing(
    lock: list[Requirement], roots: list[Requirement], environment: dict[str, str]
) -> list[str]:
    """The requirements, direct and indirect, that a lock does not satisfy in an environment."""
    pins = {
        canonicalize_name(pin.name): next(iter(pin.specifier)).version
        for pin in lock
        if applies(pin, environment)
    }
    absent: list[str] = []
    waiting = [("the project", root) for root in roots]
    seen: set[tuple[str, str]] = set()
    while waiting:
        by, requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        pin = pins.get(name)
        if pin is None or not requirement.specifier.contains(pin, prereleases=True):
            absent.append(f"{by} requires {requirement}; locked is {pin}")
            continue
        for extra in {"", *requirement.extras} - {extra for at, extra in seen if at == name}:
            seen.add((name, extra))
            declared = [Requirement(text) for text in requires(name) or ()]
            waiting += [(name, found) for found in declared if applies(found, environment, extra)]
    return absent


def roots(lock: str) -> list[Requirement]:
    """What the project itself requires, with the extras that a lock holds."""
    declared = [Requirement(text) for text in requires("papers-bot") or ()]
    extras = ["", *EXTRAS[lock]]
    return [
        found
        for found in declared
        if any(applies(found, ENVIRONMENTS[0], extra) for extra in extras)
    ]


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=environment_id)
@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_of_every_locked_package_is_locked(
    name: str, environment: dict[str, str]
) -> None:
    assert missing(locked(name), roots(name), environment) == []


def test_a_requirement_that_only_an_extra_has_is_noticed() -> None:
    lock = [pin for pin in locked("requirements.txt") if pin.name != "psycopg-binary"]
    assert missing(lock, [Requirement("psycopg")], ENVIRONMENTS[0]) == []
    assert missing(lock, [Requirement("psycopg[binary]")], ENVIRONMENTS[0])


def test_a_locked_version_that_is_too_old_is_noticed() -> None:
    lock = locked("requirements.txt")
    assert missing(lock, [Requirement("slack-sdk>=3")], ENVIRONMENTS[0]) == []
    assert missing(lock, [Requirement("slack-sdk>=999")], ENVIRONMENTS[0])


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_hashes_and_names_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    entries = re.split(r"\n(?=\S)", text.strip())
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text


def test_the_makefile_installs_nothing_by_a_resolver() -> None:
    script = subprocess.run(
        ["make", "--dry-run", "--always-make", "install", "lock"],  # noqa: S607  # whichever is there
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    installs = [line for line in script.splitlines() if "pip" in line and " install " in line]
    assert len(installs) >= len(LOCKS)
    assert all("--no-deps" in line for line in installs), installs
