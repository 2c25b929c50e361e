"""Tagged resources of services that AWS Backup does not know: one listing of the tagging API for all of them.

What never had a tag is not listed; no selection by tag would mean it either.
Source: Resource Groups Tagging API reference, GetResources (ResourceTypeFilters: 100 at most).
"""

from strongroom import facts
from strongroom.aws.readers.harvest import Harvest
from strongroom.aws.readers.scope import Scope
from strongroom.aws.readers.values import tags
from strongroom.domain.names import Arn
from strongroom.domain.tables.other import OTHER_RESOURCES

OTHERS_SUBJECT = OTHER_RESOURCES.name
PAGE = 100


def read_others(scope: Scope, harvest: Harvest) -> None:
    """Add tagged resources of `facts/other_services.toml`; what has lost all its tags is left out."""
    services = facts.fact("other_services", "tagged").value
    with harvest.subject(scope.account, scope.region, OTHERS_SUBJECT):
        listing = scope.items(
            "resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", ResourceTypeFilters=services, ResourcesPerPage=PAGE
        )
        for one in listing:
            tagged = tags(one.get("Tags"))
            service = Arn.parse(one["ResourceARN"]).service
            if tagged and service in services:
                harvest.add(OTHER_RESOURCES, scope.account, scope.region, one["ResourceARN"], service, tagged)
