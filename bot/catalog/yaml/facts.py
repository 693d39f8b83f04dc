"""Reading and writing `facts.yaml`: the further facts of listed papers, by paper key.

The file is optional. A mistake in it excludes only the paper that contains it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

import yaml
from pydantic import ValidationError

from bot.catalog.facts import PaperFacts
from bot.catalog.yaml.document import NULL, Problem, compose, construct, yaml_message
from bot.catalog.yaml.schema import facts_type
from bot.catalog.yaml.write import SCHEMA_COMMENT, dump

FACTS_FILE = "facts.yaml"
_NAMES = tuple(field.name for field in fields(PaperFacts))
_HEADER = (
    SCHEMA_COMMENT.format(schema="schema/facts.json")
    + "# Facts of the listed papers, written by `papers facts`: what the named sources state.\n"
    + "# arXiv's and dblp's metadata is CC0; Crossref's facts are free of rights.\n\n"
)


def read_facts(text: str) -> tuple[Mapping[str, PaperFacts], tuple[Problem, ...]]:
    """Parse the text of the facts file: the valid facts by paper key, and the problems."""
    facts: dict[str, PaperFacts] = {}
    problems: list[Problem] = []
    for result in _read(text):
        if isinstance(result, Problem):
            problems.append(result)
        else:
            facts[result[0]] = result[1]
    return facts, tuple(problems)


def facts_text(facts: Mapping[str, PaperFacts]) -> str:
    """The text of the facts file, in the order of the keys, so that a new paper is new lines."""
    return _HEADER + "\n".join(dump({key: _values(facts[key])}) for key in sorted(facts))


def _read(text: str) -> Iterator[tuple[str, PaperFacts] | Problem]:
    try:
        node = compose(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        yield Problem(FACTS_FILE, line, "not valid YAML.", yaml_message(error))
        return
    if node is None or node.tag == NULL:
        return
    if not isinstance(node, yaml.MappingNode):
        remedy = 'Begin every paper with its key, such as "arxiv:2401.09670":.'
        yield Problem(FACTS_FILE, 1, "the file holds no papers by key.", remedy)
        return
    for key, value in node.value:
        yield _read_paper(str(key.value), key.start_mark.line + 1, value)


def _read_paper(key: str, line: int, node: yaml.Node) -> tuple[str, PaperFacts] | Problem:
    try:
        return key, facts_type().validate_python(construct(node))
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(part) for part in fault["loc"])
        remedy = f"The keys are: {', '.join(_NAMES)}."
        return Problem(FACTS_FILE, line, f"{key}: {where or 'the facts'}: {fault['msg']}.", remedy)
    except (yaml.YAMLError, ValueError) as error:
        return Problem(FACTS_FILE, line, f"{key} cannot be read: {error}.", "Correct it.")


def _values(facts: PaperFacts) -> dict[str, Any]:
    """The stated facts as YAML types; dates stay dates."""
    values = {name: getattr(facts, name) for name in _NAMES}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value
    }
