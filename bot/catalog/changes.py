"""What happens to a list, one entry at a time. Pure."""

from dataclasses import dataclass

from bot.catalog.model import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An entry's way from what was to what is to be; None is absence."""

    before: Entry | None
    after: Entry | None

    @property
    def reverse(self) -> "Change":
        """The way back."""
        return Change(before=self.after, after=self.before)
