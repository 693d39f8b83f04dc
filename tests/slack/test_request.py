"""Laws of reading a command: verbs where they are verbs, lookups everywhere else."""

import pytest

from bot.slack.request import LATER, NotYet, Request, read_command


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("", Request("help")),
        ("  ", Request("help")),
        ("help", Request("help")),
        ("HELP", Request("help")),
        ("recent", Request("recent")),
        ("random", Request("random")),
        ("random edge", Request("random", "edge")),
        ("kv cache", Request("search", "kv cache")),
        ('"random forests"', Request("search", '"random forests"')),
        ("randomised", Request("search", "randomised")),
        ("helping hands", Request("search", "helping hands")),
        ("A &amp; B &lt;x&gt;", Request("search", "A & B <x>")),
        ("<https://arxiv.org/abs/2401.09670>", Request("search", "https://arxiv.org/abs/2401.09670")),
        ("<https://a.example/?x=1&amp;y|a.example>", Request("search", "https://a.example/?x=1&y")),
    ],
)  # fmt: skip
def test_what_does_not_begin_with_a_verb_is_a_lookup(text: str, request_: Request) -> None:
    assert read_command(text) == request_


@pytest.mark.parametrize("verb", LATER)
def test_a_verb_kept_for_later_is_known_as_such(verb: str) -> None:
    assert read_command(f"{verb} something") == NotYet(verb)
