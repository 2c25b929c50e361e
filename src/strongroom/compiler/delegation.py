"""The second half of a delegation: what the organization's resource policy lets the backup administrator do (aws/05 §5.6).

Registering the administrator brings monitoring; only this brings backup policies. They are attached to the governed OUs alone, so that
whoever takes over the administrator's account can't put one elsewhere.
Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_delegate_policies_example_consolidate_permissions.html
"""

from dataclasses import dataclass
from typing import Final

from strongroom.compiler.template import Json, logical_id
from strongroom.domain.estate import Estate
from strongroom.domain.names import PolicyType, partition_of

_SEES: Final = (
    "organizations:DescribeAccount",
    "organizations:DescribeOrganization",
    "organizations:DescribeOrganizationalUnit",
    "organizations:ListAWSServiceAccessForOrganization",
    "organizations:ListAccounts",
    "organizations:ListAccountsForParent",
    "organizations:ListChildren",
    "organizations:ListDelegatedAdministrators",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListParents",
    "organizations:ListRoots",
    "organizations:ListTagsForResource",
)
_SEES_POLICIES: Final = (
    "organizations:DescribeEffectivePolicy",
    "organizations:DescribePolicy",
    "organizations:ListPolicies",
    "organizations:ListPoliciesForTarget",
    "organizations:ListTargetsForPolicy",
)
_IS_BACKUP: Final = {"StringEquals": {"organizations:PolicyType": PolicyType.BACKUP.value}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the ARNs of an organization are made of; known when it can be read."""

    management_account: str
    organization_id: str
    unit_ids: tuple[str, ...]  # of the governed OUs


def delegation_sids(strategy: str) -> frozenset[str]:
    """Return the ids of a strategy's own statements, by which they are told from those of others."""
    return frozenset(_sid(strategy, word) for word in ("Sees", "SeesPolicies", "Creates", "Changes", "Attaches"))


def delegation_statements(estate: Estate, place: Place) -> tuple[Json, ...]:
    """Return the statements for the resource policy of the organization; none without a backup administrator of its own."""
    administrator = estate.settings.delegated_administrator
    if administrator is None:
        return ()
    partition = partition_of(estate.organization.home_region)
    owner = f"arn:{partition}:organizations::{place.management_account}"
    policies = f"{owner}:policy/{place.organization_id}/{PolicyType.BACKUP.value.lower()}/*"
    units = [f"{owner}:ou/{place.organization_id}/{unit}" for unit in sorted(place.unit_ids)]

    def statement(word: str, actions: tuple[str, ...], resources: list[str], condition: Json | None = None) -> Json:
        found: Json = {
            "Sid": _sid(estate.name, word),
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{partition}:iam::{administrator}:root"},
            "Action": list(actions),
            "Resource": resources,
        }
        return {**found, "Condition": condition} if condition else found

    return (
        statement("Sees", _SEES, ["*"]),
        statement("SeesPolicies", _SEES_POLICIES, ["*"], {"StringLikeIfExists": _IS_BACKUP["StringEquals"]}),
        statement("Creates", ("organizations:CreatePolicy",), ["*"], _IS_BACKUP),
        statement(
            "Changes",
            ("organizations:DeletePolicy", "organizations:TagResource", "organizations:UntagResource", "organizations:UpdatePolicy"),
            [policies],
        ),
        statement("Attaches", ("organizations:AttachPolicy", "organizations:DetachPolicy"), [policies, *units], _IS_BACKUP),
    )


def _sid(strategy: str, word: str) -> str:
    return f"Strongroom{logical_id(strategy)}{word}"
