"""The form with the fields of an entry: to suggest, edit or correct a paper. Pure."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from pydantic import TypeAdapter, ValidationError
from slack_sdk.models.blocks import (
    Block,
    InputBlock,
    Option,
    OptionGroup,
    PlainTextInputElement,
    StaticMultiSelectElement,
)
from slack_sdk.models.views import View

from bot.catalog.hosts import looks_like_address
from bot.catalog.links import LONGEST_ADDRESS, Link, read_reference
from bot.catalog.model import LONGEST_TITLE, Catalog, Entry
from bot.catalog.names import KnownNames
from bot.slack.blocks.cards import MAX_OPTIONS, OPTION_VALUE, section_option
from bot.slack.blocks.modals import FormFaults, modal, select_element, text_element
from bot.slack.payloads import FormValues

EDITED, SUGGESTED, CORRECTED = (f"review:{name}:form" for name in ("edit", "suggest", "correct"))

_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)
_MAX_SECTIONS = 5

Purpose = Literal["suggest", "edit", "correct"]


def entry_form(
    purpose: Purpose, about: str, entry: Entry | None, catalog: Catalog, link: Link | None = None
) -> View:
    """The fields of an entry, filled with those of `entry`, or with a link.

    `about` comes back with the submission: the suggestion's number, the listed entry's key, or the
    address that is suggested.
    """
    callback, title, submit, question = {
        "suggest": (SUGGESTED, "Suggest for the list", "Suggest", "Why?"),
        "edit": (EDITED, "Edit", "Save", None),
        "correct": (CORRECTED, "Suggest a correction", "Suggest", "What is wrong?"),
    }[purpose]
    blocks = list(_fields(entry, catalog, link.url if link else ""))
    if question:
        words = text_element(multiline=True)
        blocks.append(InputBlock(block_id="why", label=question, element=words, optional=True))
    if purpose == "correct":
        options = [
            Option(value="correct", text="Correct it as above"),
            Option(value="remove", text="Take it off the list"),
        ]
        what = select_element(options, "What?", 0)
        blocks.append(InputBlock(block_id="removal", label="What is to happen", element=what))
    return modal(callback, title, submit, about, blocks)


def read_entry(
    values: FormValues, base: Entry | None, names: KnownNames, sections: Collection[str]
) -> Entry | FormFaults:
    """The entry that a form describes; `base` gives what the form does not ask for.

    Venues and organisations become the names that the list has for them. `sections` are the paths
    of the list's sections.
    """
    link = read_reference(values.text("url"))
    if faults := dict(_faults(values, link, sections)):
        return FormFaults(faults)
    year, venue = values.text("year"), values.text("venue")
    orgs = filter(None, map(str.strip, re.split(r"[,;]", values.text("orgs"))))
    fields = {
        "title": _whole_title(values),
        "url": link.url if link else None,
        "arxiv": link.arxiv if link else None,
        "doi": link.doi if link else None,
        "venue": (names.venues.canonical(venue) or venue) if venue else None,
        "year": int(year) if year else None,
        "orgs": tuple(dict.fromkeys(names.orgs.canonical(org) or org for org in orgs)),
        "note": values.text("note") or None,
        "sections": values.choices("sections"),
    }
    try:
        entry = _ENTRY.validate_python(fields)
    except ValidationError as error:
        faults = {str(fault["loc"][0]): fault["msg"] for fault in error.errors() if fault["loc"]}
        shown = {block: text for block, text in faults.items() if block in fields}
        return FormFaults(shown or {"title": "?"})
    return replace(entry, added=base.added, by=base.by) if base else entry


def _faults(
    values: FormValues, link: Link | None, sections: Collection[str]
) -> Iterator[tuple[str, str]]:
    """The fields with mistakes, each with its remedy."""
    title, url, year = _whole_title(values), values.text("url"), values.text("year")
    if looks_like_address(title):
        yield "title", "This looks like a web address. Write the paper’s title."
    elif len(title) > LONGEST_TITLE:
        yield "title", f"At most {LONGEST_TITLE} characters, with the name."
    if len(url) > LONGEST_ADDRESS:
        yield "url", f"At most {LONGEST_ADDRESS:,} characters."
    elif url and link is None:
        yield "url", "A whole web address is needed, beginning with https://."
    if year and not re.fullmatch(r"\d{4}", year):
        yield "year", "A year in four digits, such as 2025."
    chosen = values.choices("sections")
    if not chosen:
        yield "sections", "Choose at least one section."
    elif not set(chosen) <= set(sections):
        yield "sections", "A section is not on the list any more. Open the form again."


def _whole_title(values: FormValues) -> str:
    name, title = values.text("name"), values.text("title")
    return f"{name}: {title}" if name else title


def _fields(entry: Entry | None, catalog: Catalog, url: str) -> Iterator[Block]:
    name = title = venue = year = orgs = note = ""
    if entry:
        name, url, year = entry.name or "", entry.url or "", str(entry.year or "")
        title = entry.title[len(name) + 2 :] if name else entry.title
        venue, orgs, note = entry.venue or "", ", ".join(entry.orgs), entry.note or ""
    yield InputBlock(
        block_id="title",
        label="Title",
        element=text_element(title, max_length=480),
        hint="Without the name before the colon.",
    )
    yield _optional("name", "Name", text_element(name, max_length=100), "DistServe, vLLM, …")
    yield _optional("url", "Link", text_element(url, max_length=1000))
    yield _sections(entry.sections if entry else (), catalog)
    yield _optional("venue", "Venue", text_element(venue, max_length=100))
    yield _optional("year", "Year", text_element(year, max_length=4))
    separated = "Separated by commas."
    yield _optional("orgs", "Organisations", text_element(orgs, max_length=300), separated)
    yield _optional("note", "Note", text_element(note, max_length=200))


def _optional(
    block: str, label: str, element: PlainTextInputElement, hint: str | None = None
) -> InputBlock:
    return InputBlock(block_id=block, label=label, element=element, hint=hint, optional=True)


def _sections(chosen: Sequence[str], catalog: Catalog) -> InputBlock:
    paths = [path for path in catalog.places if len(path) <= OPTION_VALUE]
    options = {path: section_option(catalog, path) for path in paths}
    groups = [
        OptionGroup(
            label="Sections" if len(paths) <= MAX_OPTIONS else f"Sections from {first + 1}",
            options=[options[path] for path in paths[first : first + MAX_OPTIONS]],
        )
        for first in range(0, len(paths), MAX_OPTIONS)
    ]
    select = StaticMultiSelectElement(
        action_id="value",
        placeholder="The home section first",
        option_groups=groups,
        initial_options=[options[path] for path in chosen if path in options] or None,
        max_selected_items=_MAX_SECTIONS,
    )
    return InputBlock(block_id="sections", label="Sections, its home first", element=select)
