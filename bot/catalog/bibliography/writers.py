"""Papers of a list in every format. Pure."""

from collections.abc import Callable, Iterable, Mapping

from bot.catalog.bibliography.atom import write_atom
from bot.catalog.bibliography.bibtex import write_bibtex
from bot.catalog.bibliography.cited_paper import CitedPaper, cited_papers
from bot.catalog.bibliography.csl import write_csl
from bot.catalog.bibliography.formats import CitationFormat, ExportFormat
from bot.catalog.bibliography.list_json import write_json
from bot.catalog.bibliography.ris import write_ris
from bot.catalog.markdown.export import export_list
from bot.catalog.model import Catalog, Entry
from bot.catalog.names import KnownNames

_WRITERS: Mapping[CitationFormat, Callable[[Iterable[CitedPaper]], str]] = {
    CitationFormat.BIBTEX: write_bibtex,
    CitationFormat.RIS: write_ris,
    CitationFormat.CSL_JSON: write_csl,
}


def cite(catalog: Catalog, entries: Iterable[Entry], form: CitationFormat) -> str:
    """Citations of entries of a list, as a document of the format."""
    return _WRITERS[form](cited_papers(catalog, entries))


def export_catalog(catalog: Catalog, form: ExportFormat, shipped: KnownNames) -> str:
    """A whole list as a document of the format."""
    match form:
        case ExportFormat.MARKDOWN:
            return export_list(catalog, shipped)
        case ExportFormat.JSON:
            return write_json(catalog)
        case ExportFormat.ATOM:
            return write_atom(catalog)
        case ExportFormat.BIBTEX | ExportFormat.RIS | ExportFormat.CSL_JSON:
            return cite(catalog, catalog.entries, CitationFormat(form.value))
