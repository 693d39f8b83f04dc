"""A change as the files of a repository that it alters: the list's data, and its Markdown."""

from collections.abc import Mapping
from posixpath import dirname, join, normpath

from bot.catalog.change import Change
from bot.catalog.markdown.edit import splice
from bot.catalog.names import KnownNames
from bot.catalog.yaml.edit import edit_data
from bot.catalog.yaml.read import CatalogError, Read, read_texts
from bot.publishing.publication import PublishError


def file_edits(
    read: Read, data: str, markdown: str | None, names: KnownNames, change: Change
) -> Mapping[str, str]:
    """The files that a change alters, by their paths in the repository, with their new texts.

    `read` gives the texts of the repository, in whose folder `data` the list lies (an empty path:
    at its root). The Markdown comes first; it is left alone where the list says already what the
    change would have it say. Raises PublishError when the change cannot be made.
    """

    def read_data(name: str) -> str | None:
        return read(normpath(join(data, name)))

    try:
        found = {
            normpath(join(data, name)): text for name, text in edit_data(read_data, change).items()
        }
        if not found or markdown is None:
            return found
        path = markdown_path(read, data, markdown)
        before = read(path) or ""
        after = splice(before, change, read_texts(read_data).catalog.info, names)
    except CatalogError as error:
        raise PublishError(f"{error}", is_final=True) from error
    return {path: after, **found} if after != before else found


def markdown_path(read: Read, data: str, markdown: str) -> str:
    """Where the Markdown list is: seen from the data folder, else from the folder around it."""
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
