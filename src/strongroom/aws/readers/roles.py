"""IAM roles that selections of backup plans and of restore-testing plans name.

Source: IAM API reference, GetRole.
"""

from collections.abc import Iterable

from strongroom.aws.readers.harvest import Harvest
from strongroom.aws.readers.scope import Scope
from strongroom.domain.changeplan import canonical
from strongroom.domain.names import Arn
from strongroom.domain.tables import ROLES
from strongroom.errors import AwsRefused


def read_roles(scope: Scope, wanted: Iterable[str], harvest: Harvest) -> None:
    """Add the wanted roles of an account; a role that is not there, or has another path, does not exist.

    `scope.region` is only where IAM is asked; roles have no Region.
    """
    with harvest.subject(scope.account, "", "roles") as subject:
        for arn in sorted(wanted):
            with subject.item():
                exists, trust = _read_role(scope, arn)
                harvest.add(ROLES, scope.account, "", arn, exists, trust)


def _read_role(scope: Scope, arn: str) -> tuple[bool, str | None]:
    try:
        owner, name = Arn.parse(arn).account, arn.rpartition("/")[2]
    except ValueError as error:
        raise AwsRefused(f"a selection names the role {arn!r}, which is no ARN", code="InvalidArn") from error
    if owner != scope.account:
        message = f"a selection names {arn}, a role of another account; AWS Backup can't pass it"
        raise AwsRefused(message, code="ForeignRole")
    try:
        role = scope.call("iam", "get_role", RoleName=name)["Role"]
    except AwsRefused as error:
        if error.code in {"NoSuchEntity", "NoSuchEntityException"}:
            return False, None
        raise
    return (True, canonical(role.get("AssumeRolePolicyDocument"))) if role["Arn"] == arn else (False, None)
