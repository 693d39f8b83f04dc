"""Declarations of listeners: their id, their handler, and when they answer.

A listener that answers *at once* uses the request and the database only. One that answers *later*
may ask Slack: its request is acknowledged first, and its handler runs in a thread of its own.
Every listener is declared in a `LISTENERS` tuple or in `verbs.VERBS`; `registration` collects
them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

from slack_sdk.models.views import View

from bot.slack.blocks.modals import FormFaults
from bot.slack.blocks.text import Replacement, SlackMessage
from bot.slack.context import ListenerContext
from bot.slack.payloads import Click, MessageShortcut, Submission


class Timing(Enum):
    """The moment of the answer to a request."""

    AT_ONCE = auto()
    """Answered from the request and the database; nothing is asked over a network."""
    LATER = auto()
    """Acknowledged from the request and the database, then carried out; it may ask Slack."""


Reply: TypeAlias = SlackMessage | Replacement | View | None
"""The result of a click, shortcut or command: a private message, or a form to open."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """The rest of a form's work, for after its acknowledgement, with which the form closes.

    `work` returns the reply to the person, if there is one. It is kept in memory only: a process
    that is killed loses what its threads have not begun, at most some seconds' worth. Then nothing
    was changed, and the person can fill the form in again.
    """

    work: Callable[[], Reply]


FormResult: TypeAlias = SlackMessage | View | FormFaults | Deferred
"""The result of a sent form: a text or another form in its place, its mistakes, or its work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClickListener:
    """A listener for clicks on the elements with an action id."""

    action_id: str | re.Pattern[str]
    handler: Callable[[ListenerContext, Click], Reply]
    timing: Timing


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortcutListener:
    """A listener for uses of a message shortcut."""

    callback_id: str
    handler: Callable[[ListenerContext, MessageShortcut], Reply]
    timing: Timing


@dataclass(frozen=True, slots=True, kw_only=True)
class FormListener:
    """A listener for submissions of a form.

    The handler runs before the acknowledgement, so it uses the request and the database only.
    """

    callback_id: str
    handler: Callable[[ListenerContext, Submission], FormResult]
    timing: Timing
    """LATER: the handler returns Deferred work, unless it finds a mistake."""
