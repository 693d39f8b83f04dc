"""Modals: what is asked of people, and what they answered. Pure.

A modal carries what it is about in `private_metadata`, so its submission works in every process.
"""

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError
from slack_sdk.models.blocks import (
    Block,
    InputBlock,
    Option,
    OptionGroup,
    PlainTextInputElement,
    SectionBlock,
    StaticMultiSelectElement,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from bot.catalog.links import Link, read_reference
from bot.catalog.model import Catalog, Entry
from bot.catalog.names import KnownNames
from bot.slack.blocks.lookup import fit, mrkdwn, shorten

REJECTED, POSTPONED, EDITED, SUGGESTED, CHOSEN_LINK, REOPENED, CORRECTED = (
    f"review:{name}:form"
    for name in ("reject", "later", "edit", "suggest", "link", "reopen", "correct")
)

REASONS = (
    "Out of scope",
    "Already on the list under another name",
    "Not enough substance",
    "A survey or position paper",
    "Not about systems",
    "Wait for a published version",
)
LATERS: tuple[tuple[str, dt.timedelta], ...] = (
    ("Tomorrow", dt.timedelta(days=1)),
    ("In three days", dt.timedelta(days=3)),
    ("In a week", dt.timedelta(weeks=1)),
    ("In a month", dt.timedelta(days=30)),
    ("In three months", dt.timedelta(days=91)),
)
_MANY = 100  # options of a group
_LINKS = 100
_OPTION_TEXT, _OPTION_VALUE = 75, 150
_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)

Purpose = Literal["suggest", "edit", "correct"]


@dataclass(frozen=True, slots=True)
class FormFaults:
    """What is wrong with a form, by block; Slack shows each at its field."""

    errors: Mapping[str, str]


def reject_form(number: int, title: str) -> View:
    """Ask why not: from a short list, or in one's own words."""
    choice = StaticSelectElement(
        action_id="value",
        placeholder="Choose a reason",
        options=[Option(value=reason, text=reason) for reason in REASONS],
    )
    words = PlainTextInputElement(action_id="value", multiline=True, max_length=500)
    return _modal(
        REJECTED,
        "Reject a paper",
        "Reject",
        str(number),
        [
            _told(title),
            InputBlock(block_id="reason", label="Reason", element=choice, optional=True),
            InputBlock(block_id="words", label="Or in your words", element=words, optional=True),
        ],
    )


def later_form(number: int, title: str) -> View:
    """Ask when it is to come back."""
    options = [Option(value=str(at), text=label) for at, (label, _) in enumerate(LATERS)]
    choice = StaticSelectElement(
        action_id="value", options=options, initial_option=options[2], placeholder="When?"
    )
    return _modal(
        POSTPONED,
        "Decide later",
        "Remind us",
        str(number),
        [_told(title), InputBlock(block_id="when", label="Bring it back", element=choice)],
    )


def reopen_form(number: int, title: str, reason: str) -> View:
    """Ask why it is to be talked of again."""
    words = PlainTextInputElement(action_id="value", multiline=True, max_length=500)
    return _modal(
        REOPENED,
        "Suggest again",
        "Suggest again",
        str(number),
        [
            _told(f"{title}\nIt was rejected: {reason}"),
            InputBlock(block_id="words", label="What speaks for it now?", element=words),
        ],
    )


def link_form(links: Sequence[str]) -> View:
    """Ask which of a message's links is meant."""
    options = [
        Option(value=str(at), text=shorten(link, _OPTION_TEXT)[:_OPTION_TEXT])
        for at, link in enumerate(links[:_LINKS])
    ]
    choice = StaticSelectElement(
        action_id="value", options=options, initial_option=options[0], placeholder="Choose a link"
    )
    kept: list[str] = []
    for link in links:  # private_metadata holds 3,000 characters
        if len(json.dumps([*kept, link])) > 2900:  # noqa: PLR2004  # see above
            break
        kept.append(link)
    choice.options = options[: len(kept)]
    return _modal(
        CHOSEN_LINK,
        "Suggest for the list",
        "Next",
        json.dumps(kept),
        [InputBlock(block_id="link", label="Which link?", element=choice)],
    )


def links_of(view: Mapping[str, Any]) -> tuple[str, ...]:
    """The links that a form of them was made of."""
    try:
        found = json.loads(str(view.get("private_metadata") or ""))
    except ValueError:
        return ()
    return tuple(map(str, found)) if isinstance(found, list) else ()


def entry_form(
    purpose: Purpose, about: str, entry: Entry | None, catalog: Catalog, link: Link | None = None
) -> View:
    """The fields of an entry, filled with what is known.

    `about` comes back with the submission: the suggestion's number, the listed entry's key, or the
    address that is suggested.
    """
    title = {"suggest": "Suggest for the list", "edit": "Edit", "correct": "Suggest a correction"}
    submit = {"suggest": "Suggest", "edit": "Save", "correct": "Suggest"}
    callback = {"suggest": SUGGESTED, "edit": EDITED, "correct": CORRECTED}
    blocks: list[Block] = []
    blocks += _entry_fields(entry, catalog, link.url if link else "")
    if purpose != "edit":
        label = "Why?" if purpose == "suggest" else "What is wrong?"
        words = PlainTextInputElement(action_id="value", multiline=True, max_length=500)
        blocks.append(InputBlock(block_id="why", label=label, element=words, optional=True))
    if purpose == "correct":
        blocks.append(_removal())
    return _modal(callback[purpose], title[purpose], submit[purpose], about, blocks)


@dataclass(frozen=True, slots=True)
class _Field:
    """A line to write on."""

    block: str
    label: str
    most: int
    hint: str | None = None
    optional: bool = True

    def input(self, value: str) -> InputBlock:
        """The line, with what stands on it."""
        element = PlainTextInputElement(
            action_id="value", initial_value=value[: self.most] or None, max_length=self.most
        )
        return InputBlock(
            block_id=self.block,
            label=self.label,
            element=element,
            optional=self.optional,
            hint=self.hint,
        )


_TITLE = _Field("title", "Title", 480, "Without the name before the colon.", optional=False)
_NAME = _Field("name", "Name", 100, "DistServe, vLLM, …")
_URL = _Field("url", "Link", 1000)
_VENUE = _Field("venue", "Venue", 100)
_YEAR = _Field("year", "Year", 4)
_ORGS = _Field("orgs", "Organisations", 300, "Separated by commas.")
_NOTE = _Field("note", "Note", 200)


def _entry_fields(entry: Entry | None, catalog: Catalog, url: str) -> Iterator[Block]:
    name = (entry.name if entry else None) or ""
    title = entry.title if entry else ""
    yield _TITLE.input(title[len(name) + 2 :] if name else title)
    yield _NAME.input(name)
    yield _URL.input((entry.url or "") if entry else url)
    yield _sections(entry.sections if entry else (), catalog)
    yield _VENUE.input((entry.venue or "") if entry else "")
    yield _YEAR.input(str(entry.year or "") if entry else "")
    yield _ORGS.input(", ".join(entry.orgs) if entry else "")
    yield _NOTE.input((entry.note or "") if entry else "")


def _sections(chosen: Sequence[str], catalog: Catalog) -> InputBlock:
    paths = [path for path in catalog.places if len(path) <= _OPTION_VALUE]
    options = {
        path: Option(value=path, text=shorten(catalog.section_titles(path, " › "), _OPTION_TEXT))
        for path in paths
    }
    groups = [
        OptionGroup(
            label="Sections" if len(paths) <= _MANY else f"Sections from {at + 1}",
            options=[options[path] for path in paths[at : at + _MANY]],
        )
        for at in range(0, len(paths), _MANY)
    ]
    initial = [options[path] for path in chosen if path in options]
    select = StaticMultiSelectElement(
        action_id="value",
        placeholder="The home section first",
        option_groups=groups,
        initial_options=initial or None,
        max_selected_items=5,
    )
    return InputBlock(block_id="sections", label="Sections, its home first", element=select)


def _removal() -> InputBlock:
    choices = [
        Option(value="correct", text="Correct it as above"),
        Option(value="remove", text="Take it off the list"),
    ]
    select = StaticSelectElement(
        action_id="value", options=choices, initial_option=choices[0], placeholder="What?"
    )
    return InputBlock(block_id="removal", label="What is to happen", element=select)


def read_entry(
    values: Mapping[str, Any], base: Entry | None, names: KnownNames
) -> Entry | FormFaults:
    """The entry that a form describes; `base` gives what the form does not ask for.

    Venues and organisations become the names that the list has for them.
    """
    year = answer(values, "year")
    if year and not re.fullmatch(r"\d{4}", year):
        return FormFaults({"year": "A year in four digits, such as 2025."})
    sections = chosen(values, "sections")
    if not sections:
        return FormFaults({"sections": "Choose at least one section."})
    url = answer(values, "url")
    link = read_reference(url) if url else None
    if url and link is None:
        return FormFaults({"url": "A whole web address is needed, beginning with https://."})
    name, title = answer(values, "name"), answer(values, "title")
    venue = answer(values, "venue")
    orgs = [part.strip() for part in re.split(r"[,;]", answer(values, "orgs")) if part.strip()]
    found = {
        "title": f"{name}: {title}" if name else title,
        "url": link.url if link else None,
        "arxiv": link.arxiv if link else None,
        "doi": link.doi if link else None,
        "venue": (names.venues.canonical(venue) or venue) if venue else None,
        "year": int(year) if year else None,
        "orgs": tuple(dict.fromkeys(names.orgs.canonical(org) or org for org in orgs)),
        "note": answer(values, "note") or None,
        "sections": tuple(sections),
    }
    try:
        entry = _ENTRY.validate_python(found)
    except ValidationError as error:
        faults = {str(fault["loc"][0]): fault["msg"] for fault in error.errors() if fault["loc"]}
        return FormFaults(
            {key: text for key, text in faults.items() if key in found} or {"title": "?"}
        )
    return replace(entry, added=base.added, by=base.by) if base else entry


def answer(values: Mapping[str, Any], block: str) -> str:
    """The text of a field, on one line; empty if nothing was written."""
    match values.get(block):
        case {"value": {"value": str(text)}}:
            return " ".join(text.split())
        case {"value": {"selected_option": {"value": str(text)}}}:
            return text
        case _:
            return ""


def chosen(values: Mapping[str, Any], block: str) -> tuple[str, ...]:
    """The options chosen in a field, in the order in which they were chosen."""
    match values.get(block):
        case {"value": {"selected_options": list(options)}}:
            return tuple(str(option["value"]) for option in options)
        case _:
            return ()


def _told(text: str) -> SectionBlock:
    return SectionBlock(text=mrkdwn(fit(text, 1000)))


def _modal(callback: str, title: str, submit: str, about: str, blocks: Sequence[Block]) -> View:
    return View(
        type="modal",
        callback_id=callback,
        title=title,
        submit=submit,
        close="Cancel",
        private_metadata=about[:3000],
        blocks=list(blocks),
    )
