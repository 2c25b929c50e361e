"""A restore test lacks metadata that AWS can't infer

Why:     For FSx AWS Backup does not know the subnet (Lustre, Windows), the directory (Windows) or the storage virtual machine
         (ONTAP): each test of these file systems fails. Databases, clusters and instances are restored into the default VPC
         where nothing else is said; accounts of many organizations have none.
Fix:     Add the override: overrides: {fsx: {subnetIds: '["subnet-…"]'}}, or a subnet group for databases.
Limits:  The four kinds of FSx are one type here, and OpenZFS needs nothing: any of the names passes. Whether an account has a
         default VPC is not in a strategy, so that this is a notice.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing-inferred-metadata.html, read 2026-11-21 (04 §4.3)
Failure: FM26
"""

from collections.abc import Iterator
from typing import Final

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.testing import tested
from strongroom.checks.timetable import DAYS, times_of
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import RestoreTest

_FSX: Final = frozenset({"subnetids", "ontapconfiguration.storagevirtualmachineid", "windowsconfiguration.activedirectoryid"})
_IN_VPC: Final = {
    ResourceType.AURORA: "dbSubnetGroupName",
    ResourceType.DOCUMENTDB: "dbSubnetGroupName",
    ResourceType.EC2: "subnetId",
    ResourceType.NEPTUNE: "dbSubnetGroupName",
    ResourceType.RDS: "dbSubnetGroupName",
}


@check("RST003", severity=Severity.WARNING)
def restore_test_needs_override(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look at the overrides of each type that a test is about."""
    for test in estate.restore_tests:
        runs = len(times_of(test.schedule, test.timezone))
        for kind in tested(estate, test):
            given = {key.lower() for each in test.overrides if each.type is kind for key, _ in each.values}
            if kind is ResourceType.FSX and not given & _FSX:
                why = f"restores of Lustre, ONTAP and Windows file systems fail, {runs} in {DAYS} days for each; only OpenZFS needs nothing"
                yield _problem(test, kind, "subnetIds", why, None)
            elif kind in _IN_VPC and _IN_VPC[kind].lower() not in given:
                why = f"restores go to the account's default VPC, {runs} in {DAYS} days for each resource; they fail where there is none"
                yield _problem(test, kind, _IN_VPC[kind], why, Severity.INFO)


def _problem(test: RestoreTest, kind: ResourceType, name: str, why: str, severity: Severity | None) -> Problem:
    return Problem(
        subject=f"restore test {test.name}",
        message=f"restore test {test.name} restores {kind} without {name}",
        why=why,
        help=f"add: overrides: {{{kind.keyword}: {{{name}: …}}}}",
        origin=test.origin,
        severity=severity,
    )
