"""The windows of resources in which AWS Backup can't begin, as an inventory prints them."""

from typing import Final

from strongroom.checks.inventory import Resource
from strongroom.domain.names import ResourceType
from strongroom.semantics.maintenance import WeeklyWindow, WindowError, fsx_daily, fsx_weekly, margin_minutes, weekly

OFF: Final = "off"  # an FSx file system without automatic backups


def needs_window(resource: Resource) -> bool:
    """Tell whether backups of a resource depend on its maintenance window."""
    return margin_minutes(resource.type) is not None


def windows(resource: Resource) -> tuple[WeeklyWindow, ...] | None:
    """Return the windows of a resource; None where the inventory doesn't say, or what it says can't be read."""
    if resource.maintenance_window is None:
        return None
    try:
        if resource.type is not ResourceType.FSX:
            return (weekly(resource.maintenance_window),)
        daily = () if resource.backup_window in {None, OFF} else fsx_daily(str(resource.backup_window))
        return (fsx_weekly(resource.maintenance_window), *daily)
    except WindowError:
        return None


def printed(resource: Resource) -> str:
    """Return the windows as the inventory has them."""
    return " and ".join(text for text in (resource.maintenance_window, resource.backup_window) if text and text != OFF)
