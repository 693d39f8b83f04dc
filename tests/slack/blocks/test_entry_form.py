"""Laws of the form with the fields of an entry."""

import pytest

from bot.catalog.model import Entry
from bot.catalog.names import shipped_names
from bot.slack.blocks.entry_form import read_entry
from bot.slack.blocks.modals import FormFaults
from bot.slack.payloads import FormValues

NAMES, SECTIONS = shipped_names(), {"serving", "training"}
FIELDS = {"title": ("A Paper",), "sections": ("serving",)}


def read(**changes: tuple[str, ...]) -> Entry | FormFaults:
    return read_entry(FormValues({**FIELDS, **changes}), None, NAMES, SECTIONS)


def test_a_form_without_a_mistake_is_an_entry() -> None:
    assert read() == Entry(title="A Paper", sections=("serving",))


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"title": ("x" * 501,)}, ["title"]),
        ({"title": ("https://bank.example",), "year": ("20x6",)}, ["title", "year"]),
        ({"url": (f"https://a.example/{'x' * 2000}",)}, ["url"]),
        ({"sections": ("gone",)}, ["sections"]),
        ({"sections": ("serving", "gone")}, ["sections"]),
        ({"sections": ()}, ["sections"]),
        ({"title": ()}, ["title"]),
    ],
)
def test_every_field_with_a_mistake_is_named(
    changes: dict[str, tuple[str, ...]], fields: list[str]
) -> None:
    """Also what Slack's own form does not let through, such as a section that left the list."""
    faults = read(**changes)
    assert isinstance(faults, FormFaults)
    assert list(faults.errors) == fields
