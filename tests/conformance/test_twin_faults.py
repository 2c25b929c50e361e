"""Faults on demand: what a client and AWS Backup see while something is wrong, and that it ends when the fault does."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from strongroom.errors import BadInput
from strongroom.twin import client as control
from strongroom.twin import process
from strongroom.twin.faults import FaultKind

SHOP, LEDGER = "555555555555", "666666666666"
TABLE = f"arn:aws:dynamodb:eu-west-2:{SHOP}:table/orders"
TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
ROLE = f"arn:aws:iam::{SHOP}:role/backups"


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory, start_twin: Any) -> Iterator[Any]:
    started = start_twin(tmp_path_factory.mktemp("faults"))
    document = json.dumps({"Version": "2012-10-17", **TRUST})
    started.client("iam", account=SHOP).create_role(RoleName="backups", AssumeRolePolicyDocument=document)
    started.client("backup", account=SHOP).create_backup_vault(BackupVaultName="here")
    started.client("backup", "eu-west-1", account=SHOP).create_backup_vault(BackupVaultName="there")
    yield started
    process.down(started.home)


@pytest.fixture
def sound(faulty: Any) -> Iterator[Any]:
    """The twin of this module, without faults."""
    yield faulty
    control.clear_faults(faulty.endpoint)


def add(twin: Any, kind: str, **members: Any) -> int:
    return control.add_fault(twin.endpoint, kind, **members)


def refused(call: Any, **parameters: Any) -> tuple[str, int]:
    """Code and HTTP status of a refusal."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


def backup_job(twin: Any) -> Any:
    """Start a backup, and return how to describe it."""
    backup = twin.client("backup", account=SHOP)
    job = backup.start_backup_job(BackupVaultName="here", ResourceArn=TABLE, IamRoleArn=ROLE)["BackupJobId"]
    return lambda: backup.describe_backup_job(BackupJobId=job)


@pytest.mark.parametrize(
    ("service", "operation", "code", "status"),
    [
        ("backup", "list_backup_vaults", "ThrottlingException", 400),
        ("organizations", "list_roots", "TooManyRequestsException", 400),
        ("iam", "list_roles", "Throttling", 400),
        ("sts", "get_caller_identity", "Throttling", 400),
        ("ec2", "describe_volumes", "RequestLimitExceeded", 503),
        ("s3", "list_buckets", "SlowDown", 503),
        ("kms", "list_keys", "ThrottlingException", 400),
        ("dynamodb", "list_tables", "ThrottlingException", 400),
        ("cloudformation", "list_stacks", "Throttling", 400),
    ],
)
def test_throttling_speaks_each_services_own_words(sound: Any, service: str, operation: str, code: str, status: int) -> None:
    """A throttled call answers the code and status that the service has for it, and is in the journal as such."""
    call = getattr(sound.client(service), operation)
    number = add(sound, "throttle", service=service)
    assert refused(call) == (code, status)
    assert sound.calls()[-1]["error"] == code
    assert sound.calls()[-1]["operation"].lower() == operation.replace("_", "")
    control.clear_faults(sound.endpoint, number)
    assert call()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_errors_by_rate_are_drawn_from_a_sequence_of_their_own(sound: Any) -> None:
    """A rate of a fifth hits about a fifth of the calls, the same ones each time the fault is installed with the same number."""
    backup = sound.client("backup")
    add(sound, "throttle", service="backup", operation="ListBackupV*", rate=0.2)
    fates = []
    for _ in range(200):
        try:
            backup.list_backup_vaults()
            fates.append(False)
        except ClientError:
            fates.append(True)
    assert 20 < sum(fates) < 60
    assert control.faults(sound.endpoint)[0]["hits"] == sum(fates)
    assert backup.list_backup_plans()["BackupPlansList"] == []  # another operation


def test_errors_of_ones_own_by_account_and_count(sound: Any) -> None:
    """Any error can be asked for: one account's, after two calls, three times."""
    backup, other = sound.client("backup", account=LEDGER), sound.client("backup", account=SHOP)
    add(sound, "error", account=LEDGER, code="ServiceUnavailableException", status=500, message="try again", after=2, times=3)
    codes = []
    for _ in range(8):
        try:
            backup.list_backup_vaults()
            codes.append("")
        except ClientError as error:
            codes.append(error.response["Error"]["Code"])
    assert codes == ["", "", *["ServiceUnavailableException"] * 3, "", "", ""]
    assert other.list_backup_vaults()["BackupVaultList"]


def test_a_region_that_is_down_answers_503_and_fails_jobs(sound: Any) -> None:
    """Calls answer ServiceUnavailable, copies into the Region fail; other Regions work, and so does this one afterwards."""
    describe = backup_job(sound)
    sound.advance("1h")
    point = describe()["RecoveryPointArn"]
    there = sound.client("backup", "eu-west-1", account=SHOP)
    add(sound, "region-outage", region="eu-west-1")
    assert refused(there.list_backup_vaults) == ("ServiceUnavailable", 503)
    assert refused(sound.client("ec2", "eu-west-1", account=SHOP).describe_volumes) == ("ServiceUnavailable", 503)
    backup = sound.client("backup", account=SHOP)
    where = f"arn:aws:backup:eu-west-1:{SHOP}:backup-vault:there"
    ask = {"SourceBackupVaultName": "here", "DestinationBackupVaultArn": where, "IamRoleArn": ROLE, "RecoveryPointArn": point}
    first = backup.start_copy_job(**ask)["CopyJobId"]
    sound.advance("1h")
    assert backup.describe_copy_job(CopyJobId=first)["CopyJob"]["State"] == "FAILED"
    control.clear_faults(sound.endpoint)
    second = backup.start_copy_job(**ask)["CopyJobId"]
    sound.advance("1h")
    assert backup.describe_copy_job(CopyJobId=second)["CopyJob"]["State"] == "COMPLETED"
    assert there.list_recovery_points_by_backup_vault(BackupVaultName="there")["RecoveryPoints"]


def test_jobs_can_be_slow_or_hang(sound: Any) -> None:
    """A slow job runs a hundred times as long; a hanging one ends with its completion window, in AWS's words."""
    add(sound, "slow-jobs", factor=100, type="DynamoDB")
    slow = backup_job(sound)
    sound.advance("1h")
    assert slow()["State"] == "RUNNING"
    sound.advance("12h")
    assert slow()["State"] == "COMPLETED"
    control.clear_faults(sound.endpoint)
    add(sound, "hang-jobs", account=SHOP)
    hanging = backup_job(sound)
    sound.advance("6d")
    assert hanging()["State"] == "RUNNING"
    sound.advance("2d")
    assert hanging()["State"] == "EXPIRED"
    control.clear_faults(sound.endpoint)
    quick = backup_job(sound)
    sound.advance("1h")
    assert quick()["State"] == "COMPLETED"


def test_a_role_that_nobody_can_assume(sound: Any) -> None:
    """Sessions of the role are refused, and jobs that use it fail in AWS Backup's words."""
    add(sound, "deny-role", role=ROLE)
    describe = backup_job(sound)
    sound.advance("1h")
    assert (describe()["State"], describe()["StatusMessage"]) == ("FAILED", f"IAM Role {ROLE} cannot be assumed by AWS Backup")
    reader = f"arn:aws:iam::{SHOP}:role/strongroom-read"
    add(sound, "deny-role", role=reader)
    ask = {"RoleArn": reader, "RoleSessionName": "test"}
    assert refused(sound.client("sts").assume_role, **ask) == ("AccessDenied", 403)
    assert sound.client("sts").assume_role(**ask | {"RoleArn": f"arn:aws:iam::{LEDGER}:role/strongroom-read"})
    control.clear_faults(sound.endpoint)
    assert sound.client("sts").assume_role(**ask)


@pytest.mark.parametrize(
    ("kind", "state", "code"),
    [("disable-key", "Disabled", "DisabledException"), ("delete-key", "PendingDeletion", "KMSInvalidStateException")],
)
def test_a_key_that_is_disabled_or_deleted(sound: Any, kind: str, state: str, code: str) -> None:
    """KMS refuses to use the key in its own words, backups into a vault with it fail; afterwards both work again."""
    kms, backup = sound.client("kms", account=SHOP), sound.client("backup", account=SHOP)
    arn = kms.describe_key(KeyId="alias/data")["KeyMetadata"]["Arn"]
    vault = f"keyed-{kind}"
    backup.create_backup_vault(BackupVaultName=vault, EncryptionKeyArn=arn)
    secret = kms.encrypt(KeyId=arn, Plaintext=b"x")["CiphertextBlob"]
    add(sound, kind, key=arn)
    assert kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == state
    assert refused(kms.decrypt, CiphertextBlob=secret) == (code, 400)
    assert refused(kms.encrypt, KeyId="alias/data", Plaintext=b"x") == (code, 400)
    assert refused(kms.generate_data_key, KeyId=arn, KeySpec="AES_256") == (code, 400)
    job = backup.start_backup_job(BackupVaultName=vault, ResourceArn=TABLE, IamRoleArn=ROLE)["BackupJobId"]
    sound.advance("1h")
    assert backup.describe_backup_job(BackupJobId=job)["State"] == "FAILED"
    control.clear_faults(sound.endpoint)
    assert kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"x"


def test_events_are_lost(sound: Any) -> None:
    """While events are lost, a queue behind the default bus hears of no job; afterwards it does."""
    sqs, events = sound.client("sqs", account=SHOP), sound.client("events", account=SHOP)
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="jobs", EventPattern=json.dumps({"source": ["aws.backup"]}))
    events.put_targets(Rule="jobs", Targets=[{"Id": "queue", "Arn": arn}])
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    heard = []
    for lost in (True, False):
        if lost:
            add(sound, "lose-events", account=SHOP)
        backup_job(sound)
        sound.advance("1h")
        heard.append(int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["ApproximateNumberOfMessages"]))
        control.clear_faults(sound.endpoint)
    assert heard[0] == 0
    assert heard[1] > 0


def test_an_account_is_closed_or_leaves_in_the_middle_of_the_work(own_twin: Any) -> None:
    """After two more writes the account is gone from the organization, or closed, and stays so when the fault is cleared."""
    organizations, backup = own_twin.client("organizations"), own_twin.client("backup")
    add(own_twin, "remove-account", account="777777777777", after=2)
    add(own_twin, "close-account", account=LEDGER)
    assert organizations.describe_account(AccountId=LEDGER)["Account"]["Status"] == "SUSPENDED"
    assert organizations.describe_account(AccountId="777777777777")["Account"]["Status"] == "ACTIVE"
    for name in ("one", "two"):
        backup.create_backup_vault(BackupVaultName=name)
    control.clear_faults(own_twin.endpoint)
    assert refused(organizations.describe_account, AccountId="777777777777")[0] == "AccountNotFoundException"
    assert control.status(own_twin.endpoint)["accounts"] == 4


def test_credentials_of_a_closed_account_are_of_no_use(own_twin: Any) -> None:
    """Keys and sessions of a closed account are unknown, each service says so in its way, and nobody can assume a role there."""
    sts = own_twin.client("sts")
    role = {"RoleArn": f"arn:aws:iam::{LEDGER}:role/strongroom-read", "RoleSessionName": "before"}
    given = sts.assume_role(**role)["Credentials"]
    session = {"aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"]}
    session["aws_session_token"] = given["SessionToken"]
    inside = own_twin.client_with("backup", **session)
    inside.list_backup_vaults()
    add(own_twin, "close-account", account=LEDGER)
    assert refused(inside.list_backup_vaults) == ("UnrecognizedClientException", 403)
    assert refused(own_twin.client_with("sts", **session).get_caller_identity) == ("InvalidClientTokenId", 403)
    assert refused(own_twin.client_with("s3", **session).list_buckets) == ("InvalidAccessKeyId", 403)
    assert refused(own_twin.client("backup", account=LEDGER).list_backup_vaults) == ("UnrecognizedClientException", 403)
    assert refused(sts.assume_role, **role) == ("AccessDenied", 403)


def test_jobs_find_no_room_where_there_is_none(sound: Any) -> None:
    """A backup of a type with data fails as a job for want of room, elsewhere it doesn't, and the fault ends."""
    add(sound, "no-space", account=SHOP, type="DynamoDB")
    job = backup_job(sound)
    sound.advance("1h")
    assert (job()["State"], job()["StatusMessage"]) == ("FAILED", "No space left on device")
    assert control.status(sound.endpoint)["faults"][0]["hits"] == 1
    control.clear_faults(sound.endpoint)
    add(sound, "no-space", type="EBS")
    job = backup_job(sound)
    sound.advance("1h")
    assert job()["State"] == "COMPLETED"


def test_recovery_points_rot_in_silence(sound: Any) -> None:
    """What was restored from a corrupt recovery point differs from what was backed up, and no job says so."""
    job, dynamodb = backup_job(sound), sound.client("dynamodb", account=SHOP)
    sound.advance("1h")
    add(sound, "corrupt-data", arn=job()["RecoveryPointArn"], count=3, seed="rot")
    assert control.status(sound.endpoint)["faults"][0]["hits"] == 3
    backup, found = sound.client("backup", account=SHOP), {}
    for name in ("rotten", "healed"):
        ask = {"IamRoleArn": ROLE, "Metadata": {"targetTableName": name, "encryptionType": "Default"}}
        restore = backup.start_restore_job(RecoveryPointArn=job()["RecoveryPointArn"], **ask)["RestoreJobId"]
        sound.advance("1h")
        assert backup.describe_restore_job(RestoreJobId=restore)["Status"] == "COMPLETED"
        found[name] = sorted(map(json.dumps, dynamodb.scan(TableName=name)["Items"]))
        control.clear_faults(sound.endpoint)
    assert found["healed"] == sorted(map(json.dumps, dynamodb.scan(TableName="orders")["Items"]))
    assert len(set(found["healed"]) - set(found["rotten"])) == 3


@pytest.mark.parametrize(
    ("kind", "members", "message"),
    [
        ("error", {}, "needs the member 'code'"),
        ("throttle", {"rate": 2}, "'rate' has a wrong value: 2"),
        ("throttle", {"rate": True}, "'rate' has a wrong value"),
        ("throttle", {"times": -1}, "'times' has a wrong value"),
        ("slow-jobs", {"factor": "much"}, "'factor' has a wrong value"),
        ("error", {"code": "X", "status": 200}, "'status' has a wrong value"),
        ("silent-region", {"region": "eu-west-1", "how": "sulk"}, "'how' has a wrong value"),
        ("disable-key", {"key": "arn:aws:kms:eu-west-2:555555555555:key/none"}, "there is no KMS key"),
        ("disable-key", {"key": "alias/data"}, "there is no KMS key"),
        ("close-account", {"account": "999999999999"}, "doesn't exist"),
        ("region-outage", {"region": "eu-west-1", "rate": 1}, "'rate' is unknown"),
        ("corrupt-data", {}, "needs the member 'arn'"),
        ("corrupt-data", {"arn": TABLE, "count": "all"}, "'count' has a wrong value"),
        ("corrupt-data", {"arn": f"{TABLE}s"}, "there is no recovery point"),
        ("no-space", {"count": 1}, "'count' is unknown"),
    ],
)
def test_faults_that_make_no_sense_are_refused(sound: Any, kind: str, members: dict[str, Any], message: str) -> None:
    """What can't be installed is refused with a reason, and nothing is in force."""
    with pytest.raises(BadInput, match=message):
        add(sound, kind, **members)
    assert control.faults(sound.endpoint) == []


def test_every_kind_of_fault_is_tested_here() -> None:
    """No kind without a test: in this module or in that of the journal."""
    from pathlib import Path

    text = "".join((Path(__file__).parent / name).read_text() for name in (Path(__file__).name, "test_twin_platform_journal.py"))
    assert [kind for kind in FaultKind if f'"{kind}"' not in text] == []
