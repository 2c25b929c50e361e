"""What planning finds in the way of a strategy or of a restore: one entry a code, for findings and for `strongroom explain`."""

from dataclasses import dataclass

from strongroom.domain.finding import Finding, Severity
from strongroom.domain.origin import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """One reason why no plan can be made, or what should be known before one is carried out; `code` is never reused."""

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
        code="ORG016",
        title="AWS Config does not record what frameworks evaluate",
        why="a framework evaluates what AWS Config records: without a recorder it is made, says nothing, and reports leave the account out",
        fix="let AWS Config record AWS::Backup::BackupPlan, BackupSelection, BackupVault, RecoveryPoint and the resources; an account "
        "and Region has one recorder, often somebody else's, so none is made",
        severity=Severity.WARNING,
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
HINDRANCES = (
    Obstacle(
        code="RCV001",
        title="There is nothing to restore the resource from",
        why="a restore starts from a recovery point, or from the log that the service itself keeps",
        fix="name another instant with --at, another vault with --vault, or look where its recovery points are: strongroom prove ARN",
    ),
    Obstacle(
        code="RCV002",
        title="The recovery point can't be restored",
        why="AWS Backup restores from recovery points that are complete, of composite ones from their members",
        fix="leave out --point: the newest one that can be restored is chosen",
    ),
    Obstacle(
        code="RCV003",
        title="The recovery point is in cold storage",
        why="AWS brings it back from there first, which takes hours and for archived EBS snapshots up to three days",
        fix="add --accept-cold if the time is there, or choose a warm one",
    ),
    Obstacle(
        code="RCV004",
        title="The key of the recovery point can't be used",
        why="what it encrypts can't be read by anybody until it is enabled again",
        fix="enable the key, or cancel its deletion, in its own account; copies in other vaults have other keys: --vault",
        failure_mode="FM02",
    ),
    Obstacle(
        code="RCV005",
        title="The instant is outside what the log reaches back to",
        why="a continuous backup restores to instants between the begin of its log and a few minutes ago",
        fix="name an instant inside the window, or leave out --point for the newest recovery point before it",
    ),
    Obstacle(
        code="RCV006",
        title="A resource of this type can't be restored by this verb",
        why="its restore needs decisions that no metadata tell",
        fix="restore it with the console of AWS Backup, or by hand with: aws backup start-restore-job",
    ),
    Obstacle(
        code="RCV007",
        title="Restore metadata are missing or contradict each other",
        why="AWS Backup takes the job and fails it later",
        fix="set it with --set KEY=VALUE",
    ),
    Obstacle(
        code="RCV008",
        title="The name of what would be restored is taken",
        why="nothing that exists is ever overwritten, unless it is named twice and AWS can restore into it",
        fix="choose another one with --name",
    ),
    Obstacle(
        code="RCV009",
        title="The recovery point can't be copied back",
        why="AWS Backup restores in the account and Region of the vault alone, so a copy has to come first",
        fix="restore where it lies, with --to-account and --to-region, or equip the account: strongroom apply",
        failure_mode="FM16",
    ),
    Obstacle(
        code="RCV010",
        title="A quota leaves no room for what would be restored",
        why="the job would fail at its end, after the time it took",
        fix="delete what is not needed, or ask for more in Service Quotas",
        failure_mode="FM17",
    ),
    Obstacle(
        code="RCV011",
        title="There is no network for the restored database",
        why="without a DB subnet group RDS takes the default VPC, and there is none",
        fix="name a DB subnet group: --set DBSubnetGroupName=NAME",
        failure_mode="FM17",
    ),
    Obstacle(
        code="RCV012",
        title="Policies would refuse the restore, as they were synced",
        why="what the evaluator says of the ledger's newest snapshot; AWS itself decides",
        fix="see why with: strongroom prove ARN; repair it, then run: strongroom sync",
        failure_mode="FM17",
        severity=Severity.WARNING,
    ),
    Obstacle(
        code="RCV013",
        title="Whether the restore would be allowed is not known",
        why="permissions are judged from the ledger, with a strategy, and it doesn't tell",
        fix="strongroom sync",
        severity=Severity.WARNING,
    ),
    Obstacle(
        code="RCV014",
        title="The restore takes longer than was promised",
        why="copy back and restore both count into the recovery time, and jobs of this type took as long before",
        fix="restore where the recovery point lies, with --to-account, or set a longer rto",
        failure_mode="FM16",
        severity=Severity.WARNING,
    ),
    Obstacle(
        code="RCV015",
        title="The data are older than the instant that was asked for",
        why="what was written between the recovery point and that instant is not in it",
        fix="nothing has to be done; a continuous backup would have it",
        severity=Severity.INFO,
    ),
    Obstacle(
        code="RCV016",
        title="Something could not be looked at",
        why="a better recovery point may be there, or something in the way that shows only when the job fails",
        fix="let the role be assumed there, or name the recovery point with --point",
        severity=Severity.WARNING,
    ),
    Obstacle(
        code="RCV017",
        title="The account that is restored into can't be entered",
        why="copy and restore are started inside the accounts, by a role that can be assumed there",
        fix="declare who restores under roles.recovery and apply, or name a role that is there: --assume NAME",
        failure_mode="FM17",
    ),
    Obstacle(
        code="RCV018",
        title="What a test restores could not be taken away again",
        why="the role for tests deletes what has a name of a test; what AWS gives an id only where every plan selects its type by a tag, "
        "for nothing else tells it from what is protected; other roles of the strategy delete nothing",
        fix="declare roles.tester, and select by tags in every plan; or test with another role: --assume NAME; or leave it there: --keep",
        failure_mode="FM26",
    ),
)
BY_CODE = {each.code: each for each in (*OBSTACLES, *HINDRANCES)}


def finding(code: str, subject: str, message: str, origin: Origin, *, fix: str = "", severity: Severity | None = None) -> Finding:
    """Return a finding with what the catalogue says of its code; `fix`: a better help than the catalogue's, `severity`: of this case."""
    entry = BY_CODE[code]
    return Finding(
        code=code,
        severity=severity or entry.severity,
        subject=subject,
        message=message,
        why=entry.why,
        help=fix or entry.fix,
        origin=origin,
        failure_mode=entry.failure_mode,
    )


def explain(code: str) -> str:
    """Return title, why, fix and failure mode of a code; raises KeyError for one that this room doesn't own.

    Example:
        >>> explain("ORG002").splitlines()[0]
        'ORG002 (error): An account of the strategy is not in the organization'
    """
    found = BY_CODE[code]
    failure = f"\nFailure: {found.failure_mode}" if found.failure_mode else ""
    return f"{found.code} ({found.severity.value}): {found.title}\n\nWhy:     {found.why}\nFix:     {found.fix}{failure}"
