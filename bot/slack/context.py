"""What every listener of review shares: who asks, what the list is, what the rules are."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.catalog.identity import title_key
from bot.catalog.model import Catalog, Entry
from bot.digest.service import SubscriptionService
from bot.lookup.service import LookupService
from bot.outbox.store import Outbox
from bot.review.decision import DecisionRules
from bot.review.model import Person, Suggestion
from bot.review.service import ReviewService
from bot.review.store import SuggestionStore
from bot.slack.directory import Directory


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerContext:
    """The use cases of review, with what they need of Slack and of the list."""

    review: ReviewService
    suggestions: SuggestionStore
    lookup: LookupService
    people: Directory
    outbox: Outbox
    subscribing: SubscriptionService
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

    def rules(self, user: str, one: Suggestion) -> DecisionRules:
        """What holds for this person and suggestion. Raises PapersError when Slack is silent."""
        rules = self.catalog.info.review
        found = self.lookup.current().listed(one.identity, one.subject.entry.title)
        return DecisionRules(
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
