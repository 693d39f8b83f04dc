"""Reader for a recording: announced papers and what curators then added to the list.

`stream.jsonl[.gz]` and `additions.jsonl[.gz]` make a recording; `catalog` and `background` may be
absent. Texts are read into rows of word numbers and dropped, save those that placement needs:
64,000 papers take 150 MB. A line that cannot be used costs that line, and is counted.
"""

import gzip
import json
import re
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.catalog.model import Catalog, compact
from bot.discovery.budget import monday
from bot.discovery.ranking.features import Row, Words
from bot.errors import PapersError

Line = dict[str, Any]


class RecordingError(PapersError):
    """A folder that is no recording."""


@dataclass(frozen=True, slots=True)
class RecordedPaper:
    """A paper of a recording, as far as a model reads it."""

    arxiv: str
    row: Row
    authors: tuple[str, ...] = ()
    day: date = date.min  # of its announcement; of papers before the stream it is not known
    whole: bool = True  # not its title alone


@dataclass(frozen=True, slots=True)
class RecordedAddition:
    """A paper that curators put on the list later, with the title paths of its sections."""

    added: date
    sections: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording, without the additions that are out of scope."""

    words: Words
    listed: tuple[RecordedPaper, ...]  # before the stream began
    background: tuple[RecordedPaper, ...]
    weeks: Mapping[date, tuple[RecordedPaper, ...]]  # by Monday, in order
    additions: Mapping[str, RecordedAddition]
    texts: Mapping[str, tuple[str, str]]  # title and abstract of listed papers and additions
    skipped: Mapping[str, int]  # why -> how many lines

    @property
    def targets(self) -> frozenset[str]:
        """The additions that stand in the stream: what there is to find."""
        return frozenset(
            paper.arxiv
            for week in self.weeks.values()
            for paper in week
            if paper.arxiv in self.additions
        )


def read_recording(folder: Path, catalog: Catalog) -> Recording:
    """Read a folder, with the catalog's other entries as listed papers known by title alone.

    Raises RecordingError when the folder is no recording or there is nothing in it to find.
    """
    reader = _Reader(folder)
    recording = reader.read(catalog)
    if not recording.targets:
        raise RecordingError(
            f"No in-scope addition of {folder} stands in its stream, so there is nothing to find. "
            "Ids and days of stream.jsonl and additions.jsonl should agree."
        )
    return recording


class _Reader:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._words = Words()
        self._texts: dict[str, tuple[str, str]] = {}
        self._skipped: Counter[str] = Counter()

    def read(self, catalog: Catalog) -> Recording:
        """Read the files in an order that lets each text be dropped at once."""
        inside, outside = self._additions()
        found: set[str] = set(outside)
        listed = [
            self._seen(line, keep=True)
            for line in self._papers("catalog", found, optional=True)
            if line["id"] not in inside
        ]
        weeks: dict[date, list[RecordedPaper]] = defaultdict(list)
        for line in self._papers("stream", found):
            if day := _date(line.get("day")):
                seen = self._seen(line, keep=line["id"] in inside, day=day)
                weeks[monday(day)].append(seen)
            else:
                self._skipped["stream: no day"] += 1
        background = [
            self._seen(line, keep=line["id"] in inside)
            for line in self._papers("background", found, optional=True)
        ]
        return Recording(
            words=self._words,
            listed=(*listed, *self._titles(catalog, inside, {paper.arxiv for paper in listed})),
            background=tuple(background),
            weeks={week: tuple(weeks[week]) for week in sorted(weeks)},
            additions=inside,
            texts=self._texts,
            skipped=dict(self._skipped),
        )

    def _additions(self) -> tuple[dict[str, RecordedAddition], set[str]]:
        """Those in scope, and the ids of those out of it."""
        inside: dict[str, RecordedAddition] = {}
        outside: set[str] = set()
        for line in self._lines("additions"):
            if line.get("in_scope") is False:
                outside.add(line["id"])
            elif added := _date(line.get("added")):
                inside[line["id"]] = RecordedAddition(added, _texts(line.get("seed_sections")))
            else:
                self._skipped["additions: no date"] += 1
        return inside, outside - set(inside)

    def _titles(
        self, catalog: Catalog, inside: Mapping[str, RecordedAddition], known: set[str]
    ) -> Iterator[RecordedPaper]:
        """Entries that the recording does not hold. Not its additions: those are the future."""
        later = {compact(self._texts[arxiv][0]) for arxiv in inside if arxiv in self._texts}
        for entry in catalog.entries:
            arxiv = entry.arxiv or ""
            if arxiv not in known and arxiv not in inside and compact(entry.title) not in later:
                yield RecordedPaper(arxiv, self._words.learn(entry.title), whole=False)

    def _papers(self, name: str, found: set[str], *, optional: bool = False) -> Iterator[Line]:
        """Lines with a title, each paper once over all files, without those out of scope."""
        for line in self._lines(name, optional=optional):
            if line["id"] in found:
                self._skipped[f"{name}: out of scope or there already"] += 1
            elif not isinstance(line.get("title"), str):
                self._skipped[f"{name}: no title"] += 1
            else:
                found.add(line["id"])
                yield line

    def _seen(self, line: Line, *, keep: bool, day: date = date.min) -> RecordedPaper:
        title, abstract = line["title"], line.get("abstract")
        abstract = abstract if isinstance(abstract, str) else ""
        if keep:
            self._texts[line["id"]] = (title, abstract)
        authors = tuple(sys.intern(name) for name in _texts(line.get("authors")))
        return RecordedPaper(
            line["id"], self._words.learn(f"{title} {abstract}"), authors, day, bool(abstract)
        )

    def _lines(self, name: str, *, optional: bool = False) -> Iterator[Line]:
        """The objects of a file that have an id, which loses its version."""
        paths = [self._folder / f"{name}.jsonl{end}" for end in ("", ".gz")]
        path = next((path for path in paths if path.is_file()), None)
        if path is None:
            if optional:
                return
            raise RecordingError(
                f"{self._folder} is no recording: it has no {name}.jsonl or {name}.jsonl.gz. "
                "Name a folder with stream, additions, catalog and background."
            )
        try:
            with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
                for raw in file:
                    if line := _object(raw):
                        yield line
                    elif raw.strip():
                        self._skipped[f"{name}: not an object with an id"] += 1
        except (OSError, EOFError, zlib.error) as error:
            raise RecordingError(
                f"{path} cannot be read: {error}. Fetch the recording again."
            ) from error


def _object(raw: bytes) -> Line | None:
    try:
        line = json.loads(raw)
    except ValueError:
        return None
    if not isinstance(line, dict) or not isinstance(line.get("id"), str):
        return None
    line["id"] = re.sub(r"v\d+$", "", line["id"].strip())
    return line


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(text for text in value if isinstance(text, str))


def _date(value: object) -> date | None:
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None
