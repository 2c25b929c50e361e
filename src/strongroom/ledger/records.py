"""Records of restore tests: `ledger/tests/<test id>.json` is the evidence document, `<test id>.md` the same for people.

A document is canonical JSON with its own SHA-256 in it. It is written beside its place and renamed: it is there as a whole or not at all.
Records outlive the snapshots, so that pruning leaves them. A ledger in S3 keeps them under the same names.
"""

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strongroom.errors import BadInput, CouldNotVerify
from strongroom.ledger.remote import remote
from strongroom.ledger.snapshot import folder

if TYPE_CHECKING:
    from strongroom.domain.recovery import TestRecord

FOLDER = "tests"
FORMAT_VERSION = 1
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
SEAL = "sha256"  # of the canonical JSON of everything else in the document


def keep_record(home: Path, document: Mapping[str, Any], text: str) -> Path:
    """Store an evidence document and its text for people, in the place of an earlier one of that test; returns the JSON file.

    Raises BadInput when the ledger can't be written.
    """
    from strongroom.domain.changeplan import canonical  # noqa: PLC0415 - who only looks for records in vain waits for none of it

    test_id = str(document["record"]["test_id"])
    if not ID.fullmatch(test_id):
        raise BadInput(f"{test_id!r} can't be the id of a test")
    root = folder(home) / FOLDER
    sealed = canonical({**document, SEAL: seal_of(document)}) + "\n"
    elsewhere = remote()
    for name, content in ((f"{test_id}.md", text), (f"{test_id}.json", sealed)):  # what counts comes last
        if elsewhere:
            elsewhere.put(f"{FOLDER}/{name}", content.encode())
        _write(root / name, content)
    return root / f"{test_id}.json"


def records(home: Path) -> "tuple[TestRecord, ...]":
    """Return what the restore tests of this ledger have shown, the oldest first.

    Raises CouldNotVerify for a document that is not as it was written: what rests on it is not proven.
    """
    found = [_record(name, document) for name, document in documents(home)]
    return tuple(sorted(found, key=lambda each: (each.completed_at, each.test_id)))


def documents(home: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the id and the whole evidence document of every test, by id; raises CouldNotVerify."""
    root = _fetched(home)
    for file in sorted(root.glob("*.json")) if root.is_dir() else ():
        if not file.name.startswith("."):
            yield file.stem, _read(file)


def damaged_records(home: Path) -> tuple[str, ...]:
    """Return the ids of documents that are not as they were written; reads them where the ledger is."""
    root = _fetched(home, again=True)
    return tuple(file.stem for file in sorted(root.glob("[!.]*.json")) if _is_damaged(file)) if root.is_dir() else ()


def record_text(home: Path, test_id: str) -> str:
    """Return the text for people of a test; raises BadInput where there is no such test."""
    file = _fetched(home) / f"{test_id}.md"
    if not ID.fullmatch(test_id) or not file.is_file():
        raise BadInput(f"no test {test_id!r} is recorded", hint="list them with: strongroom tests")
    return file.read_text(encoding="utf-8")


def export_records(home: Path, out: Path) -> tuple[Path, ...]:
    """Copy all documents and their texts into `out/tests`, as they are, and return the files; raises BadInput."""
    root = _fetched(home)
    written = []
    for file in sorted(root.glob("[!.]*")) if root.is_dir() else ():
        _write(out / FOLDER / file.name, file.read_text(encoding="utf-8"))
        written.append(out / FOLDER / file.name)
    return tuple(written)


def seal_of(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a document without its own."""
    from strongroom.domain.changeplan import sha256  # noqa: PLC0415

    return sha256({name: value for name, value in document.items() if name != SEAL})


def _record(name: str, document: Mapping[str, Any]) -> "TestRecord":
    from strongroom.domain.recovery import TestRecord  # noqa: PLC0415
    from strongroom.domain.recoveryjson import decode  # noqa: PLC0415

    try:
        return decode(TestRecord, document["record"])
    except (KeyError, TypeError, ValueError) as error:
        raise CouldNotVerify(f"test {name} can't be read: {error}", hint="it was written by a later release: use that one") from error


def _read(file: Path) -> dict[str, Any]:
    try:
        return _whole(file)
    except (OSError, ValueError) as error:
        raise CouldNotVerify(f"{file} is damaged: {error}", hint="put it back from a backup of the ledger, or move it away") from error


def _is_damaged(file: Path) -> bool:
    try:
        _whole(file)
    except (OSError, ValueError):
        return True
    return False


def _whole(file: Path) -> dict[str, Any]:
    """Return a document; raises ValueError when it is not as it was written."""
    found = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(found, dict) or found.get("format_version") != FORMAT_VERSION:
        raise ValueError(f"it is no evidence document of format {FORMAT_VERSION}")
    if found.get(SEAL) != seal_of(found):
        raise ValueError("its SHA-256 is another one")
    return found


def _fetched(home: Path, *, again: bool = False) -> Path:
    """Return the folder of the records, with what of them is in S3; `again`: also those that are here."""
    root, elsewhere = folder(home) / FOLDER, remote()
    if elsewhere:
        sizes = elsewhere.sizes(FOLDER)
        for name, size in sizes.items():
            # A test that went on after a crash is documented again, which changes what is cleaned up and so the size.
            if again or not (root / name).is_file() or (root / name).stat().st_size != size:
                elsewhere.bring(f"{FOLDER}/{name}", root / name)
        for file in root.iterdir() if root.is_dir() else ():
            if file.name not in sizes and not file.name.startswith("."):
                file.unlink()
    return root


def _write(file: Path, content: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, coming = tempfile.mkstemp(prefix=".writing-", dir=file.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(content)
                out.flush()
                os.fsync(handle)
            Path(coming).chmod(0o644)
            Path(coming).rename(file)
        finally:
            Path(coming).unlink(missing_ok=True)
    except OSError as error:
        raise BadInput(f"the ledger can't be written: {error}", hint="set STRONGROOM_HOME to a folder you may write to") from error
