"""The systemd unit gives the bot no more of the machine than it needs."""

import re
import shutil
import subprocess
import warnings
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
UNIT = ROOT / "docs" / "papers.service"
HARDENING = {
    "UMask": "0077",
    "ProtectSystem": "strict",
    "ReadWritePaths": "/srv/papers/data",
    "StateDirectory": "papers",
    "StateDirectoryMode": "0700",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "ProtectProc": "invisible",
    "ProcSubset": "pid",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "PrivateUsers": "yes",
    "RestrictSUIDSGID": "yes",
    "RemoveIPC": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectControlGroups": "yes",
    "ProtectClock": "yes",
    "ProtectHostname": "yes",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "SystemCallArchitectures": "native",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
}
WORST_SCORE = 2.5
FIRST_VERSION = 250  # of systemd-analyze that measures a file offline


def settings() -> dict[str, list[str]]:
    """The unit's settings; some may be given several times."""
    values = defaultdict(list)
    for line in UNIT.read_text().splitlines():
        if line and not line.startswith(("#", "[")):
            name, _, value = line.partition("=")
            values[name].append(value)
    return values


def test_only_the_state_and_the_list_can_be_written_and_no_privilege_is_kept() -> None:
    unit = settings()
    assert {name: unit[name] for name in HARDENING} == {
        name: [value] for name, value in HARDENING.items()
    }


def test_system_calls_beyond_those_of_services_are_refused() -> None:
    """The process that fits the relevance model calls nice(2), which is in @resources."""
    allowed, refused, *exceptions = settings()["SystemCallFilter"]
    assert allowed == "@system-service"
    assert refused.startswith("~")
    assert set(refused[1:].split()) == {"@privileged", "@resources"}
    assert [set(names.split()) for names in exceptions] == [{"setpriority", "sched_setaffinity"}]


def test_the_secrets_are_not_in_the_unit() -> None:
    """Every user of a machine can read units."""
    unit = settings()
    assert unit["EnvironmentFile"] == ["/etc/papers.env"]
    assert not re.search(r"TOKEN|SECRET", " ".join(unit["Environment"]))


def test_systemds_own_measure_of_exposure_is_below_the_limit() -> None:
    """Needs `systemd-analyze` 250 or newer (Debian's package systemd).

    Where it is missing, as on macOS, a warning says so; the tests of the settings run everywhere.
    """
    program = shutil.which("systemd-analyze")
    if program is None or version(program) < FIRST_VERSION:
        warnings.warn("systemd-analyze 250 is missing: no exposure measured", stacklevel=1)
        return
    # The folder of the clone need not exist where the unit is measured.
    done = run(program, "security", "--offline=true", "--no-pager", str(UNIT))
    score = re.search(r"Overall exposure level for papers\.service: ([0-9.]+)", done)
    assert score, done
    assert float(score[1]) < WORST_SCORE, done


def version(program: str) -> int:
    found = re.search(r"systemd (\d+)", run(program, "--version"))
    return int(found[1]) if found else 0


def run(*words: str) -> str:
    return subprocess.run(  # noqa: S603  # systemd's own program
        words, capture_output=True, text=True, timeout=60, check=True
    ).stdout


def test_the_readme_names_the_units_user_and_places() -> None:
    unit, readme = settings(), (ROOT / "README.md").read_text()
    home = f"/var/lib/{unit['StateDirectory'][0]}"
    assert f"useradd --system --home-dir {home} {unit['User'][0]}" in readme
    assert f"sqlite:///{home}/papers.db" in unit["Environment"][0]
    for place in (unit["WorkingDirectory"], unit["ReadWritePaths"], unit["EnvironmentFile"]):
        assert f"`{place[0]}`" in readme
