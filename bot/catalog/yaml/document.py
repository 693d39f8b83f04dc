"""YAML documents with the positions of their nodes, and problems located in them."""

from dataclasses import dataclass
from typing import Any

import yaml

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
NULL = "tag:yaml.org,2002:null"


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


def compose(text: str) -> yaml.Node | None:
    """Parse YAML into nodes with their positions. Raises yaml.YAMLError."""
    loader = _Loader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def yaml_message(error: yaml.YAMLError) -> str:
    """A YAML error as a sentence with its position and a hint."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        at = f"line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1}"
        return (
            f"{error.problem or error.context} ({at}). Is a title with a colon or a # in quotes?"
        )
    return f"{error}."


def construct(node: yaml.Node) -> Any:
    """The value of a node, as `yaml.safe_load` would construct it."""
    loader = _Loader("")
    try:
        return loader.construct_document(node)
    finally:
        loader.dispose()
