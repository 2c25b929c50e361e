"""What AWS refuses while safeguards, readiness and native protection are read: the rest stays, and `reads` says what is missing."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from botocore.awsrequest import AWSResponse

from strongroom.aws.readers import backup, native, networks, readiness, safeguards
from strongroom.aws.readers.harvest import Harvest
from strongroom.aws.readers.keys import read_keys
from strongroom.aws.readers.scope import Reading, Scope
from strongroom.aws.sessions import Sessions

ACCOUNT, REGION = "111111111111", "eu-west-2"
IDENTITY = (
    f"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::{ACCOUNT}:user/a</Arn><UserId>A</UserId>"
    f"<Account>{ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)
DENIED = (403, {"__type": "AccessDeniedException", "message": "no"})
MISSING = (400, {"__type": "ResourceNotFoundException", "message": "no such thing"})
RDS = (
    "<R><DescribeAccountAttributesResult><AccountQuotas>"
    "<AccountQuota><AccountQuotaName>DBInstances</AccountQuotaName><Used>39</Used><Max>40</Max></AccountQuota>"
    "<AccountQuota><AccountQuotaName>ReadReplicasPerMaster</AccountQuotaName><Used>1</Used><Max>5</Max></AccountQuota>"
    "</AccountQuotas></DescribeAccountAttributesResult></R>"
)
Answer = tuple[int, Any]


class _Body:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, **_: Any) -> Any:
        yield self.content

    def read(self, *_: Any, **__: Any) -> bytes:
        return self.content


class Desk:
    """Sessions whose calls are answered from `answers`: by a part of what is asked, and the answer."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.sessions = Sessions.open(role="strongroom-read", region=REGION)
        self.sessions._session.register("before-send", self._answer)

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
        target = request.headers.get("X-Amz-Target") or ""
        said = " ".join((target.decode() if isinstance(target, bytes) else target, unquote(request.url), body.decode()))
        status, content = (200, IDENTITY) if "GetCallerIdentity" in said else _found(self.answers, said)
        text = content if isinstance(content, str) else json.dumps(content)
        return AWSResponse(request.url, status, {"Date": "Thu, 19 Feb 2026 02:00:00 GMT"}, _Body(text.encode()))


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """One for all tests: reading the models of services takes long."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        for name, value in (("AWS_ACCESS_KEY_ID", "AKIAX"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_CONFIG_FILE", "/dev/null")):
            patch.setenv(name, value)
        yield Desk()


@pytest.fixture
def harvested(desk: Desk) -> Callable[..., "_Harvested"]:
    """Let a reader fill a harvest from canned answers."""

    def run(reader: Callable[[Scope, Harvest], Any], answers: dict[str, Answer | Callable[[str], Answer]]) -> "_Harvested":
        desk.answers = answers
        harvest = Harvest()
        returned = reader(Scope(Reading(desk.sessions, REGION), ACCOUNT, REGION), harvest)
        return _Harvested(harvest, returned)

    return run


def _found(answers: dict[str, Any], said: str) -> Answer:
    for part, found in answers.items():
        if part in said:
            return found(said) if callable(found) else found
    raise AssertionError(f"nobody expected {said}")


class _Harvested:
    def __init__(self, harvest: Harvest, returned: Any) -> None:
        self._harvest, self.returned = harvest, returned

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """The rows of a table without account and Region."""
        return [tuple(row[2:]) for row in self._harvest.rows.get(table, ())]

    @property
    def reads(self) -> dict[str, str]:
        """The subjects with the code of what is missing, empty when they were read."""
        return {row[0]: row[2] for row in self.rows("reads")}


HOLD = {"LegalHoldId": "h-1", "Title": "inquiry", "Status": "ACTIVE", "CreationDate": 1767225600}
SELECTED = {**HOLD, "RecoveryPointSelection": {"VaultNames": ["a"], "DateRange": {"FromDate": 1767225600, "ToDate": 1767312000}}}
HELD = {"RecoveryPoints": [{"RecoveryPointArn": "arn:p", "BackupVaultName": "a"}]}


def test_a_hold_is_told_with_what_it_selects(harvested):
    """Instants in what a hold selects are ISO 8601; a recovery point whose resource AWS leaves out is held all the same."""
    found = harvested(
        safeguards.read_legal_holds,
        {"/recovery-points": (200, HELD), "/legal-holds/h-1": (200, SELECTED), "/legal-holds/?": (200, {"LegalHolds": [HOLD]})},
    )
    ((*_, selection, complete),) = found.rows("legal_holds")
    assert json.loads(selection) == {
        "VaultNames": ["a"],
        "DateRange": {"FromDate": "2026-01-01T00:00:00+00:00", "ToDate": "2026-01-02T00:00:00+00:00"},
    }
    assert complete
    assert found.rows("held_points") == [("h-1", "a", "arn:p", None)]
    assert found.reads == {"legal_holds": "", "held_points": ""}


def test_a_large_hold_is_cut_and_says_so(harvested):
    """Of a hold with millions of recovery points the first are listed, and the hold says that these are not all."""
    pages = iter(range(100))

    def page(_said):
        number = next(pages)
        points = [{"RecoveryPointArn": f"arn:{number}-{each}"} for each in range(1000)]
        return 200, {"RecoveryPoints": points, "NextToken": f"t{number}"}

    found = harvested(
        safeguards.read_legal_holds,
        {"/recovery-points": page, "/legal-holds/h-1": (200, SELECTED), "/legal-holds/?": (200, {"LegalHolds": [HOLD]})},
    )
    assert len(found.rows("held_points")) == safeguards.HELD_MAX
    assert [row[-1] for row in found.rows("legal_holds")] == [False]
    assert found.reads == {"legal_holds": "", "held_points": ""}
    assert next(pages) == 11  # one page more than is kept tells that there are more


def test_a_hold_given_up_is_not_asked_what_it_held(harvested):
    """A record of a hold that ended is kept, and holds nothing."""
    ended = HOLD | {"Status": "CANCELED", "CancellationDate": 1767312000}
    found = harvested(safeguards.read_legal_holds, {"/legal-holds/?": (200, {"LegalHolds": [ended]})})
    ((_, _, status, _, cancelled, selection, complete),) = found.rows("legal_holds")
    assert (status, selection, complete) == ("CANCELED", None, True)
    assert cancelled is not None
    assert found.rows("held_points") == []


def test_holds_that_are_refused_are_unread(harvested):
    """Refused as a list both are unread; refused alone, what a hold selects or holds is unread and the hold stays."""
    nothing = harvested(safeguards.read_legal_holds, {"/legal-holds/?": DENIED})
    assert nothing.reads == {"legal_holds": "AccessDeniedException", "held_points": "AccessDeniedException"}
    part = harvested(
        safeguards.read_legal_holds,
        {"/recovery-points": DENIED, "/legal-holds/h-1": (200, SELECTED), "/legal-holds/?": (200, {"LegalHolds": [HOLD]})},
    )
    assert [row[-1] for row in part.rows("legal_holds")] == [False]
    assert part.reads == {"legal_holds": "", "held_points": "AccessDeniedException"}


def test_a_framework_whose_controls_are_refused_is_known_by_name(harvested):
    """What the list tells stays; the controls are null, and the subject is unread."""
    listed = {"FrameworkName": "f", "FrameworkArn": "arn:f", "NumberOfControls": 3, "DeploymentStatus": "COMPLETED"}
    found = harvested(safeguards.read_frameworks, {"/frameworks/f": DENIED, "/audit/frameworks": (200, {"Frameworks": [listed]})})
    assert found.rows("frameworks") == [("f", "arn:f", "COMPLETED", None, 3, None, None)]
    assert found.reads == {"frameworks": "AccessDeniedException"}


VAULT = {"BackupVaultName": "a", "BackupVaultArn": "arn:aws:backup:eu-west-2:111111111111:backup-vault:a", "Locked": False}


def test_a_vault_that_tells_nobody_was_read(harvested):
    """AWS says by an error that a vault has no notifications; tags that are refused leave the vault known."""
    found = harvested(
        backup.read_vaults,
        {
            "/notification-configuration": MISSING,
            "/access-policy": MISSING,
            "/tags/": DENIED,
            "/backup-vaults/": (200, {"BackupVaultList": [VAULT]}),
        },
    )
    assert found.returned == ("a",)
    assert (found.rows("vault_notifications"), found.rows("vault_tags")) == ([], [])
    assert found.reads == {"vaults": "", "vault_notifications": "", "vault_tags": "AccessDeniedException"}


def test_vaults_that_could_not_be_listed_leave_all_of_them_unread(harvested):
    """Nobody may conclude that there are no notifications and no tags."""
    found = harvested(backup.read_vaults, {"/backup-vaults/": DENIED})
    assert found.returned is None
    assert found.reads == {"vaults": "AccessDeniedException", "vault_notifications": "VaultsUnread", "vault_tags": "VaultsUnread"}


def quota(code, value, **more):
    return {"QuotaCode": code, "Value": value, **more}


def test_a_quota_that_was_never_raised_has_its_default(harvested):
    """What Service Quotas doesn't list as applied is asked for as a default; a Region that lacks the quota has no row."""

    def default(said):
        if "L-1216C47A" in said:
            return 400, {"__type": "NoSuchResourceException", "message": "not here"}
        return 200, {"Quota": quota("L-309BACF6", 100000.0)}

    found = harvested(
        readiness.read_quotas,
        {
            "Action=DescribeAccountAttributes": (200, RDS),
            "GetAWSDefaultServiceQuota": default,
            '"dynamodb"': (200, {"Quotas": [quota("L-F98FE922", 2500.9), quota("L-OTHER", 1.0)]}),
            "ListServiceQuotas": (200, {"Quotas": []}),
        },
    )
    rows = {row[1]: row for row in found.rows("quotas")}
    assert rows["DBInstances"] == ("rds", "DBInstances", "DBInstances", 40, 39, "instances")
    assert rows["L-F98FE922"] == ("dynamodb", "L-F98FE922", "Maximum number of tables", 2500, None, "tables")
    assert rows["L-309BACF6"][3:] == (100000, None, "snapshots")
    assert not rows.keys() & {"L-1216C47A", "L-OTHER", "ReadReplicasPerMaster"}
    assert found.reads == {"quotas": ""}


VPCS = "<R><vpcSet>{}</vpcSet></R>"


@pytest.mark.parametrize(
    ("answer", "rows", "read"),
    [
        ((200, VPCS.format("<item><vpcId>vpc-1</vpcId></item>")), [("vpc-1",)], ""),
        ((200, VPCS.format("")), [], ""),
        ((403, "<Response><Errors><Error><Code>UnauthorizedOperation</Code></Error></Errors></Response>"), [], "UnauthorizedOperation"),
    ],
)
def test_a_default_vpc_is_there_or_not_or_unread(harvested, answer, rows, read):
    """Only the default one is asked for; without one that could be read nothing is concluded."""
    found = harvested(networks.read_default_vpcs, {"Filter.1.Name=is-default": answer})
    assert (found.rows("default_vpcs"), found.reads) == (rows, {"default_vpcs": read})


def test_quotas_that_are_refused_leave_those_of_rds(harvested):
    """Service Quotas may be denied where RDS answers."""
    found = harvested(readiness.read_quotas, {"Action=DescribeAccountAttributes": (200, RDS), "ListServiceQuotas": DENIED})
    assert [row[1] for row in found.rows("quotas")] == ["DBInstances"]
    assert found.reads == {"quotas": "AccessDeniedException"}


def test_allowed_images_and_disabled_images_are_read_apart(harvested):
    """One of the two may be denied."""
    settings = "<R><state>audit-mode</state><managedBy>declarative-policy</managedBy></R>"
    denied = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>"
    found = harvested(readiness.read_images, {"Action=GetAllowedImagesSettings": (200, settings), "Action=DescribeImages": (403, denied)})
    assert found.rows("allowed_images") == [("audit-mode", "declarative-policy", "[]")]
    assert found.reads == {"allowed_images": "", "disabled_images": "UnauthorizedOperation"}


def test_a_setting_that_aws_leaves_out_is_unread(harvested):
    """Nobody may conclude that all images are allowed."""
    nothing = "<R></R>"
    found = harvested(readiness.read_images, {"Action=GetAllowedImagesSettings": (200, nothing), "Action=DescribeImages": (200, nothing)})
    assert (found.rows("allowed_images"), found.rows("disabled_images")) == ([], [])
    assert found.reads == {"allowed_images": "IncompleteAnswer", "disabled_images": ""}


def test_a_table_that_is_gone_has_no_protection_and_one_that_is_denied_is_unread(harvested):
    """Gone between the list and the look is no failure; denied is."""

    def described(said):
        return DENIED if "kept" in said else (400, {"__type": "TableNotFoundException", "message": "gone"})

    for names, code in ((["gone"], ""), (["gone", "kept"], "AccessDeniedException"), (None, "TablesUnread")):
        found = harvested(
            lambda scope, harvest, names=names: native.read_table_protection(scope, harvest, names, "details:DynamoDB"),
            {"DescribeContinuousBackups": described},
        )
        assert found.rows("native_protection") == []
        assert found.reads == {"details:DynamoDB": code}


@pytest.mark.parametrize(
    ("database", "rows"),
    [
        ({"BackupRetentionPeriod": 7, "LatestRestorableTime": 2, "EarliestRestorableTime": 1}, [("arn:d", "rds-automated", True, 7, 1, 2)]),
        ({"BackupRetentionPeriod": 0, "LatestRestorableTime": 2}, [("arn:d", "rds-automated", False, None, None, None)]),
        ({}, []),
    ],
)
def test_automated_backups_are_on_off_or_not_told(database, rows):
    """Zero days is off; a service that doesn't tell has no row."""
    harvest = Harvest()
    native.add_database_protection(Scope(None, ACCOUNT, REGION), harvest, "arn:d", database)
    assert [tuple(row[2:]) for row in harvest.rows.get("native_protection", ())] == rows


def test_tags_of_a_key_that_is_denied_are_unread(harvested):
    """A key is known without its tags, and without the key its tags and grants are unread."""
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
    described = (200, {"KeyMetadata": {"Arn": arn, "KeyId": "1", "KeyManager": "CUSTOMER", "KeyState": "Enabled"}})

    def reader(scope, harvest):
        return read_keys(scope, [arn], harvest)

    answers = {"GetKeyPolicy": (200, {"Policy": "{}"}), "ListGrants": (200, {"Grants": []}), "ListResourceTags": DENIED}
    found = harvested(reader, {"DescribeKey": described, **answers})
    assert found.reads == {"keys": "", "grants": "", "key_tags": "AccessDeniedException"}
    assert [row[0] for row in found.rows("keys")] == [arn]
    nothing = harvested(reader, {"DescribeKey": DENIED})
    assert nothing.reads == {"keys": "AccessDeniedException", "grants": "KeyUnread", "key_tags": "KeyUnread"}
