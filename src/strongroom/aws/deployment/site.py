"""Where actions of a change plan are carried out: whose strategy, with which sessions, and how to wait."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any

from strongroom.aws.sessions import Sessions
from strongroom.domain.changeplan import Action, Shortfall
from strongroom.domain.estate import OWNER_TAG
from strongroom.domain.names import AccountId, Region
from strongroom.errors import AwsRefused, AwsUnreachable, NoCredentials, Stopped

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
        "ChangeSetNotFound",
        "InvalidChangeSetStatus",
        "ResourcePolicyNotFoundException",
    }
)
POLL_SECONDS_MIN, POLL_SECONDS_MAX = 0.1, 10.0
OPERATION_HOURS_MAX = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where and for whom actions are carried out."""

    strategy: str
    home_region: Region
    sessions: Sessions
    halt: threading.Event = field(default_factory=threading.Event)  # when set, waiting ends with Stopped

    @property
    def tags(self) -> list[dict[str, str]]:
        """The tag that marks what Strongroom owns."""
        return [{"Key": OWNER_TAG, "Value": self.strategy}]

    def organizations(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call AWS Organizations; raises AwsRefused."""
        return self.sessions.call("organizations", self.home_region, operation, **parameters)

    def own(self, subject: str, tags: Iterable[Mapping[str, str]]) -> None:
        """Make sure that the strategy owns what is about to be changed; raises AwsRefused."""
        owner = owner_of(tags)
        if owner != self.strategy:
            raise AwsRefused(
                f"{subject} belongs to {owner or 'somebody else'}, not to strategy {self.strategy}",
                hint="give the strategy another name, or remove or retag that object yourself",
                code="NotOwned",
            )


Shortfalls = tuple[Shortfall, ...]


@singledispatch
def execute(action: Action, site: Site) -> Shortfalls | None:  # noqa: ARG001 - the registered functions use it
    """Carry out an action once; return what it could not do in single accounts while it went on with the others."""
    raise TypeError(f"no way to carry out {type(action).__name__}")


def shortfall(error: AwsRefused, subject: str, account: AccountId, region: Region) -> Shortfalls:
    """Return what one account could not be given; raises the error again where it is not that account's alone."""
    if isinstance(error, (NoCredentials, AwsUnreachable)) or error.code in {"NotOwned", *ECHOES}:
        raise error
    return (Shortfall(subject=subject, account=account, region=region, cause=error.message),)


def owner_of(tags: Iterable[Mapping[str, str]]) -> str:
    """Return the strategy that an object's tags name as its owner, empty where none does."""
    return next((tag["Value"] for tag in tags if tag["Key"] == OWNER_TAG), "")


def wait(finished: Callable[[], bool], site: Site, *, doing: str) -> None:
    """Poll with growing pauses; raises Stopped when the site halts, AwsRefused after OPERATION_HOURS_MAX."""
    pause, waited = POLL_SECONDS_MIN, 0.0
    while not finished():
        if waited > OPERATION_HOURS_MAX * 3600:
            raise AwsRefused(f"{doing} has not ended after {OPERATION_HOURS_MAX} hours", hint="look at it in CloudFormation")
        if site.halt.wait(pause):
            raise Stopped(f"stopped while {doing}")
        waited += pause
        pause = min(pause * 2, POLL_SECONDS_MAX)
