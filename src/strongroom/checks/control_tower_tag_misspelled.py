"""A Control Tower backup tag is misspelled

Why:     The plans of Control Tower's backup baseline select four tag keys with the value `true`, letter by letter:
         aws-control-tower-backuphourly, …daily, …weekly and …monthly, without a hyphen before the class. Another spelling
         selects nothing, and nothing says so.
Fix:     Write the key and `true` as Control Tower has them.
Limits:  Selections, and the tags of an inventory's resources. Whether a baseline is enabled, its central accounts, keys and
         service control policies are not looked at.
Source:  https://docs.aws.amazon.com/controltower/latest/userguide/backup.html, read 2026-11-21 (06 §6.4)
Failure: FM24
"""

from collections.abc import Iterator
from typing import Final

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory, Resource
from strongroom.checks.walk import named, resources_named, total
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity

_PREFIX: Final = "aws-control-tower-backup"
_KEYS: Final = frozenset(f"{_PREFIX}{name}" for name in ("hourly", "daily", "weekly", "monthly"))


@check("CTW001", severity=Severity.WARNING)
def control_tower_tag_misspelled(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Look at the tags of selections and resources that start like Control Tower's."""
    for plan in estate.plans:
        for term in plan.select.tags:
            for value in term.values:
                if right := _meant(term.key, value):
                    yield Problem(
                        subject=f"plan {plan.name}",
                        message=f"plan {plan.name} selects {term.key}: {value}, Control Tower's tag is {right}",
                        why="tags are compared letter by letter: resources tagged for Control Tower are not in this plan",
                        help=f"write {right}",
                        origin=plan.select.origin,
                    )
    groups: dict[tuple[str, str, str], list[Resource]] = {}
    for resource in inventory.resources if inventory else ():
        for key, value in resource.tags:
            if right := _meant(key, value):
                groups.setdefault((key, value, right), []).append(resource)
    for (key, value, right), resources in sorted(groups.items()):
        yield Problem(
            subject=resources_named(resources),
            message=f"{named(resources)} {'has' if total(resources) == 1 else 'have'} {key}: {value}, Control Tower's tag is {right}",
            why="the baseline's plans compare letter by letter and back up nothing",
            help=f"set the tag to {right}",
            origin=estate.organization.origin,
            count=total(resources),
        )


def _meant(key: str, value: str) -> str:
    """Return the tag that was meant; empty for one that is right, or not Control Tower's at all."""
    plain = _plain(key)
    if plain not in _KEYS or (key == plain and value == "true") or (key == plain and value.lower() not in {"true", "yes", "1"}):
        return ""
    return f"{plain}: true"


def resembles(key: str) -> bool:
    """Tell whether a tag key is one of Control Tower's, as it is written or as it may be meant."""
    return _plain(key) in _KEYS


def _plain(key: str) -> str:
    return key.lower().replace("_", "-").replace(f"{_PREFIX}-", _PREFIX)
