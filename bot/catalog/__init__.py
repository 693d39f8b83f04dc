"""The curated list: entries, sections, YAML files, import and export of Markdown, lint."""
