"""Answers to lookups, and `/papers help`. Pure."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    DividerBlock,
    SectionBlock,
)

from bot.catalog.identity import facts_of, title_key
from bot.catalog.links import Link, arxiv_url
from bot.catalog.model import Catalog, Entry, Section
from bot.lookup.answers import LookupAnswer
from bot.lookup.paper_details import (
    PaperDetails,
    approval_line,
    author_line,
    edition,
    present_title,
    short_authors,
)
from bot.lookup.query import LONGEST
from bot.slack.blocks.text import (
    SENTENCE_LENGTH,
    TITLE_LENGTH,
    SlackMessage,
    bold_title,
    fit,
    link,
    linked_title,
    mention,
    mixed_host_note,
    mrkdwn,
    mrkdwn_message,
    section,
    section_name,
    small_print,
    titled_link,
)
from bot.slack.lookup_request import LookupRequest, paper_key

PAGE = 8
PREVIOUS, NEXT, SHARE, AGAIN = "lookup:previous", "lookup:next", "lookup:share", "lookup:again"
OPEN, BACK = "lookup:open", "lookup:back"
CORRECT, SUGGEST = "suggest:correct", "suggest:link"

_PRIVATE = "Only you can see this."
_DETAILS_LENGTH = 300
_HEADING_LENGTH = 500
_AUTHORS_LENGTH, _EDITION_LENGTH, _CARD_HEADING_LENGTH = 400, 120, 300
_NAME_LENGTH = 60
_ADDRESS_LENGTH = 1000
_SIMILAR_TITLE, _SIMILAR_ADDRESS = 160, 300
_SHORT_TITLE, _SHORT_ADDRESS, _SHORT_DETAILS = 120, 200, 150
_LINES_LENGTH = 9_000
"""The most characters of the lines of a page, with their buttons, as JSON."""
_BUTTON_LENGTH, _BLOCK_LENGTH = 180, 80  # of a button without its value; of a line without text


def results_message(
    catalog: Catalog,
    answer: LookupAnswer,
    request: LookupRequest,
    details: PaperDetails | None = None,
) -> SlackMessage:
    """A page of an answer, with buttons to its neighbours and to share it.

    An answer of one paper shows that paper, with its `details`.
    """
    if answer.paper:
        return _card_message(catalog, answer, request, details or PaperDetails(answer.paper))
    buttons = []
    if request.page > 0:
        buttons.append(_button("Previous", PREVIOUS, replace(request, page=request.page - 1)))
    if answer.offset + len(answer.results) < answer.total:
        buttons.append(_button("Next", NEXT, replace(request, page=request.page + 1)))
    buttons.append(_button("Share in channel", SHARE, request))
    blocks = (
        section(f"*{fit(answer.message, _HEADING_LENGTH)}*"),
        *_lines(catalog, answer, request),
        small_print(f"{_span(answer)} · {_PRIVATE}"),
        ActionsBlock(block_id="lookup", elements=buttons),
    )
    return SlackMessage(fit(answer.message, SENTENCE_LENGTH), blocks)


def shared_results(
    catalog: Catalog, answer: LookupAnswer, user: str, details: PaperDetails | None = None
) -> SlackMessage:
    """A page for everybody in the channel, naming who shared it.

    An answer of one paper shows that paper, with its `details`.
    """
    query = f" `/papers {fit(answer.query.replace('`', ''), 100)}`" if answer.query else ""
    head = f"{mention(user)} shared{query}"
    if answer.paper:
        head = f"{mention(user)} shared a paper"
        details = details or PaperDetails(answer.paper)
        blocks: list[Block] = [section(head), *_card(catalog, details)]
    else:
        heading = section(f"{head}\n{fit(answer.message, _HEADING_LENGTH)}")
        blocks = [heading, *_lines(catalog, answer), small_print(_span(answer))]
    return SlackMessage(f"{head}: {fit(answer.message, SENTENCE_LENGTH)}", tuple(blocks))


def listed_message(catalog: Catalog, entry: Entry) -> SlackMessage:
    """A message that a paper is on the list, with its sections."""
    names = "; ".join(section_name(catalog, path) for path in entry.sections)
    return mrkdwn_message(f"{bold_title(entry)} is on the list, in {fit(names, 300)}.")


def unlisted_message(link: Link) -> SlackMessage:
    """A message that a paper is neither listed nor suggested, with a button to suggest it."""
    name = f"arXiv {link.arxiv}" if link.arxiv else link.url
    button = ButtonElement(text="Suggest", action_id=SUGGEST, value=link.url[:2000])
    text = f"{fit(name, 300)} is not on the list, nor was it suggested."
    return mrkdwn_message(text, button)


def help_message(catalog: Catalog, verbs: Iterable[tuple[str, str]]) -> SlackMessage:
    """The help: examples of queries, a line for each verb, and the sections with counts."""
    sections = [_section_line(catalog, top) for top in catalog.info.sections]
    lines = [f"`/papers {verb}`  {help_line}" for verb, help_line in verbs]
    title = fit(catalog.info.title, TITLE_LENGTH)
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
                "(`venue:`, `year:`, `org:`, `section:`)\n" + "\n".join(lines)
            ),
            section("*Sections*\n" + _join_to_fit(sections, "\n", SENTENCE_LENGTH)),
        ),
    )


def _section_line(catalog: Catalog, top: Section) -> str:
    """A top section with its count, and those below it with theirs."""
    below = [
        f"{fit(place.section.title, _NAME_LENGTH)} {len(catalog.within(path))}"
        for path, place in catalog.places.items()
        if path.startswith(f"{top.id}/")
    ]
    title = f"• *{fit(top.title, _NAME_LENGTH)}* {len(catalog.within(top.id))}"
    return f"{title}:  {_join_to_fit(below, '  ·  ', _HEADING_LENGTH)}" if below else title


def _join_to_fit(parts: Sequence[str], separator: str, limit: int) -> str:
    """Join as many parts as fit, and say how many more there are."""
    for count in range(len(parts), 0, -1):
        more = [f"… and {len(parts) - count} more"] if count < len(parts) else []
        text = separator.join([*parts[:count], *more])
        if len(text) <= limit:
            return text
    return f"{len(parts)} in all"


def _card_message(
    catalog: Catalog, answer: LookupAnswer, request: LookupRequest, details: PaperDetails
) -> SlackMessage:
    """A paper for one person; one of a page of results has a button back to the page."""
    entry, message, buttons = details.entry, answer.message, []
    if request.paper:
        buttons.append(_button("Back", BACK, replace(request, paper="")))
    elif request.verb == "random":
        buttons.append(_button("Another", AGAIN, request))
    # Sharing looks this very paper up; a random lookup would find another one.
    shared = LookupRequest("search", _query_of(entry), paper=paper_key(entry))
    buttons.append(_button("Share in channel", SHARE, shared))
    correct = ButtonElement(text="Suggest a correction", action_id=CORRECT, value=title_key(entry))
    return SlackMessage(
        f"{fit(message, _HEADING_LENGTH)} {fit(entry.title, TITLE_LENGTH)}",
        (
            section(fit(message, _CARD_HEADING_LENGTH)),
            *_card(catalog, details),
            small_print(_PRIVATE),
            ActionsBlock(block_id="lookup", elements=[*buttons, correct]),
        ),
    )


def _query_of(entry: Entry) -> str:
    """A query that finds an entry at once; empty if its key has to do."""
    queries = (entry.arxiv, entry.url)
    return next((query for query in queries if query and len(query) <= LONGEST), "")


def _card(catalog: Catalog, details: PaperDetails) -> list[Block]:
    """Everything that is known of a paper."""
    entry = details.entry
    arxiv = doi = approval = ""
    if entry.arxiv:
        pdf = f"https://arxiv.org/pdf/{entry.arxiv}"
        arxiv = f"<{arxiv_url(entry.arxiv)}|{entry.arxiv}> · <{pdf}|PDF>"
    if entry.doi and len(entry.doi) <= _DETAILS_LENGTH:
        address = f"https://doi.org/{entry.doi}"
        doi = link(address, fit(entry.doi, _NAME_LENGTH), _ADDRESS_LENGTH)
    if details.approval:
        approval = approval_line(details.approval, mention(details.approval.decided_by))
    rows = {
        "Section": "\n".join(fit(section_name(catalog, path), 300) for path in entry.sections[:5]),
        "Organisation": fit(", ".join(entry.orgs), _HEADING_LENGTH),
        "Note": fit(entry.note or "", _DETAILS_LENGTH),
        "arXiv": arxiv,
        "DOI": doi,
        "Present title": fit(present_title(catalog, entry), TITLE_LENGTH),
        "Added": entry.added.isoformat() if entry.added else "",
        "Approved by": approval,
    }
    fields = [mrkdwn(f"*{name}*\n{value}") for name, value in rows.items() if value]
    title = "\n".join(filter(None, (linked_title(entry, bold=True), mixed_host_note(entry))))
    authors = fit(author_line(facts_of(catalog, entry)), _AUTHORS_LENGTH)
    byline = "\n".join(filter(None, (authors, fit(edition(catalog, entry), _EDITION_LENGTH))))
    blocks: list[Block] = [section(title), *([section(byline)] if byline else [])]
    blocks.append(SectionBlock(fields=fields))
    if details.similar:
        titles = (
            f"• {titled_link(each.url, each.title, _SIMILAR_TITLE, _SIMILAR_ADDRESS)}"
            for each in details.similar
        )
        blocks.append(section("*Similar*\n" + "\n".join(titles)))
    return blocks


def _lines(
    catalog: Catalog, answer: LookupAnswer, request: LookupRequest | None = None
) -> list[Block]:
    """A block a paper; a divider before those that have only some of the words.

    With the request of the page, each has a button that opens its paper. A page that would be
    longer than Slack takes has shorter lines, and no such buttons if it is still too long.
    """
    lines = [_line(catalog, answer, entry) for entry in answer.results]
    buttons: list[ButtonElement | None] = [
        _button("Open", OPEN, replace(request, paper=paper_key(entry))) if request else None
        for entry in answer.results
    ]
    values = [button.value for button in buttons if button]
    room = _LINES_LENGTH - len(values) * _BUTTON_LENGTH - _json_length(values)
    if _json_length(lines) > room:
        lines = [_line(catalog, answer, entry, is_short=True) for entry in answer.results]
    if _json_length(lines) > room:
        buttons = [None] * len(lines)
    blocks: list[Block] = []
    for number, (line, button) in enumerate(zip(lines, buttons, strict=True), answer.offset):
        if number == answer.complete and number:
            blocks += [DividerBlock(), small_print("With some of your words:")]
        blocks.append(SectionBlock(text=mrkdwn(line), accessory=button))
    return blocks


def _json_length(texts: Sequence[str | None]) -> int:
    """The characters of texts in the JSON of their blocks."""
    return sum(len(json.dumps(text, ensure_ascii=False)) + _BLOCK_LENGTH for text in texts)


def _line(catalog: Catalog, answer: LookupAnswer, entry: Entry, *, is_short: bool = False) -> str:
    """Title, authors, venue and year, the section unless it is the heading's, and remarks."""
    place = answer.place.path if answer.place else None
    parts = (
        short_authors(facts_of(catalog, entry)),
        edition(catalog, entry),
        "" if place in entry.sections else section_name(catalog, entry.home),
        ", ".join(entry.orgs),
        entry.note or "",
        "" if entry.url else "no link yet",
    )
    remarks = "  ·  ".join(filter(None, parts))
    if is_short:
        title = titled_link(entry.url, entry.title, _SHORT_TITLE, _SHORT_ADDRESS)
        return f"{title}\n{fit(remarks, _SHORT_DETAILS)}"
    return f"{linked_title(entry)}\n{fit(remarks, _DETAILS_LENGTH)}"


def _span(answer: LookupAnswer) -> str:
    first, last = answer.offset + 1, answer.offset + len(answer.results)
    return f"{first}–{last} of {answer.total:,}" if answer.total > 1 else "1 of 1"


def _button(label: str, action: str, request: LookupRequest) -> ButtonElement:
    return ButtonElement(text=label, action_id=action, value=request.to_value())
