"""A ledger in S3, for several machines: `STRONGROOM_HOME=s3://bucket/prefix`.

Snapshots never change, so that a folder beside the strategy can hold those that were needed here, each file checked against the SHA-256
of its manifest when it comes. Of a snapshot the manifest is written last and removed first: without it there is none. Nothing is locked:
ids are instants with a random number, and two syncs at once are two snapshots.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
from pyarrow import fs

from strongroom.errors import BadInput, CouldNotVerify

SCHEME = "s3://"
HOME_VARIABLE = "STRONGROOM_HOME"
MANIFEST = "manifest.json"
BLOCK_BYTES = 8 * 2**20
HINT = "check STRONGROOM_HOME, the credentials and Region of the AWS SDK, and whether the bucket allows it"


@dataclass(frozen=True, slots=True)
class Remote:
    """A place in S3 with a folder for each snapshot."""

    url: str  # s3://bucket/prefix
    files: Any  # pyarrow's file system
    root: str  # bucket/prefix

    def refresh(self, cache: Path) -> None:
        """Bring the manifests that a cache lacks, and remove snapshots from it that are no longer there."""
        with _told(f"{self.url} can't be listed", CouldNotVerify):
            found = self.files.get_file_info(fs.FileSelector(self.root, allow_not_found=True, recursive=True))
            ids = {each.path.split("/")[-2] for each in found if each.path.endswith(f"/{MANIFEST}")}
            for each in sorted(ids):
                if not (cache / each / MANIFEST).is_file():
                    self._fetch(f"{each}/{MANIFEST}", cache / each / MANIFEST)
        for path in cache.iterdir() if cache.is_dir() else ():
            # No snapshot has the name of what is no snapshot, such as the records of restore tests: ids begin with a year.
            if path.is_dir() and path.name[:1].isdigit() and path.name not in ids:
                shutil.rmtree(path, ignore_errors=True)

    def fetch(self, snapshot: Path, name: str, sha256: str) -> None:
        """Bring a file of a snapshot into the cache; raises CouldNotVerify when it is not as it was written."""
        file = snapshot / name
        with _told(f"{self.url}/{snapshot.name}/{name} can't be read", CouldNotVerify):
            found = self._fetch(f"{snapshot.name}/{name}", file)
        if found != sha256:
            file.unlink()
            raise CouldNotVerify(f"{self.url}/{snapshot.name}/{name} is damaged: its SHA-256 is another one", hint="run: strongroom sync")

    def digest(self, snapshot: str, name: str) -> str:
        """Return the SHA-256 of a file as it is in S3; empty: it isn't there."""
        digest = hashlib.sha256()
        try:
            with self.files.open_input_stream(f"{self.root}/{snapshot}/{name}") as stream:
                while block := stream.read(BLOCK_BYTES):
                    digest.update(block)
        except FileNotFoundError:
            return ""
        return digest.hexdigest()

    def push(self, snapshot: Path) -> None:
        """Write a snapshot, its manifest last."""
        with _told(f"{self.url} can't be written", BadInput):
            for file in sorted(snapshot.iterdir(), key=lambda each: each.name == MANIFEST):
                with file.open("rb") as source, self.files.open_output_stream(f"{self.root}/{snapshot.name}/{file.name}") as out:
                    shutil.copyfileobj(source, out, BLOCK_BYTES)

    def remove(self, snapshot: str) -> None:
        """Remove a snapshot, its manifest first."""
        with _told(f"{self.url} can't be written", BadInput):
            self.files.delete_file(f"{self.root}/{snapshot}/{MANIFEST}")
            self.files.delete_dir(f"{self.root}/{snapshot}")

    def put(self, name: str, content: bytes) -> None:
        """Write a small file that belongs to no snapshot."""
        with _told(f"{self.url} can't be written", BadInput), self.files.open_output_stream(f"{self.root}/{name}") as out:
            out.write(content)

    def sizes(self, place: str) -> dict[str, int]:
        """Return the files in a place that holds no snapshot, with their sizes in bytes."""
        with _told(f"{self.url}/{place} can't be listed", CouldNotVerify):
            found = self.files.get_file_info(fs.FileSelector(f"{self.root}/{place}", allow_not_found=True))
        return {each.base_name: each.size for each in found if each.type == fs.FileType.File}

    def bring(self, name: str, file: Path) -> None:
        """Bring such a file into the cache."""
        with _told(f"{self.url}/{name} can't be read", CouldNotVerify):
            self._fetch(name, file)

    def _fetch(self, name: str, file: Path) -> str:
        """Bring a file, whole or not at all, and return its SHA-256."""
        file.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        handle, coming = tempfile.mkstemp(prefix=".coming-", dir=file.parent)
        try:
            with os.fdopen(handle, "wb") as out, self.files.open_input_stream(f"{self.root}/{name}") as stream:
                while block := stream.read(BLOCK_BYTES):
                    digest.update(block)
                    out.write(block)
            Path(coming).rename(file)
        finally:
            Path(coming).unlink(missing_ok=True)
        return digest.hexdigest()


def location() -> str:
    """Return where the ledger is, if that is no folder of this machine; else nothing."""
    configured = os.environ.get(HOME_VARIABLE, "")
    return SCHEME + configured.removeprefix(SCHEME).strip("/") if configured.startswith(SCHEME) else ""


def cache_name(url: str) -> str:
    """Return the name of the folder that holds what was needed of a ledger in S3.

    Example:
        >>> cache_name("s3://backups/ledger")
        'ledger-992e6c51'
    """
    return f"ledger-{hashlib.sha256(url.encode()).hexdigest()[:8]}"


def remote() -> Remote | None:
    """Return the ledger in S3, None where it is a folder of this machine; raises BadInput."""
    url = location()
    if not url:
        return None
    bucket, _, prefix = url.removeprefix(SCHEME).partition("/")
    if not bucket:
        raise BadInput(f"{url!r} names no bucket", hint=f"write {HOME_VARIABLE}=s3://bucket/prefix")
    return Remote(url=url, files=_file_system(bucket), root=f"{bucket}/{prefix}" if prefix else bucket)


def _file_system(bucket: str) -> Any:
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    with _told(f"the bucket {bucket} can't be reached", CouldNotVerify):
        if endpoint:
            parts = urlsplit(endpoint)
            return fs.S3FileSystem(endpoint_override=parts.netloc, scheme=parts.scheme, region=region)
        return fs.S3FileSystem(region=fs.resolve_s3_region(bucket))


@contextmanager
def _told(what: str, kind: type[BadInput | CouldNotVerify]) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowInvalid) as error:
        raise kind(f"{what}: {' '.join(str(error).split())}", hint=HINT) from error
