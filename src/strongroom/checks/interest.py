"""What the checks of an estate may ask of a resource: the tags, accounts and Regions that any of them looks at."""

from collections.abc import Iterator
from functools import cache

from strongroom.checks.control_tower_tag_misspelled import resembles
from strongroom.checks.inventory import Interest
from strongroom.domain.estate import Estate
from strongroom.domain.strategy import Selection
from strongroom.semantics.nearmiss import difference


def interest(estate: Estate) -> Interest:
    """Return what an estate asks; what is not in it, no finding depends on."""
    declared = {term.key for select in _selections(estate) for term in (*select.tags, *select.not_tags)}
    copies = [copy for plan in estate.plans for rule in plan.rules for copy in rule.copies]

    @cache
    def asks(key: str) -> bool:
        return key in declared or resembles(key) or any(difference(key, meant) is not None for meant in declared)

    return Interest(
        accounts=frozenset(str(copy.account) for copy in copies) | {str(plan.account) for plan in estate.plans},
        regions=frozenset(str(region) for plan in estate.plans for region in plan.regions) | {str(copy.region) for copy in copies},
        tag=asks,
        arns=tuple(sorted({arn for select in _selections(estate) for arn in (*select.arns, *select.not_arns)})),
    )


def _selections(estate: Estate) -> Iterator[Selection]:
    yield from (plan.select for plan in estate.plans)
    yield from (objective.select for objective in estate.objectives)
    yield from (owed.select for owed in estate.retention)
    yield from (regulation.select for regulation in estate.regulations if regulation.select is not None)
    yield from (databases.select for databases in estate.native.databases)
    yield from (buckets.select for buckets in estate.native.buckets)
    yield from (tables.select for tables in estate.native.tables)
