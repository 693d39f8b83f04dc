"""Names of authors as keys: order, accents, case and initials do not matter. Pure."""

from collections.abc import Iterator

from bot.lookup.analysis import spelling

MOST_WORDS = 4  # of a name in a query


def name_words(text: str) -> list[str]:
    """The words of a name or query, folded; hyphens part words (`Chun-Feng` is `chun feng`)."""
    return spelling().analyze(text)


def person_key(words: list[str]) -> str:
    """One key for the words of a name in any order."""
    return " ".join(sorted(words))


def author_keys(name: str) -> set[str]:
    """Every key of an author: those of `person_keys`, and each word of the name alone."""
    return {*person_keys(name), *name_words(name)}


def person_keys(name: str) -> Iterator[str]:
    """The keys under which an author is found: whole, without middle names, with initials.

    `Joseph E. Gonzalez` is also `Joseph Gonzalez`, `J. Gonzalez`, `J. E. Gonzalez`.
    """
    words = name_words(name)
    if len(words) < 2:  # noqa: PLR2004  # a single word is a surname, which is another field
        return
    first, *middle, last = words
    initials = [word[0] for word in words[:-1]]
    for parts in (
        words, [first, last], [first[0], last], [*initials, last], ["".join(initials), last],
        [first, *(word[0] for word in middle), last], ["".join(words[:-1]), last],
    ):  # fmt: skip
        yield person_key(parts)
