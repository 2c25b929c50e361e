"""A restore plan: the exact calls that bring back what was asked for, with everything that is in their way."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from strongroom.aws.recovery import points, surroundings
from strongroom.aws.recovery.carrying import COPIED_POINT, RESTORED
from strongroom.aws.recovery.describing import identifier
from strongroom.aws.recovery.points import Candidate
from strongroom.aws.sessions import Sessions
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Finding, Severity
from strongroom.domain.names import AccountId, Arn, EveryAccount, Region, ResourceType, partition_of, vault_arn
from strongroom.domain.origin import LiveOrigin
from strongroom.domain.recovery import RESTORE_TAG, ApiCall, PointRef, RestorePlan, RestoreStep, StepKind
from strongroom.domain.strategy import VaultType
from strongroom.errors import AwsRefused, AwsUnreachable, NoCredentials
from strongroom.ledger import Snapshot
from strongroom.semantics import restores as rules
from strongroom.semantics.restores import CLUSTERS
from strongroom.workflows.catalogue import finding
from strongroom.workflows.restoring import metadata as texts
from strongroom.workflows.restoring import timing
from strongroom.workflows.restoring.choosing import Choice, Chosen, Way, choose
from strongroom.workflows.restoring.native import own_call
from strongroom.workflows.restoring.preflight import Intended, preflight, too_long
from strongroom.workflows.restoring.request import RestoreRequest, Wanted, judge, kind_of

COPY_DAYS = 7  # how long a copy that was made for a restore is kept, from now
_DEFAULT_ROLE = "service-role/AWSBackupDefaultServiceRole"
_DEFAULT_VAULT = "Default"
_DESCRIBING = {
    ResourceType.DYNAMODB: ("dynamodb", "DescribeTable", "TableName"),
    ResourceType.EBS: ("ec2", "DescribeVolumes", "VolumeIds"),
    ResourceType.EC2: ("ec2", "DescribeInstances", "InstanceIds"),
    ResourceType.EFS: ("efs", "DescribeFileSystems", "FileSystemId"),
    ResourceType.RDS: ("rds", "DescribeDBInstances", "DBInstanceIdentifier"),
    ResourceType.S3: ("s3", "GetBucketEncryption", "Bucket"),
    **dict.fromkeys(CLUSTERS, ("rds", "DescribeDBClusters", "DBClusterIdentifier")),
}
# How each service names what is tagged.
_TAGGING = {
    ResourceType.DYNAMODB: ("dynamodb", "TagResource", "ResourceArn"),
    ResourceType.EBS: ("ec2", "CreateTags", "Resources"),
    ResourceType.EC2: ("ec2", "CreateTags", "Resources"),
    ResourceType.EFS: ("efs", "TagResource", "ResourceId"),
    ResourceType.S3: ("s3", "PutBucketTagging", "Bucket"),
}
_TAGGING_DATABASE = ("rds", "AddTagsToResource", "ResourceName")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """All that a plan is made of."""

    wanted: Wanted
    sessions: Sessions
    estate: Estate | None
    snapshot: Snapshot | None
    plan_id: str

    @property
    def request(self) -> RestoreRequest:
        """What somebody wants back."""
        return self.wanted.request


def plan_restore(
    request: RestoreRequest, sessions: Sessions, *, estate: Estate | None, snapshot: Snapshot | None, plan_id: str
) -> RestorePlan:
    """Return everything that a restore will do; nothing that could act is called.

    What is in the way is among the findings: with an ERROR there may be no steps, and `is_refused` says so. Without an estate vaults have
    no labels and there is no RTO; without a snapshot permissions are not predicted, which is a finding too. Raises BadInput, AwsRefused.
    """
    setting = _Setting(
        wanted=_understood(request, sessions, snapshot), sessions=sessions, estate=estate, snapshot=snapshot, plan_id=plan_id
    )
    closed = _closed(setting)
    if closed is not None:
        return _refused(setting, Chosen(choice=None, findings=(closed,)))
    places = timing.places_of(snapshot, request.resource_arn)
    chosen = choose(setting.wanted, sessions, estate=estate, places=places)
    if chosen.choice is None:
        return _refused(setting, chosen)
    return _planned(setting, chosen.choice, chosen.findings)


def _closed(setting: _Setting) -> Finding | None:
    """Return why the account that is restored into can't be entered; asked first, because nothing can be begun without it."""
    account = setting.request.account or setting.wanted.account
    try:
        if account is not None:
            setting.sessions.assume(account)
    except (NoCredentials, AwsUnreachable):
        raise
    except AwsRefused as error:
        return finding("RCV017", f"account {account}", error.message, LiveOrigin(account or "", "", ""))
    return None


def is_refused(plan: RestorePlan) -> bool:
    """Return whether a plan must not be carried out."""
    return not plan.steps or any(each.severity is Severity.ERROR for each in plan.findings)


def _understood(request: RestoreRequest, sessions: Sessions, snapshot: Snapshot | None) -> Wanted:
    judge(request)
    sessions.caller()
    account, region = _home(Arn.parse(request.resource_arn), request, sessions, snapshot)
    return Wanted(request=request, account=account, region=region, now=sessions.observed_at())


def _home(arn: Arn, request: RestoreRequest, sessions: Sessions, snapshot: Snapshot | None) -> tuple[AccountId, Region]:
    """Return account and Region of the resource; ARNs of buckets carry neither: there the ledger tells, else where we are."""
    if arn.account and arn.region:
        return AccountId(arn.account), Region(arn.region)
    for account, region, _ in timing.resource_place(snapshot, request.resource_arn):
        return account, region
    if request.point:
        return request.account or request.point.account, request.point.region
    return request.account or AccountId(sessions.caller().account), request.region or Region(sessions.region)


def _refused(setting: _Setting, chosen: Chosen) -> RestorePlan:
    request, wanted = setting.request, setting.wanted
    kind = kind_of(Arn.parse(request.resource_arn))
    return _plan(
        setting,
        type=kind or ResourceType.AURORA,
        point=request.point,
        instant=request.at,
        account=request.account or wanted.account or AccountId(setting.sessions.caller().account),
        region=request.region or wanted.region or Region(setting.sessions.region),
        findings=chosen.findings,
    )


def _plan(setting: _Setting, **members: Any) -> RestorePlan:
    request, estate = setting.request, setting.estate
    usual: dict[str, Any] = {"job_role": "", "metadata": {}, "inferred": {}, "creates": "", "steps": (), "rto_seconds": None, "reason": ""}
    return RestorePlan(
        plan_id=setting.plan_id,
        strategy=estate.name if estate else "",
        role=setting.sessions.role,
        home_region=Region(setting.sessions.region),
        resource_arn=request.resource_arn,
        overrides=dict(request.overrides),
        tags=_tags(setting),
        made_at=setting.wanted.now,
        test_run=request.test_run,
        **{**usual, **members},
    )


def _tags(setting: _Setting) -> dict[str, str]:
    return {**setting.request.tags, RESTORE_TAG: setting.plan_id}


def _planned(setting: _Setting, choice: Choice, remarks: tuple[Finding, ...]) -> RestorePlan:
    account, region = _target(setting, choice)
    point = choice.candidate.point if choice.candidate else None
    back = point is not None and (point.account, point.region) != (account, region) and choice.way is not Way.SHARED
    found: list[Finding] = list(remarks)
    cluster = _is_cluster(setting, choice)
    inferred = _inferred(setting, choice, account, region, cluster=cluster, found=found)
    metadata = rules.merged(inferred, {**_into(setting, choice.type), **setting.request.overrides})
    intended = Intended(
        request=setting.request, choice=choice, account=account, region=region, metadata=metadata, cluster=cluster, copies_back=back
    )
    found += preflight(intended, setting.sessions, estate=setting.estate, snapshot=setting.snapshot)
    rto = timing.rto_seconds(setting.estate, choice.type, _resource_tags(setting, point), setting.request.resource_arn)
    role = "" if choice.candidate is None else setting.request.job_role or _restore_role(setting, account, region)
    steps = tuple(_steps(setting, intended, role, found))
    parts = {each.title: each.expected_seconds for each in steps if each.kind in {StepKind.COPY_BACK, StepKind.RESTORE}}
    names = {"copy back" if title.startswith("copy") else "restore": seconds for title, seconds in parts.items()}
    found += too_long(rto, names, LiveOrigin(account, region, ""), setting.request.resource_arn)
    return _plan(
        setting,
        type=choice.type,
        point=point,
        instant=choice.instant,
        account=account,
        region=region,
        job_role=role,
        metadata=metadata,
        inferred=inferred,
        creates=texts.made_name(choice.type, metadata, cluster=cluster),
        steps=steps,
        findings=tuple(found),
        rto_seconds=rto,
        reason=choice.reason,
    )


def _target(setting: _Setting, choice: Choice) -> tuple[AccountId, Region]:
    """Return where the resource is restored: as asked, else in its own account, in the Region of the recovery point."""
    request, wanted = setting.request, setting.wanted
    point = choice.candidate.point if choice.candidate else None
    account = request.account or wanted.account or (point.account if point else AccountId(setting.sessions.caller().account))
    region = request.region or (point.region if point else wanted.region) or Region(setting.sessions.region)
    return account, region


def _is_cluster(setting: _Setting, choice: Choice) -> bool:
    parsed = Arn.parse(setting.request.resource_arn)
    return choice.type in CLUSTERS or (choice.type is ResourceType.RDS and parsed.resource.startswith("cluster:"))


def _inferred(
    setting: _Setting, choice: Choice, account: AccountId, region: Region, *, cluster: bool, found: list[Finding]
) -> dict[str, str]:
    """Return the metadata before overrides; of a native restore the few that its call takes."""
    request, wanted = setting.request, setting.wanted
    name = request.name or texts.restored_name(choice.type, identifier(request.resource_arn), wanted.now)
    here = (account, region) == (wanted.account, wanted.region)
    if choice.candidate is None:
        return {texts.NAMES[choice.type]: name}
    recorded = points.restore_metadata(setting.sessions, choice.candidate.point)
    zones: tuple[str, ...] = ()
    if choice.type is ResourceType.EBS and not (here and rules.value(recorded, "availabilityZone")):
        try:
            zones = surroundings.zones(setting.sessions, account, region)
        except NoCredentials:
            raise
        except AwsRefused as error:
            found.append(
                finding("RCV016", region, f"Availability Zones could not be read: {error.message}", LiveOrigin(account, region, ""))
            )
    situation = texts.Situation(
        type=choice.type, cluster=cluster, name=name, here=here, instant=choice.instant, zones=zones, items=request.items
    )
    return texts.inferred(recorded, situation)


def _into(setting: _Setting, kind: ResourceType) -> dict[str, str]:
    """Return the metadata that let something existing be written into, where it was named twice."""
    request = setting.request
    if not request.overwrite:
        return {}
    if kind is ResourceType.S3:
        return {"NewBucket": "false", "DestinationBucketName": request.name}
    return {"newFileSystem": "false", "file-system-id": request.name} if kind is ResourceType.EFS else {}


def _resource_tags(setting: _Setting, point: PointRef | None) -> dict[str, str]:
    """Return the tags that objectives select by: those of the recovery point, which are the resource's of that time."""
    if setting.estate is None or not any(each.rto_minutes for each in setting.estate.objectives):
        return {}
    known = timing.resource_tags(setting.snapshot, setting.request.resource_arn)
    if known or point is None:
        return known
    try:
        return points.tags_of_point(setting.sessions, point)
    except NoCredentials:
        raise
    except AwsRefused:  # then no objective by tags applies, and the plan shows no RTO
        return {}


def _restore_role(setting: _Setting, account: AccountId, region: Region) -> str:
    """Return the role that AWS Backup restores with: the strategy's where it is, else the one for backups, else AWS's default."""
    names = (setting.estate.roles.restore, setting.estate.roles.backup) if setting.estate else ()
    for name in names:
        try:
            if surroundings.has_role(setting.sessions, account, region, name):
                return _role_arn(account, region, name)
        except NoCredentials:
            raise
        except AwsRefused:  # who may restore may not always see roles: the strategy says that it is there
            return _role_arn(account, region, name)
    return _role_arn(account, region, _DEFAULT_ROLE)


def _role_arn(account: AccountId, region: Region, name: str) -> str:
    return f"arn:{partition_of(region)}:iam::{account}:role/{name}"


def _steps(setting: _Setting, intended: Intended, role: str, found: list[Finding]) -> Iterator[RestoreStep]:
    """Yield the steps; a copy back without a vault to land in is a finding, and there are none."""
    each, kind = intended.choice.candidate, intended.type
    expected = timing.expected(setting.snapshot, kind, each.point.size_bytes if each else None)
    calls: list[tuple[StepKind, str, ApiCall, int | None]] = []
    if each is not None and intended.copies_back:
        call = _copy_call(setting, intended, each, found)
        if call is None:
            return
        title = f"copy the recovery point back from account {each.point.account}, {each.point.region}"
        calls.append((StepKind.COPY_BACK, title, call, expected.copy_seconds))
    call = own_call(intended, setting.sessions, _tags(setting), found) if each is None else _restore_call(intended, each, role)
    made = texts.made_name(kind, intended.metadata, cluster=intended.cluster)
    calls.append((StepKind.RESTORE, f"restore {kind} {made}".rstrip(), call, expected.restore_seconds))
    if not texts.written_into(kind, intended.metadata):
        calls.append((StepKind.TAG, "tag what was made", _tag_call(intended, _tags(setting)), None))
    service, operation, parameter = _DESCRIBING.get(kind, _DESCRIBING[ResourceType.RDS])
    told: Any = [RESTORED] if parameter.endswith("Ids") else RESTORED
    calls.append((StepKind.DESCRIBE, "look where it is", _call(intended, service, operation, {parameter: told}), None))
    for number, (step, title, made_call, seconds) in enumerate(calls, start=1):
        yield RestoreStep(number=number, kind=step, title=title, call=made_call, expected_seconds=seconds)


def _call(intended: Intended, service: str, operation: str, parameters: Mapping[str, Any]) -> ApiCall:
    return ApiCall(account=intended.account, region=intended.region, service=service, operation=operation, parameters=parameters)


def _tag_call(intended: Intended, tags: Mapping[str, str]) -> ApiCall:
    service, operation, parameter = _TAGGING.get(intended.type, _TAGGING_DATABASE)
    pairs: Any = [{"Key": name, "Value": text} for name, text in tags.items()]
    tagged = {"Tagging": {"TagSet": pairs}} if service == "s3" else {"Tags": pairs}
    return _call(intended, service, operation, {parameter: [RESTORED] if parameter == "Resources" else RESTORED, **tagged})


def _restore_call(intended: Intended, each: Candidate, role: str) -> ApiCall:
    parameters = {
        "RecoveryPointArn": COPIED_POINT if intended.copies_back else each.point.arn,
        "Metadata": dict(intended.metadata),
        "IamRoleArn": role,
        "ResourceType": str(intended.type),
    }
    return _call(intended, "backup", "StartRestoreJob", parameters)


def _copy_call(setting: _Setting, intended: Intended, each: Candidate, found: list[Finding]) -> ApiCall | None:
    """Return the call that copies a recovery point to where it can be restored; None where there is no vault for it."""
    point = each.point
    vault = _vault_of_target(setting, intended)
    if vault is None:
        message = f"account {intended.account} has no vault in {intended.region} that a recovery point could be copied into"
        found.append(finding("RCV009", f"recovery point {point.arn}", message, LiveOrigin(intended.account, intended.region, "")))
        return None
    name, least, most = vault
    role = setting.estate.roles.backup if setting.estate else _DEFAULT_ROLE
    parameters = {
        "RecoveryPointArn": point.arn,
        "SourceBackupVaultName": point.vault,
        "DestinationBackupVaultArn": vault_arn(intended.account, intended.region, name),
        "IamRoleArn": _role_arn(point.account, point.region, role),
        "Lifecycle": {"DeleteAfterDays": _kept_days(point.created_at, setting.wanted.now, least, most)},
    }
    return ApiCall(account=point.account, region=point.region, service="backup", operation="StartCopyJob", parameters=parameters)


def _kept_days(created_at: datetime, now: datetime, least: int | None, most: int | None) -> int:
    """Return for how long a copy is kept: its days count from the creation of the source, and the lock of its vault bounds them.

    Example:
        >>> begin = datetime(2027, 1, 1)
        >>> _kept_days(begin, datetime(2027, 1, 11), None, None), _kept_days(begin, datetime(2027, 1, 2), 30, 90)
        (17, 30)
    """
    days = (now - created_at) // timedelta(days=1) + COPY_DAYS
    return min(max(days, least or 1), most or 36500)


def _vault_of_target(setting: _Setting, intended: Intended) -> tuple[str, int | None, int | None] | None:
    """Return name and retention bounds of the vault that a copy lands in: a standard one of the strategy, else the account's default."""
    names = [
        vault.name
        for vault in (setting.estate.vaults if setting.estate else ())
        if vault.type is VaultType.STANDARD
        and intended.region in vault.regions
        and (isinstance(vault.account, EveryAccount) or vault.account == intended.account)
    ]
    for name in (*names, _DEFAULT_VAULT):
        try:
            found = points.vault_named(setting.sessions, intended.account, intended.region, name)
        except NoCredentials:
            raise
        except AwsRefused:  # who may not look may still copy into the vault that the strategy makes
            return (name, None, None) if names else None
        if found is not None:
            return name, found.get("MinRetentionDays"), found.get("MaxRetentionDays")
    return None


def without_findings(plan: RestorePlan) -> RestorePlan:
    """Return a plan as a run stores it: what was in the way has been seen."""
    return replace(plan, findings=())
