"""Foreign text for commits and pull requests: no mention, reference or command in it.

GitHub reads commit messages and pull requests for `@names`, `#1`, `owner/repo#1`, `GH-1`, commit
hashes, addresses of issues and commits, and `[skip ci]`. A closing keyword such as `fixes` acts
only before a reference.
See https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/
autolinked-references-and-urls and https://docs.github.com/en/actions/managing-workflow-runs/
skipping-workflow-runs. Pure.
"""

import re
from collections.abc import Callable

_BREAK = "\u200b"  # zero width: the text reads as before, also in `git log`
_URL = re.compile(r"(https?://[^\s<>\x00-\x1f\x7f]+)", re.IGNORECASE)
_HASH_PART = 6  # hexadecimal digits; a commit is abbreviated to no fewer than 7
# Names and references count after anything but an ASCII letter or digit: Markdown's markup, too.
_REFERENCE = re.compile(
    r"""
      (?<![A-Za-z0-9]) @ (?=[A-Za-z0-9])             # @name, cc/@org/team, .@name
    | (?:@|\.\.) (?=[0-9a-f]{7,40}(?![A-Za-z0-9_]))   # owner/repo@hash, hash...hash
    | \# (?=[0-9])                                   # #1, owner/repo#1
    | GH- (?=[0-9])                                  # GH-1
    | / (?:issues|pulls?|discussions) / (?=[0-9])    # an address of GitHub's
    | / (?:commits?|compare) / (?=[0-9A-Za-z])
    """,
    re.IGNORECASE | re.VERBOSE,
)
_COMMIT_HASH = re.compile(r"(?<![\w./-])[0-9a-f]{7,40}(?![A-Za-z0-9_])", re.IGNORECASE)
# Of GitHub Actions and of other services, which put their own name in place of `ci`.
_COMMAND = re.compile(
    r"\[(?=\s*(?:[\w-]{1,30}[ _-]{1,3})?skip(?:[ _-]{1,3}[\w-]{1,30})?\s*\])"
    r"|\[(?=\s*no[ _-]+ci\s*\])|(?<=no_)(?=ci\b)|(?<=skip-)(?=checks\s*:)",
    re.IGNORECASE,
)
_MARKUP = re.compile(
    r"[\\`*\[\]~$]|<(?=[A-Za-z/!?])|&(?=#?\w+;)|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"
    r"|:(?=[\w+-]+:)|^[>#=+-]|#$"
)


def neutralize(text: str) -> str:
    """Text that notifies nobody, refers to nothing and skips no checks on GitHub.

    It reads as before: zero-width spaces are inserted, and addresses get percent-encoded
    characters, with which they lead to the same page.
    """
    inside = {at for url in _URL.finditer(text) for at in range(url.start() + 1, url.end())}
    parts, start = [], 0
    for sign in _REFERENCE.finditer(text):
        at = sign.end()
        parts.append(text[start:at])
        parts.append(f"%{ord(text[at]):02X}" if at in inside else _BREAK)
        start = at + (at in inside)
    parts.append(text[start:])
    text = _map_parts("".join(parts), _break_hashes, str)
    return _COMMAND.sub(rf"\g<0>{_BREAK}", text)


def markdown(text: str) -> str:
    """Neutral text as GitHub's Markdown, in which nothing but its addresses is markup."""
    return "\n".join(map(_markdown_line, text.splitlines()))


def _markdown_line(line: str) -> str:
    return _map_parts(line, _escape, lambda address: f"<{address}>")


def _map_parts(text: str, other: Callable[[str], str], address: Callable[[str], str]) -> str:
    """Replace the addresses in a text, and the text between them."""
    parts = _URL.split(text)
    return "".join(address(part) if at % 2 else other(part) for at, part in enumerate(parts))


def _break_hashes(text: str) -> str:
    return _COMMIT_HASH.sub(_in_short_parts, text)


def _in_short_parts(commit: re.Match[str]) -> str:
    digits = commit[0]
    starts = range(0, len(digits), _HASH_PART)
    return _BREAK.join(digits[start : start + _HASH_PART] for start in starts)


def _escape(text: str) -> str:
    return _MARKUP.sub(lambda sign: f":{_BREAK}" if sign[0] == ":" else f"\\{sign[0]}", text)
