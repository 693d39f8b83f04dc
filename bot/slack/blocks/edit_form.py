"""The form in which reviewers edit a suggested entry, and the merge of what they send. Pure.

The form's `private_metadata` holds the suggestion's number and version, and a digest of what each
field showed (`12:3:{"title": "…", …}`). So a submission tells which fields its author changed, and
the suggestion which ones others changed meanwhile: a three-way merge, field by field.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.catalog.model import Catalog, Entry
from bot.catalog.names import KnownNames
from bot.review.changes import changed_fields
from bot.review.model import Event, Suggestion
from bot.slack.blocks.cards import reference
from bot.slack.blocks.entry_form import (
    EDITED,
    MOST,
    entry_fields,
    form_values,
    offered_sections,
    read_entry,
)
from bot.slack.blocks.modals import FormFaults, modal
from bot.slack.blocks.sentences import field_value
from bot.slack.blocks.text import mention, section
from bot.slack.payloads import FormValues, Submission

_CHANGED = (
    "This card has changed since you opened it. What you typed is kept; nothing is saved yet. "
    "Check the fields, then save again."
)
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "title": ("title",),
    "name": ("title",),
    "url": ("url", "arxiv", "doi"),
    "sections": ("sections",),
    "venue": ("venue",),
    "year": ("year",),
    "orgs": ("orgs",),
    "note": ("note",),
}
"""The fields of an entry by the block in which they are edited."""


def edit_form(suggestion: Suggestion, catalog: Catalog) -> View:
    """The fields of a suggested entry."""
    shown = _shown(suggestion.subject.entry, catalog)
    return _form(suggestion, shown, shown, catalog)


def read_edit(
    submission: Submission,
    suggestion: Suggestion,
    history: Iterable[Event],
    catalog: Catalog,
    names: KnownNames,
) -> Entry | FormFaults | View:
    """The suggested entry with the changes of a form's author; `suggestion` is the present one.

    Where somebody else has changed the same field otherwise, it is the form again, which names
    them. A form of which is not known what it showed is shown again, too.
    """
    entry, sent = suggestion.subject.entry, submission.values
    shown, base = _shown(entry, catalog), _read_digests(submission.suggestion.rest)
    edited = {
        block
        for block in _FIELDS
        if _digest(sent, block) != (base[block] if base else _digest(shown, block))
    }
    merged = FormValues(
        {block: (sent if block in edited else shown).choices(block) for block in _FIELDS}
    )
    read = read_entry(merged, entry, names, catalog.places)
    if isinstance(read, FormFaults):
        return read
    collisions = {
        block
        for block in edited & base.keys()
        if _digest(shown, block) not in {base[block], _digest(sent, block)}
    }
    if collisions or not base:
        events = tuple(history)
        remarks = {block: _remark(block, shown, events, catalog) for block in collisions}
        return _form(suggestion, merged, shown, catalog, remarks)
    fields = {field for block in edited for field in _FIELDS[block]}
    return replace(entry, **{field: getattr(read, field) for field in fields})


def _form(
    suggestion: Suggestion,
    values: FormValues,
    base: FormValues,
    catalog: Catalog,
    remarks: Mapping[str, str] | None = None,
) -> View:
    """The form with values; with remarks it is shown again because the entry has changed."""
    digests = {block: _digest(base, block) for block in _FIELDS}
    about = f"{reference(suggestion)}:{json.dumps(digests, separators=(',', ':'))}"
    if remarks is None:
        return modal(EDITED, "Edit", "Save", about, list(entry_fields(values, catalog)))
    action_id = f"value:{suggestion.version}"
    blocks: list[Block] = [section(_CHANGED)]
    blocks += entry_fields(values, catalog, remarks, action_id)
    return modal(EDITED, "Edit", "Save", about, blocks)


def _shown(entry: Entry, catalog: Catalog) -> FormValues:
    """The values that a form sends for an entry that nobody changes.

    Texts are cut, and sections that it cannot offer are missing.
    """
    values, offered = form_values(entry), set(offered_sections(catalog))
    texts = {block: " ".join(values.text(block)[:most].split()) for block, most in MOST.items()}
    fields = {block: (text,) if text else () for block, text in texts.items()}
    sections = tuple(path for path in entry.sections if path in offered)
    return FormValues({**fields, "sections": sections})


def _remark(block: str, shown: FormValues, history: Iterable[Event], catalog: Catalog) -> str:
    """The person who changed a field meanwhile, and its present value."""
    fields = set(_FIELDS[block])
    people = [event.actor for event in history if fields & changed_fields(event).keys()]
    who = mention(people[-1]) if people else "Somebody"
    value = field_value(block, shown.choices(block), catalog)
    return f"{who} changed this to {value} meanwhile. Saving again replaces it with yours."


def _digest(values: FormValues, block: str) -> str:
    """A short digest of a field's value."""
    value = "\n".join(values.choices(block)).encode(errors="replace")
    return hashlib.blake2s(value, digest_size=6).hexdigest()


def _read_digests(text: str) -> Mapping[str, str]:
    """The digests in a form's metadata; nothing unless there is one for each field."""
    try:
        digests = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(digests, dict) or digests.keys() != _FIELDS.keys():
        return {}
    return {str(block): str(digest) for block, digest in digests.items()}
