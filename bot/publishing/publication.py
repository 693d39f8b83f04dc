"""What is to be published, what has been, and why not. Values only; nothing here acts."""

import re
from dataclasses import dataclass
from datetime import date

from bot.catalog.change import Change
from bot.errors import PapersError

TRAILER = "Suggestion"


class PublishError(PapersError):
    """A decision that could not be published; nothing of it is lost.

    It may be tried again at any time. Where it is final, that helps only once a person has done
    what the sentence says; `retry_after` are the seconds that a server asks to wait.
    """

    def __init__(
        self, message: str, *, is_final: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.is_final = is_final
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Publication:
    """A decision on its way into the list."""

    key: str
    """Of this decision alone: an undo has another one. It is found again in commit messages."""
    change: Change
    subject: str
    """What happens, in a line: of a commit, of a pull request."""
    body: str
    """Why, with a link to the card."""
    author: str
    email: str
    slug: str
    """The paper in a branch's name; the same for an approval and its undo."""
    day: date
    """When it was decided."""

    @property
    def message(self) -> str:
        """The commit message, with the key in a trailer."""
        subject = " ".join(self.subject.split()) or "Change the list"
        body = "\n".join(line.rstrip() for line in self.body.strip().splitlines())
        return "\n\n".join(part for part in (subject, body, self.trailer) if part) + "\n"

    @property
    def trailer(self) -> str:
        """The line by which the commit is known again."""
        return f"{TRAILER}: {' '.join(self.key.split())}"

    @property
    def author_name(self) -> str:
        """The author, as git can hold it."""
        return clean_name(self.author) or "papers bot"

    @property
    def author_email(self) -> str:
        """The author's address, as git can hold it; an empty one is allowed there."""
        return clean_name(self.email)

    @property
    def is_undo(self) -> bool:
        """Whether a paper is taken out."""
        return self.change.after is None


@dataclass(frozen=True, slots=True)
class Published:
    """Where a decision can be seen. Neither where the list says it already."""

    commit: str | None = None
    url: str | None = None


def has_trailer(message: str, key: str) -> bool:
    """Whether a commit message is that of a decision: by the trailer in its last paragraph."""
    wanted = f"{TRAILER}: {' '.join(key.split())}"
    return wanted in message.strip().rpartition("\n\n")[2].splitlines()


def neutralize_mentions(text: str) -> str:
    """Text in which GitHub sees nobody to notify and no issue to close."""
    return re.sub(
        r"(?<![\w/.])(?:@(?=\w)|#(?=\d)|GH-(?=\d))", lambda sign: f"{sign[0]}\u200b", text
    )


def clean_name(text: str) -> str:
    """A name or address without what would end it in a commit's header."""
    text = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(re.sub(r"[<>]", " ", text).split()).strip(" .,:;\"'\\")
