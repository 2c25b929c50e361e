"""Where the amended services find the twin's AWS Backup, with its world and its clock."""

from datetime import datetime
from typing import Protocol

from strongroom.twin.backup.state import World


class Room(Protocol):
    """The engine that moves with the virtual clock."""

    @property
    def world(self) -> World:
        """Everything that it knows; another one after a saved twin was loaded."""

    def instant(self) -> datetime:
        """The virtual now, never before what has happened already."""
