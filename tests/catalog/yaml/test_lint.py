"""Laws of `papers check`: each mistake is reported at its line, as an error or a warning."""

import pytest

from bot.catalog.names import shipped_names
from bot.catalog.yaml.lint import lint
from bot.catalog.yaml.read import read_texts

LIST = """\
title: L
sections:
  - {id: a, title: A, sections: [{id: below, title: Below}]}
  - {id: b, title: B}
"""
ALPHA = "- title: Alpha of the machines\n  url: https://a.example/1\n  sections: [a]\n"


def problems(papers: str, info: str = LIST) -> list[tuple[str, int, str, str]]:
    """File, line, kind and message of each problem."""
    loaded = read_texts({"list.yaml": info, "papers/a.yaml": papers}.get)
    return [
        (problem.file, problem.line, "error" if problem.is_error else "warning", problem.message)
        for problem in lint(loaded, shipped_names())
    ]


@pytest.mark.parametrize(
    ("papers", "line", "kind", "message"),
    [
        (ALPHA * 2, 4, "error", "the same paper as papers/a.yaml:1, in the same section."),
        (
            ALPHA + ALPHA.replace("[a]", "[a/below]"),
            4,
            "error",
            "the same paper as papers/a.yaml:1.",
        ),
        (
            ALPHA + ALPHA.replace("Alpha of the machines", "Omega is another paper"),
            5,
            "warning",
            "its link is also that of 'Alpha of the machines' (papers/a.yaml:1).",
        ),
        (
            ALPHA.replace("[a]", "[a/below]") + ALPHA.replace("Alpha", "Beta").replace("/1", "/2"),
            6,
            "error",
            "it comes after entries of a/below.",
        ),
        (ALPHA.replace("  url: https://a.example/1\n", ""), 1, "warning", "it has no link."),
        (
            ALPHA.replace("a.example/1", "arxiv.org/abs/2401.00001"),
            1,
            "error",
            "arxiv is missing, which disagrees with its link.",
        ),
        (
            ALPHA.replace("Alpha of the machines", "https://bank.example"),
            1,
            "warning",
            "its title looks like a web address.",
        ),
        (
            ALPHA.replace("Alpha", "Alpha" * 110),
            1,
            "warning",
            "its title has more than 500 characters.",
        ),
        (
            ALPHA.replace("a.example", "xn--pple-43d.com"),
            2,
            "warning",
            "its address mixes alphabets: xn--pple-43d.com.",
        ),
        (
            ALPHA.replace("a.example", "arxiv.org@a.example"),
            2,
            "error",
            "url is https://arxiv.org@a.example/1, which disagrees with its link.",
        ),
        (f"{ALPHA}  venue: osdi\n", 4, "error", "the venue osdi is spelled OSDI on this list."),
        (f"{ALPHA}  orgs: [Nowhere Lab]\n", 4, "error", "unknown organisation Nowhere Lab."),
        (ALPHA.replace("[a]", "[a, a]"), 3, "error", "a section is named twice."),
        (
            ALPHA.replace("[a]", "[b]"),
            3,
            "error",
            "its home section b does not belong in this file.",
        ),
        (ALPHA.replace("[a]", "[a/none]"), 3, "error", "there is no section a/none."),
    ],
)
def test_a_mistake_in_an_entry_is_reported_at_its_line(
    papers: str, line: int, kind: str, message: str
) -> None:
    assert problems(papers) == [("papers/a.yaml", line, kind, message)]


@pytest.mark.parametrize(
    ("info", "message"),
    [
        (LIST.replace("title: B", "title: A"), "two sections have the title A."),
        (f"{LIST}introduction: '- a'\n", "the introduction is more than paragraphs."),
        (f"{LIST}venues: {{OSDI: [X], SOSP: [x]}}\n", "x under venues means both OSDI and SOSP."),
    ],
)
def test_a_mistake_in_list_yaml_is_reported(info: str, message: str) -> None:
    assert problems(ALPHA, info) == [("list.yaml", 1, "error", message)]
