"""Switches of the organization: policy types, trusted access, delegated administrators."""

from strongroom.aws.deployment.site import Site, execute
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import (
    ActivateStackSetsAccess,
    EnablePolicyType,
    EnableResourceSharing,
    EnableServiceAccess,
    RegisterDelegatedAdministrator,
)
from strongroom.domain.names import Region


def stack_sets_trusted(sessions: Sessions, home: Region) -> bool:
    """Tell whether StackSets may deploy to the organization."""
    answer = sessions.call("cloudformation", home, "describe_organizations_access")
    return bool(answer["Status"] == "ENABLED")


@execute.register
def _(action: EnablePolicyType, site: Site) -> None:
    roots = site.sessions.pages("organizations", site.home_region, "list_roots", "Roots")
    enabled = [kind["Type"] for root in roots if root["Id"] == action.root_id for kind in root["PolicyTypes"]]
    if action.type not in enabled:
        site.organizations("enable_policy_type", RootId=action.root_id, PolicyType=action.type)


@execute.register
def _(action: EnableServiceAccess, site: Site) -> None:
    listed = site.sessions.pages("organizations", site.home_region, "list_aws_service_access_for_organization", "EnabledServicePrincipals")
    if action.service not in {each["ServicePrincipal"] for each in listed}:
        site.organizations("enable_aws_service_access", ServicePrincipal=action.service)


@execute.register
def _(action: ActivateStackSetsAccess, site: Site) -> None:  # noqa: ARG001 - dispatch goes by its type
    answer = site.sessions.call("cloudformation", site.home_region, "describe_organizations_access")
    if answer["Status"] != "ENABLED":
        site.sessions.call("cloudformation", site.home_region, "activate_organizations_access")


@execute.register
def _(action: EnableResourceSharing, site: Site) -> None:  # noqa: ARG001 - dispatch goes by its type
    listed = site.sessions.pages("organizations", site.home_region, "list_aws_service_access_for_organization", "EnabledServicePrincipals")
    if "ram.amazonaws.com" not in {each["ServicePrincipal"] for each in listed}:
        # RAM's own call: trusted access from the side of Organizations would lack RAM's service-linked role
        site.sessions.call("ram", site.home_region, "enable_sharing_with_aws_organization")


@execute.register
def _(action: RegisterDelegatedAdministrator, site: Site) -> None:
    listed = site.sessions.pages(
        "organizations",
        site.home_region,
        "list_delegated_administrators",
        "DelegatedAdministrators",
        ServicePrincipal=action.service,
    )
    if action.account not in {each["Id"] for each in listed}:
        site.organizations("register_delegated_administrator", AccountId=action.account, ServicePrincipal=action.service)
