"""The catalogue of checks: what will fail, known before anything is deployed.

A check sees an estate, and an inventory of resources where there is one; it never asks where they come from. `coverage` says
which check answers each row of the specification, or why none does. `inventory_table` (Parquet, the ledger) and
`suppression_file` (YAML) are imported by whoever needs them, so that checks alone load no table engine and no parser.
"""

from strongroom.checks.catalogue import CHECKS
from strongroom.checks.check import Check, Documentation, Problem
from strongroom.checks.coverage import Cell, cells
from strongroom.checks.inventory import Bucket, Inventory, Replication, Resource, Stock, UnreadPart, UnsupportedResource
from strongroom.checks.inventory_csv import read_csv
from strongroom.checks.run import UNKNOWN, codes, explain, run
from strongroom.checks.suppressions import Suppressed, Suppression, choose, fails, suppress

__all__ = [
    "CHECKS",
    "UNKNOWN",
    "Bucket",
    "Cell",
    "Check",
    "Documentation",
    "Inventory",
    "Problem",
    "Replication",
    "Resource",
    "Stock",
    "Suppressed",
    "Suppression",
    "UnreadPart",
    "UnsupportedResource",
    "cells",
    "choose",
    "codes",
    "explain",
    "fails",
    "read_csv",
    "run",
    "suppress",
]
