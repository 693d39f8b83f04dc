r"""Escapes for text in Markdown: as few as its reader needs.

A character is written as it is, with a backslash (`\<`), or as a number (`&#79;`). A backslash
keeps a character from being markup; a number also keeps a word from being read as a detail of the
line, such as a venue.
"""

import re
import string
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum

_ESCAPED = re.compile(r"(?P<kept>(?<=\S) (?=\S)|(?<=\w)[^\W\d_])|.", re.DOTALL)
_PUNCTUATION = frozenset(string.punctuation)

Accepts = Callable[[Sequence[str]], bool]
"""Tells whether Markdown of some texts reads back as them."""


class _Form(IntEnum):
    """The ways of writing a character, the most readable first."""

    PLAIN = 0
    BACKSLASH = 1
    NUMBER = 2


def escaped(text: str) -> str:
    """Markdown in which each word contains a literal, so that no word has a special meaning.

    Letters within a word stay readable; single spaces between words stay spaces.
    """
    return "".join(map(_written, text, _numbers(text)))


def least_escaped(texts: Sequence[str], *places: Accepts) -> tuple[int, list[str]] | None:
    """The most readable Markdown of texts in one of several places, with the place's number.

    Plain text is tried in each place, then backslashes, then numbers; None if nothing is accepted.
    No escape in the result can be left out, and no number can be a backslash.
    """
    for start in (_plain, _backslashes, _numbers_but_colons, _numbers):
        for number, accepts in enumerate(places):
            search = _Search(texts, [form for text in texts for form in start(text)], accepts)
            if search.accepted():
                return number, search.result()
    return None


class _Search:
    """A search for the fewest escapes, from some that are accepted downwards."""

    def __init__(self, texts: Sequence[str], forms: Sequence[_Form], accepts: Accepts) -> None:
        self._texts, self._accepts = texts, accepts
        self._chars, self._forms = "".join(texts), list(forms)

    def accepted(self) -> bool:
        return self._accepts(self._markdown())

    def result(self) -> list[str]:
        """Lower letters before punctuation, which is the more readable as an escape."""
        everywhere = range(len(self._chars))
        letters = [at for at in everywhere if self._chars[at].isalpha()]
        others = [at for at in everywhere if not self._chars[at].isalpha()]
        while self._lower(self._escapes(letters)) | self._lower(self._escapes(others)):
            pass
        return self._markdown()

    def _escapes(self, places: Iterable[int]) -> list[int]:
        return [at for at in places if self._forms[at]]

    def _lower(self, places: Sequence[int]) -> bool:
        """Write as many characters as possible plainly, the first ones last; False if none is."""
        if not places:
            return False
        if self._try(places, _Form.PLAIN):
            return True
        if len(places) > 1:
            middle = len(places) // 2
            return self._lower(places[middle:]) | self._lower(places[:middle])
        is_number = self._forms[places[0]] is _Form.NUMBER
        can_be_backslash = is_number and self._chars[places[0]] in _PUNCTUATION
        return can_be_backslash and self._try(places, _Form.BACKSLASH)

    def _try(self, places: Iterable[int], form: _Form) -> bool:
        before = self._forms.copy()
        for at in places:
            self._forms[at] = form
        if self.accepted():
            return True
        self._forms = before
        return False

    def _markdown(self) -> list[str]:
        forms = iter(self._forms)
        return ["".join(_written(char, next(forms)) for char in text) for text in self._texts]


def _plain(text: str) -> list[_Form]:
    return [_Form.PLAIN] * len(text)


def _backslashes(text: str) -> list[_Form]:
    forms = [_Form.BACKSLASH if char in _PUNCTUATION else _Form.PLAIN for char in text]
    return _with_plain_colon(text, forms)


def _numbers_but_colons(text: str) -> list[_Form]:
    return _with_plain_colon(text, _numbers(text))


def _numbers(text: str) -> list[_Form]:
    return [_Form.PLAIN if char["kept"] else _Form.NUMBER for char in _ESCAPED.finditer(text)]


def _with_plain_colon(text: str, forms: list[_Form]) -> list[_Form]:
    """The forms with the colon after a name as it is: a line is made of the name and the rest."""
    if (at := text.find(": ")) >= 0:
        forms[at : at + 2] = [_Form.PLAIN] * 2
    return forms


def _written(char: str, form: _Form) -> str:
    match form:
        case _Form.PLAIN:
            return char
        case _Form.BACKSLASH:
            return f"\\{char}"
        case _Form.NUMBER:
            return f"&#{ord(char)};"
