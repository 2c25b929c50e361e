"""Plans of backup policies: what AWS Backup makes, account by account and Region by Region, of effective policies.

Source: AWS Organizations user guide, backup policy syntax; AWS Backup developer guide, manage-cross-account (read 2026-11).
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from strongroom import facts
from strongroom.semantics import policies
from strongroom.twin.backup import closing, plans
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.state import Plan, World
from strongroom.twin.backup.wire import Call
from strongroom.twin.ports import ApiError

SERVICE = "backup.amazonaws.com"
_Wanted = tuple[Mapping[str, Any], list[dict[str, Any]], dict[str, str]]  # plan, selections, tags


def follow(world: World, at: datetime) -> None:
    """Make, change and delete the plans of backup policies after the organization changed."""
    generation = world.organization.generation
    if generation == world.generation:
        return
    world.generation = generation
    closing.follow(world, at)
    if not world.organization.is_trusted(SERVICE):  # nothing happens, neither good nor bad
        return
    members = world.organization.accounts()
    for account in members:
        _follow_account(world, at, account)
    for (account, _), place in list(world.places.items()):
        if account not in members:  # it left: its plans of the organization go, its recovery points stay
            _reconcile(world, at, account, place.region, {})


def _follow_account(world: World, at: datetime, account: str) -> None:
    valid = _valid_plans(world.organization.effective_backup_policy(account))
    if valid is None:
        world.count("invalid_organization_plans")
        return
    wanted: dict[str, dict[str, _Wanted]] = {region: {} for owner, region in world.places if owner == account}
    for plan in valid:
        for region in plan.regions:
            if region in facts.regions():
                made = (_in_region(policies.plan_document(plan), region), policies.selection_documents(plan), dict(plan.tags))
                wanted.setdefault(region, {})[plan.name] = made
    for region, by_name in wanted.items():
        _reconcile(world, at, account, region, by_name)


def _in_region(document: dict[str, Any], region: str) -> dict[str, Any]:
    """Return a plan with the Region in place of `$region` in its air-gapped targets."""
    name = "TargetLogicallyAirGappedBackupVaultArn"
    rules = [rule | ({name: rule[name].replace("$region", region)} if name in rule else {}) for rule in document["Rules"]]
    return document | {"Rules": rules}


def _valid_plans(effective: Mapping[str, Any] | None) -> tuple[policies.PolicyPlan, ...] | None:
    """Return the plans of an effective policy, none without a policy; None for an invalid one, which changes nothing."""
    if effective is None:
        return ()
    if policies.problems(effective):
        return None
    try:
        return policies.plans(effective)
    except policies.PolicyError:
        return None


def _reconcile(world: World, at: datetime, account: str, region: str, wanted: Mapping[str, _Wanted]) -> None:
    """Bring the plans `orgs/…` of an account and Region to what is wanted: same name, same plan id, new version."""
    call = Call(account=account, region=region, principal=SERVICE, at=at, internal=True)
    existing = {
        plan.current.name: plan for plan in world.place(account, region).plans.values() if plan.of_organization and plan.deleted_at is None
    }
    for name, plan in existing.items():
        if name not in wanted:
            plan.selections.clear()
            plan.deleted_at = at
    for name, want in wanted.items():
        try:
            _put(world, call, existing.get(name), want)
        except ApiError as refusal:  # InvalidOrganizationBackupPlan: AWS tells nobody why, and the last plan stays
            world.count("invalid_organization_plans")
            world.invalid_plans.append((at, account, region, want[0], refusal.message))


def _put(world: World, call: Call, plan: Plan | None, want: _Wanted) -> None:
    document, selections, tags = want
    if plan is None:
        luck = chance(world.seed, "organization plan", call.account, call.region, document["BackupPlanName"], world.numbers)
        plan = plans.add_plan(world, call, f"orgs/{luck.uuid}", document, tags=tags, creator_request_id=None)
    elif _canonical(plan.current.document) != _canonical(document):
        plans.change_plan(world, call, plan, document)
    if [_canonical(each.document) for each in plan.selections.values()] != [_canonical(each) for each in selections]:
        plan.selections.clear()
        for selection in selections:
            plans.add_selection(world, call, plan, selection)
    plan.tags = tags


def _canonical(document: Mapping[str, Any]) -> str:
    return json.dumps(document, sort_keys=True)
