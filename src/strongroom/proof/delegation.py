"""What the organization's resource policy lets the backup administrator do, and whether its statements are the strategy's."""

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from strongroom.compiler.delegation import Place, delegation_sids, delegation_statements
from strongroom.domain.access import Access, GuardedResource, PolicyText
from strongroom.domain.names import PolicyType, partition_of
from strongroom.domain.origin import LiveOrigin, Unread
from strongroom.proof.engine import Judgement
from strongroom.proof.organized import rows, unit_ids, units
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.model import Context, Verdict

_CONTEXT = Context(values=MappingProxyType({"organizations:PolicyType": (PolicyType.BACKUP.value,)}))
_ANY_POLICY = "p-0123456789"  # an id that no statement means


def given(judgement: Judgement) -> str:
    """Return the organization's resource policy; empty where there is none."""
    return next((row["content"] for row in rows(judgement, "resource_policies")), "")


def declared(judgement: Judgement) -> tuple[Mapping[str, Any], ...]:
    """Return the statements that the strategy puts into it; none where the organization's own id is not known."""
    organization = judgement.observed.settings.get((judgement.scope.management, "", "organization"), {}).get("id")
    if organization is None:
        return ()
    found = unit_ids(judgement.estate.organization.governs, units(judgement))
    place = Place(management_account=judgement.scope.management, organization_id=organization, unit_ids=tuple(sorted(found)))
    return delegation_statements(judgement.estate, place)


def edited(judgement: Judgement, text: str) -> bool:
    """Return whether the strategy's own statements are there and others than it writes."""
    sids = delegation_sids(judgement.estate.name)
    there = sorted((each for each in _statements(text) if each.get("Sid") in sids), key=lambda each: str(each["Sid"]))
    return bool(there) and there != sorted(declared(judgement), key=lambda each: str(each["Sid"]))


def lacking(judgement: Judgement, text: str) -> tuple[str, ...]:
    """Return the actions that the strategy lets the administrator do and the resource policy does not, sorted."""
    asked = sorted({pair for statement in declared(judgement) for pair in _pairs(statement)})
    if not text:
        return tuple(sorted({action for action, _ in asked}))
    administrator = str(judgement.estate.settings.delegated_administrator)
    # the organization's control policies bound what the administrator's own users may: another matter
    access = judgement.rights.authorizer.access
    management = judgement.scope.management
    policy = PolicyText(name="resource policy of the organization", text=text, origin=LiveOrigin(management, "", ""))
    targets = tuple(
        GuardedResource(arn=arn, account=management, policy=policy, tags=Unread("not asked for"), origin=policy.origin)
        for arn in sorted({arn for _, arn in asked})
    )
    authorizer = Authorizer(
        Access(organization_id=access.organization_id, accounts=access.accounts, principals=(), resources=targets, controls=())
    )
    root = f"arn:{partition_of(judgement.estate.organization.home_region)}:iam::{administrator}:root"
    denied = {action for action, arn in asked if authorizer.decide(root, action, arn, _CONTEXT).verdict is Verdict.DENIED}
    return tuple(sorted(denied))


def _pairs(statement: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each action with each resource of a statement; a star at an ARN's end stands for any policy."""
    for action in statement["Action"]:
        for resource in statement["Resource"]:
            yield action, f"arn:aws:organizations::organization:{_ANY_POLICY}" if resource == "*" else resource.replace("*", _ANY_POLICY)


def _statements(text: str) -> list[dict[str, Any]]:
    found = json.loads(text).get("Statement", []) if text else []
    return found if isinstance(found, list) else [found]
