"""Details of a paper for the people who look it up, as plain text. Pure."""

from dataclasses import dataclass

from bot.catalog.facts import PaperFacts
from bot.catalog.identity import facts_of, year_of
from bot.catalog.model import Catalog, Entry
from bot.review.model import Suggestion
from bot.text import pluralize

_FIRST_AUTHORS = 3  # named on a paper's card, before the last one


@dataclass(frozen=True, slots=True)
class PaperDetails:
    """A listed paper with what its entry does not state."""

    entry: Entry
    similar: tuple[Entry, ...] = ()
    """The nearest listed papers, the nearest first."""
    approval: Suggestion | None = None
    """The approved suggestion that added the entry."""


def short_authors(facts: PaperFacts) -> str:
    """The authors for one line: `Tri Dao`, `Li and Wu`, `Tri Dao et al.`; empty if unknown."""
    authors = facts.authors
    if not authors:
        return ""
    if facts.more_authors or len(authors) > 2:  # noqa: PLR2004  # two are named both
        return f"{authors[0]} et al."
    return " and ".join(authors)


def author_line(facts: PaperFacts) -> str:
    """The first three authors and the last one, with their number; empty if unknown.

    Of an incomplete list of names the number and the last author are unknown.
    """
    authors = facts.authors
    if not authors:
        return ""
    if facts.more_authors:
        return f"{', '.join(authors[:_FIRST_AUTHORS])} et al."
    if len(authors) <= _FIRST_AUTHORS + 1:
        return ", ".join(authors)
    names = f"{', '.join(authors[:_FIRST_AUTHORS])}, … {authors[-1]}"
    return f"{names} ({pluralize(len(authors), 'author')})"


def edition(catalog: Catalog, entry: Entry) -> str:
    """Venue and year: `OSDI 2024`, or the one of them that is known.

    A year that is not the entry's own is no edition of its venue: `ICLR · 2023`.
    """
    year = year_of(catalog, entry)
    separator = " " if entry.year else " · "
    return separator.join(str(part) for part in (entry.venue, year) if part)


def present_title(catalog: Catalog, entry: Entry) -> str:
    """The title that the paper has today, if the list has an older one; else empty."""
    title = facts_of(catalog, entry).title
    return title if title and title != entry.title else ""


def approval_line(approval: Suggestion, person: str) -> str:
    """The person who approved an entry and the day: `alice, 3 Mar 2026`."""
    day = approval.decided_at
    return f"{person}, {day.day} {day:%b %Y}" if day else person
