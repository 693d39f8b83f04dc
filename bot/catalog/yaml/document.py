"""YAML documents with the positions of their nodes, and problems located in them."""

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
NULL = "tag:yaml.org,2002:null"
MAX_FILE_SIZE = 10_000_000
"""Bytes of a file that are read; 1,000 entries take about 300,000."""
_MAX_DEPTH = 50  # the deepest sections have 20; libyaml recurses, and ends the process far deeper
_MAX_NUMBER = 100  # characters; Python reads longer ones in quadratic time
_NUMBER_STARTS = frozenset("+-.0123456789")


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in `data/`: its location, a message and a remedy."""

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


class YamlLimitError(yaml.MarkedYAMLError):
    """A document with more depth, size or expansion than a list needs."""


def compose(text: str) -> yaml.Node | None:
    """Parse YAML into nodes with their positions.

    Raises yaml.YAMLError; YamlLimitError before anything is built that is too deep or too large.
    """
    _check_limits(text)
    loader = _Loader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def yaml_message(error: yaml.YAMLError) -> str:
    """A YAML error as a sentence with its position and a hint."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        at = f"line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1}"
        hint = (
            ""
            if isinstance(error, YamlLimitError)
            else " Is a title with a colon or a # in quotes?"
        )
        return f"{error.problem or error.context} ({at}).{hint}"
    return f"{error}."


def read_file(path: Path) -> str:
    """The text of a file of a list. Raises OSError, also for what is no file or too large."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError("it is not a file")
    if status.st_size > MAX_FILE_SIZE:
        raise OSError(f"it has more than {MAX_FILE_SIZE // 1_000_000} MB")
    return path.read_bytes().decode("utf-8")


def construct(node: yaml.Node) -> Any:
    """The value of a node, as `yaml.safe_load` would construct it."""
    loader = _Loader("")
    try:
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _check_limits(text: str) -> None:
    """Raise YamlLimitError for a text that would take long, or end the process, to build.

    libyaml reads events one by one, whatever their depth; only building nodes recurses.
    """
    if len(text) > MAX_FILE_SIZE:
        raise YamlLimitError(problem=f"It has more than {MAX_FILE_SIZE // 1_000_000} MB")
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            fault = f"More than {_MAX_DEPTH} levels of lists and keys; a list needs far fewer"
        elif isinstance(event, yaml.AliasEvent):
            fault = f"An alias (*{(event.anchor or '')[:40]}); write its value out"
        elif isinstance(event, yaml.ScalarEvent) and _is_long_number(event):
            fault = f"A number of more than {_MAX_NUMBER} characters; quote it if it is text"
        else:
            continue
        mark: Any = event.start_mark  # of libyaml's own class
        raise YamlLimitError(problem=fault, problem_mark=mark)


def _is_long_number(event: yaml.ScalarEvent) -> bool:
    """Tell whether a long scalar may be a number, or is of a type that is stated."""
    text = event.value or ""
    if len(text) <= _MAX_NUMBER:
        return False
    if event.tag is not None:
        return not event.tag.endswith(("!", ":str"))
    return event.implicit[0] and text[0] in _NUMBER_STARTS and " " not in text
