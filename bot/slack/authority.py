"""Rules of who may do what, by what Slack says of a person. Pure.

Anybody who can see the bot may look papers up and share an answer. Only people of the workspace
change something: they suggest, support, subscribe, and decide if they are reviewers. Guests of the
workspace may do so too if the list's `review` settings say `guests: true`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from slack_sdk.web import SlackResponse

from bot.errors import PapersError

Standing = Literal["member", "guest", "outsider", "deactivated", "app"]
"""The standing of a person in the workspace."""

_OBJECTIONS: Mapping[Standing, str] = {
    "guest": "Guests of this workspace look papers up, and change nothing. Ask a member to do it "
    "for you. A curator can allow it to guests: `review: {guests: true}` in list.yaml.",
    "outsider": "You look papers up here; only people of the workspace that keeps the list change "
    "something. Ask somebody of that workspace to do it for you.",
    "deactivated": "Your account is deactivated, so nothing was changed. An administrator of the "
    "workspace can activate it again.",
    "app": "Apps look papers up, and change nothing.",
}


@dataclass(frozen=True, slots=True)
class Workspace:
    """The workspace in which the bot is installed."""

    url: str
    """Its address, with which links to messages begin: `https://team.slack.com/`."""
    team: str = ""
    """Its id (`T…`); empty if Slack was not asked."""


ANY_WORKSPACE = Workspace("https://slack.com/")
"""For commands that need no workspace: Slack forwards its links to the person's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A person, as `users.info` describes them; not always one of the bot's own workspace."""

    id: str
    name: str = ""
    zone: str | None = None
    """The IANA name of the time zone, if Slack says it."""
    teams: frozenset[str] = frozenset()
    """The ids of their workspaces: one, or several of an Enterprise organisation."""
    is_guest: bool = False
    is_stranger: bool = False
    """Whether they are of another organisation and share no channel with the workspace."""
    is_deactivated: bool = False
    is_app: bool = False


class NotAllowedError(PapersError):
    """A person may only look papers up."""


def read_workspace(answer: SlackResponse) -> Workspace:
    """Read the answer of `auth.test`."""
    return Workspace(str(answer.get("url") or ANY_WORKSPACE.url), str(answer.get("team_id") or ""))


def read_member(user: object) -> Member:
    """Read a `user` object (https://docs.slack.dev/reference/objects/user-object).

    Raises ValueError if it describes nobody.
    """
    if not isinstance(user, Mapping) or not user.get("id"):
        raise ValueError("no user")
    enterprise = user.get("enterprise_user")
    others = enterprise.get("teams") if isinstance(enterprise, Mapping) else None
    teams = [user.get("team_id"), *(others if isinstance(others, list) else ())]
    return Member(
        id=str(user["id"]),
        name=str(user.get("real_name") or user.get("name") or ""),
        zone=user.get("tz") or None,
        teams=frozenset(str(team) for team in teams if team),
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        is_stranger=bool(user.get("is_stranger")),
        is_deactivated=bool(user.get("deleted")),
        is_app=bool(user.get("is_bot")),
    )


def standing(member: Member, workspace: Workspace) -> Standing:
    """The standing of a person in a workspace.

    Workspaces are compared where Slack names both, which it always does.
    """
    if member.is_deactivated:
        return "deactivated"
    if member.is_app:
        return "app"
    is_elsewhere = bool(workspace.team and member.teams) and workspace.team not in member.teams
    if member.is_stranger or is_elsewhere:
        return "outsider"
    return "guest" if member.is_guest else "member"


def may_write(member: Member, workspace: Workspace, *, guests: bool) -> bool:
    """Tell whether a person may change something; `guests` is the list's setting."""
    return standing(member, workspace) in ({"member", "guest"} if guests else {"member"})


def check_writer(member: Member, workspace: Workspace, *, guests: bool) -> None:
    """Raise NotAllowedError, with the reason and the remedy, unless a person may write."""
    if not may_write(member, workspace, guests=guests):
        raise NotAllowedError(_OBJECTIONS[standing(member, workspace)])
