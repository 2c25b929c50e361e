"""A continuous rule and the declaration of a database disagree about its automated backups

Why:     A continuous backup of RDS is the database's own automated backup, which AWS Backup takes over: it sets the retention,
         and from then on refuses changes of retention and backup window outside of it. Whoever declares other values changes
         them in vain, run after run.
Fix:     Declare the same retention in both places, drop `backup_window`, or leave the databases out of the continuous rule.
Limits:  Databases of a native declaration that the plan certainly selects, as far as their tags and types tell.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/point-in-time-recovery.html, read 2026-11-21
Failure: FM25
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.declared import databases_of
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import often
from strongroom.checks.walk import days, rule_subject, rules
from strongroom.domain.estate import BackupRule, Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import NativeDatabases


@check("CNT002", severity=Severity.WARNING)
def continuous_takes_over_database(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Compare continuous rules with what is declared of the databases they take over."""
    for plan, rule in rules(estate):
        if not rule.continuous:
            continue
        for databases in databases_of(estate, plan, ResourceType.RDS):
            if differs := _difference(rule, databases):
                yield Problem(
                    subject=f"native databases {databases.name}",
                    message=f"{differs}, {rule_subject(plan, rule)} takes the automated backups over and keeps {days(rule.keep)}",
                    why=f"AWS Backup sets its own retention with every run, {often(rule)}, and RDS refuses changes of the window",
                    help=f"write keep: {rule.keep}d there without backup_window, or leave the databases out of plan {plan.name}",
                    origin=databases.origin,
                )


def _difference(rule: BackupRule, databases: NativeDatabases) -> str:
    if databases.retention_days is not None and databases.retention_days != rule.keep:
        return f"automated backups are declared {'off' if not databases.retention_days else f'for {days(databases.retention_days)}'}"
    return f"a backup window {databases.backup_window} is declared" if databases.backup_window else ""
