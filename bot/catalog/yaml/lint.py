"""Problems of a list whose files can be read: repeated papers, links, names, order.

`yaml/read.py` checks the form of each entry; this module compares entries with each other and with
`list.yaml`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from bot.catalog.identity import keys, link_of, same_paper
from bot.catalog.links import read_link
from bot.catalog.markdown.inline import markdown_parser
from bot.catalog.markdown.parse import DEEPEST
from bot.catalog.model import Catalog, ListInfo, Section, compact
from bot.catalog.names import KnownNames, Names
from bot.catalog.yaml.read import Loaded, Located, Problem

_LIST = "list.yaml"


def lint(loaded: Loaded, shipped: KnownNames) -> tuple[Problem, ...]:
    """Every problem of a catalog, reading problems included, by file and line."""
    names = KnownNames.of(loaded.catalog.info).merged(shipped)
    found = [
        *loaded.problems,
        *_list_problems(loaded.catalog),
        *_repeats(loaded.located),
        *_shared_links(loaded.located),
        *_unsorted(loaded),
    ]
    for one in loaded.located:
        found += [*_link_problems(one), *_name_problems(one, names), *_text_problems(one)]
    return tuple(sorted(found, key=lambda problem: (problem.file, problem.line, problem.message)))


def _repeats(located: Iterable[Located]) -> Iterator[Problem]:
    """One paper as two entries: in one section a mistake, in two a cross-listing written twice."""
    for first, second in _sharing(located):
        if not same_paper(first.entry, second.entry):
            continue
        where = f"{first.file}:{first.line}"
        shared = set(first.entry.sections) & set(second.entry.sections)
        if shared:
            yield second.problem(
                f"the same paper as {where}, in the same section.", "Remove one of them."
            )
        else:
            yield second.problem(
                f"the same paper as {where}.",
                "Keep one entry and name both sections in it, the home section first.",
            )


def _shared_links(located: Iterable[Located]) -> Iterator[Problem]:
    for first, second in _sharing(located):
        one, other = link_of(first.entry), link_of(second.entry)
        if one and other and one.key == other.key and not same_paper(first.entry, second.entry):
            yield second.problem(
                f"its link is also that of {first.entry.title!r} ({first.file}:{first.line}).",
                "Find out which of the two it belongs to.",
                key="url",
                is_error=False,
            )


def _sharing(located: Iterable[Located]) -> Iterator[tuple[Located, Located]]:
    """Pairs of entries that share a link or a title; each pair once."""
    seen: dict[str, list[Located]] = defaultdict(list)
    for one in located:
        partners = {id(other): other for key in sorted(keys(one.entry)) for other in seen[key]}
        yield from ((other, one) for other in partners.values())
        for key in keys(one.entry):
            seen[key].append(one)


def _link_problems(one: Located) -> Iterator[Problem]:
    entry = one.entry
    if entry.url is None:
        if entry.arxiv or entry.doi:
            yield one.problem(
                "it has an id and no url.", "Add the url, such as https://arxiv.org/abs/ID."
            )
        else:
            yield one.problem("it has no link.", "Add its url when there is one.", is_error=False)
        return
    link = read_link(entry.url)
    if link is None:
        yield one.problem("its url is no web address.", "Write https://…", key="url")
        return
    for key, written, right in (
        ("url", entry.url, link.url),
        ("arxiv", entry.arxiv, link.arxiv),
        ("doi", entry.doi, link.doi),
    ):
        if written != right and not (key == "doi" and right is None):
            remedy = (
                f'Write {key}: "{right}".' if right else f"Take the {key} out, or correct the url."
            )
            yield one.problem(
                f"{key} is {written or 'missing'}, its link says otherwise.", remedy, key=key
            )


def _name_problems(one: Located, names: KnownNames) -> Iterator[Problem]:
    if one.entry.venue:
        yield from _name_problem(one, "venue", one.entry.venue, names.venues)
    for org in one.entry.orgs:
        yield from _name_problem(one, "orgs", org, names.orgs)


def _name_problem(one: Located, key: str, written: str, names: Names) -> Iterator[Problem]:
    known = names.canonical(written)
    if known == written:
        return
    what = "venue" if key == "venue" else "organisation"
    kind = "venues" if key == "venue" else "orgs"
    if known:
        yield one.problem(
            f"the {what} {written} is spelled {known} on this list.", f"Write {known}.", key=key
        )
        return
    near = get_close_matches(written, names.spellings, n=2, cutoff=0.6)
    guess = f"Did you mean {' or '.join(near)}? If not, add" if near else "Add"
    yield one.problem(
        f"unknown {what} {written}.", f"{guess} it under {kind} in list.yaml.", key=key
    )


def _text_problems(one: Located) -> Iterator[Problem]:
    for key in ("title", "venue", "note"):
        text = getattr(one.entry, key)
        if text and text != " ".join(text.split()):
            yield one.problem(f"the {key} has irregular spaces.", "Use single spaces.", key=key)
    if len(set(one.entry.sections)) < len(one.entry.sections):
        yield one.problem("a section stands twice.", "Name each section once.", key="sections")


def _unsorted(loaded: Loaded) -> Iterator[Problem]:
    """Within a file the entries stand in the order of the sections."""
    order = {path: at for at, path in enumerate(loaded.catalog.places)}
    highest: dict[str, Located] = {}
    for one in sorted(loaded.located, key=lambda one: (one.file, one.line)):
        last = highest.get(one.file)
        if last and order[last.entry.home] > order[one.entry.home]:
            yield one.problem(
                f"it stands after entries of {last.entry.home}.",
                f"Move it to the end of the entries of {one.entry.home}.",
                key="sections",
            )
        else:
            highest[one.file] = one


def _list_problems(catalog: Catalog) -> Iterator[Problem]:
    info = catalog.info
    for place in catalog.places.values():
        if place.depth > DEEPEST:
            message = f"the section {place.path} is nested deeper than {DEEPEST}."
            yield Problem(_LIST, 1, message, "Markdown has six headings: move it up.")
    yield from _sibling_problems(info.sections, "")
    yield from _alias_problems(info)
    blocks = {
        token.type for token in markdown_parser().parse(info.introduction) if token.level == 0
    }
    if blocks - {"paragraph_open", "paragraph_close"}:
        yield Problem(
            _LIST,
            1,
            "the introduction is more than paragraphs.",
            "Keep lists and headings out of it.",
        )


def _sibling_problems(sections: tuple[Section, ...], above: str) -> Iterator[Problem]:
    for key in ("id", "title"):
        seen: set[str] = set()
        for section in sections:
            value = getattr(section, key)
            if value in seen:
                message = f"two sections{f' of {above}' if above else ''} have the {key} {value}."
                yield Problem(_LIST, 1, message, f"Give each its own {key}.")
            seen.add(value)
    for section in sections:
        yield from _sibling_problems(section.sections, f"{above}/{section.id}".lstrip("/"))


def _alias_problems(info: ListInfo) -> Iterator[Problem]:
    for kind, spellings in (("venues", info.venues), ("orgs", info.orgs)):
        yield from _ambiguous(kind, spellings)


def _ambiguous(kind: str, spellings: Mapping[str, tuple[str, ...]]) -> Iterator[Problem]:
    owner: dict[str, str] = {}
    for name, others in spellings.items():
        for spelling in (name, *others):
            other = owner.setdefault(compact(spelling), name)
            if other != name:
                message = f"{spelling} under {kind} means both {other} and {name}."
                yield Problem(_LIST, 1, message, "Keep it under one of them.")
