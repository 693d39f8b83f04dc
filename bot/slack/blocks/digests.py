"""Editions as messages: one for the channel, the rest for its thread. Pure.

What foreign text can fill is bounded per paper, so that `messages.PAPERS_PER_PART` papers are
within Slack's limits whatever their titles hold.
"""

from collections.abc import Iterator, Sequence

from slack_sdk.models.blocks import Block, ContextBlock

from bot.digest import edition_text as words
from bot.digest.edition import CardLink, Edition, EditionGroup, EditionPaper, WaitingCard
from bot.digest.messages import (
    MAX_IN_MESSAGE,
    PAPERS_PER_PART,
    EditionPart,
    EditionSummary,
    summarize,
)
from bot.slack.blocks.lookup import SlackMessage, fit, mrkdwn, section
from bot.text import pluralize

_HEADLINE, _NOTE, _HEADING = 400, 700, 120
_TITLE, _ADDRESS, _DETAILS = 180, 180, 100
_APPROVERS = 3
_SECTIONS = 15
_A_BLOCK = 2900


def edition_message(said: EditionSummary, team_url: str = "") -> SlackMessage:
    """The message of an edition. `team_url` (`https://example.slack.com/`) leads to the cards."""
    headline = fit(words.headline(said), _HEADLINE)
    notes = [fit(note, _NOTE) for note in words.notes(said)]
    waiting = _waiting(said, team_url)
    health = fit(said.edition.health.sentence, _NOTE)
    if not said.listed and not said.noteworthy:
        line = ". ".join(part for part in (headline, waiting) if part)
        return SlackMessage(headline, (section(" ".join([f"{line}.", *notes, health]).strip()),))
    blocks: list[Block] = [section(f"*{headline}*")]
    blocks += _papers(said.edition.groups)
    if said.sections:
        blocks.append(section("\n".join(_counts(said.sections))))
    blocks += [section(note) for note in notes]
    if waiting:
        blocks.append(section(f"{waiting}."))
    in_thread = _in_thread(said)
    ending = " · ".join(part for part in (in_thread, health) if part)
    if ending:
        blocks.append(ContextBlock(elements=[mrkdwn(ending)]))
    return SlackMessage(headline, tuple(blocks))


def part_message(part: EditionPart) -> SlackMessage:
    """A message of an edition's thread."""
    papers = sum(len(group.papers) for group in part.groups)
    if part.is_noteworthy:
        head = words.noteworthy_heading(papers)
    else:
        head = f"{pluralize(papers, 'new paper')}, part {part.number} of {part.of}"
    return SlackMessage(head, (section(f"*{head}*"), *_papers(part.groups)))


def preview_message(edition: Edition, team_url: str = "") -> SlackMessage:
    """What an edition would look like, for one person's eyes; a thread it has not."""
    said = summarize(edition)
    message = edition_message(said, team_url)
    hint = "A preview, of the time just past. Only you can see this."
    blocks = [ContextBlock(elements=[mrkdwn(hint)]), *message.blocks]
    if said.sections:
        first = [paper for group in edition.groups for paper in group.papers][:MAX_IN_MESSAGE]
        blocks += _papers((EditionGroup("The thread begins with", tuple(first)),))
    if edition.noteworthy:
        blocks.append(section(f"*{words.noteworthy_heading(len(edition.noteworthy))}*"))
        blocks += _papers((EditionGroup("", edition.noteworthy),))
    return SlackMessage(f"Preview: {message.text}", tuple(blocks))


def permalink(card: CardLink, team_url: str) -> str:
    """A card's address in the workspace."""
    return f"{team_url.rstrip('/')}/archives/{card.channel}/p{card.ts.replace('.', '')}"


def _papers(groups: Sequence[EditionGroup]) -> Iterator[Block]:
    """A heading a section and a line a paper, in as few blocks as their length allows."""
    for group in groups:
        text = f"*{fit(group.section, _HEADING)}*" if group.section else ""
        for paper in group.papers[:PAPERS_PER_PART]:
            line = _line(paper)
            if len(text) + len(line) + 1 > _A_BLOCK:
                yield section(text)
                text = line
            else:
                text = f"{text}\n{line}".strip()
        if text:
            yield section(text)


def _line(paper: EditionPaper) -> str:
    """A paper: its title as a link, its venue and organisations, who approved it."""
    label = fit(paper.title, _TITLE)
    address = fit(paper.url.replace("|", "%7C"), len(paper.url) * 5) if paper.url else ""
    title = f"<{address}|{label}>" if 0 < len(address) <= _ADDRESS else label
    who = [f"<@{user}>" for user in paper.approved_by[:_APPROVERS]]
    approved = f"approved by {', '.join(who)}" if who else ""
    details = [fit(paper.details, _DETAILS) if paper.details else "", approved]
    return "  ·  ".join([f"• {title}", *filter(None, details)])


def _counts(sections: Sequence[tuple[str, int]]) -> Iterator[str]:
    for name, number in sections[:_SECTIONS]:
        yield f"• {fit(name, _HEADING)}: {number}"
    if len(sections) > _SECTIONS:
        rest = sum(number for _, number in sections[_SECTIONS:])
        yield f"• {len(sections) - _SECTIONS} more sections: {rest}"


def _waiting(said: EditionSummary, team_url: str) -> str:
    """How many cards wait; the longest waiting are linked."""
    told = words.waiting_sentence(said)
    links = [link for one in said.edition.waiting if (link := _link(one, team_url))]
    return f"{told}: {', '.join(links)}" if links else told


def _link(one: WaitingCard, team_url: str) -> str:
    if one.card is None or not team_url:
        return ""
    return f"<{permalink(one.card, team_url)}|since {one.since.day} {one.since:%b}>"


def _in_thread(said: EditionSummary) -> str:
    parts = ["all of them"] if said.sections else []
    if said.noteworthy:
        parts.append(f"{said.noteworthy} seen on arXiv and not proposed")
    return f"In the thread: {', and '.join(parts)}" if parts else ""
