"""Every regular expression of the package, with its uses and with texts that attack it.

The expressions are read from the source: those that are compiled, and those that a call of `re`
states in place. So a new one is attacked without being named anywhere.
"""

import ast
import builtins
import importlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice, product
from pathlib import Path
from typing import Any

import bot
from tests.hostile.growth import Attack

# The parser of regular expressions in the standard library, which has no public name.
_codes: Any = importlib.import_module("re._constants")
_parser: Any = importlib.import_module("re._parser")

_PACKAGE = Path(bot.__file__).parent
# The methods that run an expression, with the position of the flags in `re`'s function.
_METHODS = {"match": 2, "fullmatch": 2, "search": 2, "findall": 2, "finditer": 2, "split": 3,
            "sub": 4, "subn": 4}  # fmt: skip
_COMMON = (" ", "\n", "a", "A", "0", "(", "[", "<", "\\", "é", "\u00a0")
_ENDS = ("", "\x00", "!\n", " ?")
_REPEATS = {_codes.MAX_REPEAT, _codes.MIN_REPEAT, _codes.POSSESSIVE_REPEAT}
_CHARACTERS = {_codes.LITERAL, _codes.NOT_LITERAL, _codes.IN, _codes.ANY}
_MAX_SAMPLE = 200
_MAX_INNER = 12
_OF_CATEGORY = {
    _codes.CATEGORY_SPACE: " ",
    _codes.CATEGORY_NOT_SPACE: "a",
    _codes.CATEGORY_DIGIT: "0",
    _codes.CATEGORY_NOT_DIGIT: "a",
    _codes.CATEGORY_WORD: "a",
    _codes.CATEGORY_NOT_WORD: "-",
}

Place = tuple[str, int]
"""A module and a line of it."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A regular expression, its place in the source, and the methods that run it."""

    place: str
    pattern: re.Pattern[Any]
    methods: tuple[str, ...]

    def run(self, method: str, text: str) -> None:
        """Run one of the methods on a text, to the end."""
        pattern = self.pattern
        subject = text.encode("utf-8", "replace") if isinstance(pattern.pattern, bytes) else text
        if method in {"sub", "subn"}:
            pattern.sub(subject[:0], subject)
        elif method == "finditer":
            sum(1 for _ in pattern.finditer(subject))
        else:
            getattr(pattern, method)(subject)

    @property
    def calls(self) -> Iterator[tuple[str, Callable[[str], object]]]:
        """The methods with the functions that run them."""
        return ((method, partial(self.run, method)) for method in self.methods)

    @property
    def attacks(self) -> tuple[Attack, ...]:
        """Texts of any length: a beginning that matches, repetitions, an end that does not."""
        source = self.pattern.pattern
        is_bytes = isinstance(source, bytes)
        text = source.decode("latin-1") if is_bytes else source
        tree = _parser.parse(text, 0 if is_bytes else self.pattern.flags & ~re.DEBUG)
        starts = ["", *dict.fromkeys(_beginnings(tree))]
        pumps = dict.fromkeys([*_pieces(tree), *starts[1:], *_COMMON])
        return tuple(Attack(*parts) for parts in product(starts, pumps, _ENDS))


def expressions() -> tuple[Expression, ...]:
    """All regular expressions of the package, in the order of its modules and lines."""
    trees = {_module(path): ast.parse(path.read_text("utf-8")) for path in _sources()}
    patterns: dict[Place, re.Pattern[Any]] = {}
    methods: dict[Place, set[str]] = {}
    names: dict[tuple[str, str], Place] = {}
    for module, tree in trees.items():
        for call, function in _calls_of_re(tree):
            place = module, call.lineno
            patterns[place] = _compiled(module, call, function)
            methods[place] = {function} - {"compile"}
        names |= _names(module, tree, patterns)
    for module, tree in trees.items():
        for name, method in _uses(tree):
            origin = _imports(tree).get(name, (module, name))
            if origin in names:
                methods[names[origin]].add(method)
    return tuple(
        Expression(f"{module}:{line}", pattern, tuple(sorted(methods[module, line] or {"search"})))
        for (module, line), pattern in patterns.items()
    )


def _sources() -> Iterable[Path]:
    return sorted(_PACKAGE.rglob("*.py"))


def _module(path: Path) -> str:
    return ".".join(path.relative_to(_PACKAGE.parent).with_suffix("").parts)


def _calls_of_re(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=str(name))) if (
                name == "compile" or name in _METHODS
            ):
                yield node, name
            case _:
                pass


def _names(
    module: str, tree: ast.Module, patterns: Iterable[Place]
) -> Iterator[tuple[tuple[str, str], Place]]:
    """The variables of a module that hold an expression."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=str(name))], value=ast.Call(lineno=line)):
                if (module, line) in patterns:
                    yield (module, name), (module, line)
            case _:
                pass


def _uses(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The names whose methods a module uses as those of an expression."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=str(name)), attr=str(method)):
                if method in _METHODS:
                    yield name, method
            case _:
                pass


def _imports(tree: ast.Module) -> dict[str, tuple[str, str]]:
    return {
        alias.asname or alias.name: (node.module or "", alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def _compiled(module: str, call: ast.Call, function: str) -> re.Pattern[Any]:
    """The expression of a call; a name that only its function knows stands for a word."""
    stated = [keyword.value for keyword in call.keywords if keyword.arg == "flags"]
    positional = call.args[1 if function == "compile" else _METHODS[function] :]
    names = _Names(module)
    pattern, *flags = (
        eval(  # noqa: S307  # of the package's own source
            compile(ast.Expression(node), module, "eval"), names, names
        )
        for node in (call.args[0], *(stated or positional)[:1])
    )
    return re.compile(pattern, *flags)


class _Names(dict[str, Any]):
    """The names of a module; `x` for an unknown one."""

    def __init__(self, module: str) -> None:
        # A migration is named by a number and runs only within a migration.
        is_named = all(part.isidentifier() for part in module.split("."))
        is_program = module.endswith(("__main__", "gunicorn_conf", "migrations.env"))
        if is_named and not is_program:
            importlib.import_module(module)
        super().__init__(vars(sys.modules.get(module, re)) | {"re": re})

    def __missing__(self, name: str) -> Any:
        return vars(builtins).get(name, "x")


def _pieces(tree: Any) -> Iterator[str]:
    """Texts for the pieces of an expression, one by one."""
    for code, argument in tree:
        for inner in _inner(code, argument):
            yield from _pieces(inner)
            sample = _sample(inner)
            if 0 < len(sample) < _MAX_SAMPLE:
                yield sample
        if code in _CHARACTERS:
            yield from _characters(code, argument)


def _beginnings(tree: Any) -> Iterator[str]:
    """Texts that match the beginning of an expression or of a part of it."""
    items = list(tree)
    for count, least in product(range(1, len(items) + 1), (0, 1)):
        sample = _sample(items[:count], least)
        if 0 < len(sample) < _MAX_SAMPLE:
            yield sample
    for code, argument in items:
        for inner in _inner(code, argument):
            yield from islice(_beginnings(inner), _MAX_INNER)


def _inner(code: Any, argument: Any) -> list[Any]:
    """The expressions within a piece of an expression."""
    if code in _REPEATS:
        return [argument[2]]
    if code is _codes.SUBPATTERN:
        return [argument[3]]
    if code is _codes.BRANCH:
        return list(argument[1])
    if code in {_codes.ASSERT, _codes.ASSERT_NOT}:
        return [argument[1]]
    return [argument] if code is _codes.ATOMIC_GROUP else []


def _sample(tree: Any, least: int = 1) -> str:
    """A text that an expression matches, apart from what it looks ahead and behind for.

    `least` is how often it holds what may be left out.
    """
    text = ""
    for code, argument in tree:
        if code in _CHARACTERS:
            text += next(iter(_characters(code, argument)), "")
        elif code not in {_codes.ASSERT, _codes.ASSERT_NOT}:
            times = max(argument[0], min(least, argument[1])) if code in _REPEATS else 1
            text += "".join(_sample(inner, least) for inner in _inner(code, argument)[:1]) * times
    return text


def _characters(code: Any, argument: Any) -> list[str]:
    """Characters that one position of an expression accepts."""
    if code is _codes.LITERAL:
        return [chr(argument)]
    if code is _codes.ANY:
        return ["a", " "]
    items = [(code, argument)] if code is _codes.NOT_LITERAL else argument
    if items[0][0] in {_codes.NEGATE, _codes.NOT_LITERAL}:
        return [c for c in "a 0-.(,;é\n" if not any(_holds(item, c) for item in items)][:3]
    return [_character(*item) for item in items][:6]


def _character(code: Any, value: Any) -> str:
    """A character of an item of a class."""
    if code is _codes.CATEGORY:
        return _OF_CATEGORY[value]
    return chr(value[0] if code is _codes.RANGE else value)


def _holds(item: tuple[Any, Any], character: str) -> bool:
    """Tell whether an item of a class holds a character."""
    code, value = item
    if code is _codes.CATEGORY:
        category = str(value).removeprefix("CATEGORY_").lower()
        kind = {"space": r"\s", "digit": r"\d", "word": r"\w"}[category.removeprefix("not_")]
        return bool(re.match(kind, character)) != category.startswith("not_")
    if code is _codes.RANGE:
        return bool(value[0] <= ord(character) <= value[1])
    return code is not _codes.NEGATE and bool(ord(character) == value)
