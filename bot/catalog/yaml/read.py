"""Reading a catalog: `list.yaml` and `papers/<top section>.yaml`, with located mistakes.

People edit these files. A mistake excludes only the entry that contains it: reading returns the
valid entries together with the problems, each with its file, line, entry and remedy.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.catalog.facts import PaperFacts
from bot.catalog.model import Catalog, Entry, ListInfo, section_ranks
from bot.catalog.yaml.document import (
    NULL,
    Problem,
    compose,
    construct,
    read_file,
    yaml_message,
)
from bot.catalog.yaml.facts import FACTS_FILE, read_facts
from bot.catalog.yaml.schema import entry_type, info_type
from bot.errors import PapersError

_TEXT_KEYS = ("title", "arxiv", "doi", "note", "by", "venue")

FileReader = Callable[[str], str | None]
"""Returns the text of a file by its name in a catalog's folder; None if there is no such file."""


class CatalogError(PapersError):
    """The list as a whole cannot be read or written."""


@dataclass(frozen=True, slots=True)
class LocatedEntry:
    """An entry with its file and lines, counted from 1."""

    entry: Entry
    file: str
    line: int
    key_lines: Mapping[str, int] = field(default_factory=dict)

    def problem(
        self, message: str, remedy: str, *, key: str = "", is_error: bool = True
    ) -> Problem:
        """A problem of this entry, at the line of one of its keys."""
        line = self.key_lines.get(key, self.line)
        return Problem(self.file, line, message, remedy, self.entry.title, is_error)


@dataclass(frozen=True, slots=True)
class LoadedCatalog:
    """A catalog as read from its files, with the location of each entry and the problems."""

    catalog: Catalog
    located: tuple[LocatedEntry, ...]
    problems: tuple[Problem, ...]
    unreadable: tuple[Problem, ...] = ()
    """The problems that left out a whole file."""


def read_catalog(folder: Path) -> LoadedCatalog:
    """Read a catalog from its folder.

    Raises CatalogError if there is no list: no folder, no `list.yaml`, or one that is not valid.
    All other mistakes are problems in the result.
    """
    paths = sorted((folder / "papers").glob("*.y*ml"))
    path = folder / "list.yaml"
    facts = folder / FACTS_FILE
    try:
        info = parse_info(read_file(path), str(path))
    except FileNotFoundError:
        raise CatalogError(
            f"There is no list in {folder}: list.yaml is missing. Make one with "
            "`papers import FILE.md`, or set PAPERS_DATA_DIR to the folder that holds it."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogError(f"{path} cannot be read: {error}.") from error
    return _load(
        info,
        ((f"papers/{path.name}", _text_of(path, f"papers/{path.name}")) for path in paths),
        _text_of(facts, FACTS_FILE) if facts.exists() else None,
    )


def read_texts(read: FileReader) -> LoadedCatalog:
    """Read a catalog through a FileReader, as `read_catalog` does from a folder."""
    text = read("list.yaml")
    if text is None:
        raise CatalogError("There is no list: list.yaml is missing.")
    info = parse_info(text, "list.yaml")
    texts = ((name, read(name)) for name in papers_files(info))
    pairs = ((name, text) for name, text in texts if text is not None)
    return _load(info, pairs, read(FACTS_FILE))


def parse_info(text: str, path: str) -> ListInfo:
    """Parse `list.yaml`. Raises CatalogError, with the path, if it is not valid."""
    try:
        node = compose(text)
        return info_type().validate_python(construct(node) if node else None)
    except yaml.YAMLError as error:
        line = f":{mark.line + 1}" if (mark := getattr(error, "problem_mark", None)) else ""
        raise CatalogError(f"{path}{line} is not valid YAML: {yaml_message(error)}") from error
    except ValidationError as error:
        faults = "; ".join(_fault(fault) for fault in error.errors())
        raise CatalogError(f"{path} is not a valid list: {faults}.") from error
    except (ValueError, TypeError) as error:  # of a value with an explicit type
        raise CatalogError(f"{path} is not a valid list: {error}.") from error


def papers_files(info: ListInfo) -> list[str]:
    """The names that the papers files of a list may have."""
    return [f"papers/{top.id}.{suffix}" for top in info.sections for suffix in ("yaml", "yml")]


def signature(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, modification time and size of each file; it changes when a catalog's files change."""
    stats = []
    for path in (
        folder / "list.yaml",
        folder / FACTS_FILE,
        *sorted((folder / "papers").glob("*.y*ml")),
    ):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        stats.append((path.name, status.st_mtime_ns, status.st_size))
    return tuple(stats)


def entry_of(node: yaml.Node) -> Entry | None:
    """The entry in a node of a papers file; None if the node is not a valid entry."""
    results = _read_entry(node, "") if isinstance(node, yaml.MappingNode) else ()
    return next((result.entry for result in results if isinstance(result, LocatedEntry)), None)


def _load(
    info: ListInfo, texts: Iterable[tuple[str, str | Problem]], facts_text: str | Problem | None
) -> LoadedCatalog:
    ranks = section_ranks(info.sections)
    tops = sorted(section.id for section in info.sections)
    located: list[LocatedEntry] = []
    problems: list[Problem] = []
    unreadable: list[Problem] = []
    for name, text in texts:
        top = name.removeprefix("papers/").rpartition(".")[0]
        if top not in tops:
            remedy = f"Rename it after one of them ({', '.join(tops)}), or add the section."
            problems.append(Problem(name, 1, "no top section of list.yaml has this id.", remedy))
            continue
        node = _entries_node(text, name)
        if isinstance(node, Problem):
            problems.append(node)
            unreadable.append(node)
            continue
        for result in _read_entries(node, name):
            if isinstance(result, Problem):
                problems.append(result)
            elif problem := _placement_problem(result, top, ranks):
                problems.append(problem)
            else:
                located.append(result)
    located.sort(key=lambda entry: ranks[entry.entry.home])
    facts, mistakes = _facts(facts_text)
    problems += mistakes
    catalog = Catalog(info, tuple(entry.entry for entry in located), facts)
    return LoadedCatalog(catalog, tuple(located), tuple(problems), tuple(unreadable))


def _facts(
    text: str | Problem | None,
) -> tuple[Mapping[str, PaperFacts], tuple[Problem, ...]]:
    """The facts of papers in a file, with its mistakes; none without a file."""
    if isinstance(text, Problem):
        return {}, (text,)
    return ({}, ()) if text is None else read_facts(text)


def _text_of(path: Path, name: str) -> str | Problem:
    try:
        return read_file(path)
    except (OSError, UnicodeDecodeError) as error:
        return Problem(name, 1, f"the file cannot be read: {error}.", "Save it as UTF-8.")


def _entries_node(text: str | Problem, name: str) -> yaml.SequenceNode | Problem | None:
    """The list in a papers file; None if the file is empty, a Problem if it cannot be read."""
    if isinstance(text, Problem):
        return text
    try:
        node = compose(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        return Problem(name, line, "not valid YAML.", yaml_message(error))
    if node is None or node.tag == NULL:
        return None
    if isinstance(node, yaml.SequenceNode):
        return node
    remedy = "Begin every entry with `- title: …`."
    return Problem(name, node.start_mark.line + 1, "the file is not a list of entries.", remedy)


def _read_entries(node: yaml.SequenceNode | None, name: str) -> Iterator[LocatedEntry | Problem]:
    for item in node.value if node else ():
        if isinstance(item, yaml.MappingNode):
            yield from _read_entry(item, name)
        else:
            remedy = "Write it as `- title: …` with its keys below."
            yield Problem(name, item.start_mark.line + 1, "an entry without keys.", remedy)


def _read_entry(node: yaml.MappingNode, name: str) -> Iterator[LocatedEntry | Problem]:
    line = node.start_mark.line + 1
    lines = {str(key.value): key.start_mark.line + 1 for key, _ in node.value}
    values = {str(key.value): value for key, value in node.value}
    title_node = values.get("title")
    title = str(title_node.value) if isinstance(title_node, yaml.ScalarNode) else None
    if len(values) < len(node.value):
        yield Problem(name, line, "a key occurs twice in this entry.", "Keep one of them.", title)
        return
    unquoted = [key for key in values if key in _TEXT_KEYS and _is_unquoted(values[key])]
    for key in unquoted:
        text = values[key].value
        message, remedy = f"{key} is not text: {text}.", f'Quote it: {key}: "{text}".'
        yield Problem(name, lines[key], message, remedy, title)
    if unquoted:
        return
    try:
        yield LocatedEntry(entry_type().validate_python(construct(node)), name, line, lines)
    except ValidationError as error:
        for fault in error.errors():
            key = str(fault["loc"][0]) if fault["loc"] else ""
            remedy = _expected(key)
            yield Problem(name, lines.get(key, line), f"{_fault(fault)}.", remedy, title)
    except (yaml.YAMLError, ValueError) as error:
        yield Problem(name, line, f"the entry cannot be read: {error}.", "Correct it.", title)


def _is_unquoted(value: yaml.Node) -> bool:
    """Tell whether YAML reads a value as a number, a date or a truth value."""
    return isinstance(value, yaml.ScalarNode) and not value.tag.endswith((":str", ":null"))


def _placement_problem(
    located: LocatedEntry, top: str, ranks: Mapping[str, int]
) -> Problem | None:
    entry = located.entry
    unknown = [path for path in entry.sections if path not in ranks]
    if unknown:
        near = get_close_matches(unknown[0], ranks, n=3, cutoff=0.4)
        remedy = f"Did you mean {' or '.join(near)}?" if near else "See the sections in list.yaml."
        return located.problem(f"there is no section {unknown[0]}.", remedy, key="sections")
    if entry.top != top:
        return located.problem(
            f"its home section {entry.home} does not belong in this file.",
            f"Move the entry to papers/{entry.top}.yaml.",
            key="sections",
        )
    return None


def _fault(fault: ErrorDetails) -> str:
    """A validation error in words."""
    where = ".".join(str(part) for part in fault["loc"])
    match fault["type"]:
        case "missing":
            return f"{where} is missing"
        case "unexpected_keyword_argument":
            return f"there is no key {where}"
        case _:
            message = fault["msg"][:1].lower() + fault["msg"][1:]
            return f"{where or 'the document'}: {message}"


def _expected(key: str) -> str:
    """A remedy for an invalid value: the description of its key, or the keys there are."""
    schema = entry_type().json_schema()["properties"]
    if key in schema:
        return f"Expected: {schema[key].get('description', key)}"
    return f"The keys are: {', '.join(schema)}."
