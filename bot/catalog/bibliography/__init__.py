"""Listed papers as citations: BibTeX, RIS, CSL JSON, and as an Atom feed. Pure."""
