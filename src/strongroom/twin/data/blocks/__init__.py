"""The blocks of EBS volumes: what volumes, snapshots, images and the EBS direct APIs hold and tell.

store (maps of blocks, pure), keeper (behind AWS Backup: volumes), images (instances), shown (the control API's answers), managed
(AWS Backup's recovery points as EC2 shows them), native (EC2's own snapshots), direct (EBS direct APIs).
"""

from typing import TYPE_CHECKING

from strongroom.twin.data.blocks import direct, native
from strongroom.twin.data.blocks.images import Images
from strongroom.twin.data.blocks.keeper import Blocks

if TYPE_CHECKING:
    from strongroom.twin.app import App

__all__ = ["Blocks", "Images", "install"]


def install(app: "App") -> tuple[Blocks, Images]:
    """Return the keepers of volumes and of instances, and let EC2 and the EBS direct APIs know them when they are first used."""
    blocks = Blocks(app)
    native.install(blocks)
    direct.install(blocks)
    return blocks, Images(blocks)
