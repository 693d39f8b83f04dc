"""Laws of payloads: what Slack sends becomes values, and what is missing is empty."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.lookup_request import LookupRequest, read_value
from bot.slack.payloads import (
    Click,
    FormValues,
    MessageShortcut,
    Submission,
    join_metadata,
    links_in,
    split_metadata,
    unescape,
)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("A &amp; B &lt;x&gt;", "A & B <x>"),
        ("<https://arxiv.org/abs/2401.09670>", "https://arxiv.org/abs/2401.09670"),
        ("<https://a.example/?x=1&amp;y|a.example>", "https://a.example/?x=1&y"),
        ("  ", ""),
    ],
)
def test_a_command_reads_as_it_was_typed(text: str, typed: str) -> None:
    assert unescape(text) == typed


def test_form_values_are_texts_on_one_line_and_chosen_options() -> None:
    values = FormValues.read(
        {
            "values": {
                "title": {"value": {"type": "plain_text_input", "value": " A\n title "}},
                "empty": {"value": {"type": "plain_text_input", "value": None}},
                "when": {"value": {"selected_option": {"value": "2"}}},
                "none": {"value": {"selected_option": None}},
                "sections": {"value": {"selected_options": [{"value": "b"}, {"value": "a"}]}},
            }
        }
    )
    assert values.text("title") == "A title"
    assert values.text("when") == "2"
    assert values.choices("sections") == ("b", "a")
    for block in ("empty", "none", "no such block"):
        assert (values.text(block), values.choices(block)) == ("", ())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["values", "value", "selected_option", "selected_options", "id", "name"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(JSON, JSON)
def test_any_shape_of_a_payload_can_be_read(part: object, other: object) -> None:
    body = {"user": part, "channel": other, "state": part, "message": {"blocks": other}}
    Click.read({**body, "actions": [{"action_id": part, "value": other}]})
    Submission.read({**body, "view": {"private_metadata": part, "state": other}})
    MessageShortcut.read(body)


def test_the_links_of_a_message_are_those_in_its_text_blocks_and_attachments() -> None:
    message = {
        "text": "Read <https://arxiv.org/pdf/2401.09670v2|this>, and https://a.example/x.",
        "blocks": [{"type": "section", "text": {"text": "https://b.example/?x=1&amp;y=2"}}],
        "attachments": [{"title_link": "https://c.example/p", "text": "no address"}],
        "user_profile": {"image": {"url": "https://not.example/avatar.png"}},
    }
    assert [link.url for link in links_in(message)] == [
        "https://arxiv.org/abs/2401.09670",
        "https://a.example/x",
        "https://b.example/?x=1&y=2",
        "https://c.example/p",
    ]


@pytest.mark.parametrize(
    "request_",
    [
        LookupRequest("search", 'kv "cache" 模型 &<>', 3),
        LookupRequest("recent", "", 1),
        LookupRequest("random", "edge"),
    ],
)
def test_a_button_carries_its_whole_request(request_: LookupRequest) -> None:
    """So it works after a restart, and in whichever process the click arrives."""
    assert read_value(request_.to_value()) == request_


def test_the_longest_query_fits_in_a_button() -> None:
    assert len(LookupRequest("search", "𝕏" * 300, 10**6).to_value()) <= 2000


@pytest.mark.parametrize(
    "value",
    ["", "{}", "[]", "null", '{"v":"delete","q":"x","p":0}', '{"v":"search","q":1,"p":0}', "{"],
)
def test_a_value_that_the_bot_did_not_make_is_no_request(value: str) -> None:
    assert read_value(value) is None


@pytest.mark.parametrize(
    "about", ["12", "", "title:in:x", '["https://a.example/in:C1 x"]', "in:C0001 12", "a\nb"]
)
def test_a_form_comes_back_with_its_channel_and_its_subject(about: str) -> None:
    assert split_metadata(join_metadata("C0REVIEW", about)) == ("C0REVIEW", about)


@pytest.mark.parametrize("about", ["12", "", "title:in:x", '["https://a.example/in:C1 x"]', "in:"])
def test_a_form_from_before_an_upgrade_has_no_channel(about: str) -> None:
    assert split_metadata(about) == ("", about) == split_metadata(join_metadata("", about))
