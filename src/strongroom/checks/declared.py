"""Which resources of a native declaration a plan certainly selects, as far as their selections tell."""

from collections.abc import Iterator
from dataclasses import replace

from strongroom.checks.reach import cells, surely_selects
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import NativeDatabases, Selection


def surely_takes(plan: BackupPlan, select: Selection, kind: ResourceType) -> bool:
    """Tell whether a plan selects every resource of one type that a declaration is about."""
    if (select.types and kind not in select.types) or kind in select.not_types:
        return False
    if select.arns:
        named = set(select.arns) <= set(plan.select.arns)  # a cell says nothing about ARNs
        return named and replace(plan.select, arns=select.arns, origin=select.origin) == select
    about = tuple(cells(replace(select, types=(kind,))))
    return bool(about) and all(surely_selects(plan.select, cell) for cell in about)


def databases_of(estate: Estate, plan: BackupPlan, kind: ResourceType) -> Iterator[NativeDatabases]:
    """Yield the declared databases of a type that a plan certainly selects."""
    for databases in estate.native.databases:
        if surely_takes(plan, databases.select, kind):
            yield databases
