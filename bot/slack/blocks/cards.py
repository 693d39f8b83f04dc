"""The card of a suggestion: what a reviewer sees in ten seconds, and the record of a decision.

Pure: values become blocks. A card shows its suggestion as it is when the message is made; every
button carries the suggestion's number and nothing else, so it works in every process, for years.
"""

import datetime as dt
import re
from collections.abc import Iterator, Sequence

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    Option,
    OptionGroup,
    SectionBlock,
    StaticSelectElement,
)

from bot.catalog.links import arxiv_url
from bot.catalog.model import Catalog, Entry
from bot.discovery.ranking.explanations import NearEntry, Reasons
from bot.review.model import Subject, Suggestion
from bot.slack.blocks.lookup import (
    SlackMessage,
    edition,
    fit,
    mrkdwn,
    path_of,
    section,
    shorten,
    title_of,
)
from bot.text import pluralize

APPROVE, REJECT, LATER, EDIT, UNDO, SECTION = (
    f"review:{name}" for name in ("approve", "reject", "later", "edit", "undo", "section")
)
CHOSEN = "review:choice"
"""The block in which the section is chosen; with the number, so that each card has its own."""

_ABSTRACT = 420
_OPTIONS = 100  # of a select, or of a group in it
_OPTION_TEXT, _OPTION_VALUE = 75, 150
_NAMED, _TERMS, _NEAREST = 3, 4, 3
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9“(])")


def card(one: Suggestion, catalog: Catalog, quorum: int = 1) -> SlackMessage:
    """The card as it is to be seen now."""
    entry = one.subject.entry
    blocks = [ContextBlock(elements=[mrkdwn(_origin(one))]), section(_head(one.subject))]
    if one.state in {"approved", "rejected"}:
        blocks += _record(one, catalog)
    else:
        blocks += _question(one, catalog, quorum)
    text = f"{_VERBS[one.state]}: {fit(entry.title, 240)}"
    return SlackMessage(text, tuple(blocks))


def details(one: Suggestion, catalog: Catalog) -> SlackMessage:
    """What is beyond the card, for its thread: the whole abstract, all authors, all reasons."""
    subject = one.subject
    blocks: list[Block] = [section(f"*{fit(subject.entry.title, 300)}*")]
    if subject.authors:
        blocks.append(section(f"*Authors*\n{fit(', '.join(subject.authors), 2000)}"))
    if subject.abstract:
        blocks.append(section(f"*Abstract*\n{fit(subject.abstract, 2600)}"))
    if subject.reasons:
        blocks.append(section("*Why it was suggested*\n" + "\n".join(_all_reasons(subject))))
    if subject.choices:
        blocks.append(section("*Where it could go*\n" + "\n".join(_places(subject, catalog))))
    blocks.append(
        ContextBlock(elements=[mrkdwn(f"`/papers history {one.id}` shows what happened to it.")])
    )
    return SlackMessage(f"About {fit(subject.entry.title, 240)}", tuple(blocks))


def moment(at: dt.datetime) -> str:
    """A moment, the same for everybody who talks of it."""
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def day(at: dt.datetime) -> str:
    """The day of a moment."""
    return f"{at.day} {at:%b %Y}"


def person(user: str | None) -> str:
    """A person, as a mention; the bot itself without an id."""
    return f"<@{user}>" if user else "the bot"


_VERBS = {
    "gathering": "Suggested",
    "waiting": "Suggested",
    "postponed": "Suggested, for later",
    "approved": "Approved",
    "rejected": "Rejected",
}
_WHATS = {"addition": "", "correction": "Correction · ", "removal": "To be taken out · "}


def _origin(one: Suggestion) -> str:
    what = _WHATS[one.subject.kind]
    if one.source:
        others = [person(user) for user in one.seconds if user != one.source][:_NAMED]
        also = f", also wanted by {', '.join(others)}" if others else ""
        return f"{what}Suggested by {person(one.source)} · {day(one.suggested_at)}{also}"
    rank = ""
    if one.subject.rank and one.subject.ranked:
        rank = f" · number {one.subject.rank} of {one.subject.ranked:,} new papers"
    also = (
        f" · also wanted by {', '.join(map(person, one.seconds[:_NAMED]))}" if one.seconds else ""
    )
    return f"{what}Found on arXiv{rank}{also}"


def _head(subject: Subject) -> str:
    """Title, authors, and where and when it appeared."""
    known = [", ".join(subject.authors[:_NAMED])]
    if len(subject.authors) > _NAMED:
        known[0] += f" and {len(subject.authors) - _NAMED} more"
    known.append(edition(subject.entry))
    known.append(", ".join(subject.categories[:4]))
    if subject.day:
        known.append(f"{subject.day.day} {subject.day:%b %Y}")
    details = fit(" · ".join(part for part in known if part), 500)
    return f"*{title_of(subject.entry)}*" + (f"\n{details}" if details else "")


def _question(one: Suggestion, catalog: Catalog, quorum: int) -> Iterator[Block]:
    """What a reviewer needs to decide, and the buttons."""
    subject = one.subject
    if subject.abstract:
        yield section(fit(_first_sentences(subject.abstract), _ABSTRACT * 2))
    if subject.note:
        who = person(one.seconds[-1] if one.seconds else one.source)
        yield section(f"{who}: “{fit(subject.note, 500)}”")
    if subject.kind == "addition":
        if reasons := list(_reasons(subject)):
            yield section("*Why*\n" + "\n".join(reasons))
        yield _chooser(one, catalog)
    else:
        yield section("\n".join(_differences(subject, catalog)))
    yield ActionsBlock(block_id=f"review:{one.id}", elements=_buttons(one))
    if standing := list(_standing(one, quorum)):
        yield ContextBlock(elements=[mrkdwn(line) for line in standing])


def _record(one: Suggestion, catalog: Catalog) -> Iterator[Block]:
    """Who decided what, when, and where the paper went."""
    when = f" · {day(one.decided_at)}" if one.decided_at else ""
    if one.state == "rejected":
        told = f":x: *Rejected* by {person(one.decided_by)}{when}\n{fit(one.reason or '', 500)}"
    else:
        told = f":white_check_mark: *{_done(one, catalog)}* by {person(one.decided_by)}{when}"
        if len(one.approvals) > 1:
            told += f"\nApproved by {', '.join(map(person, one.approvals))}"
    yield section(told)
    yield ActionsBlock(
        block_id=f"review:{one.id}",
        elements=[ButtonElement(text="Undo", action_id=UNDO, value=str(one.id))],
    )
    if one.trouble:
        yield ContextBlock(elements=[mrkdwn(f":warning: {fit(one.trouble, 500)}")])
    elif one.published:
        is_link = one.published.startswith("https://")
        where = (
            f"<{fit(one.published, 400)}|Published>"
            if is_link
            else f"Published: {fit(one.published, 200)}"
        )
        yield ContextBlock(elements=[mrkdwn(where)])


def _done(one: Suggestion, catalog: Catalog) -> str:
    entry = one.subject.entry
    match one.subject.kind:
        case "removal":
            return "Taken out"
        case "correction":
            return "Corrected"
        case _:
            places = [place_name(catalog, path) for path in entry.sections[:_NAMED]]
            return f"Added to {fit(', '.join(places), 300)}"


def place_name(catalog: Catalog, path: str) -> str:
    """A section's titles; its path where the list does not have it any more."""
    return path_of(catalog, path) if path in catalog.places else path


def _first_sentences(text: str) -> str:
    """As many whole sentences as fit on a card."""
    taken = ""
    for sentence in _SENTENCE_END.split(text):
        longer = f"{taken} {sentence}".strip()
        if len(longer) > _ABSTRACT:
            break
        taken = longer
    if not taken:
        return shorten(text, _ABSTRACT)
    return taken if len(taken) == len(text) else f"{taken} …"


def _reasons(subject: Subject) -> Iterator[str]:
    if subject.evidence:
        yield f"• A second look: {fit(subject.evidence, 300)}"
    if subject.reasons:
        yield from _short_reasons(subject.reasons)


def _short_reasons(reasons: Reasons) -> Iterator[str]:
    if reasons.authors:
        known = [
            f"{one.name} ({pluralize(one.papers, 'paper')})" for one in reasons.authors[:_NAMED]
        ]
        yield f"• On the list already: {fit(', '.join(known), 300)}"
    if reasons.nearest:
        yield f"• Near {_near(reasons.nearest[:_NEAREST])}"
    if reasons.terms_for:
        terms = ", ".join(term.text for term in reasons.terms_for[:_TERMS])
        against = ", ".join(term.text for term in reasons.terms_against[:2])
        yield f"• For it: _{fit(terms, 200)}_" + (
            f"   against: _{fit(against, 100)}_" if against else ""
        )


def _near(entries: Sequence[NearEntry]) -> str:
    """Listed papers by their names, linked."""
    shown = []
    for near in entries:
        label = fit(shorten(near.title.partition(": ")[0], 60), 80)
        shown.append(f"<{arxiv_url(near.arxiv)}|{label}>" if near.arxiv else f"“{label}”")
    return ", ".join(shown)


def _all_reasons(subject: Subject) -> Iterator[str]:
    yield from _reasons(subject)
    reasons = subject.reasons
    if reasons is None:
        return
    more = [f"{term.text} {term.weight:+.1f}" for term in reasons.terms_for]
    less = [f"{term.text} {term.weight:+.1f}" for term in reasons.terms_against]
    yield f"• Every term shown: {fit(', '.join([*more, *less]), 800)}"
    yield (
        f"• Score {reasons.score:.2f}: base {reasons.base:.2f}, other terms {reasons.rest:+.2f}, "
        f"authors {sum(author.weight for author in reasons.authors):+.2f}"
    )


def _places(subject: Subject, catalog: Catalog) -> Iterator[str]:
    for number, choice in enumerate(subject.choices[:_NAMED], 1):
        beside = f" — beside {_near(choice.nearest[:_NEAREST])}" if choice.nearest else ""
        named = f" — its title names “{fit(choice.named, 60)}”" if choice.named else ""
        yield f"{number}. {fit(place_name(catalog, choice.section), 200)}{named or beside}"


def _chooser(one: Suggestion, catalog: Catalog) -> SectionBlock:
    """The proposed section in a select, the alternatives first, then the whole list."""
    home = one.subject.entry.home
    first = list(dict.fromkeys([home, *(choice.section for choice in one.subject.choices)]))
    fitting = [path for path in catalog.places if len(path) <= _OPTION_VALUE]
    first = [path for path in first if path in fitting][:_OPTIONS]
    others = [path for path in fitting if path not in first][:_OPTIONS]
    chosen = _option(catalog, home) if home in first else None
    groups = [
        OptionGroup(label=label, options=[_option(catalog, path) for path in paths])
        for label, paths in (("Proposed", first), ("All sections", others))
        if paths
    ]
    where = fit(place_name(catalog, home), 300)
    select = StaticSelectElement(
        action_id=SECTION,
        placeholder="Another section",
        option_groups=groups,
        initial_option=chosen,
    )
    return SectionBlock(
        block_id=f"{CHOSEN}:{one.id}:{one.version}",
        text=mrkdwn(f"*Goes to* {where}"),
        accessory=select,
    )


def _option(catalog: Catalog, path: str) -> Option:
    titles = catalog.section_titles(path, " › ")
    return Option(
        value=path,
        text=shorten(titles, _OPTION_TEXT) if len(titles) > _OPTION_TEXT else titles,
    )


def _differences(subject: Subject, catalog: Catalog) -> Iterator[str]:
    """What a correction would change, key by key."""
    before, after = subject.before, subject.after
    if before is None or after is None:
        yield f"In {fit(place_name(catalog, subject.entry.home), 300)}."
        return
    for name, old, new in zip(
        ("Title", "Link", "Venue", "Organisations", "Note", "Sections"),
        _shown(before, catalog),
        _shown(after, catalog),
        strict=True,
    ):
        if old != new:
            yield f"*{name}*: ~{fit(old or 'none', 300)}~ → {fit(new or 'none', 300)}"


def _shown(entry: Entry, catalog: Catalog) -> tuple[str, ...]:
    return (
        entry.title,
        entry.url or "",
        edition(entry),
        ", ".join(entry.orgs),
        entry.note or "",
        "; ".join(place_name(catalog, path) for path in entry.sections),
    )


def _buttons(one: Suggestion) -> list[ButtonElement]:
    buttons = [
        ButtonElement(text="Approve", action_id=APPROVE, value=str(one.id), style="primary"),
        ButtonElement(text="Reject", action_id=REJECT, value=str(one.id), style="danger"),
        ButtonElement(text="Later", action_id=LATER, value=str(one.id)),
    ]
    if one.subject.kind != "removal":
        buttons.append(ButtonElement(text="Edit", action_id=EDIT, value=str(one.id)))
    return buttons


def _standing(one: Suggestion, quorum: int) -> Iterator[str]:
    if not one.subject.is_known:
        yield ":warning: arXiv did not tell about it. Give it its title with *Edit*."
    if one.state == "postponed" and one.wake_at:
        yield f"For later: comes back {day(one.wake_at)}"
    if one.approvals:
        names = ", ".join(map(person, one.approvals))
        yield f"{len(one.approvals)} of {quorum} approvals: {names}"
