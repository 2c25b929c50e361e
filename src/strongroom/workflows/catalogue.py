"""What planning finds in the way of a strategy: one entry a code, for findings and for `strongroom explain`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """One reason why no plan can be made; `code` is never reused."""

    code: str
    title: str  # names the bad state
    why: str
    fix: str
    failure_mode: str = ""  # FM01…FM39, empty for plain mistakes


OBSTACLES = (
    Obstacle(
        code="ORG001",
        title="A governed organizational unit is not in the organization, or its name is ambiguous",
        why="plans and vaults are deployed to the OUs that the strategy governs",
        fix="write a path from the root under organization.governs, such as Workloads/Prod, or an OU id",
    ),
    Obstacle(
        code="ORG002",
        title="An account of the strategy is not in the organization",
        why="AWS Backup copies only between accounts of one organization",
        fix="correct organization.accounts, or invite the account first",
        failure_mode="FM06",
    ),
    Obstacle(
        code="ORG003",
        title="A name that the strategy needs is taken by something that is not its own",
        why="Strongroom never changes what does not carry its tag strongroom:strategy with the strategy's name",
        fix="give the strategy another name, or remove or retag that object yourself",
    ),
)
BY_CODE = {each.code: each for each in OBSTACLES}


def explain(code: str) -> str:
    """Return title, why, fix and failure mode of a code; raises KeyError for one that this room doesn't own.

    Example:
        >>> explain("ORG002").splitlines()[0]
        'ORG002 (error): An account of the strategy is not in the organization'
    """
    found = BY_CODE[code]
    failure = f"\nFailure: {found.failure_mode}" if found.failure_mode else ""
    return f"{found.code} (error): {found.title}\n\nWhy:     {found.why}\nFix:     {found.fix}{failure}"
