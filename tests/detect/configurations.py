"""Configurations that can't do what somebody believes, made by AWS CLI commands in an organization that others built."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from tests.detect.by_hand import ByHand


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What `verify` must say: this, once."""

    code: str
    mode: str  # FM01…FM39
    says: str  # part of subject and cause
    fix: str  # part of the help


Planted = Callable[[ByHand], AbstractContextManager[Expected]]
FAR = "nobody-has-this-tag"


def _rule(org: ByHand, **members: Any) -> dict[str, Any]:
    rule = {
        "RuleName": "extra",
        "TargetBackupVaultName": org.it.vault,
        "ScheduleExpression": "cron(0 20 * * ? *)",
        "StartWindowMinutes": 60,
    }
    return {**rule, "CompletionWindowMinutes": 180, "Lifecycle": {"DeleteAfterDays": 10}, **members}


def _tagged(value: str, key: str = FAR) -> dict[str, Any]:
    return {"ListOfTags": [{"ConditionType": "STRINGEQUALS", "ConditionKey": key, "ConditionValue": value}]}


@contextmanager
def _plan(org: ByHand, name: str, *rules: dict[str, Any], selects: dict[str, Any]) -> Iterator[None]:
    """A plan that somebody makes in the first workload account; it is gone when the `with` ends."""
    account, home = org.it.workloads[0], org.it.home
    document = json.dumps({"BackupPlanName": name, "Rules": list(rules)})
    plan = org.aws(account, home, "backup", "create-backup-plan", "--backup-plan", document)["BackupPlanId"]
    selection = json.dumps({"SelectionName": "some", "IamRoleArn": f"arn:aws:iam::{account}:role/{org.it.role}", **selects})
    given = ("--backup-plan-id", plan)
    made = org.aws(account, home, "backup", "create-backup-selection", *given, "--backup-selection", selection)["SelectionId"]
    yield
    org.aws(account, home, "backup", "delete-backup-selection", *given, "--selection-id", made)
    org.aws(account, home, "backup", "delete-backup-plan", *given)


@contextmanager
def windows_overlap(org: ByHand) -> Iterator[Expected]:
    """Two rules of one plan start within each other's window."""
    rules = (_rule(org), _rule(org, RuleName="longer", ScheduleExpression="cron(30 20 * * ? *)", Lifecycle={"DeleteAfterDays": 300}))
    with _plan(org, "evenings", *rules, selects=_tagged("a")):
        says = f"rule evenings.extra in account {org.it.workloads[0]}"
        yield Expected(code="WIN001", mode="FM11", says=says, fix="use two plans")


@contextmanager
def cold_without_a_tier(org: ByHand) -> Iterator[Expected]:
    """A plan for databases moves to cold storage, which they don't have."""
    lifecycle = {"MoveToColdStorageAfterDays": 10, "DeleteAfterDays": 200}
    with _plan(org, "frozen", _rule(org, Lifecycle=lifecycle), selects={"Resources": ["arn:aws:rds:*:*:db:*"]}):
        yield Expected(code="LIF004", mode="FM12", says="rule frozen.extra", fix="")


@contextmanager
def copy_asks_for_ever(org: ByHand) -> Iterator[Expected]:
    """A copy is never to be deleted, and inherits the end of its source."""
    to = f"arn:aws:backup:{org.it.home}:{org.it.central}:backup-vault:{org.it.copies}"
    copies = [{"DestinationBackupVaultArn": to, "Lifecycle": {"DeleteAfterDays": -1}}]
    with _plan(org, "eternal", _rule(org, CopyActions=copies), selects=_tagged("b")):
        yield Expected(code="CPY004", mode="FM13", says="the copy asks to be kept forever and is kept 10 days", fix="36500d at most")


@contextmanager
def basic_dynamodb_backups(org: ByHand) -> Iterator[Expected]:
    """The advanced features of DynamoDB are switched off in an account whose tables are copied."""
    account, switch = org.it.workloads[2], ("backup", "update-region-settings", "--resource-type-management-preference")
    org.aws(account, org.it.home, *switch, "DynamoDB=false")
    yield Expected(code="CPY005", mode="FM14", says="a table without advanced features", fix="switch on AWS Backup's advanced features")
    org.aws(account, org.it.home, *switch, "DynamoDB=true")


@contextmanager
def _bucket(org: ByHand, name: str, *, versioned: bool) -> Iterator[tuple[str, ...]]:
    account, home, bucket = org.it.workloads[0], org.it.home, f"{name}-{org.it.workloads[0]}"
    command = ("s3api", "create-bucket", "--bucket", bucket)
    org.aws(account, home, *command, "--create-bucket-configuration", f"LocationConstraint={home}")
    if versioned:
        org.aws(account, home, "s3api", "put-bucket-versioning", "--bucket", bucket, "--versioning-configuration", "Status=Enabled")
    yield ("--bucket", bucket)
    org.aws(account, home, "s3api", "delete-bucket", "--bucket", bucket)


@contextmanager
def bucket_without_versions(org: ByHand) -> Iterator[Expected]:
    """A plan backs up a bucket continuously that has no versioning."""
    with _bucket(org, "flat", versioned=False) as (_, bucket):
        rule = _rule(org, EnableContinuousBackup=True)
        with _plan(org, "buckets", rule, selects={"Resources": [f"arn:aws:s3:::{bucket}"]}):
            yield Expected(code="BKT001", mode="FM25", says=f"plan buckets selects arn:aws:s3:::{bucket}", fix="put-bucket-versioning")


@contextmanager
def replication_disabled(org: ByHand) -> Iterator[Expected]:
    """A bucket's replication rule is disabled, and its owner counts on it."""
    with _replicated(org, "halted", "Disabled") as bucket:
        yield Expected(code="BKT003", mode="FM33", says=f"arn:aws:s3:::{bucket}", fix="enable the replication rule")


@contextmanager
def _replicated(org: ByHand, name: str, status: str) -> Iterator[str]:
    account, home = org.it.workloads[0], org.it.home
    with _bucket(org, f"{name}-copy", versioned=True) as (_, target), _bucket(org, name, versioned=True) as given:
        rule = {"ID": "all", "Status": status, "Priority": 1, "Filter": {}, "DeleteMarkerReplication": {"Status": "Disabled"}}
        rules = [{**rule, "Destination": {"Bucket": f"arn:aws:s3:::{target}"}}]
        document = json.dumps({"Role": f"arn:aws:iam::{account}:role/{org.it.role}", "Rules": rules})
        org.aws(account, home, "s3api", "put-bucket-replication", *given, "--replication-configuration", document)
        yield given[1]
        org.aws(account, home, "s3api", "delete-bucket-replication", *given)


@contextmanager
def kept_too_long(org: ByHand) -> Iterator[Expected]:
    """A plan keeps what the strategy allows for 30 days only, and nobody asked the strategy."""
    with _plan(org, "hoard", _rule(org, Lifecycle={"DeleteAfterDays": 365}), selects=_tagged(org.it.values[2], org.it.key)):
        yield Expected(code="RET002", mode="FM36", says="keeps 365 days, 30 days are allowed", fix="set keep to 30d or less")


@contextmanager
def another_account_s_resource(org: ByHand) -> Iterator[Expected]:
    """A plan names a table of another account, and looks as if it protected it."""
    table = f"arn:aws:dynamodb:{org.it.home}:{org.it.workloads[1]}:table/ledger"
    with _plan(org, "reaching", _rule(org), selects={"Resources": [table]}):
        yield Expected(code="SEL004", mode="FM37", says=f"does not reach account {org.it.workloads[1]}", fix="make a plan for account")


@contextmanager
def replica_in_place_of_backups(org: ByHand) -> Iterator[Expected]:
    """A bucket is replicated, and no plan selects it."""
    with _replicated(org, "doubled", "Enabled") as bucket:
        yield Expected(code="REP001", mode="FM38", says=f"arn:aws:s3:::{bucket}", fix="so that a plan selects it")


@contextmanager
def mfa_delete_and_lifecycle(org: ByHand) -> Iterator[Expected]:
    """A bucket has MFA delete, and lifecycle rules that S3 does not carry out."""
    account, home = org.it.workloads[0], org.it.home
    with _bucket(org, "double-locked", versioned=True) as given:
        rules = {"Rules": [{"ID": "end", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 30}}]}
        document = ("--lifecycle-configuration", json.dumps(rules))
        org.aws(account, home, "s3api", "put-bucket-lifecycle-configuration", *given, *document)
        both = ("--versioning-configuration", "Status=Enabled,MFADelete=Enabled")
        org.aws(account, home, "s3api", "put-bucket-versioning", *given, "--mfa", f"arn:aws:iam::{account}:mfa/root 123456", *both)
        yield Expected(code="BKT002", mode="FM39", says=f"arn:aws:s3:::{given[1]} has MFA delete and lifecycle rules", fix="MFA delete off")


ALL: tuple[Planted, ...] = (
    windows_overlap,
    cold_without_a_tier,
    copy_asks_for_ever,
    basic_dynamodb_backups,
    bucket_without_versions,
    replication_disabled,
    kept_too_long,
    another_account_s_resource,
    replica_in_place_of_backups,
    mfa_delete_and_lifecycle,
)
