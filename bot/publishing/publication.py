"""Publications, their results and errors. Values only."""

import re
from dataclasses import dataclass
from datetime import date

from bot.catalog.change import Change
from bot.errors import PapersError

TRAILER = "Suggestion"


class PublishError(PapersError):
    """A decision that could not be published, and remains queued.

    Where it is final, another try helps only after a person has done what the message says.
    `retry_after` is the time in seconds that a server asks to wait.
    """

    def __init__(
        self, message: str, *, is_final: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.is_final = is_final
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Publication:
    """A decision to publish, with the texts of its commit and pull request."""

    key: str
    """Unique to this decision, an undo has its own; commits are recognised by it."""
    change: Change
    subject: str
    """The subject of the commit and title of the pull request."""
    body: str
    """Reasons, with a link to the card."""
    author: str
    email: str
    slug: str
    """The paper in a branch name; the same for an approval and its undo."""
    day: date
    """The day of the decision."""

    @property
    def message(self) -> str:
        """The commit message, with the key in a trailer."""
        subject = " ".join(self.subject.split()) or "Change the list"
        body = "\n".join(line.rstrip() for line in self.body.strip().splitlines())
        return "\n\n".join(part for part in (subject, body, self.trailer) if part) + "\n"

    @property
    def trailer(self) -> str:
        """The line of the message that identifies the commit."""
        return f"{TRAILER}: {' '.join(self.key.split())}"

    @property
    def author_name(self) -> str:
        """The author in the form that git stores."""
        return clean_name(self.author) or "papers bot"

    @property
    def author_email(self) -> str:
        """The author's address in the form that git stores; it may be empty."""
        return clean_name(self.email)

    @property
    def is_undo(self) -> bool:
        """True if the change removes an entry."""
        return self.change.after is None


@dataclass(frozen=True, slots=True)
class Published:
    """The commit and address of a published decision; both None where the list had it before."""

    commit: str | None = None
    url: str | None = None


def has_trailer(message: str, key: str) -> bool:
    """Tell whether the last paragraph of a commit message has the trailer of a key."""
    trailer = f"{TRAILER}: {' '.join(key.split())}"
    return trailer in message.strip().rpartition("\n\n")[2].splitlines()


def clean_name(text: str) -> str:
    """A name or address without the characters that a commit's header does not allow."""
    text = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(re.sub(r"[<>]", " ", text).split()).strip(" .,:;\"'\\")
