"""Laws of the directory: who a person is in the workspace, and no longer a wait than promised."""

import threading
import time
from collections.abc import Iterator
from typing import Any, cast

import pytest
from slack_sdk import WebClient

from bot.catalog.model import ReviewPolicy
from bot.slack.app import check_token
from bot.slack.authority import (
    Member,
    NotAllowedError,
    Standing,
    Workspace,
    check_writer,
    read_member,
    standing,
)
from bot.slack.directory import Directory, SlackSilentError

WORKSPACE = Workspace("https://example.slack.com/", "T0001")
OURS: dict[str, Any] = {"id": "U1", "team_id": "T0001", "name": "alice", "tz": "Asia/Tokyo"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "member"),
        ({"is_restricted": True}, "guest"),
        ({"is_ultra_restricted": True}, "guest"),
        ({"team_id": "T0002"}, "outsider"),
        ({"team_id": "T0002", "is_restricted": True}, "outsider"),
        ({"is_stranger": True}, "outsider"),
        ({"deleted": True}, "deactivated"),
        ({"deleted": True, "team_id": "T0002"}, "deactivated"),
        ({"is_bot": True}, "app"),
        ({"team_id": "E0001", "enterprise_user": {"teams": ["T0003", "T0001"]}}, "member"),
        ({"team_id": "E0001", "enterprise_user": {"teams": ["T0003"]}}, "outsider"),
        ({"team_id": "T0003", "enterprise_user": {"teams": ["T0001"]}}, "member"),
        ({"team_id": "T0003", "enterprise_user": {"teams": None}}, "outsider"),
        ({"enterprise_user": {}}, "member"),
        ({"enterprise_user": {"teams": ["T0001"]}, "is_restricted": True}, "guest"),
    ],
)
def test_a_person_stands_to_the_workspace_as_slack_says(
    changes: dict[str, Any], expected: Standing
) -> None:
    member = read_member({**OURS, **changes})
    assert standing(member, WORKSPACE) == expected
    for guests in (False, True):
        is_allowed = expected == "member" or (expected == "guest" and guests)
        try:
            check_writer(member, WORKSPACE, guests=guests)
        except NotAllowedError:
            assert not is_allowed
        else:
            assert is_allowed


@pytest.mark.parametrize("answer", [None, {}, {"id": ""}, [], "U1"])
def test_an_answer_about_nobody_is_no_person(answer: object) -> None:
    with pytest.raises(ValueError, match="no user"):
        read_member(answer)


def test_the_workspace_is_that_of_the_token(client: WebClient) -> None:
    assert check_token(client) == WORKSPACE


class HangingClient:
    """A Slack that does not answer some methods until it is released."""

    def __init__(self, *hanging: str) -> None:
        self.hanging, self.released, self.asked = set(hanging), threading.Event(), 0

    def __getattr__(self, method: str) -> Any:
        answers: dict[str, Any] = {
            "users_info": {"user": OURS},
            "conversations_members": {
                "members": [f"U{number}" for number in range(100, 1100)],
                "response_metadata": {"next_cursor": "next"},
            },
            "users_conversations": {
                "channels": [{"id": f"C{number}"} for number in range(999)],
                "response_metadata": {"next_cursor": "next"},
            },
            "usergroups_users_list": {"users": ["U1"]},
        }

        def call(**_: object) -> Any:
            self.asked += 1
            if method in self.hanging:
                self.released.wait(20)
            return answers[method]

        return call


SECONDS = 0.3
CHANNEL, GROUP = ReviewPolicy(), ReviewPolicy(reviewers=("U1", "S0GROUP"))
"""Reviewers are those of the channel; or one person and those of a user group."""


@pytest.fixture
def clients() -> Iterator[list[HangingClient]]:
    """Clients that a test adds, to release them at the end."""
    made: list[HangingClient] = []
    yield made
    for client in made:
        client.released.set()


def make(clients: list[HangingClient], *hanging: str) -> Directory:
    clients.append(HangingClient(*hanging))
    return Directory(cast("WebClient", clients[-1]), time.monotonic, seconds=SECONDS)


@pytest.mark.parametrize(
    ("method", "policy"),
    [
        ("users_info", CHANNEL),
        ("users_info", GROUP),
        ("conversations_members", CHANNEL),
        ("users_conversations", CHANNEL),
        ("usergroups_users_list", GROUP),
    ],
)
def test_all_questions_about_a_reviewer_together_wait_no_longer_than_promised(
    clients: list[HangingClient], method: str, policy: ReviewPolicy
) -> None:
    directory = make(clients, method)
    begin = time.monotonic()
    with pytest.raises(SlackSilentError, match="I changed nothing"):
        directory.reviewers(["U1", "U2"], policy, "C0REVIEW")
    assert time.monotonic() - begin < SECONDS + 2.0, "on a busy machine"


def test_a_reviewer_who_is_named_does_not_depend_on_a_user_group(
    clients: list[HangingClient],
) -> None:
    """Which may have been deleted."""
    directory = make(clients, "usergroups_users_list")
    assert directory.reviewers(["U1"], GROUP, "C0REVIEW")["U1"].is_reviewer


def test_a_list_of_channels_that_never_ends_ends(clients: list[HangingClient]) -> None:
    """Slack names a next page after each page."""
    directory = make(clients)
    answers = directory.reviewers(["U1"], CHANNEL, "C0REVIEW")
    assert not answers["U1"].is_reviewer
    assert clients[-1].asked < 30


def test_an_answer_serves_for_a_minute_and_while_slack_is_silent_for_a_day(
    clients: list[HangingClient],
) -> None:
    clients.append(client := HangingClient())
    now = [0.0]
    directory = Directory(cast("WebClient", client), lambda: now[0], seconds=SECONDS)
    assert directory.member("U1") == directory.member("U1") == read_member(OURS)
    assert client.asked == 1
    now[0] = 61
    assert directory.member("U1").zone == "Asia/Tokyo"
    assert client.asked == 2
    client.hanging.add("users_info")
    now[0] = 3600
    assert directory.member("U1") == read_member(OURS)
    with pytest.raises(SlackSilentError):
        directory.reviewers(["U1"], ReviewPolicy(reviewers=("U1",)), None)
    now[0] = 2 * 24 * 3600
    with pytest.raises(SlackSilentError):
        directory.member("U1")


def test_a_decision_asks_again_however_young_the_last_answer_is(
    clients: list[HangingClient],
) -> None:
    directory, policy = make(clients), ReviewPolicy(reviewers=("U1",))
    directory.member("U1")
    asked = clients[-1].asked
    answers = directory.reviewers(["U1", "U2"], policy, None)
    assert {user: answer.is_reviewer for user, answer in answers.items()} == {
        "U1": True,
        "U2": False,
    }
    assert clients[-1].asked == asked + 2
    directory.reviewers(["U1"], policy, None, max_age=60)
    assert clients[-1].asked == asked + 2


def test_a_person_without_a_description_has_a_name_and_no_zone(
    clients: list[HangingClient],
) -> None:
    directory = make(clients, "users_info")
    assert directory.person("U1", "alice").name == "alice"
    assert directory.person("U1").name == "U1"
    assert directory.known_zone("U1") is None
    assert directory.zone("U1") == "UTC"


def test_workspaces_are_compared_where_slack_names_both() -> None:
    assert standing(Member(id="U1"), WORKSPACE) == "member"
    assert standing(read_member({**OURS, "team_id": "T0002"}), Workspace("https://x/")) == "member"
