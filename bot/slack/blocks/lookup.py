"""What people see: values become Block Kit. Pure.

Limits are Slack's (https://docs.slack.dev/reference/block-kit/blocks): 50 blocks a message and
3,000 characters a section; a message of more than about 13,000 characters is refused though that
is not documented, so what foreign text can fill is bounded here.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    DividerBlock,
    MarkdownTextObject,
    SectionBlock,
)

from bot.catalog.identity import title_key
from bot.catalog.links import arxiv_url
from bot.catalog.model import Catalog, Entry, Section
from bot.lookup.catalog_lookup import LookupAnswer
from bot.lookup.query import LONGEST
from bot.slack.request import VERBS, PapersRequest

PAGE = 8
PREVIOUS, NEXT, SHARE, AGAIN = "lookup:previous", "lookup:next", "lookup:share", "lookup:again"

CORRECT = "suggest:correct"

_ROOM, _BLOCKS = 12_000, 50
_TITLE = 240
_ADDRESS = 500
_DETAILS = 300
_SENTENCE = 2800
_HEADING = 500
_NAME = 60


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """A message: its blocks, and its text for notifications and screen readers."""

    text: str
    blocks: tuple[Block, ...]


def escape(text: str) -> str:
    """Foreign text for mrkdwn: nothing in it is a link, a mention or markup of Slack's.

    See https://docs.slack.dev/messaging/formatting-message-text#escaping.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shorten(text: str, limit: int) -> str:
    """Text of at most `limit` characters, cut at a word."""
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,.;:") + "…"


def fit(text: str, limit: int) -> str:
    """Foreign text, escaped and of at most `limit` characters then."""
    short = shorten(text, limit)
    while len(escape(short)) > limit:
        short = shorten(short, len(short) * limit // len(escape(short)))
    return escape(short)


def text_message(text: str) -> SlackMessage:
    """Something said in words alone."""
    shown = fit(text, _SENTENCE)
    return SlackMessage(shown, (section(shown),))


def results_message(
    catalog: Catalog, answer: LookupAnswer, request: PapersRequest
) -> SlackMessage:
    """A page of an answer, with the buttons that lead on."""
    if answer.kind == "paper" and answer.total == 1:
        return _card_message(catalog, answer, request)
    blocks = [section(f"*{fit(answer.message, _HEADING)}*"), *_lines(catalog, answer)]
    last = answer.offset + len(answer.results)
    blocks.append(ContextBlock(elements=[mrkdwn(f"{_span(answer)} · Only you can see this.")]))
    buttons = []
    if request.page > 0:
        buttons.append(
            _button(
                "Previous", PREVIOUS, PapersRequest(request.verb, request.text, request.page - 1)
            )
        )
    if last < answer.total:
        buttons.append(
            _button("Next", NEXT, PapersRequest(request.verb, request.text, request.page + 1))
        )
    buttons.append(_button("Share in channel", SHARE, request))
    blocks.append(ActionsBlock(block_id="lookup", elements=buttons))
    return SlackMessage(fit(answer.message, _SENTENCE), tuple(blocks))


def shared_results(catalog: Catalog, answer: LookupAnswer, user: str) -> SlackMessage:
    """A page for everybody in the channel, naming who shared it."""
    what = f" `/papers {fit(answer.query.replace('`', ''), 100)}`" if answer.query else ""
    head = f"<@{user}> shared{what}"
    if answer.kind == "paper" and answer.total == 1:
        head = f"<@{user}> shared a paper"
        blocks: list[Block] = [section(head), *_card(catalog, answer.results[0])]
    else:
        blocks = [section(f"{head}\n{fit(answer.message, _HEADING)}"), *_lines(catalog, answer)]
        blocks.append(ContextBlock(elements=[mrkdwn(_span(answer))]))
    return SlackMessage(f"{head}: {fit(answer.message, _SENTENCE)}", tuple(blocks))


def help_message(catalog: Catalog) -> SlackMessage:
    """What can be asked, and the sections with their counts."""
    sections = [_section_line(catalog, section) for section in catalog.info.sections]
    verbs = [f"`/papers {verb}`  {does}" for verb, does in VERBS.items()]
    title = fit(catalog.info.title, _TITLE)
    return SlackMessage(
        f"How to ask {title}",
        (
            section(f"*{title}* · {len(catalog.entries):,} papers. Only you see what I answer."),
            section(
                "*Ask with a few words*\n"
                "`/papers kv cache`  the papers on it, the best match first\n"
                "`/papers serving`  a whole section\n"
                "`/papers 2401.09670`  a paper by arXiv id, DOI or link\n"
                '`/papers "paged attention" venue:osdi year:2023..2025`  phrases and filters '
                "(`venue:`, `year:`, `org:`, `section:`)\n" + "\n".join(verbs)
            ),
            section("*Sections*\n" + _as_fits(sections, "\n", _SENTENCE)),
        ),
    )


def _section_line(catalog: Catalog, top: Section) -> str:
    """A top section with its count, and those below it with theirs."""
    below = [
        f"{fit(place.section.title, _NAME)} {len(catalog.within(path))}"
        for path, place in catalog.places.items()
        if path.startswith(f"{top.id}/")
    ]
    title = f"• *{fit(top.title, _NAME)}* {len(catalog.within(top.id))}"
    return f"{title}:  {_as_fits(below, '  ·  ', _HEADING)}" if below else title


def _as_fits(parts: Sequence[str], separator: str, limit: int) -> str:
    """As many of the parts as fit, and how many more there are."""
    for count in range(len(parts), 0, -1):
        more = [f"… and {len(parts) - count} more"] if count < len(parts) else []
        text = separator.join([*parts[:count], *more])
        if len(text) <= limit:
            return text
    return f"{len(parts)} in all"


def _card_message(catalog: Catalog, answer: LookupAnswer, request: PapersRequest) -> SlackMessage:
    entry = answer.results[0]
    # Sharing asks for this very paper again, not once more for chance.
    ways = (entry.arxiv, entry.url, f'"{entry.title.replace(chr(34), " ")}"')
    itself = next((way for way in ways if way and len(way) <= LONGEST), None)
    buttons = (
        [_button("Share in channel", SHARE, PapersRequest("search", itself))] if itself else []
    )
    correct = ButtonElement(text="Suggest a correction", action_id=CORRECT, value=title_key(entry))
    buttons.append(correct)
    if request.verb == "random":
        buttons.insert(0, _button("Another", AGAIN, request))
    return SlackMessage(
        f"{fit(answer.message, _HEADING)} {fit(entry.title, _TITLE)}",
        (
            section(fit(answer.message, _SENTENCE)),
            *_card(catalog, entry),
            ContextBlock(elements=[mrkdwn("Only you can see this.")]),
            ActionsBlock(block_id="lookup", elements=buttons),
        ),
    )


def _card(catalog: Catalog, entry: Entry) -> list[Block]:
    """Everything that the list knows of a paper."""
    rows = {
        "Section": "\n".join(fit(path_of(catalog, path), 300) for path in entry.sections[:5]),
        "Venue": fit(edition(entry), _DETAILS),
        "Organisation": fit(", ".join(entry.orgs), _HEADING),
        "Note": fit(entry.note or "", _DETAILS),
        "arXiv": f"<{arxiv_url(entry.arxiv)}|{entry.arxiv}> · "
        f"<https://arxiv.org/pdf/{entry.arxiv}|PDF>"
        if entry.arxiv
        else "",
        "DOI": f"<https://doi.org/{escape(entry.doi)}|{fit(entry.doi, _NAME)}>"
        if entry.doi and len(entry.doi) <= _DETAILS
        else "",
        "Added": entry.added.isoformat() if entry.added else "",
    }
    fields = [mrkdwn(f"*{name}*\n{value}") for name, value in rows.items() if value]
    return [section(f"*{title_of(entry)}*"), SectionBlock(fields=fields)]


def _lines(catalog: Catalog, answer: LookupAnswer) -> list[Block]:
    """A block a paper; a line before those that have only some of the words."""
    blocks: list[Block] = []
    for number, entry in enumerate(answer.results, answer.offset):
        if number == answer.complete and number:
            blocks += [
                DividerBlock(),
                ContextBlock(elements=[mrkdwn("With some of your words:")]),
            ]
        blocks.append(section(f"{title_of(entry)}\n{_details(catalog, entry)}"))
    return blocks


def title_of(entry: Entry) -> str:
    """The title, linked where there is an address, for mrkdwn."""
    label = fit(entry.title, _TITLE)
    address = escape(entry.url.replace("|", "%7C")) if entry.url else ""
    return f"<{address}|{label}>" if 0 < len(address) <= _ADDRESS else label


def _details(catalog: Catalog, entry: Entry) -> str:
    """Section, venue, organisations and note, in one line."""
    missing = "" if entry.url else "no link yet"
    parts = [
        path_of(catalog, entry.home),
        edition(entry),
        ", ".join(entry.orgs),
        entry.note or "",
        missing,
    ]
    return fit("  ·  ".join(part for part in parts if part), _DETAILS)


def path_of(catalog: Catalog, path: str) -> str:
    """The titles down to a section: `LLM Systems › Serving`."""
    return catalog.section_titles(path, " › ")


def edition(entry: Entry) -> str:
    """Venue and year: `OSDI 2024`."""
    return " ".join(str(part) for part in (entry.venue, entry.year) if part)


def _span(answer: LookupAnswer) -> str:
    first, last = answer.offset + 1, answer.offset + len(answer.results)
    return f"{first}–{last} of {answer.total:,}" if answer.total > 1 else "1 of 1"


def section(text: str) -> SectionBlock:
    """A paragraph; its text is escaped already."""
    return SectionBlock(text=mrkdwn(text))


def mrkdwn(text: str) -> MarkdownTextObject:
    """Text with Slack's markup; what is foreign in it is escaped already.

    Verbatim: else Slack itself would make links of what looks like a name or an address.
    """
    return MarkdownTextObject(text=text, verbatim=True)


def _button(label: str, action: str, request: PapersRequest) -> ButtonElement:
    return ButtonElement(text=label, action_id=action, value=request.to_value())


def mrkdwn_message(text: str, *elements: ButtonElement) -> SlackMessage:
    """Something said in mrkdwn whose foreign parts are escaped already, with buttons below."""
    shown = [text[at : at + _SENTENCE] for at in range(0, len(text), _SENTENCE)][:3]
    blocks: list[Block] = [section(part) for part in shown]
    if elements:
        blocks.append(ActionsBlock(elements=list(elements)))
    return SlackMessage(text[:_SENTENCE], tuple(blocks))


def joined_message(*messages: SlackMessage) -> SlackMessage:
    """Several messages as one; what does not fit into one of Slack's is left out at the end."""
    taken: list[Block] = []
    room = _ROOM
    for block in (block for message in messages for block in message.blocks):
        room -= len(json.dumps(block.to_dict(), ensure_ascii=False))
        if room < 0 or len(taken) == _BLOCKS:
            break
        taken.append(block)
    return SlackMessage(messages[0].text, tuple(taken))
