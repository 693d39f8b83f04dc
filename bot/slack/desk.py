"""What every listener of review shares: who asks, what the list is, what the rules are."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.catalog.identity import title_key
from bot.catalog.model import Catalog, Entry
from bot.digest.subscribing import Subscribing
from bot.lookup.live import LiveLookup
from bot.outbox.store import Outbox
from bot.review.decision import Rules
from bot.review.review import Review
from bot.review.store import Suggestions
from bot.review.suggestion import Person, Suggestion
from bot.slack.people import People


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The use cases of review, with what they need of Slack and of the list."""

    review: Review
    suggestions: Suggestions
    lookup: LiveLookup
    people: People
    outbox: Outbox
    subscribing: Subscribing
    workspace: str
    """The workspace's address, as Slack tells it: `https://team.slack.com/`."""
    now: Callable[[], dt.datetime]
    channel: str | None
    """The review channel."""

    def link(self, channel: str, ts: str) -> str:
        """The address of a message."""
        return f"{self.workspace}archives/{channel}/p{ts.replace('.', '')}"

    @property
    def catalog(self) -> Catalog:
        """The list as it is now."""
        return self.lookup.current().catalog

    def rules(self, user: str, one: Suggestion) -> Rules:
        """What holds for this person and suggestion. Raises PapersError when Slack is silent."""
        rules = self.catalog.info.review
        found = self.lookup.current().listed(one.identity, one.subject.entry.title)
        return Rules(
            is_reviewer=self.people.may_review(user, rules, self.channel),
            quorum=rules.quorum,
            self_approval=rules.self_approval,
            is_listed=bool(found),
        )

    def may_review(self, user: str) -> bool:
        """Whether this person decides on suggestions."""
        return self.people.may_review(user, self.catalog.info.review, self.channel)

    def actor(self, body: Mapping[str, Any]) -> Person:
        """Who pressed, typed or submitted."""
        user = body.get("user") or {}
        number = str(user.get("id") or body.get("user_id") or "")
        return self.people.person(number, str(user.get("name") or body.get("user_name") or ""))

    def entry(self, key: str) -> Entry | None:
        """The listed entry of a key."""
        return next((one for one in self.catalog.entries if title_key(one) == key), None)
