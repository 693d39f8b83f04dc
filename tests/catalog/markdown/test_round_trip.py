"""Laws of import and export: a list survives a round trip, for any text."""

from hypothesis import given
from hypothesis import strategies as st

from bot.catalog.links import read_link
from bot.catalog.markdown.export import export_list
from bot.catalog.markdown.importer import import_list
from bot.catalog.markdown.parse import read_markdown
from bot.catalog.model import Catalog, Entry, ListInfo, Section
from bot.catalog.names import shipped_names

NAMES = shipped_names()

# Texts with a meaning in Markdown or in the details of a line.
FRAGMENTS = st.sampled_from(
    [
        "OSDI '24",
        "ICML 2022",
        "| MIT",
        "[x](y)",
        "(Section 3)",
        "THU",
        ": rest",
        "- note",
        "a & b",
        "*b*",
        "_c_",
        "`code`",
        "<!-- x -->",
        "<b>",
        "&amp;",
        "\\|",
        "1.",
        "#",
        "https://a.example/x",
        "['24]",
        "｜",
        "~~s~~",
        "Venue: X",
        "paper",
        "[ ] ",
        "!",
        "Smith, Inc.",
        "2024",
        "|",
        "…",
        "Ünïcode",
        "模型",
        "🚀",
        "ASPLOS 23",
        "..",
        ":",
        "–",
        "MIT and CMU",
        "code",
        "Smith et al.",
        "by Ada",
        "[^1]",
        ":star:",
        "arXiv 2401.00001",
        "(OSDI '24)",
        '"q"',
        "，",
    ]
)
WORDS = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Co", "Cn"]), min_size=1, max_size=8
)
TEXT = (
    st.lists(FRAGMENTS | WORDS, min_size=1, max_size=5)
    .map(lambda parts: " ".join(" ".join(parts).split()))
    .filter(bool)
)
NUMBER = st.integers(1, 10**6)
URLS = st.one_of(
    NUMBER.map(lambda n: f"https://example.org/p({n})?a=1&b=[2]*_x_"),
    NUMBER.map(lambda n: f"https://arxiv.org/abs/24{n % 12 + 1:02d}.{n % 99999:05d}"),
    NUMBER.map(lambda n: f"https://dl.acm.org/doi/10.1145/{n}.{n}"),
)


@st.composite
def catalogs(draw: st.DrawFn) -> Catalog:
    titles = draw(st.lists(TEXT, min_size=1, max_size=4, unique=True))
    sections = tuple(
        Section(
            id=f"s{at}",
            title=title,
            sections=(Section(id="below", title=draw(TEXT)),) if draw(st.booleans()) else (),
        )
        for at, title in enumerate(titles)
    )
    paths = [f"s{at}" for at in range(len(sections))]
    paths += [f"s{at}/below" for at, section in enumerate(sections) if section.sections]
    entries = []
    for at in range(draw(st.integers(1, 5))):
        link = read_link(draw(st.none() | URLS) or "")
        entries.append(
            Entry(
                title=f"{draw(TEXT)} {at}{at}{at}{at}{at}{at}{at}{at} {draw(TEXT)}",
                url=link.url if link else None,
                arxiv=link.arxiv if link else None,
                doi=link.doi if link else None,
                venue=draw(st.none() | TEXT),
                year=draw(st.none() | st.integers(1900, 2100)),
                orgs=tuple(draw(st.lists(TEXT, max_size=2, unique=True))),
                note=draw(st.none() | TEXT),
                sections=tuple(
                    draw(st.lists(st.sampled_from(paths), min_size=1, max_size=3, unique=True))
                ),
            )
        )
    order = [path for at in range(len(sections)) for path in (f"s{at}", f"s{at}/below")]
    entries.sort(key=lambda entry: order.index(entry.home))
    return Catalog(
        ListInfo(title=draw(TEXT), introduction="Some *words*.", sections=sections), tuple(entries)
    )


@given(catalogs())
def test_importing_an_export_restores_the_list_and_exports_the_same_text(catalog: Catalog) -> None:
    """A list can be moved out of the bot and back without loss."""
    exported = export_list(catalog, NAMES)
    again = import_list(read_markdown(exported, NAMES), NAMES, title="none").catalog
    assert again.info.title == catalog.info.title
    assert again.info.introduction == catalog.info.introduction
    assert [again.section_titles(e.home) for e in again.entries] == [
        catalog.section_titles(e.home) for e in catalog.entries
    ]
    assert again.entries == catalog.entries
    assert export_list(again, NAMES) == exported
