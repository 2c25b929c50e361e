"""CloudFormation stacks of single accounts."""

from typing import Any

from botocore.exceptions import ClientError

from strongroom.aws.deployment.site import Site, execute, owner_of, wait
from strongroom.aws.deployment.templates import CAPABILITIES, canonical_document, parameter_list, parameter_pairs
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import PutStack
from strongroom.domain.deployment import DeployedStack
from strongroom.domain.names import AccountId, Region
from strongroom.errors import AwsRefused

# States in which a stack exists in no useful sense: creating it anew is the way on.
GONE = frozenset({"DELETE_COMPLETE", "REVIEW_IN_PROGRESS"})


def read_stack(sessions: Sessions, account: AccountId, region: Region, name: str) -> DeployedStack | None:
    """Return a stack with its template, or None where there is none."""
    found = find_stack(sessions, account, region, name)
    if found is None:
        return None
    template = sessions.call("cloudformation", region, "get_template", account=account, StackName=name)
    return DeployedStack(
        account=account,
        region=region,
        name=name,
        status=found["StackStatus"],
        template=canonical_document(template["TemplateBody"]),
        parameters=parameter_pairs(found.get("Parameters", [])),
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


@execute.register
def _(action: PutStack, site: Site) -> None:
    client = site.sessions.client("cloudformation", action.region, action.account)
    wanted: dict[str, Any] = {
        "StackName": action.name,
        "TemplateBody": action.template,
        "Parameters": parameter_list(action.parameters),
        "Capabilities": CAPABILITIES,
        "Tags": site.tags,
    }
    found = find_stack(site.sessions, action.account, action.region, action.name)
    doing = f"deploying stack {action.name} in account {action.account}, {action.region}"
    if found:
        site.own(f"stack {action.name} in account {action.account}, {action.region}", found.get("Tags", []))
        found = _undone(found, action, site, doing=doing)
    try:
        if found is None:
            client.create_stack(**wanted)
        elif not found["StackStatus"].endswith("_IN_PROGRESS"):
            client.update_stack(**wanted)
    except ClientError as error:
        if "No updates are to be performed" not in error.response["Error"]["Message"]:
            raise site.sessions.refusal(error, doing=doing) from error
    wait(lambda: _stack_finished(site.sessions, action), site, doing=doing)


def _undone(found: dict[str, Any], action: PutStack, site: Site, *, doing: str) -> dict[str, Any] | None:
    """Remove what is left of a creation that AWS rolled back: such a stack holds nothing, and can only be deleted."""
    if found["StackStatus"] == "ROLLBACK_IN_PROGRESS":
        wait(lambda: _status(site.sessions, action) != "ROLLBACK_IN_PROGRESS", site, doing=doing)
        found["StackStatus"] = _status(site.sessions, action)
    if found["StackStatus"] != "ROLLBACK_COMPLETE":
        return found
    site.sessions.call("cloudformation", action.region, "delete_stack", account=action.account, StackName=action.name)
    wait(lambda: not _status(site.sessions, action).startswith("DELETE_IN"), site, doing=doing)
    return None


def _status(sessions: Sessions, action: PutStack) -> str:
    found = find_stack(sessions, action.account, action.region, action.name)
    return str(found["StackStatus"]) if found else "DELETE_COMPLETE"


def _stack_finished(sessions: Sessions, action: PutStack) -> bool:
    found = find_stack(sessions, action.account, action.region, action.name)
    status = found["StackStatus"] if found else "DELETE_COMPLETE"
    if status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        return True
    if status.endswith("_IN_PROGRESS"):
        return False
    reason = found.get("StackStatusReason", "") if found else "it was rolled back"
    raise AwsRefused(
        f"stack {action.name} in account {action.account}, {action.region} ended as {status}: {reason or 'no reason given'}",
        hint="read the stack's events in CloudFormation, mend the cause, delete a ROLLBACK_COMPLETE stack, then: strongroom apply",
        code=status,
    )
