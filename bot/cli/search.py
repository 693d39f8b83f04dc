"""The command that looks papers up."""

import json
import sys
import time
from random import Random
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.catalog.bibliography.formats import CitationFormat
from bot.cli.console import err, out
from bot.settings import Settings, read_settings

if TYPE_CHECKING:
    from bot.catalog.model import Entry
    from bot.lookup.answers import LookupAnswer
    from bot.lookup.catalog_lookup import CatalogLookup
    from bot.review.store import SuggestionStore

SHOWN = 20


def search(
    query: Annotated[
        list[str], typer.Argument(help="What to look up; - with --json reads one query a line.")
    ],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON object a query, with all results.")
    ] = False,
    limit: Annotated[
        int, typer.Option(min=1, help="How many results to show in the terminal.")
    ] = SHOWN,
) -> None:
    """Look papers up, as `/papers QUERY` does."""
    lookup, decisions = _lookup(read_settings())
    text = " ".join(query)
    if as_json:
        for line in sys.stdin if text == "-" else [text]:
            typer.echo(json.dumps(_answer_json(lookup, line.strip("\r\n")), ensure_ascii=False))
            sys.stdout.flush()
        return
    _show(lookup, decisions, _answer(lookup, text), limit)


def cite(
    query: Annotated[list[str], typer.Argument(help="What to look up, as in `papers search`.")],
    *,
    form: Annotated[
        CitationFormat, typer.Option("--format", help="The format of the output.")
    ] = CitationFormat.BIBTEX,
) -> None:
    """Print citations of all papers that a lookup finds."""
    from bot.catalog.bibliography.writers import cite as write_citations

    lookup, _ = _lookup(read_settings())
    answer = _answer(lookup, " ".join(query))
    if not answer.results:
        err.print(answer.message, markup=False)
        raise typer.Exit(1)
    typer.echo(write_citations(lookup.catalog, answer.results, form), nl=False)


def _lookup(settings: Settings) -> "tuple[CatalogLookup, SuggestionStore | None]":
    """The lookup of the list, with the decisions if there is a database to read them from."""
    from bot.catalog.names import shipped_names
    from bot.lookup.service import LookupService
    from bot.ops.database import open_if_current
    from bot.review.store import SuggestionStore

    database = open_if_current(settings)
    decisions = SuggestionStore(database) if database else None
    service = LookupService(settings.data_dir, shipped_names(), time.monotonic, decisions)
    return service.current(), decisions


def _answer_json(lookup: "CatalogLookup", text: str) -> dict[str, Any]:
    from bot.catalog.identity import facts_of

    answer = _answer(lookup, text)
    return {
        "query": text,
        "kind": answer.kind,
        "message": answer.message,
        "results": [
            {
                "title": entry.title,
                "url": entry.url,
                "section": lookup.catalog.section_titles(entry.home),
                "arxiv": entry.arxiv,
                "venue": entry.venue,
                "year": entry.year,
                "orgs": list(entry.orgs),
                "authors": list(facts_of(lookup.catalog, entry).authors),
                "abstract": None,  # kept in the database alone
            }
            for entry in answer.results
        ],
    }


def _answer(lookup: "CatalogLookup", text: str) -> "LookupAnswer":
    from bot.app.clock import utc_now

    return lookup.command(text, Random(), utc_now().date())  # noqa: S311  # no secret


def _show(
    lookup: "CatalogLookup",
    decisions: "SuggestionStore | None",
    answer: "LookupAnswer",
    limit: int,
) -> None:
    from bot.catalog.identity import facts_of
    from bot.catalog.links import canonical_address
    from bot.lookup.paper_details import edition, short_authors

    out.print(answer.message, markup=False, style="bold" if answer.results else "")
    if not answer.results:
        raise typer.Exit(1 if answer.kind == "error" else 0)
    if answer.paper:
        _show_paper(lookup, decisions, answer.paper)
        return
    catalog, place = lookup.catalog, answer.place.path if answer.place else None
    shown = answer.results[:limit]
    for entry in shown:
        parts = (
            short_authors(facts_of(catalog, entry)),
            edition(catalog, entry),
            "" if place in entry.sections else catalog.section_titles(entry.home),
            ", ".join(entry.orgs),
            canonical_address(entry.url),
        )
        out.print(f"\n{entry.title}", markup=False)
        out.print(f"    {'  ·  '.join(filter(None, parts))}", markup=False, style="dim")
    if answer.total > len(shown):
        out.print(f"\n… and {answer.total - len(shown)} more; --limit shows them.")


def _show_paper(
    lookup: "CatalogLookup", decisions: "SuggestionStore | None", entry: "Entry"
) -> None:
    """Print what a paper's card in Slack shows."""
    from bot.catalog.identity import facts_of
    from bot.catalog.links import canonical_address
    from bot.lookup.paper_details import approval_line, author_line, edition, present_title
    from bot.review.model import is_removed

    catalog = lookup.catalog
    approval = decisions.approval_of(entry) if decisions else None
    person = (approval and approval.decided_by) or "the bot"
    person = "a former member" if is_removed(person) else person
    rows = {
        "Authors": author_line(facts_of(catalog, entry)),
        "Published": edition(catalog, entry),
        "Section": "; ".join(catalog.section_titles(path) for path in entry.sections),
        "Organisation": ", ".join(entry.orgs),
        "Note": entry.note or "",
        "Page": canonical_address(entry.url) or "",
        "PDF": f"https://arxiv.org/pdf/{entry.arxiv}" if entry.arxiv else "",
        "DOI": f"https://doi.org/{entry.doi}" if entry.doi else "",
        "Present title": present_title(catalog, entry),
        "Added": entry.added.isoformat() if entry.added else "",
        "Approved by": approval_line(approval, person) if approval else "",
    }
    out.print(f"\n{entry.title}", markup=False)
    for name, value in rows.items():
        if value:
            out.print(f"    {name}: {value}", markup=False, style="dim")
    if similar := lookup.similar(entry):
        out.print("\nSimilar")
        for other in similar:
            out.print(f"    {other.title}", markup=False, style="dim")
