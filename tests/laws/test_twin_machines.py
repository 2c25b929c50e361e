"""Machines that try whatever comes to their mind on the twin's AWS Backup, in this process and without sockets: nothing gives way."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.model import Shape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from pytest_socket import disable_socket
from tests.unit.twin_backup.conftest import CENTRAL, MANAGEMENT, REGION, WORKLOAD, Kit, Scene

from strongroom.twin.backup import wire
from strongroom.twin.backup.operations import OPERATIONS
from strongroom.twin.ports import ApiError, Request

ROLE = f"arn:aws:iam::{WORKLOAD}:role/backups"
ADMINISTRATOR = f"arn:aws:iam::{WORKLOAD}:user/administrator"
SOME_DAYS = st.sampled_from([1, 3, 7, 8, 30, 35, 36, 90, 400])
MINUTES = st.sampled_from([1, 7, 61, 300, 1440, 3000, 14_400, 60_000])
WHICH = st.integers(0, 30)  # of those there are
SNAPSHOT = re.compile(r"-\d{14}-")  # in the ARN of a bucket's recovery point: this one isn't continuous

_KEYED = {
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
}
TABLE = {"Type": "AWS::DynamoDB::Table", "Properties": _KEYED | {"BillingMode": "PAY_PER_REQUEST"}}
TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {}}  # in a stack: nothing that AWS Backup knows


@pytest.fixture(autouse=True)
def _in_this_process(_no_network_in_unit_tests: None) -> None:
    """The machines need no network, so they get none."""
    disable_socket()


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Any:
    """Runs a machine: for seconds, or with --long for minutes."""
    long = request.config.getoption("--long")

    def run(machine: type[RuleBasedStateMachine], *, examples: int, steps: int) -> None:
        checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
        how = settings(max_examples=examples * (20 if long else 1), stateful_step_count=steps, deadline=None, suppress_health_check=checks)
        run_state_machine_as_test(machine, settings=how)

    return run


class Wire:
    """A client that speaks AWS Backup's wire format without a wire."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.serializer, self.parser = create_serializer("rest-json", include_validation=False), create_parser("rest-json")

    def ask(self, operation: str, *, account: str = WORKLOAD, region: str = REGION, **parameters: Any) -> tuple[int, dict[str, Any]]:
        """Return status and parsed answer of a call by an administrator, who isn't one of the twin's own parts."""
        model = wire.model().operation_model(operation)
        sent = self.serializer.serialize_to_request(parameters, model)
        path, _, flag = sent["url_path"].partition("?")
        query = {name: tuple(map(_text, value)) if isinstance(value, list) else (_text(value),) for name, value in _pairs(sent)}
        body = sent["body"]
        answer = self.scene.backup.handle(
            Request(
                account=account,
                region=region,
                principal=ADMINISTRATOR.replace(WORKLOAD, account),
                service="backup",
                method=sent["method"],
                path=path,
                query=query | ({flag: ("",)} if flag else {}),
                headers={},
                body=body if isinstance(body, bytes) else body.encode(),
            )
        )
        headers = {name.lower(): value for name, value in answer.headers.items()}
        found = {"status_code": answer.status, "headers": headers, "body": answer.body}
        return answer.status, self.parser.parse(found, model.output_shape)

    def done(self, operation: str, **parameters: Any) -> dict[str, Any]:
        status, answer = self.ask(operation, **parameters)
        assert status < 300, (operation, parameters, answer)
        return answer

    def refused(self, operation: str, **parameters: Any) -> bool:
        """Whether a call is refused, with one of the service's own errors."""
        status, answer = self.ask(operation, **parameters)
        assert status < 500, (operation, parameters, answer)
        return status >= 400


def _pairs(sent: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    query = sent["query_string"]
    return tuple(query.items()) if isinstance(query, Mapping) else tuple(query)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _deny_all(effect: str, action: str) -> str:
    statement = {"Effect": effect, "Principal": "*", "Action": f"backup:{action}", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _remove_role(account: str = WORKLOAD) -> None:
    from moto.iam.models import iam_backends

    iam_backends[account]["aws"].roles.clear()


def _disable_keys(state: str, account: str = WORKLOAD) -> None:
    from moto.kms.models import kms_backends

    for key in kms_backends[account][REGION].keys.values():
        key.key_state, key.enabled = state, state == "Enabled"


class LockedVault(RuleBasedStateMachine):
    """An administrator who wants recovery points gone; two vaults whose locks can't be taken off, one whose lock can."""

    VAULTS = ("hard", "gap", "soft", "open")

    def __init__(self) -> None:
        super().__init__()
        Kit.clear()
        self.scene = scene = Scene()
        self.wire = Wire(scene)
        self.promised: dict[tuple[str, str], datetime | None] = {}  # vault and recovery point -> until when; None: for ever
        self.locks: dict[str, Any] = {}  # lock that can't be changed any more
        self.held_until: dict[str, datetime] = {}

    @initialize(low=st.sampled_from([1, 7]), kept=SOME_DAYS)
    def furnish(self, low: int, kept: int) -> None:
        scene = self.scene
        scene.role(name="backups")
        for name in ("hard", "soft", "open"):
            scene.vault(name)
        scene.do("CreateLogicallyAirGappedBackupVault", BackupVaultName="gap", MinRetentionDays=7, MaxRetentionDays=365)
        scene.do("PutBackupVaultLockConfiguration", BackupVaultName="hard", MinRetentionDays=low, MaxRetentionDays=400, ChangeableForDays=3)
        scene.do("PutBackupVaultLockConfiguration", BackupVaultName="soft", MinRetentionDays=low)
        scene.do("UpdateRegionSettings", ResourceTypeOptInPreference={"S3": True})
        self.resources = [
            scene.table("orders", environment="prod"),
            scene.volume(key=scene.key().arn),
            scene.bucket("receipts", kind="log"),
        ]
        plan = scene.do("CreateBackupPlan", BackupPlan=self._plan("hard", 30))
        self.plan = plan["BackupPlanId"]
        chosen = {"SelectionName": "all", "IamRoleArn": ROLE, "ListOfTags": [Kit.tag("environment", "prod"), Kit.tag("kind", "log")]}
        scene.do("CreateBackupSelection", BackupPlanId=self.plan, BackupSelection=chosen)
        scene.wait(days=4)
        for vault in ("hard", "soft", "open"):
            for resource in self.resources[:2]:
                self._back_up(vault, resource, kept)
                scene.wait(hours=1)
        for point in scene.points("open"):
            self._copy("open", point["RecoveryPointArn"], "gap", 30)
            scene.wait(hours=1)
        self._watch()

    @staticmethod
    def _plan(vault: str, days: int) -> dict[str, Any]:
        daily = Kit.rule(TargetBackupVaultName=vault, Lifecycle={"DeleteAfterDays": days})
        continuous = Kit.rule(
            "log",
            TargetBackupVaultName=vault,
            ScheduleExpression="cron(0 9 * * ? *)",
            EnableContinuousBackup=True,
            Lifecycle={"DeleteAfterDays": min(days, 35)},
        )
        return {"BackupPlanName": "production", "Rules": [daily, continuous]}

    def _back_up(self, vault: str, resource: str, days: int) -> bool:
        lifecycle = {"DeleteAfterDays": days}
        return self.wire.refused("StartBackupJob", BackupVaultName=vault, ResourceArn=resource, IamRoleArn=ROLE, Lifecycle=lifecycle)

    def _copy(self, source: str, point: str, target: str, days: int) -> bool:
        arn = f"arn:aws:backup:{REGION}:{WORKLOAD}:backup-vault:{target}"
        return self.wire.refused(
            "StartCopyJob",
            RecoveryPointArn=point,
            SourceBackupVaultName=source,
            DestinationBackupVaultArn=arn,
            IamRoleArn=ROLE,
            Lifecycle={"DeleteAfterDays": days},
        )

    def _watch(self) -> None:
        """Nothing is gone before its time from a vault that was locked all the while, and no hard lock has changed."""
        scene = self.scene
        vaults = {vault["BackupVaultName"]: vault for vault in self.wire.done("ListBackupVaults")["BackupVaultList"]}
        for name in self.VAULTS:
            vault = vaults.get(name)
            points = {} if vault is None else {point["RecoveryPointArn"]: point for point in scene.points(name)}
            for (home, arn), until in list(self.promised.items()):
                if home == name and arn not in points:
                    assert until is not None, (name, arn)
                    assert scene.at >= until, (name, arn, until, scene.at)
                    del self.promised[home, arn]
            if vault is None or not vault["Locked"]:
                assert name not in self.locks
                for home, arn in [each for each in self.promised if each[0] == name]:
                    del self.promised[home, arn]
                continue
            self._note_promises(name, vault, points)
            lock = {each: vault.get(each) for each in ("MinRetentionDays", "MaxRetentionDays", "LockDate")}
            if name in self.locks:
                assert lock == self.locks[name]
            elif lock["LockDate"] is not None and lock["LockDate"] <= scene.at:
                self.locks[name] = lock

    def _note_promises(self, name: str, vault: Mapping[str, Any], points: Mapping[str, Mapping[str, Any]]) -> None:
        """A snapshot is promised what it was made with, a continuous one what the lock asks for at least."""
        for arn, point in points.items():
            keep = point.get("Lifecycle", {}).get("DeleteAfterDays")
            if point["ResourceType"] == "S3" and not SNAPSHOT.search(arn):
                until = point["CompletionDate"] + timedelta(days=vault.get("MinRetentionDays") or 0)
                self.promised[name, arn] = max(until, self.promised.get((name, arn)) or until)
            elif (name, arn) not in self.promised:
                self.promised[name, arn] = None if keep is None else point["CreationDate"] + timedelta(days=keep)

    def _point(self, vault: str, which: int) -> str:
        arns = [point["RecoveryPointArn"] for point in self.scene.points(vault)] if vault in self._names() else []
        return arns[which % len(arns)] if arns else f"arn:aws:backup:{REGION}:{WORKLOAD}:recovery-point:none"

    def _names(self) -> set[str]:
        return {vault["BackupVaultName"] for vault in self.scene.do("ListBackupVaults")["BackupVaultList"]}

    def _locked(self, vault: str) -> bool:
        return vault in self._names() and self.scene.do("DescribeBackupVault", BackupVaultName=vault)["Locked"]

    @rule(minutes=MINUTES)
    def let_time_pass(self, minutes: int) -> None:
        end = self.scene.at + timedelta(minutes=minutes)
        while self.scene.at < end:  # watched at least once an hour for short times, once in a tenth for long ones
            self.scene.wait(minutes=min((end - self.scene.at).total_seconds() / 60, max(60, minutes / 10)))
            self._watch()

    @rule(
        vault=st.sampled_from(VAULTS),
        which=WHICH,
        how=st.sampled_from(["DeleteRecoveryPoint", "DisassociateRecoveryPoint", "DisassociateRecoveryPointFromParent"]),
    )
    def take_away(self, vault: str, which: int, how: str) -> None:
        locked = self._locked(vault)
        refused = self.wire.refused(how, BackupVaultName=vault, RecoveryPointArn=self._point(vault, which))
        assert refused or not locked
        self._watch()

    @rule(vault=st.sampled_from(VAULTS), which=WHICH, days=st.sampled_from([-1, 1, 2, 30, 400]), cold=st.sampled_from([None, 1]))
    def shorten(self, vault: str, which: int, days: int, cold: int | None) -> None:
        locked = self._locked(vault)
        lifecycle = {"DeleteAfterDays": days} | ({} if cold is None else {"MoveToColdStorageAfterDays": cold})
        arn = self._point(vault, which)
        assert (
            self.wire.refused("UpdateRecoveryPointLifecycle", BackupVaultName=vault, RecoveryPointArn=arn, Lifecycle=lifecycle)
            or not locked
        )
        self._watch()

    @rule(vault=st.sampled_from(VAULTS), what=st.sampled_from(["DeleteBackupVault", "DeleteBackupVaultAccessPolicy", "CreateBackupVault"]))
    def remove_the_vault(self, vault: str, what: str) -> None:
        full = vault in self._names() and self.scene.points(vault)
        refused = self.wire.refused(what, BackupVaultName=vault)
        assert refused or what != "DeleteBackupVault" or not full
        if not refused and what == "DeleteBackupVault":
            self.locks.pop(vault, None)  # empty: gone with its lock, as at AWS
        self._watch()

    @rule(vault=st.sampled_from(VAULTS))
    def unlock(self, vault: str) -> None:
        refused = self.wire.refused("DeleteBackupVaultLockConfiguration", BackupVaultName=vault)
        assert refused or vault not in self.locks
        self._watch()

    @rule(
        vault=st.sampled_from(VAULTS),
        low=st.sampled_from([None, 1, 7, 36]),
        high=st.sampled_from([None, 1, 400]),
        grace=st.sampled_from([None, 3, 30]),
    )
    def lock_anew(self, vault: str, low: int | None, high: int | None, grace: int | None) -> None:
        lock = {"MinRetentionDays": low, "MaxRetentionDays": high, "ChangeableForDays": grace}
        given = {name: value for name, value in lock.items() if value is not None}
        refused = self.wire.refused("PutBackupVaultLockConfiguration", BackupVaultName=vault, **given)
        assert refused or vault not in self.locks
        self._watch()

    @rule(
        vault=st.sampled_from(VAULTS),
        effect=st.sampled_from(["Allow", "Deny"]),
        action=st.sampled_from(["DeleteRecoveryPoint", "CopyIntoBackupVault"]),
    )
    def change_its_policy(self, vault: str, effect: str, action: str) -> None:
        self.wire.refused("PutBackupVaultAccessPolicy", BackupVaultName=vault, Policy=_deny_all(effect, action))
        self._watch()

    @rule(vault=st.sampled_from(VAULTS), days=SOME_DAYS)
    def change_the_plan(self, vault: str, days: int) -> None:
        self.wire.refused("UpdateBackupPlan", BackupPlanId=self.plan, BackupPlan=self._plan(vault, days))
        self._watch()

    @rule(vault=st.sampled_from(VAULTS), resource=st.integers(0, 2), days=SOME_DAYS)
    def back_up(self, vault: str, resource: int, days: int) -> None:
        self._back_up(vault, self.resources[resource], days)
        self._watch()

    @rule(source=st.sampled_from(VAULTS), which=WHICH, into=st.sampled_from(VAULTS), days=SOME_DAYS)
    def copy(self, source: str, which: int, into: str, days: int) -> None:
        self._copy(source, self._point(source, which), into, days)
        self._watch()

    @rule(vault=st.sampled_from(VAULTS))
    def hold(self, vault: str) -> None:
        self.wire.refused("CreateLegalHold", Title="case", Description="case", RecoveryPointSelection={"VaultNames": [vault]})
        self._watch()

    @rule()
    def end_all_holds(self) -> None:
        for hold in self.wire.done("ListLegalHolds")["LegalHolds"]:
            self.wire.refused("CancelLegalHold", LegalHoldId=hold["LegalHoldId"], CancelDescription="over", RetainRecordInDays=0)
        self._watch()

    @rule(state=st.sampled_from(["Disabled", "PendingDeletion", "Enabled"]))
    def disable_all_keys(self, state: str) -> None:
        _disable_keys(state)
        self._watch()

    @rule(there=st.booleans())
    def remove_or_restore_the_role(self, *, there: bool) -> None:
        _remove_role()
        if there:
            self.scene.role(name="backups")
        self._watch()

    @rule(member=st.booleans(), trusted=st.booleans())
    def leave_the_organization(self, *, member: bool, trusted: bool) -> None:
        organization = self.scene.organization
        organization.members = (MANAGEMENT, CENTRAL, WORKLOAD) if member else (MANAGEMENT, CENTRAL)
        organization.trusted = trusted
        organization.generation += 1
        self._watch()

    @rule(kept=st.booleans())
    def delete_the_account_s_settings(self, *, kept: bool) -> None:
        self.wire.refused("UpdateRegionSettings", ResourceTypeOptInPreference={"S3": kept, "DynamoDB": kept, "EBS": kept})
        for job in self.wire.done("ListBackupJobs")["BackupJobs"]:
            if job["State"] in {"CREATED", "RUNNING"}:
                self.wire.refused("StopBackupJob", BackupJobId=job["BackupJobId"])
        self._watch()


def test_a_locked_vault_loses_no_recovery_point_before_its_time(run: Any) -> None:
    """Whatever an administrator tries, what lies under a lock stays until its time is over, and a hard lock never changes."""
    run(LockedVault, examples=5, steps=20)


# What to say where the model alone allows too much: a value that somebody might send. Names that answers have shown come on top.
WORDS: Mapping[str, Sequence[Any]] = {
    "BackupVaultName": ["local", "gap", "other"],
    "BackupPlanName": ["production", "p"],
    "Policy": [
        _deny_all("Deny", "DeleteRecoveryPoint"),
        _deny_all("Allow", "CopyIntoBackupVault"),
        "{}",
        "[]",
        '{"Statement": [1]}',
        '{"Statement": 5}',
    ]
    + [json.dumps({"Statement": {"Effect": "Allow", "Action": action}}) for action in (1, None, {"a": 1}, [["x"]], "backup:TagResource")],
    "BackupPlanTemplateJson": [
        json.dumps({"BackupPlanName": "p", "Rules": [Kit.rule()]}),
        "{}",
        "[]",
        "no",
        '{"Rules": 1}',
        '{"Rules": [1]}',
    ],
    "ScheduleExpression": ["cron(0 2 * * ? *)", "cron(0 9 ? * SUN *)", "cron(0 0 31 2 ? *)", "rate(1 day)"],
    "ScheduleExpressionTimezone": ["Europe/London", "America/Santiago", "Mars/Olympus"],
    "IamRoleArn": [ROLE, "arn:aws:iam::555555555555:role/nobody"],
    "ResourceType": ["DynamoDB", "EBS", "S3", "RDS", "Aurora", "VirtualMachine"],
    "SNSTopicArn": [f"arn:aws:sns:{REGION}:{WORKLOAD}:topic", "no arn"],
    "AccountId": [WORKLOAD, "*", "ROOT"],
    "AggregationPeriod": ["ONE_DAY", "SEVEN_DAYS", "FOURTEEN_DAYS"],
    "NextToken": ["", "bm8="],
    "Algorithm": ["LATEST_WITHIN_WINDOW"],
    "IncludeVaults": [["*"]],
    "S3BucketName": ["receipts"],
    "Formats": [["CSV", "JSON"]],
    "ReportTemplate": [
        "BACKUP_JOB_REPORT",
        "COPY_JOB_REPORT",
        "RESTORE_JOB_REPORT",
        "RESOURCE_COMPLIANCE_REPORT",
        "CONTROL_COMPLIANCE_REPORT",
    ],
    "ControlName": ["BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK", "BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK", "NONE"],
    "ParameterName": ["requiredRetentionDays", "requiredFrequencyUnit", "requiredFrequencyValue"],
    "ParameterValue": ["1", "days", "x"],
    "ConditionKey": ["aws:ResourceTag/environment", "environment"],
    "ConditionValue": ["prod", "p*"],
    "DeleteAfterDays": [-1, 1, 35, 100, 400],
    "MoveToColdStorageAfterDays": [-1, 1, 10],
}
ALIKE = {  # members that take what others show
    "SourceBackupVaultName": "BackupVaultName",
    "TargetBackupVaultName": "BackupVaultName",
    "LogicallyAirGappedBackupVaultArn": "BackupVaultArn",
    "TargetLogicallyAirGappedBackupVaultArn": "BackupVaultArn",
    "DestinationBackupVaultArn": "BackupVaultArn",
    "ByVaultArn": "BackupVaultArn",
    "ByBackupVaultName": "BackupVaultName",
    "ByResourceArn": "ResourceArn",
    "ByBackupPlanId": "BackupPlanId",
    "BackupVaultAccountId": "AccountId",
    "ByAccountId": "AccountId",
    "ByResourceType": "ResourceType",
    "ProtectedResourceType": "ResourceType",
    "ByRestoreTestingPlanArn": "RestoreTestingPlanArn",
    "ByReportPlanName": "ReportPlanName",
    "RestoreTestingPlanName": "RestoreTestingPlanName",
    "MessageCategory": "ByMessageCategory",
    "FrameworkArns": "FrameworkArn",
}
SEEN_MAX = 12  # of a kind, the newest


class AnyCalls(RuleBasedStateMachine):
    """Calls of all operations with whatever the service's model allows, and with what earlier answers named."""

    def __init__(self) -> None:
        super().__init__()
        Kit.clear()
        self.scene = scene = Scene()
        self.wire = Wire(scene)
        scene.role(name="backups")
        scene.vault()
        scene.do("CreateLogicallyAirGappedBackupVault", BackupVaultName="gap", MinRetentionDays=7, MaxRetentionDays=365)
        scene.do("UpdateRegionSettings", ResourceTypeOptInPreference={"S3": True})
        resources = [
            scene.table("orders", environment="prod"),
            scene.volume(environment="prod"),
            scene.bucket("receipts", environment="prod"),
            scene.stack("shop", Orders=TABLE, Topic=TOPIC),
        ]
        scene.plan(Kit.rule(), Kit.rule("log", EnableContinuousBackup=True, Lifecycle={"DeleteAfterDays": 35}), role=ROLE)
        scene.wait(days=2)
        self.seen: dict[str, list[Any]] = {name: list(values) for name, values in WORDS.items()} | {"ResourceArn": resources}
        for operation in ("ListBackupVaults", "ListBackupPlans", "ListBackupJobs"):
            self._remember(self.wire.done(operation))
        stack = {"BackupVaultName": "local", "ResourceArn": resources[-1], "IamRoleArn": ROLE}
        self._remember(self.wire.done("StartBackupJob", **stack))
        scene.wait(hours=2)
        self._remember(self.wire.done("ListRecoveryPointsByBackupVault", BackupVaultName="local"))

    def _remember(self, found: Any) -> None:
        """Keep names, ids and ARNs for later calls."""
        if isinstance(found, Mapping):
            for name, value in found.items():
                if isinstance(value, str) and name not in WORDS and value not in self.seen.setdefault(name, []):
                    self.seen[name] = [*self.seen[name], value][-SEEN_MAX:]
                elif isinstance(value, Mapping | list) and name != "ResponseMetadata":
                    self._remember(value)
        elif isinstance(found, list):
            for each in found[-3:]:
                self._remember(each)

    def _value(self, data: Any, shape: Shape, name: str) -> Any:  # noqa: PLR0911 - one for each kind of shape
        """Draw a value for a member."""
        known = self.seen.get(name) or self.seen.get(ALIKE.get(name, ""))
        if known and data.draw(st.integers(0, 15)):
            found = data.draw(st.sampled_from(known))
            return [found] if shape.type_name == "list" and not isinstance(found, list) else found
        match shape.type_name:
            case "structure":
                wanted = [each for each in shape.members if each in shape.required_members or data.draw(st.integers(0, 4)) > 1]
                return {each: self._value(data, shape.members[each], each) for each in wanted}
            case "list":
                return [self._value(data, shape.member, name) for _ in range(data.draw(st.integers(0, 2)))]
            case "map":
                return {key: self._value(data, shape.value, name) for key in data.draw(st.sampled_from([[], ["a"], ["S3", "aws:x"]]))}
            case "integer" | "long":
                return data.draw(st.sampled_from([-1, 0, 1, 3, 30, 168, 1000, 99_999_999]))
            case "boolean":
                return data.draw(st.booleans())
            case "timestamp":
                days = data.draw(st.sampled_from([-4000, -30, -1, 0, 1, 30, 4000]))
                return self.scene.at + timedelta(days=days)
            case _:
                enum = shape.metadata.get("enum") or ["x", "", "mine", "arn:aws:backup", "*", "\u00e9\u0000"]
                return data.draw(st.sampled_from(enum))

    @rule(data=st.data(), operation=st.sampled_from(sorted(OPERATIONS)))
    def call(self, data: Any, operation: str) -> None:
        shape = wire.model().operation_model(operation).input_shape
        parameters = {} if shape is None else self._value(data, shape, "")
        in_path = [name for name, member in shape.members.items() if member.serialization.get("location") == "uri"] if shape else []
        parameters |= {name: parameters[name] or "x" for name in in_path}
        note(f"{operation} {parameters}")
        status, answer = self.wire.ask(operation, **parameters)
        assert status < 500, (operation, parameters, answer)
        if status < 300:
            self._remember(answer)
        else:
            assert answer["Error"]["Code"].endswith("Exception"), answer
            assert answer["Error"]["Message"]

    @rule(minutes=MINUTES)
    def let_time_pass(self, minutes: int) -> None:
        self.scene.wait(minutes=minutes)

    def teardown(self) -> None:
        json.dumps([self.scene.backup.status(), self.scene.backup.dump()], default=str)


def test_no_sequence_of_legal_calls_is_an_internal_error(run: Any) -> None:
    """Every call of every operation is done or refused with one of the service's exceptions, whatever was called before."""
    run(AnyCalls, examples=10, steps=25)


class Played:
    """A world in which a script is played, with the clock moved in one jump for each wait or in steps."""

    def __init__(self, step: timedelta | None) -> None:
        Kit.clear()
        self.step = step
        self.scene = scene = Scene()
        scene.role(name="backups")
        scene.vault()
        scene.vault("second")
        scene.do("CreateLogicallyAirGappedBackupVault", BackupVaultName="gap", MinRetentionDays=7, MaxRetentionDays=365)
        self.homes = {name: f"arn:aws:backup:{REGION}:{WORKLOAD}:backup-vault:{name}" for name in ("local", "second", "gap")}
        self.homes["central"] = scene.central_vault()
        scene.do("UpdateRegionSettings", ResourceTypeOptInPreference={"S3": True})
        tables = [scene.table(f"table-{number}", environment="prod") for number in range(2)]
        disks = [scene.volume(size=500, environment="prod", key=scene.key().arn), scene.volume(environment="prod", key="alias/aws/ebs")]
        self.resources = [*tables, *disks, scene.bucket("receipts", environment="prod"), scene.stack("shop", Orders=TABLE, Topic=TOPIC)]
        self.plan_id = scene.plan(*self.rules("central", 9), role=ROLE)

    def rules(self, target: str, days: int) -> list[dict[str, Any]]:
        to = [{"DestinationBackupVaultArn": self.homes[target], "Lifecycle": {"DeleteAfterDays": days + 5}}]
        gap = self.homes["gap"] if target == "gap" else None
        log = Kit.rule("log", ScheduleExpression="cron(0 9 * * ? *)", EnableContinuousBackup=True, Lifecycle={"DeleteAfterDays": 35})
        daily = Kit.rule(Lifecycle={"DeleteAfterDays": days}, CopyActions=to, TargetLogicallyAirGappedBackupVaultArn=gap)
        return [daily | {"CopyActions": to if gap is None else []}, log]

    def play(self, name: str, *how: Any) -> None:
        """Do one thing; what is refused is refused in any steps."""
        try:
            getattr(self, name)(*how)
        except ApiError as refused:
            assert refused.status < 500  # noqa: PT017 - most things are done

    def wait(self, minutes: int) -> None:
        end = self.scene.at + timedelta(minutes=minutes)
        while self.scene.at < end:
            self.scene.wait(seconds=min(self.step or end - self.scene.at, end - self.scene.at).total_seconds())

    def plan(self, target: str, days: int) -> None:
        document = {"BackupPlanName": "production", "Rules": self.rules(target, days)}
        self.scene.do("UpdateBackupPlan", BackupPlanId=self.plan_id, BackupPlan=document)

    def lock(self, vault: str, low: int, grace: int | None) -> None:
        more = {} if grace is None else {"ChangeableForDays": grace}
        self.scene.do("PutBackupVaultLockConfiguration", BackupVaultName=vault, MinRetentionDays=low, **more)

    def hold(self, vault: str) -> None:
        self.scene.do("CreateLegalHold", Title="case", Description="case", RecoveryPointSelection={"VaultNames": [vault]})

    def release(self) -> None:
        for hold in self.scene.do("ListLegalHolds")["LegalHolds"]:
            self.scene.do("CancelLegalHold", LegalHoldId=hold["LegalHoldId"], CancelDescription="over")

    def back_up(self, resource: int, days: int, gap: bool) -> None:  # noqa: FBT001 - drawn
        more = {"LogicallyAirGappedBackupVaultArn": self.homes["gap"]} if gap else {}
        job = {"ResourceArn": self.resources[resource], "IamRoleArn": ROLE, "Lifecycle": {"DeleteAfterDays": days}}
        self.scene.do("StartBackupJob", BackupVaultName="local", **job, **more)

    def copy(self, source: str, which: int, into: str, days: int) -> None:
        self.scene.do(
            "StartCopyJob",
            RecoveryPointArn=self._point(source, which)["RecoveryPointArn"],
            SourceBackupVaultName=source,
            DestinationBackupVaultArn=self.homes[into],
            IamRoleArn=ROLE,
            Lifecycle={"DeleteAfterDays": days},
        )

    def restore(self, source: str, which: int) -> None:
        metadata = {"availabilityZone": f"{REGION}a", "targetTableName": "again", "DestinationBucketName": "again", "newBucket": "true"}
        point = self._point(source, which)
        wanted = {"EBS": ["availabilityZone"], "DynamoDB": ["targetTableName"], "S3": ["DestinationBucketName", "newBucket"]}
        given = {name: metadata[name] for name in wanted.get(point["ResourceType"], ())}
        self.scene.do("StartRestoreJob", RecoveryPointArn=point["RecoveryPointArn"], Metadata=given, IamRoleArn=ROLE)

    def delete(self, source: str, which: int) -> None:
        self.scene.do("DeleteRecoveryPoint", BackupVaultName=source, RecoveryPointArn=self._point(source, which)["RecoveryPointArn"])

    def role(self, there: bool) -> None:  # noqa: FBT001 - drawn
        _remove_role()
        if there:
            self.scene.role(name="backups")

    def keys(self, state: str) -> None:
        _disable_keys(state)

    def _point(self, vault: str, which: int) -> dict[str, Any]:
        points = self.scene.points(vault)
        if not points:
            raise ApiError("ResourceNotFoundException", "the vault is empty")
        return points[which % len(points)]

    def dump(self) -> str:
        return json.dumps(self.scene.backup.dump(), default=str, sort_keys=True)


class InAnySteps(RuleBasedStateMachine):
    """Plays at once with one jump for each wait, and afterwards all of it again in steps."""

    HOMES = ("local", "second", "gap")

    def __init__(self) -> None:
        super().__init__()
        self.script: list[tuple[Any, ...]] = []
        self.jumping: Played | None = None
        self.step = timedelta(hours=7)

    @initialize(minutes=st.sampled_from([53, 420, 1440]))
    def begin(self, minutes: int) -> None:
        self.step = timedelta(minutes=minutes)
        self.jumping = Played(None)

    def _play(self, *what: Any) -> None:
        assert self.jumping is not None
        self.script.append(what)
        self.jumping.play(*what)

    @rule(minutes=MINUTES)
    def wait(self, minutes: int) -> None:
        self._play("wait", min(minutes, 20_000))

    @rule(into=st.sampled_from(["central", "second", "gap"]), days=SOME_DAYS)
    def plan(self, into: str, days: int) -> None:
        self._play("plan", into, days)

    @rule(vault=st.sampled_from(HOMES), low=st.sampled_from([1, 8, 36]), grace=st.sampled_from([None, 3]))
    def lock(self, vault: str, low: int, grace: int | None) -> None:
        self._play("lock", vault, low, grace)

    @rule(vault=st.sampled_from(HOMES), ends=st.booleans())
    def hold(self, vault: str, *, ends: bool) -> None:
        self._play(*(("release",) if ends else ("hold", vault)))

    @rule(resource=st.integers(0, 5), days=SOME_DAYS, gap=st.booleans())
    def back_up(self, resource: int, days: int, *, gap: bool) -> None:
        self._play("back_up", resource, days, gap)

    @rule(source=st.sampled_from(HOMES), which=WHICH, into=st.sampled_from(["central", *HOMES]), days=SOME_DAYS)
    def copy(self, source: str, which: int, into: str, days: int) -> None:
        self._play("copy", source, which, into, days)

    @rule(what=st.sampled_from(["restore", "delete"]), source=st.sampled_from(HOMES), which=WHICH)
    def restore_or_delete(self, what: str, source: str, which: int) -> None:
        self._play(what, source, which)

    @rule(there=st.booleans())
    def role(self, *, there: bool) -> None:
        self._play("role", there)

    @rule(state=st.sampled_from(["Disabled", "Enabled"]))
    def keys(self, state: str) -> None:
        self._play("keys", state)

    def teardown(self) -> None:
        if self.jumping is None:
            return
        self._play("wait", 3000)
        stepping = Played(self.step)
        for what in self.script:
            stepping.play(*what)
        assert stepping.dump() == self.jumping.dump()


def test_one_jump_equals_many_steps_whatever_happens_between(run: Any) -> None:
    """Vaults, locks, holds, air-gapped vaults, copies, continuous backups and restores come to the same in any steps."""
    run(InAnySteps, examples=4, steps=10)
