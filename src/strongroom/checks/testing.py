"""What restore tests can restore: the rules that write into their vaults, and the types they are about."""

from collections.abc import Iterable, Iterator

from strongroom.checks.reach import Cell, disjoint, may_select
from strongroom.checks.walk import rules
from strongroom.domain.estate import BackupPlan, BackupRule, Estate
from strongroom.domain.names import ResourceType, RetentionDays
from strongroom.domain.strategy import RestoreTest
from strongroom.facts import capabilities


def writing(estate: Estate, label: str) -> Iterator[tuple[BackupPlan, BackupRule]]:
    """Yield the rules that write into a vault, by themselves or with a copy."""
    for plan, rule in rules(estate):
        if label in {rule.label, rule.air_gapped} or any(copy.label == label for copy in rule.copies):
            yield plan, rule


def keeps(rule: BackupRule, label: str) -> Iterator[RetentionDays]:
    """Yield how long a rule keeps recovery points in a vault."""
    if label in {rule.label, rule.air_gapped}:
        yield rule.keep
    yield from (copy.keep for copy in rule.copies if copy.label == label)


def tested(estate: Estate, test: RestoreTest) -> tuple[ResourceType, ...]:
    """Return the types that a test is about: those it names, else those of the plans that write into its vaults."""
    if test.select.types:
        return test.select.types
    plans = {plan.name: plan for label in test.vaults for plan, _ in writing(estate, label)}
    named = {kind for plan in plans.values() for kind in plan.select.types}
    return tuple(sorted(named))


def restores(estate: Estate, test: RestoreTest, cell: Cell, plans: Iterable[BackupPlan]) -> bool:
    """Tell whether a test could restore something of a cell that some plans protect; False is certain."""
    if cell.type is not None and not capabilities(cell.type).restore_testing:
        return False
    filling = {plan.name for label in test.vaults for plan, _ in writing(estate, label)}
    return may_select(test.select, cell) and any(plan.name in filling and not disjoint(plan.select, test.select) for plan in plans)
