"""Editions of digests as messages: one for the channel, the rest for its thread. Pure.

What foreign text can fill is bounded per paper, so that `messages.PAPERS_PER_PART` papers are
within Slack's limits whatever their titles hold.
"""

from collections.abc import Iterator, Sequence

from slack_sdk.models.blocks import Block

from bot.digest import edition_text
from bot.digest.edition import Edition, EditionGroup, EditionPaper, WaitingCard
from bot.digest.messages import (
    MAX_IN_MESSAGE,
    PAPERS_PER_PART,
    EditionPart,
    EditionSummary,
    summarize,
)
from bot.slack.blocks.text import SlackMessage, fit, mentions, section, small_print, titled_link
from bot.slack.permalinks import permalink
from bot.text import pluralize

_HEADLINE, _NOTE, _HEADING = 400, 700, 120
_TITLE, _ADDRESS, _DETAILS = 180, 180, 100
_APPROVERS = 3
_SECTIONS = 15
_BLOCK_LENGTH = 2900


def edition_message(edition: EditionSummary, workspace: str = "") -> SlackMessage:
    """The message of an edition; `workspace` is the address with which links to cards begin."""
    headline = fit(edition_text.headline(edition), _HEADLINE)
    notes = [fit(note, _NOTE) for note in edition_text.notes(edition)]
    waiting = _waiting(edition, workspace)
    health = fit(edition.edition.health.sentence, _NOTE)
    if not edition.listed and not edition.noteworthy:
        line = ". ".join(filter(None, (headline, waiting)))
        return SlackMessage(headline, (section(" ".join([f"{line}.", *notes, health]).strip()),))
    blocks: list[Block] = [section(f"*{headline}*")]
    blocks += _papers(edition.edition.groups)
    if edition.sections:
        blocks.append(section("\n".join(_counts(edition.sections))))
    blocks += map(section, notes)
    if waiting:
        blocks.append(section(f"{waiting}."))
    if ending := " · ".join(filter(None, (_thread_contents(edition), health))):
        blocks.append(small_print(ending))
    return SlackMessage(headline, tuple(blocks))


def part_message(part: EditionPart) -> SlackMessage:
    """A message of an edition's thread."""
    papers = sum(len(group.papers) for group in part.groups)
    if part.is_noteworthy:
        head = edition_text.noteworthy_heading(papers)
    else:
        head = f"{pluralize(papers, 'new paper')}, part {part.number} of {part.of}"
    return SlackMessage(head, (section(f"*{head}*"), *_papers(part.groups)))


def preview_message(edition: Edition, workspace: str = "") -> SlackMessage:
    """A preview of an edition for one person, with the beginning of its thread."""
    page = summarize(edition)
    message = edition_message(page, workspace)
    hint = small_print("A preview, of the time just past. Only you can see this.")
    blocks: list[Block] = [hint, *message.blocks]
    if page.sections:
        first = [paper for group in edition.groups for paper in group.papers][:MAX_IN_MESSAGE]
        blocks += _papers((EditionGroup("The thread begins with", tuple(first)),))
    if edition.noteworthy:
        blocks.append(section(f"*{edition_text.noteworthy_heading(len(edition.noteworthy))}*"))
        blocks += _papers((EditionGroup("", edition.noteworthy),))
    return SlackMessage(f"Preview: {message.text}", tuple(blocks))


def _papers(groups: Sequence[EditionGroup]) -> Iterator[Block]:
    """A heading for each section and a line for each paper, in as few blocks as possible."""
    for group in groups:
        text = f"*{fit(group.section, _HEADING)}*" if group.section else ""
        for paper in group.papers[:PAPERS_PER_PART]:
            line = _line(paper)
            if len(text) + len(line) + 1 > _BLOCK_LENGTH:
                yield section(text)
                text = line
            else:
                text = f"{text}\n{line}".strip()
        if text:
            yield section(text)


def _line(paper: EditionPaper) -> str:
    """A paper: its title as a link, its venue and organisations, who approved it."""
    title = titled_link(paper.url, paper.title, _TITLE, _ADDRESS)
    approvers = mentions(paper.approved_by[:_APPROVERS])
    details = fit(paper.details, _DETAILS) if paper.details else ""
    approved = f"approved by {approvers}" if approvers else ""
    return "  ·  ".join(filter(None, (f"• {title}", details, approved)))


def _counts(sections: Sequence[tuple[str, int]]) -> Iterator[str]:
    for name, number in sections[:_SECTIONS]:
        yield f"• {fit(name, _HEADING)}: {number}"
    if len(sections) > _SECTIONS:
        rest = sum(number for _, number in sections[_SECTIONS:])
        yield f"• {len(sections) - _SECTIONS} more sections: {rest}"


def _waiting(edition: EditionSummary, workspace: str) -> str:
    """The number of cards that wait for a decision, with links to the oldest."""
    text = edition_text.waiting_sentence(edition)
    links = ", ".join(filter(None, (_card_link(c, workspace) for c in edition.edition.waiting)))
    return f"{text}: {links}" if links else text


def _card_link(waiting: WaitingCard, workspace: str) -> str:
    if waiting.card is None or not workspace:
        return ""
    address = permalink(workspace, waiting.card.channel, waiting.card.ts)
    return f"<{address}|since {waiting.since.day} {waiting.since:%b}>"


def _thread_contents(edition: EditionSummary) -> str:
    parts = ["all of them"] if edition.sections else []
    if edition.noteworthy:
        parts.append(f"{edition.noteworthy} seen on arXiv and not proposed")
    return f"In the thread: {', and '.join(parts)}" if parts else ""
