"""What AWS Backup asks of the data behind resources and recovery points; `strongroom.twin.data` answers.

The engine handles content as something opaque: it takes it, hands it on to copies, gives it back, and lets restores be filled with it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from strongroom.twin.backup.state import Resource, RestoreJob


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where a copy of a recovery point lies."""

    account: str
    region: str
    key_arn: str | None  # that encrypts it; None: not encrypted, or with a key that AWS owns
    air_gapped: bool


class Content(Protocol):
    """The data of one recovery point: a position in the history of its resource, never a copy of it."""

    @property
    def size_bytes(self) -> int:
        """What the recovery point reports as its size."""

    @property
    def moved_bytes(self) -> int:
        """What was written when it was made."""


class NotKept(Exception):
    """The data could not be taken or written, in words that become the job's message: the disk is full, the server doesn't start."""


class Contents(Protocol):
    """The data of resources, as of now and as of earlier instants."""

    def take(self, resource: "Resource", account: str, region: str, at: datetime) -> Content | None:
        """Return what a resource held at `at`, which has passed; None: there are no data of it. Raises NotKept."""

    def share(self, content: Content, shelf: Shelf | None = None) -> Content:
        """Return the content for a further recovery point of the same data: a copy on a shelf, or one beside it. Raises NotKept."""

    def archive(self, content: Content) -> None:
        """Hear that a recovery point with this content has moved to cold storage."""

    def release(self, content: Content) -> None:
        """Hear that a recovery point with this content is gone: what nothing else references may be freed."""

    def fill(self, content: Content, job: "RestoreJob", arn: str, instant: datetime | None) -> None:
        """Write the data of a recovery point, or those of an instant of a continuous one, into what a restore made.

        Raises NotKept; then what was made stays, as on AWS.
        """

    def corrupt(self, content: Content, count: int, seed: str) -> int:
        """Change the bytes of up to `count` things in a recovery point, and tell nobody; returns how many."""

    def heal(self, content: Content) -> None:
        """Put right what `corrupt` did."""


class NoContents:
    """A twin without data: recovery points are state alone."""

    def take(self, resource: "Resource", account: str, region: str, at: datetime) -> Content | None:
        """There are none."""
        return None

    def share(self, content: Content, shelf: Shelf | None = None) -> Content:
        """Return it as it is."""
        return content

    def archive(self, content: Content) -> None:
        """Do nothing."""

    def release(self, content: Content) -> None:
        """Do nothing."""

    def fill(self, content: Content, job: "RestoreJob", arn: str, instant: datetime | None) -> None:
        """Do nothing."""

    def corrupt(self, content: Content, count: int, seed: str) -> int:
        """Change nothing."""
        return 0

    def heal(self, content: Content) -> None:
        """Do nothing."""
