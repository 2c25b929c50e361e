"""What an ARN means as a source of content: its type, its name, its Region, and where a database listens."""

from strongroom.aws.contents.place import Place
from strongroom.domain.names import Arn, ResourceType
from strongroom.domain.recovery import Endpoint
from strongroom.errors import BadInput

_KINDS = {
    ("rds", "db"): ResourceType.RDS,
    ("rds", "cluster"): ResourceType.AURORA,
    ("dynamodb", "table"): ResourceType.DYNAMODB,
    ("ec2", "volume"): ResourceType.EBS,
    ("elasticfilesystem", "file-system"): ResourceType.EFS,
}


def kind_of(arn: str) -> ResourceType:
    """Return the type of what can have a manifest; raises BadInput for anything else.

    Example:
        >>> kind_of("arn:aws:s3:::ledger").keyword, kind_of("arn:aws:rds:eu-west-2:111122223333:db:ledger").keyword
        ('s3', 'rds')
    """
    try:
        parsed = Arn.parse(arn)
    except ValueError as error:
        raise BadInput(f"{arn} is not an ARN", hint="write the whole ARN of a table, bucket, volume, database or file system") from error
    if parsed.service == "s3" and parsed.resource and "/" not in parsed.resource:
        return ResourceType.S3
    found = _KINDS.get((parsed.service, parsed.resource.replace("/", ":").partition(":")[0]))
    if found is None:
        known = "DynamoDB tables, S3 buckets, EBS volumes, EFS file systems, RDS and Aurora databases"
        raise BadInput(f"there are no manifests of {arn}", hint=f"manifests are for {known}")
    return found


def name_in(arn: str) -> str:
    """Return the name of what an ARN means, as its service's calls want it.

    Example:
        >>> name_in("arn:aws:dynamodb:eu-west-2:111122223333:table/orders"), name_in("arn:aws:s3:::ledger")
        ('orders', 'ledger')
    """
    resource = Arn.parse(arn).resource
    return resource.replace("/", ":").rpartition(":")[2]


def endpoint_of(place: Place, arn: str) -> Endpoint:
    """Return where a database listens; raises AwsRefused, and BadInput for one that doesn't."""
    name = name_in(arn)
    if kind_of(arn) is ResourceType.AURORA:
        (found,) = place.call("rds", "describe_db_clusters", DBClusterIdentifier=name)["DBClusters"]
        address, port = found.get("Endpoint"), found.get("Port")
    else:
        (found,) = place.call("rds", "describe_db_instances", DBInstanceIdentifier=name)["DBInstances"]
        address, port = (found.get("Endpoint") or {}).get("Address"), (found.get("Endpoint") or {}).get("Port")
    if not address or not port:
        raise BadInput(f"{arn} has no endpoint", hint="wait until it is available")
    return Endpoint(
        address=str(address),
        port=int(port),
        engine=str(found.get("Engine") or ""),
        user=str(found.get("MasterUsername") or ""),
        database=str(found.get("DBName") or found.get("DatabaseName") or ""),
    )


def region_of(place: Place, arn: str) -> str:
    """Return the Region of a bucket, whose ARN names none; raises AwsRefused."""
    found = place.call("s3", "get_bucket_location", Bucket=name_in(arn)).get("LocationConstraint")
    return {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}.get(found, str(found))
