"""Dependencies of the listeners."""

import datetime as dt
import hashlib
import json
import random
from collections.abc import Callable, Collection
from dataclasses import dataclass

import structlog
from slack_sdk.models.views import View

from bot.catalog.identity import title_key
from bot.catalog.model import Catalog, Entry
from bot.catalog.names import KnownNames
from bot.digest.model import Subscription
from bot.digest.service import SubscriptionService
from bot.errors import PapersError
from bot.limits.store import ActivityStore
from bot.lookup.service import LookupService
from bot.outbox.message import Message
from bot.outbox.store import Outbox
from bot.review.actions import Action, Approve, Decision, DecisionRules, Refusal
from bot.review.model import Person, Suggestion
from bot.review.objections import objection_to_form
from bot.review.service import ReviewService
from bot.review.store import SuggestionStore
from bot.slack.api_errors import CALL_FAILURES, UNAUTHORIZED, count, failure_code
from bot.slack.authority import Workspace, check_writer, may_write
from bot.slack.blocks.text import SlackMessage
from bot.slack.clients import SlackClients
from bot.slack.directory import CACHE_SECONDS, Directory, SlackSilentError
from bot.slack.payloads import Interaction, join_metadata
from bot.slack.workspace_connection import WorkspaceConnection

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
    activity: ActivityStore
    outbox: Outbox
    directory: Directory
    clients: SlackClients
    names: KnownNames
    """Canonical names of venues and organisations."""
    now: Callable[[], dt.datetime]
    rng: random.Random
    """Chooses the paper of `/papers random`."""
    connection: WorkspaceConnection
    channel: str | None
    """The review channel."""

    @property
    def workspace(self) -> Workspace:
        """The workspace; its address is empty while Slack has not named it."""
        return self.connection.workspace

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

    def check_writer(self, user: str) -> None:
        """Check that a person may change something: suggest, support, subscribe.

        Raises PapersError for people who only look papers up, and if Slack does not say who they
        are and has not said it before.
        """
        guests = self.catalog.info.review.guests
        check_writer(self.directory.member(user), self._own_workspace(), guests=guests)

    def may_review(self, user: str) -> bool:
        """Tell whether a form of reviewers may be opened for a person.

        Slack's answers serve for a minute; `may_decide` asks again when the form is sent.

        Raises PapersError for people who only look papers up, and if Slack does not say it.
        """
        is_reviewer = user in self._reviewers([user], CACHE_SECONDS)
        self.check_writer(user)
        return is_reviewer

    def may_decide(self, user: str) -> bool:
        """Tell whether a person is a reviewer now.

        Raises PapersError for people who only look papers up, and if Slack does not say it now.
        """
        is_reviewer = user in self.reviewers([user])
        self.check_writer(user)
        return is_reviewer

    def reviewers(self, users: Collection[str]) -> frozenset[str]:
        """Those of some people who are reviewers now and may decide.

        Raises PapersError if Slack does not say it now.
        """
        return self._reviewers(users, 0.0)

    def _reviewers(self, users: Collection[str], max_age: float) -> frozenset[str]:
        policy = self.catalog.info.review
        workspace = self._own_workspace()
        answers = self.directory.reviewers(users, policy, self.channel, max_age=max_age)
        return frozenset(
            user
            for user, reviewer in answers.items()
            if reviewer.is_reviewer and may_write(reviewer.member, workspace, guests=policy.guests)
        )

    def _own_workspace(self) -> Workspace:
        """The workspace, by which its people are told from others.

        Raises SlackSilentError while Slack has not named it.
        """
        if not self.connection.is_known:
            raise SlackSilentError(
                "Slack has not told me yet which workspace this is, so I changed nothing. "
                "Please try again in a minute."
            )
        return self.connection.workspace

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
        do not depend on it.
        Raises PapersError for people who only look papers up, for one who has reached a daily
        limit, and if Slack does not say who the person is.
        """
        reviewers: frozenset[str] = frozenset()
        # Approvals are counted again: people who do not review any more drop out.
        earlier = suggestion.approvals if isinstance(action, Approve) else ()
        if isinstance(action, Decision):
            reviewers = self.reviewers({interaction.user, *earlier})
        self.check_writer(interaction.user)
        policy = self.catalog.info.review
        entry = suggestion.subject.entry
        rules = DecisionRules(
            is_reviewer=interaction.user in reviewers,
            quorum=policy.quorum,
            self_approval=policy.self_approval,
            is_listed=bool(self.lookup.current().listed(suggestion.identity, entry.title)),
            seen=seen,
            former_reviewers=frozenset(earlier) - reviewers,
            sections=self.catalog.places.keys(),
        )
        actor = self.actor(interaction)
        result = self.review.act(suggestion.id, action, actor, self.now(), rules)
        _log.info("review", action=type(action).__name__.lower(), suggestion=suggestion.id)
        return result if isinstance(result, Refusal) else None

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
