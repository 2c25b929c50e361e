"""A healthy organization as ledger tables, made by hand from a compiled estate: nothing of `proof` is used to make it.

Every table is a list of mutable rows, so that a test can plant a fault and write the ledger.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from strongroom import facts, ledger
from strongroom.aws.fleet import orders
from strongroom.compiler import compile_strategy
from strongroom.domain.estate import Estate
from strongroom.domain.names import EVERY_ACCOUNT, AccountId, Region, ResourceType
from strongroom.domain.origin import BuiltIn
from strongroom.domain.strategy import (
    Accounts,
    Copy,
    Key,
    KeyKind,
    Objective,
    Organization,
    Plan,
    Roles,
    Rule,
    Selection,
    Strategy,
    TagTerm,
    Vault,
)
from strongroom.domain.tables import TABLES
from strongroom.semantics import policies

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BORN = NOW - timedelta(days=90)  # when the strategy was applied
HOME, SECOND = Region("eu-west-2"), Region("eu-west-1")
MADE_HERE = BuiltIn()
TYPES = (ResourceType.DYNAMODB, ResourceType.S3, ResourceType.RDS, ResourceType.EBS, ResourceType.EFS)
ARNS = {
    "DynamoDB": "arn:aws:dynamodb:{region}:{account}:table/{name}",
    "S3": "arn:aws:s3:::{name}-{account}-{region}",
    "RDS": "arn:aws:rds:{region}:{account}:db:{name}",
    "EBS": "arn:aws:ec2:{region}:{account}:volume/vol-{name}",
    "EFS": "arn:aws:elasticfilesystem:{region}:{account}:file-system/fs-{name}",
    "Aurora": "arn:aws:rds:{region}:{account}:cluster:{name}",
}
ACCESS = {"grants", "key_tags", "principals"}  # whoever wants them to be read adds them
SUBJECTS = tuple(subject for subject in orders.SUBJECTS if subject not in ACCESS)
TRUST = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
LETS_IN = json.dumps(
    {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": "backup:CopyIntoBackupVault",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}},
            }
        ]
    }
)


ORGANIZATION = "o-abcdefghij"
ROLE_POLICIES = ("AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForS3Backup")
RESTORE_POLICIES = ("AWSBackupServiceRolePolicyForRestores", "AWSBackupServiceRolePolicyForS3Restore")
USED_IN_THE_ORGANIZATION = {
    "Effect": "Allow",
    "Principal": {"AWS": "*"},
    "Action": "kms:*",
    "Resource": "*",
    "Condition": {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}},
}


def key_policy(account: str) -> str:
    """The policy of a key that its account administers and the organization uses."""
    own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [own, USED_IN_THE_ORGANIZATION]})


def comes_back(central: str) -> str:
    """The policy of a vault that copies of the central account come back into."""
    root = {"AWS": f"arn:aws:iam::{central}:root"}
    return json.dumps({"Statement": [{"Effect": "Allow", "Principal": root, "Action": "backup:CopyIntoBackupVault", "Resource": "*"}]})


def selection(key: str, *values: str) -> Selection:
    return Selection(tags=(TagTerm(key=key, values=values),), origin=MADE_HERE)


def daily(hour: int, keep: int, copies: dict[str, int], *, week: bool = False) -> Rule:
    return Rule(
        name="Daily",
        schedule=f"cron(0 {hour} ? * SUN *)" if week else f"cron(0 {hour} * * ? *)",
        timezone="UTC",
        start_within_minutes=60,
        complete_within_minutes=300,
        keep=keep,
        cold_after_days=None,
        continuous=False,
        vault="local",
        copies=tuple(Copy(to=to, keep=days, cold_after_days=None, origin=MADE_HERE) for to, days in copies.items()),
        origin=MADE_HERE,
    )


def strategy(management: str, central: str, key: str, values: tuple[str, str, str], *more: Rule) -> Strategy:
    def vault(label: str, account: Any, *regions: Region) -> Vault:
        return Vault(label=label, name=f"three-tiers-{label}", account=account, regions=regions, key="backup", lock=None, origin=MADE_HERE)

    prod, staging, development = values
    return Strategy(
        name="three-tiers",
        organization=Organization(
            home_region=HOME,
            regions=(HOME, SECOND),
            accounts=Accounts(management=AccountId(management), backup_admin=None, central=AccountId(central), log_archive=None),
            governs=("Workloads",),
            opt_in=TYPES,
            origin=MADE_HERE,
        ),
        roles=Roles(read="strongroom-read", deploy="strongroom-deploy", backup="three-tiers-AWSBackup"),
        keys=(Key(name="backup", kind=KeyKind.PER_ACCOUNT, origin=MADE_HERE),),
        vaults=(
            vault("local", EVERY_ACCOUNT, HOME, SECOND),
            vault("central", AccountId(central), HOME),
            vault("dr", AccountId(central), SECOND),
        ),
        plans=(
            Plan(
                name="production", select=selection(key, prod), rules=(daily(2, 30, {"central": 2557, "dr": 2557}), *more), origin=MADE_HERE
            ),
            Plan(name="staging", select=selection(key, staging), rules=(daily(3, 7, {"central": 366}),), origin=MADE_HERE),
            Plan(name="development", select=selection(key, development), rules=(daily(4, 7, {}, week=True),), origin=MADE_HERE),
        ),
        objectives=(Objective(select=selection(key, prod), rpo_minutes=36 * 60, rto_minutes=None, origin=MADE_HERE),),
        retention=(),
        origin=MADE_HERE,
    )


@dataclass
class World:
    """Tables as lists of rows; `write` makes a snapshot of them."""

    estate: Estate
    management: str
    central: str
    workloads: tuple[str, ...]
    key: str
    values: tuple[str, str, str]
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {table.name: [] for table in TABLES})

    def write(self, home: Path, observed_at: datetime = NOW) -> ledger.Snapshot:
        tables = {
            table.name: ledger.from_rows(table, [[row.get(column.name) for column in table.columns] for row in self.tables[table.name]])
            for table in TABLES
        }
        return ledger.write(home, tables, observed_at=observed_at, source={"made_by": "test"})

    def rows(self, table: str, **wanted: Any) -> list[dict[str, Any]]:
        return [row for row in self.tables[table] if all(row[name] == value for name, value in wanted.items())]

    def drop(self, table: str, **wanted: Any) -> int:
        gone = self.rows(table, **wanted)
        self.tables[table] = [row for row in self.tables[table] if row not in gone]
        return len(gone)

    def resource(self, tier: int = 0, kind: str = "DynamoDB") -> dict[str, Any]:
        return next(row for row in self.tables["resources"] if row["tags"].get(self.key) == self.values[tier] and row["type"] == kind)


class Builder:
    """Fills a world; every random choice comes from the seed."""

    def __init__(self, seed: int, resources: int, more: tuple[Rule, ...] = ()) -> None:
        self.random = random.Random(seed)  # noqa: S311 - the same world for the same seed
        ids = [f"{number:012d}" for number in self.random.sample(range(10**11, 10**12), 8)]
        key = self.random.choice(["environment", "tier", "Stage"])
        values = self.random.choice([("prod", "staging", "dev"), ("gold", "silver", "bronze"), ("live", "preview", "sandbox")])
        declared = strategy(ids[0], ids[1], key, values, *more)
        self.world = World(compile_strategy(declared), ids[0], ids[1], tuple(ids[2:]), key, values)
        self.count = resources

    def build(self) -> World:
        for account in (self.world.management, self.world.central, *self.world.workloads):
            self.account(account)
        for account in self.world.workloads:
            for region in (HOME, SECOND):
                self.place(account, region)
        self.vault(self.world.central, HOME, "three-tiers-central", LETS_IN)
        self.vault(self.world.central, SECOND, "three-tiers-dr", LETS_IN)
        self.settings()
        for number in range(self.count):
            self.resource(number)
        return self.world

    def add(self, table: str, **row: Any) -> dict[str, Any]:
        self.world.tables[table].append(row)
        return row

    def account(self, account: str) -> None:
        ou_path, ou_ids = (
            "Workloads/" + self.random.choice(["Prod", "Staging", "Prod/Payments"]),
            ["r-abcd", "ou-abcd-workload", "ou-abcd-below000"],
        )
        if account == self.world.central:
            ou_path, ou_ids = "Security", ["r-abcd", "ou-abcd-security"]
        if account == self.world.management:
            ou_path, ou_ids = "", ["r-abcd"]
        self.add(
            "accounts",
            account_id=account,
            name=f"account-{self.random.randrange(10**6)}",
            status="ACTIVE",
            ou_path=ou_path,
            ou_ids=ou_ids,
            management=account == self.world.management,
        )
        subjects = [("", "roles"), ("", "effective_policies")]
        subjects += [("", "settings"), ("", "accounts"), ("", "policies")] if account == self.world.management else []
        subjects += [(region, subject) for region in (HOME, SECOND) for subject in SUBJECTS]
        for region, subject in subjects:
            self.add("reads", account_id=account, region=region, subject=subject, read=True, code="", reason="")
        for region in (HOME, SECOND):
            self.add("default_vpcs", account_id=account, region=region, vpc_id="vpc-default")
        governed = account in self.world.workloads
        levels = [[json.loads(policy.content) for policy in self.world.estate.policies]] if governed else []
        effective = policies.effective(levels, account)
        self.add("effective_policies", account_id=account, content=json.dumps(effective) if effective else "")
        if governed:
            arn = f"arn:aws:iam::{account}:role/three-tiers-AWSBackup"
            self.add("roles", account_id=account, region="", arn=arn, exists=True, trust_policy=TRUST)

    def place(self, account: str, region: str) -> None:
        self.key(account, region, self.data_key(account, region))
        self.vault(account, region, "three-tiers-local", None)
        for plan in self.world.estate.plans:
            plan_id = f"orgs/{self.uuid()}"
            self.add(
                "backup_plans",
                account_id=account,
                region=region,
                plan_id=plan_id,
                name=plan.name,
                arn=f"arn:aws:backup:{region}:{account}:backup-plan:{plan_id}",
                version_id=self.uuid(),
                created_at=BORN,
                last_execution_at=None,
            )
            for rule in plan.rules:
                self.add(
                    "backup_rules",
                    account_id=account,
                    region=region,
                    plan_id=plan_id,
                    rule_id=self.uuid(),
                    name=rule.name.lower(),
                    vault_name=rule.vault_name,
                    schedule=rule.schedule,
                    timezone="UTC",
                    start_within_minutes=rule.start_within_minutes,
                    complete_within_minutes=rule.complete_within_minutes,
                    delete_after_days=rule.keep,
                    cold_after_days=None,
                    continuous=False,
                )
            document = {
                "ListOfTags": [{"ConditionKey": term.key, "ConditionValue": value} for term in plan.select.tags for value in term.values]
            }
            self.add(
                "selections",
                account_id=account,
                region=region,
                plan_id=plan_id,
                selection_id=self.uuid(),
                name="s",
                role_arn="r",
                document=json.dumps(document),
            )

    def vault(self, account: str, region: str, name: str, policy: str | None) -> None:
        key = f"arn:aws:kms:{region}:{account}:key/{self.uuid()}"
        self.key(account, region, key)
        self.add(
            "vaults",
            account_id=account,
            region=region,
            name=name,
            arn=self.vault_arn(account, region, name),
            type="BACKUP_VAULT",
            key_arn=key,
            locked=False,
            access_policy=policy,
            created_at=BORN,
        )

    def key(self, account: str, region: str, arn: str) -> None:
        self.add("keys", account_id=account, region=region, arn=arn, manager="CUSTOMER", state="Enabled", policy=key_policy(account))

    @staticmethod
    def data_key(account: str, region: str) -> str:
        """The key of an account's resources."""
        return f"arn:aws:kms:{region}:{account}:key/data"

    def entitle(self) -> None:
        """Add what later releases sync as well: principals with AWS's managed policies, and control policies that allow everything."""
        world = self.world
        for account in (world.management, world.central, *world.workloads):
            self.add("reads", account_id=account, region="", subject="principals", read=True, code="", reason="")
            for region in (HOME, SECOND):
                self.add("reads", account_id=account, region=region, subject="grants", read=True, code="", reason="")
        self.add("reads", account_id=world.management, region="", subject="control_policies", read=True, code="", reason="")
        self.add("policy_texts", digest="trust", text=TRUST)
        for name in (*ROLE_POLICIES, *RESTORE_POLICIES):
            self.add("policy_texts", digest=name, text=facts.managed_policy(name).text)
        for account in (*world.workloads, world.central):
            self.role(account, world.estate.roles.backup, ROLE_POLICIES)
            self.role(account, world.estate.roles.restore, RESTORE_POLICIES)
        for vault in world.rows("vaults", name="three-tiers-local"):
            vault["access_policy"] = comes_back(world.central)
        targets = {target for row in world.tables["accounts"] for target in (*row["ou_ids"], row["account_id"])}
        self.control("FullAWSAccess", {"Effect": "Allow", "Action": "*", "Resource": "*"}, *sorted(targets))

    def role(self, account: str, name: str, policies: tuple[str, ...]) -> None:
        """Add a role that AWS Backup takes on, with managed policies."""
        arn = f"arn:aws:iam::{account}:role/{name}"
        row = {"account_id": account, "region": "", "arn": arn, "kind": "role", "unique_id": "AROA1", "tags": {}}
        self.add("principals", **row, trust_digest="trust")
        for policy in policies:
            self.grant(account, arn, policy, facts.managed_policy(policy).arn)

    def grant(self, account: str, principal: str, name: str, arn: str | None, kind: str = "attached") -> None:
        """Give a principal a policy whose text has its name for a digest."""
        self.add("principal_policies", account_id=account, principal_arn=principal, kind=kind, name=name, policy_arn=arn, digest=name)

    def inline(self, account: str, principal: str, name: str, **statement: Any) -> None:
        """Give a principal an inline policy of one statement."""
        self.add("policy_texts", digest=name, text=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        self.grant(account, principal, name, None, "inline")

    def control(self, name: str, statement: dict[str, Any], *targets: str) -> None:
        """Attach a service control policy of one statement."""
        content = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        row = {"account_id": self.world.management, "policy_id": f"p-{name}", "type": "SERVICE_CONTROL_POLICY", "name": name}
        for target in targets:
            self.add("control_policies", **row, content=content, target_id=target)

    def settings(self) -> None:
        home = self.world.management
        self.add("settings", account_id=home, region="", kind="organization", name="id", value=ORGANIZATION)
        for account, region in product((home, self.world.central, *self.world.workloads), (HOME, SECOND)):
            for kind in (*TYPES, "Aurora", "FSx"):
                value = "true" if kind in TYPES else "false"
                self.add("settings", account_id=account, region=region, kind="opt_in", name=str(kind), value=value)
        self.add("settings", account_id=home, region="", kind="global", name="isCrossAccountBackupEnabled", value="true")
        self.add("settings", account_id=home, region="", kind="service_access", name="backup.amazonaws.com", value="true")

    def resource(self, number: int) -> None:
        kind, tier = TYPES[number % len(TYPES)], number // len(TYPES) % 4
        account, region = self.random.choice(self.world.workloads), self.random.choice([HOME, SECOND])
        name = f"{self.random.getrandbits(48):012x}"
        tags = {"owner": self.random.choice(["ann", "bob"]), "Name": name}
        if tier < 3:
            tags[self.world.key] = self.world.values[tier]
        self.protect(self.add_resource(account, region, str(kind), name, tags), tier)

    def add_resource(self, account: str, region: str, kind: str, name: str, tags: dict[str, str], **more: Any) -> dict[str, Any]:
        row = {
            "account_id": account,
            "region": region,
            "arn": ARNS[kind].format(account=account, region=region, name=name),
            "type": kind,
            "name": name,
            "tags": tags,
            "created_at": BORN - timedelta(days=100),
            "encrypted": True,
            "key_arn": self.data_key(account, region),
            "key_manager": "CUSTOMER",
            "size_bytes": 10**9,
        }
        return self.add("resources", **(row | more))

    def protect(self, resource: dict[str, Any], tier: int, *, copies: bool = True) -> None:
        """Add what AWS Backup would have made of a resource: jobs, recovery points and copies that have not expired."""
        if tier > 2:
            return
        plan = self.world.estate.plans[tier]
        account, region = resource["account_id"], resource["region"]
        plan_id = self.world.rows("backup_plans", account_id=account, region=region, name=plan.name)[0]["plan_id"]
        rule_id = self.world.rows("backup_rules", account_id=account, region=region, plan_id=plan_id)[0]["rule_id"]
        rule = plan.rules[0]
        local = self.vault_arn(account, region, rule.vault_name)
        hour, weekly = 2 + tier, tier == 2
        slot = datetime(BORN.year, BORN.month, BORN.day, hour, tzinfo=UTC)
        created = max(BORN, resource["created_at"])
        while slot < NOW:
            slot += timedelta(days=1)
            if slot <= created or slot > NOW or (weekly and slot.weekday() != 6):
                continue
            at = slot + timedelta(minutes=self.random.randrange(50), seconds=self.random.randrange(60))
            made = {"plan_id": plan_id.upper(), "rule_id": rule_id, "created_at": at}
            self.point(resource, (account, region, rule.vault_name), rule.keep, made, None)
            self.job(resource, local, made)
            for copy in rule.copies if copies else ():
                self.point(resource, (str(copy.account), copy.region, copy.vault_name), copy.keep, made, local)
                self.copy_job(resource, local, self.vault_arn(str(copy.account), copy.region, copy.vault_name), made)

    def point(self, resource: dict[str, Any], where: tuple[str, str, str], keep: Any, made: dict[str, Any], source: str | None) -> None:
        account, region, vault = where
        delete_at = made["created_at"] + timedelta(days=keep)
        if delete_at <= NOW:
            return
        self.add(
            "recovery_points",
            account_id=account,
            region=region,
            vault_name=vault,
            arn=f"arn:aws:backup:{region}:{account}:recovery-point:{self.uuid()}",
            resource_arn=resource["arn"],
            resource_type=resource["type"],
            status="COMPLETED",
            completed_at=made["created_at"] + timedelta(minutes=20),
            delete_at=delete_at,
            delete_after_days=keep,
            size_bytes=1,
            source_vault_arn=source,
            **self.encryption(resource, where, copied=source is not None),
            plan_version="v",
            **made,
        )

    def encryption(self, resource: dict[str, Any], where: tuple[str, str, str], *, copied: bool) -> dict[str, Any]:
        """What AWS Backup encrypts a recovery point under: the key of its vault, or that of its resource."""
        account, region, name = where
        if copied or resource["type"] in {"DynamoDB", "S3", "EFS"}:
            vaults = self.world.rows("vaults", account_id=account, region=region, name=name)
            return {"encrypted": True, "key_arn": vaults[0]["key_arn"] if vaults else None}
        return {"encrypted": resource["encrypted"], "key_arn": resource["key_arn"] if resource["encrypted"] else None}

    def job(self, resource: dict[str, Any], vault_arn: str, made: dict[str, Any], **outcome: str) -> None:
        if made["created_at"] < NOW - timedelta(days=30):
            return
        self.add(
            "backup_jobs",
            account_id=resource["account_id"],
            region=resource["region"],
            job_id=self.uuid(),
            resource_arn=resource["arn"],
            resource_type=resource["type"],
            vault_name=vault_arn.rsplit(":", 1)[1],
            message_category="SUCCESS",
            **({"state": "COMPLETED"} | outcome | made),
        )

    def copy_job(self, resource: dict[str, Any], source: str, to: str, made: dict[str, Any], **outcome: str) -> None:
        if made["created_at"] < NOW - timedelta(days=30):
            return
        self.add(
            "copy_jobs",
            account_id=resource["account_id"],
            region=resource["region"],
            job_id=self.uuid(),
            resource_arn=resource["arn"],
            resource_type=resource["type"],
            source_vault_arn=source,
            destination_vault_arn=to,
            source_recovery_point_arn="s",
            **({"state": "COMPLETED"} | outcome | made | {"created_at": made["created_at"] + timedelta(minutes=25)}),
        )

    def vault_arn(self, account: str, region: str, name: str) -> str:
        return f"arn:aws:backup:{region}:{account}:backup-vault:{name}"

    def uuid(self) -> str:
        return f"{self.random.getrandbits(128):032x}"


@pytest.fixture
def builder() -> Callable[..., Builder]:
    """Make a builder from a seed and more rules of production, which `protect` leaves out; `build` gives the healthy world."""

    def make(seed: int = 1, resources: int = 40, *more: Rule) -> Builder:
        return Builder(seed, resources, more)

    return make
