"""The Bolt app for both transports, and its connection to Slack."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPException
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.counters import CLICKS
from bot.slack.api_errors import (
    TOKEN_ERRORS,
    TRANSIENT,
    SlackError,
    SlackUnavailableError,
    count,
    error_code,
    error_sentence,
    retry_after,
    slack_code,
)
from bot.slack.authority import Workspace, read_workspace
from bot.slack.clients import ONCE_ONLY_SECONDS, client_without_retries
from bot.slack.context import ListenerContext
from bot.slack.listeners.registration import register
from bot.slack.listeners.threads import ListenerThreads
from bot.slack.payloads import interaction_id
from bot.slack.sanitize import clean_request
from bot.slack.transport.request_claims import Claim
from bot.slack.transport.socket_mode import OverlappingHandler
from bot.slack.workspace_connection import WorkspaceConnection

THREADS = 32
"""Requests that Socket Mode reads at the same time; none of them waits for Slack."""

_NO_ANSWER = (OSError, HTTPException, UnicodeError)
_NO_ADDRESS = (SlackClientError, ValueError)  # of urllib and slack_sdk, for an URL
_quiet = logging.getLogger("bot.workspace")  # the error has what slack_sdk would log
_quiet.setLevel(logging.CRITICAL)


def make_app(context: ListenerContext, threads: ListenerThreads | None = None) -> App:
    """Make the app with all listeners. Slack is not asked: it may be away.

    It trusts its requests: `transport.wsgi` verifies signatures, and Socket Mode needs none.
    `threads` are those in which listeners work after the acknowledgement; the caller closes them.
    """
    token, base_url = context.clients.repeatable.token, context.clients.repeatable.base_url

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        """Authorize a request by the one token there is, without a call of Slack."""
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token)

    app = App(
        # With a client that has the token, Bolt asks Slack before it serves.
        client=WebClient(base_url=base_url),
        authorize=authorize,
        signing_secret="",
        request_verification_enabled=False,
        # Requests are acknowledged in their own thread; Bolt's other way polls every 10 ms for
        # the acknowledgement of another thread, which halves what a machine can serve.
        process_before_response=True,
    )
    app.use(_count_interactions)
    app.use(clean_request)
    register(app, context, threads or ListenerThreads())
    return app


def _count_interactions(body: dict[str, Any], next_: Callable[[], None]) -> None:
    """Count clicks, submissions and shortcuts by their ids."""
    if name := interaction_id(body):
        CLICKS.labels(name[:60]).inc()
    next_()


def connect_socket(app: App, app_token: str, claim: Claim = lambda _: True) -> SocketModeHandler:
    """Connect the app by Socket Mode; `claim` tells whether a request is new.

    Raises SlackError if Slack refuses the app-level token, SlackUnavailableError if it is away.
    """
    handler: SocketModeHandler = OverlappingHandler(app, app_token, THREADS, claim)
    try:
        handler.connect()
    except SlackApiError as error:
        handler.close()
        raise _refusal("SLACK_APP_TOKEN", error) from None
    except _NO_ANSWER as error:
        handler.close()
        raise _unreachable(app.client, error) from None
    return handler


def make_connection(token: str, base_url: str) -> WorkspaceConnection:
    """The workspace of a token, not asked for yet. A call takes five seconds at most."""
    client = client_without_retries(token, base_url, ONCE_ONLY_SECONDS, _quiet)
    return WorkspaceConnection(ask=lambda: check_token(client))


def check_token(client: WebClient) -> Workspace:
    """Check the client's token; the workspace to which it belongs.

    Raises SlackError if Slack refuses the token, SlackUnavailableError if it is away.
    """
    try:
        return read_workspace(client.auth_test())
    except SlackApiError as error:
        raise _refusal("SLACK_BOT_TOKEN", error) from None
    except _NO_ANSWER as error:
        raise _unreachable(client, error) from None
    except _NO_ADDRESS as error:
        raise SlackError(f"SLACK_API_URL is no address of a Web API: {error}.") from None


def _refusal(setting: str, error: SlackApiError) -> SlackError:
    """Slack's refusal of a token with the remedy; Slack itself may be in trouble."""
    count(error)
    code = error_code(error)
    if _is_away(error):
        return SlackUnavailableError(
            f"Slack answers {code} at present. That passes by itself (https://slack-status.com).",
            retry_after(error),
        )
    reason = TOKEN_ERRORS.get(code, error_sentence(code))
    return SlackError(
        f"{setting} does not work: {reason}. Copy it again from your app's page at "
        "https://api.slack.com/apps, and set it in the environment."
    )


def _is_away(error: SlackApiError) -> bool:
    """Tell whether an answer is about Slack's state, or a proxy's, instead of the token."""
    status = error.response.status_code
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or error_code(error) in TRANSIENT:
        return True
    # A page instead of JSON; with a status such as 404 the address is not Slack's.
    passing = {HTTPStatus.OK, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
    return not slack_code(error) and status in passing


def _unreachable(client: WebClient, error: Exception) -> SlackUnavailableError:
    """A failed connection with the remedy."""
    count(error)
    return SlackUnavailableError(
        f"Slack cannot be reached at {client.base_url}: {getattr(error, 'reason', error)}. "
        "Check the network, and SLACK_API_URL if you set it."
    )
