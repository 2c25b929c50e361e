"""The data behind the twin's resources and recovery points: items, objects, files, blocks and databases, of every past instant.

Each kind keeps a history; a recovery point is a position in it. `install` puts them behind the engine's port `contents.Contents`.
"""

from strongroom.twin.data.keeping import Keeper, Kept, install

__all__ = ["Keeper", "Kept", "install"]
