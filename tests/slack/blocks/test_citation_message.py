"""Laws of citations in Slack: whole entries in code blocks, within Slack's limits."""

import html
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.catalog.bibliography.cited_paper import citation_keys
from bot.catalog.facts import PaperFacts
from bot.catalog.identity import entry_key
from bot.catalog.model import Catalog, Entry, ListInfo, Section
from bot.db.engine import Database
from bot.lookup.answers import LookupAnswer
from bot.slack.blocks.citation_message import citation_message
from bot.slack.blocks.text import SlackMessage
from bot.slack.context import ListenerContext
from bot.slack.listeners.commands.papers import answer
from bot.slack.payloads import Command
from bot.slack.verbs import VERBS
from tests.slack.limits import MOST_CHARACTERS, characters, message_faults
from tests.slack.workspace_bot import make_container

CITE = VERBS["cite"]
COMMAND = Command(user="U0001", user_name="alice", trigger="1.1", channel="C0001", text="")
INFO = ListInfo(title="Birds", sections=(Section(id="owls", title="Owls"),))


@pytest.fixture
def context(sqlite: Database) -> ListenerContext:
    return make_container(WebClient(), sqlite).listener_context()


def blocks(message: SlackMessage) -> list[dict[str, Any]]:
    return [block.to_dict() for block in message.blocks]


def codes(message: SlackMessage) -> list[str]:
    """The texts in code blocks, as a person copies them."""
    texts = [block["text"]["text"] for block in blocks(message)]
    fenced = [text for text in texts if text.startswith("```")]
    assert all(text.endswith("```") and text.count("```") == 2 for text in fenced)
    return [html.unescape(text.strip("`")) for text in fenced]


def test_a_paper_is_cited_in_a_code_block(context: ListenerContext) -> None:
    message = answer(context, COMMAND, CITE, "2205.14135")
    (code,) = codes(message)
    assert code.startswith("@misc{dao2022flashattention,\n  author = {Dao, Tri and ")


def test_of_many_results_the_first_few_are_cited_and_the_terminal_is_named(
    context: ListenerContext,
) -> None:
    message = answer(context, COMMAND, CITE, "serving")
    assert len(codes(message)) == 5
    assert "`papers cite` in a terminal" in message.text


def test_without_a_paper_or_a_result_a_sentence_says_so(context: ListenerContext) -> None:
    assert answer(context, COMMAND, CITE, "").text == CITE.usage
    assert "not on the list" in answer(context, COMMAND, CITE, "2301.99999").text


@pytest.mark.parametrize("title", ["<!channel> & ```fence``` " * 10, "é\\" * 250, "{" * 6000])
@pytest.mark.parametrize("count", [1, 1000])
def test_any_citation_is_within_slacks_limits(title: str, count: int) -> None:
    """Of very many authors the first ones are named, then `others`."""
    entries = tuple(
        Entry(title=title, arxiv=f"2401.0000{number}", sections=("owls",)) for number in range(8)
    )
    facts = PaperFacts(authors=("Ada <@U0001> ```Example",) * count)
    catalog = Catalog(INFO, entries, {entry_key(entry): facts for entry in entries})
    message = citation_message(catalog, LookupAnswer("x", "search", "8", entries, total=8))
    assert not message_faults(blocks(message))
    assert characters(blocks(message)) <= MOST_CHARACTERS
    keys = citation_keys(catalog)
    for code, entry in zip(codes(message), entries, strict=False):
        assert code.startswith(f"@misc{{{keys[id(entry)]},\n")
        assert ("and others}" in code) is (count > 1)
    assert len(codes(message)) == (0 if len(title) > 400 else 5)
