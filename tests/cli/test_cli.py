"""Commands of members, curators and servers: their output, and their errors as sentences."""

import json
import re
import shutil
from pathlib import Path
from unittest import mock

import jsonschema
import pytest
import yaml
from pytest_httpserver import HTTPServer

from bot.errors import PapersError
from bot.settings import Settings
from tests.cli.runner import papers
from tests.conftest import DATA
from tests.e2e import processes

TOKENS = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_SIGNING_SECRET": "s"}


def test_search_prints_the_contracts_json() -> None:
    done = processes.papers("search", "--json", "distserve")
    answer = json.loads(done.stdout)
    assert set(answer) == {"query", "kind", "message", "results"}
    assert answer["results"][0] == {
        "title": "DistServe: Disaggregating Prefill and Decoding for Goodput-optimized "
        "Large Language Model Serving",
        "url": "https://arxiv.org/abs/2401.09670",
        "section": "LLM Systems > Serving",
        "arxiv": "2401.09670",
        "venue": "OSDI",
        "year": 2024,
        "orgs": [],
        "authors": [],
        "abstract": None,
    }


def test_search_names_the_authors_that_the_facts_file_knows() -> None:
    answer = json.loads(papers("search", "--json", "by tri dao").stdout)
    assert answer["results"][0]["title"].startswith("FlashAttention:")
    assert answer["results"][0]["authors"][0] == "Tri Dao"


def test_facts_of_listed_papers_are_taken_from_a_recording(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DATA, tmp_path / "data"))
    recording = tmp_path / "recording.jsonl"
    recording.write_text(
        '{"id": "2402.15627", "title": "MegaScale: Scaling Large Language Model Training to More '
        'Than 10,000 GPUs", "authors": ["Ada Example"], "categories": ["cs.LG"]}\n'
        '{"id": "2407.21255", "title": "Responsive ML inference in multi-tenanted environments '
        'using AQUA", "authors": ["Ada Example"]}\n'
    )
    settings = {"PAPERS_DATA_DIR": str(folder)}
    done = papers("facts", "--from", str(recording), **settings)
    assert done.stdout.startswith("2 changed"), done.stderr
    assert papers("check", **settings).returncode == 0
    answer = json.loads(papers("search", "--json", "ada example", **settings).stdout)
    assert [result["arxiv"] for result in answer["results"]] == ["2407.21255"]
    assert papers("facts", "--from", str(tmp_path / "none"), **settings).returncode == 1


def test_search_answers_the_verbs_that_look_up() -> None:
    """`recent` and `random` are verbs as after `/papers`; quotes force a search."""
    queries = ["recent", "recent serving venue:osdi", "random edge", '"random"']
    done = papers("search", "--json", "-", stdin="\n".join(queries) + "\n")
    latest, narrowed, drawn, quoted = (json.loads(line) for line in done.stdout.splitlines())
    assert len(latest["results"]) > 200
    assert {result["venue"] for result in narrowed["results"]} == {"OSDI"}
    assert narrowed["kind"] == "section"
    assert [result["section"] for result in drawn["results"]] == [
        "LLM Systems > Serving > Serving at the edge"
    ]
    assert quoted["kind"] == "empty"


def test_search_reads_one_query_a_line_and_prints_one_object_a_line() -> None:
    queries = [
        "serving",
        "2401.09670",
        "venue:nope",
        "qwertzuiop",
        "",
        "kv cache",
        "help",
        "random",
    ]
    done = papers("search", "--json", "-", stdin="\n".join(queries) + "\n")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["query"] for answer in answers] == queries
    kinds = ["section", "paper", "error", "empty", "empty", "search"]
    assert [answer["kind"] for answer in answers][:6] == kinds
    assert all(answer["message"] for answer in answers)
    assert all(not answer["results"] for answer in answers if answer["kind"] in {"error", "empty"})


def test_search_in_a_terminal_shows_titles() -> None:
    done = papers("search", "kv", "cache")
    assert done.returncode == 0
    assert "DéjàVu: KV-cache Streaming" in done.stdout
    assert "Zichang Liu et al.  ·  2023  ·  LLM for Systems" in done.stdout
    assert papers("search", "venue:nope").returncode == 1


def test_search_in_a_terminal_shows_one_paper_in_full() -> None:
    shown = papers("search", "flexgen").stdout
    for line in (
        "Authors: Ying Sheng, Lianmin Zheng, Binhang Yuan, … Ce Zhang (14 authors)",
        "Published: ICML 2023",
        "Section: LLM Systems > Serving",
        "PDF: https://arxiv.org/pdf/2303.06865",
    ):
        assert f"    {line}\n" in shown
    assert len(shown.partition("\nSimilar\n")[2].splitlines()) == 3


def test_an_exported_list_can_be_imported_elsewhere(tmp_path: Path) -> None:
    markdown = tmp_path / "list.md"
    markdown.write_text(papers("export").stdout)
    folder = tmp_path / "made" / "if absent"
    done = papers("import", str(markdown), PAPERS_DATA_DIR=str(folder))
    assert done.returncode == 0
    assert "201 entries in 16 sections" in done.stdout
    for path in (DATA / "papers").glob("*.yaml"):
        assert yaml.safe_load((folder / "papers" / path.name).read_text()) == yaml.safe_load(
            path.read_text()
        )
    again = papers("export", PAPERS_DATA_DIR=str(folder))
    assert again.stdout == markdown.read_text()


def test_cite_prints_citations_of_all_results_in_each_format() -> None:
    found = json.loads(papers("search", "--json", "serving").stdout)["results"]
    assert papers("cite", "serving").stdout.count("\n@") + 1 == len(found)
    assert papers("cite", "flashattention io-awareness").stdout.startswith(
        "@misc{dao2022flashattention,\n  author = {Dao, Tri and "
    )
    ris = papers("cite", "serving", "--format", "ris").stdout
    assert ris.count("\nER  - ") == len(found)
    csl = json.loads(papers("cite", "serving", "--format", "csl-json").stdout)
    assert [item["title"] for item in csl] == [result["title"] for result in found]


def test_cite_without_a_result_prints_no_citation() -> None:
    done = papers("cite", "venue:nope")
    assert (done.returncode, done.stdout) == (1, "")
    assert "nope" in done.stderr


def test_export_has_the_whole_list_in_each_format() -> None:
    """Also the keys are those of `papers cite`."""
    entries = json.loads(papers("export", "--format", "json").stdout)["entries"]
    csl = json.loads(papers("export", "--format", "csl-json").stdout)
    keys = [entry["key"] for entry in entries]
    assert [item["id"] for item in csl] == keys
    bibtex = papers("export", "--format", "bibtex").stdout
    assert re.findall(r"^@\w+\{(\w+),$", bibtex, re.MULTILINE) == keys
    assert papers("export", "--format", "ris").stdout.count("\nER  - ") == len(keys)
    assert papers("export", "--format", "atom").stdout.count("<entry>") == len(keys)
    assert papers("export", "--format", "markdown").stdout == papers("export").stdout


def test_an_import_reports_skipped_lines_and_their_number(tmp_path: Path) -> None:
    file = tmp_path / "birds.md"
    file.write_text(
        "# Birds\n\n## Owls\n\n- [Strix](https://a.example/s)\n- no link here\n\nSome text.\n"
    )
    done = papers("import", str(file), PAPERS_DATA_DIR=str(tmp_path / "data"))
    assert "line 6: no link: no link here" in done.stdout
    assert "line 8: text that is no entry: Some text." in done.stdout
    assert "1 entry in 1 section," in done.stdout
    assert "2 lines skipped: no link (1); text that is no entry (1)." in done.stdout


def test_an_import_into_a_filled_folder_needs_a_flag(tmp_path: Path) -> None:
    shutil.copytree(DATA, tmp_path / "data")
    file = tmp_path / "birds.md"
    file.write_text("# Birds\n\n## Owls\n\n- [Strix](https://a.example/s)\n")
    settings = {"PAPERS_DATA_DIR": str(tmp_path / "data")}
    refused = papers("import", str(file), **settings)
    assert refused.returncode == 1
    assert "--merge" in refused.stderr
    assert "--replace" in refused.stderr
    assert papers("import", str(file), "--merge", **settings).returncode == 0
    assert "202 papers" in papers("search", "", **settings).stdout
    assert papers("import", str(file), "--replace", **settings).returncode == 0
    assert [path.name for path in (tmp_path / "data" / "papers").iterdir()] == ["owls.yaml"]


def test_a_broken_list_can_be_replaced_but_not_merged_into(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DATA, tmp_path / "data"))
    (folder / "list.yaml").write_text("title: [")
    file = tmp_path / "birds.md"
    file.write_text("# Birds\n\n## Owls\n\n- [Strix](https://a.example/s)\n")
    merged = papers("import", str(file), "--merge", PAPERS_DATA_DIR=str(folder))
    assert merged.returncode == 1
    assert "not valid YAML" in merged.stderr
    assert papers("import", str(file), "--replace", PAPERS_DATA_DIR=str(folder)).returncode == 0
    assert papers("check", PAPERS_DATA_DIR=str(folder)).returncode == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("import", "nowhere.md"), "cannot be read"),
        (("import", "README.md", "--merge", "--replace"), "Choose one"),
        (("schema", "other.json"), "list.json"),
        (("run",), "SLACK_BOT_TOKEN is not set"),
        (("web",), "SLACK_BOT_TOKEN is not set"),
    ],
)
def test_a_mistake_is_a_sentence_and_exit_code_one(words: tuple[str, ...], says: str) -> None:
    done = papers(*words)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("search", "x"), ("export",), ("check",), ("demo",)])
def test_a_missing_list_is_a_sentence_with_the_remedy(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    done = papers(*words, PAPERS_DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert str(tmp_path) in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("SLACK_BOT_TOKEN", "xapp-swapped", "xoxb-"),
        ("SLACK_APP_TOKEN", "xoxb-swapped", "xapp-"),
        ("PORT", "many", "PORT"),
        ("PAPERS_LOG_FORMAT", "xml", "PAPERS_LOG_FORMAT"),
    ],
)
def test_a_wrong_setting_is_named_and_a_secret_is_not_shown(
    setting: str, value: str, says: str
) -> None:
    done = papers("run", **{**TOKENS, setting: value})
    assert done.returncode == 1
    assert says in done.stderr
    assert "swapped" not in done.stderr.replace("tokens swapped", "")
    assert "Traceback" not in done.stderr


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a migrated database."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'papers.db')}"


def refuse(httpserver: HTTPServer, error: str) -> str:
    """Let the Web API refuse every token; its address."""
    httpserver.expect_request("/api/auth.test").respond_with_json({"ok": False, "error": error})
    return httpserver.url_for("/api")


@pytest.mark.parametrize("command", ["run", "worker"])
@pytest.mark.parametrize("error", ["invalid_auth", "account_inactive", "token_revoked"])
def test_a_refused_token_is_a_sentence(httpserver: HTTPServer, command: str, error: str) -> None:
    done = papers(command, **TOKENS, SLACK_API_URL=refuse(httpserver, error))
    assert done.returncode == 1
    assert "SLACK_BOT_TOKEN does not work" in done.stderr
    assert "Traceback" not in done.stderr
    assert "xoxb-1" not in done.stderr


def test_gunicorn_ends_with_the_sentence_that_names_the_refused_token(
    httpserver: HTTPServer,
) -> None:
    url = refuse(httpserver, "invalid_auth")
    done = processes.papers("web", **TOKENS, SLACK_API_URL=url)
    assert done.returncode == 1
    assert "SLACK_BOT_TOKEN does not work" in done.stderr
    assert "Traceback" not in done.stderr
    assert "xoxb-1" not in done.stderr


def test_a_refused_app_token_is_a_sentence(web_api: HTTPServer, database_url: str) -> None:
    web_api.expect_request("/api/apps.connections.open").respond_with_json(
        {"ok": False, "error": "invalid_auth"}
    )
    url = web_api.url_for("/api/")
    done = papers("run", **TOKENS, SLACK_API_URL=url, DATABASE_URL=database_url)
    assert done.returncode == 1
    assert "SLACK_APP_TOKEN does not work" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_lists_own_data_passes_its_check_and_its_schemas() -> None:
    done = papers("check")
    assert done.returncode == 0, done.stdout
    assert "0 errors" in done.stdout
    schemas = json.loads(papers("schema").stdout)
    listed = json.loads(json.dumps(yaml.safe_load((DATA / "list.yaml").read_text())))
    jsonschema.validate(listed, schemas["list.json"])
    for path in (DATA / "papers").glob("*.yaml"):
        jsonschema.validate(yaml.safe_load(path.read_text()), schemas["papers.json"])


def test_the_schemas_in_data_are_those_of_the_code() -> None:
    """Editors validate with these files."""
    for name in ("list.json", "papers.json", "facts.json"):
        assert papers("schema", name).stdout == (DATA / "schema" / name).read_text()


def test_check_prints_file_line_entry_and_remedy_and_exits_with_one(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DATA, tmp_path / "data"))
    path = folder / "papers" / "survey-paper.yaml"
    line = len(path.read_text().splitlines()) + 2
    path.write_text(
        path.read_text() + "- title: Wrong\n  arxiv: 2309.06180\n  sections: [survey-paper]\n"
    )
    done = papers("check", PAPERS_DATA_DIR=str(folder))
    assert done.returncode == 1
    expected = (
        f"survey-paper.yaml:{line}: error: Wrong: arxiv is not text: 2309.06180. "
        'Quote it: arxiv: "2309.06180".'
    )
    assert expected in done.stdout
    problems = json.loads(papers("check", "--json", PAPERS_DATA_DIR=str(folder)).stdout)
    assert [problem["line"] for problem in problems if problem["is_error"]] == [line]


def test_a_serving_process_writes_files_for_its_own_user_alone(tmp_path: Path) -> None:
    """Its umask shows in a file that a later step of the start makes."""
    masks = []

    def serve(_settings: Settings) -> None:
        (tmp_path / "made").touch()
        masks.append((tmp_path / "made").stat().st_mode & 0o777)
        (tmp_path / "made").unlink()
        raise PapersError("enough")

    for command, place in {
        "run": "bot.app.processes.run",
        "worker": "bot.app.processes.work",
        "web": "bot.app.web.serve",
    }.items():
        with mock.patch(place, serve):
            assert papers(command, **TOKENS).returncode == 1
    assert masks == [0o600] * 3
