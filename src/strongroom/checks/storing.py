"""What the types of a plan make of a rule's lifecycle."""

from collections.abc import Iterator

from strongroom.checks.inventory import Inventory, Resource
from strongroom.checks.timetable import MINUTES_PER_DAY, interval_minutes
from strongroom.checks.walk import kinds
from strongroom.domain.estate import BackupPlan, BackupRule, CopyAction, Estate
from strongroom.domain.names import FOREVER, ResourceType
from strongroom.semantics.lifecycle import Ignored, Lifecycle, landed

Part = BackupRule | CopyAction


def stored(estate: Estate, inventory: Inventory | None) -> Iterator[tuple[BackupPlan, BackupRule, ResourceType, tuple[Resource, ...]]]:
    """Yield each rule with each type that its plan names or finds."""
    for plan in estate.plans:
        for kind, resources in kinds(plan, inventory).items():
            for rule in plan.rules:
                yield plan, rule, kind, resources


def parts(rule: BackupRule) -> tuple[Part, ...]:
    """Return the rule, and its copies that have a lifecycle of their own."""
    own = tuple(each for each in rule.copies if (each.keep, each.cold_after_days) != (rule.keep, rule.cold_after_days))
    return (rule, *own)


def goes_cold(part: Part, kind: ResourceType, rule: BackupRule) -> bool:
    """Tell whether recovery points of a type move to cold storage, as far as AWS's pages say."""
    return landed(kind, _lifecycle(part), interval_minutes_max=interval_minutes(rule)).lifecycle.cold_after_days is not None


def ignored(part: Part, kind: ResourceType, rule: BackupRule) -> tuple[Ignored, ...]:
    """Return what of a lifecycle a type ignores, or may ignore."""
    return landed(kind, _lifecycle(part), interval_minutes_max=interval_minutes(rule)).ignored


def kept_at_once(part: Part, rule: BackupRule) -> int | None:
    """Return how many recovery points of one resource exist at once, in the long run; None: without bound."""
    return None if part.keep is FOREVER else part.keep * MINUTES_PER_DAY // max(1, interval_minutes(rule))


def _lifecycle(part: Part) -> Lifecycle:
    return Lifecycle(keep=part.keep, cold_after_days=part.cold_after_days, archive=part.archive)
