"""The role that AWS puts into an account which is created in an organization: the management account's way in.

Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html
"""

import json

ACCESS_ROLE = "OrganizationAccountAccessRole"
_ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def open_to(management: str, account: str, role: str) -> None:
    """Let the management account do everything in a new account, by assuming a role there."""
    from moto.iam.models import iam_backends

    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{management}:root"}, "Action": "sts:AssumeRole"}
    iam = iam_backends[account]["aws"]
    iam.create_role(
        role_name=role or ACCESS_ROLE,
        assume_role_policy_document=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        path="/",
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
    )
    iam.attach_role_policy(_ADMINISTRATOR, role or ACCESS_ROLE)
