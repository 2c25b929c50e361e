"""Control Tower's backup baseline is not in force on an OU

Why:     Vaults, role and plans of Control Tower come with the backup baseline, to each OU by itself and to parents first. An OU on which
         it is missing, failed or has drifted has accounts without them, and their resources no backup of Control Tower's.
Fix:     strongroom apply, or controltower enable-baseline, reset-enabled-baseline for the OU
Limits:  Status and drift as ListEnabledBaselines tells them; a baseline that is being changed right now is a warning.
Source:  https://docs.aws.amazon.com/controltower/latest/userguide/types-of-baselines.html, read 2026-11-21 (06 §6.3)
Failure: FM24
"""

from collections.abc import Iterator, Mapping
from typing import Any

from strongroom.domain.finding import Severity
from strongroom.domain.organization import OrganizationalUnit, units_named
from strongroom.facts import fact
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.organized import rows, units, unread, was_asked
from strongroom.proof.readings import Unreadable
from strongroom.proof.tower import zone_lacks

SHOWN = 3
DRIFTED = "the backup baseline has drifted: "
DRIFTED_FROM_SOURCE = f"{DRIFTED}source"
Enabled = Mapping[str, Mapping[str, Any]]  # of one baseline: its row, by the id of OU or account


@live("VRF141", severity=Severity.ERROR)
def baseline_not_in_force(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Look at both baselines on each OU that the strategy names, and on the accounts below it."""
    tower = judgement.estate.organization.control_tower
    if tower is None or not was_asked(judgement, "enabled_baselines"):
        return
    missing = unread(judgement, "enabled_baselines")
    yield from missing
    if missing or not rows(judgement, "landing_zones"):
        return  # without a landing zone there is no baseline: VRF140
    known = units(judgement)
    wanted = {unit.id: unit for each in tower.enabled_on for unit in units_named(each, known)}
    governance, backup = (_enabled(judgement, name) for name in ("governance_baseline", "backup_baseline"))
    zones = rows(judgement, "landing_zones")
    changed = any(severity is None for zone in zones for _, severity in zone_lacks(judgement, zone))
    found: dict[tuple[str, Severity | None], list[OrganizationalUnit]] = {}
    for unit in sorted(wanted.values(), key=lambda each: each.path):
        for message, severity in _lacks(unit, wanted, governance, backup):
            if message != DRIFTED_FROM_SOURCE or not changed:  # else VRF140 says what the baseline is out of step with
                found.setdefault((message, severity), []).append(unit)
    for (message, severity), concerned in found.items():
        yield Lack(
            subject=f"OU {', '.join(unit.path for unit in concerned[:SHOWN])}"
            + (f" and {len(concerned) - SHOWN} more" if len(concerned) > SHOWN else ""),
            message=message,
            account_id=judgement.scope.management,
            region=judgement.estate.organization.home_region,
            arn=str(backup[concerned[0].id]["arn"]) if concerned[0].id in backup else "",
            count=len(concerned),
            severity=severity,
        )


def _enabled(judgement: Judgement, name: str) -> Enabled:
    wanted = fact("control_tower", name).value
    return {row["target"]: row for row in rows(judgement, "enabled_baselines") if row["baseline"] == wanted}


def _lacks(
    unit: OrganizationalUnit, wanted: Mapping[str, OrganizationalUnit], governance: Enabled, backup: Enabled
) -> Iterator[tuple[str, Severity | None]]:
    found = backup.get(unit.id)
    if unit.id not in governance:
        yield "the OU is not registered in Control Tower", None
    if found is None:
        below = sorted(each.path for each in wanted.values() if each.path.startswith(f"{unit.path}/") and each.id in backup)
        yield (
            f"the backup baseline is not enabled, and is on {', '.join(below)} below" if below else "the backup baseline is not enabled",
            None,
        )
        return
    match found["status"]:
        case "FAILED":
            yield "the backup baseline failed", None
        case "UNDER_CHANGE":
            yield "the backup baseline is under change", Severity.WARNING
    if found["drifts"]:
        yield f"{DRIFTED}{', '.join(found['drifts'])}", None
    failed = [row for row in backup.values() if row["parent_arn"] == found["arn"] and row["status"] == "FAILED"]
    if failed and found["status"] != "FAILED":
        yield f"the backup baseline failed for {len(failed)} accounts", None
