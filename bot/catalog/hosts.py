"""Hosts of web addresses as browsers read them, and texts that look like addresses. Pure.

Browsers convert international host names to ASCII by UTS #46 (https://www.unicode.org/reports/tr46/).
In that form (`xn--…`) no letter can be mistaken for one of another alphabet.
"""

import re
import unicodedata
from urllib.parse import unquote

import idna

from bot.text import visible

_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+")
_MAX_LENGTH = 253
# Written together in Chinese, Japanese and Korean names, also with Latin letters.
_EAST_ASIAN = {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO"}
# Letters of other alphabets that look like Latin ones.
_LOOKALIKES = frozenset("асԁеһіјӏорԛѕԝхуъьҽпгѵѡҫҳүԍԛαικνορτυχωγηօսոցհյ")
_ADDRESS = re.compile(r"\W*(?:[a-z][a-z0-9+.-]*://|www\d{0,3}\.|(?:mailto|javascript|data):\S).*")
_BARE_ADDRESS = re.compile(
    r"(?:[^\s/?#]*@)?[\w-]+(?:\.[\w-]+)*\.(?P<top>[^\W\d_]{2,}|xn--[a-z0-9-]+)\.?"
    r"(?P<rest>(?::\d+)?(?:[/?#]\S*)?)"
)
_TOP_DOMAINS = frozenset(
    """ac ai app arpa at au be biz br ca cc ch cloud cn co com cz de dev dk edu es eu example fi fr
    gov gr hk hu ie il in info int invalid io ir it jp kr live localhost me mil name net nl no nz
    online onion org page pl pro pt ro ru se sg shop site sk store tech test tk tr tv tw ua uk us
    xyz za""".split()  # noqa: SIM905  # such words read best as words
)


def ascii_host(host: str) -> str | None:
    """The ASCII form of a host name in lower case; None if it is not one, such as `[::1]`."""
    host = unquote(host)
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode()
        except (idna.IDNAError, UnicodeError):
            return None
    host = host.lower().removesuffix(".")
    return host if len(host) <= _MAX_LENGTH and _HOST.fullmatch(host) else None


def mixes_alphabets(host: str) -> bool:
    """Tell whether a name in a host has letters of several alphabets, or only lookalikes.

    `host` is in ASCII form. Cyrillic `аpple` is such a name; Chinese and Latin are written
    together.
    """
    return any(_is_mixed(_decoded(label)) for label in host.split(".") if label.startswith("xn--"))


def looks_like_address(title: str) -> bool:
    """Tell whether a title, or the name before its colon, is written like a web address.

    True for `https://…`, `www.…`, `bank.example/login` and `bank.com`, also before other words;
    not for `llama.cpp` or `Node.js`.
    """
    text = _comparable(title)
    return bool(_ADDRESS.match(text)) or any(
        _is_bare_address(part) for part in (text, text.partition(": ")[0])
    )


def contains_address(text: str) -> bool:
    """Tell whether a text is written like a web address, or one of its words is."""
    words = _comparable(text).split()
    return looks_like_address(text) or any(
        _ADDRESS.match(word) or _is_bare_address(word, needs_path=True) for word in words
    )


def _comparable(text: str) -> str:
    text = unicodedata.normalize("NFKC", visible(text)).replace("。", ".")
    return " ".join(text.casefold().split())


def _is_bare_address(text: str, *, needs_path: bool = False) -> bool:
    match = _BARE_ADDRESS.fullmatch(text)
    if not match or (needs_path and not match["rest"]):
        return False
    is_domain = match["top"] in _TOP_DOMAINS or match["top"].startswith("xn--")
    return is_domain or (bool(match["rest"]) and not needs_path)


def _decoded(label: str) -> str:
    try:
        return label[4:].encode().decode("punycode")
    except UnicodeError:
        return ""


def _is_mixed(label: str) -> bool:
    letters = [char for char in label if unicodedata.category(char).startswith("L")]
    alphabets = {unicodedata.name(char, "?").split(" ")[0] for char in letters}
    if alphabets & _EAST_ASIAN:
        alphabets -= {*_EAST_ASIAN, "LATIN"}
        return bool(alphabets)
    return len(alphabets) > 1 or (bool(letters) and _LOOKALIKES.issuperset(letters))
