"""Each recovery point in cold storage is a full one

Why:     EBS snapshots in the archive and DynamoDB backups do not build on each other: each is stored whole, for 90 days at
         least. A daily rule with cold storage stores the resource as often as it runs.
Fix:     Move only what is kept long: a monthly rule with `cold_after`, and daily ones that stay warm.
Limits:  Without an inventory only types that the plan names. What it costs is for `forecast`.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-feature-availability.html, read 2026-11-21; facts.storage
Failure: FM30
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.storing import goes_cold, kept_at_once, parts, stored
from strongroom.checks.timetable import often
from strongroom.checks.walk import days, rule_subject, total
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.facts import storage


@check("LIF006", severity=Severity.INFO)
def cold_points_are_full(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Look for types that are stored whole in cold storage."""
    for plan, rule, kind, resources in stored(estate, inventory):
        for part in parts(rule):
            if storage(kind).moved != "full" or not goes_cold(part, kind, rule):
                continue
            number = kept_at_once(part, rule)
            if number is not None and number < 2:
                continue  # one at a time is not a chain
            many = "without end" if number is None else f"{number} at once"
            yield Problem(
                subject=rule_subject(plan, rule),
                message=f"each {kind} recovery point in the cold storage of {part.label} is a full one, {many} for each resource",
                why=f"the rule makes {often(rule)} and keeps them {days(part.keep)}; nothing is shared between them",
                help="move only a monthly rule to cold storage, and keep the others warm",
                origin=part.origin,
                count=max(1, total(resources)),
            )
