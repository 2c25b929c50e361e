"""AWS Control Tower of the twin: a landing zone with its backup integration, and baselines on organizational units.

What it makes in accounts it makes through the twin's own services, so its plans run like everybody's.
"""

from strongroom.twin.controltower.service import ControlTower, install

__all__ = ["ControlTower", "install"]
