"""The codes of findings about a strategy file: what each one means and how it is repaired."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of mistake: `title` names the bad pattern, `why` the mechanism, `fix` what to edit."""

    title: str
    why: str
    fix: str


CODES: dict[str, Code] = {
    "YML001": Code("The file is not YAML", "", "Repair the place that the finding names."),
    "YML002": Code(
        "The file is not plain UTF-8 text",
        "YAML allows UTF-8 text without NUL and other control characters.",
        "Save the file as UTF-8 with an ordinary editor.",
    ),
    "YML003": Code(
        "The file is too large",
        "A strategy is read by people; the limits stop a file that would fill the memory.",
        "Check that it is the right file; split what it declares into several strategies.",
    ),
    "YML004": Code(
        "The file is nested too deeply", "No part of a strategy lies deeper than ten levels.", "Close the brackets that stay open."
    ),
    "YML005": Code(
        "A key is written twice",
        "YAML readers differ in which of the two they take, so that a plan could silently lose its rules.",
        "Rename or remove one of them.",
    ),
    "YML006": Code(
        "An alias points nowhere, or at itself",
        "An alias (*name) repeats what an anchor (&name) marked earlier in the file.",
        "Write the anchor before the alias, outside of itself.",
    ),
    "YML007": Code(
        "The file uses a part of YAML that strategies don't",
        "A strategy is one YAML 1.2 document of plain keys, text and numbers, so that it reads the same in every tool.",
        "Write the value plainly.",
    ),
    "STR001": Code("The file is empty", "", "Start with `strongroom init`."),
    "STR002": Code(
        "The format version is missing or unknown",
        "The first key says which grammar the file follows, so that a later release never reads it differently.",
        "Write `strongroom: 1`.",
    ),
    "STR003": Code(
        "A key is unknown",
        "A mistyped key that was ignored would silently protect nothing.",
        "Correct or remove it.",
    ),
    "STR004": Code("Something is missing", "", "Add it; the finding shows an example."),
    "STR005": Code("A value has the wrong shape", "", "Write the shape that the finding names."),
    "STR006": Code(
        "A name can't be used",
        "Names become parts of AWS names: vaults, plans, rules and roles have their own lengths and letters.",
        "Choose a name of lower-case letters, digits and hyphens.",
    ),
    "STR007": Code(
        "A duration can't be used",
        "The units are m minutes, h hours, d days, w weeks, mo months of 30.5 days and y years of 365.25 days, rounded up.",
        "Write something like 30d, 7y or 90m, within the bounds that the finding names.",
    ),
    "STR008": Code(
        "A schedule can't be used",
        "AWS Backup runs rules by six-field cron expressions, at most once an hour.",
        'Write "02:00", "Sunday 06:00", "day 1 03:00", "last day 03:00", hourly, or cron(0 2 * * ? *).',
    ),
    "STR009": Code("A time zone is unknown", "", "Write a name of the IANA database, such as Europe/London, or UTC."),
    "STR010": Code("A Region is unknown", "", "Write the code of an AWS Region, such as eu-west-2."),
    "STR011": Code(
        "A Region is used but not governed",
        "Strongroom reads and deploys in organization.regions only; a vault elsewhere would never be seen.",
        "Add the Region to organization.regions, or choose one of them.",
    ),
    "STR012": Code(
        "An account id is not twelve digits in quotes",
        "YAML reads digits without quotes as a number, and a number loses its leading zeros.",
        'Write it in quotes: "012345678901".',
    ),
    "STR013": Code("An account is named but not declared", "", "Add it to organization.accounts."),
    "STR014": Code("A resource type is unknown", "", "Write a type such as rds, s3 or dynamodb; `strongroom schema` lists them."),
    "STR015": Code("A key for encryption is named but not declared", "", "Declare it under keys, or correct the name."),
    "STR016": Code("A vault is named but not declared", "", "Declare it under vaults, or correct the name."),
    "STR017": Code(
        "A rule backs up into a vault that is not beside every resource",
        "AWS Backup writes a backup into a vault of the resource's own account and Region; only copies leave them.",
        "Back up into a vault in every-account and every governed Region (or beside a plan in one account), and copy from there.",
    ),
    "STR018": Code(
        "A copy has no single destination",
        "A copy action of AWS Backup names one vault in one account and one Region.",
        "Declare one vault for each Region, each in one account, and list them all under copy.",
    ),
    "STR019": Code(
        "The windows of a rule can't work",
        "A job that does not start within start_within, or finish within complete_within, expires without a backup.",
        "Make complete_within longer than start_within.",
    ),
    "STR020": Code(
        "A vault lock can't work",
        "A grace time makes it a compliance lock, which nobody can remove once the time is over; without one it is governance. "
        "An air-gapped vault is made with its lock, which is hard from the start and has a min and a max.",
        "Give a compliance lock a grace time of 3 days or more, a governance lock none, and a max not below min.",
    ),
    "STR021": Code(
        "A selection selects nothing or everything by accident",
        "A selection without tags, types and ARNs would take every resource of every account.",
        "Name tags, types or ARNs; `types: all` means every type.",
    ),
    "STR022": Code("Something is named twice", "", "Remove one of the two, or give it a name of its own."),
    "STR023": Code("A word is not one of the choices", "", "Write one of the words that the finding lists."),
    "STR024": Code(
        "An organizational unit can't be meant",
        "Governed OUs are written as a name, a path from the root, or an id.",
        "Write something like Workloads, Workloads/Prod or ou-ab12-34cd56ef.",
    ),
    "STR025": Code(
        "A promise says nothing, or contradicts itself",
        "An objective is an rpo, an rto or what is survived; retention is a bound with the basis that an auditor asks for.",
        "Add what is missing, or correct the bounds.",
    ),
    "STR026": Code("Only the first problems are shown", "", "Repair these, then check again."),
    "STR027": Code(
        "A window can't be used",
        "RDS backs up in a window of each day and is maintained in one of each week, both in UTC and 30 minutes long at least.",
        'Write "03:00-04:00" for a backup window, "Monday 04:00-05:00" for a maintenance window.',
    ),
    "STR028": Code(
        "An ARN can't be used",
        "AWS finds resources, keys, topics and roles by their ARNs; one that means nothing would silently select nothing.",
        "Write the whole ARN; in selections * stands for any text.",
    ),
    "STR029": Code(
        "Alerts reach nobody",
        "A failed backup that nobody is told about is found out when it is needed.",
        "Name e-mail addresses, or the ARN of an SNS topic.",
    ),
    "STR030": Code(
        "A key has no meaning here",
        "What looks declared would silently have no effect.",
        "Remove it, or change what it belongs to, as the finding says.",
    ),
    "STR031": Code("A framework is named but not declared", "", "Declare it under frameworks, or correct the name."),
    "STR032": Code(
        "A file that is named is not there",
        "A validator without its file can't examine anything: the restore test would end as unknown, after the restore.",
        "Put the file beside the strategy, or correct the name.",
    ),
}


def explain(code: str) -> str | None:
    """Return title, why and fix of a code as text; None for a code that this room doesn't own.

    Example:
        >>> print(explain("YML001"))
        YML001: The file is not YAML
        <BLANKLINE>
        Fix:     Repair the place that the finding names.
    """
    found = CODES.get(code)
    if found is None:
        return None
    why = f"Why:     {found.why}\n" if found.why else ""
    return f"{code}: {found.title}\n\n{why}Fix:     {found.fix}"
