"""Publishing to files: the list's folder and the Markdown beside it."""

from dataclasses import dataclass
from pathlib import Path

from bot.catalog.atomic_write import write_file
from bot.catalog.names import KnownNames
from bot.catalog.yaml.edit import folder_reader
from bot.publishing.edits import file_edits
from bot.publishing.publication import Publication, Published


@dataclass(frozen=True, slots=True)
class FilesTarget:
    """A list's folder, without version control."""

    folder: Path
    markdown: str | None
    names: KnownNames

    def publish(self, publication: Publication) -> Published:
        """Write the change, replacing each file atomically; a repetition changes nothing.

        The Markdown is written first, so that an interrupted change is still missing in the data.
        Raises PublishError when the change cannot be made.
        """
        folder = self.folder.resolve()
        read = folder_reader(folder.parent)
        edits = file_edits(read, folder.name, self.markdown, self.names, publication.change)
        for name, text in edits.items():
            write_file(folder.parent / name, text)
        return Published()
