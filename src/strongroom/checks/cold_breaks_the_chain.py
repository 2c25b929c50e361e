"""Recovery points go cold before the next one can build on them

Why:     An incremental backup builds on a warm one. When the only full backup has moved to cold storage, the next backup is a
         new full one, warm and paid as such. AWS recommends eight days of warm storage at least.
Fix:     Set `cold_after` to 8d or more.
Limits:  Types whose backups are full anyway lose nothing by it; they are not told apart here.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html, read 2026-11-21;
         facts.limit("warm_days_recommended_min")
Failure: FM30
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import often
from strongroom.checks.walk import rule_subject, rules
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.facts import limit


@check("LIF008", severity=Severity.WARNING)
def cold_breaks_the_chain(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Compare `cold_after` of each rule with the days that a chain needs."""
    least = int(limit("warm_days_recommended_min").value)
    for plan, rule in rules(estate):
        if rule.cold_after_days is not None and rule.cold_after_days < least:
            yield Problem(
                subject=rule_subject(plan, rule),
                message=f"rule {rule.name} moves to cold storage after {rule.cold_after_days} days, {least} recommended at least",
                why=f"each of its {often(rule)} may be a new full backup, because the one before is cold",
                help=f"set cold_after to {least}d or more",
                origin=rule.origin,
            )
