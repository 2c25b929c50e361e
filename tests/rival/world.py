"""Who asks, for what, and which keys such a request has: the small organization in which cases are generated."""

from dataclasses import dataclass, field

ORGANIZATION = "o-a1b2c3d4e5"
ELSEWHERE = "o-z9y8x7w6v5"
REGION = "eu-west-1"
WORKLOAD, CENTRAL, MANAGEMENT, STRANGER = "111111111111", "222222222222", "333333333333", "999999999999"
ACCOUNTS = (WORKLOAD, CENTRAL, MANAGEMENT, STRANGER)
PATHS = {  # organization and OUs above each account, from the root down
    WORKLOAD: (ORGANIZATION, "r-ab12", "ou-ab12-11111111"),
    CENTRAL: (ORGANIZATION, "r-ab12", "ou-ab12-22222222"),
    MANAGEMENT: (ORGANIZATION, "r-ab12"),
    STRANGER: (ELSEWHERE, "r-zz99"),
}


def organization(account: str) -> str:
    return PATHS[account][0]


def organization_path(account: str) -> str:
    return "/".join(PATHS[account]) + "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who asks."""

    kind: str  # role, user, root, service
    arn: str  # of the role, user, root; a service principal
    account: str  # empty: a service
    session: str = ""
    unique_id: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def service_linked(self) -> bool:
        return ":role/aws-service-role/" in self.arn

    @property
    def principal(self) -> str:
        """The ARN that the rival is asked for: that of the session where there is one."""
        if not self.session:
            return self.arn
        return f"arn:aws:sts::{self.account}:assumed-role/{self.arn.rpartition('/')[2]}/{self.session}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What is asked for."""

    arn: str
    account: str
    tags: dict[str, str] = field(default_factory=dict)


PEOPLE = tuple(
    who
    for account in ACCOUNTS
    for who in (
        Who(
            kind="role",
            account=account,
            arn=f"arn:aws:iam::{account}:role/ops",
            session="alice",
            unique_id="AROAOPS0000000000001",
            tags={"team": "backup"},
        ),
        Who(
            kind="role",
            account=account,
            arn=f"arn:aws:iam::{account}:role/teams/Restore",
            session="drill-7",
            unique_id="AROAREST000000000002",
            tags={"team": "Restore", "stage": "prod"},
        ),
        Who(
            kind="role", account=account, arn=f"arn:aws:iam::{account}:role/ops", unique_id="AROAOPS0000000000001", tags={"team": "backup"}
        ),
        Who(
            kind="user", account=account, arn=f"arn:aws:iam::{account}:user/bob", unique_id="AIDABOB0000000000003", tags={"team": "backup"}
        ),
        Who(kind="user", account=account, arn=f"arn:aws:iam::{account}:user/people/Carol", unique_id="AIDACAROL00000000004"),
    )
)
ROOTS = tuple(Who(kind="root", account=account, arn=f"arn:aws:iam::{account}:root") for account in ACCOUNTS)
LINKED = tuple(
    Who(
        kind="role",
        account=account,
        arn=f"arn:aws:iam::{account}:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup",
        session="AWSBackup",
        unique_id="AROASLR0000000000005",
    )
    for account in (WORKLOAD, CENTRAL)
)
SERVICES = tuple(Who(kind="service", account="", arn=f"{name}.amazonaws.com") for name in ("backup", "events", "sns"))

VAULT = "arn:aws:backup:{region}:{account}:backup-vault:Central"
POINT = "arn:aws:backup:{region}:{account}:recovery-point:1eb3b5e7-9eb0-435a-a80b-108b488b0d45"
KEY = "arn:aws:kms:{region}:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BUCKET = "arn:aws:s3:::reports-{account}"
OBJECT = "arn:aws:s3:::reports-{account}/2027/January/ledger.csv"
ROLE = "arn:aws:iam::{account}:role/teams/Restore"
TOPIC = "arn:aws:sns:{region}:{account}:backup-alarms"
QUEUE = "arn:aws:sqs:{region}:{account}:backup-events"
CONTROL = "arn:aws:organizations::{account}:policy/o-a1b2c3d4e5/service_control_policy/p-1a2b3c4d"

# An action, what it is asked for, and the keys of its service that its requests may have.
ACTIONS: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "backup:DeleteRecoveryPoint": (POINT, {}),
    "backup:UpdateRecoveryPointLifecycle": (POINT, {}),
    "backup:StartRestoreJob": (POINT, {}),
    "backup:CopyIntoBackupVault": (VAULT, {}),
    "backup:CopyFromBackupVault": (
        VAULT,
        {
            "backup:CopyTargets": (
                f"arn:aws:backup:{REGION}:{CENTRAL}:backup-vault:central",
                "arn:aws:backup:eu-west-2:222222222222:backup-vault:dr",
            ),
            "backup:CopyTargetOrgPaths": ("o-a1b2c3d4e5/r-ab12/ou-ab12-22222222/", "o-a1b2c3d4e5/r-ab12/"),
        },
    ),
    "backup:DeleteBackupVault": (VAULT, {}),
    "backup:PutBackupVaultAccessPolicy": (VAULT, {}),
    "backup:PutBackupVaultLockConfiguration": (
        VAULT,
        {"backup:MinRetentionDays": ("7",), "backup:MaxRetentionDays": ("365",), "backup:ChangeableForDays": ("3",)},
    ),
    "backup:UpdateGlobalSettings": ("*", {}),
    "kms:Decrypt": (
        KEY,
        {
            "kms:ViaService": ("ec2.eu-west-1.amazonaws.com",),
            "kms:CallerAccount": ("CALLER",),
            "kms:EncryptionContextKeys": ("aws:ebs:id", "team"),
            "kms:MultiRegion": ("true",),
            "kms:ResourceAliases": ("alias/backup", "alias/spare"),
            "kms:RecipientAttestation:ImageSha384": ("c3Ryb25ncm9vbQ==",),
        },
    ),
    "kms:GenerateDataKey": (
        KEY,
        {
            "kms:ViaService": ("backup.eu-west-1.amazonaws.com",),
            "kms:CallerAccount": ("CALLER",),
            "kms:RecipientAttestation:ImageSha384": ("c3Ryb25ncm9vbQ==",),
        },
    ),
    "kms:CreateGrant": (
        KEY,
        {
            "kms:GrantIsForAWSResource": ("true",),
            "kms:GrantOperations": ("Decrypt", "CreateGrant", "DescribeKey"),
            "kms:ViaService": ("rds.eu-west-1.amazonaws.com",),
            "kms:CallerAccount": ("CALLER",),
        },
    ),
    "kms:ScheduleKeyDeletion": (
        KEY,
        {"kms:ScheduleKeyDeletionPendingWindowInDays": ("7",), "kms:MultiRegion": ("false",), "kms:CallerAccount": ("CALLER",)},
    ),
    "kms:PutKeyPolicy": (KEY, {"kms:BypassPolicyLockoutSafetyCheck": ("false",), "kms:CallerAccount": ("CALLER",)}),
    "s3:GetObject": (OBJECT, {"s3:TlsVersion": ("1.2",), "s3:signatureversion": ("AWS4-HMAC-SHA256",)}),
    "s3:PutObject": (
        OBJECT,
        {
            "s3:x-amz-server-side-encryption": ("aws:kms",),
            "s3:x-amz-server-side-encryption-aws-kms-key-id": (KEY.format(region=REGION, account=WORKLOAD),),
            "s3:object-lock-retain-until-date": ("2028-03-01T00:00:00Z",),
            "s3:object-lock-remaining-retention-days": ("30",),
        },
    ),
    "s3:DeleteObjectVersion": (OBJECT, {"s3:VersionId": ("v-17",)}),
    "s3:ListBucket": (BUCKET, {"s3:prefix": ("2027/January/",), "s3:max-keys": ("100",)}),
    "sts:AssumeRole": (ROLE, {"sts:ExternalId": ("Restore-42",), "sts:RoleSessionName": ("drill-7",), "aws:TagKeys": ("team", "Stage")}),
    "iam:PassRole": (
        ROLE,
        {
            "iam:PassedToService": ("backup.amazonaws.com",),
            "iam:AssociatedResourceArn": ("arn:aws:ec2:eu-west-1:111111111111:instance/i-1",),
        },
    ),
    "iam:DeleteRole": (ROLE, {}),
    "sns:Publish": (TOPIC, {}),
    "sns:Subscribe": (TOPIC, {"sns:Protocol": ("https",), "sns:Endpoint": ("https://example.com/hook",)}),
    "sqs:SendMessage": (QUEUE, {}),
    "sqs:ReceiveMessage": (QUEUE, {}),
    "organizations:LeaveOrganization": ("*", {}),
    "organizations:DetachPolicy": (CONTROL, {"organizations:PolicyType": ("SERVICE_CONTROL_POLICY",)}),
}
GUARDED = ("backup", "kms", "s3", "sts", "sns", "sqs")  # services of the table whose resources have policies

# Keys that requests of any service may have, with a value.
EVERYWHERE: dict[str, tuple[str, ...]] = {
    "aws:RequestedRegion": (REGION,),
    "aws:SourceIp": ("203.0.113.57",),
    "aws:VpcSourceIp": ("10.1.2.3",),
    "aws:SourceVpce": ("vpce-1a2b3c4d",),
    "aws:UserAgent": ("aws-cli/2.33",),
    "aws:CurrentTime": ("2027-01-10T09:30:00Z",),
    "aws:EpochTime": ("1799573400",),
    "aws:TokenIssueTime": ("2027-01-10T08:00:00Z",),
    "aws:MultiFactorAuthPresent": ("true",),
    "aws:MultiFactorAuthAge": ("1200",),
    "aws:SecureTransport": ("true",),
    "aws:ViaAWSService": ("false",),
    "aws:CalledVia": ("backup.amazonaws.com", "cloudformation.amazonaws.com"),
    "aws:TagKeys": ("team", "Stage"),
    "aws:RequestTag/team": ("backup",),
    "aws:SourceAccount": (WORKLOAD,),
    "aws:SourceArn": (f"arn:aws:backup:{REGION}:{WORKLOAD}:backup-vault:local",),
    "aws:SourceOrgID": (ORGANIZATION,),
}


def of_principal(who: Who) -> dict[str, tuple[str, ...]]:
    """The keys that AWS fills in from who asks.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    if who.kind == "service":
        return {"aws:PrincipalIsAWSService": ("true",), "aws:PrincipalServiceName": (who.arn,), "aws:PrincipalServiceNamesList": (who.arn,)}
    found = {
        "aws:PrincipalIsAWSService": ("false",),
        "aws:PrincipalArn": (who.arn,),
        "aws:PrincipalAccount": (who.account,),
        "aws:PrincipalOrgID": (organization(who.account),),
        "aws:PrincipalOrgPaths": (organization_path(who.account),),
        "aws:PrincipalType": ({"role": "AssumedRole", "user": "User", "root": "Account"}[who.kind],),
    }
    if who.kind == "root":
        found["aws:userid"] = (who.account,)
    if who.kind == "user":
        found |= {"aws:userid": (who.unique_id,), "aws:username": (who.arn.rpartition("/")[2],)}
    if who.session:
        found["aws:userid"] = (f"{who.unique_id}:{who.session}",)
    return found | {f"aws:PrincipalTag/{name}": (value,) for name, value in who.tags.items()}


def of_resource(thing: Thing) -> dict[str, tuple[str, ...]]:
    """The keys that AWS fills in from what is asked for.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    if thing.arn == "*":
        return {}
    return {
        "aws:ResourceAccount": (thing.account,),
        "aws:ResourceOrgID": (organization(thing.account),),
        "aws:ResourceOrgPaths": (organization_path(thing.account),),
    } | {f"aws:ResourceTag/{name}": (value,) for name, value in thing.tags.items()}
