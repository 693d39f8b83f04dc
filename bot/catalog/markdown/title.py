"""The title in the text of a line, and the details before and after it."""

import re

from bot.catalog.markdown.details import Details, is_venue, read_edition, read_remark
from bot.catalog.markdown.inline import has_words, is_escaped, is_link_word, squeeze
from bot.catalog.names import KnownNames

_BRACKETED = re.compile(r"[(\[](?P<inner>[^()\[\]]*(?:\([^()]*\)[^()\[\]]*)*)[)\]]")
_TASK = re.compile(r"\[[ xX]\]\s+")
_QUOTED = re.compile(
    r"[\"“](?P<title>[^\"“”]+?)(?:(?P<stop>[,.])[\"”](?P<tail>.*)"
    r"|[\"”]\s*(?P<after>(?:[,.;(\[–—-].*)?))"
)
_LEADING = re.compile(r"[^\w\"“'‘«《「(\[<$#@.&*+~\U000F0000-\U000FFFFF]+")
_DASHES = re.compile(r"(?:[-–—·•]+(?:\s+|$))+")
_BY = re.compile(r"by\s+[^\W\d_a-z]")  # by Ada Lovelace
_OPEN_END = re.compile(r"(?:^|\s)(?:of|at|in|for|from|the|a|to|and|on|with|by|&)$", re.IGNORECASE)
_MAX_EDITION_WORDS = 6
_MAX_AUTHOR_WORDS = 4
_PARTICLES = frozenset(
    {"van", "von", "der", "den", "de", "da", "di", "du", "la", "le", "bin", "al"}
)


def read_title(text: str, names: KnownNames) -> tuple[str, Details]:
    """Read a title that is plain text, with what precedes and follows it."""
    lead = ""
    while match := _TASK.match(text) or _leading_edition(text, names):
        lead, text = lead + match[0], text[match.end() :].strip()
    details = read_lead(lead, names)
    if match := _LEADING.match(text):
        text = text[match.end() :]
    if quoted := _QUOTED.fullmatch(text):
        tail = f"{quoted['stop'] or ''}{quoted['tail'] or ''}{quoted['after'] or ''}"
        title, ending = read_tail(quoted["title"], tail, names)
    else:
        title, ending = _read_running_text(text, names)
    return title, details.joined(ending)


def read_lead(lead: str, names: KnownNames) -> Details:
    """Read what precedes a name: a venue or date in brackets, a remark, a task box."""
    lead = _TASK.sub("", f"{lead} ", count=1).strip()
    lead, details = _leading_brackets(lead, names)
    lead = lead.strip(" :,-–—|·•\"“'[](")
    return details.joined(read_remark(lead, names)) if has_words(lead) else details


def read_tail(name: str, tail: str, names: KnownNames) -> tuple[str, Details]:
    """Read a name and what follows it: the title and its details."""
    details = Details()
    while match := _leading_edition(name, names):
        details = details.joined(_read_brackets(match["inner"], names))
        name = name[match.end() :].strip(" :")
    ends_in_colon = name.endswith((":", "："))
    if not ends_in_colon:
        tail, bracketed = _leading_brackets(tail, names)
        details = details.joined(bracketed)
    title, ending = _join_tail(name, tail, names, ends_in_colon=ends_in_colon)
    return title, details.joined(ending)


def strip_punctuation(text: str) -> str:
    """A title without the punctuation at its end that belongs to the list."""
    text = squeeze(text).rstrip(":： ")
    if text.endswith(".") and not text.endswith(("..", "et al.", "etc.", "Inc.")):
        text = text[:-1].rstrip()
    return text


def strip_dash(text: str) -> str:
    """A text without the dash before it."""
    match = _DASHES.match(text)
    return text[match.end() :] if match else text


def _join_tail(
    name: str, tail: str, names: KnownNames, *, ends_in_colon: bool
) -> tuple[str, Details]:
    """The title of a name and its tail, which continues the title or holds details."""
    if not has_words(tail) and not is_escaped(tail):
        title, ending = _trailing_brackets(strip_punctuation(name), names)
        return strip_punctuation(title), ending
    edition = read_edition(tail.lstrip(",;| "), names)
    if edition and not ends_in_colon:
        return strip_punctuation(name), edition
    if ends_in_colon or tail.startswith((":", "：")):
        rest, ending = _read_running_text(tail.lstrip(":： "), names)
        name = name.rstrip(":： ")
        return (f"{name}: {rest}" if rest else name), ending
    if _DASHES.match(tail) or _BY.match(tail):
        return strip_punctuation(name), read_remark(strip_dash(tail), names)
    if tail[0] in ",.;，。；、":
        remark = tail.strip(" ,;，。；、").lstrip(". ")
        return strip_punctuation(name), read_remark(remark, names)
    rest, ending = _read_running_text(tail, names)
    return squeeze(f"{name} {rest}"), ending


def _leading_edition(text: str, names: KnownNames) -> re.Match[str] | None:
    match = _BRACKETED.match(text)
    return match if match and read_edition(match["inner"], names) else None


def _leading_brackets(text: str, names: KnownNames) -> tuple[str, Details]:
    """A text without the brackets at its beginning, and the details in these."""
    details = Details()
    while match := _BRACKETED.match(text):
        details = details.joined(_read_brackets(match["inner"], names))
        text = text[match.end() :].strip()
    return text, details


def _read_brackets(inner: str, names: KnownNames) -> Details:
    """Read the content of brackets; the text of a link that was in them holds no details."""
    if is_link_word(inner) or not has_words(inner):
        return Details()
    return read_remark(inner.strip(), names)


def _trailing_brackets(title: str, names: KnownNames) -> tuple[str, Details]:
    """A title without the brackets at its end, if they hold an edition (`(OSDI '24)`)."""
    match = re.fullmatch(rf"(?P<title>.*\S)\s*{_BRACKETED.pattern}\.?", title)
    edition = read_edition(match["inner"], names) if match else None
    return (match["title"], edition) if match and edition else (title, Details())


def _read_running_text(text: str, names: KnownNames) -> tuple[str, Details]:
    """A title without the edition, the authors and the full stop at its end."""
    title, details = _trailing_brackets(text, names)
    title, ending = _split_edition(title, names)
    title, authors = _split_authors(title)
    return strip_punctuation(title.strip(" ,;-–—")), details.joined(ending).joined(authors)


def _split_edition(title: str, names: KnownNames) -> tuple[str, Details]:
    """A title without the known venue at its end: `… AI Scale ICML' 2022.`."""
    words = title.split()
    for at in range(max(1, len(words) - _MAX_EDITION_WORDS), len(words)):
        rest = " ".join(words[:at])
        edition = read_edition(" ".join(words[at:]), names)
        is_known = edition and edition.year and is_venue(edition.venue or "", names)
        if edition and is_known and not _OPEN_END.search(rest):
            return rest.rstrip(" ,-–—|(["), edition
    return title, Details()


def _split_authors(title: str) -> tuple[str, Details]:
    """A title without the authors after it, which `et al.` marks as such."""
    before, et_al, after = title.rpartition(" et al")
    before = before.rstrip(",")
    parts = before.split(", ") if ", " in before else before.split(". ")
    if not et_al or re.search(r"\w", after) or len(parts) == 1 or not _is_person(parts[-1]):
        return title, Details()
    at = len(parts) - 1
    while at > 1 and " " in parts[at - 1] and _is_person(parts[at - 1]):
        at -= 1
    return ", ".join(parts[:at]), Details(notes=(f"{', '.join(parts[at:])} et al.",))


def _is_person(text: str) -> bool:
    words = text.split()
    are_names = all(word[0].isupper() or word in _PARTICLES for word in words)
    return are_names and 0 < len(words) <= _MAX_AUTHOR_WORDS
