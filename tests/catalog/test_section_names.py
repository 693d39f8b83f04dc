"""Laws of section titles: their parts, and the words that identify a single section."""

import pytest

from bot.catalog.model import Place, Section
from bot.catalog.section_names import TitleWords, title_parts, title_words


def place(title: str) -> Place:
    return Place(title, Section(id="s", title=title), (title,))


@pytest.mark.parametrize(
    ("title", "parts"),
    [
        ("Serving", ["Serving"]),
        ("Fault Tolerance / Straggler Mitigation", ["Fault Tolerance", "Straggler Mitigation"]),
        ("Papers & Reading, Talks and Courses", ["Papers", "Reading", "Talks", "Courses"]),
        ("Surveys: Agents", ["Surveys", "Agents"]),
        ("Handbook", ["Handbook"]),
        ("C++", ["C"]),
        ("/", []),
    ],
)
def test_a_title_is_split_at_punctuation_and_at_and(title: str, parts: list[str]) -> None:
    assert title_parts(title) == parts


def test_a_word_with_a_hyphen_is_one_word() -> None:
    assert title_words("Pre-Training (on-device)") == ["Pre-Training", "on-device"]


def test_a_word_is_telling_unless_it_is_vague_or_in_another_title() -> None:
    places = [place("Serving Systems"), place("Serving at the Edge"), place("Edge, edge!")]
    words = TitleWords(places[:2], lambda word: (word.lower(),))
    assert words.is_telling("Edge")
    assert not words.is_telling("Serving")
    assert not words.is_telling("Systems")
    assert not TitleWords(places, lambda word: (word.lower(),)).is_telling("Edge")


def test_a_word_used_twice_in_one_title_is_its_own() -> None:
    words = TitleWords([place("Edge, edge!"), place("Serving")], lambda word: (word.lower(),))
    assert words.is_telling("edge")


def test_the_form_in_which_words_are_compared_counts_for_vague_words_too() -> None:
    words = TitleWords([place("Caches"), place("Cache")], lambda word: (word.lower().rstrip("s"),))
    assert not words.is_telling("caches")
    assert not words.is_telling("Papers")
