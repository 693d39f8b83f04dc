"""People, and the members of channels and user groups, from Slack.

Answers are kept for a minute, so that a reviewer who opens two forms does not wait twice. A
decision asks again: a person who was removed a moment ago must not decide. A person waits for
every answer, so all questions together have two seconds.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import cast

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.catalog.model import ReviewPolicy
from bot.deadline import results_within
from bot.errors import PapersError
from bot.review.model import Person
from bot.slack.api_errors import TRANSIENT, count, error_code
from bot.slack.authority import Member, read_member

CACHE_SECONDS = 60.0
ANSWER_SECONDS = 2.0
"""For all questions that one request asks."""
_STALE_SECONDS = 24 * 3600.0  # of an answer that serves while Slack is silent
_PAGE = 1000  # members; a channel with more is looked for among those of each person
_CHANNELS_PAGE, _MAX_PAGES = 999, 20
_HIDDEN = frozenset({"user_not_found", "users_not_found", "user_not_visible"})

_log = structlog.get_logger()

People = frozenset[str]
Question = Callable[[], object]


class SlackSilentError(PapersError):
    """Slack does not answer a question about people in time."""


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A person, and whether they are among the list's reviewers."""

    member: Member
    is_reviewer: bool


@dataclass(frozen=True, slots=True)
class _Answer:
    at: float
    value: object


class Directory:
    """The people, channels and user groups of a workspace."""

    def __init__(
        self, client: WebClient, clock: Callable[[], float], *, seconds: float = ANSWER_SECONDS
    ) -> None:
        """`clock` gives monotonic seconds; `seconds` is the time for answers."""
        self._client, self._clock, self._seconds = client, clock, seconds
        self._answers: dict[str, _Answer] = {}

    def person(self, user: str, fallback: str = "") -> Person:
        """A person by id, with their name in the workspace, else the fallback, else the id."""
        member = self._find_member(user)
        return Person(user, (member.name if member else "") or fallback or user)

    def known_zone(self, user: str) -> str | None:
        """The IANA name of a person's time zone; None if Slack does not say."""
        member = self._find_member(user)
        return member.zone if member else None

    def zone(self, user: str) -> str:
        """The IANA name of a person's time zone; UTC if Slack does not say."""
        return self.known_zone(user) or "UTC"

    def member(self, user: str) -> Member:
        """A person as Slack described them within the last minute.

        While Slack is silent, an older answer serves. Raises SlackSilentError if there is none.
        """
        key, question = self._about_member(user)
        try:
            return cast("Member", self._ask({key: question}, CACHE_SECONDS)[key])
        except SlackSilentError:
            if last := self._last_description(user):
                return last
            raise

    def reviewers(
        self,
        users: Collection[str],
        policy: ReviewPolicy,
        channel: str | None,
        *,
        max_age: float = 0.0,
    ) -> Mapping[str, Reviewer]:
        """Tell which people are reviewers, by the list's policy or else by channel membership.

        Slack is asked now, about all of them at once, except for what it has answered within
        `max_age` seconds. Raises SlackSilentError.
        """
        members = {user: self._about_member(user) for user in users}
        groups = self._about_groups(users, policy, channel)
        answers = self._ask(dict(members.values()) | groups, max_age)
        reviewers = frozenset(policy.reviewers).union(
            *(cast("People", answers[key]) for key in groups)
        )
        return {
            user: Reviewer(cast("Member", answers[key]), user in reviewers)
            for user, (key, _) in members.items()
        }

    def _find_member(self, user: str) -> Member | None:
        """A person as last described, for what is no matter of permission; None if unknown."""
        try:
            return self._last_description(user) or self.member(user)
        except SlackSilentError:
            return None

    def _last_description(self, user: str) -> Member | None:
        last = self._answers.get(self._about_member(user)[0])
        if last is None or self._clock() - last.at > _STALE_SECONDS:
            return None
        return cast("Member", last.value)

    def _about_member(self, user: str) -> tuple[str, Question]:
        return f"user {user}", partial(self._member, user)

    def _about_groups(
        self, users: Collection[str], policy: ReviewPolicy, channel: str | None
    ) -> dict[str, Question]:
        """The questions whose answers are the reviewers, besides those named one by one."""
        if not policy.reviewers:
            if channel is None:
                return {}
            key = " ".join(["channel", channel, *sorted(users)])
            return {key: partial(self._channel_members, channel, users)}
        if set(users) <= set(policy.reviewers):
            return {}
        groups = (reviewer for reviewer in policy.reviewers if reviewer.startswith("S"))
        return {f"group {group}": partial(self._group, group) for group in groups}

    def _member(self, user: str) -> Member:
        try:
            return read_member(self._client.users_info(user=user)["user"])
        except SlackApiError as error:
            if error_code(error) in _HIDDEN:
                return Member(id=user, is_stranger=True)
            raise

    def _group(self, group: str) -> People:
        answer = self._client.usergroups_users_list(usergroup=group)
        return frozenset(map(str, answer["users"]))

    def _channel_members(self, channel: str, users: Collection[str]) -> People:
        """Those of these people who are in a channel."""
        page = self._client.conversations_members(channel=channel, limit=_PAGE)
        present = frozenset(users) & frozenset(map(str, page["members"]))
        if not (page.get("response_metadata") or {}).get("next_cursor"):
            return present
        rest = (user for user in users if user not in present)
        return present | {user for user in rest if channel in self._shared_channels(user)}

    def _shared_channels(self, user: str) -> Iterator[str]:
        """The channels that a person shares with the bot.

        A person is in far fewer channels than a large channel has members.
        """
        cursor = ""
        for _ in range(_MAX_PAGES):
            page = self._client.users_conversations(
                user=user,
                types="public_channel,private_channel",
                limit=_CHANNELS_PAGE,
                cursor=cursor,
            )
            yield from (str(shared["id"]) for shared in page["channels"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _ask(self, questions: Mapping[str, Question], max_age: float) -> Mapping[str, object]:
        """The answers to all questions, kept ones or new ones. Raises SlackSilentError."""
        now = self._clock()
        values = {
            key: answer.value
            for key in questions
            if (answer := self._answers.get(key)) and now - answer.at < max_age
        }
        tasks = {
            key: partial(_answers_to, question)
            for key, question in questions.items()
            if key not in values
        }
        for key, result in results_within(self._seconds, tasks):
            if isinstance(result, Exception):
                raise _silence(result)
            self._answers[key] = _Answer(now, result)
            values[key] = result
        return values


def _answers_to(question: Question) -> Iterator[object]:
    yield question()


def _silence(error: Exception) -> SlackSilentError:
    """An unanswered question, in a sentence with its remedy."""
    if isinstance(error, SlackApiError | OSError):
        count(error)
    else:
        _log.warning("no answer about people", reason=type(error).__name__)
    sentence = "Slack does not tell me now who you are here, so I changed nothing."
    if isinstance(error, SlackApiError) and error_code(error) not in TRANSIENT:
        code = error_code(error)
        return SlackSilentError(f"{sentence} It says {code}; `papers doctor` explains that.")
    return SlackSilentError(f"{sentence} Please try again in a minute.")
