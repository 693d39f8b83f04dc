"""The Bolt app in both transports, and what is wrong with a token, in words."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any
from urllib.error import URLError

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.counters import CLICKS
from bot.errors import PapersError
from bot.slack.api_errors import PASSING, TOKEN_ERRORS, count, error_code
from bot.slack.listeners import Listeners
from bot.slack.sanitize import clean_request
from bot.slack.transport.socket_mode import OverlappingHandler

# Bolt's default of 5 lets a few slow answers hold later commands beyond Slack's 3 seconds.
THREADS = 32


class SlackError(PapersError):
    """Slack cannot be used as it is set up."""


def make_app(client: WebClient, signing_secret: str, listeners: Listeners) -> App:
    """The app with all of its listeners, for a client whose token was checked."""
    app = App(
        client=client,
        signing_secret=signing_secret,
        # Commands are answered in the request's own thread; Bolt's other way polls every 10 ms
        # for the answer of another thread, which halves what a machine can serve.
        process_before_response=True,
        listener_executor=ThreadPoolExecutor(THREADS, thread_name_prefix="listener"),
    )
    app.use(_counting)
    app.use(clean_request)
    listeners.register(app)
    return app


def _counting(body: dict[str, Any], next_: Callable[[], None]) -> None:
    """Count what people press, send and choose."""
    match body:
        case {"actions": [{"action_id": str(name)}, *_]}:
            CLICKS.labels(name[:60]).inc()
        case {"view": {"callback_id": str(name)}} | {"callback_id": str(name)} if name:
            CLICKS.labels(name[:60]).inc()
        case _:
            pass
    next_()


def connect_socket(app: App, app_token: str) -> SocketModeHandler:
    """Connect the app by Socket Mode.

    Raises SlackError when Slack refuses the app-level token or cannot be reached.
    """
    handler: SocketModeHandler = OverlappingHandler(app, app_token, THREADS)
    try:
        handler.connect()
    except SlackApiError as error:
        handler.close()
        raise refused("SLACK_APP_TOKEN", error) from None
    except (URLError, OSError) as error:
        handler.close()
        raise unreachable(app.client, error) from None
    return handler


def check_token(client: WebClient) -> str:
    """Ask Slack who the token is; the workspace's address, `https://team.slack.com/`.

    Raises SlackError when Slack refuses the token or cannot be reached.
    """
    try:
        return str(client.auth_test().get("url") or "https://slack.com/")
    except SlackApiError as error:
        raise refused("SLACK_BOT_TOKEN", error) from None
    except (URLError, OSError) as error:
        raise unreachable(client, error) from None


def refused(setting: str, error: SlackApiError) -> SlackError:
    """Slack's refusal of a token, in a sentence with the remedy; it may be Slack's own trouble."""
    count(error)
    code = error_code(error)
    if code in PASSING or error.response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return SlackError(
            f"Slack answers {code} at present. That passes by itself (https://slack-status.com): "
            "start again in a minute, as a platform does."
        )
    reason = TOKEN_ERRORS.get(code, f"Slack answered {code}")
    return SlackError(
        f"{setting} does not work: {reason}. Copy it again from your app's page at "
        "https://api.slack.com/apps, and set it in the environment."
    )


def unreachable(client: WebClient, error: Exception) -> SlackError:
    """A connection that failed, in a sentence with the remedy."""
    count(error)
    return SlackError(
        f"Slack cannot be reached at {client.base_url}: {getattr(error, 'reason', error)}. "
        "Check the network, and SLACK_API_URL if you set it."
    )
