"""The resource policy of the organization: the half of a delegation that lets the backup administrator manage backup policies."""

import json
from collections.abc import Iterator

from strongroom.compiler.delegation import Place, delegation_sids, delegation_statements
from strongroom.domain.changeplan import PutDelegation, canonical
from strongroom.domain.deployment import Deployment
from strongroom.domain.estate import Estate
from strongroom.domain.organization import units_named
from strongroom.workflows.planning.change import Change


def delegated_policies(estate: Estate, deployed: Deployment) -> Iterator[Change]:
    """Yield the change of the strategy's own statements; those of others are never touched."""
    sids = delegation_sids(estate.name)
    found = [each for each in statements_there(deployed.resource_policy) if each.get("Sid") in sids]
    wanted = json.loads(statements_wanted(estate, deployed))
    theirs = bool(estate.plans) and all(plan.adopted for plan in estate.plans)  # to delegate
    if found == wanted or (theirs and not found):
        return
    administrator = estate.settings.delegated_administrator
    title = f"let account {administrator} manage the backup policies of {', '.join(estate.organization.governs)}, by the resource policy"
    if administrator is None:
        title = "take the strategy's statements out of the organization's resource policy: there is no backup administrator any more"
    elif administrator in deployed.delegated_administrators and not found:
        title = f"complete the delegation, of which half is there: {title}"
    yield Change(title, PutDelegation(sids=tuple(sorted(sids)), statements=canonical(wanted)))


def statements_there(policy: str) -> list[dict[str, object]]:
    """Return the statements of a resource policy."""
    statements = json.loads(policy)["Statement"] if policy else []
    return statements if isinstance(statements, list) else [statements]


def statements_wanted(estate: Estate, deployed: Deployment) -> str:
    """Return the strategy's statements as a canonical JSON list."""
    units = {unit.id for each in estate.organization.governs for unit in units_named(each, deployed.units)}
    place = Place(
        management_account=deployed.management_account, organization_id=deployed.organization_id, unit_ids=tuple(sorted(units))
    )  # fmt: skip
    return canonical(list(delegation_statements(estate, place)))
