"""What reading a line gives: the draft of an entry, or why there is none."""

from dataclasses import dataclass, field

from bot.catalog.links import Link
from bot.catalog.markdown.details import Details
from bot.catalog.model import Entry


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry as its line has it, before it has a place in the list."""

    title: str
    link: Link | None = None
    details: Details = field(default_factory=Details)
    sections: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    def entry(self, sections: tuple[str, ...]) -> Entry:
        """The entry, standing in these sections."""
        return Entry(
            title=self.title,
            url=self.link.url if self.link else None,
            arxiv=self.link.arxiv if self.link else None,
            doi=self.link.doi if self.link else None,
            venue=self.details.venue,
            year=self.details.year,
            orgs=self.details.orgs,
            note="; ".join(self.details.notes) or None,
            sections=sections,
        )


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a line is no entry."""

    reason: str


CONTENTS = Unreadable("a link within the page (table of contents)")
NO_LINK = Unreadable("no link")
NO_ADDRESS = Unreadable("a link that is no web address")
NO_TITLE = Unreadable("no title")
BADGE = Unreadable("only a picture or an anchor")
EMPTY_ROW = Unreadable("an empty row")
EMPTY_BULLET = Unreadable("a bullet with no text")
FURTHER_LINK = Unreadable("a further link of the entry above")
