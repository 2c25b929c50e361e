"""All kinds of data behind one port: each content belongs to the keeper that took it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from strongroom.domain.names import ResourceType
from strongroom.twin.backup.contents import NotKept, Shelf
from strongroom.twin.backup.state import RecoveryPoint, Resource, RestoreJob
from strongroom.twin.faults import Fault, FaultKind

if TYPE_CHECKING:
    from strongroom.twin.app import App


@dataclass(frozen=True, slots=True)
class Kept:
    """The content of a recovery point, with the type of resources by whose keeper it was taken."""

    type: ResourceType
    position: Any  # in the history of the resource; the keeper's own
    size_bytes: int
    moved_bytes: int  # that were written when it was made


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

    def save(self) -> Any | None:
        """Return everything that `load` needs, for `twin save`; None: these data can't travel, and recovery points lose theirs.

        A graph of plain values and of instances of the twin's own classes. Positions in it stay the ones that recovery points have.
        """

    def load(self, document: Any) -> None:
        """Go on with what `save` returned in another twin; called once, before anybody else."""

    def dump(self) -> Any | None:
        """Return what the same run makes again, for `twin dump`; None: nothing. Positions of recovery points are left out anyway."""

    def close(self) -> None:
        """End what runs beside the twin."""


@runtime_checkable
class Corruptible(Protocol):
    """A keeper whose recovery points can rot in silence: the fault `corrupt-data`, refused for those of other keepers."""

    def corrupt(self, position: Any, count: int, seed: str) -> int:
        """Change the bytes of up to `count` things of a position (items, objects, files, blocks, rows), chosen by chance from `seed`.

        Returns how many; nothing tells of it, and whatever is restored from it is wrong. Others that share what is changed may rot too.
        """

    def heal(self, position: Any) -> None:
        """Put right what `corrupt` did to a position, if that is still there; what was restored meanwhile stays wrong."""


@runtime_checkable
class Placing(Protocol):
    """A keeper that stores by place: what a copy shares with others depends on where it lies and how it is encrypted."""

    def copied(self, position: Any, shelf: Shelf) -> Any:
        """Return the position for a copy on a shelf; takes the place of `share`."""

    def archived(self, position: Any) -> None:
        """Hear that a recovery point has moved to cold storage."""

    def moved_bytes(self, position: Any) -> int:
        """Return how many bytes were written when a recovery point was made: those of the last one that went before are there."""


class Keepers:
    """Implements `contents.Contents`."""

    def __init__(self, kinds: Mapping[str, tuple[ResourceType, Keeper]], faults: Callable[[], Iterable[Fault]] = tuple) -> None:
        self._kinds = kinds
        self._keepers = dict(kinds.values())
        self._faults = faults
        # asked once: whether something implements a protocol takes as long as the rest of a job
        self._placing: dict[ResourceType, Placing] = {type_: each for type_, each in self._keepers.items() if isinstance(each, Placing)}

    def take(self, resource: Resource, account: str, region: str, at: datetime) -> Kept | None:
        """Return what a resource held at `at`; None: there are no data of it. Raises NotKept."""
        keeper = self._keepers.get(resource.type)
        if keeper is None:
            return None
        self._find_room(resource.type, account, region)
        taken = keeper.take(resource, account, region, at)
        return None if taken is None else self._kept(resource.type, *taken)

    def share(self, content: Any, shelf: Shelf | None = None) -> Kept:
        """Return the content for a further recovery point of the same data; raises NotKept."""
        keeper = self._keepers.get(content.type)
        if keeper is None:
            return replace(content)
        if shelf is not None:
            self._find_room(content.type, shelf.account, shelf.region)
        placing = self._placing.get(content.type)
        if shelf is not None and placing is not None:
            return self._kept(content.type, placing.copied(content.position, shelf), content.size_bytes)
        return Kept(content.type, keeper.share(content.position), content.size_bytes, content.moved_bytes)

    def archive(self, content: Any) -> None:
        """Hear that a recovery point with this content has moved to cold storage."""
        placing = self._placing.get(content.type)
        if placing is not None:
            placing.archived(content.position)

    def _kept(self, type_: ResourceType, position: Any, size_bytes: int) -> Kept:
        placing = self._placing.get(type_)
        return Kept(type_, position, size_bytes, size_bytes if placing is None else placing.moved_bytes(position))

    def _find_room(self, type_: ResourceType, account: str, region: str) -> None:
        """Find no room where a fault says so; raises NotKept."""
        for fault in self._faults():
            place = fault.account in {"", account} and fault.region in {"", region} and fault.type in {"", type_.value}
            if fault.kind is FaultKind.NO_SPACE and place:
                fault.hits += 1
                raise NotKept("No space left on device")

    def release(self, content: Any) -> None:
        """Hear that a recovery point with this content is gone."""
        keeper = self._keepers.get(content.type)
        if keeper is not None:
            keeper.release(content.position)

    def fill(self, content: Any, job: RestoreJob, arn: str, instant: datetime | None) -> None:
        """Write the data of a recovery point into what a restore made; raises NotKept."""
        keeper = self._keepers.get(content.type)
        if keeper is not None:  # a saved twin may have had a kind that isn't installed here: state alone
            self._find_room(content.type, job.account, job.region)
            keeper.fill(content.position, job, arn, instant)

    def corrupt(self, content: Any, count: int, seed: str) -> int:
        """Change the bytes of things in a recovery point in silence; returns how many, 0 where its kind of data can't rot."""
        keeper = self._keepers.get(content.type)
        return keeper.corrupt(content.position, count, seed) if keeper is not None and isinstance(keeper, Corruptible) else 0

    def heal(self, content: Any) -> None:
        """Put right what `corrupt` did."""
        keeper = self._keepers.get(content.type)
        if keeper is not None and isinstance(keeper, Corruptible):
            keeper.heal(content.position)

    def unknown(self, points: Iterable[RecoveryPoint], kept: Collection[str]) -> Iterator[RecoveryPoint]:
        """Return the recovery points whose data are of none of the kinds that were kept, by name."""
        types = {type_ for name, (type_, _) in self._kinds.items() if name in kept}
        for point in points:
            if isinstance(point.content, Kept) and point.content.type not in types:
                yield point


def install(app: "App") -> Mapping[str, Keeper]:
    """Put the keepers of all kinds behind AWS Backup, and return them by the name of their kind.

    One that needs a library which is not installed is not among them: its resources are state alone.
    """
    from strongroom.twin.data import blocks, buckets, databases, files, tables

    volumes, images = blocks.install(app)
    kinds: dict[str, tuple[ResourceType, Keeper]] = {
        "databases": (ResourceType.RDS, databases.install(app)),
        "tables": (ResourceType.DYNAMODB, tables.install(app)),
        "buckets": (ResourceType.S3, buckets.install(app)),
        "files": (ResourceType.EFS, files.install(app)),
        "blocks": (ResourceType.EBS, volumes),
        "images": (ResourceType.EC2, images),
    }
    app.backup.keep(Keepers(kinds, app.faults.installed))
    return {name: keeper for name, (_, keeper) in kinds.items()}
