"""What a validator that was ended may have left behind."""

from typing import TYPE_CHECKING, Final

from strongroom.domain.names import ResourceType
from strongroom.domain.recovery import Restored

if TYPE_CHECKING:
    from strongroom.aws.contents.place import Place

_MANIFEST: Final = "manifest"


def leaves(name: str, restored: Restored) -> bool:
    """Whether a validator makes something that it deletes again: the temporary snapshot through which a volume is read."""
    return name == _MANIFEST and restored.type is ResourceType.EBS


def tidy(restored: Restored, place: "Place") -> None:
    """Delete it; raises AwsRefused."""
    from strongroom.aws.contents.blocks import sweep  # noqa: PLC0415 - the SDK takes a quarter of a second: see `doors`
    from strongroom.aws.contents.sources import name_in  # noqa: PLC0415

    sweep(place, name_in(restored.resource_arn))
