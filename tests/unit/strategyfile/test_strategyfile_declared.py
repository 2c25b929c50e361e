"""What a strategy declares around its plans, and each single mistake in it.

Air-gapped vaults, shared keys, ARNs, restore tests, alerts, audits, guard rails, protection outside of AWS Backup.
The mistake in a text is marked with «» around what the finding points at.
"""

import pytest

from strongroom import strategyfile
from strongroom.domain.governance import AlertEvent, Forbidden, ReportFormat, ReportTemplate
from strongroom.domain.names import FOREVER, ResourceType
from strongroom.domain.strategy import LockMode, Pick, StorageClass, Transition, VaultType

ACCOUNTS = 'management: "111111111111", central: "333333333333", log_archive: "444444444444"'
REGIONS = "home_region: eu-west-2, regions: [eu-west-2, eu-west-1]"
HEAD = f"strongroom: 1\nname: bank\norganization: {{{REGIONS}, governs: [W], accounts: {{{ACCOUNTS}}}}}\n"
PLAN = "plans: {p: {select: {types: all}, rules: {r: {keep: 30d}}}}\n"
MRK = "arn:aws:kms:eu-west-2:333333333333:key/mrk-1234abcd12ab34cd56ef1234567890ab"


def declared(text, *, plan=PLAN):
    parsed = strategyfile.parse(HEAD + plan + text, file="s.yaml")
    assert parsed.findings == ()
    return parsed.strategy


def native(kind, text):
    return getattr(
        declared(f"native: {{{kind}: {{n: {{select: {{types: all}}, {text}}}}}}}\n").native, "containers" if kind == "ecs" else kind
    )[0]


# air-gapped vaults

AIRGAP = "vaults:\n  airgap: {type: air-gapped, in: every-account, lock: {min: 7d, max: 1y}}\n"


def rule(text):
    return f"plans: {{p: {{select: {{types: all}}, rules: {{r: {{keep: 30d, {text}}}}}}}}}\n"


def test_air_gapped_vault_is_locked_from_the_start():
    """Its lock is a compliance lock without grace time, its key AWS's own, and a standard vault stays beside it."""
    strategy = declared(AIRGAP)
    local, airgap = strategy.vaults
    assert (local.label, local.type, local.lock) == ("local", VaultType.STANDARD, None)
    assert (airgap.type, airgap.key) == (VaultType.AIR_GAPPED, "")
    assert (airgap.lock.mode, airgap.lock.min_days, airgap.lock.max_days, airgap.lock.grace_days) == (LockMode.COMPLIANCE, 7, 366, 0)


def test_air_gapped_target_goes_through_a_standard_vault():
    """AWS Backup still wants a standard vault, where types that can't be kept in the air-gapped one stay."""
    (found,) = declared(AIRGAP, plan=rule("vault: airgap")).plans[0].rules
    assert (found.air_gapped, found.vault) == ("airgap", "local")
    two = AIRGAP + "  here: {in: every-account}\n  there: {in: every-account}\n"
    (found,) = declared(two, plan=rule("vault: airgap, through: there")).plans[0].rules
    assert (found.air_gapped, found.vault) == ("airgap", "there")


def test_lock_of_an_air_gapped_vault_can_be_like_another():
    """The range is repeated, with the origin of the one that repeats it."""
    strategy = declared(AIRGAP + "  island: {type: air-gapped, in: central, lock: like airgap}\n")
    first, second = (vault.lock for vault in strategy.vaults if vault.lock)
    assert (first.min_days, first.max_days, first.grace_days) == (second.min_days, second.max_days, second.grace_days)
    assert first.origin != second.origin


# keys


@pytest.mark.parametrize(
    ("written", "account", "ours"),
    [
        ("kind: multi-region", "333333333333", True),
        ("kind: multi-region, in: management", "111111111111", True),
        (f'kind: multi-region, arn: "{MRK}"', "333333333333", False),
        (f'kind: multi-region, in: central, arn: "{MRK}"', "333333333333", True),
        ("kind: per-account", None, True),
        ("kind: aws-managed", None, False),
    ],
)
def test_keys_know_where_they_are_and_who_makes_them(written, account, ours):
    """A multi-Region key is in the central account where nothing is written; one with an ARN and no place is somebody else's."""
    (key,) = declared(f"keys: {{backup: {{{written}}}}}\n").keys
    assert (key.account, key.ours, key.rotated) == (account, ours, True)


def test_rotation_can_be_switched_off():
    """It is on where nothing is written."""
    assert declared("keys: {backup: {kind: per-account, rotation: false}}\n").keys[0].rotated is False


# selections and plans


def test_selection_takes_arns_and_leaves_arns_out():
    """One or several, beside tags, and under not."""
    plan = 'plans: {p: {select: {tags: {a: b}, arns: "arn:aws:s3:::x-*", not: {arns: ["arn:aws:s3:::x-1"]}}, rules: {r: {keep: 30d}}}}\n'
    select = declared("", plan=plan).plans[0].select
    assert (select.arns, select.not_arns, select.types) == (("arn:aws:s3:::x-*",), ("arn:aws:s3:::x-1",), ())


def test_plan_can_be_in_one_account_with_a_vault_there():
    """Its vault need not be in every account, nor in every governed Region."""
    plan = "plans: {p: {in: log_archive, regions: eu-west-2, select: {types: dynamodb}, rules: {r: {keep: 30d, vault: logs}}}}\n"
    strategy = declared("vaults: {logs: {in: log_archive, region: eu-west-2}}\n", plan=plan)
    assert (strategy.plans[0].account, strategy.plans[0].regions) == ("444444444444", ("eu-west-2",))
    assert strategy.plans[0].rules[0].vault == "logs"


def test_plan_can_be_for_some_regions():
    """The vaults of its rules have to be there, and nowhere else."""
    plan = "plans: {p: {regions: eu-west-1, select: {types: all}, rules: {r: {keep: 30d}}}}\n"
    (found,) = declared("vaults: {local: {in: every-account, region: eu-west-1}}\n", plan=plan).plans
    assert (found.account, found.regions) == (None, ("eu-west-1",))


# restore tests, alerts, audits


def test_restore_test_has_aws_defaults():
    """The latest recovery point of thirty days, started within a day, kept for nobody."""
    (test,) = declared('restore_tests: {weekly: {at: "Sunday 10:00", select: {tags: {t: "yes"}}, from: local}}\n').restore_tests
    assert (test.schedule, test.timezone, test.vaults, test.pick) == ("cron(0 10 ? * SUN *)", "UTC", ("local",), Pick.LATEST)
    assert (test.within_days, test.start_within_hours, test.validate_within_hours) == (30, 24, 0)


def test_restore_test_says_how_it_restores_and_validates():
    """Overrides and validations by type, with the places of their own; validated resources are kept for eight hours."""
    text = (
        "restore_tests:\n  weekly:\n    at: hourly\n    select: {types: [rds]}\n    from: [local]\n    pick: random\n    within: 7d\n"
        "    start_within: 8h\n    overrides: {rds: {dbSubnetGroupName: tests, multiAz: false}}\n    validate: {rds: checks/ledger.sql}\n"
    )
    (test,) = declared(text).restore_tests
    assert (test.pick, test.within_days, test.start_within_hours, test.validate_within_hours) == (Pick.RANDOM, 7, 8, 8)
    (override,), (validation,) = test.overrides, test.validations
    assert (override.type, override.values) == (ResourceType.RDS, (("dbSubnetGroupName", "tests"), ("multiAz", "false")))
    assert (validation.type, validation.file, validation.origin.line) == (ResourceType.RDS, "checks/ledger.sql", 14)


def test_alerts_are_about_failures_unless_something_is_written():
    """What failed, what never ran, and what endangers the backups; not what went well."""
    alerts = declared("alerts: {email: a@example.com}\n").alerts
    assert alerts.emails == ("a@example.com",)
    assert set(AlertEvent) - set(alerts.events) == {
        AlertEvent.STARTED,
        AlertEvent.COMPLETED,
        AlertEvent.RESTORE_STARTED,
        AlertEvent.RESTORE_COMPLETED,
        AlertEvent.REPLICATION_LATE,
        AlertEvent.REPLICATION_FAILED,
    }
    assert declared("alerts: {email: a@example.com, on: all}\n").alerts.events == tuple(AlertEvent)
    assert declared("alerts: {email: a@example.com, on: copy-failed}\n").alerts.events == (AlertEvent.COPY_FAILED,)


def test_framework_lists_controls_or_gives_them_parameters():
    """AWS's names, and text for every parameter."""
    short = declared("frameworks: {f: {controls: backup-recovery-point-encrypted}}\n").frameworks[0]
    assert [(control.name, control.parameters) for control in short.controls] == [("BACKUP_RECOVERY_POINT_ENCRYPTED", ())]
    age = "backup-last-recovery-point-created: {recoveryPointAgeValue: 1, recoveryPointAgeUnit: days}"
    (control,) = declared(f"frameworks: {{f: {{controls: {{{age}}}}}}}\n").frameworks[0].controls
    assert control.parameters == (("recoveryPointAgeUnit", "days"), ("recoveryPointAgeValue", "1"))


def test_report_is_csv_unless_something_is_written():
    """One bucket, without a prefix, about every framework."""
    (report,) = declared("reports: {r: {template: copy-jobs, bucket: acme-reports}}\n").reports
    assert (report.template, report.formats, report.prefix, report.frameworks) == (ReportTemplate.COPY_JOBS, (ReportFormat.CSV,), "", ())


def test_guard_rails_and_tag_policy_hold_where_the_strategy_governs():
    """Everything is denied unless less is written; tags are reported unless types are named."""
    rails = declared("guard_rails: {exempt: break-glass}\n").guard_rails
    assert (rails.deny, rails.exempt, rails.attach_to) == (tuple(Forbidden), ("break-glass",), ("W",))
    policy = declared('tag_policy: {tags: {environment: [prod, dev], owner: "*"}, attach_to: W/Prod}\n').tag_policy
    assert [(tag.key, tag.values) for tag in policy.tags] == [("environment", ("prod", "dev")), ("owner", ())]
    assert (policy.enforced_for, policy.attach_to) == ((), ("W/Prod",))


def test_nothing_is_declared_that_is_not_written():
    """No alert, no guard rail, no native protection comes from nowhere."""
    strategy = declared("")
    around = (strategy.alerts, strategy.guard_rails, strategy.tag_policy, strategy.organization.control_tower)
    assert around == (None, None, None, None)
    assert (strategy.restore_tests, strategy.frameworks, strategy.reports) == ((), (), ())
    assert not any((strategy.native.databases, strategy.native.buckets, strategy.native.tables, strategy.native.containers))


def test_control_tower_keeps_the_order_of_its_ous():
    """A child before its parent is for a check to find, so that the order must survive."""
    text = HEAD.replace("governs: [W]", "governs: [W], control_tower: {enabled_on: [W/X, W], key: backup}")
    parsed = strategyfile.parse(text + PLAN + "keys: {backup: {kind: multi-region}}\n", file="s.yaml")
    assert parsed.strategy.organization.control_tower.enabled_on == ("W/X", "W")


# protection outside of AWS Backup


def test_databases_say_their_windows_as_rds_writes_them():
    """A time of each day and of each week, in UTC."""
    found = native("databases", 'keep: 30d, backup_window: "03:00-04:00", maintenance_window: "Monday 04:00-05:00"')
    assert (found.retention_days, found.backup_window, found.maintenance_window) == (30, "03:00-04:00", "mon:04:00-mon:05:00")
    assert (found.deletion_protection, found.copy_tags, found.snapshots) == (None, None, ())
    assert native("databases", "keep: off").retention_days == 0
    assert native("databases", 'maintenance_window: "sun:23:30-mon:00:30"').maintenance_window == "sun:23:30-mon:00:30"
    assert native("databases", 'maintenance_window: "sunday 23:30-00:30"').maintenance_window == "sun:23:30-mon:00:30"


def test_databases_have_snapshots_on_a_schedule():
    """Monthly ones for seven years in another Region."""
    (found,) = native("databases", 'snapshots: {monthly: {at: "day 1 02:00", keep: forever, copy: eu-west-1}}').snapshots
    assert (found.name, found.schedule, found.keep, found.to) == ("monthly", "cron(0 2 1 * ? *)", FOREVER, ("eu-west-1",))


def test_buckets_say_what_people_really_declare():
    """MFA delete together with lifecycle rules and replication that skips encrypted objects can be said, for checks to judge."""
    found = native(
        "buckets",
        "versioning: true, mfa_delete: true, transitions: {glacier: 365d, STANDARD_IA: 90d}, keep: 10y, object_lock: {mode: governance, "
        "keep: 7y}, old_versions: {transitions: {glacier-ir: 30d}, keep: 90d}, replicate: {to: eu-west-1, encrypted_objects: false}",
    )
    assert (found.versioning, found.mfa_delete, found.has_lifecycle, found.expire_after_days) == (True, True, True, 3653)
    moves = (Transition(after_days=90, to=StorageClass.STANDARD_IA), Transition(after_days=365, to=StorageClass.GLACIER))
    assert found.transitions == moves
    assert found.noncurrent_transitions == (Transition(after_days=30, to=StorageClass.GLACIER_IR),)
    assert (found.noncurrent_expire_after_days, found.object_lock.days) == (90, 2557)
    assert [(each.to, each.encrypted_objects) for each in found.replications] == [("eu-west-1", False)]


def test_bucket_replicated_to_a_region_selects_encrypted_objects():
    """The short form is the safe one."""
    found = native("buckets", "replicate: [eu-west-1, eu-central-1]")
    assert [(each.to, each.encrypted_objects, each.storage_class) for each in found.replications] == [
        ("eu-west-1", True, None),
        ("eu-central-1", True, None),
    ]
    assert (found.versioning, found.has_lifecycle) == (None, False)


def test_tables_and_ecs():
    """Point-in-time recovery as far back as DynamoDB can; captures into a bucket, daily."""
    assert native("tables", "deletion_protection: true").point_in_time_days == 35
    assert native("tables", "point_in_time: off").point_in_time_days == 0
    found = native("ecs", "bucket: acme-captures, keep: 90d")
    assert (found.schedule, found.bucket, found.keep) == ("cron(0 5 * * ? *)", "acme-captures", 90)


# mistakes

TWO_KEYS = "keys: {backup: {kind: per-account}, other: {kind: per-account}}\n"
TEST = "restore_tests: {weekly: {at: hourly, select: {types: all}, from: local, %s}}\n"
DATABASES = "native: {databases: {n: {select: {types: all}, %s}}}\n"
BUCKETS = "native: {buckets: {n: {select: {types: all}, %s}}}\n"
REPORT = "reports: {r: {template: copy-jobs, bucket: acme, frameworks: «f»}}\n"
MISTAKES = [
    # air-gapped vaults
    (
        "vaults: {«a»: {type: air-gapped, in: central}}\n",
        "STR020",
        "vault a is air-gapped and has no lock: AWS wants to know the shortest and the longest retention",
        "add: lock: {min: 7d, max: 1y}",
    ),
    (
        "vaults: {a: {type: air-gapped, in: central, lock: «{min: 7d}»}}\n",
        "STR020",
        "the lock of vault a lacks the key max, which an air-gapped vault needs",
        "add: max: 1y",
    ),
    (
        "vaults: {a: {type: air-gapped, in: central, lock: {min: «3d», max: 1y}}}\n",
        "STR020",
        "the lock of vault a demands 3 days, at least 7 for an air-gapped vault",
        "raise min to 7d or more",
    ),
    (
        "vaults: {a: {type: air-gapped, in: central, lock: {«grace»: 3d, min: 7d, max: 1y}}}\n",
        "STR020",
        "the lock of vault a has a grace: that of an air-gapped vault is compliance, and hard from the start",
        "remove it: min and max are enough",
    ),
    (
        "vaults: {a: {type: air-gapped, in: central, lock: {min: 7d, max: 1y}}, b: {in: central, lock: «like a»}}\n",
        "STR020",
        "the lock of vault b is like vault 'a', and one of the two is air-gapped",
        None,
    ),
    ("vaults: {a: {type: «airgaped», in: central}}\n", "STR023", None, "did you mean air-gapped?"),
    (
        "keys: {backup: {kind: aws-managed}}\nvaults: {a: {type: air-gapped, in: central, key: «backup», lock: {min: 7d, max: 1y}}}\n",
        "STR030",
        "vault a is air-gapped and names the AWS-managed key backup",
        "name a key of another kind, or none: AWS owns the key then",
    ),
    # keys
    (f'keys: {{k: {{kind: per-account, arn: «"{MRK}"»}}}}\n', "STR030", None, "remove it, or write kind: multi-region"),
    (
        f'keys: {{k: {{kind: multi-region, in: management, arn: «"{MRK}"»}}}}\n',
        "STR030",
        "key k is made in account 111111111111, and its arn names account 333333333333",
        None,
    ),
    (
        f'keys: {{k: {{kind: multi-region, in: central, arn: «"{MRK.replace("eu-west-2", "eu-west-1")}"»}}}}\n',
        "STR030",
        "key k is made in the home Region eu-west-2, and its arn names eu-west-1",
        "write the ARN of the primary key, not of a replica",
    ),
    ("keys: {k: {kind: multi-region, in: «backup_admin»}}\n", "STR013", None, None),
    ("keys: {k: {kind: multi-region, in: «every-account»}}\n", "STR023", None, None),
    (
        'keys: {k: {kind: multi-region, arn: «"arn:aws:kms:eu-west-2:333333333333:key/1234"»}}\n',
        "STR028",
        "arn 'arn:aws:kms:eu-west-2:333333333333:key/1234' is not the ARN of a multi-Region key, with an id that starts with mrk-",
        None,
    ),
    (
        "alerts: {email: a@example.com, key: «backp»}\n",
        "STR015",
        "alerts names key 'backp', which keys does not declare",
        "did you mean backup?",
    ),
    (DATABASES % "snapshots: {m: {at: hourly, keep: 1y, key: «own»}}", "STR015", None, None),
    (BUCKETS % "replicate: [{to: eu-west-1, key: «own»}]", "STR015", None, None),
    # restore tests
    (
        "restore_tests: {weekly: {at: hourly, select: {types: all}, from: [«loca»]}}\n",
        "STR016",
        "restore test weekly takes recovery points from vault 'loca', which vaults does not declare",
        "did you mean local?",
    ),
    (TEST % "within: «2y»", "STR007", "within '2y' is too long: 731 days, at most 365 allowed", None),
    (TEST % "start_within: «90m»", "STR007", "start_within '90m' can't be used: whole hours from 1h to 168h expected", None),
    (TEST % "validate: {rds: «../ledger.sql»}", "STR006", None, None),
    (TEST % "validate: {«rsd»: ledger.sql}", "STR014", None, "did you mean rds?"),
    (TEST % "pick: «newest»", "STR023", "pick 'newest' is not one of latest, random", None),
    # alerts
    ("alerts: «{on: [failed]}»\n", "STR029", "alerts names neither email nor topic", None),
    ("alerts: {email: «backup-team»}\n", "STR029", "email 'backup-team' is not an e-mail address", None),
    ("alerts: {email: a@example.com, on: [«copy_failed»]}\n", "STR023", None, "did you mean copy-failed?"),
    ("alerts: {topic: «backups»}\n", "STR028", None, None),
    (
        'alerts: {topic: "arn:aws:sns:eu-west-2:333333333333:t", «key»: backup}\n',
        "STR030",
        "alerts names a topic that exists and a key, which is for a topic that is made",
        None,
    ),
    # audits and reports
    ("frameworks: {f: {controls: [«backup-recovery-point-encryptd»]}}\n", "STR023", None, "did you mean backup-recovery-point-encrypted?"),
    (
        "frameworks: {f: {controls: {backup-last-recovery-point-created: {«recoveryPointAge»: 1}}}}\n",
        "STR003",
        "control backup-last-recovery-point-created of framework f has no parameter 'recoveryPointAge'",
        "its parameters are: recoveryPointAgeUnit, recoveryPointAgeValue",
    ),
    ("reports: {r: {template: backup-jobs, bucket: «Acme_Reports»}}\n", "STR006", None, "did you mean acme-reports?"),
    ("reports: {r: {template: «jobs», bucket: acme}}\n", "STR023", None, None),
    (
        "frameworks: {f: {controls: backup-recovery-point-encrypted}}\n" + REPORT,
        "STR030",
        "report r is about copy-jobs and names frameworks, which compliance reports are about",
        None,
    ),
    (
        "reports: {r: {template: control-compliance, bucket: acme, frameworks: «base»}}\n",
        "STR031",
        "report r is about framework 'base', which frameworks does not declare",
        None,
    ),
    # guard rails and tags
    ("guard_rails: {deny: [leave-organization, «leave-organization»]}\n", "STR022", None, None),
    ("guard_rails: {deny: [«delete-key»]}\n", "STR023", None, "did you mean delete-keys?"),
    ('guard_rails: {exempt: «"*"»}\n', "STR028", "exempt '*' is not a role", None),
    ("tag_policy: {«tags»: {}}\n", "STR004", None, None),
    # protection outside of AWS Backup
    (DATABASES % "keep: «90d»", "STR007", "keep '90d' is too long: 90 days, at most 35 allowed", None),
    (DATABASES % 'backup_window: «"3am"»', "STR027", "backup_window '3am' is not a window: two times of day expected", None),
    (DATABASES % 'backup_window: «"03:00-03:10"»', "STR027", None, None),
    (DATABASES % 'maintenance_window: «"Mondy 04:00-05:00"»', "STR027", None, "did you mean Monday?"),
    (DATABASES % "«retention»: 30d", "STR003", "unknown key 'retention' in native.databases.n", None),
    (BUCKETS % "transitions: {«glacer»: 30d}", "STR023", None, "did you mean glacier?"),
    (BUCKETS % "replicate: «eu-wset-1»", "STR010", None, "did you mean eu-west-1?"),
    ("native: {tables: {n: {select: «{}»}}}\n", "STR021", None, None),
    ("«restore_test»: {}\n", "STR003", None, "did you mean restore_tests?"),
]


def placed(marked):
    """Return the text without its mark, and the line and column of the mark."""
    before, _, after = marked.partition("«")
    return before + after.replace("»", "", 1), before.count("\n") + 1, len(before) - before.rfind("\n")


@pytest.mark.parametrize(("marked", "code", "message", "help_"), MISTAKES, ids=lambda value: str(value)[-50:])
def test_mistake_is_one_finding_at_its_place(marked, code, message, help_):
    """Exactly one finding, with code, line and column, message and fix."""
    text, line, column = placed(HEAD + PLAN + marked)
    (finding,) = strategyfile.parse(text, file="s.yaml").findings
    assert (finding.code, str(finding.origin)) == (code, f"s.yaml:{line}:{column}")
    assert message in (None, finding.message)
    assert help_ in (None, finding.help)


IN_PLANS = [
    (
        "plans: {p: {select: {«types»: s3, arns: arn:aws:s3:::x}, rules: {r: {keep: 30d}}}}\n",
        "STR030",
        "plans.p.select names both types and arns: an ARN tells its type",
    ),
    ("plans: {p: {select: {arns: «papers-*»}, rules: {r: {keep: 30d}}}}\n", "STR028", None),
    ('plans: {p: {select: {arns: «"arn:aws:s3:::pap?rs"»}, rules: {r: {keep: 30d}}}}\n', "STR028", None),
    ("plans: {p: {in: «backup_admin», select: {types: all}, rules: {r: {keep: 30d}}}}\n", "STR013", None),
    (
        "plans: {p: {regions: [«eu-central-1»], select: {types: all}, rules: {r: {keep: 30d}}}}\n",
        "STR011",
        "plan p is in eu-central-1, which is not governed: eu-west-2, eu-west-1",
    ),
    (
        rule("through: «local»"),
        "STR030",
        "rule p.r goes through vault 'local', and its target is not an air-gapped vault",
    ),
    (rule("vault: airgap, through: «airgap»") + AIRGAP, "STR030", "rule p.r goes through vault airgap, which is air-gapped itself"),
    (rule("vault: «airgp»") + AIRGAP, "STR016", "rule p.r backs up into vault 'airgp', which vaults does not declare"),
    (
        rule("vault: airgap").replace("{r:", "{«r»:") + AIRGAP + "  a: {in: every-account}\n  b: {in: every-account}\n",
        "STR017",
        "rule p.r names no standard vault to go through, and vaults in every-account are a, b",
    ),
    (
        rule("vault: «island»") + "vaults: {island: {type: air-gapped, in: central, lock: {min: 7d, max: 1y}}}\n",
        "STR017",
        "rule p.r backs up into vault island, which is in central and not in every-account",
    ),
    (
        "plans: {p: {in: log_archive, select: {types: all}, rules: {r: {keep: 30d, vault: «safe»}}}}\nvaults: {safe: {in: central}}\n",
        "STR017",
        "rule p.r backs up into vault safe, which is in central and not in log_archive, where its plan is",
    ),
]


@pytest.mark.parametrize(("marked", "code", "message"), IN_PLANS, ids=lambda value: str(value)[-50:])
def test_mistake_in_a_plan_is_one_finding_at_its_place(marked, code, message):
    """Exactly one finding, with code, line and column, and a fix."""
    text, line, column = placed(HEAD + marked)
    (finding,) = strategyfile.parse(text, file="s.yaml").findings
    assert (finding.code, str(finding.origin)) == (code, f"s.yaml:{line}:{column}")
    assert message in (None, finding.message)
    assert finding.help


def test_shared_key_without_a_central_account_says_where_to_put_it():
    """Its default account has to be declared."""
    text = (HEAD + PLAN).replace('central: "333333333333", ', "") + "keys: {backup: {kind: multi-region}}\n"
    (finding,) = strategyfile.parse(text, file="s.yaml").findings
    assert (finding.code, finding.message) == ("STR013", "key backup is in account central, which organization.accounts does not declare")


@pytest.mark.parametrize(("written", "meant"), [("papers", "arn:aws:s3:::papers"), ("s3://papers-*/", "arn:aws:s3:::papers-*")])
def test_bucket_that_is_no_arn_is_a_near_miss(written, meant):
    """People write buckets by their names."""
    text = HEAD + f'plans: {{p: {{select: {{arns: "{written}"}}, rules: {{r: {{keep: 30d}}}}}}}}\n'
    (finding,) = strategyfile.parse(text, file="s.yaml").findings
    assert finding.help == f"did you mean {meant}?"
