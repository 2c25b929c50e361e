"""ARNs of recovery points by resource type, and their inverse: the type of a resource ARN.

Source: AWS Backup developer guide, access-control and s3-backups (read 2026-11).
"""

from datetime import datetime

from strongroom.domain.names import Arn, ResourceType, partition_of
from strongroom.twin.backup.chance import Chance
from strongroom.twin.backup.state import Resource


def recovery_point_arn(
    resource: Resource, account: str, region: str, at: datetime, chance: Chance, *, advanced: bool, air_gapped: bool = False
) -> str:
    """Return the ARN of a new snapshot recovery point; `advanced`: DynamoDB fully managed; `air_gapped`: of its vault."""
    partition = partition_of(region)
    service, owner, tail = "backup", account, f"recovery-point:{chance.uuid}"
    match resource.type:
        case ResourceType.EBS | ResourceType.STORAGE_GATEWAY:
            service, owner, tail = "ec2", "", f"snapshot/snap-0{chance.hexadecimal(16)}"
        case ResourceType.EC2:
            service, owner, tail = "ec2", "", f"image/ami-0{chance.hexadecimal(16)}"
        case ResourceType.RDS if ":db:" in resource.arn:
            service, tail = "rds", f"snapshot:awsbackup:job-{chance.uuid}"
        case ResourceType.RDS | ResourceType.AURORA | ResourceType.DOCUMENTDB | ResourceType.NEPTUNE:
            service, tail = "rds", f"cluster-snapshot:awsbackup:job-{chance.uuid}"
        case ResourceType.DYNAMODB if not advanced:
            service, tail = "dynamodb", f"table/{resource.name}/backup/{at:%Y%m%d%H%M%S}-{chance.hexadecimal(8)}"
        case ResourceType.S3:
            tail = f"recovery-point:{resource.name}-{at:%Y%m%d%H%M%S}-{chance.hexadecimal(8)}"
    if air_gapped and service != "backup":  # there, all recovery points are AWS Backup's own
        service, owner, tail = "backup", account, f"recovery-point:{chance.uuid}"
    return f"arn:{partition}:{service}:{region}:{owner}:{tail}"


def continuous_point_arn(resource: Resource, account: str, region: str, chance: Chance) -> str:
    """Return the ARN of a continuous recovery point; AWS documents the form for S3 only."""
    name = resource.name if resource.type is ResourceType.S3 else f"continuous:{resource.name}"
    return f"arn:{partition_of(region)}:backup:{region}:{account}:recovery-point:{name}-{chance.hexadecimal(8)}"


def type_of(arn: str) -> ResourceType | None:
    """Return the resource type that an ARN shape tells, None when AWS Backup doesn't know it.

    Example:
        >>> type_of("arn:aws:s3:::invoices").value
        'S3'
    """
    try:
        parsed = Arn.parse(arn)
    except ValueError:
        return None
    kind = parsed.resource.replace("/", ":").split(":", 1)[0]
    return _TYPES.get((parsed.service, kind)) or _TYPES.get((parsed.service, ""))


_TYPES = {
    ("dynamodb", "table"): ResourceType.DYNAMODB,
    ("ec2", "volume"): ResourceType.EBS,
    ("ec2", "instance"): ResourceType.EC2,
    ("rds", "db"): ResourceType.RDS,
    ("rds", "cluster"): ResourceType.AURORA,
    ("s3", ""): ResourceType.S3,
    ("elasticfilesystem", "file-system"): ResourceType.EFS,
    ("fsx", ""): ResourceType.FSX,
    ("redshift", ""): ResourceType.REDSHIFT,
    ("storagegateway", ""): ResourceType.STORAGE_GATEWAY,
    ("timestream", ""): ResourceType.TIMESTREAM,
    ("backup-gateway", ""): ResourceType.VIRTUAL_MACHINE,
    ("cloudformation", "stack"): ResourceType.CLOUDFORMATION,
    ("eks", "cluster"): ResourceType.EKS,
    ("ssm-sap", ""): ResourceType.SAP_HANA,
}
