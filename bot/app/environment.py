"""The environment as settings, and what must be in it."""

import os

from pydantic import SecretStr, ValidationError

from bot.errors import PapersError
from bot.settings import Settings


def read_settings() -> Settings:
    """The environment as settings. Raises PapersError that names what is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors()
        )
        raise PapersError(
            f"The environment is not right: {faults}. See the README's list of settings."
        ) from None


def bot_token(settings: Settings) -> str:
    """Raises PapersError when it is missing, or another token."""
    return _secret(settings.slack_bot_token, "SLACK_BOT_TOKEN", "xoxb-")


def app_token(settings: Settings) -> str:
    """Raises PapersError when it is missing, or another token."""
    return _secret(settings.slack_app_token, "SLACK_APP_TOKEN", "xapp-")


def signing_secret(settings: Settings) -> str:
    """Raises PapersError when it is missing."""
    return _secret(settings.slack_signing_secret, "SLACK_SIGNING_SECRET", "")


def forget_token() -> None:
    """Bolt reads the variable by itself and then warns that it has the token twice."""
    os.environ.pop("SLACK_BOT_TOKEN", None)  # noqa: TID251  # see above


def _secret(value: SecretStr | None, name: str, prefix: str) -> str:
    """A secret that must be there and of its kind; the message never shows it."""
    if value is None:
        raise PapersError(
            f"{name} is not set. The README tells in five steps where to find it; "
            "`papers demo` needs no Slack account."
        )
    secret = value.get_secret_value().strip()
    if not secret.startswith(prefix):
        raise PapersError(f"{name} should begin with {prefix}; are two tokens swapped?")
    return secret
