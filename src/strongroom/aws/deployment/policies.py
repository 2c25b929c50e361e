"""Policies of AWS Organizations: their text and what they are attached to."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from strongroom.aws.deployment.site import Site, execute, owner_of
from strongroom.aws.deployment.templates import canonical_document
from strongroom.aws.deployment.watched import Watched
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import AttachPolicy, DeletePolicy, DetachPolicy, PutPolicy, canonical
from strongroom.domain.deployment import AttachedPolicies, DeployedPolicy
from strongroom.domain.names import PolicyType, Region
from strongroom.domain.organization import OrganizationalUnit, units_named
from strongroom.errors import AwsRefused

Listing = Mapping[PolicyType, Sequence[Mapping[str, Any]]]


def list_policies(sessions: Sessions, home: Region) -> Listing:
    """Return what AWS lists of all policies of the types that are deployed, whoever made them."""
    return {kind: list(sessions.pages("organizations", home, "list_policies", "Policies", Filter=kind)) for kind in PolicyType}


def read_policies(sessions: Sessions, watched: Watched, listing: Listing) -> Iterator[DeployedPolicy]:
    """Yield the policies that a strategy names or owns, with their text and targets."""
    for kind, summaries in listing.items():
        for summary in summaries:
            # What Strongroom owns is named after its strategy, so other people's policies cost no call.
            if (kind, summary["Name"]) in watched.policies or summary["Name"].startswith(f"{watched.strategy}-"):
                yield _read_policy(sessions, watched.home_region, kind, summary)


def read_attached(sessions: Sessions, watched: Watched, units: Sequence[OrganizationalUnit]) -> Iterator[AttachedPolicies]:
    """Yield what is attached to the OUs that policies of a strategy are for, whoever attached it."""
    places = {(kind, unit.id) for kind, reference in watched.attaching for unit in units_named(reference, units)}
    for kind, target_id in sorted(places):
        place = ("organizations", watched.home_region)
        found = sessions.pages(*place, "list_policies_for_target", "Policies", TargetId=target_id, Filter=kind)
        yield AttachedPolicies(type=kind, target_id=target_id, names=tuple(sorted(each["Name"] for each in found)))


def _read_policy(sessions: Sessions, home: Region, kind: PolicyType, summary: Mapping[str, Any]) -> DeployedPolicy:
    policy = sessions.call("organizations", home, "describe_policy", PolicyId=summary["Id"])["Policy"]
    tags = sessions.pages("organizations", home, "list_tags_for_resource", "Tags", ResourceId=summary["Id"])
    targets = sessions.pages("organizations", home, "list_targets_for_policy", "Targets", PolicyId=summary["Id"])
    return DeployedPolicy(
        type=kind,
        policy_id=summary["Id"],
        name=summary["Name"],
        content=canonical_document(policy["Content"]),
        owner=owner_of(list(tags)),
        targets=tuple(sorted(target["TargetId"] for target in targets)),
    )


@execute.register
def _(action: PutPolicy, site: Site) -> None:
    found = _policy(site, action.type, action.name)
    if found is None:
        site.organizations(
            "create_policy",
            Name=action.name,
            Type=action.type,
            Description=f"{action.type.words.capitalize()} of the Strongroom strategy {site.strategy}",
            Content=action.content,
            Tags=site.tags,
        )
        return
    _own_policy(site, action.type, found)
    content = site.organizations("describe_policy", PolicyId=found["Id"])["Policy"]["Content"]
    if canonical(json.loads(content)) != action.content:
        site.organizations("update_policy", PolicyId=found["Id"], Content=action.content)


@execute.register
def _(action: AttachPolicy, site: Site) -> None:
    policy_id = _existing_policy(site, action.type, action.name)
    if action.target_id not in _targets(site, policy_id):
        site.organizations("attach_policy", PolicyId=policy_id, TargetId=action.target_id)


@execute.register
def _(action: DetachPolicy, site: Site) -> None:
    found = _policy(site, action.type, action.name)
    if found and action.target_id in _targets(site, found["Id"]):
        _own_policy(site, action.type, found)
        site.organizations("detach_policy", PolicyId=found["Id"], TargetId=action.target_id)


@execute.register
def _(action: DeletePolicy, site: Site) -> None:
    found = _policy(site, action.type, action.name)
    if found:
        _own_policy(site, action.type, found)
        site.organizations("delete_policy", PolicyId=found["Id"])


def _policy(site: Site, kind: PolicyType, name: str) -> dict[str, Any] | None:
    summaries = site.sessions.pages("organizations", site.home_region, "list_policies", "Policies", Filter=kind)
    return next((each for each in summaries if each["Name"] == name), None)


def _existing_policy(site: Site, kind: PolicyType, name: str) -> str:
    found = _policy(site, kind, name)
    if found is None:
        raise AwsRefused(f"{kind.words} {name} is gone", hint="somebody deleted it meanwhile; run: strongroom apply")
    _own_policy(site, kind, found)
    return str(found["Id"])


def _own_policy(site: Site, kind: PolicyType, found: Mapping[str, str]) -> None:
    tags = site.sessions.pages("organizations", site.home_region, "list_tags_for_resource", "Tags", ResourceId=found["Id"])
    site.own(f"{kind.words} {found['Name']}", tags)


def _targets(site: Site, policy_id: str) -> set[str]:
    targets = site.sessions.pages("organizations", site.home_region, "list_targets_for_policy", "Targets", PolicyId=policy_id)
    return {target["TargetId"] for target in targets}
