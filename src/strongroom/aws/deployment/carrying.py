"""Carry out one action of a change plan. Each may run again after a crash, so each reads before it writes."""

from strongroom.aws.deployment import organization, policies, settings, stack_sets, stacks  # noqa: F401 - they register their actions
from strongroom.aws.deployment.site import Site, execute
from strongroom.domain.changeplan import Action
from strongroom.errors import AwsRefused, Stopped

# What AWS says to a call that it has carried out before: the answer was lost, and the SDK has sent it again.
ECHOES = frozenset(
    {
        "AlreadyExistsException",
        "NameAlreadyExistsException",
        "OperationIdAlreadyExistsException",
        "OperationInProgressException",
        "DuplicatePolicyException",
        "DuplicatePolicyAttachmentException",
        "PolicyTypeAlreadyEnabledException",
        "AccountAlreadyRegisteredException",
        "PolicyNotAttachedException",
        "PolicyNotFoundException",
    }
)


def carry_out(action: Action, site: Site) -> None:
    """Carry out an action and wait until AWS has finished it; raises AwsRefused with AWS's reason, Stopped when the site halts."""
    if site.halt.is_set():
        raise Stopped("stopped before the step began")
    try:
        execute(action, site)
    except AwsRefused as error:
        if error.code not in ECHOES:
            raise
        execute(action, site)  # it reads before it writes, so it finds what the call without an answer has done
