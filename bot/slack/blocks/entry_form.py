"""The form with the fields of an entry: to suggest or correct a paper. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
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
from bot.slack.blocks.text import small_print
from bot.slack.payloads import FormValues

EDITED, SUGGESTED, CORRECTED = (f"review:{name}:form" for name in ("edit", "suggest", "correct"))

_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)
_MAX_SECTIONS = 5
MOST: Mapping[str, int] = {
    "title": 480, "name": 100, "url": 1000, "venue": 100, "year": 4, "orgs": 300, "note": 200,
}  # fmt: skip
"""The longest texts of a form's fields, in characters, by block id."""

_NO_REMARKS: Mapping[str, str] = {}

Purpose = Literal["suggest", "correct"]


def entry_form(
    purpose: Purpose, about: str, entry: Entry | None, catalog: Catalog, link: Link | None = None
) -> View:
    """The fields of an entry, filled with those of `entry`, or with a link.

    `about` comes back with the submission: the listed entry's key, or the address that is
    suggested.
    """
    callback, title, submit, question = {
        "suggest": (SUGGESTED, "Suggest for the list", "Suggest", "Why?"),
        "correct": (CORRECTED, "Suggest a correction", "Suggest", "What is wrong?"),
    }[purpose]
    blocks = list(entry_fields(form_values(entry, link.url if link else ""), catalog))
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


def form_values(entry: Entry | None, url: str = "") -> FormValues:
    """The values of a form's fields for an entry, or for an address alone."""
    if entry is None:
        return FormValues({"url": (url,) if url else ()})
    name = entry.name or ""
    texts = {
        "title": entry.title[len(name) + 2 :] if name else entry.title,
        "name": name,
        "url": entry.url or "",
        "venue": entry.venue or "",
        "year": str(entry.year or ""),
        "orgs": ", ".join(entry.orgs),
        "note": entry.note or "",
    }
    fields = {block: (text,) if text else () for block, text in texts.items()}
    return FormValues({**fields, "sections": entry.sections})


def entry_fields(
    values: FormValues,
    catalog: Catalog,
    remarks: Mapping[str, str] = _NO_REMARKS,
    action_id: str = "value",
) -> Iterator[Block]:
    """The fields of an entry, filled in; remarks stand below their fields, by block id.

    Slack keeps what is typed in a form that it shows again, unless the field's action id differs.
    """
    for block in _input_blocks(values, catalog, action_id):
        yield block
        if remark := remarks.get(str(block.block_id)):
            yield small_print(remark)


def _input_blocks(values: FormValues, catalog: Catalog, action_id: str) -> Iterator[InputBlock]:
    def text(block: str) -> PlainTextInputElement:
        initial, most = values.text(block), MOST[block]
        return text_element(initial, max_length=most, action_id=action_id)

    hint = "Without the name before the colon."
    yield InputBlock(block_id="title", label="Title", element=text("title"), hint=hint)
    yield _optional("name", "Name", text("name"), "DistServe, vLLM, …")
    yield _optional("url", "Link", text("url"))
    yield _sections(values.choices("sections"), catalog, action_id)
    yield _optional("venue", "Venue", text("venue"))
    yield _optional("year", "Year", text("year"))
    yield _optional("orgs", "Organisations", text("orgs"), "Separated by commas.")
    yield _optional("note", "Note", text("note"))


def _optional(
    block: str, label: str, element: PlainTextInputElement, hint: str | None = None
) -> InputBlock:
    return InputBlock(block_id=block, label=label, element=element, hint=hint, optional=True)


def offered_sections(catalog: Catalog) -> list[str]:
    """The sections that a form can offer."""
    return [path for path in catalog.places if len(path) <= OPTION_VALUE]


def _sections(chosen: Sequence[str], catalog: Catalog, action_id: str) -> InputBlock:
    paths = offered_sections(catalog)
    options = {path: section_option(catalog, path) for path in paths}
    groups = [
        OptionGroup(
            label="Sections" if len(paths) <= MAX_OPTIONS else f"Sections from {first + 1}",
            options=[options[path] for path in paths[first : first + MAX_OPTIONS]],
        )
        for first in range(0, len(paths), MAX_OPTIONS)
    ]
    select = StaticMultiSelectElement(
        action_id=action_id,
        placeholder="The home section first",
        option_groups=groups,
        initial_options=[options[path] for path in chosen if path in options] or None,
        max_selected_items=_MAX_SECTIONS,
    )
    return InputBlock(block_id="sections", label="Sections, its home first", element=select)
