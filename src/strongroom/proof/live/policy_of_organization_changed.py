"""A guard rail or a tag policy of the strategy was edited, detached or deleted

Why:     Service control policies keep people from deleting backups, keys and locks, tag policies keep the tags of selections correct.
         A policy that somebody edits or takes off an OU protects nothing there from that moment, and everything else stays green.
Fix:     strongroom plan shows the difference, strongroom apply puts it back
Limits:  OUs below which no account is are not in the ledger. Backup policies are judged by what reaches each account.
Source:  https://docs.aws.amazon.com/organizations/latest/userguide/orgs_policies.html, read 2026-11-21 (05 §5.7)
Failure: FM35
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from strongroom.domain.changeplan import canonical
from strongroom.domain.estate import OrganizationPolicy
from strongroom.domain.finding import Severity
from strongroom.domain.names import PolicyType
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.organized import rows, unit_ids, units, unread, was_asked
from strongroom.proof.readings import Unreadable

TABLES = {PolicyType.SERVICE_CONTROL: "control_policies", PolicyType.TAG: "tag_policies"}


@live("VRF128", severity=Severity.ERROR)
def policy_of_organization_changed(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Hold text and targets of the strategy's control and tag policies against the organization's."""
    for policies in (judgement.estate.rails, judgement.estate.tag_policies):
        table = TABLES[policies[0].type] if policies else ""
        if not table or not was_asked(judgement, table):
            continue
        missing = unread(judgement, table)
        yield from missing
        if not missing:
            yield from _changed(judgement, policies, rows(judgement, table))


def _changed(judgement: Judgement, policies: Iterable[OrganizationPolicy], found: list[dict[str, Any]]) -> Iterator[Lack]:
    known = units(judgement)
    for policy in policies:
        mine = [row for row in found if row["name"] == policy.name and row.get("type", policy.type) == policy.type]
        targets = unit_ids(policy.targets, known)
        for message in _differences(policy, mine, targets):
            yield Lack(
                subject=f"{policy.type.words} {policy.name}",
                message=f"{policy.type.words} {policy.name} {message}",
                account_id=judgement.scope.management,
            )


def _differences(policy: OrganizationPolicy, found: list[dict[str, Any]], targets: dict[str, str]) -> Iterator[str]:
    if not found:
        yield "does not exist"
        return
    if canonical(json.loads(found[0]["content"])) != policy.content:
        yield "has another text than the strategy's"
    lost = sorted(path for unit, path in targets.items() if unit not in {row["target_id"] for row in found})
    if lost:
        yield f"is not attached to {', '.join(lost)}"
