"""Dependencies of the listeners."""

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.models.views import View

from bot.catalog.identity import title_key
from bot.catalog.model import Catalog, Entry
from bot.catalog.names import KnownNames
from bot.digest.model import Subscription
from bot.digest.service import SubscriptionService
from bot.errors import PapersError
from bot.lookup.service import LookupService
from bot.outbox.store import Outbox
from bot.review.decision import Action, DecisionRules, Refusal
from bot.review.model import Person, Suggestion
from bot.review.service import ReviewService
from bot.review.store import SuggestionStore
from bot.slack.api_errors import count
from bot.slack.clients import SlackClients
from bot.slack.directory import Directory
from bot.slack.payloads import Interaction

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerContext:
    """Services, clients and settings that listeners use."""

    review: ReviewService
    suggestions: SuggestionStore
    lookup: LookupService
    subscriptions: SubscriptionService
    outbox: Outbox
    directory: Directory
    clients: SlackClients
    names: KnownNames
    """Canonical names of venues and organisations."""
    now: Callable[[], dt.datetime]
    rng: random.Random
    """Chooses the paper of `/papers random`."""
    workspace: str
    """The workspace's address: `https://team.slack.com/`."""
    channel: str | None
    """The review channel."""

    @property
    def catalog(self) -> Catalog:
        """The current list."""
        return self.lookup.current().catalog

    def entry(self, key: str) -> Entry:
        """The listed entry of a title key. Raises PapersError if there is none."""
        for entry in self.catalog.entries:
            if title_key(entry) == key:
                return entry
        raise PapersError(
            "This entry is not on the list any more, or has another title now. Look it up again."
        )

    def suggestion(self, number: int | None) -> Suggestion:
        """The suggestion of a number. Raises PapersError if there is none."""
        suggestion = None if number is None else self.suggestions.get(number)
        if suggestion is None:
            raise PapersError(
                "I do not know this suggestion any more. `/papers pending` shows what waits."
            )
        return suggestion

    def subscription(self, number: int | None, channel: str | None = None) -> Subscription:
        """The subscription of a number, which has to be that of a channel if one is given.

        Raises PapersError if there is none.
        """
        subscription = None if number is None else self.subscriptions.get(number)
        if subscription is None or channel not in {None, subscription.channel}:
            raise PapersError(
                "This subscription belongs to another channel, or has ended. "
                "`/papers subscriptions` shows those of this one."
            )
        return subscription

    def may_review(self, user: str) -> bool:
        """Tell whether a person may review. Raises PapersError if Slack does not say."""
        return self.directory.may_review(user, self.catalog.info.review, self.channel)

    def actor(self, interaction: Interaction) -> Person:
        """The person who acted, with their name in the workspace."""
        return self.directory.person(interaction.user, interaction.user_name)

    def decide(
        self, suggestion: Suggestion, action: Action, interaction: Interaction
    ) -> Refusal | None:
        """Apply a person's action to a suggestion; the refusal if it is not allowed.

        Raises PapersError if Slack does not say who reviews.
        """
        policy = self.catalog.info.review
        entry = suggestion.subject.entry
        rules = DecisionRules(
            is_reviewer=self.may_review(interaction.user),
            quorum=policy.quorum,
            self_approval=policy.self_approval,
            is_listed=bool(self.lookup.current().listed(suggestion.identity, entry.title)),
            sections=self.catalog.places.keys(),
        )
        actor = self.actor(interaction)
        result = self.review.act(suggestion.id, action, actor, self.now(), rules)
        _log.info("review", action=type(action).__name__.lower(), suggestion=suggestion.id)
        return result if isinstance(result, Refusal) else None

    def open_form(self, interaction: Interaction, view: View) -> None:
        """Open a form for the person who acted. Raises PapersError if Slack does not open it."""
        try:
            self.clients.interactive.views_open(trigger_id=interaction.trigger, view=view)
        except (SlackApiError, OSError) as error:
            count(error)
            _log.warning("a form could not be opened", reason=str(error)[:200])
            raise PapersError(
                "Slack gave me too little time to open the form. Please try once more."
            ) from None
