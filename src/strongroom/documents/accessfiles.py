"""Files that an access document names: in its own folder, each read once."""

from pathlib import Path

from strongroom.documents.nodes import Members, Place, described
from strongroom.documents.notes import Notes, shown
from strongroom.documents.reading import read, read_file
from strongroom.errors import BadInput


class Files:
    """Reads files beside a document; what can't be read is noted where the document names it."""

    def __init__(self, folder: Path, notes: Notes) -> None:
        self._folder = folder
        self._notes = notes
        self._found: dict[str, tuple[Members, Notes] | None] = {}

    def read(self, name: str, place: Place, subject: str) -> tuple[Members, Notes] | None:
        """Return the object in a file and the notes about that file; None where there is none."""
        if name not in self._found:
            self._found[name] = self._read(name, place, subject)
        return self._found[name]

    def _read(self, name: str, place: Place, subject: str) -> tuple[Members, Notes] | None:
        path = self._folder / name
        try:
            inside = path.resolve().is_relative_to(self._folder.resolve())
        except (OSError, ValueError, RuntimeError):  # a name with a null byte, or links in a circle
            inside = False
        if not inside:
            self._notes.add("DOC041", place, subject, f"{shown(name)} leads out of the folder", "copy the file beside the document")
            return None
        notes = Notes(str(path))
        try:
            content = read_file(path, notes)
        except BadInput as error:
            self._notes.add("DOC041", place, subject, error.message, f"write the file, or correct the name {shown(name)}")
            return None
        root = read(content, notes) if content is not None else None
        if root is not None and not isinstance(root, Members):
            notes.add("DOC009", root.place, subject, f"the file is {described(root)}: an object expected", "write an object")
        self._notes.take(notes.findings)
        return (root, notes) if isinstance(root, Members) else None
