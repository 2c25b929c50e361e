"""What the parts of the twin ask of each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from strongroom.twin.backup.contents import Contents
    from strongroom.twin.backup.disturbances import Disturbances
    from strongroom.twin.backup.state import World
    from strongroom.twin.entitlements import Entitlements


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A wire call after its credentials were resolved."""

    account: str  # account of the caller
    region: str
    principal: str  # ARN of the caller: IAM user, assumed role, or root
    service: str  # signing name: "backup"
    method: str
    path: str  # still URL-encoded
    query: Mapping[str, tuple[str, ...]]
    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer, ready for the wire."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    operation: str = ""  # name of the API operation, for the journal


class ApiError(Exception):
    """A refusal in AWS's own words."""

    def __init__(self, code: str, message: str, *, status: int = 400, **members: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code  # "InvalidParameterValueException"
        self.message = message
        self.status = status
        self.members = members  # further members of the error shape


class OrganizationView(Protocol):
    """What AWS Backup reads of AWS Organizations."""

    @property
    def generation(self) -> int:
        """Grows with every change of tree, policies, attachments, trusted access or delegation."""

    @property
    def organization_id(self) -> str:
        """`o-…`, or an empty string before an organization exists."""

    @property
    def management_account(self) -> str:
        """Its account id, or an empty string."""

    def accounts(self) -> tuple[str, ...]:
        """Ids of all ACTIVE accounts, management account included."""

    def is_closed(self, account: str) -> bool:
        """Whether an account was closed: its credentials are of no use."""

    def path_of(self, account: str) -> str:
        """The account's path as in aws:PrincipalOrgPaths: `o-…/r-…/ou-…/`."""

    def controls_above(self, account: str, kind: str) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
        """The control policies of a kind, by name and text, at each place from the root to an account; () where none reach it."""

    def effective_backup_policy(self, account: str) -> Mapping[str, Any] | None:
        """The last valid effective backup policy (semantics.policies.effective), or None."""

    def effective_tag_policy(self, account: str) -> Mapping[str, Any] | None:
        """The effective tag policy of an account, or None."""

    def is_trusted(self, service: str) -> bool:
        """Whether trusted access of a service principal is on."""

    def call(self, account: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Do an operation for an account; raises ApiError."""

    def is_delegated_administrator(self, account: str, service: str) -> bool:
        """Whether an account administers a service."""


class BackupService(Protocol):
    """What the rest of the twin asks of AWS Backup."""

    def handle(self, request: Request) -> Response:
        """Answer a wire call of the `backup` service; never raises ApiError."""

    def call(self, account: str, region: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Do an operation for CloudFormation and others inside the twin; raises ApiError."""

    def run_until(self, until: datetime) -> dict[str, int]:
        """Let everything due until `until` happen; returns counts such as backup_jobs, copy_jobs, expired."""

    def enforce(self, entitlements: "Entitlements") -> None:
        """Let jobs do only what policies let their roles do."""

    def vault_policy(self, arn: str) -> str | None:
        """The access policy of a vault; None: it has none, or isn't there."""

    @property
    def world(self) -> "World":
        """Everything that it knows."""

    def keep(self, contents: "Contents") -> None:
        """Let recovery points hold these data from now on."""

    def disturb(self, disturbances: "Disturbances") -> None:
        """Let jobs go wrong from now on in the given ways, and in no others."""

    def mail(self) -> list[dict[str, str]]:
        """The mail that would have left the machine, oldest first."""

    def status(self) -> dict[str, Any]:
        """Numbers for `twin status`: jobs by state, recovery points, vaults, plans."""
