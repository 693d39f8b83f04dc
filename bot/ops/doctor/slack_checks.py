"""Judges what Slack said: the tokens, the scopes, the clocks, the channels."""

from collections.abc import Iterable, Iterator

from bot.ops.doctor.finding import Finding, error, ok, span, warning
from bot.slack.self_check import BotIdentity, Conversation, SlackRefusal, SlackUnreachable
from bot.text import pluralize

SKEW = 60.0
"""Seconds by which clocks may differ; Slack's signatures hold for 300."""
_EXPIRED = 300.0
_PAGE = "your app's page at https://api.slack.com/apps"
_ONES_OWN = "its setting in the environment"


def token_form(setting: str, value: str | None, prefix: str) -> Finding | None:
    """What is wrong with a token at first sight; the finding never holds it."""
    if value is None:
        return error(setting, "It is not set.", f"Copy it from {_PAGE} into {_ONES_OWN}.")
    if not value.strip().startswith(prefix):
        return error(
            setting,
            f"It does not begin with {prefix}.",
            f"See whether two tokens are swapped; {_PAGE} shows both.",
        )
    return None


def bot_token(found: BotIdentity | SlackRefusal | SlackUnreachable) -> Finding:
    """Whether the bot token works."""
    what = "SLACK_BOT_TOKEN"
    match found:
        case BotIdentity():
            return ok(what, f"It works, in {found.workspace}.")
        case SlackRefusal():
            return error(
                what,
                f"Slack refuses it: {found.reason}.",
                f"Copy it again from {_PAGE} (*OAuth & Permissions*) into {_ONES_OWN}.",
            )
        case SlackUnreachable():
            return _unreachable(what, found)


def app_token(found: SlackRefusal | SlackUnreachable | None, *, has_secret: bool) -> Finding:
    """Whether Slack's requests can come in by Socket Mode; `found` is what is in the way."""
    what = "SLACK_APP_TOKEN"
    match found:
        case None:
            more = "; SLACK_SIGNING_SECRET is set for `papers web`, too" if has_secret else ""
            return ok(what, f"It works; `papers run` can connect by Socket Mode{more}.")
        case SlackRefusal():
            return error(
                what,
                f"Slack refuses it: {found.reason}.",
                f"Make one with the scope connections:write on {_PAGE} (*Basic Information*, "
                "*App-Level Tokens*), and see that Socket Mode is switched on there.",
            )
        case SlackUnreachable():
            return _unreachable(what, found)


def no_app_token(*, has_secret: bool) -> Finding:
    """Whether Slack's requests can come in without Socket Mode."""
    if has_secret:
        return ok("SLACK_SIGNING_SECRET", "It is set; `papers web` can be served.")
    return error(
        "SLACK_APP_TOKEN, SLACK_SIGNING_SECRET",
        "Neither is set, so Slack's requests cannot come in.",
        "Set SLACK_APP_TOKEN for `papers run`, or SLACK_SIGNING_SECRET for `papers web`; "
        f"{_PAGE} has both.",
    )


def scopes(granted: frozenset[str] | None, wanted: frozenset[str]) -> Finding:
    """Whether the app may do what the manifest asks for."""
    what = "scopes"
    if granted is None:
        return warning(
            what, "Slack does not tell which are granted.", "Compare them with `papers manifest`."
        )
    if missing := sorted(wanted - granted):
        return error(
            what,
            f"Not granted: {', '.join(missing)}.",
            f"Paste what `papers manifest` prints into {_PAGE} (*App Manifest*), then *Install "
            "App*, *Reinstall to Workspace*.",
        )
    more = sorted(granted - wanted)
    beyond = f"; also {', '.join(more)}, which the bot does not need" if more else ""
    return ok(what, f"All {len(wanted)} of the manifest are granted{beyond}.")


def clock(skew: float | None) -> Finding:
    """Whether this machine's clock is right, by Slack's."""
    what = "clock"
    if skew is None:
        return ok(what, "Slack's answer has no date to compare it with.")
    if abs(skew) <= SKEW:
        return ok(what, "It agrees with Slack's.")
    side = "behind" if skew > 0 else "ahead of"
    sentence = f"It is {span(abs(skew))} {side} Slack's."
    remedy = "Let the machine keep its time by NTP (`timedatectl set-ntp true`)."
    if abs(skew) < _EXPIRED:
        return warning(what, sentence, remedy)
    return error(what, f"{sentence} Requests over HTTP are refused as too old.", remedy)


def review_channel(channel: str | None) -> Finding | None:
    """What is wrong with the setting at first sight."""
    what = "PAPERS_REVIEW_CHANNEL"
    if not channel:
        return warning(
            what,
            "It is not set: suggestions are kept, and nobody sees a card.",
            "Set it to the id of a channel, which stands at the end of the channel's details.",
        )
    if channel[:1] not in {"C", "G"} or not channel.isalnum():
        return error(
            what,
            f"{channel} is no id of a channel.",
            "Set it to the id (`C…`), which stands at the end of the channel's details.",
        )
    return None


def conversation(
    what: str, channel: str, found: Conversation | SlackRefusal | SlackUnreachable
) -> Finding:
    """Whether the bot can speak in a channel."""
    match found:
        case SlackUnreachable():
            return _unreachable(what, found)
        case SlackRefusal(code="channel_not_found"):
            return error(
                what,
                f"There is no channel {channel}, or it is private and the bot is not in it.",
                "Invite the bot there (`/invite @papers`), or set the right id.",
            )
        case SlackRefusal():
            return error(
                what,
                f"Slack does not tell of {channel}: {found.reason}.",
                "Mend the token and the scopes first.",
            )
        case Conversation():
            return _membership(what, found)


def _membership(what: str, found: Conversation) -> Finding:
    name = f"#{found.name}"
    if found.is_archived:
        return error(what, f"{name} is archived.", "Unarchive it, or choose another channel.")
    if not found.is_member:
        return error(what, f"The bot is not in {name}.", f"Type `/invite @papers` in {name}.")
    if found.is_read_only:
        return error(
            what,
            f"The bot may not post in {name}: only some members may.",
            "Let the bot post there (the channel's *Settings*, *Posting permissions*).",
        )
    return ok(what, f"The bot is in {name} and may post there.")


def subscriptions(found: Iterable[Finding]) -> Iterator[Finding]:
    """The channels that digests go to: what is wrong with some, or that all are fine."""
    ones = tuple(found)
    wrong = [one for one in ones if one.state != "ok"]
    yield from wrong
    if ones and not wrong:
        yield ok("subscriptions", f"The bot may post in {pluralize(len(ones), 'channel')}.")


def _unreachable(what: str, found: SlackUnreachable) -> Finding:
    return error(
        what,
        f"Slack cannot be reached: {found.reason}.",
        "Check the network and the proxy, https://status.slack.com, and SLACK_API_URL if it is "
        "set.",
    )
