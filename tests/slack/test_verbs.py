"""Laws of the verbs: a row each; what does not begin with one is a lookup."""

import pytest
from slack_sdk import WebClient

from bot.db.engine import Database
from bot.slack.blocks.text import SlackMessage
from bot.slack.context import ListenerContext
from bot.slack.listeners.commands.papers import answer
from bot.slack.payloads import Command
from bot.slack.verbs import VERBS, answer_help, route
from tests.slack.workspace_bot import make_container

COMMAND = Command(user="U0001", user_name="alice", trigger="1.1", channel="C0001", text="")


@pytest.mark.parametrize(
    ("text", "verb", "words"),
    [
        ("", "help", ""),
        ("help", "help", ""),
        ("HELP", "help", ""),
        ("recent", "recent", ""),
        ("random", "random", ""),
        ("random  edge ", "random", "edge"),
        ("suggest 2401.09670 serving", "suggest", "2401.09670 serving"),
        ("cite 2401.09670", "cite", "2401.09670"),
        ("kv cache", "search", "kv cache"),
        ('"random forests"', "search", '"random forests"'),
        ("randomised", "search", "randomised"),
        ("helping hands", "search", "helping hands"),
        ("search engines", "search", "search engines"),
    ],
)
def test_a_verb_is_the_first_word_and_anything_else_is_a_lookup(
    text: str, verb: str, words: str
) -> None:
    found, rest = route(text)
    assert (found.name, rest) == (verb, words)


@pytest.fixture
def context(sqlite: Database) -> ListenerContext:
    return make_container(WebClient(), sqlite).listener_context()


def texts(message: SlackMessage) -> str:
    return str([block.to_dict() for block in message.blocks])


def test_help_has_a_line_for_each_verb_that_has_one(context: ListenerContext) -> None:
    shown = texts(answer_help(context, COMMAND, ""))
    for verb in VERBS.values():
        assert (f"`/papers {verb.name}`  " in shown) is bool(verb.help)
        assert (verb.help or "") in shown


@pytest.mark.parametrize("name", [verb.name for verb in VERBS.values() if verb.needs_words])
def test_a_verb_that_needs_words_is_answered_with_its_usage(
    context: ListenerContext, name: str
) -> None:
    """Alone, and with words that make no sense."""
    verb = VERBS[name]
    assert verb.usage
    for words in ("", "no such thing"):
        assert answer(context, COMMAND, verb, words).text == verb.usage
