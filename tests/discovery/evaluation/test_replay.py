"""Laws of the replay: figures equal hand counts, and nothing is learned from the future."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.catalog.model import Catalog, Entry, ListInfo, Section
from bot.catalog.yaml.write import write_catalog
from bot.cli import cli
from bot.discovery.evaluation.recording import RecordingError, read_recording
from bot.discovery.evaluation.replay import replay
from bot.discovery.evaluation.weeks import rank
from bot.discovery.paper import Paper
from tests.discovery.made_up import OFF_TOPIC, paper, papers
from tests.e2e.processes import papers as run_papers

MONDAY = date(2025, 6, 2)
KEYS = [
    "recall@10", "recall@20", "streaming_recall", "placement_top1", "placement_top3", "seconds",
    "peak_mb",
]  # fmt: skip
LISTED = papers(0, 20, "serving", "training")
Line = dict[str, Any]


def line(item: Paper, **more: object) -> Line:
    kept = ("title", "abstract", "authors", "categories")
    return {"id": item.arxiv, **{key: asdict(item)[key] for key in kept}, **more}


def addition(item: Paper, added: date, *sections: str, in_scope: bool = True) -> Line:
    return {"id": item.arxiv, "added": added.isoformat(), "in_scope": in_scope,
            "section": "?", "seed_sections": list(sections)}  # fmt: skip


def write(folder: Path, files: Mapping[str, Iterable[Line]]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, lines in files.items():
        text = "".join(json.dumps(item) + "\n" for item in lines)
        if name.endswith(".gz"):
            (folder / name).write_bytes(gzip.compress(text.encode()))
        else:
            (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def small() -> Catalog:
    """Two sections with the entries of the recording's catalog and one more title."""
    tree = (Section(id="serving", title="Serving"), Section(id="training", title="Training"))
    info = ListInfo(title="T", sections=(Section(id="s", title="Systems", sections=tree),))
    entries = [
        Entry(title=item.title, url=f"https://arxiv.org/abs/{item.arxiv}", arxiv=item.arxiv,
              sections=(("s/serving", "s/training")[at % 2],))
        for at, item in enumerate(LISTED)
    ]  # fmt: skip
    entries.append(Entry(title="Training gradient allreduce", sections=("s/training",)))
    return Catalog(info, tuple(entries))


def tiny() -> dict[str, list[Line]]:
    """Three weeks. Three of the four additions are of the list's topics, the other is a poem.

    The poem's week holds thirty papers that look more like the list, so it is never found.
    """
    weeks = [papers(2000 + 100 * at, 60, *OFF_TOPIC) for at in range(3)]
    found = [
        paper(3000 + at, topic) for at, topic in enumerate(["serving", "training", "serving"])
    ]
    poem, tempting = weeks[2][0], papers(4000, 30, "serving", "training")
    stream = [
        line(item, day=(MONDAY + timedelta(7 * at + number % 5)).isoformat())
        for at, week in enumerate(weeks)
        for number, item in enumerate(week)
    ]
    stream += [
        line(item, day=(MONDAY + timedelta(7 * at)).isoformat())
        for at, item in enumerate(found[:2])
    ]
    stream.append(line(found[2], day=(MONDAY + timedelta(1)).isoformat()))
    stream += [line(item, day=(MONDAY + timedelta(14)).isoformat()) for item in tempting]
    late = MONDAY + timedelta(60)
    serving, training = "Systems > Serving", "Systems > Training"
    additions = [
        addition(found[0], MONDAY + timedelta(6), serving),
        addition(found[1], late, training),
        addition(found[2], late, "Systems > Of another list"),
        addition(poem, late),
        addition(weeks[0][1], late, in_scope=False),
    ]
    return {
        "catalog.jsonl.gz": [line(item) for item in LISTED],
        "background.jsonl.gz": [line(item) for item in papers(1000, 300, *OFF_TOPIC)],
        "stream.jsonl.gz": stream,
        "additions.jsonl": additions,
    }


def test_the_figures_equal_those_counted_by_hand(tmp_path: Path, small: Catalog) -> None:
    figures = replay(write(tmp_path, tiny()), small)
    json_figures = figures.as_json()
    assert list(json_figures) == KEYS
    assert json_figures["recall@10"] == json_figures["recall@20"] == 0.75
    assert json_figures["streaming_recall"] == figures.carry.value == 0.75
    assert json_figures["placement_top1"] == json_figures["placement_top3"] == 2 / 3
    assert figures.placement_seed == figures.placement
    assert (figures.targets, figures.papers, figures.weeks, figures.placed) == (4, 212, 3, 3)
    assert figures.skipped == {"stream: out of scope or there already": 1}
    assert figures.recall_10.interval.low < 0.75 < figures.recall_10.interval.high
    assert "4 additions to find among 212 papers of 3 weeks" in figures.remarks()


def test_nothing_is_learned_from_the_future(tmp_path: Path, small: Catalog) -> None:
    """Changing the last week and later decisions changes no earlier score."""
    files = tiny()
    before = rank(read_recording(write(tmp_path / "before", files), small))
    last = (MONDAY + timedelta(14)).isoformat()
    for item in files["stream.jsonl.gz"]:
        if item["day"] >= last:
            item |= {"title": "Sonnet stanza", "abstract": "rhyme " * 50, "authors": ["Ann"]}
    poison = [item for item in files["stream.jsonl.gz"] if item["day"] >= last][5:20]
    files["additions.jsonl"] += [
        {**files["additions.jsonl"][1], "id": item["id"], "added": last} for item in poison
    ]
    after = rank(read_recording(write(tmp_path / "two", files), small))
    weeks = list(before)
    assert all(after[week] == before[week] for week in weeks[:2])
    assert after[weeks[2]] != before[weeks[2]]


def test_an_addition_is_learned_from_once_it_is_listed(tmp_path: Path, small: Catalog) -> None:
    files = tiny()
    for item in files["stream.jsonl.gz"]:
        if (
            item["id"] == files["additions.jsonl"][0]["id"]
            or item["id"] == paper(3001, "training").arxiv
        ):
            item["authors"] = ["Ann"]
    recording = read_recording(write(tmp_path, files), small)
    second = list(recording.weeks)[1]
    alone = rank(recording, authors=False)[second]
    lifted = [a - b for a, b in zip(rank(recording)[second], alone, strict=True)]
    known = [at for at, seen in enumerate(recording.weeks[second]) if seen.authors]
    assert [at for at, by in enumerate(lifted) if by > 0] == known
    assert len(known) == 1


def test_entries_that_are_the_recordings_additions_are_not_known_beforehand(
    tmp_path: Path, small: Catalog
) -> None:
    files = tiny()
    folder = write(tmp_path, files)
    extra = [
        Entry(title="Renamed", url="https://a.example/", arxiv=paper(3000, "serving").arxiv,
              sections=("s/serving",)),
        Entry(title=paper(3001, "training").title, sections=("s/training",)),
    ]  # fmt: skip
    wider = replace(small, entries=(*small.entries, *extra))
    assert len(read_recording(folder, wider).listed) == len(read_recording(folder, small).listed)
    assert replay(folder, wider).placement_seed == replay(folder, small).placement_seed


def test_incomplete_recordings_are_read(tmp_path: Path, small: Catalog) -> None:
    """Uncompressed files, missing files and missing fields are accepted and counted."""
    files = tiny()
    stream, additions = files["stream.jsonl.gz"], files["additions.jsonl"]
    first = additions[0]["id"]
    for item in stream[::3]:
        del item["authors"], item["categories"]
    for item in stream[1::3]:
        item |= {"authors": None, "abstract": None}
    stream += [{"id": "2509.00001", "title": "No day"}, {"title": "No id", "day": "2025-06-02"}]
    stream += [{"id": "2509.00002", "day": "2025-06-02"}, dict(stream[0])]
    for item in stream:
        if item.get("id") == first:
            item["id"] = f"{first}v2"
    for item in additions:
        del item["seed_sections"], item["section"]
    additions.append({"id": "2509.00003", "in_scope": True})
    folder = write(tmp_path, {"stream.jsonl": stream, "additions.jsonl": additions})
    with (folder / "stream.jsonl").open("a") as file:
        file.write('\n{"id": "25\n[]\n')
    figures = replay(folder, small)
    assert figures.targets == 4
    assert figures.placement is None
    assert figures.as_json()["placement_top1"] is None
    assert figures.skipped == {
        "stream: no day": 1,
        "stream: not an object with an id": 3,
        "stream: no title": 1,
        "stream: out of scope or there already": 2,
        "additions: no date": 1,
    }


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"stream.jsonl.gz": None}, "no stream.jsonl"),
        ({"additions.jsonl": None}, "no additions.jsonl"),
        ({"additions.jsonl": []}, "nothing to find"),
    ],
)
def test_a_folder_without_recording_is_refused_with_a_sentence(
    change: Mapping[str, list[Line] | None], says: str, tmp_path: Path, small: Catalog
) -> None:
    files = {name: lines for name, lines in {**tiny(), **change}.items() if lines is not None}
    with pytest.raises(RecordingError, match=says):
        replay(write(tmp_path, files), small)


def test_a_truncated_file_is_refused_with_a_sentence(tmp_path: Path, small: Catalog) -> None:
    stream = write(tmp_path, tiny()) / "stream.jsonl.gz"
    stream.write_bytes(stream.read_bytes()[:-100])
    with pytest.raises(RecordingError, match="cannot be read"):
        replay(tmp_path, small)


def test_the_command_prints_the_keys_of_the_contract_or_a_table_or_a_sentence(
    tmp_path: Path, small: Catalog
) -> None:
    folder = write(tmp_path / "recording", tiny())
    write_catalog(tmp_path / "data", small)
    settings = {"PAPERS_DATA_DIR": str(tmp_path / "data")}
    run = CliRunner()
    done = run.invoke(cli, ["replay", str(folder), "--json"], env=settings)
    assert list(json.loads(done.stdout)) == KEYS
    table = run.invoke(cli, ["replay", str(folder)], env=settings)
    assert "recall@10 a week" in table.stdout
    assert "0.750" in table.stdout
    refused = run_papers("replay", str(tmp_path), **settings)
    assert refused.returncode == 1
    assert "is no recording" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_other_commands_do_not_load_scikit_learn() -> None:
    program = "import sys, bot.cli; print('sklearn' in sys.modules)"
    done = subprocess.run(  # noqa: S603  # a fixed command
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "False\n"
