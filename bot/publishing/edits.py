"""The edits of files that a change of the list makes: in its data and in its Markdown."""

from collections.abc import Mapping
from posixpath import dirname, join, normpath

from bot.catalog.change import Change
from bot.catalog.markdown.edit import edit_markdown
from bot.catalog.names import KnownNames
from bot.catalog.yaml.edit import edit_data
from bot.catalog.yaml.read import CatalogError, FileReader, read_texts
from bot.publishing.publication import PublishError


def file_edits(
    read: FileReader, data: str, markdown: str | None, names: KnownNames, change: Change
) -> Mapping[str, str]:
    """The new texts of the files that a change alters, by their paths in the repository.

    `read` gives the present texts; the list is in the folder `data` (empty: the root). The
    Markdown comes first; it is unchanged where the data already has the change. Raises
    PublishError when the change cannot be made.
    """

    def read_data(name: str) -> str | None:
        return read(normpath(join(data, name)))

    try:
        edits = {
            normpath(join(data, name)): text for name, text in edit_data(read_data, change).items()
        }
        if not edits or markdown is None:
            return edits
        path = markdown_path(read, data, markdown)
        before = read(path) or ""
        after = edit_markdown(before, change, read_texts(read_data).catalog.info, names)
    except CatalogError as error:
        raise PublishError(f"{error}", is_final=True) from error
    return {path: after, **edits} if after != before else edits


def markdown_path(read: FileReader, data: str, markdown: str) -> str:
    """The path of the Markdown list, relative to the data folder or else to its parent."""
    around = [data, dirname(data)] if data else [data]
    paths = [normpath(join(folder, markdown)) for folder in around]
    inside = [path for path in paths if not path.startswith(("../", "/")) and path != ".."]
    for path in inside:
        if read(path) is not None:
            return path
    raise PublishError(
        f"list.yaml names {markdown} as the Markdown list (publish: markdown), but there is no "
        "such file beside the data. Make it with `papers export`, or correct the name.",
        is_final=True,
    )
