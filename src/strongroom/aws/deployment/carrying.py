"""Carry out one action of a change plan. Each may run again after a crash, so each reads before it writes."""

from strongroom.aws.deployment import (  # noqa: F401 - they register their actions
    contents,
    control_tower,
    delegation,
    drift,
    kept_stacks,
    organization,
    policies,
    settings,
    stack_sets,
    stacks,
)
from strongroom.aws.deployment.site import ECHOES, Shortfalls, Site, execute
from strongroom.domain.changeplan import Action
from strongroom.errors import AwsRefused, Stopped


def carry_out(action: Action, site: Site) -> Shortfalls:
    """Carry out an action, wait until AWS has finished it, and return what it could not do in single accounts.

    Raises AwsRefused with AWS's reason, Stopped when the site halts.
    """
    if site.halt.is_set():
        raise Stopped("stopped before the step began")
    try:
        return execute(action, site) or ()
    except AwsRefused as error:
        if error.code not in ECHOES:
            raise
        return execute(action, site) or ()  # it reads before it writes, so it finds what the call without an answer has done
