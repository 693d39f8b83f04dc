"""Writer for a line of a list, in the style of the lines around it.

Every known style is tried on the neighbours, and the one that reproduces most of them is the style
of the list. A line in that style is used only if it reads back as the entry. Otherwise the plain
form is used: the most readable one that reads back, in the last resort with every word escaped.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from markdown_it import MarkdownIt

from bot.catalog.links import read_link
from bot.catalog.markdown.dialect import markdown_parser, standard_parser
from bot.catalog.markdown.escape import Accepts, least_escaped
from bot.catalog.markdown.inline import Inline, read_inline
from bot.catalog.markdown.line import Draft, read_line
from bot.catalog.model import Entry
from bot.catalog.names import KnownNames
from bot.errors import PapersError

Part = Callable[[Entry], str]
"""A part of a line, given an entry whose texts are Markdown."""

_LINE_TOKENS = ["bullet_list_open", "list_item_open", "paragraph_open", "inline"]
_LINE_TOKENS += ["paragraph_close", "list_item_close", "bullet_list_close"]
_SHORT_YEARS = range(2000, 2070)
_LINK = re.compile(r"\]\((?P<address><[^<>\n]*>|(?:[^()\s]|\([^()\s]*\))*)\)")
_STRUCK = re.compile(r"(?<![\\~])~(?=[^\s~])[^~]*(?<=[^\s\\~])~(?!~)")
"""Text that only GitHub strikes out: between single tildes."""
_WORDS = ("paper", "Paper", "pdf", "PDF", "link", "Link", "arXiv")
# The text before and after the details; {n}ame, {r}est, {t}itle, {u}rl.
_HEADS = [
    ("[{n}]({u}): {r}", ""),
    ("[{t}]({u})", ""),
    ("[{n}:]({u}) {r}", ""),
    ("[{n}]({u}) : {r}", ""),
    ("**[{n}]({u})**: {r}", ""),
    ("[**{n}**]({u}): {r}", ""),
    ("**[{t}]({u})**", ""),
    ("[**{t}**]({u})", ""),
    *(
        (head, tail.format(word=word, u="{u}"))
        for head in ("{t}", "**{t}**", "{t}.", "**{n}**: {r}")
        for tail in (" [[{word}]({u})]", " [{word}]({u})", " \\[[{word}]({u})\\]")
        for word in _WORDS
    ),
]
_EDITIONS = [
    f"{{venue}}{space}{apostrophe}{short}"
    for short in ("{year:02d}", "{full}")
    for apostrophe in ("'", "", "’")
    for space in (" ", "")
    if apostrophe or space
] + ["{venue}' {year:02d}", "{venue}’ {year:02d}", "{venue}, {full}", "{venue}-{full}"]
_DETAILS = [" | {}", "| {}", ", {}", ". {}", " - {}", " – {}", " ({})", " [{}]", " **{}**"]
_DETAILS += [" *{}*", " `{}`", " · {}", "; {}"]
_MIN_EXAMPLES = 3
_JOINERS = [" & ", ", ", "/", " and "]


@dataclass(frozen=True, slots=True)
class Style:
    """A style of writing lines, as templates for the parts of a line."""

    head: tuple[str, str] = _HEADS[0]
    edition: str = _EDITIONS[0]
    detail: str = _DETAILS[0]
    joiner: str = _JOINERS[0]
    edition_first: bool = False

    def line(self, entry: Entry) -> str:
        """The line of an entry in this style."""
        first, last = self.ends(entry)
        return f"{first}{self.details(entry)}{last}"

    def ends(self, entry: Entry) -> tuple[str, str]:
        """The text before and after the details."""
        head, tail = self.head
        if "{n}" in head and not entry.name:
            head = head.replace("{n}:", "{t}").replace("{n}", "{t}")
            head = head.replace(" : {r}", "").replace(": {r}", "").replace(" {r}", "")
        name, _, rest = entry.title.partition(": ")
        values = {"n": name, "r": rest, "t": entry.title, "u": address_of(entry.url)}
        return head.format(**values) + _note_text(entry), tail.format(**values)

    def details(self, entry: Entry) -> str:
        """Organisations and edition, with their separators."""
        texts = [self.joiner.join(entry.orgs), self.edition_of(entry)]
        if self.edition_first:
            texts.reverse()
        return "".join(self.detail.format(text) for text in texts if text)

    def bare(self, entry: Entry) -> str:
        """Organisations or edition, without separators."""
        return self.joiner.join(entry.orgs) or self.edition_of(entry)

    def edition_of(self, entry: Entry) -> str:
        """Venue and year, or the one of them that is known."""
        if entry.venue is None or entry.year is None:
            return entry.venue or str(entry.year or "")
        return self.edition.format(venue=entry.venue, year=entry.year % 100, full=entry.year)


def style_of(
    neighbours: Iterable[tuple[str, Entry]], others: Iterable[tuple[str, Entry]] = ()
) -> Style | None:
    """The style of most of the given lines; None if it is not a known one.

    A neighbour is the text after a bullet with its entry. If too few of them have details, the
    `others` on the list are examples of how details are written.
    """
    lines = _comparable(neighbours)

    def framed(head: tuple[str, str]) -> int:
        return sum(_frames(Style(head=head), text, entry) for text, entry in lines)

    head = max(_HEADS, key=framed)
    if not framed(head):
        return None
    examples = [*_details_of(lines, head)]
    if len(examples) < _MIN_EXAMPLES:
        examples += _details_of(_comparable(others), head)

    def matches(style: Style) -> int:
        return sum(style.details(entry) == text for text, entry in examples)

    styles = product(_DETAILS, _EDITIONS, _JOINERS, (False, True))
    return max(
        (Style(head, edition, detail, joiner, first) for detail, edition, joiner, first in styles),
        key=matches,
    )


def styled_line(
    entry: Entry, style: Style | None, names: KnownNames, sections: Sequence[str] = ()
) -> str:
    """The text after a bullet that reads back as the entry: in the style if possible.

    `sections` are noted in a comment, for entries that name them in another order than the list.
    """
    comment = f" <!-- sections: {' '.join(sections)} -->" if sections else ""

    def line_in(form: Part, parts: Sequence[str]) -> str:
        return f"{form(_with_texts(entry, parts))}{comment}"

    def accepted_in(form: Part) -> Accepts:
        def accepts(parts: Sequence[str]) -> bool:
            line = line_in(form, parts)
            return reads_as(line, entry, names) and is_standard(line)

        return accepts

    forms = list(_forms(entry, style))
    texts = [entry.title, entry.venue or "", entry.note or "", *entry.orgs]
    if least := least_escaped(texts, *map(accepted_in, forms)):
        number, parts = least
        return line_in(forms[number], parts)
    # Not reached with any text that people can type: the escaped form reads back (tested).
    raise PapersError(
        f"{entry.title!r} contains control characters, which Markdown cannot express."
    )


def retouched_line(
    text: str, before: Entry, after: Entry, style: Style | None, names: KnownNames
) -> str | None:
    """Replace what differs between two entries in a line, and keep the rest of it.

    None if the result does not read back as the corrected entry.
    """
    style = style or Style()
    variants = (
        replace(style, edition=edition, joiner=joiner)
        for edition, joiner in product(_EDITIONS, _JOINERS)
    )
    lines = dict.fromkeys(_retouch(text, before, after, variant) for variant in (style, *variants))
    return next((line for line in lines if line and reads_as(line, after, names)), None)


def address_of(url: str | None) -> str:
    """The destination of a link; in angle brackets if it would end early or be decoded."""
    if not url:
        return ""
    if not re.search(r"[()\\]|&#?\w+;", url):
        return url
    return f"<{url.replace('&', '&amp;').replace(chr(92), chr(92) * 2)}>"


def reads_as(line: str, entry: Entry, names: KnownNames) -> bool:
    """Tell whether the text of a bullet reads back as an entry."""
    inline = _bullet(line, markdown_parser())
    draft = read_line(inline, names) if inline else None
    return isinstance(draft, Draft) and draft.states(entry)


def is_standard(line: str) -> bool:
    """Tell whether GitHub reads the text of a bullet as this project does."""
    if _STRUCK.search(_LINK.sub("", line)):
        return False
    return _bullet(line, standard_parser()) == _bullet(line, markdown_parser())


def _bullet(line: str, parser: MarkdownIt) -> Inline | None:
    """The content of a bullet; None if it is more than a paragraph."""
    tokens = parser.parse(f"- {line}")
    if [token.type for token in tokens] != _LINE_TOKENS:
        return None
    return read_inline(tokens[3].children or ())


def _with_texts(entry: Entry, parts: Sequence[str]) -> Entry:
    """An entry with Markdown in place of its texts."""
    title, venue, note, *orgs = parts
    return replace(entry, title=title, venue=venue or None, note=note or None, orgs=tuple(orgs))


def _forms(entry: Entry, style: Style | None) -> Iterator[Part]:
    """The forms of lines that may read back as the entry, the best first."""
    if style and entry.url:
        yield style.line
        yield replace(style, detail=_DETAILS[0]).line  # bars mark organisations
    titles = [_linked_title]
    if entry.url and not entry.note:
        titles.insert(0, _linked_name)
    elif not entry.url and not entry.note:
        titles.insert(0, lambda entry: entry.title)
    for title, edition, orgs in product(
        titles, (_edition, _labelled_edition), (_orgs, _labelled_orgs)
    ):
        yield _joined(title, orgs, edition)


def _joined(*parts: Part) -> Part:
    return lambda entry: " | ".join(filter(None, (part(entry) for part in parts)))


def _linked_title(entry: Entry) -> str:
    note = f" - {entry.note}" if entry.note else ""
    return f"[{entry.title}]({address_of(entry.url)}){note}"


def _linked_name(entry: Entry) -> str:
    name, _, rest = entry.title.partition(": ")
    return f"[{name}]({address_of(entry.url)}): {rest}" if rest else _linked_title(entry)


def _orgs(entry: Entry) -> str:
    return " & ".join(entry.orgs)


def _labelled_orgs(entry: Entry) -> str:
    return f"Org: {_orgs(entry)}" if entry.orgs else ""


def _edition(entry: Entry) -> str:
    year = entry.year
    if entry.venue and year and year in _SHORT_YEARS:
        return f"{entry.venue} '{year % 100:02d}"
    return " ".join(str(part) for part in (entry.venue, year) if part)


def _labelled_edition(entry: Entry) -> str:
    venue = f"Venue: {entry.venue}" if entry.venue else ""
    return " | ".join(filter(None, (venue, f"Year: {entry.year}" if entry.year else "")))


def _retouch(text: str, before: Entry, after: Entry, style: Style) -> str | None:
    if before.url != after.url:
        addresses = [link["address"] for link in _LINK.finditer(text)]
        old_addresses = [address for address in addresses if _leads_to(address, before.url)]
        if len(old_addresses) != 1 or not after.url:
            return None
        text = text.replace(f"]({old_addresses[0]})", f"]({address_of(after.url)})")
    for old, new in _replacements(before, after, style):
        if not old:
            text = f"{text}{new}"
        elif text.count(old) == 1:
            text = text.replace(old, new)
        else:
            return None
    return text


def _replacements(before: Entry, after: Entry, style: Style) -> Iterator[tuple[str, str]]:
    """The old and the new text of each part that differs."""
    if before.title != after.title:
        yield from _title_replacements(before, after)
    if before.note != after.note:
        yield _note_text(before), _note_text(after)
    bare = replace(after, title="", orgs=(), venue=None, year=None)
    with_orgs = [replace(bare, orgs=entry.orgs) for entry in (before, after)]
    with_edition = [replace(bare, venue=entry.venue, year=entry.year) for entry in (before, after)]
    for old, new in (with_orgs, with_edition):
        if old == new:
            continue
        whole = style.details(old), style.details(new)
        # What is added or removed includes its separator; what changes keeps the one it has.
        yield (style.bare(old), style.bare(new)) if all(whole) else whole


def _title_replacements(before: Entry, after: Entry) -> Iterator[tuple[str, str]]:
    if not before.name or not after.name:
        yield before.title, after.title
        return
    old, new = before.title.partition(": "), after.title.partition(": ")
    yield from ((old[at], new[at]) for at in (0, 2) if old[at] != new[at])


def _note_text(entry: Entry) -> str:
    return f" ({entry.note})" if entry.note else ""


def _comparable(lines: Iterable[tuple[str, Entry]]) -> list[tuple[str, Entry]]:
    """Lines with their addresses replaced by a placeholder: one link has many spellings."""
    return [
        (_LINK.sub("](U)", text.strip()), replace(entry, url="U"))
        for text, entry in lines
        if entry.url
    ]


def _details_of(
    lines: Iterable[tuple[str, Entry]], head: tuple[str, str]
) -> Iterator[tuple[str, Entry]]:
    """The text between head and tail, for the lines with details."""
    style = Style(head=head)
    for text, entry in lines:
        if (entry.venue or entry.orgs) and _frames(style, text, entry):
            first, last = style.ends(entry)
            yield text[len(first) : len(text) - len(last)], entry


def _frames(style: Style, text: str, entry: Entry) -> bool:
    """Tell whether a line begins and ends as in a style."""
    first, last = style.ends(entry)
    return text.startswith(first) and text.endswith(last) and len(first) + len(last) <= len(text)


def _leads_to(address: str, url: str | None) -> bool:
    link = read_link(address.strip("<>"))
    return link is not None and link.url == url
