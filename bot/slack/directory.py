"""Names and time zones of people, and the members of channels and user groups, from Slack.

Answers are kept for a minute, so that a reviewer who clicks twice does not wait twice.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.catalog.model import ReviewPolicy
from bot.errors import PapersError
from bot.review.model import Person
from bot.slack.api_errors import count, error_code

CACHE_SECONDS = 60.0
_MAX_PAGES = 20

Answer = TypeVar("Answer")


class Directory:
    """The people, channels and user groups of a workspace."""

    def __init__(self, client: WebClient, clock: Callable[[], float]) -> None:
        """`clock` gives monotonic seconds."""
        self._client, self._clock = client, clock
        self._cache: dict[tuple[str, str], tuple[float, object]] = {}

    def person(self, user: str, fallback: str = "") -> Person:
        """A person by id, with their name in the workspace, else the fallback, else the id."""
        profile = self._profile(user)
        name = profile.get("real_name") or profile.get("name") or fallback or user
        return Person(user, str(name))

    def known_zone(self, user: str) -> str | None:
        """The IANA name of a person's time zone; None if Slack does not say."""
        return self._profile(user).get("tz") or None

    def zone(self, user: str) -> str:
        """The IANA name of a person's time zone; UTC if Slack does not say."""
        return self.known_zone(user) or "UTC"

    def may_review(self, user: str, policy: ReviewPolicy, channel: str | None) -> bool:
        """Whether a person decides on suggestions: by the list's policy, else by the channel.

        Raises PapersError if Slack does not say.
        """
        if not policy.reviewers:
            return channel is not None and user in self._members(channel)
        return any(
            user in self._group(reviewer) if reviewer.startswith("S") else user == reviewer
            for reviewer in policy.reviewers
        )

    def _profile(self, user: str) -> dict[str, Any]:
        def ask() -> dict[str, Any]:
            try:
                profile = self._client.users_info(user=user)["user"]
            except (SlackApiError, OSError) as error:
                count(error)
                return {}
            return profile if isinstance(profile, dict) else {}

        return self._cached("user", user, ask)

    def _members(self, channel: str) -> frozenset[str]:
        return self._reviewers("channel", channel, lambda: frozenset(self._pages(channel)))

    def _pages(self, channel: str) -> Iterator[str]:
        cursor = ""
        for _ in range(_MAX_PAGES):
            page = self._client.conversations_members(channel=channel, limit=1000, cursor=cursor)
            yield from map(str, page["members"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _group(self, group: str) -> frozenset[str]:
        def ask() -> frozenset[str]:
            answer = self._client.usergroups_users_list(usergroup=group)
            return frozenset(map(str, answer["users"]))

        return self._reviewers("group", group, ask)

    def _reviewers(
        self, kind: str, name: str, ask: Callable[[], frozenset[str]]
    ) -> frozenset[str]:
        try:
            return self._cached(kind, name, ask)
        except SlackApiError as error:
            count(error)
            raise PapersError(
                f"I could not ask Slack who reviews here ({error_code(error)}). "
                "`papers doctor` tells the operator why."
            ) from None
        except OSError as error:
            count(error)
            raise PapersError(
                "I could not ask Slack who reviews here. Please try again in a moment."
            ) from None

    def _cached(self, kind: str, name: str, ask: Callable[[], Answer]) -> Answer:
        kept = self._cache.get((kind, name))
        if kept and self._clock() - kept[0] < CACHE_SECONDS:
            return cast("Answer", kept[1])  # a kind has one type of answer
        answer = ask()
        self._cache[kind, name] = (self._clock(), answer)
        return answer
