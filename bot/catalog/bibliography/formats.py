"""Names of the formats of citations and exports, as commands state them."""

from enum import StrEnum


class CitationFormat(StrEnum):
    """A format of citations."""

    BIBTEX = "bibtex"
    RIS = "ris"
    CSL_JSON = "csl-json"


class ExportFormat(StrEnum):
    """A format of the whole list."""

    MARKDOWN = "markdown"
    BIBTEX = "bibtex"
    RIS = "ris"
    CSL_JSON = "csl-json"
    JSON = "json"
    ATOM = "atom"
