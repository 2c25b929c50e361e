"""AWS as data: limits, messages, resource types and Regions, each with unit, source, date read and status.

Nothing here decides anything: rooms above ask for a fact by its name and can always show where it comes from. The data are
TOML files beside this module, parsed on first use. A name that doesn't exist is a mistake of ours: `UnknownFact`.
"""

from strongroom.facts.catalogue import (
    FILES,
    Capabilities,
    Fact,
    Status,
    Storage,
    UnknownFact,
    capabilities,
    fact,
    limit,
    message,
    names,
    opt_in_regions,
    regions,
    storage,
)

__all__ = [
    "FILES",
    "Capabilities",
    "Fact",
    "Status",
    "Storage",
    "UnknownFact",
    "capabilities",
    "fact",
    "limit",
    "message",
    "names",
    "opt_in_regions",
    "regions",
    "storage",
]
