"""Situations: strategies whose whole output is kept beside this file, and read as a diff when it changes."""

from dataclasses import replace
from pathlib import Path

import pytest

from strongroom.domain.governance import (
    AlertEvent,
    Alerts,
    Control,
    Forbidden,
    Framework,
    GuardRails,
    Report,
    ReportFormat,
    ReportTemplate,
)
from strongroom.domain.names import EVERY_ACCOUNT, FOREVER, AccountId, Region, ResourceType
from strongroom.domain.origin import FileOrigin
from strongroom.domain.strategy import (
    Accounts,
    Copy,
    Key,
    KeyKind,
    Lock,
    LockMode,
    Organization,
    Pick,
    Plan,
    RestoreOverride,
    RestoreTest,
    Roles,
    Rule,
    Selection,
    Strategy,
    TagTerm,
    Vault,
    VaultType,
)

HERE = FileOrigin("strategy.yaml", 1, 1)
HOME, SECOND = Region("eu-west-2"), Region("eu-west-1")
CENTRAL = AccountId("333333333333")


def _select(key: str, *values: str) -> Selection:
    return Selection(tags=(TagTerm(key=key, values=values),), origin=HERE)


def _rule(name: str, schedule: str, keep: int, *copies: Copy) -> Rule:
    return Rule(
        name=name,
        schedule=schedule,
        timezone="UTC",
        start_within_minutes=60,
        complete_within_minutes=360,
        keep=keep,
        cold_after_days=None,
        continuous=False,
        vault="local",
        copies=copies,
        origin=HERE,
    )


def _copy(to: str, keep: int) -> Copy:
    return Copy(to=to, keep=keep, cold_after_days=None, origin=HERE)


def _vault(strategy: str, label: str, *regions: Region, account=CENTRAL) -> Vault:
    return Vault(label=label, name=f"{strategy}-{label}", account=account, regions=regions, key="backup", lock=None, origin=HERE)


THREE_TIERS = Strategy(
    name="three-tiers",
    organization=Organization(
        home_region=HOME,
        regions=(HOME, SECOND),
        accounts=Accounts(
            management=AccountId("111111111111"),
            backup_admin=AccountId("222222222222"),
            central=CENTRAL,
            log_archive=AccountId("444444444444"),
        ),
        governs=("Workloads",),
        opt_in=(ResourceType.DYNAMODB, ResourceType.S3, ResourceType.RDS, ResourceType.EBS, ResourceType.EFS),
        origin=HERE,
    ),
    roles=Roles(read="strongroom-read", deploy="strongroom-deploy", backup="three-tiers-AWSBackup"),
    keys=(Key(name="backup", kind=KeyKind.PER_ACCOUNT, origin=HERE),),
    vaults=(
        _vault("three-tiers", "local", HOME, SECOND, account=EVERY_ACCOUNT),
        _vault("three-tiers", "central", HOME),
        _vault("three-tiers", "dr", SECOND),
    ),
    plans=(
        Plan(
            name="production",
            select=_select("environment", "prod"),
            rules=(_rule("daily", "cron(0 2 * * ? *)", 30, _copy("central", 2557), _copy("dr", 2557)),),
            origin=HERE,
        ),
        Plan(
            name="staging",
            select=_select("environment", "staging"),
            rules=(_rule("daily", "cron(0 3 * * ? *)", 7, _copy("central", 366)),),
            origin=HERE,
        ),
        Plan(name="development", select=_select("environment", "dev"), rules=(_rule("weekly", "cron(0 4 ? * SUN *)", 7),), origin=HERE),
    ),
    objectives=(),
    retention=(),
    origin=HERE,
)

# locks of both kinds, a second key, a vault in one Region, cold storage, types, exclusions, a copy kept for ever, continuous
EVERYTHING = replace(
    THREE_TIERS,
    name="everything",
    keys=(
        Key(name="backup", kind=KeyKind.PER_ACCOUNT, origin=HERE),
        Key(name="archive", kind=KeyKind.PER_ACCOUNT, origin=HERE),
        Key(name="default", kind=KeyKind.AWS_MANAGED, origin=HERE),
    ),
    vaults=(
        _vault("everything", "local", HOME, SECOND, account=EVERY_ACCOUNT),
        replace(_vault("everything", "scratch", HOME, account=EVERY_ACCOUNT), key="default"),
        replace(
            _vault("everything", "archive", HOME),
            key="archive",
            lock=Lock(mode=LockMode.COMPLIANCE, min_days=365, max_days=36_500, grace_days=30, origin=HERE),
        ),
        replace(
            _vault("everything", "dr", SECOND), lock=Lock(mode=LockMode.GOVERNANCE, min_days=7, max_days=None, grace_days=None, origin=HERE)
        ),
    ),
    plans=(
        Plan(
            name="ledger",
            select=Selection(
                tags=(TagTerm(key="data", values=("ledger", "payments")), TagTerm(key="environment", values=("prod",))),
                types=(ResourceType.RDS, ResourceType.S3),
                not_tags=(TagTerm(key="backup", values=("no",)),),
                origin=HERE,
            ),
            rules=(
                replace(_rule("log", "cron(0 1 * * ? *)", 35), continuous=True),
                replace(
                    _rule("monthly", "cron(0 5 L * ? *)", 365, replace(_copy("archive", 1), keep=FOREVER), _copy("dr", 100)),
                    cold_after_days=30,
                ),
            ),
            origin=HERE,
        ),
    ),
)

# a multi-Region key that apply has made before, with its replica, and vaults on it; ARNs; an air-gapped vault
SHARED_KEY = replace(
    THREE_TIERS,
    name="shared-key",
    keys=(
        Key(
            name="backup",
            kind=KeyKind.MULTI_REGION,
            account=AccountId("111111111111"),
            arn="arn:aws:kms:eu-west-2:111111111111:key/mrk-1234abcd12ab34cd56ef1234567890ab",
            origin=HERE,
        ),
    ),
    vaults=(
        _vault("shared-key", "local", HOME, SECOND, account=EVERY_ACCOUNT),
        _vault("shared-key", "central", HOME),
        replace(
            _vault("shared-key", "island", SECOND),
            key="",
            type=VaultType.AIR_GAPPED,
            lock=Lock(mode=LockMode.COMPLIANCE, min_days=7, max_days=400, grace_days=0, origin=HERE),
        ),
    ),
    plans=(
        Plan(
            name="named",
            select=Selection(
                tags=(TagTerm(key="environment", values=("prod", "live")),),
                arns=("arn:aws:s3:::ledger-*", "arn:aws:rds:*:*:db:ledger"),
                not_arns=("arn:aws:s3:::ledger-scratch",),
                origin=HERE,
            ),
            rules=(_rule("daily", "cron(0 2 * * ? *)", 30, _copy("central", 366), _copy("island", 366)),),
            origin=HERE,
        ),
    ),
)

# all guard rails, with a role for emergencies
GUARDED = replace(
    THREE_TIERS,
    name="guarded",
    guard_rails=GuardRails(deny=tuple(Forbidden), exempt=("break-glass",), attach_to=("Workloads", "Vaults"), origin=HERE),
)

# alerts about everything, with a topic of their own; a report of each kind, a framework, restore tests of originals and copies
WATCHED = replace(
    THREE_TIERS,
    name="watched",
    vaults=(
        _vault("watched", "local", HOME, SECOND, account=EVERY_ACCOUNT),
        _vault("watched", "central", HOME),
        _vault("watched", "dr", SECOND),
        _vault("watched", "archive", HOME, account=AccountId("444444444444")),
    ),
    alerts=Alerts(emails=("backup-team@example.com",), topic=None, key=None, events=tuple(AlertEvent), origin=HERE),
    reports=tuple(
        Report(
            name=template.value,
            template=template,
            formats=(ReportFormat.CSV, ReportFormat.JSON),
            bucket="acme-backup-reports",
            prefix="aws",
            frameworks=(),
            origin=HERE,
        )
        for template in ReportTemplate
    ),
    frameworks=(
        Framework(
            name="audit",
            controls=(
                Control(name="BACKUP_RECOVERY_POINT_ENCRYPTED", parameters=(), origin=HERE),
                Control(name="BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK", parameters=(("requiredRetentionDays", "30"),), origin=HERE),
            ),
            origin=HERE,
        ),
    ),
    restore_tests=(
        RestoreTest(
            name="weekly",
            schedule="cron(0 10 ? * SUN *)",
            timezone="Europe/London",
            select=Selection(
                tags=(TagTerm(key="environment", values=("prod", "staging")),), types=(ResourceType.RDS, ResourceType.S3), origin=HERE
            ),
            vaults=("local", "central", "dr"),
            pick=Pick.RANDOM,
            within_days=7,
            start_within_hours=4,
            validate_within_hours=8,
            overrides=(RestoreOverride(type=ResourceType.RDS, values=(("dbSubnetGroupName", "restore-tests"),), origin=HERE),),
            origin=HERE,
        ),
    ),
)

# the same alerts to a topic that exists, in one Region
PAGED = replace(
    THREE_TIERS,
    name="paged",
    alerts=Alerts(
        emails=("backup-team@example.com",),
        topic="arn:aws:sns:eu-west-2:333333333333:pager",
        key=None,
        events=(AlertEvent.FAILED, AlertEvent.MISSING),
        origin=HERE,
    ),
)

SITUATIONS = {
    "paged": PAGED,
    "watched": WATCHED,
    "guarded": GUARDED,
    "three-tiers": THREE_TIERS,
    "everything": EVERYTHING,
    "shared-key": SHARED_KEY,
}


@pytest.fixture(params=sorted(SITUATIONS))
def situation(request):
    """The folder of a situation and its strategy."""
    return Path(__file__).parent / request.param, SITUATIONS[request.param]
