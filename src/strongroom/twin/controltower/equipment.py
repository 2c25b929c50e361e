"""What Control Tower makes: vaults, role and plans in members, central vaults, report plans.

Making twice changes nothing, so that an operation can be repeated after a failure.
Source: https://docs.aws.amazon.com/controltower/latest/userguide/backup-resources.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.iam.models import IAMBackend, iam_backends

from strongroom import facts
from strongroom.domain.names import vault_arn
from strongroom.twin.controltower.state import Backup, LandingZone, Settings, State
from strongroom.twin.organizations import Organizations
from strongroom.twin.ports import ApiError, BackupService

PLANS = ("hourly", "daily", "weekly", "monthly")
_MANAGED = (
    "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup",
    "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForRestores",
    "arn:aws:iam::aws:policy/AWSBackupServiceRolePolicyForS3Backup",
    "arn:aws:iam::aws:policy/AWSBackupServiceRolePolicyForS3Restore",
)
_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
_WINDOW_MINUTES, _COMPLETE_MINUTES = 60, 120  # of an hourly plan; no page names them
_RECORDER = "aws-controltower-BaselineConfigRecorder"


@dataclass(slots=True, kw_only=True)
class Tower:
    """Control Tower with what it works on."""

    state: State
    organization: Organizations
    backup: BackupService

    def organize(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Do an operation of Organizations as the management account; raises ApiError."""
        return self.organization.call(self.organization.management_account, operation, parameters)


def name(fact: str, zone: LandingZone) -> str:
    """Return a name of Control Tower's with the suffix of its landing zone."""
    return str(facts.fact("control_tower_resources", fact).value).replace("<suffix>", zone.suffix)


def replica(backup: Backup, region: str) -> str:
    """Return the ARN of the backup key in a Region."""
    parts = backup.key_arn.split(":")
    return ":".join((*parts[:3], region, *parts[4:]))


def make_central(tower: Tower, zone: LandingZone, settings: Settings, backup: Backup) -> None:
    """Make a central vault in every governed Region, which the organization may copy into."""
    vault = name("central_vault", zone)
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "backup:CopyIntoBackupVault",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": tower.organization.organization_id}},
    }
    for region in settings.regions:
        _vault(tower, backup.central, region, vault, replica(backup, region))
        policy = {"BackupVaultName": vault, "Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
        tower.backup.call(backup.central, region, "PutBackupVaultAccessPolicy", policy)


def make_administrator(tower: Tower, zone: LandingZone, backup: Backup) -> None:
    """Delegate AWS Backup to the administrator account, let accounts copy to each other, and report in the home Region."""
    service = "backup.amazonaws.com"
    tower.organize("EnableAWSServiceAccess", ServicePrincipal=service)
    if not tower.organization.is_delegated_administrator(backup.admin, service):
        tower.organize("RegisterDelegatedAdministrator", AccountId=backup.admin, ServicePrincipal=service)
    management, region = tower.organization.management_account, zone.region
    tower.backup.call(management, region, "UpdateGlobalSettings", {"GlobalSettings": {"isCrossAccountBackupEnabled": "true"}})
    buckets = [
        each.replace("<account>", backup.admin).replace("<suffix>", zone.suffix)
        for each in facts.fact("control_tower_resources", "report_buckets").value
    ]
    for bucket in buckets:
        _bucket(backup.admin, region, bucket)
    known = {each["ReportPlanName"] for each in tower.backup.call(backup.admin, region, "ListReportPlans", {})["ReportPlans"]}
    for plan, template in facts.fact("control_tower_resources", "reports").value.items():
        if plan not in known:
            channel = {"S3BucketName": buckets[0], "Formats": ["CSV"]}
            wish = {"ReportPlanName": plan, "ReportDeliveryChannel": channel, "ReportSetting": {"ReportTemplate": template}}
            tower.backup.call(backup.admin, region, "CreateReportPlan", wish)


def enrol(tower: Tower, settings: Settings, account: str) -> None:
    """Make what every account of a governed OU has: the role by which Control Tower works in it, and AWS Config's recorders."""
    management, trusted = tower.organization.management_account, facts.fact("control_tower_resources", "execution_role").value
    _role(account, trusted, {"AWS": f"arn:aws:iam::{management}:root"}, (_ADMINISTRATOR,))
    for region in settings.regions if settings.records else ():
        _record(account, region, settings)


def equip(tower: Tower, zone: LandingZone, settings: Settings, account: str) -> None:
    """Make vault, role and plans of an account, in every governed Region; raises ApiError."""
    backup = settings.backup
    assert backup is not None  # noqa: S101  the baseline was refused without it
    role = _role(account, facts.fact("control_tower_resources", "role").value, {"Service": "backup.amazonaws.com"}, _MANAGED)
    for region in settings.regions:
        _vault(tower, account, region, name("local_vault", zone), replica(backup, region))
        known = _plans(tower, account, region)
        for plan in PLANS:
            before = known.get(_plan_name(plan), "")
            plan_id = _plan(tower, account, region, _document(zone, backup, region, plan), before)
            _select(tower, account, region, plan_id, _selection(plan, role), is_new=not before)


def strip(tower: Tower, zone: LandingZone, settings: Settings, account: str) -> None:
    """Take plans, role and empty vaults away again; a vault with recovery points stays."""
    for region in settings.regions:
        known = _plans(tower, account, region)
        for plan in known.keys() & {_plan_name(each) for each in PLANS}:
            selections = tower.backup.call(account, region, "ListBackupSelections", {"BackupPlanId": known[plan]})["BackupSelectionsList"]
            for each in selections:
                wish = {"BackupPlanId": known[plan], "SelectionId": each["SelectionId"]}
                tower.backup.call(account, region, "DeleteBackupSelection", wish)
            tower.backup.call(account, region, "DeleteBackupPlan", {"BackupPlanId": known[plan]})
        try:
            tower.backup.call(account, region, "DeleteBackupVault", {"BackupVaultName": name("local_vault", zone)})
        except ApiError as refusal:
            if refusal.code not in {"InvalidRequestException", "ResourceNotFoundException"}:
                raise
    iam, role = _iam(account), facts.fact("control_tower_resources", "role").value
    found = next((each for each in iam.roles.values() if each.name == role), None)
    if found is not None:
        for arn in list(found.managed_policies):
            iam.detach_role_policy(arn, role)
        iam.delete_role(role)


def is_equipped(tower: Tower, zone: LandingZone, settings: Settings, account: str) -> bool:
    """Whether an account has everything that `equip` makes."""
    role = facts.fact("control_tower_resources", "role").value
    if all(each.name != role for each in _iam(account).roles.values()):
        return False
    vault, wanted = name("local_vault", zone), {_plan_name(each) for each in PLANS}
    return all(_has_vault(tower, account, region, vault) and wanted <= _plans(tower, account, region).keys() for region in settings.regions)


def has_central(tower: Tower, zone: LandingZone, settings: Settings, backup: Backup) -> bool:
    """Whether the central vaults are where they should be."""
    return all(_has_vault(tower, backup.central, region, name("central_vault", zone)) for region in settings.regions)


def _iam(account: str) -> IAMBackend:
    return iam_backends[account]["aws"]


def _role(account: str, role: str, principal: Mapping[str, str], managed: tuple[str, ...]) -> str:
    iam = _iam(account)
    found = next((each for each in iam.roles.values() if each.name == role), None)
    if found is None:
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}
        found = iam.create_role(
            role_name=role,
            assume_role_policy_document=json.dumps(trust),
            path="/",
            permissions_boundary=None,
            description="Managed by AWS Control Tower",
            tags=[],
            max_session_duration="3600",
        )
    for arn in managed:
        if arn not in found.managed_policies:
            iam.attach_role_policy(arn, role)
    return str(found.arn)


def _bucket(account: str, region: str, bucket: str) -> None:
    from moto.s3.models import s3_backends

    if bucket not in s3_backends.bucket_accounts:
        s3_backends[account]["aws"].create_bucket(bucket, region)


def _record(account: str, region: str, settings: Settings) -> None:
    from moto.config.models import config_backends

    config = config_backends[account][region]
    if not config.recorders:  # an account records once, and whoever began goes on
        config.put_configuration_recorder(
            {
                "name": _RECORDER,
                "roleARN": f"arn:aws:iam::{account}:role/aws-controltower-ConfigRecorderRole",
                "recordingGroup": {"allSupported": True},
            }
        )
        bucket = f"aws-controltower-logs-{settings.logs or account}-{region}"
        config.put_delivery_channel({"name": "aws-controltower-BaselineConfigDeliveryChannel", "s3BucketName": bucket})
        config.start_configuration_recorder(_RECORDER)


def _tag() -> dict[str, str]:
    key, value = facts.fact("control_tower_resources", "resource_tag").value
    return {key: value}


def _vault(tower: Tower, account: str, region: str, vault: str, key: str) -> None:
    if not _has_vault(tower, account, region, vault):
        wish = {"BackupVaultName": vault, "EncryptionKeyArn": key, "BackupVaultTags": _tag()}
        tower.backup.call(account, region, "CreateBackupVault", wish)


def _has_vault(tower: Tower, account: str, region: str, vault: str) -> bool:
    try:
        tower.backup.call(account, region, "DescribeBackupVault", {"BackupVaultName": vault})
    except ApiError:
        return False
    return True


def _plan_name(plan: str) -> str:
    return f"aws-controltower-{plan}-backup-plan"


def _plans(tower: Tower, account: str, region: str) -> dict[str, str]:
    """Ids of the plans of an account and Region by name."""
    found: dict[str, str] = {}
    token: dict[str, Any] = {}
    while True:
        answer = tower.backup.call(account, region, "ListBackupPlans", token)
        found |= {each["BackupPlanName"]: each["BackupPlanId"] for each in answer["BackupPlansList"]}
        if not answer.get("NextToken"):
            return found
        token = {"NextToken": answer["NextToken"]}


def _plan(tower: Tower, account: str, region: str, document: dict[str, Any], known: str) -> str:
    """Make a plan, or bring it back to what it should be; returns its id."""
    if known:
        plan_id = known
        if not _stands(document, tower.backup.call(account, region, "GetBackupPlan", {"BackupPlanId": plan_id})["BackupPlan"]):
            tower.backup.call(account, region, "UpdateBackupPlan", {"BackupPlanId": plan_id, "BackupPlan": document})
    else:
        plan_id = tower.backup.call(account, region, "CreateBackupPlan", {"BackupPlan": document, "BackupPlanTags": _tag()})["BackupPlanId"]
    return plan_id


def _select(tower: Tower, account: str, region: str, plan_id: str, selection: Mapping[str, Any], *, is_new: bool) -> None:
    plan = {"BackupPlanId": plan_id}
    if is_new or not tower.backup.call(account, region, "ListBackupSelections", plan)["BackupSelectionsList"]:
        tower.backup.call(account, region, "CreateBackupSelection", plan | {"BackupSelection": selection})


def _selection(plan: str, role: str) -> dict[str, Any]:
    tagged = {
        "ConditionType": "STRINGEQUALS",
        "ConditionKey": facts.fact("control_tower_resources", "tags").value[plan],
        "ConditionValue": "true",
    }
    return {"SelectionName": f"aws-controltower-{plan}-selection", "IamRoleArn": role, "ListOfTags": [tagged]}


def _stands(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether a plan still has its one rule as it was made."""
    (rule,) = wanted["Rules"]
    return len(found["Rules"]) == 1 and all((found["Rules"][0].get(key) or []) == value for key, value in rule.items())


def _document(zone: LandingZone, backup: Backup, region: str, plan: str) -> dict[str, Any]:
    local, central = facts.fact("control_tower_resources", "retention").value[plan]
    destination = vault_arn(backup.central, region, name("central_vault", zone))
    copies = [{"DestinationBackupVaultArn": destination, "Lifecycle": {"DeleteAfterDays": central}}] if central else []
    rule = {
        "RuleName": f"aws-controltower-{plan}-backup-rule",
        "TargetBackupVaultName": name("local_vault", zone),
        "ScheduleExpression": facts.fact("control_tower_resources", "schedules").value[plan],
        "StartWindowMinutes": _WINDOW_MINUTES,
        "CompletionWindowMinutes": _COMPLETE_MINUTES,
        "Lifecycle": {"DeleteAfterDays": local},
        "CopyActions": copies,
    }
    return {"BackupPlanName": _plan_name(plan), "Rules": [rule]}
