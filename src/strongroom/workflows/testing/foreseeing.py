"""Whether what a test restores could be marked and taken away again, as far as it is known before the restore begins.

Of roles that the strategy makes its own grants tell, whatever was synced; of all others their policies in the ledger do.
"""

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from strongroom.aws.recovery.describing import is_cluster
from strongroom.compiler.roles.tests import not_taken_away
from strongroom.domain.estate import Estate
from strongroom.domain.names import ResourceType, partition_of
from strongroom.domain.recovery import RestorePlan
from strongroom.errors import CouldNotVerify
from strongroom.ledger import Snapshot
from strongroom.ledger.narrowing import Narrowing
from strongroom.proof import entitlements
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.model import Context, Verdict

_TABLE, _BUCKET = "dynamodb:{region}:{account}:table/{name}", "s3:::{name}"
_DATABASE, _CLUSTER = "rds:{region}:{account}:db:{name}", "rds:{region}:{account}:cluster:{name}"
_VOLUME, _INSTANCE = "ec2:{region}:{account}:volume/vol-00000000000000000", "ec2:{region}:{account}:instance/i-00000000000000000"
_SYSTEM = "elasticfilesystem:{region}:{account}:file-system/fs-00000000000000000"
# What marks and deletes, with an example of what it is called on: names that AWS gives are not known yet.
CALLS: Final = MappingProxyType(
    {
        ResourceType.DYNAMODB: (("dynamodb:TagResource", _TABLE), ("dynamodb:DeleteTable", _TABLE)),
        ResourceType.EBS: (("ec2:CreateTags", _VOLUME), ("ec2:DeleteVolume", _VOLUME)),
        ResourceType.EC2: (("ec2:CreateTags", _INSTANCE), ("ec2:CreateTags", _VOLUME), ("ec2:TerminateInstances", _INSTANCE)),
        ResourceType.EFS: (("elasticfilesystem:TagResource", _SYSTEM), ("elasticfilesystem:DeleteFileSystem", _SYSTEM)),
        ResourceType.RDS: (("rds:AddTagsToResource", _DATABASE), ("rds:DeleteDBInstance", _DATABASE)),
        ResourceType.S3: (("s3:PutBucketTagging", _BUCKET), ("s3:DeleteObjectVersion", f"{_BUCKET}/a"), ("s3:DeleteBucket", _BUCKET)),
    }
)
_CALLS_OF_CLUSTERS: Final = (("rds:AddTagsToResource", _CLUSTER), ("rds:DeleteDBCluster", _CLUSTER))


def stays(plan: RestorePlan, estate: Estate, snapshot: Snapshot | None) -> str:
    """Return why what a plan restores could not be taken away again by its role; empty: it could, or nobody knows."""
    if plan.type in not_taken_away(estate, plan.role):
        return f"role {plan.role} may not delete {plan.type} that a test has restored"
    if snapshot is None:
        return ""
    try:
        access = entitlements.access(replace(snapshot, only=Narrowing(resource=plan.resource_arn, accounts=(plan.account,))))
    except CouldNotVerify:
        return ""
    partition = partition_of(plan.region)
    role = f"arn:{partition}:sts::{plan.account}:assumed-role/{plan.role}/strongroom"
    authorizer = Authorizer(access)
    for action, arn, context in _asked(plan, partition):
        decision = authorizer.decide(role, action, arn, context, owner=plan.account)
        if decision.verdict is Verdict.DENIED:
            return f"role {plan.role} may not call {action} on what a test has restored: {decision.because} (snapshot {snapshot.id})"
    return ""


def _asked(plan: RestorePlan, partition: str) -> Iterator[tuple[str, str, Context]]:
    calls = _CALLS_OF_CLUSTERS if is_cluster(plan.type, plan.resource_arn) else CALLS.get(plan.type, ())
    marks = {"aws:TagKeys": tuple(plan.tags)} | {f"aws:RequestTag/{key}": (text,) for key, text in plan.tags.items()}
    marked = {f"aws:ResourceTag/{key}": (text,) for key, text in plan.tags.items()}
    for action, form in calls:
        arn = f"arn:{partition}:{form.format(region=plan.region, account=plan.account, name=plan.creates)}"
        tags = marks if "Tag" in action else marked
        yield action, arn, Context(values=MappingProxyType(tags))
