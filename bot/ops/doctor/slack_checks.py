"""Checks of Slack's answers: tokens, scopes, clock and channels. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from bot.catalog.model import ReviewPolicy
from bot.ops.doctor.findings import Finding, error, format_duration, ok, warning
from bot.slack.authority import Member, Standing, Workspace, may_write, standing
from bot.slack.self_check import BotIdentity, Conversation, SlackRefusal, SlackUnreachable
from bot.text import pluralize

MAX_SKEW = 60.0
"""Seconds by which clocks may differ; Slack's signatures are valid for 300."""
_SIGNATURE_SECONDS = 300.0
_PAGE = "your app's page at https://api.slack.com/apps"
_ENVIRONMENT = "the environment"
_NO_REVIEWER: Mapping[Standing, str] = {
    "member": "a member",
    "guest": "a guest of the workspace",
    "outsider": "of another workspace",
    "deactivated": "deactivated",
    "app": "an app",
}


def token_form(setting: str, value: str | None, prefix: str) -> Finding | None:
    """An error if a token is missing or of another kind. The finding never holds the token."""
    if value is None:
        return error(setting, "It is not set.", f"Copy it from {_PAGE} into {_ENVIRONMENT}.")
    if not value.strip().startswith(prefix):
        return error(
            setting,
            f"It does not begin with {prefix}.",
            f"Check whether two tokens are swapped; {_PAGE} shows both.",
        )
    return None


def bot_token(answer: BotIdentity | SlackRefusal | SlackUnreachable) -> Finding:
    """The finding about the bot token."""
    what = "SLACK_BOT_TOKEN"
    match answer:
        case BotIdentity():
            return ok(what, f"It works in {answer.name}.")
        case SlackRefusal():
            return error(
                what,
                f"Slack refuses it: {answer.reason}.",
                f"Copy it again from {_PAGE} (*OAuth & Permissions*) into {_ENVIRONMENT}.",
            )
        case SlackUnreachable():
            return _unreachable(what, answer)


def app_token(problem: SlackRefusal | SlackUnreachable | None, *, has_secret: bool) -> Finding:
    """The finding about Socket Mode; `problem` is Slack's refusal or a failed connection."""
    what = "SLACK_APP_TOKEN"
    match problem:
        case None:
            more = "; SLACK_SIGNING_SECRET is set for `papers web` too" if has_secret else ""
            return ok(what, f"It works; `papers run` can connect by Socket Mode{more}.")
        case SlackRefusal():
            return error(
                what,
                f"Slack refuses it: {problem.reason}.",
                f"Make one with the scope connections:write on {_PAGE} (*Basic Information*, "
                "*App-Level Tokens*), and switch Socket Mode on there.",
            )
        case SlackUnreachable():
            return _unreachable(what, problem)


def no_app_token(*, has_secret: bool) -> Finding:
    """The finding about an installation without an app-level token, which needs HTTP mode."""
    if has_secret:
        return ok("SLACK_SIGNING_SECRET", "It is set; `papers web` can run.")
    return error(
        "SLACK_APP_TOKEN, SLACK_SIGNING_SECRET",
        "Neither is set, so Slack's requests cannot be received.",
        "Set SLACK_APP_TOKEN for `papers run`, or SLACK_SIGNING_SECRET for `papers web`; "
        f"{_PAGE} has both.",
    )


def scopes(granted: frozenset[str] | None, wanted: frozenset[str]) -> Finding:
    """The finding about scopes of the manifest that the app lacks."""
    what = "scopes"
    if granted is None:
        return warning(
            what, "Slack does not say which are granted.", "Compare them with `papers manifest`."
        )
    if missing := sorted(wanted - granted):
        return error(
            what,
            f"Not granted: {', '.join(missing)}.",
            f"Paste the output of `papers manifest` into {_PAGE} (*App Manifest*), then *Install "
            "App*, *Reinstall to Workspace*.",
        )
    more = sorted(granted - wanted)
    beyond = f"; also {', '.join(more)}, which the bot does not need" if more else ""
    return ok(what, f"All {len(wanted)} of the manifest are granted{beyond}.")


def clock(skew: float | None) -> Finding:
    """The finding about the difference between this machine's clock and Slack's."""
    what = "clock"
    if skew is None:
        return ok(what, "Slack's answer has no date to compare it with.")
    if abs(skew) <= MAX_SKEW:
        return ok(what, "It agrees with Slack's.")
    side = "behind" if skew > 0 else "ahead of"
    sentence = f"It is {format_duration(abs(skew))} {side} Slack's."
    remedy = "Synchronise the clock by NTP (`timedatectl set-ntp true`)."
    if abs(skew) < _SIGNATURE_SECONDS:
        return warning(what, sentence, remedy)
    return error(what, f"{sentence} `papers web` refuses Slack's requests as too old.", remedy)


def review_channel(channel: str | None) -> Finding | None:
    """A finding if the setting is missing or not an id."""
    what = "PAPERS_REVIEW_CHANNEL"
    if not channel:
        return warning(
            what,
            "It is not set: suggestions are stored, and nobody sees a card.",
            "Set it to the id of a channel, shown at the end of the channel's details.",
        )
    if channel[:1] not in {"C", "G"} or not channel.isalnum():
        return error(
            what,
            f"{channel} is no channel id.",
            "Set it to the id (`C…`), shown at the end of the channel's details.",
        )
    return None


def conversation(
    what: str, channel: str, answer: Conversation | SlackRefusal | SlackUnreachable
) -> Finding:
    """The finding about the bot's access to a channel."""
    match answer:
        case SlackUnreachable():
            return _unreachable(what, answer)
        case SlackRefusal(code="channel_not_found"):
            return error(
                what,
                f"There is no channel {channel}, or it is private and the bot is not in it.",
                "Invite the bot there (`/invite @papers`), or set the right id.",
            )
        case SlackRefusal():
            return error(
                what,
                f"Slack gives no details of {channel}: {answer.reason}.",
                "Fix the token and the scopes first.",
            )
        case Conversation():
            return _membership(what, answer)


def _membership(what: str, channel: Conversation) -> Finding:
    name = f"#{channel.name}"
    if channel.is_archived:
        return error(what, f"{name} is archived.", "Unarchive it, or choose another channel.")
    if not channel.is_member:
        return error(what, f"The bot is not in {name}.", f"Type `/invite @papers` in {name}.")
    if channel.is_read_only:
        return error(
            what,
            f"Only some members may post in {name}, and the bot is none of them.",
            "Allow the bot to post (the channel's *Settings*, *Posting permissions*).",
        )
    return ok(what, f"The bot is in {name} and may post there.")


def review_audience(channel: Conversation, policy: ReviewPolicy) -> Iterator[Finding]:
    """Warnings that others than the reviewers see or decide what is suggested."""
    what, name = "review channel", f"#{channel.name}"
    if channel.is_shared:
        yield warning(
            what,
            f"{name} is shared with another workspace or organisation, whose people read every "
            "card and its thread.",
            "Choose a channel of this workspace alone as PAPERS_REVIEW_CHANNEL.",
        )
    if not channel.is_private and not policy.reviewers:
        yield warning(
            what,
            f"{name} is public: everybody in the workspace can join it and decide.",
            "Make it private, or name the reviewers in list.yaml (`review: {reviewers: [U…]}`).",
        )


def reviewer(
    user: str,
    answer: Member | SlackRefusal | SlackUnreachable,
    workspace: Workspace,
    policy: ReviewPolicy,
) -> Finding | None:
    """A warning about a named reviewer who cannot decide."""
    what = f"reviewer {user}"
    remedy = f"Take {user} out of `reviewers` in list.yaml, or out of the user group named there."
    match answer:
        case SlackUnreachable():
            return _unreachable(what, answer)
        case SlackRefusal():
            return warning(what, f"Slack does not describe them: {answer.reason}.", remedy)
        case Member():
            if may_write(answer, workspace, guests=policy.guests):
                return None
            who = _NO_REVIEWER[standing(answer, workspace)]
            return warning(what, f"{answer.name or user} is {who}, and cannot decide.", remedy)


def reviewer_group(
    group: str, answer: tuple[str, ...] | SlackRefusal | SlackUnreachable
) -> Finding | None:
    """A warning about a user group of reviewers that has no members."""
    what = f"reviewers {group}"
    match answer:
        case SlackUnreachable():
            return _unreachable(what, answer)
        case SlackRefusal():
            sentence = f"Slack does not give the members of this user group: {answer.reason}."
        case ():
            sentence = "This user group has no members."
        case _:
            return None
    return warning(what, sentence, "Correct `reviewers` in list.yaml.")


def subscriptions(channels: Iterable[Finding]) -> Iterator[Finding]:
    """The findings of subscribed channels that are not ok; else one for all of them."""
    findings = tuple(channels)
    wrong = [finding for finding in findings if finding.state != "ok"]
    yield from wrong
    if findings and not wrong:
        yield ok("subscriptions", f"The bot may post in {pluralize(len(findings), 'channel')}.")


def _unreachable(what: str, answer: SlackUnreachable) -> Finding:
    return error(
        what,
        f"Slack cannot be reached: {answer.reason}.",
        "Check the network, the proxy, https://status.slack.com, and SLACK_API_URL if it is set.",
    )
