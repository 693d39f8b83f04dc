"""Checks of a catalog whose files can be read: repeated papers, links, names, order.

`yaml/read.py` checks the form of each entry; this module compares entries with each other and with
`list.yaml`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from bot.catalog.hosts import looks_like_address
from bot.catalog.identity import keys, keys_for, link_of, same_paper
from bot.catalog.links import mixed_host, read_link
from bot.catalog.markdown.dialect import markdown_parser
from bot.catalog.markdown.parse import MAX_DEPTH
from bot.catalog.model import LONGEST_TITLE, Catalog, Section, compact, section_ranks
from bot.catalog.names import KnownNames, Names
from bot.catalog.yaml.document import Problem
from bot.catalog.yaml.facts import FACTS_FILE
from bot.catalog.yaml.read import LoadedCatalog, LocatedEntry


def lint(loaded: LoadedCatalog, shipped: KnownNames) -> tuple[Problem, ...]:
    """All problems of a catalog, those of reading included, by file and line."""
    names = KnownNames.of(loaded.catalog.info).merged(shipped)
    problems = [
        *loaded.problems,
        *_list_problems(loaded.catalog),
        *_pair_problems(loaded.located),
        *_misordered(loaded),
        *_unlisted_facts(loaded.catalog),
    ]
    for located in loaded.located:
        problems += _link_problems(located)
        problems += _name_problems(located, names)
        problems += _text_problems(located)
    return tuple(
        sorted(problems, key=lambda problem: (problem.file, problem.line, problem.message))
    )


def _pair_problems(located: Iterable[LocatedEntry]) -> Iterator[Problem]:
    """A paper listed twice, or a link of two papers."""
    for first, second in _pairs_with_a_shared_key(located):
        where = f"{first.file}:{first.line}"
        link, other = link_of(first.entry), link_of(second.entry)
        if same_paper(first.entry, second.entry):
            message, remedy = f"the same paper as {where}", "Remove one of them."
            if set(first.entry.sections) & set(second.entry.sections):
                message = f"{message}, in the same section"
            else:
                remedy = "Keep one entry and name both sections in it, the home section first."
            yield second.problem(f"{message}.", remedy)
        elif link and other and link.key == other.key:
            yield second.problem(
                f"its link is also that of {first.entry.title!r} ({where}).",
                "Find out which of the two it belongs to.",
                key="url",
                is_error=False,
            )


def _pairs_with_a_shared_key(
    located: Iterable[LocatedEntry],
) -> Iterator[tuple[LocatedEntry, LocatedEntry]]:
    """Pairs of entries that share a link or a title, each pair once."""
    by_key: dict[str, list[LocatedEntry]] = defaultdict(list)
    for entry in located:
        entry_keys = sorted(keys(entry.entry))
        partners = {id(other): other for key in entry_keys for other in by_key[key]}
        yield from ((other, entry) for other in partners.values())
        for key in entry_keys:
            by_key[key].append(entry)


def _link_problems(located: LocatedEntry) -> Iterator[Problem]:
    entry = located.entry
    if entry.url is None:
        if entry.arxiv or entry.doi:
            remedy = "Add the url, such as https://arxiv.org/abs/ID."
            yield located.problem("it has an id and no url.", remedy)
        else:
            remedy = "Add its url when there is one."
            yield located.problem("it has no link.", remedy, is_error=False)
        return
    link = read_link(entry.url)
    if link is None:
        yield located.problem("its url is not a web address.", "Write https://…", key="url")
        return
    for key, written, right in (
        ("url", entry.url, link.url),
        ("arxiv", entry.arxiv, link.arxiv),
        ("doi", entry.doi, link.doi),
    ):
        if written != right and not (key == "doi" and right is None):
            remedy = (
                f'Write {key}: "{right}".' if right else f"Remove the {key} or correct the url."
            )
            yield located.problem(
                f"{key} is {written or 'missing'}, which disagrees with its link.", remedy, key=key
            )


def _name_problems(located: LocatedEntry, names: KnownNames) -> Iterator[Problem]:
    entry = located.entry
    for noun, key, kind, written, known in (
        ("venue", "venue", "venues", [entry.venue] if entry.venue else [], names.venues),
        ("organisation", "orgs", "orgs", entry.orgs, names.orgs),
    ):
        for name in written:
            canonical = known.canonical(name)
            if canonical is None:
                message, remedy = (
                    f"unknown {noun} {name}.",
                    _missing_name_remedy(name, kind, known),
                )
                yield located.problem(message, remedy, key=key)
            elif canonical != name:
                message = f"the {noun} {name} is spelled {canonical} on this list."
                yield located.problem(message, f"Write {canonical}.", key=key)


def _missing_name_remedy(name: str, kind: str, known: Names) -> str:
    near = get_close_matches(name, known.spellings, n=2, cutoff=0.6)
    guess = f"Did you mean {' or '.join(near)}? If not, add" if near else "Add"
    return f"{guess} it under {kind} in list.yaml."


def _text_problems(located: LocatedEntry) -> Iterator[Problem]:
    for key in ("title", "venue", "note"):
        text = getattr(located.entry, key)
        if text and text != " ".join(text.split()):
            yield located.problem(
                f"the {key} has irregular spaces.", "Use single spaces.", key=key
            )
    title = located.entry.title
    if looks_like_address(title):
        remedy = "Write the paper's title."
        yield located.problem(
            "its title looks like a web address.", remedy, key="title", is_error=False
        )
    if len(title) > LONGEST_TITLE:
        message = f"its title has more than {LONGEST_TITLE} characters."
        yield located.problem(message, "Shorten it.", key="title", is_error=False)
    if located.entry.url and (host := mixed_host(located.entry.url)):
        message, remedy = (
            f"its address mixes alphabets: {host}.",
            "Make sure that it is the right one.",
        )
        yield located.problem(message, remedy, key="url", is_error=False)
    sections = located.entry.sections
    if len(set(sections)) < len(sections):
        remedy = "Name each section once."
        yield located.problem("a section is named twice.", remedy, key="sections")


def _misordered(loaded: LoadedCatalog) -> Iterator[Problem]:
    """Entries that are not in the order of the sections within their file."""
    ranks = section_ranks(loaded.catalog.info.sections)
    latest: dict[str, LocatedEntry] = {}
    for located in sorted(loaded.located, key=lambda located: (located.file, located.line)):
        home, last = located.entry.home, latest.get(located.file)
        if last and ranks[last.entry.home] > ranks[home]:
            yield located.problem(
                f"it comes after entries of {last.entry.home}.",
                f"Move it to the end of the entries of {home}.",
                key="sections",
            )
        else:
            latest[located.file] = located


def _list_problems(catalog: Catalog) -> Iterator[Problem]:
    info = catalog.info
    for place in catalog.places.values():
        if place.depth > MAX_DEPTH:
            message = f"the section {place.path} is nested deeper than {MAX_DEPTH}."
            yield _list_problem(message, "Markdown has six headings: move it up.")
    yield from _sibling_problems(info.sections, "")
    yield from _ambiguous_names("venues", info.venues)
    yield from _ambiguous_names("orgs", info.orgs)
    tokens = markdown_parser().parse(info.introduction)
    blocks = {token.type for token in tokens if token.level == 0}
    if blocks - {"paragraph_open", "paragraph_close"}:
        message = "the introduction is more than paragraphs."
        yield _list_problem(message, "Keep lists and headings out of it.")


def _unlisted_facts(catalog: Catalog) -> Iterator[Problem]:
    listed = {
        key
        for entry in catalog.entries
        for key in keys_for(entry.title, arxiv=entry.arxiv, doi=entry.doi)
    }
    for key in sorted(set(catalog.facts) - listed):
        message = f"no listed paper has the key {key}."
        yield Problem(FACTS_FILE, 1, message, "Remove these facts.", is_error=False)


def _sibling_problems(sections: tuple[Section, ...], parent: str) -> Iterator[Problem]:
    for key in ("id", "title"):
        seen: set[str] = set()
        for section in sections:
            value = getattr(section, key)
            if value in seen:
                message = (
                    f"two sections{f' of {parent}' if parent else ''} have the {key} {value}."
                )
                yield _list_problem(message, f"Give each its own {key}.")
            seen.add(value)
    for section in sections:
        yield from _sibling_problems(section.sections, f"{parent}/{section.id}".lstrip("/"))


def _ambiguous_names(kind: str, spellings: Mapping[str, tuple[str, ...]]) -> Iterator[Problem]:
    owner: dict[str, str] = {}
    for name, others in spellings.items():
        for spelling in (name, *others):
            other = owner.setdefault(compact(spelling), name)
            if other != name:
                message = f"{spelling} under {kind} means both {other} and {name}."
                yield _list_problem(message, "Keep it under one of them.")


def _list_problem(message: str, remedy: str) -> Problem:
    return Problem("list.yaml", 1, message, remedy)
