"""Forms of people who suggest: the link of a message, a paper, a correction."""

from slack_bolt import App

from bot.catalog.identity import title_key
from bot.catalog.keys import bounded_key
from bot.catalog.links import read_reference
from bot.catalog.model import Entry
from bot.review.model import Subject
from bot.review.service import Proposal
from bot.slack.blocks.entry_form import CORRECTED, SUGGESTED, read_entry
from bot.slack.blocks.lookup import listed_message
from bot.slack.blocks.modals import CHOSEN_LINK, FormFaults, read_links
from bot.slack.context import ListenerContext
from bot.slack.listeners.adapters import FormResult, on_submission
from bot.slack.payloads import Submission
from bot.slack.sanitize import number_in
from bot.slack.suggest_link import known_message, propose, suggest_link

_NO_CHANGE = "Nothing was changed. Change what is wrong, or choose to take it off the list."


def register(app: App, context: ListenerContext) -> None:
    """Register the forms."""
    on_submission(app, context, CHOSEN_LINK, suggest_chosen_link)
    on_submission(app, context, SUGGESTED, suggest_entry)
    on_submission(app, context, CORRECTED, suggest_correction)


def suggest_chosen_link(context: ListenerContext, submission: Submission) -> FormResult:
    """Suggest the link that was chosen among those of a message."""
    links = read_links(submission.about)
    number = number_in(submission.values.text("link"))
    is_known = number is not None and number < len(links)
    link = read_reference(links[number]) if number is not None and is_known else None
    if link is None:
        return FormFaults({"link": "Choose a link."})
    return suggest_link(context, link, submission.user)


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
    return propose(context, Proposal(identity=identity, subject=subject, source=submission.user))


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
    return propose(context, Proposal(identity=identity, subject=subject, source=submission.user))
