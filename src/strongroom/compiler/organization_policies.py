"""Backup policies of AWS Organizations: one for each plan, or several plans in one where a target takes no more."""

from collections.abc import Iterator
from dataclasses import replace

from strongroom.compiler.canonical import canonical_json
from strongroom.compiler.policy_plans import policy_plan
from strongroom.compiler.template import Json
from strongroom.compiler.undeployed import deployed_plans
from strongroom.domain.estate import Estate, OrganizationPolicy
from strongroom.facts import limit


def with_policies(estate: Estate) -> Estate:
    """Return the estate with its backup policies, each below AWS's limit of characters where that is possible at all.

    A policy per plan reads best; only when there are more plans than policies may be attached to one target
    (10, aws/05 §5.1) are plans packed together, in their order.
    """
    plans = {plan.name: policy_plan(estate, plan) for plan in deployed_plans(estate)}
    if len(plans) <= int(limit("policies_per_target").value):
        policies = [_policy(estate, f"{estate.name}-{name}", {name: document}) for name, document in plans.items()]
    else:
        policies = [_policy(estate, f"{estate.name}-{number}", packed) for number, packed in enumerate(_packed(plans), 1)]
    return replace(estate, policies=(*estate.policies, *policies))


def _packed(plans: dict[str, Json]) -> Iterator[dict[str, Json]]:
    bound = int(limit("policy_characters").value)
    packed: dict[str, Json] = {}
    for name, document in plans.items():
        if packed and len(canonical_json({"plans": {**packed, name: document}})) > bound:
            yield packed
            packed = {}
        packed[name] = document
    if packed:
        yield packed


def _policy(estate: Estate, name: str, plans: dict[str, Json]) -> OrganizationPolicy:
    return OrganizationPolicy(
        name=name,
        content=canonical_json({"plans": plans}),
        targets=estate.organization.governs,
        plans=tuple(plans),
    )
