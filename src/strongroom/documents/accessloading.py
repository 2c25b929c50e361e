"""Files and folders that say who may do what -> `domain.access.Access`, for people without a ledger."""

from pathlib import Path
from typing import Final

from strongroom.documents.accessdocument import access
from strongroom.documents.nodes import Members, described
from strongroom.documents.notes import Notes
from strongroom.documents.reading import read, read_file
from strongroom.domain.access import Access
from strongroom.domain.finding import Finding, Severity

FILE: Final = "access.yaml"
_OF_ONE_POLICY: Final = "DOC040"  # the evaluator takes what is wrong in a statement for unknown


def load_access(path: Path) -> tuple[Access | None, tuple[Finding, ...]]:
    """Return who may do what, and what is wrong with the document; a folder is read through its access.yaml.

    None: more is wrong than single statements, so that the answer would be about something else than what was meant. Raises BadInput
    when there is no such file.
    """
    file = path / FILE if path.is_dir() else path
    notes = Notes(str(file))
    content = read_file(file, notes)
    root = read(content, notes) if content is not None else None
    if root is not None and not isinstance(root, Members):
        notes.add("DOC009", root.place, "document", f"the document is {described(root)}: an object expected", "start with: access: 1")
    if not isinstance(root, Members):
        return None, notes.findings
    found = access(root, notes, file.parent)
    usable = all(finding.severity is not Severity.ERROR or finding.code == _OF_ONE_POLICY for finding in notes.findings)
    return found if usable else None, notes.findings
