"""A StackSet differs from the strategy

Why:     Vaults, keys, roles and alarms in the accounts are what the StackSet's template says. Somebody who updates the StackSet by hand,
         or changes what its stacks made, changes them everywhere; without automatic deployment new accounts get nothing.
Fix:     strongroom plan shows the difference, strongroom apply takes it back
Limits:  Drift is what CloudFormation last detected; strongroom plan detects anew. A newer release of Strongroom may write other
         templates: then apply brings them.
Source:  https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-drift.html, read 2026-11-21
Failure: FM35
"""

from collections.abc import Iterator
from typing import Any

from strongroom.domain.estate import StackSet
from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.organized import rows, unit_ids, units, unread, was_asked
from strongroom.proof.readings import Unreadable


@live("VRF123", severity=Severity.ERROR)
def stack_set_differs(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Hold template, targets and drift of each StackSet against the strategy."""
    declared = {stack_set.name: stack_set for stack_set in judgement.estate.stack_sets}
    if not declared or not was_asked(judgement, "stack_sets"):
        return
    yield from unread(judgement, "stack_sets", "stack_instances")
    for row in rows(judgement, "stack_sets"):
        wanted = declared.get(row["name"])
        if wanted is not None:
            for message, severity in _differences(judgement, wanted, row):
                yield Lack(
                    subject=f"StackSet {wanted.name}",
                    message=f"StackSet {wanted.name} {message}",
                    account_id=row["account_id"],
                    region=row["region"],
                    severity=severity,
                )
    yield from _drifted(judgement, declared)


def _differences(judgement: Judgement, wanted: StackSet, found: dict[str, Any]) -> Iterator[tuple[str, Severity | None]]:
    if found["strategy"] != judgement.estate.name:
        owner = f"strategy {found['strategy']}" if found["strategy"] else "nobody: its tag strongroom:strategy is gone"
        yield f"belongs to {owner}", None
        return
    if found["template"] is not None and found["template"] != wanted.template:
        yield "has another template than the strategy's", None
    if not found["auto_deployed"]:
        yield "is not deployed to accounts that come to its OUs: automatic deployment is off", Severity.WARNING
    known = units(judgement)
    lost = {path for unit, path in unit_ids(wanted.targets, known).items() if found["targets"] and not _reaches(found["targets"], unit)}
    if lost:
        yield f"does not target {', '.join(sorted(lost))}", None


def _reaches(targets: list[str], unit: str) -> bool:
    """Return whether an OU is a target; of the root alone it isn't known which OUs were meant."""
    return unit in targets or any(target.startswith("r-") for target in targets)


def _drifted(judgement: Judgement, declared: dict[str, StackSet]) -> Iterator[Lack]:
    found: dict[str, list[tuple[str, str]]] = {}
    for row in rows(judgement, "stack_instances"):
        if row["stack_set"] in declared and row["drift"] == "DRIFTED":
            found.setdefault(row["stack_set"], []).append((row["account_id"], row["region"]))
    for name, places in sorted(found.items()):
        account, region = min(places)
        yield Lack(
            subject=f"StackSet {name} in account {account}, {region}" + (f" and {len(places) - 1} more" if len(places) > 1 else ""),
            message=f"what StackSet {name} made was changed by hand",
            account_id=account,
            region=region,
            count=len(places),
        )
