"""A change, made in a Markdown list that people format: the lines of one entry, and no other byte.

    text ──outline──► the section's newest group ──► a line in the way of its neighbours ──► text
                                                                                   │
                       read again: the same list, with that one entry more ◄───────┘

Nothing is generated anew. An entry that stands in several sections has a line in each of them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from bot.catalog.change import Change
from bot.catalog.identity import same_paper
from bot.catalog.markdown.draft import Draft
from bot.catalog.markdown.heading_edit import Headings
from bot.catalog.markdown.line_style import Style, retouched_line, style_of, styled_line
from bot.catalog.markdown.outline import Bullet, Group, Outline
from bot.catalog.markdown.parse import Heading
from bot.catalog.markdown.table import read_columns
from bot.catalog.markdown.table_row import write_rows
from bot.catalog.markdown.tree import inline_of
from bot.catalog.model import Entry, ListInfo, Place
from bot.catalog.names import KnownNames
from bot.catalog.yaml.read import CatalogError

_BULLET = re.compile(r"(?P<lead>[ \t>]*)(?P<mark>[-*+]|(?P<number>\d{1,9})[.)])(?P<gap>[ \t]+)")
_NEIGHBOURS = 12
_OTHERS = 40


def splice(text: str, change: Change, info: ListInfo, names: KnownNames) -> str:
    """The text of a Markdown list after a change; the same text where the change is done.

    A new entry's line stands at the end of the newest group of each of its sections; where the
    list has no heading for a section, that comes with its first entry. `names` are those that a
    reader of the list knows. Raises CatalogError when the line cannot be placed without touching
    anything else.
    """
    headings = Headings.of(info)
    editor = _Editor(headings.places, headings, names)
    before, after = change.before, change.after
    was = before.sections if before else ()
    will = after.sections if after else ()
    for path in (path for path in will if path not in was):
        text = editor.insert(text, after, path) if after else text
    for path in (path for path in will if path in was):
        text = editor.replace(text, before, after, path) if before and after else text
    for path in (path for path in reversed(was) if path not in will):
        text = editor.remove(text, before, path) if before else text
    return text


@dataclass(frozen=True, slots=True)
class _Editor:
    places: Mapping[str, Place]
    headings: Headings
    names: KnownNames
    outlines: dict[str, Outline] = field(default_factory=dict)
    """Of the texts met so far: each is a second's work in a long list, and met twice or more."""

    def insert(self, text: str, entry: Entry, path: str) -> str:
        outline = self._outline(text)
        heading = outline.heading(self.places[path]) if path in self.places else None
        if heading is None:
            return self._insert_with_heading(text, outline, entry, path)
        if _find(outline, heading, entry):
            return text
        group = outline.newest(heading)
        lines = self._new_lines(outline, heading, group, entry, path)
        for at, new in lines:
            after = _with_lines(outline, at, at, new)
            if self._differs_by_one(after, text, entry, strictly=not _is_table(group)):
                return after
        raise CatalogError(
            f"{entry.title} cannot be placed under {self._said(path)} in the Markdown list: its "
            "line would change how others are read. Put it in by hand."
        )

    def remove(self, text: str, entry: Entry, path: str) -> str:
        outline = self._outline(text)
        heading = outline.heading(self.places[path]) if path in self.places else None
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
            first = outline.end(items[at - 1])  # with the blank lines that keep the two apart
        elif len(items) > 1:
            last = outline.start(items[1])
        elif outline.is_blank(first - 1) and outline.is_blank(last):
            first -= 1
        after = _with_lines(outline, first, last, [])
        if not self._differs_by_one(text, after, entry, strictly=False):
            raise CatalogError(
                f"The line of {entry.title} under {self._said(path)} in the Markdown list cannot "
                "be taken out: other entries stand in it. Take it out by hand."
            )
        return after

    def _insert_with_heading(self, text: str, outline: Outline, entry: Entry, path: str) -> str:
        """The text with a section's first entry, under the headings that were missing."""
        if path in self.places:
            line = f"- {self._line(None, entry, path)}"
            after = self._headed(outline, path, [line])
            if after is not None and self._differs_by_one(after, text, entry, strictly=True):
                new = self._outline(after)
                heading = new.heading(self.places[path])
                if heading and _find(new, heading, entry):
                    return after
        raise CatalogError(
            f"{entry.title} cannot be placed in the Markdown list: it has no heading for the "
            f"section {self._said(path)}, and none can be put in without touching others. Add "
            "the heading to it, and it is tried again."
        )

    def _without_heading(
        self, text: str, outline: Outline, entry: Entry, path: str, lines: tuple[int, int]
    ) -> str | None:
        """The text without an entry and the headings that it had brought; None if it had none.

        Only what putting the entry in again would bring again is taken out.
        """
        first, last = lines
        source = [line.rstrip("\r\n") for line in outline.lines[first:last]]
        for begin, end in self.headings.removals(outline, path, last):
            without = _with_lines(outline, begin, end, [])
            again = self._headed(self._outline(without), path, source)
            if again == text and self._differs_by_one(text, without, entry, strictly=False):
                return without
        return None

    def _headed(self, outline: Outline, path: str, entry: list[str]) -> str | None:
        addition = self.headings.addition(outline, path, entry)
        return _with_lines(outline, addition.at, addition.at, addition.lines) if addition else None

    def replace(self, text: str, before: Entry, after: Entry, path: str) -> str:
        """The text with an entry's line corrected; inserted where there was none."""
        outline = self._outline(text)
        heading = outline.heading(self.places[path]) if path in self.places else None
        bullet = _find(outline, heading, before) if heading else None
        if heading is None or bullet is None:
            return self.insert(text, after, path)
        if _means(bullet.draft, after):
            return text
        group = next(one for one in outline.groups(heading) if bullet in one.bullets)
        if _is_table(group):
            return self.insert(self.remove(text, before, path), after, path)
        node = next(child for child in bullet.node.children if child.type == "paragraph")
        first, last = outline.start(node), outline.end(node)
        match = _BULLET.match(outline.lines[first])
        if match is None:
            raise CatalogError(f"The line of {before.title} is no bullet. Correct it by hand.")
        source = outline.lines[first][match.end() :].rstrip("\r\n")
        style = self._style(outline, group)
        line = None
        if last == first + 1:
            line = retouched_line(
                source, bullet.draft.entry(before.sections), after, style, self.names
            )
        line = line or styled_line(after, style, self.names)
        corrected = _with_lines(outline, first, last, [f"{match[0]}{line}"])
        if not self._is_corrected(outline, self._outline(corrected), after):
            raise CatalogError(
                f"The line of {before.title} under {self._said(path)} in the Markdown list cannot "
                "be corrected without touching others. Correct it by hand."
            )
        return corrected

    def _outline(self, text: str) -> Outline:
        if text not in self.outlines:
            self.outlines[text] = Outline(text, self.names, self.places.values())
        return self.outlines[text]

    def _said(self, path: str) -> str:
        return " > ".join(self.places[path].titles) if path in self.places else path

    def _new_lines(
        self, outline: Outline, heading: Heading, group: Group | None, entry: Entry, path: str
    ) -> Iterator[tuple[int, list[str]]]:
        """Where a new entry's line may go, and what it may be, the best first."""
        if group is None:
            line = f"- {self._line(None, entry, path)}"
            at = outline.own_end(heading)
            yield at, [line] if heading.is_empty else ["", line]
            yield at, ["", line]
            yield at, ["", line, ""]
            return
        last = group.items[-1]
        at = outline.end(last)
        if _is_table(group):
            header, row = (
                [inline_of(cell) for cell in one.children] for one in (group.items[0], last)
            )
            source = outline.lines[outline.start(last)].rstrip("\r\n")
            for line in write_rows(entry, read_columns(header), row, source):
                yield max(at, outline.end(group.block)), [line]
            return
        apart = _blank_lines(outline, group)
        line = self._line(self._style(outline, group), entry, path)
        yield at, [*[""] * apart, f"{_next_mark(outline, group)}{line}"]
        plain = self._line(None, entry, path)
        yield at, [*[""] * apart, f"{_next_mark(outline, group)}{plain}"]

    def _line(self, style: Style | None, entry: Entry, path: str) -> str:
        order = list(self.places)
        in_order = sorted((one for one in entry.sections if one in order), key=order.index)
        is_first = path == (in_order or [path])[0]
        noted = entry.sections if is_first and tuple(in_order) != entry.sections else ()
        return styled_line(entry, style, self.names, noted)

    def _style(self, outline: Outline, group: Group) -> Style | None:
        neighbours = _sources(outline, group.bullets[-_NEIGHBOURS:])
        return style_of(neighbours, _sources(outline, outline.all_bullets()[-_OTHERS:]))

    def _is_corrected(self, old: Outline, new: Outline, entry: Entry) -> bool:
        """Whether one entry alone is another now, and is the one it is to be."""
        pairs = list(zip(old.told(), new.told(), strict=False))
        changed = [now for was, now in pairs if was != now]
        is_whole = len(pairs) == len(new.told()) == len(old.told())
        is_right = all(_means(draft, entry) for _, draft in changed)
        return is_whole and len(changed) <= 1 and is_right

    def _differs_by_one(self, more: str, fewer: str, entry: Entry, *, strictly: bool) -> bool:
        """Whether a text lists what another one lists and this entry, and nothing else differs."""
        whole, rest = self._outline(more).told(), self._outline(fewer).told()
        return any(
            (_means(draft, entry) if strictly else _is_that(draft, entry))
            and [*whole[:at], *whole[at + 1 :]] == rest
            for at, (_, draft) in enumerate(whole)
        )


def _blank_lines(outline: Outline, group: Group) -> int:
    """How many blank lines stand between the last two bullets."""
    items = group.items
    return outline.start(items[-1]) - outline.end(items[-2]) if len(items) > 1 else 0


def _find(outline: Outline, heading: Heading, entry: Entry) -> Bullet | None:
    """The line of an entry in a section: the last that says just that, or is the same paper."""
    bullets = outline.bullets(heading)
    exact = [bullet for bullet in bullets if _means(bullet.draft, entry)]
    alike = [bullet for bullet in bullets if _is_that(bullet.draft, entry)]
    return next(reversed(exact or alike), None)


def _sources(outline: Outline, bullets: Iterable[Bullet]) -> list[tuple[str, Entry]]:
    """The text behind each bullet, with the entry that it means."""
    return [
        (outline.lines[at][match.end() :], bullet.draft.entry(("-",)))
        for bullet in bullets
        if (match := _BULLET.match(outline.lines[at := outline.start(bullet.node)]))
    ]


def _means(draft: Draft, entry: Entry) -> bool:
    read = draft.entry(entry.sections)
    return read == replace(entry, arxiv=read.arxiv, doi=read.doi, added=None, by=None)


def _is_that(draft: Draft, entry: Entry) -> bool:
    read = draft.entry(entry.sections)
    return (read.title, read.url) == (entry.title, entry.url) or same_paper(read, entry)


def _is_table(group: Group | None) -> bool:
    return group is not None and group.block.type == "table"


def _next_mark(outline: Outline, group: Group) -> str:
    """The bullet of the last item, counted on in a list that counts."""
    found = [_BULLET.match(outline.lines[outline.start(item)]) for item in group.items[-2:]]
    last = found[-1]
    if last is None:
        return "- "
    if last["number"] is None:
        return last[0]
    numbers = [int(match["number"]) for match in found if match and match["number"]]
    number = numbers[-1] if len(numbers) > 1 and numbers[0] == numbers[-1] else numbers[-1] + 1
    return f"{last['lead']}{number}{last['mark'][-1]}{last['gap']}"


def _with_lines(outline: Outline, first: int, last: int, new: list[str]) -> str:
    """The text with lines replaced; a text that ends without a line end still does."""
    lines = outline.lines
    written = [f"{line}{outline.newline}" for line in new]
    kept = lines[:first]
    ends_bare = bool(lines) and not lines[-1].endswith(("\n", "\r"))
    if ends_bare and last == len(lines):
        whole = [*kept, *written]
        if whole:
            if kept and not kept[-1].endswith(("\n", "\r")):
                kept[-1] += outline.newline
            whole = [*kept, *written]
            whole[-1] = whole[-1].rstrip("\r\n")
        return "".join(whole)
    return "".join([*kept, *written, *lines[last:]])
