"""An organization of six accounts for attackers, and what an attacker does with the permissions of one of them.

Built with boto3 alone, never by the compiler: workload `shop` is open, `bank` stands below guard rails, and `central` holds one vault
that anybody there can empty and one that is locked for good. A legal hold keeps one copy in the first, and who is there can't cancel it.
Any account may leave the organization, and so all of that: the shop's administrator makes the bank leave by a role there, but has none
that makes the central account leave. Shop and bank may assume a role that changes the central keys as members alone, which the shop is
forbidden as long as it is one.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from strongroom.semantics.survival import Event, EventKind
from strongroom.twin import client as control
from strongroom.twin.state import Endpoint

MANAGEMENT, CENTRAL, SHOP, BANK = "111111111111", "333333333333", "555555555555", "666666666666"
HOME, SECOND = "eu-west-2", "eu-west-1"
KEYS = {account: (f"AKIAATTACK{account[:6]}0000", "local") for account in (MANAGEMENT, CENTRAL, SHOP, BANK)}
SEED = f"""\
twin: 1
home_region: {HOME}
regions: [{HOME}, {SECOND}]
organization:
  management: {{name: management, id: "{MANAGEMENT}"}}
  units:
    Vaults: {{accounts: {{central: "{CENTRAL}"}}}}
    Open: {{accounts: {{shop: "{SHOP}"}}}}
    Guarded: {{accounts: {{bank: "{BANK}"}}}}
users:
{chr(10).join(f'  - {{name: admin, account: "{account}", access_key: {key}, secret: {secret}}}' for account, (key, secret) in KEYS.items())}
roles:
  - {{name: strongroom-read, accounts: all, trusts: [management]}}
resources:
  - {{type: efs, name: local-only, account: shop}}
  - {{type: efs, name: copied, account: shop}}
  - {{type: efs, name: held, account: shop}}
  - {{type: efs, name: locked-away, account: bank}}
  - {{type: efs, name: two-regions, account: bank}}
"""
NAMES = ("local-only", "copied", "held", "locked-away", "two-regions")
OWNERS = {"local-only": SHOP, "copied": SHOP, "held": SHOP, "locked-away": BANK, "two-regions": BANK}
VAULTS = {  # name -> where; each with a key of its own
    "shop-local": (SHOP, HOME),
    "bank-local": (BANK, HOME),
    "bank-dr": (BANK, SECOND),
    "central-open": (CENTRAL, HOME),
    "central-locked": (CENTRAL, SECOND),
}
USE = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
FORBIDDEN = [
    *(f"backup:{name}" for name in ("DeleteBackupVault*", "DeleteRecoveryPoint", "DisassociateRecoveryPoint", "PutBackupVault*")),
    "backup:UpdateRecoveryPointLifecycle",
    *(f"kms:{name}" for name in ("DisableKey", "PutKeyPolicy", "ScheduleKeyDeletion")),
]
ROLE, BREAKER, MOVER, INSIDER = "backups", "breaker", "mover", "insider"
ROLES = (*product((SHOP, BANK, CENTRAL), (ROLE, "strongroom-read")), (CENTRAL, BREAKER), (CENTRAL, INSIDER), (BANK, MOVER))
RAILS = (  # name, unit, what is forbidden there, of what
    ("guard-rails", "Guarded", FORBIDDEN, "*"),
    ("holds-stay", "Vaults", ["backup:CancelLegalHold"], "*"),
    ("stay-out", "Open", ["sts:AssumeRole"], f"arn:aws:iam::{CENTRAL}:role/{INSIDER}"),
)
REFUSED = (ClientError, BotoCoreError)


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@dataclass
class Attacked:
    """A running twin of that organization."""

    endpoint: Endpoint
    keys: dict[str, str] = field(default_factory=dict)  # name of a vault -> ARN of its key
    arns: dict[str, str] = field(default_factory=dict)  # name of a resource -> ARN
    _clients: dict[tuple[str, ...], Any] = field(default_factory=dict)

    def at(self, endpoint: Endpoint) -> "Attacked":
        """The same organization in another process at the same address: connections are made anew."""
        assert (endpoint.host, endpoint.port) == (self.endpoint.host, self.endpoint.port)
        return Attacked(endpoint, self.keys, self.arns, self._clients)

    def client(self, service: str, region: str, account: str) -> Any:
        """A client with the permissions of an account's administrator."""
        return self.client_of(service, region, *KEYS[account])

    def client_of(self, service: str, region: str, key: str, secret: str, token: str = "") -> Any:
        place = (service, region, key)
        if place not in self._clients:
            self._clients[place] = boto3.client(
                service,
                region_name=region,
                endpoint_url=self.endpoint.url,
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                aws_session_token=token or None,
                config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60),
            )
        return self._clients[place]

    def build(self) -> None:
        """Make vaults, keys, roles and guard rails, then recovery points of 41, 10 and 0 days."""
        organization = self.client("organizations", HOME, MANAGEMENT)
        organization.enable_aws_service_access(ServicePrincipal="backup.amazonaws.com")
        self.client("backup", HOME, MANAGEMENT).update_global_settings(GlobalSettings={"isCrossAccountBackupEnabled": "true"})
        for account in (SHOP, BANK, CENTRAL):
            self._roles(account)
            for region in (HOME, SECOND):
                self.client("backup", region, account).update_region_settings(ResourceTypeOptInPreference={"EFS": True})
        for name, (account, region) in VAULTS.items():
            self._vault(name, account, region)
        for name, account in OWNERS.items():
            systems = self.client("efs", HOME, account).describe_file_systems()["FileSystems"]
            self.arns[name] = next(each["FileSystemArn"] for each in systems if each.get("Name", each["CreationToken"]) == name)
        self._backup("copied", SHOP, "central-open")
        self._backup("held", SHOP, "central-open")
        self._hold("held")
        self._backup("two-regions", BANK, "bank-dr")
        control.move_clock(self.endpoint, advance="31d")
        self._backup("locked-away", BANK, "central-locked")
        control.move_clock(self.endpoint, advance="9d")
        for name, account in OWNERS.items():
            self._backup(name, account, "")
        self._guard_rails(organization)

    def _roles(self, account: str) -> None:
        iam = self.client("iam", "us-east-1", account)
        allowed = document({"Effect": "Allow", "Action": ["backup:*", "elasticfilesystem:*", "kms:*", "tag:*"], "Resource": "*"})
        iam.create_role(
            RoleName=ROLE,
            AssumeRolePolicyDocument=document(
                {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ),
        )
        iam.put_role_policy(RoleName=ROLE, PolicyName="all", PolicyDocument=allowed)
        organization = self.client("organizations", HOME, MANAGEMENT).describe_organization()["Organization"]["Id"]
        inside = {"Condition": {"StringEquals": {"aws:PrincipalOrgID": organization}}}
        for owner, name, trusted, actions, condition in (
            (CENTRAL, BREAKER, f"arn:aws:iam::{SHOP}:root", ["backup:*"], {}),
            (CENTRAL, INSIDER, [f"arn:aws:iam::{each}:root" for each in (SHOP, BANK)], ["kms:*"], inside),
            (BANK, MOVER, f"arn:aws:iam::{SHOP}:root", ["backup:*", "organizations:LeaveOrganization"], {}),
        ):
            if owner == account:
                trust = {"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole", **condition}
                iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))
                may = document({"Effect": "Allow", "Action": actions, "Resource": "*"})
                iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=may)

    def _vault(self, name: str, account: str, region: str) -> None:
        organization = self.client("organizations", HOME, MANAGEMENT).describe_organization()["Organization"]["Id"]
        inside = {"StringEquals": {"aws:PrincipalOrgID": organization}}
        root = {"AWS": f"arn:aws:iam::{account}:root"}
        policy = document(
            {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"},
            {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": USE, "Resource": "*", "Condition": inside},
        )
        self.keys[name] = self.client("kms", region, account).create_key(Policy=policy)["KeyMetadata"]["Arn"]
        backup = self.client("backup", region, account)
        backup.create_backup_vault(BackupVaultName=name, EncryptionKeyArn=self.keys[name])
        if account == CENTRAL:
            copies = {"Effect": "Allow", "Principal": "*", "Action": "backup:CopyIntoBackupVault", "Resource": "*", "Condition": inside}
            backup.put_backup_vault_access_policy(BackupVaultName=name, Policy=document(copies))
        if name == "central-locked":
            backup.put_backup_vault_lock_configuration(BackupVaultName=name, MinRetentionDays=7, ChangeableForDays=3)

    def _backup(self, name: str, account: str, copied_to: str) -> None:
        backup = self.client("backup", HOME, account)
        vault = "shop-local" if account == SHOP else "bank-local"
        role = f"arn:aws:iam::{account}:role/{ROLE}"
        job = backup.start_backup_job(
            BackupVaultName=vault, ResourceArn=self.arns[name], IamRoleArn=role, Lifecycle={"DeleteAfterDays": 365}
        )
        control.move_clock(self.endpoint, advance="12h")
        done = backup.describe_backup_job(BackupJobId=job["BackupJobId"])
        assert done["State"] == "COMPLETED", done
        if copied_to:
            owner, region = VAULTS[copied_to]
            copy = backup.start_copy_job(
                RecoveryPointArn=done["RecoveryPointArn"],
                SourceBackupVaultName=vault,
                DestinationBackupVaultArn=f"arn:aws:backup:{region}:{owner}:backup-vault:{copied_to}",
                IamRoleArn=role,
                Lifecycle={"DeleteAfterDays": 365},
            )
            control.move_clock(self.endpoint, advance="12h")
            copied = backup.describe_copy_job(CopyJobId=copy["CopyJobId"])["CopyJob"]
            assert copied["State"] == "COMPLETED", copied
            if name in ("copied", "held"):  # so that its old recovery point is in one place alone
                backup.delete_recovery_point(BackupVaultName=vault, RecoveryPointArn=done["RecoveryPointArn"])

    def _hold(self, name: str) -> None:
        backup = self.client("backup", HOME, CENTRAL)
        selection = {"VaultNames": ["central-open"], "ResourceIdentifiers": [self.arns[name]]}
        backup.create_legal_hold(Title="lawsuit", Description="-", RecoveryPointSelection=selection)

    def _guard_rails(self, organization: Any) -> None:
        (root,) = organization.list_roots()["Roots"]
        units = organization.list_organizational_units_for_parent(ParentId=root["Id"])["OrganizationalUnits"]
        for name, unit, actions, resource in RAILS:
            content = document({"Effect": "Deny", "Action": actions, "Resource": resource})
            made = organization.create_policy(Name=name, Type="SERVICE_CONTROL_POLICY", Description="", Content=content)
            target = next(each["Id"] for each in units if each["Name"] == unit)
            organization.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=target)

    def happen(self, events: Collection[Event]) -> None:
        """Let things go wrong, by API calls where somebody does it; administrators work together, and before accounts are closed."""
        self._turn(*(event.subject for event in events if event.kind is EventKind.ADMINISTRATOR))
        for event in events:
            match event.kind:
                case EventKind.MANAGEMENT:
                    for account in (SHOP, BANK, CENTRAL):
                        _try(self.client("organizations", HOME, MANAGEMENT).close_account, AccountId=account)
                    self._turn(MANAGEMENT)
                case EventKind.CLOSED:
                    _try(self.client("organizations", HOME, MANAGEMENT).close_account, AccountId=event.subject)
                case EventKind.KEY:
                    control.add_fault(self.endpoint, "disable-key", key=event.subject)
                case EventKind.REGION:
                    control.add_fault(self.endpoint, "region-outage", region=event.subject)
                case EventKind.ADMINISTRATOR | EventKind.RANSOMWARE:
                    pass  # the former are done; what the latter makes worthless is told by the date of a recovery point: see `left`

    def _turn(self, *accounts: str) -> None:
        """Do everything that administrators of some accounts could think of; then make accounts leave, and do it all again.

        Sessions go on when their account has left, or the one that took them.
        """
        held = {(account, ""): (*KEYS[account], "") for account in accounts}
        inside = set(KEYS)
        while held:
            while new := self._sessions(held):
                held |= new
            for (owner, _), identity in held.items():
                self._wreck(owner, *identity)
            left = {owner for (owner, _), identity in held.items() if owner in inside and self._leave(*identity)}
            if not left:
                return
            inside -= left

    def _leave(self, *identity: str) -> bool:
        return bool(_try(self.client_of("organizations", HOME, *identity).leave_organization))

    def _sessions(self, held: Mapping[tuple[str, str], tuple[str, str, str]]) -> dict[tuple[str, str], tuple[str, str, str]]:
        """Return who else the administrator may be: key, secret and token by account and role."""
        found = {}
        for (owner, role), identity in product(ROLES, held.values()):
            arn = f"arn:aws:iam::{owner}:role/{role}"
            if (owner, role) in held or (owner, role) in found:
                continue
            if answer := _try(self.client_of("sts", HOME, *identity).assume_role, RoleArn=arn, RoleSessionName="attacker"):
                given = answer["Credentials"]
                found[owner, role] = (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        return found

    def _wreck(self, account: str, key: str, secret: str, token: str) -> None:
        for name, (owner, region) in VAULTS.items():
            if owner != account:
                continue
            backup = self.client_of("backup", region, key, secret, token)
            opened = document({"Effect": "Allow", "Principal": "*", "Action": "backup:DeleteRecoveryPoint", "Resource": "*"})
            _try(backup.put_backup_vault_access_policy, BackupVaultName=name, Policy=opened)
            _try(backup.delete_backup_vault_lock_configuration, BackupVaultName=name)
            self._end_holds(backup)
            listed = _try(backup.list_recovery_points_by_backup_vault, BackupVaultName=name) or {"RecoveryPoints": []}
            for point in listed["RecoveryPoints"]:
                _try(backup.delete_recovery_point, BackupVaultName=name, RecoveryPointArn=point["RecoveryPointArn"])
            kms = self.client_of("kms", region, key, secret, token)
            _try(kms.disable_key, KeyId=self.keys[name])
            _try(kms.schedule_key_deletion, KeyId=self.keys[name], PendingWindowInDays=7)

    def _end_holds(self, backup: Any) -> None:
        holds = (_try(backup.list_legal_holds) or {"LegalHolds": []})["LegalHolds"]
        for hold in (each["LegalHoldId"] for each in holds if each["Status"] == "ACTIVE"):
            if _try(backup.cancel_legal_hold, LegalHoldId=hold, CancelDescription="-"):
                control.move_clock(self.endpoint, advance="1h")  # until it is gone

    def left(self, name: str, events: frozenset[Event], now: Any) -> list[str]:
        """The recovery points of a resource that could still be restored: in accounts that are open, in Regions that are there."""
        closed = self._closed()
        lost = {event.subject for event in events if event.kind is EventKind.REGION}
        days = max((event.days for event in events), default=0)
        found = []
        for vault, (account, region) in VAULTS.items():
            if account in closed or region in lost:
                continue
            state = self.client("kms", region, account).describe_key(KeyId=self.keys[vault])["KeyMetadata"]["KeyState"]
            points = self.client("backup", region, account).list_recovery_points_by_backup_vault(BackupVaultName=vault)["RecoveryPoints"]
            found += [
                f"{vault}: {point['RecoveryPointArn']}"
                for point in points
                if point["ResourceArn"] == self.arns[name]
                and point["Status"] == "COMPLETED"
                and state == "Enabled"
                and (now - point["CreationDate"]).days >= days
            ]
        return found

    def _closed(self) -> set[str]:
        accounts = self.client("organizations", "us-east-1", MANAGEMENT).list_accounts()["Accounts"]
        return {account["Id"] for account in accounts if account["Status"] != "ACTIVE"}


def _try(call: Callable[..., Any], **parameters: Any) -> Any:
    """Return the answer of a call that an attacker just tries, None when it is refused."""
    try:
        return call(**parameters) or True
    except REFUSED:
        return None
