"""Every recovery point of a type is a full one

Why:     Snapshots of Aurora, DocumentDB, Neptune, Redshift and DynamoDB do not build on each other. Outside of Aurora's own
         continuous window each is stored and paid whole, at every destination.
Fix:     Keep few daily ones, and weekly or monthly ones for longer.
Limits:  Speaks from 100 recovery points of one resource at one place. Without an inventory only types that the plan names.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/creating-a-backup.html, read 2026-11-21 (02 §2.3); facts.storage
Failure: FM30
"""

from collections.abc import Iterator
from typing import Final

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.storing import Part, kept_at_once, stored
from strongroom.checks.timetable import often
from strongroom.checks.walk import days, rule_subject, total
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.facts import storage

_MANY: Final = 100  # full copies of one resource at one place


@check("LIF007", severity=Severity.INFO)
def every_point_is_full(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Count the full copies that each rule keeps at each place."""
    for plan, rule, kind, resources in stored(estate, inventory):
        if storage(kind).later != "full" or rule.continuous:
            continue
        places: tuple[Part, ...] = (rule, *rule.copies)
        for part in places:
            number = kept_at_once(part, rule)
            if number is None or number >= _MANY:
                many = "ever more" if number is None else str(number)
                yield Problem(
                    subject=rule_subject(plan, rule),
                    message=f"vault {part.label} holds {many} full copies of each {kind} resource, {_MANY} is where it gets dear",
                    why=f"the rule makes {often(rule)} and keeps them {days(part.keep)}; none builds on another",
                    help="keep daily ones for weeks, and give a monthly rule the long retention",
                    origin=part.origin,
                    count=max(1, total(resources)),
                )
