"""What planning finds in the way of a strategy: one entry a code, for findings and for `strongroom explain`."""

from dataclasses import dataclass

from strongroom.domain.finding import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """One reason why no plan can be made; `code` is never reused."""

    code: str
    title: str  # names the bad state
    why: str
    fix: str
    failure_mode: str = ""  # FM01…FM39, empty for plain mistakes
    severity: Severity = Severity.ERROR  # only errors keep a plan from being made, or from being carried out


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
    Obstacle(
        code="ORG004",
        title="A quota of AWS Organizations is reached",
        why="AWS refuses one policy or one character more, and what was deployed until then would stay alone",
        fix="detach or shorten what is no longer needed",
        failure_mode="FM08",
    ),
    Obstacle(
        code="ORG005",
        title="A vault has the name that the strategy gives to one of its own",
        why="CloudFormation makes no vault where one has the name, and never changes one that it has not made",
        fix="adopt it as it is, or give the vault another name",
    ),
    Obstacle(
        code="ORG006",
        title="An adopted vault is not there",
        why="it is never made: backups and copies into it would fail",
        fix="correct the name under adopt, or let Strongroom make the vault: write name instead",
        failure_mode="FM07",
    ),
    Obstacle(
        code="ORG007",
        title="The landing zone of Control Tower is not there, or not ready for the backup baseline",
        why="the baseline is part of the landing zone: without it no account gets Control Tower's vaults, role and plans",
        fix="set up the landing zone first, in the home Region of the strategy, or take organization.control_tower out of it",
        failure_mode="FM24",
    ),
    Obstacle(
        code="ORG008",
        title="An account can't take the part that Control Tower's backup baseline has for it",
        why="Control Tower takes two accounts of their own for central vaults and reports, and moves them into its Security OU itself",
        fix="name two accounts of the organization that are not enrolled in Control Tower",
        failure_mode="FM24",
    ),
    Obstacle(
        code="ORG009",
        title="The key of Control Tower's vaults is not ready",
        why="every governed Region needs a replica of one multi-Region key, with a policy of its own that lets the organization use it",
        fix="add the Region to organization.regions and apply, so that the replica is made, or make it yourself",
        failure_mode="FM24",
    ),
    Obstacle(
        code="ORG010",
        title="An OU can't have the backup baseline yet",
        why="Control Tower refuses it where its own baseline is not enabled before, or where the OU above has no backup baseline",
        fix="register the OU with Control Tower (AWSControlTowerBaseline), its parents first",
        failure_mode="FM24",
    ),
    Obstacle(
        code="ORG011",
        title="Accounts are not equipped yet",
        why="policies of the organization go by the management account's opt-in; on-demand backups, plans inside an account and "
        "advanced features go by its own, which no StackSet can set",
        fix="strongroom enrol",
        failure_mode="FM09",
        severity=Severity.WARNING,
    ),
    Obstacle(
        code="ORG012",
        title="A tag policy rejects tags that resources have",
        why="where it is enforced the tag can't be written any more, not even onto recovery points; elsewhere it is reported",
        fix="correct the tags, or allow them under tag_policy.tags, before it is attached",
        failure_mode="FM10",
        severity=Severity.WARNING,
    ),
    Obstacle(
        code="ORG013",
        title="What the accounts have is not known",
        why="equipment and tags of the accounts are read from the ledger, not from AWS, so that a plan costs the same for any number",
        fix="strongroom sync",
        severity=Severity.INFO,
    ),
    Obstacle(
        code="ORG014",
        title="The bucket of a report is there already",
        why="names of buckets are taken once in the world, and CloudFormation makes none where one has the name",
        fix="write another name under bucket; a bucket that a former apply left, because it keeps reports, can be imported into the stack",
    ),
    Obstacle(
        code="ORG015",
        title="A plan of a single account backs up into a vault that its account doesn't get",
        why="vaults of every-account come to governed accounts alone, and AWS Backup backs up into a vault of the plan's own account",
        fix="declare a vault in that account and write it under vault of the rule, or govern the account's OU",
        failure_mode="FM07",
    ),
    Obstacle(
        code="APL001",
        title="A compliance lock has not been accepted by name",
        why="once the grace time is over nobody can remove the lock or delete a recovery point early, and storage is paid until then",
        fix="read what the lock commits you to with strongroom lock rehearse, then add --accept-lock with the vault's label to apply",
        failure_mode="FM04",
    ),
    Obstacle(
        code="APL002",
        title="A StackSet is in another operation",
        why="a StackSet takes one operation at a time",
        fix="nothing has to be done: apply waits until that operation has ended",
        severity=Severity.WARNING,
    ),
    Obstacle(
        code="APL004",
        title="Something that the strategy may own could not be looked at",
        why="what it declared before and declares no more would not be seen there, nor what somebody changed by hand",
        fix="let the deploy role be assumed there, or look yourself",
        severity=Severity.WARNING,
    ),
    Obstacle(
        code="APL003",
        title="A template is longer than CloudFormation takes in one call",
        why="CloudFormation refuses a longer template body, so nothing of it would be deployed",
        fix="declare fewer vaults, alarms or plans in one strategy, or split it into two strategies",
        failure_mode="FM08",
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
    return f"{found.code} ({found.severity.value}): {found.title}\n\nWhy:     {found.why}\nFix:     {found.fix}{failure}"
