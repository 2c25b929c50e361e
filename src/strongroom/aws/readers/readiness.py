"""What a restore meets where it arrives: DB subnet groups, quotas, and which AMIs may be launched.

Source: RDS API reference, DescribeDBSubnetGroups, DescribeAccountAttributes; Service Quotas API reference, ListServiceQuotas ("if the
applied quota value is not available for a quota, the quota is not retrieved"), GetAWSDefaultServiceQuota; EC2 API reference,
GetAllowedImagesSettings, DescribeImages.
"""

import math
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import attrgetter

from strongroom import facts
from strongroom.aws.readers.harvest import Harvest
from strongroom.aws.readers.scope import Scope
from strongroom.domain.changeplan import canonical
from strongroom.domain.tables import ALLOWED_IMAGES, DB_SUBNET_GROUPS, DISABLED_IMAGES, QUOTAS
from strongroom.errors import AwsRefused

_PAGE = 100  # the most that RDS and Service Quotas give at once
# What RDS itself tells of its quotas together with how much is used, and what is counted.
_RDS_QUOTAS: Mapping[str, str] = {
    "DBInstances": "instances",
    "DBClusters": "clusters",
    "DBSubnetGroups": "groups",
    "AllocatedStorage": "GiB",
}


def read_subnet_groups(scope: Scope, harvest: Harvest) -> None:
    """Add DB subnet groups."""
    with harvest.subject(scope.account, scope.region, DB_SUBNET_GROUPS.name):
        for group in scope.items("rds", "describe_db_subnet_groups", "DBSubnetGroups", MaxRecords=_PAGE):
            subnets = group.get("Subnets") or ()
            zones = {(subnet.get("SubnetAvailabilityZone") or {}).get("Name") for subnet in subnets} - {None}
            harvest.add(
                DB_SUBNET_GROUPS,
                scope.account,
                scope.region,
                group["DBSubnetGroupName"],
                group.get("VpcId") or "",
                group.get("SubnetGroupStatus") or "",
                sorted(subnet["SubnetIdentifier"] for subnet in subnets),
                sorted(zones),
            )


def read_quotas(scope: Scope, harvest: Harvest) -> None:
    """Add the quotas that restores can hit: what RDS tells of its own, and the applied or default value of those in `facts`."""
    with harvest.subject(scope.account, scope.region, QUOTAS.name) as subject:
        with subject.item():
            for each in scope.call("rds", "describe_account_attributes").get("AccountQuotas") or ():
                name = each.get("AccountQuotaName")
                if name in _RDS_QUOTAS and each.get("Max") is not None:
                    row = ("rds", name, name, int(each["Max"]), each.get("Used"), _RDS_QUOTAS[name])
                    harvest.add(QUOTAS, scope.account, scope.region, *row)
        for service, quotas in groupby(facts.quotas(), key=attrgetter("service")):
            with subject.item():
                _add_quotas(scope, harvest, service, tuple(quotas))


def _add_quotas(scope: Scope, harvest: Harvest, service: str, quotas: Iterable[facts.Quota]) -> None:
    listing = scope.items("service-quotas", "list_service_quotas", "Quotas", ServiceCode=service, MaxResults=_PAGE)
    applied = {each["QuotaCode"]: each.get("Value") for each in listing}
    for quota in quotas:
        value = applied.get(quota.code)
        if value is None:
            value = _default(scope, quota)
        if value is not None:
            row = (service, quota.code, quota.name, math.floor(value), None, quota.unit)
            harvest.add(QUOTAS, scope.account, scope.region, *row)


def _default(scope: Scope, quota: facts.Quota) -> float | None:
    """Return the default of a quota that nothing was applied to; None where the Region has no such quota."""
    try:
        answer = scope.call("service-quotas", "get_aws_default_service_quota", ServiceCode=quota.service, QuotaCode=quota.code)
    except AwsRefused as error:
        if error.code == "NoSuchResourceException":
            return None
        raise
    value: float | None = answer["Quota"].get("Value")
    return value


def read_images(scope: Scope, harvest: Harvest) -> None:
    """Add the Allowed AMIs setting, and the account's own AMIs that are disabled."""
    with harvest.subject(scope.account, scope.region, ALLOWED_IMAGES.name) as subject:
        answer = scope.call("ec2", "get_allowed_images_settings")
        criteria = canonical(answer.get("ImageCriteria") or [])
        if answer.get("State"):
            harvest.add(ALLOWED_IMAGES, scope.account, scope.region, answer["State"], answer.get("ManagedBy"), criteria)
        else:
            subject.miss("GetAllowedImagesSettings lacks State", "IncompleteAnswer")
    with harvest.subject(scope.account, scope.region, DISABLED_IMAGES.name):
        disabled = [{"Name": "state", "Values": ["disabled"]}]
        for image in scope.items(
            "ec2", "describe_images", "Images", Owners=["self"], IncludeDisabled=True, Filters=disabled, MaxResults=500
        ):
            arn = f"arn:{scope.partition}:ec2:{scope.region}::image/{image['ImageId']}"
            harvest.add(DISABLED_IMAGES, scope.account, scope.region, image["ImageId"], arn, image.get("Name"))
