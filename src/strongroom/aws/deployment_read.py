"""Read what of a strategy is deployed: the organization's switches, policies, StackSets, central stacks.

Only objects that the strategy names or owns are read, so the cost doesn't grow with the organization.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from botocore.exceptions import ClientError

from strongroom.aws.organization import OrganizationTree, read_organization
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import canonical
from strongroom.domain.deployment import DeployedPolicy, DeployedStack, DeployedStackSet, Deployment
from strongroom.domain.estate import OWNER_TAG, Estate
from strongroom.domain.names import AccountId, Region

# States in which a stack exists in no useful sense: creating it anew is the way on.
GONE = frozenset({"DELETE_COMPLETE", "REVIEW_IN_PROGRESS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """The objects that a strategy's plans are computed from, by name; small enough to be stored with a run."""

    strategy: str
    home_region: Region
    regions: tuple[Region, ...]
    policies: tuple[str, ...]
    stacks: tuple[tuple[AccountId, Region, str], ...]  # (account, Region, name)
    stack_sets: tuple[str, ...]

    @classmethod
    def of(cls, estate: Estate) -> Self:
        """Return what to watch for an estate."""
        return cls(
            strategy=estate.name,
            home_region=estate.organization.home_region,
            regions=estate.organization.regions,
            policies=tuple(policy.name for policy in estate.policies),
            stacks=tuple((stack.account, stack.region, stack.name) for stack in estate.stacks),
            stack_sets=tuple(stack_set.name for stack_set in estate.stack_sets),
        )

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {field: getattr(self, field) for field in self.__slots__}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote."""
        return cls(
            strategy=document["strategy"],
            home_region=Region(document["home_region"]),
            regions=tuple(Region(region) for region in document["regions"]),
            policies=tuple(document["policies"]),
            stacks=tuple((AccountId(account), Region(region), name) for account, region, name in document["stacks"]),
            stack_sets=tuple(document["stack_sets"]),
        )


def read_management_account(sessions: Sessions) -> AccountId:
    """Return the organization's management account, which every account of it may ask for; raises AwsRefused."""
    described = sessions.call("organizations", sessions.region, "describe_organization")["Organization"]
    return AccountId.parse(described["MasterAccountId"])


def read_deployment(sessions: Sessions, watched: Watched) -> Deployment:
    """Return what is deployed of a strategy, read with the caller's own and the deploy role's credentials.

    Stacks in accounts outside the organization are taken for missing: planning says that those accounts are wrong.
    Raises AwsRefused when something can't be read: a change plan over unknown ground would be a guess.
    """
    home = watched.home_region
    tree = read_organization(sessions)
    accounts = tuple(account.id for account in tree.accounts)
    stacks = (_stack(sessions, *place) for place in watched.stacks if place[0] in accounts)
    stack_sets = (_stack_set(sessions, name, home, tree) for name in watched.stack_sets)
    return Deployment(
        observed_at=sessions.observed_at(),
        organization_id=tree.organization_id,
        management_account=tree.management_account,
        root_id=tree.root_id,
        units=tree.units,
        accounts=accounts,
        backup_policies_enabled="BACKUP_POLICY" in tree.enabled_policy_types,
        trusted_services=tuple(sorted(tree.trusted_services)),
        stack_sets_trusted=_stack_sets_trusted(sessions, home),
        delegated_administrators=tuple(sorted(tree.backup_administrators)),
        global_settings=_global_settings(sessions, home),
        opt_in=tuple((region, _opt_in(sessions, region)) for region in watched.regions),
        policies=tuple(_policies(sessions, watched)),
        stacks=tuple(stack for stack in stacks if stack),
        stack_sets=tuple(found for found in stack_sets if found),
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


def _policies(sessions: Sessions, watched: Watched) -> Iterator[DeployedPolicy]:
    home = watched.home_region
    for summary in sessions.pages("organizations", home, "list_policies", "Policies", Filter="BACKUP_POLICY"):
        # What Strongroom owns is named after its strategy, so other people's policies cost no call.
        if summary["Name"] in watched.policies or summary["Name"].startswith(f"{watched.strategy}-"):
            policy = sessions.call("organizations", home, "describe_policy", PolicyId=summary["Id"])["Policy"]
            tags = sessions.pages("organizations", home, "list_tags_for_resource", "Tags", ResourceId=summary["Id"])
            targets = sessions.pages("organizations", home, "list_targets_for_policy", "Targets", PolicyId=summary["Id"])
            yield DeployedPolicy(
                policy_id=summary["Id"],
                name=summary["Name"],
                content=_canonical(policy["Content"]),
                owner=owner_of(list(tags)),
                targets=tuple(sorted(target["TargetId"] for target in targets)),
            )


def _stack(sessions: Sessions, account: AccountId, region: Region, name: str) -> DeployedStack | None:
    found = find_stack(sessions, account, region, name)
    if found is None:
        return None
    template = sessions.call("cloudformation", region, "get_template", account=account, StackName=name)
    return DeployedStack(
        account=account,
        region=region,
        name=name,
        status=found["StackStatus"],
        template=_canonical(template["TemplateBody"]),
        parameters=_parameters(found.get("Parameters", [])),
        owner=owner_of(found.get("Tags", [])),
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


def _stack_set(sessions: Sessions, name: str, home: Region, tree: OrganizationTree) -> DeployedStackSet | None:
    found = find_stack_set(sessions, home, name)
    if found is None:
        return None
    deployed: set[tuple[str, Region]] = set()
    failed: set[tuple[str, Region, str]] = set()
    instances = list(sessions.pages("cloudformation", home, "list_stack_instances", "Summaries", StackSetName=name))
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
        name=name,
        template=_canonical(found["TemplateBody"]),
        parameters=_parameters(found.get("Parameters", [])),
        owner=owner_of(found.get("Tags", [])),
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


def owner_of(tags: Iterable[Mapping[str, str]]) -> str:
    """Return the strategy that an object's tags name as its owner, empty where none does."""
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
