"""Dependencies of the listeners."""

import datetime as dt
import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from slack_sdk.models.views import View

from bot.catalog.identity import title_key
from bot.catalog.model import Catalog, Entry
from bot.catalog.names import KnownNames
from bot.digest.model import Subscription
from bot.digest.service import SubscriptionService
from bot.errors import PapersError
from bot.lookup.service import LookupService
from bot.outbox.message import Message
from bot.outbox.store import Outbox
from bot.review.decision import Action, Approve, DecisionRules, Refusal, objection_to_form
from bot.review.model import Person, Suggestion
from bot.review.service import ReviewService
from bot.review.store import SuggestionStore
from bot.slack.api_errors import CALL_FAILURES, UNAUTHORIZED, count, failure_code
from bot.slack.blocks.text import SlackMessage
from bot.slack.clients import SlackClients
from bot.slack.directory import Directory
from bot.slack.payloads import Interaction, join_metadata

_NOTICE_SECONDS = 60

_log = structlog.get_logger()


class FormNotOpenedError(PapersError):
    """Slack did not open a form in time; another click can open it."""


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

    def objection(
        self, suggestion: Suggestion, user: str, *, seen: int, is_reviewer: bool
    ) -> Refusal | None:
        """The reason against a reviewer's form about a suggestion, if there is one.

        Found in the database alone; `seen` as in `decide`.
        """
        history = self.suggestions.history(suggestion.id)
        rules = DecisionRules(is_reviewer=is_reviewer, seen=seen, history=history)
        return objection_to_form(suggestion, Person(user), rules)

    def decide(
        self,
        suggestion: Suggestion,
        action: Action,
        interaction: Interaction,
        *,
        seen: int | None,
    ) -> Refusal | None:
        """Apply a person's action to a suggestion; the refusal if it is not allowed.

        `seen` is the version that the person saw, 0 if that is unknown, and None for actions that
        do not depend on it. Raises PapersError if Slack does not say who reviews.
        """
        policy = self.catalog.info.review
        entry = suggestion.subject.entry
        rules = DecisionRules(
            is_reviewer=self.may_review(interaction.user),
            quorum=policy.quorum,
            self_approval=policy.self_approval,
            is_listed=bool(self.lookup.current().listed(suggestion.identity, entry.title)),
            seen=seen,
            former_reviewers=self._former_reviewers(suggestion, action),
        )
        actor = self.actor(interaction)
        result = self.review.act(suggestion.id, action, actor, self.now(), rules)
        _log.info("review", action=type(action).__name__.lower(), suggestion=suggestion.id)
        return result if isinstance(result, Refusal) else None

    def _former_reviewers(self, suggestion: Suggestion, action: Action) -> frozenset[str]:
        """The people whose approvals an approval counts again, and who do not review any more.

        A person who approves after this was asked has just been found to review.
        """
        if not isinstance(action, Approve):
            return frozenset()
        return frozenset(user for user in suggestion.approvals if not self.may_review(user))

    def open_form(self, interaction: Interaction, view: View) -> None:
        """Open a form for the person who acted.

        Raises FormNotOpenedError if Slack was too slow, and PapersError if it refuses the token.
        """
        about = view.private_metadata or ""
        view.private_metadata = join_metadata(interaction.channel, about)
        try:
            self.clients.interactive.views_open(trigger_id=interaction.trigger, view=view)
        except CALL_FAILURES as error:
            count(error)
            code = failure_code(error)
            _log.warning("a form could not be opened", reason=code)
            if code in UNAUTHORIZED:
                raise PapersError(
                    f"Slack did not let me open the form ({code}). "
                    "`papers doctor` tells the operator why."
                ) from None
            raise FormNotOpenedError("Slack gave me too little time to open the form.") from None

    def notify(self, user: str, message: SlackMessage) -> None:
        """Send a direct message by the outbox, for when Slack does not take a private answer.

        The same message within a minute is sent once.
        """
        if not user:
            return
        now = self.now()
        content = {"text": message.text, "blocks": [block.to_dict() for block in message.blocks]}
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
        period = int(now.timestamp()) // _NOTICE_SECONDS
        key = f"notice:{user}:{period}:{digest}"
        self.outbox.add(Message(key=key, channel=user, kind="notice", content=content), now)
