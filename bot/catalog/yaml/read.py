"""The catalog on disk: `list.yaml` and `papers/<top section>.yaml`, every mistake located.

People edit these files. A mistake costs the entry that it is in, never the list: reading returns
what is right together with what is wrong, each problem with its file, line, entry and remedy.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from bot.catalog.model import Catalog, Entry, ListInfo, walk
from bot.errors import PapersError

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT_KEYS = ("title", "arxiv", "doi", "note", "by", "venue")


class CatalogError(PapersError):
    """The list as a whole cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in `data/`, with where it is and how to mend it."""

    file: str
    line: int
    message: str
    remedy: str
    entry: str | None = None
    is_error: bool = True

    def __str__(self) -> str:
        """One line, in the form that editors and terminals turn into a link."""
        kind = "error" if self.is_error else "warning"
        subject = f"{self.entry}: " if self.entry else ""
        return f"{self.file}:{self.line}: {kind}: {subject}{self.message} {self.remedy}"


@dataclass(frozen=True, slots=True)
class Located:
    """An entry with where it stands."""

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
class Loaded:
    """What was read of a folder."""

    catalog: Catalog
    located: tuple[Located, ...]
    problems: tuple[Problem, ...]


def read_catalog(folder: Path) -> Loaded:
    """Read a catalog's folder.

    Raises CatalogError when there is no list at all: no folder, no `list.yaml`, or one that cannot
    be understood. Everything smaller is a problem in the result.
    """
    paths = sorted((folder / "papers").glob("*.y*ml"))
    info = _read_info(folder)
    return _load(info, ((f"papers/{path.name}", _text_of(path)) for path in paths))


Read = Callable[[str], str | None]
"""Gives the text of a file by its name in a catalog's folder; None where there is none."""


def read_texts(read: Read) -> Loaded:
    """Read a catalog from wherever its texts are, as `read_catalog` does from a folder."""
    text = read("list.yaml")
    if text is None:
        raise CatalogError("There is no list: list.yaml is missing.")
    info = _info_in(text, "list.yaml")
    names = [f"papers/{top.id}.{ending}" for top in info.sections for ending in ("yaml", "yml")]
    texts = ((name, read(name)) for name in names)
    return _load(info, ((name, text) for name, text in texts if text is not None))


def _load(info: ListInfo, texts: Iterable[tuple[str, str | Problem]]) -> Loaded:
    order = {place.path: at for at, place in enumerate(walk(info.sections))}
    tops = {section.id for section in info.sections}
    located: list[Located] = []
    problems: list[Problem] = []
    for name, text in texts:
        top = name.removeprefix("papers/").rpartition(".")[0]
        if top not in tops:
            remedy = (
                f"Rename it after one of them ({', '.join(sorted(tops))}), or add the section."
            )
            problems.append(Problem(name, 1, "no top section of list.yaml has this id.", remedy))
            continue
        for found in _read_entries(text, name):
            if isinstance(found, Problem):
                problems.append(found)
            elif problem := _misplaced(found, top, order):
                problems.append(problem)
            else:
                located.append(found)
    located.sort(key=lambda one: order[one.entry.home])
    return Loaded(
        Catalog(info, tuple(one.entry for one in located)), tuple(located), tuple(problems)
    )


def signature(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes when any file of a catalog changes: names, times of change and sizes."""
    files = [folder / "list.yaml", *sorted((folder / "papers").glob("*.y*ml"))]
    found = []
    for path in files:
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        found.append((path.name, status.st_mtime_ns, status.st_size))
    return tuple(found)


def entries_in(text: str) -> Iterator[yaml.MappingNode | Problem]:
    """The nodes of a papers file's entries, or what is wrong with the file as a whole."""
    node = compose(text)
    if node is None or node.tag == "tag:yaml.org,2002:null":
        return
    if not isinstance(node, yaml.SequenceNode):
        remedy = "Begin every entry with `- title: …`."
        yield Problem("", node.start_mark.line + 1, "the file is no list of entries.", remedy)
        return
    for item in node.value:
        if isinstance(item, yaml.MappingNode):
            yield item
        else:
            remedy = "Write it as `- title: …` with its keys below."
            yield Problem("", item.start_mark.line + 1, "an entry without keys.", remedy)


@cache
def _entry_form() -> TypeAdapter[Entry]:
    return TypeAdapter(Entry)


def entry_of(node: yaml.Node) -> Entry | None:
    """The entry that a node of a papers file means; None if it is none or has mistakes."""
    found = _read_entry(node, "") if isinstance(node, yaml.MappingNode) else ()
    return next((one.entry for one in found if isinstance(one, Located)), None)


def compose(text: str) -> yaml.Node | None:
    """The nodes of a YAML text, with the marks of where they stand. Raises yaml.YAMLError."""
    loader = _Loader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def _construct(node: yaml.Node) -> Any:
    """The value of a node, with `safe_load`'s types."""
    loader = _Loader("")
    try:
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _read_info(folder: Path) -> ListInfo:
    path = folder / "list.yaml"
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise CatalogError(
            f"There is no list in {folder}: list.yaml is missing. Make one with "
            "`papers import FILE.md`, or set PAPERS_DATA_DIR to the folder that holds it."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogError(f"{path} cannot be read: {error}.") from error
    return _info_in(text, str(path))


def _info_in(text: str, path: str) -> ListInfo:
    try:
        node = compose(text)
        return TypeAdapter(ListInfo).validate_python(_construct(node) if node else None)
    except yaml.YAMLError as error:
        raise CatalogError(f"{path} is not valid YAML: {yaml_sentence(error)}") from error
    except ValidationError as error:
        faults = "; ".join(_fault(fault) for fault in error.errors())
        raise CatalogError(f"{path} is not in the form of a list: {faults}.") from error


def _text_of(path: Path) -> str | Problem:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        name = f"papers/{path.name}"
        return Problem(name, 1, f"the file cannot be read: {error}.", "Save it as UTF-8.")


def _read_entries(text: str | Problem, name: str) -> Iterator[Located | Problem]:
    if isinstance(text, Problem):
        yield text
        return
    try:
        nodes = list(entries_in(text))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        yield Problem(name, line, "not valid YAML.", yaml_sentence(error))
        return
    for node in nodes:
        if isinstance(node, Problem):
            yield Problem(name, node.line, node.message, node.remedy)
        else:
            yield from _read_entry(node, name)


def _read_entry(node: yaml.MappingNode, name: str) -> Iterator[Located | Problem]:
    line = node.start_mark.line + 1
    lines = {str(key.value): key.start_mark.line + 1 for key, _ in node.value}
    raw = {str(key.value): value for key, value in node.value}
    title = str(raw["title"].value) if isinstance(raw.get("title"), yaml.ScalarNode) else None
    if len(raw) < len(node.value):
        yield Problem(name, line, "a key stands twice in this entry.", "Keep one of them.", title)
        return
    unquoted = [
        Problem(
            name,
            lines[key],
            f"{key} is not text: {value.value}.",
            f'Quote it: {key}: "{value.value}".',
            title,
        )
        for key, value in raw.items()
        if key in _TEXT_KEYS
        and isinstance(value, yaml.ScalarNode)
        and not value.tag.endswith((":str", ":null"))
    ]
    if unquoted:
        yield from unquoted
        return
    try:
        entry = _entry_form().validate_python(_construct(node))
    except (ValidationError, yaml.YAMLError, ValueError) as error:
        faults = error.errors() if isinstance(error, ValidationError) else ()
        for fault in faults:
            key = str(fault["loc"][0]) if fault["loc"] else ""
            remedy = _description(key)
            yield Problem(name, lines.get(key, line), f"{_fault(fault)}.", remedy, title)
        if not faults:
            yield Problem(name, line, f"the entry cannot be read: {error}.", "Correct it.", title)
        return
    yield Located(entry, name, line, lines)


def _misplaced(one: Located, top: str, order: Mapping[str, int]) -> Problem | None:
    unknown = [path for path in one.entry.sections if path not in order]
    if unknown:
        near = get_close_matches(unknown[0], order, n=3, cutoff=0.4)
        remedy = f"Did you mean {' or '.join(near)}?" if near else "See the sections in list.yaml."
        return one.problem(f"there is no section {unknown[0]}.", remedy, key="sections")
    if one.entry.home.split("/")[0] != top:
        home = one.entry.home.split("/")[0]
        return one.problem(
            f"its home section {one.entry.home} is not of this file.",
            f"Move the entry to papers/{home}.yaml.",
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


def _description(key: str) -> str:
    schema = _entry_form().json_schema()["properties"]
    if key in schema:
        return f"It is to be: {schema[key].get('description', key)}"
    return f"The keys are: {', '.join(schema)}."


def yaml_sentence(error: yaml.YAMLError) -> str:
    """What is wrong with a YAML text, with where it is."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        at = f"line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1}"
        return (
            f"{error.problem or error.context} ({at}). Is a title with a colon or a # in quotes?"
        )
    return f"{error}."
