"""All kinds of data behind one port: each content belongs to the keeper that took it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from strongroom.domain.names import ResourceType
from strongroom.twin.backup.state import Resource, RestoreJob

if TYPE_CHECKING:
    from strongroom.twin.app import App


@dataclass(frozen=True, slots=True)
class Kept:
    """The content of a recovery point, with who keeps it."""

    keeper: "Keeper"
    position: Any  # in the history of the resource; the keeper's own
    size_bytes: int


class Keeper(Protocol):
    """The data of one type of resources, of all accounts and Regions."""

    def take(self, resource: Resource, account: str, region: str, at: datetime) -> tuple[Any, int] | None:
        """Return the position of what a resource held at `at`, and the size to report; None: no data are known of it.

        Raises NotKept.
        """

    def share(self, position: Any) -> Any:
        """Return the position for a further recovery point of the same data."""

    def release(self, position: Any) -> None:
        """Hear that one recovery point of a position is gone."""

    def fill(self, position: Any, job: RestoreJob, arn: str, instant: datetime | None) -> None:
        """Write the data of a position, or of an instant at or before it, into what a restore made. Raises NotKept."""

    def control(self, method: str, path: str, document: Mapping[str, Any]) -> Any:
        """Answer a call to `/_twin/data/KIND/PATH`; raises ApiError."""

    def close(self) -> None:
        """End what runs beside the twin."""


class Keepers:
    """Implements `contents.Contents`."""

    def __init__(self, keepers: Mapping[ResourceType, Keeper]) -> None:
        self._keepers = keepers

    def take(self, resource: Resource, account: str, region: str, at: datetime) -> Kept | None:
        """Return what a resource held at `at`; None: there are no data of it. Raises NotKept."""
        keeper = self._keepers.get(resource.type)
        taken = None if keeper is None else keeper.take(resource, account, region, at)
        return None if keeper is None or taken is None else Kept(keeper, *taken)

    def share(self, content: Any) -> Kept:
        """Return the content for a further recovery point of the same data."""
        return Kept(content.keeper, content.keeper.share(content.position), content.size_bytes)

    def release(self, content: Any) -> None:
        """Hear that a recovery point with this content is gone."""
        content.keeper.release(content.position)

    def fill(self, content: Any, job: RestoreJob, arn: str, instant: datetime | None) -> None:
        """Write the data of a recovery point into what a restore made; raises NotKept."""
        content.keeper.fill(content.position, job, arn, instant)


def install(app: "App") -> Mapping[str, Keeper]:
    """Put the keepers of all kinds behind AWS Backup, and return them by the name of their kind.

    One that needs a library which is not installed is not among them: its resources are state alone.
    """
    kinds: dict[str, tuple[ResourceType, Keeper]] = {}
    app.backup.keep(Keepers(dict(kinds.values())))
    return {name: keeper for name, (_, keeper) in kinds.items()}
