"""The Bolt app for both transports, and its connection to Slack."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.error import URLError

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.counters import CLICKS
from bot.errors import PapersError
from bot.slack.api_errors import TOKEN_ERRORS, TRANSIENT, count, error_code, error_sentence
from bot.slack.authority import Workspace, read_workspace
from bot.slack.context import ListenerContext
from bot.slack.listeners.registration import register
from bot.slack.listeners.threads import ListenerThreads
from bot.slack.payloads import interaction_id
from bot.slack.sanitize import clean_request
from bot.slack.transport.request_claims import Claim
from bot.slack.transport.socket_mode import OverlappingHandler

THREADS = 32
"""Requests that Socket Mode reads at the same time; none of them waits for Slack."""


class SlackError(PapersError):
    """Slack cannot be used as it is set up."""


def make_app(context: ListenerContext, threads: ListenerThreads | None = None) -> App:
    """Make the app with all listeners, for clients whose token was checked.

    It trusts its requests: `transport.wsgi` verifies signatures, and Socket Mode needs none.
    `threads` are those in which listeners work after the acknowledgement; the caller closes them.
    """
    app = App(
        client=context.clients.repeatable,
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

    Raises SlackError if Slack refuses the app-level token or cannot be reached.
    """
    handler: SocketModeHandler = OverlappingHandler(app, app_token, THREADS, claim)
    try:
        handler.connect()
    except SlackApiError as error:
        handler.close()
        raise _refusal("SLACK_APP_TOKEN", error) from None
    except (URLError, OSError) as error:
        handler.close()
        raise _unreachable(app.client, error) from None
    return handler


def check_token(client: WebClient) -> Workspace:
    """Check the client's token; the workspace to which it belongs.

    Raises SlackError if Slack refuses the token or cannot be reached.
    """
    try:
        return read_workspace(client.auth_test())
    except SlackApiError as error:
        raise _refusal("SLACK_BOT_TOKEN", error) from None
    except (URLError, OSError) as error:
        raise _unreachable(client, error) from None


def _refusal(setting: str, error: SlackApiError) -> SlackError:
    """Slack's refusal of a token with the remedy; Slack itself may be in trouble."""
    count(error)
    code = error_code(error)
    if code in TRANSIENT or error.response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return SlackError(
            f"Slack answers {code} at present. That passes by itself (https://slack-status.com): "
            "start again in a minute, as a platform does."
        )
    reason = TOKEN_ERRORS.get(code, error_sentence(code))
    return SlackError(
        f"{setting} does not work: {reason}. Copy it again from your app's page at "
        "https://api.slack.com/apps, and set it in the environment."
    )


def _unreachable(client: WebClient, error: Exception) -> SlackError:
    """A failed connection with the remedy."""
    count(error)
    return SlackError(
        f"Slack cannot be reached at {client.base_url}: {getattr(error, 'reason', error)}. "
        "Check the network, and SLACK_API_URL if you set it."
    )
