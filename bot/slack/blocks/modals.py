"""Forms: their parts, and those that ask one or two questions. Pure.

A form carries what it is about in `private_metadata`, so its submission works in every process.
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    Block,
    InputBlock,
    Option,
    PlainTextInputElement,
    SectionBlock,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from bot.catalog.links import shown_host
from bot.review.model import Suggestion
from bot.slack.blocks.cards import OPTION_TEXT, reference
from bot.slack.blocks.text import SlackMessage, fit, section, shorten
from bot.slack.payloads import FormValues

REJECTED, POSTPONED, CHOSEN_LINK, REOPENED = (
    f"review:{name}:form" for name in ("reject", "later", "link", "reopen")
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
_DEFAULT_LATER = 2
_MAX_LINKS = 100
_METADATA_LENGTH = 2950  # of Slack's 3,000: the channel is added when the form is opened
_NOTHING_TYPED = FormValues()


@dataclass(frozen=True, slots=True)
class FormFaults:
    """Mistakes in a form, by block id; Slack shows each at its field."""

    errors: Mapping[str, str]


def message_view(message: SlackMessage) -> View:
    """A view that shows a text in place of a form."""
    return View(type="modal", title="Papers", close="Close", blocks=[section(message.text[:2900])])


def reject_form(
    suggestion: Suggestion, notice: str = "", typed: FormValues = _NOTHING_TYPED
) -> View:
    """Ask for the reason of a rejection: from a short list, or in one's own words.

    Shown again because the suggestion has changed, it says so in `notice` and keeps what is typed.
    """
    reason, options = typed.text("reason"), [Option(value=text, text=text) for text in REASONS]
    initial = REASONS.index(reason) if reason in REASONS else None
    reasons = select_element(options, "Choose a reason", initial)
    words = text_element(typed.text("words"), multiline=True)
    return modal(
        REJECTED,
        "Reject a paper",
        "Reject",
        reference(suggestion),
        [
            *_about(suggestion, notice),
            InputBlock(block_id="reason", label="Reason", element=reasons, optional=True),
            InputBlock(block_id="words", label="Or in your words", element=words, optional=True),
        ],
    )


def later_form(
    suggestion: Suggestion, notice: str = "", typed: FormValues = _NOTHING_TYPED
) -> View:
    """Ask when a suggestion is to come back; `notice` and `typed` as in `reject_form`."""
    options = numbered_options(label for label, _ in LATERS)
    values = [option.value for option in options]
    chosen = typed.text("when")
    initial = values.index(chosen) if chosen in values else _DEFAULT_LATER
    when = select_element(options, "When?", initial)
    return modal(
        POSTPONED,
        "Decide later",
        "Remind us",
        reference(suggestion),
        [
            *_about(suggestion, notice),
            InputBlock(block_id="when", label="Bring it back", element=when),
        ],
    )


def reopen_form(number: int, title: str, reason: str) -> View:
    """Ask why a rejected paper is suggested again."""
    words, label = text_element(multiline=True), "What speaks for it now?"
    return modal(
        REOPENED,
        "Suggest again",
        "Suggest again",
        str(number),
        [
            _subject(f"{title}\nIt was rejected: {reason}"),
            InputBlock(block_id="words", label=label, element=words),
        ],
    )


def link_form(links: Sequence[str]) -> View:
    """Ask which of a message's links is meant."""
    kept: list[str] = []
    for link in links[:_MAX_LINKS]:
        if len(json.dumps([*kept, link])) > _METADATA_LENGTH:
            break
        kept.append(link)
    options = numbered_options(map(_option_label, kept))
    element = select_element(options, "Choose a link", 0 if kept else None)
    return modal(
        CHOSEN_LINK,
        "Suggest for the list",
        "Next",
        json.dumps(kept),
        [InputBlock(block_id="link", label="Which link?", element=element)],
    )


def read_links(about: str) -> tuple[str, ...]:
    """The links that a form asks about, from its `private_metadata`."""
    try:
        links = json.loads(about)
    except (ValueError, RecursionError):
        return ()
    return tuple(map(str, links)) if isinstance(links, list) else ()


def modal(callback: str, title: str, submit: str, about: str, blocks: Sequence[Block]) -> View:
    """A form with a button to send it; `about` comes back with the submission."""
    return View(
        type="modal",
        callback_id=callback,
        title=title,
        submit=submit,
        close="Cancel",
        private_metadata=about[:_METADATA_LENGTH],
        blocks=list(blocks),
    )


def text_element(
    initial: str = "", *, max_length: int = 500, multiline: bool = False, action_id: str = "value"
) -> PlainTextInputElement:
    """A text field."""
    return PlainTextInputElement(
        action_id=action_id,
        initial_value=initial[:max_length] or None,
        max_length=max_length,
        multiline=multiline,
    )


def select_element(
    options: Sequence[Option], placeholder: str, initial: int | None = None
) -> StaticSelectElement:
    """A choice of one option; `initial` is the number of the one that is chosen at first."""
    return StaticSelectElement(
        action_id="value",
        placeholder=placeholder,
        options=options,
        initial_option=None if initial is None else options[initial],
    )


def numbered_options(labels: Iterable[str]) -> list[Option]:
    """Options whose values are their numbers, from 0."""
    return [Option(value=str(number), text=label) for number, label in enumerate(labels)]


def _about(suggestion: Suggestion, notice: str) -> list[Block]:
    """The title of the suggestion that a form is about, below a notice if there is one."""
    title = _subject(suggestion.subject.entry.title)
    return [section(notice), title] if notice else [title]


def _option_label(address: str) -> str:
    """An address cut to the length of an option; of a long host, the end says whose it is."""
    host = shown_host(address)
    if len(host) > OPTION_TEXT // 2:
        return f"…{host[1 - OPTION_TEXT :]}"
    return shorten(address, OPTION_TEXT)[:OPTION_TEXT]


def _subject(text: str) -> SectionBlock:
    return section(fit(text, 1000))
