"""CloudFormation stacks of single accounts."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from strongroom.aws.deployment.site import Shortfalls, Site, execute, owner_of, shortfall, wait
from strongroom.aws.deployment.templates import CAPABILITIES, canonical_document, parameter_list, parameter_pairs
from strongroom.aws.deployment.watched import Watched
from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import DeleteStack, PutStack
from strongroom.domain.deployment import DeployedStack
from strongroom.domain.names import AccountId, Region
from strongroom.domain.stackoutput import StackOutput
from strongroom.errors import AwsRefused, AwsUnreachable, NoCredentials

# States in which a stack exists in no useful sense: creating it anew is the way on.
GONE = frozenset({"DELETE_COMPLETE", "REVIEW_IN_PROGRESS"})


def read_stacks(sessions: Sessions, watched: Watched, accounts: Collection[AccountId]) -> tuple[tuple[DeployedStack, ...], tuple[str, ...]]:
    """Return the stacks that a strategy names, those that it owns and names no more, and where only the latter could not be read.

    Raises AwsRefused where a stack that it names can't be read.
    """
    stacks: list[DeployedStack] = []
    unread: list[str] = []
    for account, region in watched.places:
        if account not in accounts:
            continue
        names = {name for one, other, name in watched.stacks if (one, other) == (account, region)}
        try:
            stacks += _stacks_in(sessions, account, region, names, watched)
        except AwsRefused as error:
            if names or isinstance(error, (NoCredentials, AwsUnreachable)):
                raise
            # where nobody lets us in nothing of ours was ever made; anything else isn't known
            if account not in watched.others or error.code not in {"AccessDenied", "AccessDeniedException"}:
                unread.append(f"stacks in account {account}, {region}: {error.message}")
    return tuple(stacks), tuple(unread)


def _stacks_in(sessions: Sessions, account: AccountId, region: Region, names: Collection[str], watched: Watched) -> Iterator[DeployedStack]:
    listed = sessions.pages("cloudformation", region, "list_stacks", "StackSummaries", account=account)
    for name in dict.fromkeys(each["StackName"] for each in listed if each["StackStatus"] not in GONE):
        found = read_stack(sessions, account, region, name) if name in names or watched.is_named_like_ours(name) else None
        if found and (name in names or found.owner == watched.strategy):
            yield found


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
        outputs=tuple(sorted((each["OutputKey"], each["OutputValue"]) for each in found.get("Outputs", []))),
    )


def output_values(sessions: Sessions, outputs: Iterable[StackOutput]) -> tuple[tuple[str, str], ...]:
    """Return parameters with the outputs of stacks that are there by now; raises AwsRefused for one that isn't."""
    return tuple((wanted.parameter, _output(sessions, wanted)) for wanted in outputs)


def _output(sessions: Sessions, wanted: StackOutput) -> str:
    found = find_stack(sessions, wanted.account, wanted.region, wanted.stack) or {}
    value = next((each["OutputValue"] for each in found.get("Outputs", []) if each["OutputKey"] == wanted.output), None)
    if value is None:
        raise AwsRefused(
            f"stack {wanted.stack} in account {wanted.account}, {wanted.region} has no output {wanted.output}",
            hint="somebody changed or deleted it meanwhile; run: strongroom apply",
        )
    return str(value)


def find_stack(sessions: Sessions, account: AccountId, region: Region, name: str) -> dict[str, Any] | None:
    """Return `DescribeStacks`' answer for one stack, or None where there is none."""
    try:
        answer = sessions.call("cloudformation", region, "describe_stacks", account=account, StackName=name)
    except AwsRefused as error:
        # CloudFormation has no code of its own for this: ValidationError "Stack with id … does not exist".
        if error.code == "ValidationError" and "does not exist" in error.message:
            return None
        raise
    found: dict[str, Any] = answer["Stacks"][0]
    return None if found["StackStatus"] in GONE else found


@execute.register
def _(action: PutStack, site: Site) -> Shortfalls:
    try:
        _put(action, site)
    except AwsRefused as error:
        return shortfall(error, f"stack {action.name}", action.account, action.region)
    return ()


@execute.register
def _(action: DeleteStack, site: Site) -> Shortfalls:
    doing = f"deleting stack {action.name} in account {action.account}, {action.region}"
    found = find_stack(site.sessions, action.account, action.region, action.name)
    if found is None:
        return ()
    site.own(f"stack {action.name} in account {action.account}, {action.region}", found.get("Tags", []))
    try:
        if found["StackStatus"] != "DELETE_IN_PROGRESS":
            site.sessions.call("cloudformation", action.region, "delete_stack", account=action.account, StackName=action.name)
        wait(lambda: _gone(site.sessions, action), site, doing=doing)
    except AwsRefused as error:
        return shortfall(error, f"stack {action.name}", action.account, action.region)
    return ()


def _gone(sessions: Sessions, action: DeleteStack) -> bool:
    found = find_stack(sessions, action.account, action.region, action.name)
    if found is None:
        return True
    if found["StackStatus"] == "DELETE_FAILED":
        raise AwsRefused(f"it could not be deleted: {found.get('StackStatusReason') or 'no reason given'}", code="DELETE_FAILED")
    return False


def _put(action: PutStack, site: Site) -> None:
    wanted: dict[str, Any] = {
        "StackName": action.name,
        "TemplateBody": action.template,
        "Parameters": parameter_list((*action.parameters, *output_values(site.sessions, action.outputs))),
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
            site.sessions.call("cloudformation", action.region, "create_stack", account=action.account, **wanted)
        elif not found["StackStatus"].endswith("_IN_PROGRESS"):
            site.sessions.call("cloudformation", action.region, "update_stack", account=action.account, **wanted)
    except AwsRefused as error:
        if "No updates are to be performed" not in error.message:
            raise
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
    reason = (_first_failure(sessions, action) or found.get("StackStatusReason", "")) if found else "it was rolled back"
    raise AwsRefused(
        f"stack {action.name} in account {action.account}, {action.region} ended as {status}: {reason or 'no reason given'}",
        hint="read the stack's events in CloudFormation, mend the cause, delete a ROLLBACK_COMPLETE stack, then: strongroom apply",
        code=status,
    )


def _first_failure(sessions: Sessions, action: PutStack) -> str:
    """Return why the first resource failed in the newest operation of a stack, whose own reason only lists names; empty if nothing did."""
    reason = ""
    events = sessions.pages(
        "cloudformation", action.region, "describe_stack_events", "StackEvents", account=action.account, StackName=action.name
    )  # fmt: skip
    for event in events:  # newest first
        words = event.get("ResourceStatusReason", "")
        if event["ResourceStatus"].endswith("_FAILED") and event["LogicalResourceId"] != action.name and "cancelled" not in words:
            reason = f"{event['LogicalResourceId']}: {words or 'no reason given'}"
        if event["LogicalResourceId"] == action.name and event["ResourceStatus"] in {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"}:
            break
    return reason
