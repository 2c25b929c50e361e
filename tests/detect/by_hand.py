"""An organization that others built, with AWS CLI commands alone: our compiler has no part in it.

Two plans of a backup policy, one made by hand in one account, vaults, keys, a lock, copies to a central account in two Regions; names are
drawn by a seed.
"""

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from strongroom.api.init import init_from_aws
from strongroom.api.sync import sync
from strongroom.api.verify import verify
from strongroom.proof import Verification
from strongroom.twin import client as control
from strongroom.twin import process
from strongroom.twin.state import Endpoint

DAYS = 6
MANAGED = ("service-role/AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForS3Backup")
USE = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
TYPES = ("DynamoDB", "EFS", "EBS", "RDS", "EC2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a seed draws."""

    management: str
    central: str
    workloads: tuple[str, str, str]  # the second has a plan of its own
    home: str
    second: str
    unit: str
    role: str
    vault: str  # in every workload account
    own_vault: str  # of the plan of one account
    copies: str  # the central vault in the home Region
    far: str  # the central vault in the other Region
    plans: tuple[str, str]
    own_plan: str
    key: str  # of tags
    values: tuple[str, str, str]


def names(seed: int) -> Names:
    """Return the names of a seed."""
    draw = random.Random(seed)  # noqa: S311 - reproducible, not secret
    accounts = [f"{draw.randrange(10**11, 10**12)}" for _ in range(5)]
    home, second = draw.sample(["eu-west-2", "eu-west-1", "eu-central-1", "us-east-2"], 2)
    word = draw.sample(["Amber", "Birch", "Copper", "Delta", "Elm", "Flint", "Granite", "Heather", "Ivory", "Juniper", "Kelp", "Larch"], 9)
    return Names(
        management=accounts[0],
        central=accounts[1],
        workloads=(accounts[2], accounts[3], accounts[4]),
        home=home,
        second=second,
        unit=word[0],
        role=f"{word[1]}BackupService",
        vault=f"{word[2]}_Vault",
        own_vault=f"{word[3]}-own",
        copies=f"{word[4]}Copies",
        far=f"{word[5]}-Far",
        plans=(f"{word[6]}_Daily", f"{word[7]}.Weekly"),
        own_plan=f"{word[8]}-ByHand",
        key=draw.choice(["Backup-Class", "tier", "Umgebung"]),
        values=draw.choice([("critical", "normal", "ledger"), ("A", "B", "C"), ("Gold", "Silver", "Slate")]),
    )


def seed_file(it: Names) -> str:
    """Return the organization before anybody cared about backups: accounts, users, and a role that reads."""
    accounts = {f"work-{number}": account for number, account in enumerate(it.workloads)}
    everyone = {"management": it.management, "central": it.central, **accounts}
    return json.dumps(
        {
            "twin": 1,
            "home_region": it.home,
            "regions": [it.home, it.second],
            "organization": {
                "management": {"name": "management", "id": it.management},
                "units": {"Vaults": {"accounts": {"central": it.central}}, it.unit: {"accounts": accounts}},
            },
            "users": [
                {"name": "admin", "account": name, "access_key": _key(account), "secret": "local"} for name, account in everyone.items()
            ],
            "roles": [
                {"name": "strongroom-read", "accounts": "all", "trusts": ["management"]},
                {"name": "strongroom-deploy", "accounts": ["central"], "trusts": ["management"]},
            ],
        }
    )


def _key(account: str) -> str:
    return f"AKIABYHAND{account[:10]}"


def document(*statements: Mapping[str, Any]) -> str:
    """Return a policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class ByHand:
    """A running twin of that organization, and whoever administers it."""

    def __init__(self, endpoint: Endpoint, it: Names) -> None:
        self.endpoint = endpoint
        self.it = it
        bare = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "STRONGROOM_HOME"))}
        worker = [sys.executable, str(Path(__file__).with_name("cli_worker.py"))]
        self._cli = subprocess.Popen(worker, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=bare, text=True)
        self._clients: dict[tuple[str, str, str], Any] = {}

    def close(self) -> None:
        """End the process of the CLI."""
        for pipe in (self._cli.stdin, self._cli.stdout):
            if pipe is not None:
                pipe.close()
        self._cli.wait()

    def environment(self, account: str, region: str) -> dict[str, str]:
        """Return the variables of somebody's shell in an account."""
        return {
            **process.environment(self.endpoint),
            "AWS_ACCESS_KEY_ID": _key(account),
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def aws(self, account: str, region: str, *command: str) -> Any:
        """Run a command of the AWS CLI and return what it prints."""
        asked = {"environment": self.environment(account, region), "command": [*command, "--region", region, "--output", "json"]}
        stdin, stdout = self._cli.stdin, self._cli.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(asked) + "\n")
        stdin.flush()
        answer = json.loads(stdout.readline())
        assert answer["code"] == 0, f"aws {' '.join(command)}: {answer['err']}"
        return json.loads(answer["out"] or "{}")

    def client(self, service: str, account: str, region: str) -> Any:
        """Return a client for those who break things and look after them."""
        place = (service, account, region)
        if place not in self._clients:
            self._clients[place] = boto3.client(
                service,
                region_name=region,
                endpoint_url=self.endpoint.url,
                aws_access_key_id=_key(account),
                aws_secret_access_key="local",
                config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
            )
        return self._clients[place]

    def build(self) -> None:
        """Build everything, then let some days pass to a quiet noon."""
        self._organization()
        for account in (self.it.central, *self.it.workloads):
            self._role(account)
        for account in self.it.workloads:
            self._vault(account, self.it.home, self.it.vault, lets_in=True)  # copies come back before they are restored
        self._vault(self.it.workloads[1], self.it.home, self.it.own_vault)
        for region, vault in ((self.it.home, self.it.copies), (self.it.second, self.it.far)):
            self._vault(self.it.central, region, vault, lets_in=True)
        locked = ("--min-retention-days", "7", "--max-retention-days", "400")
        self.aws(
            self.it.central, self.it.home, "backup", "put-backup-vault-lock-configuration", "--backup-vault-name", self.it.copies, *locked
        )
        self._resources()
        self._policy()
        self._own_plan()
        self.let_pass(DAYS)

    def let_pass(self, days: int) -> None:
        """Let some days pass, to noon: no run is near, so that nothing happens while a test looks on."""
        now = datetime.fromisoformat(control.clock(self.endpoint)["now"])
        noon = (now + timedelta(days=days)).replace(hour=12, minute=0, second=0, microsecond=0)
        control.move_clock(self.endpoint, to=noon.isoformat())

    def _organization(self) -> None:
        it = self.it
        root = self.aws(it.management, it.home, "organizations", "list-roots")["Roots"][0]["Id"]
        self.aws(it.management, it.home, "organizations", "enable-aws-service-access", "--service-principal", "backup.amazonaws.com")
        self.aws(it.management, it.home, "organizations", "enable-policy-type", "--root-id", root, "--policy-type", "BACKUP_POLICY")
        switch = "isCrossAccountBackupEnabled=true"
        self.aws(it.management, it.home, "backup", "update-global-settings", "--global-settings", switch)
        for region in (it.home, it.second):
            on = ",".join(f"{kind}=true" for kind in TYPES)
            self.aws(it.management, region, "backup", "update-region-settings", "--resource-type-opt-in-preference", on)
        for account in it.workloads:
            managed = "DynamoDB=true"
            self.aws(account, it.home, "backup", "update-region-settings", "--resource-type-management-preference", managed)

    def _role(self, account: str) -> None:
        trust = document({"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"})
        self.aws(account, self.it.home, "iam", "create-role", "--role-name", self.it.role, "--assume-role-policy-document", trust)
        for name in MANAGED:
            arn = f"arn:aws:iam::aws:policy/{name}"
            self.aws(account, self.it.home, "iam", "attach-role-policy", "--role-name", self.it.role, "--policy-arn", arn)

    def _vault(self, account: str, region: str, name: str, *, lets_in: bool = False) -> None:
        organization = self.client("organizations", self.it.management, self.it.home).describe_organization()["Organization"]["Id"]
        inside = {"StringEquals": {"aws:PrincipalOrgID": organization}}
        root = {"AWS": f"arn:aws:iam::{account}:root"}
        policy = document(
            {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"},
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": USE, "Resource": "*", "Condition": inside},
        )
        key = self.aws(account, region, "kms", "create-key", "--policy", policy)["KeyMetadata"]["Arn"]
        self.aws(account, region, "backup", "create-backup-vault", "--backup-vault-name", name, "--encryption-key-arn", key)
        if lets_in:
            copies = {"Effect": "Allow", "Principal": "*", "Action": "backup:CopyIntoBackupVault", "Resource": "*", "Condition": inside}
            command = ("backup", "put-backup-vault-access-policy", "--backup-vault-name", name, "--policy", document(copies))
            self.aws(account, region, *command)

    def _resources(self) -> None:
        it = self.it
        for number, account in enumerate(it.workloads):
            self._table(account, f"orders-{number}", it.values[0])
            self._table(account, f"drafts-{number}", it.values[1])
        self._table(it.workloads[1], "ledger", it.values[2])
        tags = f"ResourceType=volume,Tags=[{{Key={it.key},Value={it.values[1]}}}]"
        placed = ("--availability-zone", f"{it.home}a", "--size", "8", "--tag-specifications", tags)
        self.aws(it.workloads[2], it.home, "ec2", "create-volume", *placed)

    def _table(self, account: str, name: str, value: str) -> None:
        keys = ("--attribute-definitions", "AttributeName=id,AttributeType=S", "--key-schema", "AttributeName=id,KeyType=HASH")
        tags = ("--billing-mode", "PAY_PER_REQUEST", "--tags", f"Key={self.it.key},Value={value}")
        self.aws(account, self.it.home, "dynamodb", "create-table", "--table-name", name, *keys, *tags)

    def _policy(self) -> None:
        it = self.it
        organizations = ("organizations",)
        written = json.dumps({"plans": {it.plans[0]: self._daily(), it.plans[1]: self._weekly()}})
        named = ("--name", "corporate-backups", "--description", "since 2019", "--type", "BACKUP_POLICY", "--content", written)
        policy = self.aws(it.management, it.home, *organizations, "create-policy", *named)["Policy"]["PolicySummary"]["Id"]
        root = self.aws(it.management, it.home, *organizations, "list-roots")["Roots"][0]["Id"]
        units = self.aws(it.management, it.home, *organizations, "list-organizational-units-for-parent", "--parent-id", root)
        target = next(unit["Id"] for unit in units["OrganizationalUnits"] if unit["Name"] == it.unit)
        self.aws(it.management, it.home, *organizations, "attach-policy", "--policy-id", policy, "--target-id", target)

    def _daily(self) -> dict[str, Any]:
        it = self.it
        copies = {
            f"arn:aws:backup:{region}:{it.central}:backup-vault:{vault}": {
                "target_backup_vault_arn": _is(f"arn:aws:backup:{region}:{it.central}:backup-vault:{vault}"),
                "lifecycle": {"delete_after_days": _is(days)},
            }
            for region, vault, days in ((it.home, it.copies, "366"), (it.second, it.far, "90"))
        }
        rule = {
            "schedule_expression": _is("cron(30 2 ? * * *)"),
            "start_backup_window_minutes": _is("60"),
            "complete_backup_window_minutes": _is("600"),
            "target_backup_vault_name": _is(it.vault),
            "lifecycle": {"delete_after_days": _is("35")},
            "copy_actions": copies,
        }
        return {"regions": _is([it.home]), "rules": {"Every_Night": rule}, "selections": self._selects(it.values[0])}

    def _weekly(self) -> dict[str, Any]:
        rule = {
            "schedule_expression": _is("cron(0 3 ? * SUN *)"),
            "target_backup_vault_name": _is(self.it.vault),
            "lifecycle": {"delete_after_days": _is("60")},
        }
        return {"regions": _is([self.it.home]), "rules": {"sundays": rule}, "selections": self._selects(self.it.values[1])}

    def _selects(self, value: str) -> dict[str, Any]:
        selection = {
            "iam_role_arn": _is(f"arn:aws:iam::$account:role/{self.it.role}"),
            "tag_key": _is(self.it.key),
            "tag_value": _is([value]),
        }
        return {"tags": {"tagged": selection}}

    def _own_plan(self) -> None:
        it, account = self.it, self.it.workloads[1]
        rule = {
            "RuleName": "Quarter-Hourly.No",
            "TargetBackupVaultName": it.own_vault,
            "ScheduleExpression": "cron(0 4 * * ? *)",
            "StartWindowMinutes": 60,
            "CompletionWindowMinutes": 120,
            "Lifecycle": {"DeleteAfterDays": 14},
        }
        plan = json.dumps({"BackupPlanName": it.own_plan, "Rules": [rule]})
        made = self.aws(account, it.home, "backup", "create-backup-plan", "--backup-plan", plan)["BackupPlanId"]
        tag = {"ConditionType": "STRINGEQUALS", "ConditionKey": it.key, "ConditionValue": it.values[2]}
        selection = {"SelectionName": "ledgers", "IamRoleArn": f"arn:aws:iam::{account}:role/{it.role}", "ListOfTags": [tag]}
        given = ("--backup-plan-id", made, "--backup-selection", json.dumps(selection))
        self.aws(account, it.home, "backup", "create-backup-selection", *given)


def _is(value: str | list[str]) -> dict[str, Any]:
    return {"@@assign": value}


@contextmanager
def as_shell(variables: Mapping[str, str]) -> Iterator[None]:
    """The environment of a shell; the machine's own AWS configuration plays no part."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("AWS_", "STRONGROOM_HOME"))]:
        del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@dataclass
class Adopted:
    """An organization that others built, with the strategy that `init --from-aws` wrote for it."""

    org: ByHand
    home: Path
    strategy: Path
    reads: int = 0

    def verify(self) -> Verification:
        """Sync into a ledger of its own, and verify."""
        self.reads += 1
        home = self.home / f"read-{self.reads}"
        with as_shell(self.org.environment(self.org.it.management, self.org.it.home)):
            synced = sync(self.strategy, home=home, on_progress=lambda *_: None)
        assert synced.unread == ()
        return verify(self.strategy, home=home)


@contextmanager
def adopted(home: Path, seed: int, *, more: str = "") -> Iterator[Adopted]:
    """A running organization of a seed with its strategy; `more` is written below it."""
    with built(home, seed) as org:
        strategy = home / "strategy.yaml"
        with as_shell(org.environment(org.it.management, org.it.home)):
            init_from_aws(strategy, home=home, regions=[org.it.home, org.it.second], on_progress=lambda *_: None)
        strategy.write_text(strategy.read_text(encoding="utf-8") + more.format(it=org.it), encoding="utf-8")
        yield Adopted(org, home, strategy)


@contextmanager
def built(home: Path, seed: int) -> Iterator[ByHand]:
    """A running organization of a seed."""
    it = names(seed)
    home.mkdir(parents=True, exist_ok=True)
    file = home / "organization.yaml"
    file.write_text(seed_file(it), encoding="utf-8")
    made = ByHand(process.up(home, 0, file), it)
    try:
        made.build()
        yield made
    finally:
        made.close()
        process.down(home)
