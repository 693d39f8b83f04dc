"""Laws of answers to lookups: within Slack's limits and escaped, whatever a list holds."""

import datetime as dt
import json
import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block, SectionBlock

from bot.catalog.facts import PaperFacts
from bot.catalog.identity import entry_key
from bot.catalog.model import Catalog, Entry, ListInfo, Section
from bot.catalog.names import shipped_names
from bot.lookup.answers import LookupAnswer
from bot.lookup.catalog_lookup import CatalogLookup
from bot.lookup.paper_details import PaperDetails
from bot.slack.blocks.lookup import OPEN, PAGE, help_message, results_message, shared_results
from bot.slack.blocks.text import SlackMessage, escape, text_message
from bot.slack.lookup_request import LookupRequest, paper_key, read_value

HOSTILE = [
    "<!channel> everyone",
    "<@U0001> & <https://evil.example|click>",
    "a & b &lt; c",
    "*bold* _it_ `code` ~x~",
    "x" * 5000,
    "wide 模型 🚀 " * 200,
    "\u202eright to left",
    "line<br>break",
    '"' * 5000,
]
TEXT = st.sampled_from(HOSTILE) | st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=400
).map(lambda text: " ".join(text.split())).filter(bool)


HELP = [("recent", "the latest additions")]


def as_json(message: SlackMessage) -> list[dict[str, object]]:
    """The blocks as they are sent, checked by slack_sdk."""
    return [block.to_dict() for block in message.blocks]


def check(message: SlackMessage) -> None:
    """Check Slack's limits, also the undocumented one of about 13,000 characters."""
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
    buttons = []
    for block in as_json(message):
        if block["type"] == "actions":
            elements = block["elements"]
            assert isinstance(elements, list)
            buttons += elements
    return buttons


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
    facts = {
        entry_key(entry): PaperFacts(
            title=draw(st.none() | TEXT), authors=tuple(draw(st.lists(TEXT, max_size=9)))
        )
        for entry in entries
    }
    return Catalog(ListInfo(title=draw(TEXT), sections=sections), entries, facts)


def details_of(lookup: CatalogLookup, answer: LookupAnswer) -> PaperDetails:
    """The details of an answer's first paper."""
    return PaperDetails(answer.results[0], lookup.similar(answer.results[0]))


@given(hostile_lists(), TEXT)
def test_every_message_is_within_limits_whatever_the_list_holds(
    catalog: Catalog, query: str
) -> None:
    lookup = CatalogLookup(catalog, shipped_names())
    check(help_message(catalog, HELP))
    for request in (
        LookupRequest("search", query),
        LookupRequest("search", "section:s0"),
        LookupRequest("recent"),
    ):
        answer = (
            lookup.recent(limit=PAGE)
            if request.verb == "recent"
            else lookup.answer(request.text, limit=PAGE)
        )
        check(text_message(answer.message))
        if answer.results:
            check(results_message(catalog, answer, request))
            check(shared_results(catalog, answer, "U0001"))
            paper = lookup.paper(answer.results[0])
            opened = replace(request, paper=paper_key(answer.results[0]))
            check(results_message(catalog, paper, opened, details_of(lookup, answer)))
            check(shared_results(catalog, paper, "U0001", details_of(lookup, answer)))
    check(results_message(catalog, lookup.random("", random.Random(1)), LookupRequest("random")))


@given(hostile_lists())
def test_nothing_foreign_is_printed_raw(catalog: Catalog) -> None:
    """A title with `<!channel>` notifies nobody, and no title makes a link of its own."""
    lookup = CatalogLookup(catalog, shipped_names())
    answer = lookup.recent(limit=PAGE)
    paper = lookup.paper(answer.results[0])
    for message in (
        results_message(catalog, answer, LookupRequest("recent")),
        shared_results(catalog, answer, "U0001"),
        results_message(catalog, paper, LookupRequest("recent"), details_of(lookup, answer)),
        shared_results(catalog, paper, "U0001", details_of(lookup, answer)),
        help_message(catalog, HELP),
    ):
        shown = texts(message)
        assert "<!" not in shown
        assert "<https://evil" not in shown
        assert shown.replace("<@U0001> shared", "").count("<@") == 0


def test_escaping_is_slacks_three_characters() -> None:
    assert escape("<!channel> & co") == "&lt;!channel&gt; &amp; co"


def test_a_page_has_buttons_to_its_neighbours_and_no_others(lookup: CatalogLookup) -> None:
    catalog = lookup.catalog
    last = (lookup.answer("serving").total - 1) // PAGE
    for page, expected in ((0, ["Next"]), (1, ["Previous", "Next"]), (last, ["Previous"])):
        request = LookupRequest("search", "serving", page)
        answer = lookup.answer("serving", offset=page * PAGE, limit=PAGE)
        message = results_message(catalog, answer, request)
        labels = [button["text"]["text"] for button in buttons(message)]
        assert labels == [*expected, "Share in channel"]


def test_a_result_shows_title_with_link_section_venue_and_organisations(
    lookup: CatalogLookup,
) -> None:
    answer = lookup.answer("flashdecoding", limit=PAGE)
    shown = texts(
        results_message(lookup.catalog, answer, LookupRequest("search", "flashdecoding"))
    )
    assert (
        "<https://arxiv.org/abs/2311.01282|FlashDecoding++: Faster Large Language Model" in shown
    )
    assert "LLM Systems › Serving" in shown
    assert "Tsinghua" in shown


def lines_of(message: SlackMessage) -> dict[str, str]:
    """The line below the title of each result, by the title's first word."""
    texts = [block.text.text for block in message.blocks if isinstance(block, SectionBlock)
             and block.text and block.accessory]  # fmt: skip
    parts = [text.split("\n", 1) for text in texts]
    return {title.rpartition("|")[2].split(":")[0]: line for title, line in parts}


def test_a_line_names_the_first_author_venue_and_year(lookup: CatalogLookup) -> None:
    answer = lookup.answer("serving", limit=100)
    lines = lines_of(
        results_message(lookup.catalog, replace(answer, results=answer.results[:PAGE]),
                        LookupRequest("search", "serving"))
    )  # fmt: skip
    assert lines["Orca"] == "OSDI 2022"
    assert lines["FlexGen"] == "Ying Sheng et al.  ·  ICML 2023"


def test_a_line_names_its_section_where_the_heading_does_not(lookup: CatalogLookup) -> None:
    answer = lookup.answer("llm systems", limit=PAGE)
    assert answer.place
    for entry in answer.results:
        assert answer.place.path not in entry.sections, "all are of sections below"
    lines = lines_of(results_message(lookup.catalog, answer, LookupRequest("search", "x")))
    assert all("LLM Systems › " in line for line in lines.values())
    answer = lookup.answer("kv cache", limit=PAGE)
    lines = lines_of(results_message(lookup.catalog, answer, LookupRequest("search", "x")))
    assert "LLM Systems › Serving" in lines["DéjàVu"]


def test_each_line_opens_its_paper_with_the_page_it_is_on(lookup: CatalogLookup) -> None:
    request = LookupRequest("search", "serving", 2)
    answer = lookup.answer("serving", offset=2 * PAGE, limit=PAGE)
    message = results_message(lookup.catalog, answer, request)
    accessories = [block.accessory.to_dict() for block in message.blocks
                   if isinstance(block, SectionBlock) and block.accessory]  # fmt: skip
    assert {accessory["action_id"] for accessory in accessories} == {OPEN}
    assert [read_value(accessory["value"]) for accessory in accessories] == [
        replace(request, paper=paper_key(entry)) for entry in answer.results
    ]
    shared = as_json(shared_results(lookup.catalog, answer, "U0001"))
    assert "accessory" not in json.dumps(shared)


def test_one_paper_is_shown_with_authors_links_and_similar_papers(lookup: CatalogLookup) -> None:
    answer = lookup.answer("flexgen", limit=PAGE)
    details = details_of(lookup, answer)
    shown = texts(
        results_message(lookup.catalog, answer, LookupRequest("search", "flexgen"), details)
    )
    assert "Ying Sheng, Lianmin Zheng, Binhang Yuan, … Ce Zhang (14 authors)" in shown
    assert "ICML 2023" in shown
    assert "<https://arxiv.org/pdf/2303.06865|PDF>" in shown
    assert len(details.similar) == 3
    for entry in details.similar:
        assert entry.title in shown
    assert "Suggest a correction" in shown


def test_results_with_only_some_of_the_words_come_after_a_divider(lookup: CatalogLookup) -> None:
    answer = lookup.answer("kv cache compression", limit=PAGE)
    shown = texts(
        results_message(lookup.catalog, answer, LookupRequest("search", "kv cache compression"))
    )
    assert "With some of your words" in shown


def test_the_longest_page_and_paper_of_quotes_are_within_limits() -> None:
    """A quote counts as two characters in JSON."""
    text = '"' * 5000
    sections = tuple(Section(id=f"s{at}", title=text) for at in range(6))
    entries = tuple(
        Entry(
            title=f'{text}{at}{text}', url=f"https://example.org/{at}{'p' * 400}", venue=text,
            doi=f"10.1000/{'d' * 280}", arxiv=f"2301.0000{at}", year=2024, orgs=(text,), note=text,
            sections=tuple(section.id for section in sections), added=dt.date(2024, 1, 1),
        )
        for at in range(PAGE)
    )  # fmt: skip
    facts = {
        entry_key(entry): PaperFacts(title=text, authors=(text, text, text, text, text))
        for entry in entries
    }
    catalog = Catalog(ListInfo(title=text, sections=sections), entries, facts)
    for query in ("x", '"' * 300):
        answer = LookupAnswer(query, "search", text, entries, PAGE * 3, PAGE, PAGE)
        check(results_message(catalog, answer, LookupRequest("search", query, 1)))
        check(shared_results(catalog, answer, "U0001"))
        paper = LookupAnswer(query, "paper", text, entries[:1], 1)
        details = PaperDetails(entries[0], entries[1:4])
        opened = LookupRequest("search", query, 1, "0" * 16)
        check(results_message(catalog, paper, opened, details))
        check(shared_results(catalog, paper, "U0001", details))
