"""Names of authors in parts, as citation formats state them. Pure."""

from dataclasses import dataclass

_PARTICLES = frozenset(
    """al ben bin da dal de del della den der di dos du el la le ten ter van von zu
    """.split()  # noqa: SIM905  # such words read best as words
)
_SUFFIXES = frozenset({"jr", "jr.", "sr", "sr.", "ii", "iii", "iv"})


@dataclass(frozen=True, slots=True)
class AuthorName:
    """Family and given name; of a group, or a name in one part, the whole as family name."""

    family: str
    given: str = ""
    suffix: str = ""

    @property
    def name(self) -> str:
        """The whole name, given name first."""
        return " ".join(filter(None, (self.given, self.family, self.suffix)))


def read_author_name(name: str) -> AuthorName:
    """Part a name that is written given name first: `Ludwig van Beethoven Jr.`.

    Particles in lower case belong to the family name. A name with a comma is not parted.
    """
    words = name.split()
    if "," in name or "and" in words:
        return AuthorName(name)
    suffix = words.pop() if len(words) > 2 and words[-1].lower() in _SUFFIXES else ""  # noqa: PLR2004  # two names before it
    start = len(words) - 1
    while start > 1 and words[start - 1] in _PARTICLES:
        start -= 1
    return AuthorName(" ".join(words[max(start, 0) :]), " ".join(words[: max(start, 0)]), suffix)
