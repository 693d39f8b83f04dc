"""Forms of people who suggest: the link of a message, a paper, a correction."""

from functools import partial

from bot.catalog.identity import title_key
from bot.catalog.keys import bounded_key
from bot.catalog.links import read_reference
from bot.catalog.model import Entry
from bot.review.model import Subject
from bot.review.service import Proposal
from bot.slack.blocks.entry_form import CORRECTED, SUGGESTED, entry_form, read_entry
from bot.slack.blocks.lookup import listed_message
from bot.slack.blocks.modals import CHOSEN_LINK, FormFaults, read_links
from bot.slack.context import ListenerContext
from bot.slack.listeners.declaration import Deferred, FormListener, FormResult, Timing
from bot.slack.payloads import Submission
from bot.slack.sanitize import number_in
from bot.slack.suggest_link import known_message, propose, suggest_link

_NO_CHANGE = "Nothing was changed. Change what is wrong, or choose to take it off the list."


def suggest_chosen_link(context: ListenerContext, submission: Submission) -> FormResult:
    """Suggest the link that was chosen among those of a message."""
    links = read_links(submission.about)
    number = number_in(submission.values.text("link"))
    is_known = number is not None and number < len(links)
    link = read_reference(links[number]) if number is not None and is_known else None
    if link is None:
        return FormFaults({"link": "Choose a link."})
    if link.arxiv:
        return Deferred(partial(suggest_link, context, link, submission.user))
    form = entry_form("suggest", link.url, None, context.catalog, link)
    return known_message(context, link) or form


def suggest_entry(context: ListenerContext, submission: Submission) -> FormResult:
    """Suggest a paper that arXiv does not have, as the form describes it."""
    entry = read_entry(submission.values, None, context.names, context.catalog.places)
    if isinstance(entry, FormFaults):
        return entry
    link = read_reference(entry.url) if entry.url else None
    if link and (message := known_message(context, link)):
        return message
    identity = link.key if link else title_key(entry)
    if listed := context.lookup.current().listed(identity, entry.title):
        return listed_message(context.catalog, listed)
    subject = Subject(after=entry, note=submission.values.text("why") or None)
    proposal = Proposal(identity=identity, subject=subject, source=submission.user)
    return Deferred(partial(propose, context, proposal))


def suggest_correction(context: ListenerContext, submission: Submission) -> FormResult:
    """Suggest to change a listed paper to what the form describes, or to remove it."""
    before, values = context.entry(submission.about), submission.values
    after: Entry | FormFaults | None = None
    if values.text("removal") != "remove":
        after = read_entry(values, before, context.names, context.catalog.places)
    if isinstance(after, FormFaults):
        return after
    if after == before:
        return FormFaults({"removal": _NO_CHANGE})
    subject = Subject(before=before, after=after, note=values.text("why") or None)
    identity = bounded_key(f"change:{submission.about}")
    proposal = Proposal(identity=identity, subject=subject, source=submission.user)
    return Deferred(partial(propose, context, proposal))


LISTENERS = (
    FormListener(callback_id=CHOSEN_LINK, handler=suggest_chosen_link, timing=Timing.LATER),
    FormListener(callback_id=SUGGESTED, handler=suggest_entry, timing=Timing.LATER),
    FormListener(callback_id=CORRECTED, handler=suggest_correction, timing=Timing.LATER),
)
