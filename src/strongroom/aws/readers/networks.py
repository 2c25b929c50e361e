"""Default VPCs: where databases go that are restored without a DB subnet group.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html; EC2 API reference, DescribeVpcs.
"""

from strongroom.aws.readers.harvest import Harvest
from strongroom.aws.readers.scope import Scope
from strongroom.domain.tables import DEFAULT_VPCS

_DEFAULT = {"Name": "is-default", "Values": ["true"]}


def read_default_vpcs(scope: Scope, harvest: Harvest) -> None:
    """Add the default VPC of an account and Region, if it has one."""
    with harvest.subject(scope.account, scope.region, DEFAULT_VPCS.name):
        for vpc in scope.items("ec2", "describe_vpcs", "Vpcs", Filters=[_DEFAULT]):
            harvest.add(DEFAULT_VPCS, scope.account, scope.region, vpc["VpcId"])
