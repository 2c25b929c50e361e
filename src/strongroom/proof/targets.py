"""Rules that write into an air-gapped vault of the account itself: where the recovery points of each resource have to end.

AWS Backup writes those of fully managed types straight there, copies others there from a temporary one in the standard vault, and leaves
in the standard vault what an air-gapped vault doesn't take. Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/lag-vault-primary-backup.html
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from strongroom.domain.names import ResourceType
from strongroom.proof.declared import DeclaredPlan, DeclaredRule
from strongroom.proof.groups import Group
from strongroom.semantics.airgapped import AirGapped, AirGappedCase, Way, target

TARGETS = pa.schema(
    [
        ("group_no", pa.int32()),
        ("leg_no", pa.int32()),  # of the standard vault
        ("target_leg_no", pa.int32()),  # of the air-gapped vault
        ("passes", pa.bool_()),  # nothing has to stay in the standard vault: what is there is on its way
        ("taken", pa.bool_()),  # null: AWS's pages don't tell, or the key was not read
        ("cause", pa.string()),  # why recovery points stay in the standard vault, or why that isn't known
    ]
)
_STAY = frozenset({Way.FALLS_BACK, Way.BESIDE_CONTINUOUS})


def aimed(group: Group, rule: DeclaredRule, *, basic: bool) -> AirGapped | None:
    """Return where the recovery points of a group end that a rule makes; None: its target is no air-gapped vault.

    `basic`: tables without AWS Backup's advanced features.
    """
    if rule.target is None:
        return None
    manager = None if group.manager == "NONE" else group.manager
    kind = ResourceType(group.type)
    return target(AirGappedCase(type=kind, key_manager=manager, continuous=rule.rule.continuous, advanced_dynamodb=not basic))


def targets(plans: Sequence[DeclaredPlan], groups: Sequence[Group], selected: Iterable[tuple[int, int]], basic: Iterable[int]) -> pa.Table:
    """Return a row for each group and rule with an air-gapped target.

    `selected` are numbers of groups and of plans that select in them; `basic` those of groups without advanced features.
    """
    without = frozenset(basic)
    rows = [
        (group_no, *row)
        for group_no, plan_no in selected
        for rule in plans[plan_no].rules
        for row in _rows(groups[group_no], rule, basic=group_no in without)
    ]
    columns = list(zip(*rows, strict=True)) or [()] * len(TARGETS)
    return pa.Table.from_arrays([pa.array(values, each.type) for values, each in zip(columns, TARGETS, strict=True)], schema=TARGETS)


def _rows(group: Group, rule: DeclaredRule, *, basic: bool) -> Iterator[tuple[Any, ...]]:
    found, to = aimed(group, rule, basic=basic), rule.target
    if found is None or to is None:
        return
    taken = None if found.way is Way.UNKNOWN else found.in_air_gapped
    cause = f"recovery points of {group.type} stay in vault {rule.rule.vault_name} instead of the air-gapped vault: {found.message}"
    if taken is None:
        cause = not_known(group, found)
    yield rule.legs[0].number, to.number, found.way not in _STAY, taken, "" if taken else cause


def not_known(group: Group, found: AirGapped) -> str:
    """Return why nobody can tell whether the recovery points of a group reach the air-gapped vault."""
    return f"whether recovery points of {group.type} reach the air-gapped vault is not known: {found.message}"
