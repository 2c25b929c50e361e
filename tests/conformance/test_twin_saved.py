"""A twin saved to a file and loaded again is the same twin; the same run twice gives the same dump; forks are alike and apart."""

import json
import os
import pickle
import zlib
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from strongroom.errors import BadInput
from strongroom.twin import client as control
from strongroom.twin import graph, process
from strongroom.twin.state import Endpoint
from strongroom.twin.stem import Stem

SEED = Path(__file__).parent / "small-organization.yaml"
START = "2027-01-01T00:00:00Z"
MAGIC = b"strongroom twin state\n"
TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
ROLE = "arn:aws:iam::555555555555:role/backups"
SHOP, MANAGEMENT = ("AKIATESTSHOP00000001", "555555555555"), ("AKIATESTMANAGEMENT01", "111111111111")


def caller(endpoint: Endpoint, who: tuple[str, str] = SHOP) -> Callable[..., Any]:
    session = boto3.Session(aws_access_key_id=who[0], aws_secret_access_key="test", region_name="eu-west-2")
    return lambda service, region="eu-west-2": session.client(service, region_name=region, endpoint_url=endpoint.url)


def work(endpoint: Endpoint) -> None:
    """Fill a twin with a bit of everything: stacks, policies, keys, objects, jobs, holds, tests; some of them not over yet."""
    shop, management = caller(endpoint), caller(endpoint, MANAGEMENT)
    shop("iam").create_role(RoleName="backups", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", **TRUST}))
    shop("s3").put_object(Bucket="shop-receipts", Key="big.bin", Body=bytes(range(256)) * 4096)
    kms = shop("kms")
    kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY", Description="signs")
    shop("sqs").create_queue(QueueName="orders")
    shop("sns").create_topic(Name="alarms")
    shop("ec2").enable_allowed_images_settings(AllowedImagesSettingsState="audit-mode")
    shop("service-quotas").request_service_quota_increase(ServiceCode="dynamodb", QuotaCode="L-F98FE922", DesiredValue=3000)
    keyed = {
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    }
    resources = {
        "Vault": {"Type": "AWS::Backup::BackupVault", "Properties": {"BackupVaultName": "stacked"}},
        "Bills": {"Type": "AWS::DynamoDB::Table", "Properties": keyed | {"BillingMode": "PAY_PER_REQUEST"}},
    }
    stack = shop("cloudformation").create_stack(StackName="vaults", TemplateBody=json.dumps({"Resources": resources}))["StackId"]
    organizations = management("organizations")
    organizations.enable_aws_service_access(ServicePrincipal="backup.amazonaws.com")
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="BACKUP_POLICY")
    backup = shop("backup")
    backup.create_backup_vault(BackupVaultName="kept", CreatorRequestId="3")
    rule = {
        "RuleName": "daily",
        "TargetBackupVaultName": "stacked",
        "ScheduleExpression": "cron(0 2 ? * * *)",
        "Lifecycle": {"DeleteAfterDays": 10},
        "CopyActions": [{"DestinationBackupVaultArn": "arn:aws:backup:eu-west-2:555555555555:backup-vault:kept"}],
    }
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": "all", "Rules": [rule]}, CreatorRequestId="4")["BackupPlanId"]
    backup.create_backup_selection(
        BackupPlanId=plan,
        CreatorRequestId="5",
        BackupSelection={
            "SelectionName": "all",
            "IamRoleArn": ROLE,
            "ListOfTags": [{"ConditionType": "STRINGEQUALS", "ConditionKey": "environment", "ConditionValue": "prod"}],
        },
    )
    control.move_clock(endpoint, advance="12d")
    dates = {"FromDate": "2027-01-01T00:00:00Z", "ToDate": "2027-01-12T00:00:00Z"}
    backup.create_legal_hold(
        Title="hold", Description="law", RecoveryPointSelection={"VaultNames": ["kept"], "DateRange": dates}, IdempotencyToken="1"
    )
    backup.start_backup_job(
        BackupVaultName="kept", ResourceArn="arn:aws:dynamodb:eu-west-2:555555555555:table/orders", IamRoleArn=ROLE, IdempotencyToken="2"
    )
    life = {"DeleteAfterDays": 3}
    backup.start_backup_job(BackupVaultName="kept", ResourceArn=stack, IamRoleArn=ROLE, Lifecycle=life, IdempotencyToken="3")
    control.move_clock(endpoint, advance="2m")


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stem]:
    """The small organization with a clock that stands."""
    with Stem(tmp_path_factory.mktemp("still"), seed=SEED, start=START) as stem:
        yield stem


@pytest.fixture(scope="module")
def worked(still: Stem, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    home = tmp_path_factory.mktemp("worked")
    endpoint = still.grow(home)
    work(endpoint)
    yield endpoint
    process.down(home)


@pytest.fixture(scope="module")
def file(worked: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("file") / "worked.twin"
    path.write_bytes(control.save(worked))
    return path


def test_a_loaded_twin_has_the_dump_of_the_saved_one_now_and_after_a_month(
    worked: Endpoint, file: Path, still: Stem, tmp_path: Path
) -> None:
    """Everything survives: what there is, what is under way, and what will happen by itself."""
    first, second = tmp_path / "first", tmp_path / "second"
    before = control.dump(worked)
    assert len(before["services"]) >= 8
    with Stem(tmp_path / "stem", state=file, start=control.clock(worked)["now"]) as stem:
        loaded = stem.grow(second)
        assert control.dump(loaded) == before
        twin = still.grow(first)
        work(twin)
        for endpoint in (twin, loaded):
            control.move_clock(endpoint, advance="30d")
        assert control.status(loaded)["backup"]["copy_jobs"]["COMPLETED"] >= 80
        assert control.dump(loaded) == control.dump(twin)
    process.down(first)


def test_credentials_keys_and_objects_work_after_loading(worked: Endpoint, tmp_path: Path) -> None:
    """What was encrypted is decrypted, signatures verify, objects are read, settings hold, sessions, the journal and the clock go on."""
    kms = caller(worked)("kms")
    secret = kms.encrypt(KeyId="alias/data", Plaintext=b"ledger")["CiphertextBlob"]
    signing = next(
        key["KeyId"]
        for key in kms.list_keys()["Keys"]
        if kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"].get("KeyUsage") == "SIGN_VERIFY"
    )
    signature = kms.sign(KeyId=signing, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
    role = "arn:aws:iam::555555555555:role/strongroom-read"
    session = caller(worked, MANAGEMENT)("sts").assume_role(RoleArn=role, RoleSessionName="before")["Credentials"]
    path = tmp_path / "again.twin"
    path.write_bytes(control.save(worked))
    endpoint = process.up(tmp_path, 0, state=path)
    try:
        shop = caller(endpoint)
        assert shop("kms").decrypt(CiphertextBlob=secret)["Plaintext"] == b"ledger"
        assert shop("kms").verify(KeyId=signing, Message=b"m", Signature=signature, SigningAlgorithm="ECDSA_SHA_256")["SignatureValid"]
        assert shop("s3").get_object(Bucket="shop-receipts", Key="big.bin")["Body"].read() == bytes(range(256)) * 4096
        assert shop("ec2").get_allowed_images_settings()["State"] == "audit-mode"
        quota = shop("service-quotas").get_service_quota(ServiceCode="dynamodb", QuotaCode="L-F98FE922")["Quota"]
        assert quota["Value"] == 3000
        assert shop("ec2", "eu-west-1").describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])["SecurityGroups"]
        sts = boto3.client(
            "sts",
            region_name="eu-west-2",
            endpoint_url=endpoint.url,
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
        )
        assert sts.get_caller_identity()["Arn"].endswith("assumed-role/strongroom-read/before")
        assert control.clock(endpoint)["now"] >= control.clock(worked)["now"]
        last = control.calls(worked)[-1]["number"]
        assert [call["number"] for call in control.calls(endpoint, after=last - 1)][:2] == [last, last + 1]
    finally:
        process.down(tmp_path)


def test_the_same_run_twice_gives_the_same_dump(tmp_path: Path) -> None:
    """Two processes, one seed, the same calls at the same instants: the same ids, the same luck, the same state."""
    dumps = []
    for name in ("one", "two"):
        endpoint = process.up(tmp_path / name, 0, SEED, start=START)
        try:
            work(endpoint)
            dumps.append(control.dump(endpoint))
        finally:
            process.down(tmp_path / name)
    assert dumps[0] == dumps[1]


def test_forks_begin_alike_and_go_apart(stem: Stem, tmp_path: Path) -> None:
    """Twins of one stem have the same accounts and ids; what happens in one is unknown to the other."""
    one, two = stem.grow(tmp_path / "one"), stem.grow(tmp_path / "two")
    try:
        assert one.port != two.port
        caller(one)("backup").create_backup_vault(BackupVaultName="mine")
        control.move_clock(one, advance="5d")
        with pytest.raises(ClientError, match="ResourceNotFound"):
            caller(two)("backup").describe_backup_vault(BackupVaultName="mine")
        assert control.status(two)["organization"] == control.status(one)["organization"]
        assert control.clock(two)["now"] < control.clock(one)["now"]
        assert process.down(tmp_path / "one")
        assert process.status(tmp_path / "two")["accounts"] == 6
    finally:
        process.down(tmp_path / "one")
        process.down(tmp_path / "two")


def header_of(file: Path) -> tuple[dict[str, Any], bytes]:
    line, _, body = file.read_bytes()[len(MAGIC) :].partition(b"\n")
    return json.loads(line), body


def written(path: Path, header: dict[str, Any], body: bytes) -> Path:
    path.write_bytes(MAGIC + json.dumps(header).encode() + b"\n" + body)
    return path


def graph_of(path: Path, file: Path, data: bytes) -> Path:
    header, _ = header_of(file)
    body = zlib.compress(data)
    return written(path, header | {"bytes": len(data), "sha256": sha256(body).hexdigest()}, body)


def refusal(home: Path, path: Path) -> BadInput:
    with pytest.raises(BadInput) as caught:
        process.up(home, 0, state=path)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format_version": 2}, "has format version 2, this release reads 1"),
        ({"moto": "4.0.0"}, "was written with moto 4.0.0"),
        ({"sha256": "0" * 64}, "is damaged"),
        ({"bytes": 7}, "is damaged: it is longer or shorter than it says"),
        ({"colour": "red"}, "is damaged: its header can't be read"),
    ],
)
def test_files_of_other_releases_and_damaged_ones_are_refused_with_a_way_on(
    file: Path, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    """A file that this release can't read is one clear error with what to do."""
    header, body = header_of(file)
    assert message in refusal(tmp_path, written(tmp_path / "other.twin", header | change, body)).message


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", MAGIC, MAGIC + b"{}\n", MAGIC + b"[]\n", MAGIC + b"\xff\n"])
def test_what_is_no_saved_twin_is_refused(tmp_path: Path, content: bytes) -> None:
    """Any other file is refused by its first bytes or its header."""
    path = tmp_path / "nothing.twin"
    path.write_bytes(content)
    assert str(path) in refusal(tmp_path, path).message


class _Attack:
    """What an attacker would put into a pickle."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self._call = (function, arguments)

    def __reduce__(self) -> Any:
        return self._call


def named(name: str, *arguments: str) -> Callable[[Path], Any]:
    return lambda _mark: _Attack(getattr(graph, name), *arguments)


@pytest.mark.parametrize(
    "evil",
    [
        lambda mark: _Attack(exec, f"open({str(mark)!r}, 'w').close()"),
        lambda mark: _Attack(Path.touch, mark),
        lambda mark: _Attack(os.system, f"touch {mark}"),
        named("_class_of", "moto.s3.models:FakeKey"),
        named("_new", "subprocess:Popen"),
        named("_named_class", "moto.awslambda.models:LambdaFunction"),
        named("_happening", "strongroom.twin.process:down"),
    ],
)
def test_a_file_runs_nothing_of_its_own(file: Path, tmp_path: Path, evil: Callable[[Path], Any]) -> None:
    """A file that names any other function or class than those of the format is refused before it does anything."""
    mark = tmp_path / "mark"
    path = graph_of(tmp_path / "evil.twin", file, pickle.dumps({"services": evil(mark)}))
    assert "can't be loaded" in refusal(tmp_path, path).message
    assert not mark.exists()


def test_a_bomb_is_refused_by_its_size(file: Path, tmp_path: Path) -> None:
    """A file that unfolds to more than it says is refused at what it says."""
    header, _ = header_of(file)
    body = zlib.compress(bytes(50_000_000))
    path = written(tmp_path / "bomb.twin", header | {"bytes": 1000, "sha256": sha256(body).hexdigest()}, body)
    assert "longer or shorter" in refusal(tmp_path, path).message


def test_a_seed_and_a_state_exclude_each_other(file: Path, tmp_path: Path) -> None:
    """One of both is needed, and an instant that is none is refused."""
    for seed, state in ((SEED, file), (None, None)):
        with pytest.raises(BadInput, match="seed or of a saved state"):
            process.up(tmp_path, 0, seed, state=state)
    with pytest.raises(BadInput, match="is not an instant"):
        process.up(tmp_path, 0, SEED, start="tomorrow")


def test_a_saved_twin_goes_on_enforcing_iam_unless_told_otherwise(tmp_path: Path) -> None:
    """Whether IAM is enforced is part of the state, for a process of its own and for a stem; a flag overrides it."""
    path = tmp_path / "enforced.twin"
    with Stem(tmp_path / "seeded", seed=SEED, enforce_iam=True) as stem:
        first = stem.grow(tmp_path / "first")
        iam = caller(first)("iam")
        iam.create_user(UserName="nobody")
        path.write_bytes(control.save(first))
        assert not _may_list(first)
        assert control.status(first)["enforce_iam"] is True
    for enforce_iam, lists in ((None, False), (True, False), (False, True)):
        with Stem(tmp_path / "loaded", state=path, enforce_iam=enforce_iam) as stem:
            grown = stem.grow(tmp_path / f"stem-{enforce_iam}")
            assert (_may_list(grown), control.status(grown)["enforce_iam"]) == (lists, not lists)
    try:
        assert not _may_list(process.up(tmp_path / "alone", 0, state=path))
    finally:
        process.down(tmp_path / "alone")


def _may_list(endpoint: Endpoint) -> bool:
    """Whether a user without any policy may list vaults."""
    key = caller(endpoint)("iam").create_access_key(UserName="nobody")["AccessKey"]
    try:
        caller(endpoint, (key["AccessKeyId"], SHOP[1]))("backup").list_backup_vaults()
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException"  # noqa: PT017 - both answers are looked at
        return False
    return True
