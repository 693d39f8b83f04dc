"""The README matches the code: commands, settings, rooms, metrics, files and examples."""

import re
import tomllib
from pathlib import Path

from pydantic_core import PydanticUndefined
from typer.main import get_command

from bot.app.clock import utc_now
from bot.cli import cli
from bot.db.engine import Database
from bot.lookup.catalog_lookup import CatalogLookup
from bot.ops.metrics import exposition
from bot.settings import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def rows(marker: str) -> list[list[str]]:
    """The cells of the table below a marker comment, without the heading."""
    table = README.split(f"<!-- {marker}:")[1].split("\n\n")[0]
    lines = [line for line in table.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_commands_are_those_that_the_help_shows() -> None:
    command = get_command(cli)
    shown = {
        name: " ".join((sub.help or "").split())
        for name, sub in getattr(command, "commands").items()  # noqa: B009  # typer's type hides it
    }
    documented = {cells[0].strip("`").split()[1]: cells[1] for cells in rows("commands")}
    assert documented == shown


def test_the_settings_are_those_that_the_code_reads() -> None:
    read = {}
    for field in Settings.model_fields.values():
        default = "" if field.default in {None, PydanticUndefined} else f"`{field.default}`"
        read[str(field.validation_alias)] = [str(field.description), default]
    documented = {cells[0].strip("`"): cells[1:] for cells in rows("settings")}
    assert documented == read


def test_the_rooms_are_the_import_layers_from_top_to_bottom() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    rooms = [
        f"{layer}/" if (ROOT / "bot" / layer).is_dir() else f"{layer}.py"
        for layer in layers
        if layer != "__main__"
    ]
    assert [cells[0].strip("`") for cells in rows("rooms")] == rooms


def test_the_named_metrics_exist(sqlite: Database) -> None:
    names = set(re.findall(r"`(papers_[a-z_]+)`", README))
    text = exposition(sqlite, utc_now).decode()
    assert names
    assert not {name for name in names if f"# TYPE {name.removesuffix('_total')}" not in text}


def test_the_named_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", README, re.MULTILINE)) <= targets
    assert {"demo", "test", "install", "bench", "proof", "lock"} <= targets


def test_its_links_into_the_repository_lead_to_files() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_example_entry_is_in_the_list() -> None:
    entry = README.split("```yaml\n")[1].split("```")[0]
    assert entry in (ROOT / "data" / "papers" / "llm-systems.yaml").read_text()


def test_its_example_lookups_are_answered(lookup: CatalogLookup) -> None:
    for query in re.findall(r"`/papers ([^`]+)`", README.split("## Ask it")[1].split("##")[0]):
        if query.split()[0] not in {"recent", "random", "help"}:
            assert lookup.answer(query).kind != "error", query


def started_by(text: str, words: str) -> list[str]:
    """The commands that a Procfile or systemd unit starts."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return [line.split(words)[1].split()[0] for line in lines if words in line]


def test_the_procfile_and_the_unit_start_existing_commands() -> None:
    commands = getattr(get_command(cli), "commands")  # noqa: B009  # typer's type hides it
    procfile = started_by((ROOT / "Procfile").read_text(), "python -m bot ")
    assert procfile == ["web", "worker", "migrate", "run"]
    unit = started_by((ROOT / "docs" / "papers.service").read_text(), "/bin/papers ")
    assert unit == ["run"]
    assert set(procfile) <= set(commands)
