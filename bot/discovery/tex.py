r"""TeX in titles and names as text: `{\'e}` is é, `$O(n^2)$` is O(n^2).

arXiv's metadata is not a TeX document: `%` is a percentage, `&` is "and", `$5` is money, and a
macro may be anybody's. So only what is surely TeX is read as such, and what cannot be read stays
as it is written.
"""

import logging
import re
from functools import cache
from typing import Any

from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec
from pylatexenc.latex2text import get_default_latex_context_db as text_macros
from pylatexenc.latexwalker import LatexWalker, LatexWalkerError
from pylatexenc.latexwalker import get_default_latex_context_db as known_macros

# It warns of every macro without its arguments; such titles stay as they are, or nearly.
logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)

_LENGTH = 4_000  # what is longer is no title
_SIGNS = re.compile(r"[\\${}~]|``")
_MATH = re.compile(r"(?<!\\)\$(?P<inside>[^$]+)(?<!\\)\$")
_MONEY = re.compile(r"(?<!\\)\$")
_PLAIN_ALPHABETS = ("mathbb", "mathcal", "mathscr", "mathfrak", "mathbf", "mathit", "mathsf",
                    "mathtt", "mathrm", "mathds", "boldsymbol", "bm")  # fmt: skip
_SWITCHES = ("bf", "bfseries", "em", "it", "itshape", "rm", "sc", "scshape", "sf", "sl", "tt",
             "ttfamily", "small", "large", "normalfont")  # fmt: skip
_DOLLAR = "\ue000"  # stands for a dollar that is money while the rest is read


def text_of_tex(text: str) -> str:
    """The text that TeX stands for, or the very same text where it is broken."""
    if len(text) > _LENGTH or not _SIGNS.search(text):
        return text
    source = re.sub(r"(?<=\S)(?<!\\)~(?=\S)", " ", _with_money(text.replace("$$", "$")))
    if "``" in source:
        source = source.replace("``", "“").replace("''", "”")
    if not re.search(r"[\\${}]", source):
        return source.replace(_DOLLAR, "$")
    source = re.sub(r"(?<!\\)%", r"\\%", source)  # would hide the rest of the line
    try:
        nodes, _, _ = LatexWalker(
            source, latex_context=_grammar(), tolerant_parsing=False
        ).get_latex_nodes()
        read = str(_reader().nodelist_to_text(nodes))
    except (LatexWalkerError, LookupError, ValueError, TypeError, AttributeError, RecursionError):
        return text  # pylatexenc meets broken arguments with any of these
    return read.replace(_DOLLAR, "$") if read.strip() else text


def _with_money(text: str) -> str:
    """Dollars that enclose no formula, set aside.

    A formula begins and ends without a space, or has one on both sides; `$5 or $10` has one on
    one side. Formulae of digits alone do not stand right before a digit.
    """
    done, end = [], 0
    while match := _MATH.search(text, end):
        inside = match["inside"]
        marked = any(sign in inside for sign in "\\^_{")
        closed = not text[match.end() : match.end() + 1].isdigit()
        if inside[0].isspace() == inside[-1].isspace() and (marked or closed):
            done.append(_MONEY.sub(_DOLLAR, text[end : match.start()]) + match[0])
            end = match.end()
        else:
            done.append(_MONEY.sub(_DOLLAR, text[end : match.start() + 1]))
            end = match.start() + 1
    return "".join(done) + _MONEY.sub(_DOLLAR, text[end:])


@cache
def _grammar() -> Any:
    """The macros that take arguments. No specials: dashes and ampersands stay as they are."""
    return known_macros().filter_context(keep_which=["macros", "environments"])


@cache
def _reader() -> LatexNodes2Text:
    """The converter of TeX to text: styled letters become plain, unknown macros their names."""
    context = text_macros()
    plain = [MacroTextSpec(name, simplify_repl="%s") for name in _PLAIN_ALPHABETS]
    silent = [MacroTextSpec(name, simplify_repl="") for name in _SWITCHES]
    context.add_context_category("plain", prepend=True, macros=[*plain, *silent])
    context.set_unknown_macro_spec(MacroTextSpec("", simplify_repl=_unknown))
    return LatexNodes2Text(latex_context=context, math_mode="text")


def _unknown(node: Any, l2tobj: LatexNodes2Text) -> str:  # pylatexenc goes by these names
    r"""`\System` and `\System{}` are a name; `\foo{bar}` dresses up its argument."""
    if node.nodeargd and any(node.nodeargd.argnlist):
        return str(l2tobj.nodelist_to_text([arg for arg in node.nodeargd.argnlist if arg]))
    after = node.parsing_state.s[node.pos + node.len :][:2]
    bare = not after.startswith("{") or after == "{}"
    return f"{node.macroname}{node.macro_post_space}" if bare else ""
