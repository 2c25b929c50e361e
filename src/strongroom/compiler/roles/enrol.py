"""The role of `strongroom enrol`, which opts an account in to AWS Backup: no template can, so that a StackSet brings only this role.

The role that deploys is not there in every account, and that of StackSets serves CloudFormation alone.
"""

from typing import Final

from strongroom.compiler.roles.grants import Grant, role_resource, statements
from strongroom.compiler.template import Json, sub
from strongroom.domain.estate import Estate

MANAGEMENT: Final = "ManagementAccountId"  # filled in by whoever deploys
ENROL_ACTIONS: Final = ("backup:DescribeRegionSettings", "backup:UpdateRegionSettings")


def enrol_role_name(strategy: str) -> str:
    """Return the name of the role.

    Example:
        >>> enrol_role_name("three-tiers")
        'three-tiers-enrol'
    """
    return f"{strategy}-enrol"


def enrol_role(estate: Estate) -> Json:
    """Return the role: whoever deploys may assume it, in the management account or the backup administrator's."""
    administrator = estate.settings.delegated_administrator
    accounts = [f"${{{MANAGEMENT}}}", *([administrator] if administrator else [])]
    grant = Grant(sid="Enrol", why="service opt-in and advanced features", actions=ENROL_ACTIONS)
    return role_resource(
        name=enrol_role_name(estate.name),
        description=f"Opts the account in to AWS Backup (strategy {estate.name})",
        strategy=estate.name,
        trust=[
            {
                "Effect": "Allow",
                "Principal": {"AWS": [sub(f"arn:${{AWS::Partition}}:iam::{account}:root") for account in accounts]},
                "Action": "sts:AssumeRole",
            }
        ],
        allowed=statements((grant,)),
    )


def management_parameter() -> Json:
    """Return the parameter that takes the id of the management account."""
    return {MANAGEMENT: {"Type": "String", "Description": "Id of the management account", "AllowedPattern": "^[0-9]{12}$"}}
