"""Laws of foreign text in commits and pull requests."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.publishing.github_text import markdown, neutralize

HASH = "a5c3785ed8d6a35868bc169f07e40e889087fd2e"
# A model of what GitHub reads, a little wider than GitHub: it also counts names that nobody has.
MENTION = re.compile(r"(?:^|[^A-Za-z0-9`])@[a-z0-9](?:[a-z0-9-]|/)*", re.IGNORECASE | re.MULTILINE)
ISSUE = re.compile(
    r"(?:^|\W)(?:\w+(?:-\w+)*(?:/[.\w-]+)?)?(?:#|gh-|/(?:issues|pull|discussions)/)\d+",
    re.IGNORECASE | re.ASCII | re.MULTILINE,
)
COMMIT = re.compile(
    r"(?:^|[\s({\[@]|\.\.|[\w-]+/[\w.-]+@|/commit/)[0-9a-f]{7,40}\b", re.ASCII | re.MULTILINE
)
CLOSING = re.compile(
    r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+"
    r"(?:[\w.-]+/[\w.-]+)?(?:#|gh-|https?://\S+/(?:issues|pull)/)\d",
    re.IGNORECASE,
)
SKIP = re.compile(
    r"\[(?:skip ci|ci skip|no ci|skip actions|actions skip|skip-ci|skip travis)\]"
    r"|\*\*\*NO_CI\*\*\*|^skip-checks: ?true",
    re.IGNORECASE | re.MULTILINE,
)
READINGS = (MENTION, ISSUE, COMMIT, CLOSING, SKIP)


def acts(text: str) -> list[str]:
    """What GitHub would read in a text."""
    return [match[0] for reading in READINGS for match in reading.finditer(text)]


ACTIVE = [
    "@name",
    ".@name",
    "cc/@org/team",
    "(@name)",
    "_@name_",
    "é@name",
    "“@name”",
    "#1",
    "(#1)",
    "owner/repo#12",
    "owner#12",
    "GH-7",
    "gh-7",
    "fixes #1",
    "Closes: owner/repo#1",
    "resolved GH-1",
    "fixes https://github.com/owner/repo/issues/12",
    "https://github.company.example/o/r/pull/3/files",
    "https://github.com/o/r/discussions/3#discussioncomment-1",
    f"https://github.com/o/r/commit/{HASH}",
    "o/r/issues/5",
    HASH,
    HASH[:7],
    f"owner/repo@{HASH[:10]}",
    f"{HASH[:7]}...{HASH[7:20]}",
    "https://x.example/@name#12",
    "[skip ci]",
    "[CI skip]",
    "[no ci]",
    "[skip actions]",
    "[actions skip]",
    "[skip travis]",
    "***NO_CI***",
    "skip-checks: true",
]
PLAIN = [
    "RAG & Roll: Serving <Fast> Models",
    "recall@10 and precision@k",
    "C# and F#",
    "mail ada@example.org",
    "https://x.example/?version=1234567",
    "10.1145/3600006.3613165",
    "arXiv:2401.09670",
    "https://arxiv.org/abs/2401.09670",
    "https://team.slack.com/archives/C0123456789/p1700000000000100",
    "[Skipped] connections, no circuits",
    "tissues/12",
]


@pytest.mark.parametrize("text", ACTIVE)
def test_a_text_that_github_would_act_on_is_neutral_and_reads_as_before(text: str) -> None:
    assert acts(text), "the model does not read it"
    neutral = neutralize(f"Add {text} to it")
    assert not acts(neutral)
    assert unquote(neutral.replace("\u200b", "")) == f"Add {text} to it"


@pytest.mark.parametrize("text", PLAIN)
def test_a_text_without_a_meaning_for_github_stays_as_it_is(text: str) -> None:
    assert neutralize(text) == text


FRAGMENTS = st.sampled_from(
    [*ACTIVE, *PLAIN, "@", "#", "/", "-", "GH", "1", "fixes", "a", "é", "`", "*", "_", " ", "\n"]
    + ["[", "]", "skip", "ci", "..", "https://github.com/", "<b>", "&#64;name", "&commat;x", "!["]
)
WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=4)
TEXTS = st.lists(FRAGMENTS | WORDS, max_size=8).map("".join)


@given(TEXTS)
def test_no_combination_of_texts_makes_github_act(text: str) -> None:
    neutral = neutralize(text)
    assert not acts(neutral)
    assert neutralize(neutral) == neutral


class _Parser(MarkdownIt):
    """Shows addresses as they are written, as GitHub does."""

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802  # markdown-it's name
        return link


PARSER = _Parser("gfm-like", {"html": True})


@given(TEXTS)
@example("![x](https://evil.example/pixel.png) <img src=x> [a](https://b.example)")
@example("https://x.example/![](https://evil.example/pixel.png)")
@example("&#64;name **@name** <!-- hidden -->")
def test_a_pull_request_shows_text_as_it_is_and_links_only_addresses(text: str) -> None:
    line = " ".join(neutralize(text).split())
    tokens = PARSER.parse(f"### {markdown(line)}")
    inline = tokens[1].children or []
    assert {token.type for token in inline} <= {"text", "link_open", "link_close"}
    shown = "".join(token.content for token in inline)
    assert unquote(shown.replace("\u200b", "")) == unquote(line.replace("\u200b", ""))
    assert not acts(shown)
