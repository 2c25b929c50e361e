"""Read what of a strategy is deployed: the organization's switches, policies, StackSets, central stacks.

Only objects that the strategy names or owns are read, so the cost doesn't grow with the organization.
"""

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from strongroom.aws.organization import OrganizationTree, read_organization
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import canonical
from strongroom.domain.deployment import DeployedPolicy, DeployedStack, DeployedStackSet, Deployment
from strongroom.domain.estate import OWNER_TAG, Estate, Stack, StackSet
from strongroom.domain.names import AccountId, Region

# States in which a stack exists in no useful sense: creating it anew is the way on.
GONE = frozenset({"DELETE_COMPLETE", "REVIEW_IN_PROGRESS"})


def read_deployment(sessions: Sessions, estate: Estate) -> Deployment:
    """Return the deployed side of an estate, read with the caller's own and the deploy role's credentials.

    Raises AwsRefused when something can't be read: a change plan over unknown ground would be a guess.
    """
    home = estate.organization.home_region
    tree = read_organization(sessions)
    return Deployment(
        observed_at=sessions.observed_at(),
        organization_id=tree.organization_id,
        management_account=tree.management_account,
        root_id=tree.root_id,
        units=tree.units,
        accounts=tuple(account.id for account in tree.accounts),
        backup_policies_enabled="BACKUP_POLICY" in tree.enabled_policy_types,
        trusted_services=tuple(sorted(tree.trusted_services)),
        stack_sets_trusted=_stack_sets_trusted(sessions, home),
        delegated_administrators=tuple(sorted(tree.backup_administrators)),
        global_settings=_global_settings(sessions, home),
        opt_in=tuple((region, _opt_in(sessions, region)) for region in estate.organization.regions),
        policies=tuple(_policies(sessions, estate, home)),
        stacks=tuple(stack for wanted in estate.stacks if (stack := _stack(sessions, wanted))),
        stack_sets=tuple(found for wanted_set in estate.stack_sets if (found := _stack_set(sessions, wanted_set, home, tree))),
    )


def _stack_sets_trusted(sessions: Sessions, home: Region) -> bool:
    answer = sessions.call("cloudformation", home, "describe_organizations_access")
    return bool(answer["Status"] == "ENABLED")


def _global_settings(sessions: Sessions, home: Region) -> tuple[tuple[str, str], ...]:
    answer = sessions.call("backup", home, "describe_global_settings")
    return tuple(sorted(answer["GlobalSettings"].items()))


def _opt_in(sessions: Sessions, region: Region) -> tuple[tuple[str, bool], ...]:
    answer = sessions.call("backup", region, "describe_region_settings")
    return tuple(sorted(answer["ResourceTypeOptInPreference"].items()))


def _policies(sessions: Sessions, estate: Estate, home: Region) -> Iterator[DeployedPolicy]:
    wanted = {policy.name for policy in estate.policies}
    for summary in sessions.pages("organizations", home, "list_policies", "Policies", Filter="BACKUP_POLICY"):
        # What Strongroom owns is named after its strategy, so other people's policies cost no call.
        if summary["Name"] in wanted or summary["Name"].startswith(f"{estate.name}-"):
            policy = sessions.call("organizations", home, "describe_policy", PolicyId=summary["Id"])["Policy"]
            tags = sessions.pages("organizations", home, "list_tags_for_resource", "Tags", ResourceId=summary["Id"])
            targets = sessions.pages("organizations", home, "list_targets_for_policy", "Targets", PolicyId=summary["Id"])
            yield DeployedPolicy(
                policy_id=summary["Id"],
                name=summary["Name"],
                content=_canonical(policy["Content"]),
                owner=_owner(list(tags)),
                targets=tuple(sorted(target["TargetId"] for target in targets)),
            )


def _stack(sessions: Sessions, stack: Stack) -> DeployedStack | None:
    found = find_stack(sessions, stack.account, stack.region, stack.name)
    if found is None:
        return None
    template = sessions.call("cloudformation", stack.region, "get_template", account=stack.account, StackName=stack.name)
    return DeployedStack(
        account=stack.account,
        region=stack.region,
        name=stack.name,
        status=found["StackStatus"],
        template=_canonical(template["TemplateBody"]),
        parameters=_parameters(found.get("Parameters", [])),
        owner=_owner(found.get("Tags", [])),
    )


def find_stack(sessions: Sessions, account: AccountId, region: Region, name: str) -> dict[str, Any] | None:
    """Return `DescribeStacks`' answer for one stack, or None where there is none."""
    try:
        answer = sessions.client("cloudformation", region, account).describe_stacks(StackName=name)
    except ClientError as error:
        # CloudFormation has no code of its own for this: ValidationError "Stack with id … does not exist".
        if error.response["Error"]["Code"] == "ValidationError" and "does not exist" in error.response["Error"]["Message"]:
            return None
        raise sessions.refusal(error, doing=f"reading stack {name} in account {account}, {region}") from error
    found: dict[str, Any] = answer["Stacks"][0]
    return None if found["StackStatus"] in GONE else found


def _stack_set(sessions: Sessions, wanted: StackSet, home: Region, tree: OrganizationTree) -> DeployedStackSet | None:
    found = find_stack_set(sessions, home, wanted.name)
    if found is None:
        return None
    deployed: set[tuple[str, Region]] = set()
    failed: set[tuple[str, Region, str]] = set()
    instances = list(sessions.pages("cloudformation", home, "list_stack_instances", "Summaries", StackSetName=wanted.name))
    for instance in instances:
        region = Region(instance["Region"])
        deployed.add((instance.get("OrganizationalUnitId", ""), region))
        if instance["Status"] != "CURRENT":
            failed.add((instance["Account"], region, instance.get("StatusReason", instance["Status"])))
    regions = {Region(region) for region in found.get("Regions", [])} or {region for _, region in deployed}
    if not instances and any(tree.accounts_below(unit) for unit in found.get("OrganizationalUnitIds", [])):
        regions = set()  # created, but its instances never were
    deployed |= {(unit, region) for unit in found.get("OrganizationalUnitIds", []) for region in regions}
    return DeployedStackSet(
        name=wanted.name,
        template=_canonical(found["TemplateBody"]),
        parameters=_parameters(found.get("Parameters", [])),
        owner=_owner(found.get("Tags", [])),
        deployed_to=tuple(sorted(deployed)),
        failed=tuple(sorted(failed)),
    )


def find_stack_set(sessions: Sessions, home: Region, name: str) -> dict[str, Any] | None:
    """Return `DescribeStackSet`'s answer, or None where there is none."""
    try:
        found: dict[str, Any] = sessions.client("cloudformation", home).describe_stack_set(StackSetName=name)["StackSet"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "StackSetNotFoundException":
            return None
        raise sessions.refusal(error, doing=f"reading StackSet {name}") from error
    return None if found["Status"] == "DELETED" else found


def _owner(tags: list[dict[str, str]]) -> str:
    return next((tag["Value"] for tag in tags if tag["Key"] == OWNER_TAG), "")


def _parameters(parameters: list[dict[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((each["ParameterKey"], each["ParameterValue"]) for each in parameters))


def _canonical(document: Any) -> str:
    # boto3 hands JSON templates over as mappings, policies as text; what somebody wrote in YAML stays as it is.
    if not isinstance(document, str):
        return canonical(document)
    try:
        return canonical(json.loads(document))
    except ValueError:
        return document
