"""What an organization does with its policies: errors, tag policies, delegation, StackSets, Control Tower.

Source: API references of AWS Organizations (ListAccountsWithInvalidEffectivePolicy, ListEffectivePolicyValidationErrors,
DescribeResourcePolicy), CloudFormation (DescribeStackSet, ListStackInstances, DescribeOrganizationsAccess) and AWS Control Tower
(GetLandingZone, ListEnabledBaselines).
"""

import json
from collections.abc import Iterator
from typing import Any

from strongroom.aws.readers.governance import attachments
from strongroom.aws.readers.harvest import Harvest
from strongroom.aws.readers.scope import Scope
from strongroom.domain.changeplan import canonical
from strongroom.domain.estate import OWNER_TAG
from strongroom.domain.names import PolicyType
from strongroom.domain.tables import (
    ENABLED_BASELINES,
    LANDING_ZONES,
    POLICY_ERRORS,
    RESOURCE_POLICIES,
    SETTINGS,
    STACK_INSTANCES,
    STACK_SETS,
    TAG_POLICIES,
)
from strongroom.errors import AwsRefused
from strongroom.facts import fact

STACK_SET_SUBJECTS = ("stack_sets", "stack_instances")
TOWER_SUBJECTS = ("landing_zones", "enabled_baselines")
MERGED = (PolicyType.BACKUP, PolicyType.TAG)  # types whose effective policies are validated, and that strategies have
NOT_ENABLED = frozenset({"EffectivePolicyNotFoundException", "PolicyTypeNotEnabledException"})
BASELINES = ("governance_baseline", "backup_baseline")


def read_policy_errors(scope: Scope, harvest: Harvest) -> None:
    """Add the errors of effective policies, by account; AWS lists only accounts that have any."""
    with harvest.subject(scope.account, "", "policy_errors") as subject:
        for kind in MERGED:
            for account in list(_invalid(scope, kind)):
                with subject.item():
                    for error in _errors(scope, kind, account):
                        harvest.add(
                            POLICY_ERRORS,
                            account,
                            str(kind),
                            error.get("ErrorCode") or "",
                            error.get("ErrorMessage") or "",
                            error.get("PathToError") or "",
                            list(error.get("ContributingPolicies") or ()),
                        )


def _invalid(scope: Scope, kind: PolicyType) -> Iterator[str]:
    try:
        for account in scope.items("organizations", "list_accounts_with_invalid_effective_policy", "Accounts", PolicyType=str(kind)):
            yield account["Id"]
    except AwsRefused as error:
        if error.code not in NOT_ENABLED:
            raise


def _errors(scope: Scope, kind: PolicyType, account: str) -> Iterator[dict[str, Any]]:
    listed = ("list_effective_policy_validation_errors", "EffectivePolicyValidationErrors")
    yield from scope.items("organizations", *listed, AccountId=account, PolicyType=str(kind))


def read_tag_policies(scope: Scope, harvest: Harvest) -> None:
    """Add the tag policies with what they are attached to; none where the type is not enabled, for then none counts."""
    with harvest.subject(scope.account, "", "tag_policies") as subject:
        roots = list(scope.items("organizations", "list_roots", "Roots"))
        enabled = {each["Type"] for root in roots for each in root.get("PolicyTypes") or () if each["Status"] == "ENABLED"}
        if PolicyType.TAG in enabled:
            for policy_id, name, content, target in attachments(scope, PolicyType.TAG, subject):
                harvest.add(TAG_POLICIES, scope.account, policy_id, name, content, target)


def read_resource_policy(scope: Scope, harvest: Harvest) -> None:
    """Add the resource policy of the organization; no row where there is none."""
    with harvest.subject(scope.account, "", "resource_policies"):
        try:
            found = scope.call("organizations", "describe_resource_policy")["ResourcePolicy"]
        except AwsRefused as error:
            if error.code != "ResourcePolicyNotFoundException":
                raise
        else:
            harvest.add(RESOURCE_POLICIES, scope.account, _text(found["Content"]))


def read_stack_sets(scope: Scope, harvest: Harvest) -> None:
    """Add the StackSets, whether CloudFormation has trusted access, and of Strongroom's own the template and all instances."""
    with harvest.subject(scope.account, "", *STACK_SET_SUBJECTS) as subject:
        status = scope.call("cloudformation", "describe_organizations_access").get("Status") or ""
        harvest.add(SETTINGS, scope.account, "", "stack_sets", "organizations_access", "true" if status == "ENABLED" else "false")
        for summary in list(scope.items("cloudformation", "list_stack_sets", "Summaries", Status="ACTIVE")):
            with subject.item():
                _add_stack_set(scope, harvest, summary)


def _add_stack_set(scope: Scope, harvest: Harvest, summary: dict[str, Any]) -> None:
    name = summary["StackSetName"]
    found = scope.call("cloudformation", "describe_stack_set", StackSetName=name)["StackSet"]
    owner = next((tag["Value"] for tag in found.get("Tags") or () if tag["Key"] == OWNER_TAG), "")
    harvest.add(
        STACK_SETS,
        scope.account,
        scope.region,
        name,
        found.get("Status") or "ACTIVE",
        found.get("PermissionModel") or "SELF_MANAGED",
        bool((found.get("AutoDeployment") or {}).get("Enabled")),
        owner,
        _text(found.get("TemplateBody")) if owner else None,
        sorted(found.get("OrganizationalUnitIds") or ()),
    )
    for each in scope.items("cloudformation", "list_stack_instances", "Summaries", StackSetName=name) if owner else ():
        harvest.add(
            STACK_INSTANCES,
            each["Account"],
            each["Region"],
            name,
            each.get("Status") or "",
            (each.get("StackInstanceStatus") or {}).get("DetailedStatus") or "",
            each.get("StatusReason") or None,
            each.get("DriftStatus") or "NOT_CHECKED",
            each.get("LastDriftCheckTimestamp"),
        )


def read_control_tower(scope: Scope, harvest: Harvest) -> None:
    """Add the landing zone, and where the baselines that backups need are enabled; nothing where Control Tower is not used."""
    with harvest.subject(scope.account, "", *TOWER_SUBJECTS):
        zones = [each["arn"] for each in scope.items("controltower", "list_landing_zones", "landingZones")]
        for arn in zones:
            _add_landing_zone(scope, harvest, arn)
        if not zones:
            return
        names = {str(fact("control_tower", each).value) for each in BASELINES}
        known = {each["arn"]: each["name"] for each in scope.items("controltower", "list_baselines", "baselines") if each["name"] in names}
        wanted = {"filter": {"baselineIdentifiers": sorted(known)}, "includeChildren": True}
        for each in scope.items("controltower", "list_enabled_baselines", "enabledBaselines", **wanted):
            _add_baseline(scope, harvest, each, known[each["baselineIdentifier"]])


def _add_landing_zone(scope: Scope, harvest: Harvest, arn: str) -> None:
    found = scope.call("controltower", "get_landing_zone", landingZoneIdentifier=arn)["landingZone"]
    harvest.add(
        LANDING_ZONES,
        scope.account,
        scope.region,
        arn,
        found.get("version") or "",
        found.get("status") or "",
        (found.get("driftStatus") or {}).get("status") or "",
        canonical(found.get("manifest") or {}),
    )


def _add_baseline(scope: Scope, harvest: Harvest, enabled: dict[str, Any], name: str) -> None:
    types = (enabled.get("driftStatusSummary") or {}).get("types") or {}
    harvest.add(
        ENABLED_BASELINES,
        scope.account,
        scope.region,
        enabled["arn"],
        name,
        enabled.get("baselineVersion") or "",
        enabled["targetIdentifier"].rpartition("/")[2],
        enabled.get("parentIdentifier") or None,
        (enabled.get("statusSummary") or {}).get("status") or "",
        sorted(kind for kind, each in types.items() if (each or {}).get("status") == "DRIFTED"),
    )


def _text(document: Any) -> str | None:
    """Return a document as canonical JSON, however it is handed over; a text that is no JSON as it is."""
    if document is None:
        return None
    if not isinstance(document, str):
        return canonical(document)
    try:
        return canonical(json.loads(document))
    except ValueError:
        return document
