"""Line edits of a text that keep its line ends, as in YAML and Markdown files that people edit."""

from collections.abc import Sequence


def newline_of(text: str) -> str:
    """The line end of a text."""
    return "\r\n" if "\r\n" in text else "\n"


def replace_lines(
    lines: Sequence[str], first: int, last: int, new: Sequence[str], newline: str
) -> str:
    """Replace the lines from `first` up to but not including `last`, counted from 0.

    `lines` have their line ends; the `new` ones have none and get `newline`. A text without a line
    end after its last line keeps that form.
    """
    edited = [*lines[:first], *(f"{line}{newline}" for line in new), *lines[last:]]
    ends_bare = bool(lines) and not lines[-1].endswith(("\n", "\r"))
    if ends_bare and last == len(lines) and edited:
        if first == len(lines):
            edited[first - 1] += newline
        edited[-1] = edited[-1].rstrip("\r\n")
    return "".join(edited)
