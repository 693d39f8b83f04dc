"""The list: entries and sections, their YAML files, awesome-list Markdown in and out, lint."""
