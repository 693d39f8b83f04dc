"""Use case: bring the facts file of a list up to date from recordings and the database."""

import datetime as dt
import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bot.catalog.atomic_write import write_file
from bot.catalog.links import read_link
from bot.catalog.yaml.facts import FACTS_FILE, facts_text
from bot.catalog.yaml.read import read_catalog
from bot.discovery.author_names import NameForms
from bot.discovery.clean import clean_title
from bot.discovery.listed_facts import StatedPaper, add_facts
from bot.discovery.paper import Paper
from bot.discovery.records import PaperRecord
from bot.errors import PapersError


def update_facts(
    folder: Path,
    recordings: Sequence[Path],
    records: Iterable[PaperRecord],
    source: str,
    today: dt.date,
) -> tuple[int, int]:
    """Add what recordings and records state of the listed papers to the facts file.

    A recording is a file of JSON lines with `title` and `authors`, and any of `id` (arXiv's),
    `doi`, `url`, `categories` and `published`; it may be gzipped. `source` names where the
    recordings come from. Returns the number of papers with facts, and how many of them changed.
    Raises PapersError for a file that cannot be read.
    """
    loaded = read_catalog(folder)
    if mistakes := [problem for problem in loaded.problems if problem.file == FACTS_FILE]:
        raise PapersError(f"Correct {FACTS_FILE} first: {mistakes[0]}")
    catalog = loaded.catalog
    forms = NameForms(line["authors"] for path in recordings for line in _lines(path))
    stated: list[StatedPaper] = [
        StatedPaper(record.paper, origin.source, origin.at.date())
        for record in records
        for origin in (next(iter(record.origins.values())),)
    ]
    for path in recordings:
        stated += (StatedPaper(paper_in(line), source, today) for line in _lines(path))
    after = add_facts(catalog, stated, forms).facts
    changed = [key for key in after if after[key] != catalog.facts.get(key)]
    if changed:
        write_file(folder / FACTS_FILE, facts_text(after))
    return len(after), len(changed)


def paper_in(line: dict[str, Any]) -> Paper:
    """The paper in a line of a recording."""
    link = read_link(str(line.get("url") or ""))
    published = line.get("published")
    return Paper(
        title=clean_title(str(line["title"])).replace(" : ", ": "),
        arxiv=line.get("id") or line.get("arxiv") or (link.arxiv if link else None),
        doi=line.get("doi") or (link.doi if link else None),
        authors=tuple(map(str, line["authors"])),
        categories=tuple(map(str, line.get("categories") or ())),
        published=dt.date.fromisoformat(published) if published else None,
    )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """The papers of a recording; lines without a title and a list of authors are skipped."""
    open_text: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    try:
        with open_text(path, "rt", encoding="utf-8") as file:
            for text in file:
                line = json.loads(text)
                if isinstance(line, dict) and line.get("title"):
                    yield {**line, "authors": line.get("authors") or []}
    except (OSError, ValueError) as error:
        raise PapersError(f"{path} cannot be read: {error}.") from error
