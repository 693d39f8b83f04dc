"""Publishing to files alone: the list's folder, and the Markdown beside it."""

from dataclasses import dataclass
from pathlib import Path

from bot.catalog.atomic_write import write_file
from bot.catalog.names import KnownNames
from bot.catalog.yaml.edit import folder_reader
from bot.publishing.edits import file_edits
from bot.publishing.publication import Publication, Published


@dataclass(frozen=True, slots=True)
class FilesTarget:
    """A list's folder that nobody else is told of."""

    folder: Path
    markdown: str | None
    names: KnownNames

    def publish(self, publication: Publication) -> Published:
        """Make the change, once however often it is asked for; each file is replaced at once.

        The Markdown is written first, so that what was interrupted is found undone in the data.
        Raises PublishError when it cannot be made.
        """
        folder = self.folder.resolve()
        read = folder_reader(folder.parent)
        found = file_edits(read, folder.name, self.markdown, self.names, publication.change)
        for name, text in found.items():
            write_file(folder.parent / name, text)
        return Published()
