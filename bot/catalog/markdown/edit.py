"""Edits of a Markdown list that people format: the lines of one entry change, and no other byte.

    text ──outline──► newest group of the section ──► line in the style of its neighbours ──► text
                                                                                   │
                       parsed again: the same list, with one more entry ◄──────────┘

An entry in several sections has a line in each of them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bot.catalog.change import Change
from bot.catalog.identity import same_paper
from bot.catalog.markdown.heading_edit import Headings
from bot.catalog.markdown.inline import inline_of
from bot.catalog.markdown.line import Draft
from bot.catalog.markdown.line_style import Style, retouched_line, style_of, styled_line
from bot.catalog.markdown.outline import Bullet, Group, Outline
from bot.catalog.markdown.parse import Heading
from bot.catalog.markdown.table import read_columns, row_candidates
from bot.catalog.model import Entry, ListInfo
from bot.catalog.names import KnownNames
from bot.catalog.yaml.read import CatalogError

_BULLET = re.compile(r"(?P<lead>[ \t>]*)(?P<mark>[-*+]|(?P<number>\d{1,9})[.)])(?P<gap>[ \t]+)")
_NEIGHBOURS = 12
_OTHERS = 40


def edit_markdown(text: str, change: Change, info: ListInfo, names: KnownNames) -> str:
    """The text of a Markdown list after a change; the same text if the change is done.

    The line of a new entry is inserted at the end of the newest group of each of its sections; a
    missing heading is added with the first entry of its section. `names` are those that a reader
    of the list recognises. Raises CatalogError if the line cannot be placed without changing
    anything else.
    """
    editor = _Editor(Headings.of(info), names)
    before, after = change.before, change.after
    old = before.sections if before else ()
    new = after.sections if after else ()
    for path in (path for path in new if path not in old):
        text = editor.insert(text, after, path) if after else text
    for path in (path for path in new if path in old):
        text = editor.replace(text, before, after, path) if before and after else text
    for path in (path for path in reversed(old) if path not in new):
        text = editor.remove(text, before, path) if before else text
    return text


@dataclass(frozen=True, slots=True)
class _Editor:
    headings: Headings
    names: KnownNames
    outlines: dict[str, Outline] = field(default_factory=dict)
    """Outlines by text: parsing a long list takes a second, and each text is needed repeatedly."""

    def insert(self, text: str, entry: Entry, path: str) -> str:
        outline = self._outline(text)
        heading = self._heading(outline, path)
        if heading is None:
            return self._insert_with_heading(text, outline, entry, path)
        if _find(outline, heading, entry):
            return text
        group = outline.newest_group(heading)
        strictly = group is None or not group.is_table
        for at, lines in self._new_lines(outline, heading, group, entry, path):
            after = outline.with_lines(at, at, lines)
            if self._differs_by_one(after, text, entry, strictly=strictly):
                return after
        raise CatalogError(
            f"{entry.title} cannot be placed under {self._title(path)} in the Markdown list: its "
            "line would change how others are read. Add it by hand."
        )

    def remove(self, text: str, entry: Entry, path: str) -> str:
        outline = self._outline(text)
        heading = self._heading(outline, path)
        bullet = _find(outline, heading, entry) if heading else None
        if bullet is None:
            return text
        items = bullet.block.children if bullet.block.type != "table" else []
        at = items.index(bullet.node) if bullet.node in items else 0
        first, last = outline.start(bullet.node), outline.end(bullet.node)
        if len(items) == 1:
            without = self._without_heading(text, outline, entry, path, (first, last))
            if without is not None:
                return without
        if at:
            first = outline.end(items[at - 1])  # with the blank lines between the two
        elif len(items) > 1:
            last = outline.start(items[1])
        elif outline.is_blank(first - 1) and outline.is_blank(last):
            first -= 1
        after = outline.with_lines(first, last, [])
        if not self._differs_by_one(text, after, entry, strictly=False):
            raise CatalogError(
                f"The line of {entry.title} under {self._title(path)} in the Markdown list cannot "
                "be removed: it contains other entries. Remove it by hand."
            )
        return after

    def replace(self, text: str, before: Entry, after: Entry, path: str) -> str:
        """Correct the line of an entry; insert one if there is none."""
        outline = self._outline(text)
        heading = self._heading(outline, path)
        bullet = _find(outline, heading, before) if heading else None
        if heading is None or bullet is None:
            return self.insert(text, after, path)
        if bullet.draft.states(after):
            return text
        group = next(group for group in outline.groups(heading) if bullet in group.bullets)
        if group.is_table:
            return self.insert(self.remove(text, before, path), after, path)
        node = next(child for child in bullet.node.children if child.type == "paragraph")
        first, last = outline.start(node), outline.end(node)
        match = _BULLET.match(outline.lines[first])
        if match is None:
            raise CatalogError(f"The line of {before.title} is not a bullet. Correct it by hand.")
        style, line = self._style(outline, group), None
        if last == first + 1:
            source = outline.lines[first][match.end() :].rstrip("\r\n")
            written = bullet.draft.entry(before.sections)
            line = retouched_line(source, written, after, style, self.names)
        line = line or styled_line(after, style, self.names)
        corrected = outline.with_lines(first, last, [f"{match[0]}{line}"])
        if not _is_corrected(outline, self._outline(corrected), after):
            raise CatalogError(
                f"The line of {before.title} under {self._title(path)} in the Markdown list "
                "cannot be corrected without changing others. Correct it by hand."
            )
        return corrected

    def _insert_with_heading(self, text: str, outline: Outline, entry: Entry, path: str) -> str:
        """Insert the first entry of a section with the missing headings."""
        if path in self.headings.places:
            line = f"- {self._line(None, entry, path)}"
            after = self.headings.with_heading(outline, path, [line])
            if after is not None and self._differs_by_one(after, text, entry, strictly=True):
                new = self._outline(after)
                heading = self._heading(new, path)
                if heading and _find(new, heading, entry):
                    return after
        raise CatalogError(
            f"{entry.title} cannot be placed in the Markdown list: it has no heading for the "
            f"section {self._title(path)}, and none can be added without changing others. Add "
            "the heading to the list; then it is tried again."
        )

    def _without_heading(
        self, text: str, outline: Outline, entry: Entry, path: str, lines: tuple[int, int]
    ) -> str | None:
        """Remove an entry with the headings that were added for it; None if there are none.

        Only lines that inserting the entry again would restore are removed.
        """
        first, last = lines
        source = [line.rstrip("\r\n") for line in outline.lines[first:last]]
        for begin, end in self.headings.removals(outline, path, last):
            without = outline.with_lines(begin, end, [])
            restored = self.headings.with_heading(self._outline(without), path, source)
            if restored == text and self._differs_by_one(text, without, entry, strictly=False):
                return without
        return None

    def _outline(self, text: str) -> Outline:
        if text not in self.outlines:
            self.outlines[text] = Outline(text, self.names, self.headings.places.values())
        return self.outlines[text]

    def _heading(self, outline: Outline, path: str) -> Heading | None:
        place = self.headings.places.get(path)
        return outline.heading(place) if place else None

    def _title(self, path: str) -> str:
        place = self.headings.places.get(path)
        return " > ".join(place.titles) if place else path

    def _new_lines(
        self, outline: Outline, heading: Heading, group: Group | None, entry: Entry, path: str
    ) -> Iterator[tuple[int, list[str]]]:
        """Candidates for the place and the lines of a new entry, the best first."""
        if group is None:
            line = f"- {self._line(None, entry, path)}"
            at = outline.own_end(heading)
            yield at, [line] if heading.is_empty else ["", line]
            yield at, ["", line]
            yield at, ["", line, ""]
            return
        last = group.items[-1]
        at = outline.end(last)
        if group.is_table:
            header, row = (
                [inline_of(cell) for cell in row.children] for row in (group.items[0], last)
            )
            source = outline.lines[outline.start(last)].rstrip("\r\n")
            for line in row_candidates(entry, read_columns(header), row, source):
                yield max(at, outline.end(group.block)), [line]
            return
        gap = [""] * _blank_lines(outline, group)
        for style in (self._style(outline, group), None):
            line = self._line(style, entry, path)
            yield at, [*gap, f"{_next_mark(outline, group)}{line}"]

    def _line(self, style: Style | None, entry: Entry, path: str) -> str:
        order = list(self.headings.places)
        in_order = sorted((path for path in entry.sections if path in order), key=order.index)
        is_first = path == (in_order or [path])[0]
        noted = entry.sections if is_first and tuple(in_order) != entry.sections else ()
        return styled_line(entry, style, self.names, noted)

    def _style(self, outline: Outline, group: Group) -> Style | None:
        neighbours = _sources(outline, group.bullets[-_NEIGHBOURS:])
        return style_of(neighbours, _sources(outline, outline.all_bullets()[-_OTHERS:]))

    def _differs_by_one(self, more: str, fewer: str, entry: Entry, *, strictly: bool) -> bool:
        """Whether a text lists the same as another one and the entry, and nothing else differs.

        `strictly` requires a line that states the entry; else one of the same paper is enough.
        """
        whole, rest = self._outline(more).drafts(), self._outline(fewer).drafts()
        return any(
            (draft.states(entry) if strictly else _is_same(draft, entry))
            and [*whole[:at], *whole[at + 1 :]] == rest
            for at, (_, draft) in enumerate(whole)
        )


def _is_corrected(old: Outline, new: Outline, entry: Entry) -> bool:
    """Whether at most one entry differs, and states the corrected entry."""
    before, after = old.drafts(), new.drafts()
    changed = [now for was, now in zip(before, after, strict=False) if was != now]
    is_right = all(draft.states(entry) for _, draft in changed)
    return len(before) == len(after) and len(changed) <= 1 and is_right


def _blank_lines(outline: Outline, group: Group) -> int:
    """The number of blank lines between the last two bullets."""
    items = group.items
    return outline.start(items[-1]) - outline.end(items[-2]) if len(items) > 1 else 0


def _find(outline: Outline, heading: Heading, entry: Entry) -> Bullet | None:
    """The bullet of an entry in a section: the last that states it, or of the same paper."""
    bullets = outline.bullets(heading)
    exact = [bullet for bullet in bullets if bullet.draft.states(entry)]
    similar = [bullet for bullet in bullets if _is_same(bullet.draft, entry)]
    return next(reversed(exact or similar), None)


def _sources(outline: Outline, bullets: Iterable[Bullet]) -> list[tuple[str, Entry]]:
    """The text after each bullet, with the entry that it states."""
    return [
        (outline.lines[at][match.end() :], bullet.draft.entry(("-",)))
        for bullet in bullets
        if (match := _BULLET.match(outline.lines[at := outline.start(bullet.node)]))
    ]


def _is_same(draft: Draft, entry: Entry) -> bool:
    read = draft.entry(entry.sections)
    return (read.title, read.url) == (entry.title, entry.url) or same_paper(read, entry)


def _next_mark(outline: Outline, group: Group) -> str:
    """The bullet after the last item; numbers continue in a numbered list."""
    marks = [_BULLET.match(outline.lines[outline.start(item)]) for item in group.items[-2:]]
    last = marks[-1]
    if last is None:
        return "- "
    if last["number"] is None:
        return last[0]
    numbers = [int(match["number"]) for match in marks if match and match["number"]]
    number = numbers[-1] if len(numbers) > 1 and numbers[0] == numbers[-1] else numbers[-1] + 1
    return f"{last['lead']}{number}{last['mark'][-1]}{last['gap']}"
