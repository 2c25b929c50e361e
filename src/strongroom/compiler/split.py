"""Plans that fit AWS's limits: a plan with too many rules, selections or characters becomes several.

The parts are plans of their own in the estate, named `<plan>`, `<plan>-2` and so on, so that every later reader
(checks, proof) sees exactly what AWS will have. Rules of different plans don't suppress each other, so a split never
loses a run; parts by selection are disjoint, so no resource is backed up twice.
"""

from collections.abc import Iterator
from dataclasses import replace

from strongroom.compiler.canonical import canonical_json
from strongroom.compiler.policy_plans import policy_plan
from strongroom.compiler.selections import fitting_selections
from strongroom.domain.estate import BackupPlan, BackupRule, Estate
from strongroom.facts import limit


def with_split_plans(estate: Estate) -> Estate:
    """Return the estate with every plan cut to fit; a plan that fits stays as it is."""
    taken = {plan.name for plan in estate.plans}
    plans: list[BackupPlan] = []
    for plan in estate.plans:
        for number, part in enumerate((plan,) if plan.adopted else _parts(estate, plan), 1):
            name = plan.name if number == 1 else _free(plan.name, number, taken)
            taken.add(name)
            plans.append(replace(part, name=name))
    return replace(estate, plans=tuple(plans))


def _free(name: str, number: int, taken: set[str]) -> str:
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"


def _parts(estate: Estate, plan: BackupPlan) -> Iterator[BackupPlan]:
    for select in fitting_selections(plan.select, in_account=plan.account is not None):
        for rules in _rules(estate, replace(plan, select=select)):
            yield replace(plan, select=select, rules=rules)


def _rules(estate: Estate, plan: BackupPlan) -> Iterator[tuple[BackupRule, ...]]:
    rules: tuple[BackupRule, ...] = ()
    for rule in plan.rules:
        if rules and not _fits(estate, replace(plan, rules=(*rules, rule))):
            yield rules
            rules = ()
        rules = (*rules, rule)
    yield rules


def _fits(estate: Estate, plan: BackupPlan) -> bool:
    if len(plan.rules) > int(limit("rules_per_plan").value):
        return False
    return len(canonical_json({"plans": {plan.name: policy_plan(estate, plan)}})) <= int(limit("policy_characters").value)
