"""Taking away what a restore made: only what carries the tags of its run, and looking whether it is gone.

Each deletion can be asked for again: what is gone or going is left alone. Nothing is deleted whose tags could not be read.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from strongroom.aws.recovery.describing import described, identifier, is_cluster, pairs_of
from strongroom.aws.recovery.points import tags_of_point
from strongroom.aws.recovery.surroundings import ABSENT, present
from strongroom.aws.sessions import Sessions
from strongroom.domain.names import AccountId, Arn, Region, ResourceType
from strongroom.domain.origin import Unread
from strongroom.domain.recovery import Made, PointRef, Restored, RestorePlan
from strongroom.errors import AwsRefused, NoCredentials

_GOING: Final = frozenset({"deleting", "terminated", "shutting-down", "deleted"})  # states in which a deletion was asked for
_GONE: Final = frozenset({"terminated", "deleted"})  # AWS still lists it for a while, and nothing of it is left
_BATCH = 1000  # keys that S3 deletes at once
Ask = Callable[..., dict[str, Any]]


def made(restored: Restored, plan: RestorePlan) -> tuple[Made, ...]:
    """Return what a restore has made, in the order in which it can be deleted: the resource, then the copy of a recovery point."""
    return made_so_far(plan, {"resource_arn": restored.resource_arn, "copied_point_arn": restored.copied_point_arn})


def made_so_far(plan: RestorePlan, known: Mapping[str, Any]) -> tuple[Made, ...]:
    """Return the same of a restore that stopped half-way or failed, from what its steps returned until then."""
    found = []
    if known.get("resource_arn"):
        found.append(Made(arn=known["resource_arn"], type=plan.type, account=plan.account, region=plan.region))
    if known.get("copied_point_arn"):
        copying = plan.steps[0].call.parameters["DestinationBackupVaultArn"]
        vault = Arn.parse(copying).resource.removeprefix("backup-vault:")
        found.append(Made(arn=known["copied_point_arn"], type=None, account=plan.account, region=plan.region, vault=vault))
    return tuple(found)


def delete(thing: Made, sessions: Sessions, *, tags: Mapping[str, str]) -> None:
    """Ask AWS to delete something; nothing happens when it is gone or going.

    Raises AwsRefused with code "NotOwned", before anything is deleted, when it doesn't carry all of `tags`; AwsRefused when AWS refuses.
    """
    found = _seen(thing, sessions)
    if found is None:
        return
    state, has = found
    if state in _GOING:
        return
    if any(has.get(name) != text for name, text in tags.items()):
        raise AwsRefused(
            f"{thing.arn} doesn't carry the tags {', '.join(f'{name}={text}' for name, text in tags.items())}: it is left alone",
            hint="delete it yourself if it is yours",
            code="NotOwned",
        )
    ask = partial(_ask, sessions, thing)
    try:
        _deleted(thing, ask)
    except AwsRefused as error:
        if error.code not in ABSENT:
            raise


def still_there(thing: Made, sessions: Sessions) -> bool:
    """Return whether AWS still has something, if only while deleting it; raises AwsRefused."""
    found = _seen(thing, sessions)
    return found is not None and found[0] not in _GONE


def leftovers(
    sessions: Sessions, places: Iterable[tuple[AccountId, Region]], *, tag: str, value: str = ""
) -> tuple[tuple[Made, ...], tuple[tuple[AccountId, Region, Unread], ...]]:
    """Return what carries a tag (with a value; empty: with any) in some places, and the places that could not be looked at.

    `Made.tags` tells all tags of each, so that a caller can ask for a second one. Copies of recovery points are not among them: they end
    by their own lifecycle.
    """
    found: list[Made] = []
    unread: list[tuple[AccountId, Region, Unread]] = []
    wanted = {"Key": tag, **({"Values": [value]} if value else {})}
    for account, region in places:
        try:
            listed = list(
                sessions.pages(
                    "resourcegroupstaggingapi",
                    region,
                    "get_resources",
                    "ResourceTagMappingList",
                    account=account,
                    TagFilters=[wanted],
                    ResourceTypeFilters=list(_TYPES),
                )
            )
            things = [_tagged(each, account, region) for each in listed]
            found += [each for each in things if each is not None and still_there(each, sessions)]
        except NoCredentials:
            raise
        except AwsRefused as error:
            unread.append((account, region, Unread(error.message)))
    return tuple(found), tuple(unread)


# What restores make, as the tagging API names types.
_TYPES: Final[Mapping[str, ResourceType]] = MappingProxyType(
    {
        "dynamodb:table": ResourceType.DYNAMODB,
        "ec2:instance": ResourceType.EC2,
        "ec2:volume": ResourceType.EBS,
        "elasticfilesystem:file-system": ResourceType.EFS,
        "rds:cluster": ResourceType.AURORA,
        "rds:db": ResourceType.RDS,
        "s3": ResourceType.S3,
    }
)


def _tagged(each: Mapping[str, Any], account: AccountId, region: Region) -> Made | None:
    arn = Arn.parse(each["ResourceARN"])
    kind = _TYPES.get(arn.service if arn.service == "s3" else f"{arn.service}:{arn.resource.replace('/', ':').partition(':')[0]}")
    if kind is None:
        return None
    return Made(arn=each["ResourceARN"], type=kind, account=account, region=region, tags=pairs_of(each.get("Tags")))


def _ask(sessions: Sessions, thing: Made, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
    return sessions.call(service, thing.region, operation, account=thing.account, **parameters)


def _seen(thing: Made, sessions: Sessions) -> tuple[str, Mapping[str, str]] | None:
    """Return state and tags of something; None: it isn't there."""
    if thing.type is None:
        return _point_seen(thing, sessions)
    kind = thing.type
    found = present(lambda: described(sessions, kind, thing.arn, account=thing.account, region=thing.region))
    return None if found is None else (found.state.lower(), found.tags)


def _point_seen(thing: Made, sessions: Sessions) -> tuple[str, Mapping[str, str]] | None:
    asked = {"BackupVaultName": thing.vault, "RecoveryPointArn": thing.arn}
    answer = present(lambda: _ask(sessions, thing, "backup", "describe_recovery_point", **asked))
    if answer is None:
        return None
    point = PointRef(account=thing.account, region=thing.region, vault=thing.vault, arn=thing.arn, created_at=answer["CreationDate"])
    return str(answer["Status"]).lower(), tags_of_point(sessions, point)


def _deleted(thing: Made, ask: Ask) -> None:
    name, kind = identifier(thing.arn), thing.type
    if kind is None:
        ask("backup", "delete_recovery_point", BackupVaultName=thing.vault, RecoveryPointArn=thing.arn)
    elif kind is ResourceType.DYNAMODB:
        ask("dynamodb", "delete_table", TableName=name)
    elif kind is ResourceType.S3:
        _empty(ask, name)
        ask("s3", "delete_bucket", Bucket=name)
    elif kind is ResourceType.EBS:
        ask("ec2", "delete_volume", VolumeId=name)
    elif kind is ResourceType.EC2:
        _take_volumes_along(ask, name)
        ask("ec2", "terminate_instances", InstanceIds=[name])
    elif kind is ResourceType.EFS:
        for target in ask("efs", "describe_mount_targets", FileSystemId=name)["MountTargets"]:
            ask("efs", "delete_mount_target", MountTargetId=target["MountTargetId"])
        ask("efs", "delete_file_system", FileSystemId=name)
    elif is_cluster(kind, thing.arn):
        for member in ask("rds", "describe_db_clusters", DBClusterIdentifier=name)["DBClusters"][0].get("DBClusterMembers") or ():
            ask("rds", "delete_db_instance", DBInstanceIdentifier=member["DBInstanceIdentifier"], SkipFinalSnapshot=True)
        ask("rds", "delete_db_cluster", DBClusterIdentifier=name, SkipFinalSnapshot=True)
    else:
        ask("rds", "delete_db_instance", DBInstanceIdentifier=name, SkipFinalSnapshot=True, DeleteAutomatedBackups=True)


def _empty(ask: Ask, bucket: str) -> None:
    """Delete every version and delete marker of a bucket, without which S3 deletes no bucket."""
    while True:
        listed = ask("s3", "list_object_versions", Bucket=bucket, MaxKeys=_BATCH)
        found = [*(listed.get("Versions") or ()), *(listed.get("DeleteMarkers") or ())]
        if not found:
            return
        doomed = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
        failed = ask("s3", "delete_objects", Bucket=bucket, Delete={"Objects": doomed, "Quiet": True}).get("Errors")
        if failed:
            first = failed[0]
            raise AwsRefused(
                f"{len(failed)} objects of bucket {bucket} can't be deleted: {first.get('Code')} {first.get('Message', '')}".rstrip(),
                hint="look for an object lock or a policy of the bucket",
                code=str(first.get("Code") or ""),
            )


def _take_volumes_along(ask: Ask, instance_id: str) -> None:
    """Let an instance take all its volumes with it when it is terminated: they were restored with it."""
    instance = ask("ec2", "describe_instances", InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
    staying = [
        {"DeviceName": each["DeviceName"], "Ebs": {"DeleteOnTermination": True}}
        for each in instance.get("BlockDeviceMappings") or ()
        if not (each.get("Ebs") or {}).get("DeleteOnTermination")
    ]
    if staying:
        ask("ec2", "modify_instance_attribute", InstanceId=instance_id, BlockDeviceMappings=staying)
