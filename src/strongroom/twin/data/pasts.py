"""What the keepers of items, objects and files have in common: each resource of theirs has a history, by its ARN."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from strongroom.twin.backup.state import Resource
from strongroom.twin.data.history import Histories, History, Position, chosen, share

if TYPE_CHECKING:
    from strongroom.twin.app import App


class Pasts:
    """The part of a keeper that takes, shares, releases, saves and corrupts."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._histories = Histories()

    def now(self) -> datetime:
        """Return the instant of what happens now in whole milliseconds, as AWS Backup counts: the engine may be ahead of the clock."""
        at = max(self._app.clock.now(), self._app.backup.world.at)
        return at.replace(microsecond=at.microsecond // 1000 * 1000)

    def settle(self) -> None:
        """Record what has been changed and not recorded yet."""

    def rotted(self, key: Any, value: Any) -> Any:
        """Return a value as it is after its bits have rotten."""
        raise NotImplementedError

    def take(self, resource: Resource, account: str, region: str, at: datetime) -> tuple[Position, int] | None:
        """Return the position of what a resource held at an instant, and how large that is."""
        self.settle()
        return self._histories.take(resource.arn, at)

    def share(self, position: Position) -> Position:
        """Return the position for a further recovery point."""
        return share(position)

    def release(self, position: Position) -> None:
        """Hold a position once less."""
        position.history.release(position.number, self.now())

    def corrupt(self, position: Position, count: int, seed: str) -> int:
        """Change the bytes of up to `count` things of a position; copies of the recovery point that are made later have them."""
        found = {key: self.rotted(key, value) for key, value in chosen(position, count, seed)}
        position.rotten = (position.rotten or {}) | found
        return len(found)

    def heal(self, position: Position) -> None:
        """Put the things of a position right again."""
        position.rotten = None

    def save(self) -> Any:
        """Return all histories."""
        self.settle()
        return self._histories

    def load(self, document: Any) -> None:
        """Go on with these histories."""
        self._histories = document

    def shown(self, value: Any) -> Any:
        """Return a value for `dump`."""
        return value

    def dump(self) -> Any:
        """Return all histories: each run makes the same."""
        self.settle()
        return {arn: [self._shown(history) for history in lives] for arn, lives in self._histories.lives.items()}

    def _shown(self, history: History) -> dict[str, Any]:
        versions = {
            repr(key): [(position, value and self.shown(value), size) for position, value, size in known]
            for key, known in history.versions.items()
        }
        return {"ended_at": history.ended_at, "first": history.first, "instants": history.instants, "versions": versions}

    def close(self) -> None:
        """Nothing runs beside the twin."""
