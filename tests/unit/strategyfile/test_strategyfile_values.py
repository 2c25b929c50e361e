"""Single mistakes in a strategy: each gives one finding with its code, its exact place, its message and its fix.

The mistake in a text is marked with «» around what the finding points at.
"""

import pytest

from strongroom import strategyfile
from strongroom.domain.finding import Severity

HEAD = "strongroom: 1\nname: bank\norganization: {home_region: eu-west-2, governs: [Workloads]}\n"
PLAN = "plans: {p: {select: {types: all}, rules: {r: {keep: 30d}}}}\n"


def rule(text):
    return HEAD + f"plans:\n  p:\n    select: {{types: all}}\n    rules:\n      r: {{keep: 30d, {text}}}\n"


def keep(text):
    return HEAD + f"plans: {{p: {{select: {{types: all}}, rules: {{r: {{keep: {text}}}}}}}}}\n"


def select(text):
    return HEAD + f"plans: {{p: {{rules: {{r: {{keep: 7d}}}}, select: {text}}}}}\n"


def organization(text):
    return f"strongroom: 1\norganization: {{governs: [W], home_region: eu-west-2, {text}}}\n" + PLAN


def vaults(text, *, accounts='central: "333333333333"', more=""):
    regions = "regions: [eu-west-2, eu-west-1]"
    head = f"strongroom: 1\norganization: {{governs: [W], home_region: eu-west-2, {regions}, accounts: {{{accounts}}}}}\n"
    return head + PLAN + more + "vaults:\n  local: {in: every-account}\n" + text


def placed(marked):
    """Return the text without its mark, and the line and column of the mark."""
    before, _, after = marked.partition("«")
    return before + after.replace("»", "", 1), before.count("\n") + 1, len(before) - before.rfind("\n")


SINGLE = [
    # the file as a whole
    ("«", "STR001", "the file is empty", "write one with: strongroom init"),
    ("«# nothing but a remark\n", "STR001", "the file is empty", "write one with: strongroom init"),
    ("«- a\n- b\n", "STR005", "the file is a list: keys with values expected", "start with: strongroom: 1"),
    ("«hello", "STR005", "the file 'hello' is text: keys with values expected", "start with: strongroom: 1"),
    # format version
    (
        "strongroom: «2»\nplans: 7\n",
        "STR002",
        "strongroom 2 is not a format version that this release reads: 1 expected",
        "write: strongroom: 1",
    ),
    ("strongroom: «'1'»\n", "STR002", "strongroom '1' is not a format version that this release reads: 1 expected", "write: strongroom: 1"),
    (
        "strongroom: «true»\n",
        "STR002",
        "strongroom true is not a format version that this release reads: 1 expected",
        "write: strongroom: 1",
    ),
    ("«" + HEAD.removeprefix("strongroom: 1\n") + PLAN, "STR002", "strategy lacks the key strongroom", "add: strongroom: 1"),
    # keys
    (HEAD + PLAN + "«valts»: {}\n", "STR003", "unknown key 'valts' in strategy", "did you mean vaults?"),
    (rule("«start-within»: 2h"), "STR003", "unknown key 'start-within' in plans.p.rules.r", "did you mean start_within?"),
    (
        organization("«zzz»: 1"),
        "STR003",
        "unknown key 'zzz' in organization",
        "keys that are known here: home_region, regions, accounts, governs, opt_in, control_tower",
    ),
    (
        HEAD + "plans: {p: {select: {types: all}, rules: {«r»: {at: '02:00'}}}}\n",
        "STR004",
        "plans.p.rules.r lacks the key keep",
        "add: keep: 30d",
    ),
    (
        "strongroom: 1\n«organization»: {home_region: eu-west-2}\n" + PLAN,
        "STR004",
        "organization lacks the key governs",
        "add: governs: [Workloads]",
    ),
    (HEAD + "«plans»: {}\n", "STR004", "plans is empty: at least one expected", None),
    (rule("«timezone»: "), "STR005", "timezone has no value", "write a value, or remove it"),
    (HEAD + PLAN + "«roles»:\n", "STR005", "roles has no value", "write a value, or remove it"),
    # shapes
    (HEAD + "plans: «[a]»\n", "STR005", "plans is a list: keys with values expected", "indent its keys below it"),
    (HEAD + "plans: {p: «daily»}\n", "STR005", "p 'daily' is text: keys with values expected", "indent its keys below it"),
    (HEAD + PLAN + "objectives: «{rpo: 1d}»\n", "STR005", "objectives is a mapping: a list expected", "write its items in square brackets"),
    (
        "strongroom: 1\nname: «123»\n" + HEAD.partition("bank\n")[2] + PLAN,
        "STR005",
        "name 123 is a number: text expected",
        'put it in quotes: "123"',
    ),
    (rule("timezone: «[UTC]»"), "STR005", "timezone is a list: a single text expected", "write one value"),
    (rule("continuous: «yes»"), "STR005", "continuous 'yes' is text: true or false expected", "write true without quotes"),
    (rule("continuous: «1»"), "STR005", "continuous 1 is a number: true or false expected", "write true or false"),
    (select("{tags: {pitr: «true»}}"), "STR005", "pitr true is a truth value: text expected", 'put it in quotes: "true"'),
    (select("{tags: {tier: «1.0»}}"), "STR005", "tier 1.0 is a number: text expected", 'put it in quotes: "1.0"'),
    # names
    (
        HEAD + "plans: {«My_Plan»: {select: {types: all}, rules: {r: {keep: 30d}}}}\n",
        "STR006",
        "key 'My_Plan' can't be used as a name: at most 50 lower-case letters, digits and hyphens, a letter first expected",
        "did you mean my-plan?",
    ),
    (
        HEAD + PLAN + "roles: {backup: «ourbackups»}\n",
        "STR006",
        "backup 'ourbackups' does not contain AWSBackup",
        "did you mean ourbackups-AWSBackup?",
    ),
    # durations
    (keep("«30 days»"), "STR007", "keep '30 days' is not a duration: a number and a unit expected, such as 30d", "did you mean 30d?"),
    (keep("«30»"), "STR007", "keep 30 is not a duration: a number and a unit expected, such as 30d", "did you mean 30d?"),
    (keep("«30D»"), "STR007", "keep '30D' is not a duration: a number and a unit expected, such as 30d", "did you mean 30d?"),
    (keep("«36h»"), "STR007", "keep '36h' is in hours: whole days expected", "write 2d"),
    (keep("«6m»"), "STR007", "keep '6m' is in minutes: whole days expected", "write 6mo for months, or 6d for days"),
    (keep("«0d»"), "STR007", "keep '0d' is too short: 0 days, at least 1 expected", "write 1d or more"),
    (keep("«100y»"), "STR007", "keep '100y' is too long: 36525 days, at most 36500 allowed", "write forever"),
    (keep("«always»"), "STR007", "keep 'always' is not a duration", "did you mean forever?"),
    (rule("start_within: «59m»"), "STR007", "start_within '59m' is too short: 59 minutes, at least 60 expected", "write 60m or more"),
    # schedules and zones
    (rule("at: «2am»"), "STR008", "at '2am' is not a schedule", None),
    (rule("at: «24:00»"), "STR008", "at '24:00' is not a time of day: 00:00 to 23:59 expected", None),
    (rule("at: «Sumday 06:00»"), "STR008", "at 'Sumday 06:00' names no day: 'sumday'", "did you mean Sunday?"),
    (rule("at: «houry»"), "STR008", "at 'houry' is not a schedule", "did you mean hourly?"),
    (rule("at: «day 31 03:00»"), "STR008", "at 'day 31 03:00' is a day that not every month has: day 1 to day 28 expected", None),
    (rule("at: «rate(1 day)»"), "STR008", "at 'rate(1 day)' is a rate, which AWS Backup does not accept", None),
    (rule("at: «5»"), "STR008", "at 5 is not a schedule", 'write something like "02:00"'),
    (
        rule("at: «cron(0 2 * * * *)»"),
        "STR008",
        "at 'cron(0 2 * * * *)' is not a cron expression of AWS: day-of-month is * and day-of-week is *, one of them must be ?",
        "write ? in day-of-week",
    ),
    (
        rule("timezone: «Europe/Londno»"),
        "STR009",
        "timezone 'Europe/Londno' is not a time zone of the IANA database",
        "did you mean Europe/London?",
    ),
    (rule("timezone: «../../etc/passwd»"), "STR009", "timezone '../../etc/passwd' is not a time zone of the IANA database", None),
    (rule("timezone: «Europe»"), "STR009", "timezone 'Europe' is not a time zone of the IANA database", None),
    # Regions and accounts
    (organization("regions: [eu-west-2, «eu-wset-1»]"), "STR010", "regions 'eu-wset-1' is not an AWS Region", "did you mean eu-west-1?"),
    (
        "strongroom: 1\norganization: {governs: [W], home_region: «eu-west-2», regions: [eu-west-1]}\n" + PLAN,
        "STR011",
        "home_region eu-west-2 is not one of regions: eu-west-1",
        "add eu-west-2 to regions",
    ),
    (
        organization("accounts: {central: «012345678901»}"),
        "STR012",
        "central 012345678901 is a number: an account id is twelve digits in quotes",
        'put it in quotes: "012345678901"',
    ),
    (organization("accounts: {central: «12345»}"), "STR012", "central 12345 is a number: an account id is twelve digits in quotes", None),
    (
        organization("accounts: {central: «'1234-5678-9012'»}"),
        "STR012",
        "central '1234-5678-9012' is not an account id: twelve digits expected, 12 found",
        'did you mean "123456789012"?',
    ),
    (
        organization("accounts: {«centrl»: '123456789012'}"),
        "STR003",
        "unknown key 'centrl' in organization.accounts",
        "did you mean central?",
    ),
    (
        vaults("  c: {in: «backup_admin»}\n"),
        "STR013",
        "vault c is in account backup_admin, which organization.accounts does not declare",
        'add under organization: accounts: {backup_admin: "<twelve digits>"}',
    ),
    (organization("opt_in: [s3, «dynamo»]"), "STR014", "opt_in 'dynamo' is not a resource type of AWS Backup", "did you mean dynamodb?"),
    (select("{types: «DynamoDB»}"), "STR014", "types 'DynamoDB' is not a resource type of AWS Backup", "did you mean dynamodb?"),
    (
        "strongroom: 1\norganization: {home_region: eu-west-2, governs: [«r-ab12»]}\n" + PLAN,
        "STR024",
        "governs 'r-ab12' is the root: OUs below it expected",
        None,
    ),
    (
        "strongroom: 1\norganization: {home_region: eu-west-2, governs: [«/Workloads/»]}\n" + PLAN,
        "STR024",
        "governs '/Workloads/' is not an organizational unit: names joined by a slash expected",
        "did you mean Workloads?",
    ),
    # choices
    (vaults("  c: {in: «centrall»}\n"), "STR023", None, "did you mean central?"),
    (
        HEAD + PLAN + "keys: {backup: {kind: «multiregional»}}\n",
        "STR023",
        "kind 'multiregional' is not one of per-account, multi-region, aws-managed",
        None,
    ),
    # selections and promises
    (
        select("«{}»"),
        "STR021",
        "plans.p.select names neither tags nor types nor arns",
        "add tags, types or arns; types: all means every type",
    ),
    (select("{«tags»: {}}"), "STR004", "tags is empty: at least one expected", "write, for example, tags: {environment: prod}"),
    (select("{tags: {«a»: []}}"), "STR004", "a is empty: at least one expected", "write, for example, a: [value]"),
    (select("{types: [s3, «s3»]}"), "STR022", "types names 's3' twice: first in line 4", "remove one of them"),
    (
        HEAD + PLAN + "objectives:\n  - «select: {types: all}\n",
        "STR025",
        "objectives[0] has neither rpo nor rto nor survives",
        "add: rpo: 26h",
    ),
    (HEAD + PLAN + "objectives:\n  - {select: {types: all}, rpo: «5»}\n", "STR007", None, "did you mean 5h?"),
    (
        HEAD + PLAN + "retention:\n  - {select: {types: all}, at_least: 7y, basis: «' '»}\n",
        "STR025",
        "basis is empty: an auditor will ask for it",
        None,
    ),
]


@pytest.mark.parametrize(("marked", "code", "message", "help_"), SINGLE, ids=lambda value: str(value)[-40:])
def test_a_single_mistake_gives_one_finding_at_its_place(marked, code, message, help_):
    """Exactly one finding, with code, line and column, message and fix."""
    text, line, column = placed(marked)
    parsed = strategyfile.parse(text, file="s.yaml")
    assert parsed.strategy is None
    (finding,) = parsed.findings
    assert (finding.code, str(finding.origin)) == (code, f"s.yaml:{line}:{column}")
    assert finding.severity is Severity.ERROR
    assert message in (None, finding.message)
    assert help_ in (None, finding.help)
    assert finding.help


RELATED = [
    (
        vaults("  c: {in: central, key: «bakcup»}\n"),
        "STR015",
        "vault c names key 'bakcup', which keys does not declare",
        "did you mean backup?",
    ),
    (
        vaults("  «c»: {in: central}\n", more="keys: {one: {kind: per-account}, two: {kind: per-account}}\n").replace(
            "account}\n  «", "account, key: one}\n  «"
        ),
        "STR015",
        "vault c names no key, and keys declares several: one, two",
        "add: key: one",
    ),
    (
        vaults("  c: {in: central, region: «eu-west-3»}\n"),
        "STR011",
        "vault c is in eu-west-3, which is not governed: eu-west-2, eu-west-1",
        None,
    ),
    (vaults("  c: {in: central, region: eu-west-1, regions: «[eu-west-2]»}\n"), "STR022", "vault c has both region and regions", None),
    (
        vaults("  a: {in: central, name: same}\n  «b»: {in: '333333333333', name: same}\n"),
        "STR022",
        "vaults a and b are both named 'same' in 333333333333, eu-west-2",
        None,
    ),
    (vaults(f"  «{'v' * 48}»: {{in: central}}\n").replace("strongroom: 1\n", "strongroom: 1\nname: bank\n"), "STR006", None, None),
    # locks
    (vaults("  c: {in: central, lock: «{mode: compliance}»}\n"), "STR020", None, "add: grace: 3d, or write mode: governance"),
    (vaults("  c: {in: central, lock: {mode: governance, grace: «3d»}}\n"), "STR020", None, "remove grace, or write mode: compliance"),
    (
        vaults("  c: {in: central, lock: {mode: governance, min: 8d, max: «7d»}}\n"),
        "STR020",
        "the lock of vault c allows at most 7 days and demands 8",
        "raise max to 8d or more",
    ),
    (
        vaults("  c: {in: central, lock: {mode: compliance, grace: «2d»}}\n"),
        "STR007",
        "grace '2d' is too short: 2 days, at least 3 expected",
        "write 3d or more",
    ),
    (vaults("  c: {in: central, lock: «{min: 7d}»}\n"), "STR004", "the lock of vault c lacks the key mode", "add: mode: governance"),
    (
        vaults("  c: {in: central, lock: «like locla»}\n"),
        "STR016",
        "the lock of vault c is like vault 'locla', which vaults does not declare",
        "did you mean local?",
    ),
    (vaults("  c: {in: central, lock: «like local»}\n"), "STR020", "the lock of vault c is like vault 'local', which has no lock", None),
    (vaults("  c: {in: central, lock: «like c»}\n"), "STR020", "the lock of vault c is like vault 'c', whose lock is like another", None),
    (vaults("  c: {in: central, lock: «open»}\n"), "STR005", "lock 'open' is text: keys with values expected", None),
    # rules
    (
        vaults("").replace("keep: 30d", "keep: 30d, vault: «lokal»"),
        "STR016",
        "rule p.r backs up into vault 'lokal', which vaults does not declare",
        "did you mean local?",
    ),
    (
        vaults("  c: {in: central}\n").replace("keep: 30d", "keep: 30d, vault: «c»"),
        "STR017",
        "rule p.r backs up into vault c, which is in central and not in every-account",
        None,
    ),
    (
        vaults("").replace("every-account}", "every-account, region: eu-west-2}").replace("{r:", "{«r:"),
        "STR017",
        "rule p.r backs up into vault local, which is not in every governed Region: eu-west-1 missing",
        None,
    ),
    (
        vaults("  other: {in: every-account}\n").replace("  local:", "  mine:").replace("{r:", "{«r:"),
        "STR017",
        "rule p.r names no vault, and vaults in every-account are mine, other",
        "add: vault: mine",
    ),
    (
        vaults("  c: {in: central}\n").replace("keep: 30d", "keep: 30d, copy: «centrall»").replace(" c:", " central:"),
        "STR016",
        None,
        "did you mean central?",
    ),
    (
        vaults("").replace("keep: 30d", "keep: 30d, copy: «local»"),
        "STR018",
        "rule p.r copies to vault 'local', which is in every-account",
        None,
    ),
    (
        vaults("  c: {in: central, regions: [eu-west-2, eu-west-1]}\n").replace("keep: 30d", "keep: 30d, copy: [{to: «c», keep: 1y}]"),
        "STR018",
        "rule p.r copies to vault 'c', which is in 2 Regions: eu-west-2, eu-west-1",
        "declare a vault for each Region, such as c-eu-west-1: {in: central, region: eu-west-1}",
    ),
    (
        vaults("  c: {in: central}\n").replace("keep: 30d", "keep: 30d, copy: [c, «c»]"),
        "STR022",
        "copy names 'c' twice: first in line 3",
        None,
    ),
    (
        rule("start_within: 5h, complete_within: «5h»"),
        "STR019",
        "rule p.r has 300 minutes to complete, of which 300 may pass before it starts",
        None,
    ),
    (rule("start_within: «8d»"), "STR019", None, "make complete_within longer than 11520m"),
]


@pytest.mark.parametrize(("marked", "code", "message", "help_"), RELATED, ids=lambda value: str(value)[-40:])
def test_parts_that_contradict_each_other_give_one_finding_at_the_one_to_edit(marked, code, message, help_):
    """Names that nothing declares, vaults and copies that can't work, locks and windows that can't fit."""
    test_a_single_mistake_gives_one_finding_at_its_place(marked, code, message, help_)
