"""Cards of suggestions, open and decided. Pure.

A card shows its suggestion as of the moment when the message is made. Every button carries the
suggestion's number and version (`12:3`), so it works in every process, for years, and a click
tells what its person saw.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    Option,
    OptionGroup,
    SectionBlock,
    StaticSelectElement,
)

from bot.catalog.hosts import contains_address
from bot.catalog.links import arxiv_url, canonical_address
from bot.catalog.model import Catalog, Entry
from bot.discovery.ranking.explanations import NearEntry, Reasons
from bot.review.changes import lapsed_approvals
from bot.review.model import Event, Subject, Suggestion
from bot.slack.blocks.text import (
    SlackMessage,
    bold_title,
    day,
    fit,
    linked_title,
    mention,
    mentions,
    mixed_host_note,
    mrkdwn,
    section,
    section_name,
    shorten,
    small_print,
    venue_and_year,
)
from bot.text import pluralize

APPROVE, REJECT, LATER, EDIT, UNDO, SECTION, SECOND, REOPEN = (
    f"review:{name}"
    for name in ("approve", "reject", "later", "edit", "undo", "section", "second", "reopen")
)
CHOSEN = "review:choice"
"""First part of the id of the block with the section select; number and version follow."""

OPTION_TEXT, OPTION_VALUE = 75, 150
"""Slack's limits for the text and the value of an option, in characters."""
MAX_OPTIONS = 100
"""Slack's limit for the options of a select or of a group in it."""

_ABSTRACT_LENGTH = 420
_NAMES, _TERMS, _NEAREST = 3, 4, 3
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9“(])")
_STATES = {
    "gathering": "Suggested",
    "waiting": "Suggested",
    "postponed": "Suggested, for later",
    "approved": "Approved",
    "rejected": "Rejected",
}
_KINDS = {"addition": "", "correction": "Correction · ", "removal": "To be taken out · "}


def card(
    suggestion: Suggestion, catalog: Catalog, quorum: int = 1, history: Iterable[Event] = ()
) -> SlackMessage:
    """The card of a suggestion; its history tells which approvals do not count any more."""
    blocks: list[Block] = [small_print(_origin(suggestion)), section(_head(suggestion.subject))]
    if suggestion.state in {"approved", "rejected"}:
        blocks += _record(suggestion, catalog)
    else:
        blocks += _question(suggestion, catalog, quorum, lapsed_approvals(history))
    text = f"{_STATES[suggestion.state]}: {fit(suggestion.subject.entry.title, 240)}"
    return SlackMessage(text, tuple(blocks))


def reference(suggestion: Suggestion) -> str:
    """The value of a button, or the metadata of a form, about a suggestion as it is now."""
    return f"{suggestion.id}:{suggestion.version}"


def details(suggestion: Suggestion, catalog: Catalog) -> SlackMessage:
    """Details for the thread of a card: whole abstract, all authors, all reasons."""
    subject = suggestion.subject
    blocks: list[Block] = [section(bold_title(subject.entry, 300))]
    if subject.authors:
        blocks.append(section(f"*Authors*\n{fit(', '.join(subject.authors), 2000)}"))
    if subject.abstract:
        blocks.append(section(f"*Abstract*\n{fit(subject.abstract, 2600)}"))
    if subject.reasons:
        blocks.append(section("*Why it was suggested*\n" + "\n".join(_all_reasons(subject))))
    if subject.choices:
        blocks.append(section("*Where it could go*\n" + "\n".join(_places(subject, catalog))))
    blocks.append(small_print(f"`/papers history {suggestion.id}` shows what happened to it."))
    return SlackMessage(f"About {fit(subject.entry.title, 240)}", tuple(blocks))


def _origin(suggestion: Suggestion) -> str:
    """The origin of a suggestion: its person and day, or its rank; then its other supporters."""
    subject, source = suggestion.subject, suggestion.source
    if source:
        text = f"Suggested by {mention(source)} · {day(suggestion.suggested_at)}"
        separator = ", "
    else:
        text = "Found on arXiv"
        if subject.rank and subject.ranked:
            text += f" · number {subject.rank} of {subject.ranked:,} new papers"
        separator = " · "
    others = tuple(user for user in suggestion.seconds if user != source)[:_NAMES]
    also = f"{separator}also wanted by {mentions(others)}" if others else ""
    return f"{_KINDS[subject.kind]}{text}{also}"


def _head(subject: Subject) -> str:
    """Title, authors, and where and when it appeared."""
    authors = ", ".join(subject.authors[:_NAMES])
    if len(subject.authors) > _NAMES:
        authors += f" and {len(subject.authors) - _NAMES} more"
    parts = (
        authors,
        venue_and_year(subject.entry),
        ", ".join(subject.categories[:4]),
        day(subject.day) if subject.day else "",
    )
    line = fit(" · ".join(filter(None, parts)), 500)
    title = linked_title(subject.entry, bold=True)
    return "\n".join(filter(None, (title, line, mixed_host_note(subject.entry))))


def _question(
    suggestion: Suggestion, catalog: Catalog, quorum: int, lapsed: tuple[str, ...]
) -> Iterator[Block]:
    """The blocks of an open suggestion: abstract, reasons, section or differences, buttons."""
    subject = suggestion.subject
    if subject.abstract:
        yield section(fit(_first_sentences(subject.abstract), _ABSTRACT_LENGTH * 2))
    if subject.note:
        author = suggestion.seconds[-1] if suggestion.seconds else suggestion.source
        yield section(f"{mention(author)}: “{fit(subject.note, 500)}”")
    if subject.kind == "addition":
        if reasons := list(_short_reasons(subject)):
            yield section("*Why*\n" + "\n".join(reasons))
        yield _section_select(suggestion, catalog)
    else:
        yield section("\n".join(_differences(subject, catalog)))
    yield ActionsBlock(block_id=f"review:{suggestion.id}", elements=_buttons(suggestion))
    if remarks := list(_remarks(suggestion, quorum, lapsed)):
        yield small_print(*remarks)


def _record(suggestion: Suggestion, catalog: Catalog) -> Iterator[Block]:
    """The blocks of a decided suggestion: decision, person, day, section and publication."""
    by = mention(suggestion.decided_by)
    if suggestion.decided_at:
        by += f" · {day(suggestion.decided_at)}"
    if suggestion.state == "rejected":
        text = f":x: *Rejected* by {by}\n{fit(suggestion.reason or '', 500)}"
    else:
        text = f":white_check_mark: *{_change(suggestion, catalog)}* by {by}"
        if len(suggestion.approvals) > 1:
            text += f"\nApproved by {mentions(suggestion.approvals)}"
    yield section(text)
    undo = ButtonElement(text="Undo", action_id=UNDO, value=reference(suggestion))
    yield ActionsBlock(block_id=f"review:{suggestion.id}", elements=[undo])
    published = suggestion.published or ""
    if suggestion.trouble:
        yield small_print(f":warning: {fit(suggestion.trouble, 500)}")
    elif published.startswith("https://"):
        yield small_print(f"<{fit(published, 400)}|Published>")
    elif published:
        yield small_print(f"Published: {fit(published, 200)}")


def _change(suggestion: Suggestion, catalog: Catalog) -> str:
    """The effect of an approval on the list, in a few words."""
    subject = suggestion.subject
    if subject.kind == "removal":
        return "Taken out"
    if subject.kind == "correction":
        return "Corrected"
    names = [section_name(catalog, path) for path in subject.entry.sections[:_NAMES]]
    return f"Added to {fit(', '.join(names), 300)}"


def _first_sentences(text: str) -> str:
    """As many whole sentences as fit on a card."""
    taken = ""
    for sentence in _SENTENCE_END.split(text):
        longer = f"{taken} {sentence}".strip()
        if len(longer) > _ABSTRACT_LENGTH:
            break
        taken = longer
    if not taken:
        return shorten(text, _ABSTRACT_LENGTH)
    return taken if len(taken) == len(text) else f"{taken} …"


def _short_reasons(subject: Subject) -> Iterator[str]:
    if subject.evidence:
        yield f"• A second look: {fit(subject.evidence, 300)}"
    if reasons := subject.reasons:
        if reasons.authors:
            names = [
                f"{author.name} ({pluralize(author.papers, 'paper')})"
                for author in reasons.authors[:_NAMES]
            ]
            yield f"• On the list already: {fit(', '.join(names), 300)}"
        if reasons.nearest:
            yield f"• Near {_entry_links(reasons.nearest[:_NEAREST])}"
        if reasons.terms_for:
            yield _terms(reasons)


def _terms(reasons: Reasons) -> str:
    terms_for = fit(", ".join(term.text for term in reasons.terms_for[:_TERMS]), 200)
    against = fit(", ".join(term.text for term in reasons.terms_against[:2]), 100)
    return f"• For it: _{terms_for}_" + (f"   against: _{against}_" if against else "")


def _entry_links(entries: Sequence[NearEntry]) -> str:
    """Listed papers by their names, linked."""
    shown = []
    for near in entries:
        name = shorten(near.title.partition(": ")[0], 60)
        label = fit(name, 80)
        if near.arxiv and not contains_address(name):
            shown.append(f"<{arxiv_url(near.arxiv)}|{label}>")
        else:
            shown.append(f"“{label}”")
    return ", ".join(shown)


def _all_reasons(subject: Subject) -> Iterator[str]:
    yield from _short_reasons(subject)
    if reasons := subject.reasons:
        terms = [*reasons.terms_for, *reasons.terms_against]
        shown = ", ".join(f"{term.text} {term.weight:+.1f}" for term in terms)
        authors = sum(author.weight for author in reasons.authors)
        yield f"• Every term shown: {fit(shown, 800)}"
        yield (
            f"• Score {reasons.score:.2f}: base {reasons.base:.2f}, "
            f"other terms {reasons.rest:+.2f}, authors {authors:+.2f}"
        )


def _places(subject: Subject, catalog: Catalog) -> Iterator[str]:
    """The sections proposed, a line each with the reason."""
    for number, choice in enumerate(subject.choices[:_NAMES], 1):
        reason = ""
        if choice.named:
            reason = f" — its title names “{fit(choice.named, 60)}”"
        elif choice.nearest:
            reason = f" — beside {_entry_links(choice.nearest[:_NEAREST])}"
        yield f"{number}. {fit(section_name(catalog, choice.section), 200)}{reason}"


def _section_select(suggestion: Suggestion, catalog: Catalog) -> SectionBlock:
    """The proposed section in a select, the alternatives first, then the whole list."""
    home = suggestion.subject.entry.home
    paths = [path for path in catalog.places if len(path) <= OPTION_VALUE]
    choices = (choice.section for choice in suggestion.subject.choices)
    proposed = [path for path in dict.fromkeys([home, *choices]) if path in paths][:MAX_OPTIONS]
    others = [path for path in paths if path not in proposed][:MAX_OPTIONS]
    groups = [
        OptionGroup(label=label, options=[section_option(catalog, path) for path in group])
        for label, group in (("Proposed", proposed), ("All sections", others))
        if group
    ]
    select = StaticSelectElement(
        action_id=SECTION,
        placeholder="Another section",
        option_groups=groups,
        initial_option=section_option(catalog, home) if home in proposed else None,
    )
    return SectionBlock(
        block_id=f"{CHOSEN}:{reference(suggestion)}",
        text=mrkdwn(f"*Goes to* {fit(section_name(catalog, home), 300)}"),
        accessory=select,
    )


def section_option(catalog: Catalog, path: str) -> Option:
    """The option of a section in a select."""
    return Option(value=path, text=shorten(section_name(catalog, path), OPTION_TEXT))


def _differences(subject: Subject, catalog: Catalog) -> Iterator[str]:
    """The old and new values of each field that a correction changes; a removal's section."""
    if subject.before is None or subject.after is None:
        yield f"In {fit(section_name(catalog, subject.entry.home), 300)}."
        return
    after = _fields(subject.after, catalog)
    for name, old in _fields(subject.before, catalog).items():
        if old != after[name]:
            yield f"*{name}*: ~{fit(old or 'none', 300)}~ → {fit(after[name] or 'none', 300)}"


def _fields(entry: Entry, catalog: Catalog) -> dict[str, str]:
    return {
        "Title": entry.title,
        "Link": canonical_address(entry.url),
        "Venue": venue_and_year(entry),
        "Organisations": ", ".join(entry.orgs),
        "Note": entry.note or "",
        "Sections": "; ".join(section_name(catalog, path) for path in entry.sections),
    }


def _buttons(suggestion: Suggestion) -> list[ButtonElement]:
    value = reference(suggestion)
    buttons = [
        ButtonElement(text="Approve", action_id=APPROVE, value=value, style="primary"),
        ButtonElement(text="Reject", action_id=REJECT, value=value, style="danger"),
        ButtonElement(text="Later", action_id=LATER, value=value),
    ]
    if suggestion.subject.kind != "removal":
        buttons.append(ButtonElement(text="Edit", action_id=EDIT, value=value))
    return buttons


def _remarks(suggestion: Suggestion, quorum: int, lapsed: tuple[str, ...]) -> Iterator[str]:
    if not suggestion.subject.is_known:
        yield ":warning: arXiv did not tell about it. Give it its title with *Edit*."
    if suggestion.state == "postponed" and suggestion.wake_at:
        yield f"For later: comes back {day(suggestion.wake_at)}"
    if approvals := suggestion.approvals:
        yield f"{len(approvals)} of {quorum} approvals: {mentions(approvals)}"
    if lapsed:
        yield (
            f"Approvals that no longer count: {mentions(lapsed[:_NAMES])}. "
            "The suggestion or the reviewers have changed since."
        )
