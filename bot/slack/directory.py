"""What Slack knows of people: names, time zones, who is in a channel or a user group.

Asked of Slack, and remembered for a minute: a reviewer who clicks twice must not wait twice.
"""

from collections.abc import Callable, Iterator
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.catalog.model import ReviewPolicy
from bot.errors import PapersError
from bot.review.model import Person
from bot.slack.api_errors import count

REMEMBERED = 60.0  # seconds
_PAGES = 20


class Directory:
    """The workspace's people."""

    def __init__(self, client: WebClient, clock: Callable[[], float]) -> None:
        self._client, self._clock = client, clock
        self._kept: dict[tuple[str, str], tuple[float, Any]] = {}

    def person(self, user: str, fallback: str = "") -> Person:
        """Somebody by id, with the name that the workspace shows."""
        profile = self._profile(user)
        name = profile.get("real_name") or profile.get("name") or fallback or user
        return Person(user, str(name))

    def known_zone(self, user: str) -> str | None:
        """Somebody's time zone by its name in the tz database, if Slack says."""
        return self._profile(user).get("tz") or None

    def zone(self, user: str) -> str:
        """Somebody's time zone; UTC if Slack does not say."""
        return self.known_zone(user) or "UTC"

    def may_review(self, user: str, review: ReviewPolicy, channel: str | None) -> bool:
        """Whether somebody decides on suggestions, by the list's rules.

        Raises PapersError when Slack does not say who does.
        """
        if not review.reviewers:
            return channel is not None and user in self._members(channel)
        return any(
            user in self._group(one) if one.startswith("S") else user == one
            for one in review.reviewers
        )

    def _profile(self, user: str) -> dict[str, Any]:
        def ask() -> dict[str, Any]:
            try:
                found = self._client.users_info(user=user)["user"]
            except (SlackApiError, OSError) as error:
                count(error)
                return {}
            return found if isinstance(found, dict) else {}

        profile = self._remembered("user", user, ask)
        return profile if isinstance(profile, dict) else {}

    def _members(self, channel: str) -> frozenset[str]:
        def ask() -> frozenset[str]:
            return frozenset(self._pages(channel))

        return self._asked("channel", channel, ask)

    def _pages(self, channel: str) -> Iterator[str]:
        cursor = ""
        for _ in range(_PAGES):
            page = self._client.conversations_members(channel=channel, limit=1000, cursor=cursor)
            yield from map(str, page["members"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _group(self, group: str) -> frozenset[str]:
        def ask() -> frozenset[str]:
            answer = self._client.usergroups_users_list(usergroup=group)
            return frozenset(map(str, answer["users"]))

        return self._asked("group", group, ask)

    def _asked(self, kind: str, name: str, ask: Callable[[], frozenset[str]]) -> frozenset[str]:
        try:
            found = self._remembered(kind, name, ask)
        except SlackApiError as error:
            count(error)
            raise PapersError(
                f"I could not ask Slack who reviews here ({error.response.get('error')}). "
                "`papers doctor` tells the operator why."
            ) from None
        except OSError as error:
            count(error)
            raise PapersError(
                "I could not ask Slack who reviews here. Please try again in a moment."
            ) from None
        return found if isinstance(found, frozenset) else frozenset()

    def _remembered(self, kind: str, name: str, ask: Callable[[], object]) -> object:
        kept = self._kept.get((kind, name))
        if kept and self._clock() - kept[0] < REMEMBERED:
            return kept[1]
        found = ask()
        self._kept[kind, name] = (self._clock(), found)
        return found
