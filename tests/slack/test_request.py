"""Laws of reading a command: verbs where they are verbs, lookups everywhere else."""

import pytest

from bot.slack.request import LATER, PapersRequest, UnknownVerb, read_command


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("", PapersRequest("help")),
        ("  ", PapersRequest("help")),
        ("help", PapersRequest("help")),
        ("HELP", PapersRequest("help")),
        ("recent", PapersRequest("recent")),
        ("random", PapersRequest("random")),
        ("random edge", PapersRequest("random", "edge")),
        ("kv cache", PapersRequest("search", "kv cache")),
        ('"random forests"', PapersRequest("search", '"random forests"')),
        ("randomised", PapersRequest("search", "randomised")),
        ("helping hands", PapersRequest("search", "helping hands")),
        ("A &amp; B &lt;x&gt;", PapersRequest("search", "A & B <x>")),
        ("<https://arxiv.org/abs/2401.09670>", PapersRequest("search", "https://arxiv.org/abs/2401.09670")),
        ("<https://a.example/?x=1&amp;y|a.example>", PapersRequest("search", "https://a.example/?x=1&y")),
    ],
)  # fmt: skip
def test_what_does_not_begin_with_a_verb_is_a_lookup(text: str, request_: PapersRequest) -> None:
    assert read_command(text) == request_


@pytest.mark.parametrize("verb", LATER)
def test_a_verb_kept_for_later_is_known_as_such(verb: str) -> None:
    assert read_command(f"{verb} something") == UnknownVerb(verb)
