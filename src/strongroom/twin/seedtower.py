"""A landing zone of AWS Control Tower, as a seed declares it: without AWS Backup, which is for somebody else to integrate."""

from collections.abc import Callable, Mapping
from typing import Any

from strongroom.errors import BadInput
from strongroom.twin.seed import SeedControlTower

POLLS_MAX = 100


def set_up(tower: Any, declared: SeedControlTower, regions: tuple[str, ...], units: Mapping[tuple[str, ...], str]) -> None:
    """Create the landing zone and register OUs; `units` are their ARNs by path. Raises BadInput with Control Tower's reason."""
    manifest = {
        "governedRegions": list(regions),
        "organizationStructure": {"security": {"name": declared.security}},
        "centralizedLogging": {"accountId": declared.log_archive, "enabled": True},
        "securityRoles": {"accountId": declared.audit},
        "accessManagement": {"enabled": False},
    }
    started = tower.create_landing_zone(version=declared.version, manifest=manifest)
    _ended(tower.get_landing_zone_operation, started, "operationDetails", "the landing zone")
    baseline = next(each["arn"] for each in tower.list_baselines()["baselines"] if each["name"] == "AWSControlTowerBaseline")
    for path in declared.registers:
        wanted = {"baselineIdentifier": baseline, "baselineVersion": declared.baseline, "targetIdentifier": units[path]}
        _ended(tower.get_baseline_operation, tower.enable_baseline(**wanted), "baselineOperation", "/".join(path))


def _ended(ask: Callable[..., Any], started: Mapping[str, Any], member: str, what: str) -> None:
    for _ in range(POLLS_MAX):
        found = ask(operationIdentifier=started["operationIdentifier"])[member]
        if found["status"] == "SUCCEEDED":
            return
        if found["status"] == "FAILED":
            raise BadInput(f"Control Tower can't set up {what}: {found.get('statusMessage', 'no reason given')}")
    raise BadInput(f"Control Tower has not set up {what} after {POLLS_MAX} polls")
