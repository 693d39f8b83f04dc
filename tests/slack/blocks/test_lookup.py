"""Laws of what people see: within Slack's limits, nothing foreign raw, whatever a list holds."""

import json
import random

from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block, SectionBlock

from bot.catalog.model import Catalog, Entry, ListInfo, Section
from bot.catalog.names import shipped_names
from bot.lookup.catalog_lookup import CatalogLookup
from bot.slack.blocks import lookup as blocks
from bot.slack.blocks.lookup import PAGE, SlackMessage, escape
from bot.slack.request import PapersRequest, read_value

HOSTILE = [
    "<!channel> everyone",
    "<@U0001> & <https://evil.example|click>",
    "a & b &lt; c",
    "*bold* _it_ `code` ~x~",
    "x" * 5000,
    "wide 模型 🚀 " * 200,
    "\u202eright to left",
    "line<br>break",
]
TEXT = st.sampled_from(HOSTILE) | st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=400
).map(lambda text: " ".join(text.split())).filter(bool)


def as_json(message: SlackMessage) -> list[dict[str, object]]:
    """What is sent, checked by slack_sdk on the way."""
    return [block.to_dict() for block in message.blocks]


def check(message: SlackMessage) -> None:
    """Slack's documented limits, and the undocumented one of about 13,000 characters."""
    shown = as_json(message)
    assert 1 <= len(shown) <= 50
    assert len(json.dumps(shown, ensure_ascii=False)) <= 12_000
    assert message.text
    for block in Block.parse_all(shown):
        block.to_dict()
        if isinstance(block, SectionBlock):
            if block.text:
                assert 1 <= len(block.text.text or "") <= 3000
            for field in block.fields or []:
                assert len(field.text or "") <= 2000
    for button in buttons(message):
        assert len(button["value"]) <= 2000
        assert len(button["text"]["text"]) <= 75


def buttons(message: SlackMessage) -> list[dict[str, dict[str, str]]]:
    found = []
    for block in as_json(message):
        if block["type"] == "actions":
            elements = block["elements"]
            assert isinstance(elements, list)
            found += elements
    return found


def texts(message: SlackMessage) -> str:
    return json.dumps(as_json(message), ensure_ascii=False) + message.text


@st.composite
def hostile_lists(draw: st.DrawFn) -> Catalog:
    sections = tuple(
        Section(id=f"s{at}", title=draw(TEXT), sections=(Section(id="b", title=draw(TEXT)),))
        for at in range(draw(st.integers(1, 3)))
    )
    entries = tuple(
        Entry(
            title=draw(TEXT),
            url=draw(
                st.sampled_from(
                    [None, "https://example.org/a|b?x=1&y=2", "https://example.org/" + "p" * 3000]
                )
            ),
            venue=draw(st.none() | TEXT),
            orgs=tuple(draw(st.lists(TEXT, max_size=3))),
            note=draw(st.none() | TEXT),
            sections=("s0/b", "s0"),
        )
        for _ in range(draw(st.integers(1, 12)))
    )
    return Catalog(ListInfo(title=draw(TEXT), sections=sections), entries)


@given(hostile_lists(), TEXT)
def test_every_message_is_within_limits_whatever_the_list_holds(
    catalog: Catalog, query: str
) -> None:
    lookup = CatalogLookup(catalog, shipped_names())
    check(blocks.help_message(catalog))
    for request in (
        PapersRequest("search", query),
        PapersRequest("search", "section:s0"),
        PapersRequest("recent"),
    ):
        answer = (
            lookup.recent(limit=PAGE)
            if request.verb == "recent"
            else lookup.answer(request.text, limit=PAGE)
        )
        check(blocks.text_message(answer.message))
        if answer.results:
            check(blocks.results_message(catalog, answer, request))
            check(blocks.shared_results(catalog, answer, "U0001"))
    check(
        blocks.results_message(
            catalog, lookup.random("", random.Random(1)), PapersRequest("random")
        )
    )


@given(hostile_lists())
def test_nothing_foreign_is_printed_raw(catalog: Catalog) -> None:
    """A title that holds `<!channel>` pings nobody, and no title makes a link of its own."""
    answer = CatalogLookup(catalog, shipped_names()).recent(limit=PAGE)
    for message in (
        blocks.results_message(catalog, answer, PapersRequest("recent")),
        blocks.shared_results(catalog, answer, "U0001"),
        blocks.help_message(catalog),
    ):
        shown = texts(message)
        assert "<!" not in shown
        assert "<https://evil" not in shown
        assert shown.replace("<@U0001> shared", "").count("<@") == 0


def test_escaping_is_slacks_three_characters() -> None:
    assert escape("<!channel> & co") == "&lt;!channel&gt; &amp; co"


def test_a_page_leads_to_its_neighbours_and_nowhere_else(lookup: CatalogLookup) -> None:
    catalog = lookup.catalog
    last = (lookup.answer("serving").total - 1) // PAGE
    for page, expected in ((0, ["Next"]), (1, ["Previous", "Next"]), (last, ["Previous"])):
        request = PapersRequest("search", "serving", page)
        answer = lookup.answer("serving", offset=page * PAGE, limit=PAGE)
        message = blocks.results_message(catalog, answer, request)
        labels = [button["text"]["text"] for button in buttons(message)]
        assert labels == [*expected, "Share in channel"]


def test_a_button_carries_its_whole_request() -> None:
    """So it works after a restart, and in whichever process the click arrives."""
    for request in (
        PapersRequest("search", 'kv "cache" 模型 &<>', 3),
        PapersRequest("recent", "", 1),
        PapersRequest("random", "edge"),
    ):
        assert read_value(request.to_value()) == request
    longest = PapersRequest("search", "𝕏" * 300, 10**6).to_value()
    assert len(longest) <= 2000
    for value in (
        "",
        "{}",
        "[]",
        "null",
        '{"v":"delete","q":"x","p":0}',
        '{"v":"search","q":1,"p":0}',
        "{",
    ):
        assert read_value(value) is None


def test_a_result_shows_title_with_link_section_venue_and_organisations(
    lookup: CatalogLookup,
) -> None:
    answer = lookup.answer("flashdecoding", limit=PAGE)
    shown = texts(
        blocks.results_message(lookup.catalog, answer, PapersRequest("search", "flashdecoding"))
    )
    assert (
        "<https://arxiv.org/abs/2311.01282|FlashDecoding++: Faster Large Language Model" in shown
    )
    assert "LLM Systems › Serving" in shown
    assert "Tsinghua" in shown


def test_results_with_some_of_the_words_are_set_apart(lookup: CatalogLookup) -> None:
    answer = lookup.answer("kv cache compression", limit=PAGE)
    shown = texts(
        blocks.results_message(
            lookup.catalog, answer, PapersRequest("search", "kv cache compression")
        )
    )
    assert "With some of your words" in shown
