"""Desired estate and deployed state in, change plan out; one module for each kind of object."""

from strongroom.workflows.planning.obstacles import unaccepted_locks
from strongroom.workflows.planning.pipeline import SECTIONS, Planned, plan_changes
from strongroom.workflows.planning.reads import moved, objects_read, subject_of

__all__ = ["SECTIONS", "Planned", "moved", "objects_read", "plan_changes", "subject_of", "unaccepted_locks"]
