"""The catalogue of checks: what will fail, known before anything is deployed.

A check sees an estate, and an inventory of resources where there is one; it never asks where they come from.
"""

from strongroom.checks.catalogue import CHECKS
from strongroom.checks.check import Check, Documentation, Problem
from strongroom.checks.inventory import Inventory, Resource, UnreadPart
from strongroom.checks.run import codes, explain, run

__all__ = [
    "CHECKS",
    "Check",
    "Documentation",
    "Inventory",
    "Problem",
    "Resource",
    "UnreadPart",
    "codes",
    "explain",
    "run",
]
