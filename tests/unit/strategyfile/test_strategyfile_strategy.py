"""From a good file to a strategy: defaults, places of every part, shorthands, templates and the schema."""

import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from strongroom import strategyfile
from strongroom.domain.names import EVERY_ACCOUNT, FOREVER, ResourceType
from strongroom.domain.origin import BuiltIn, FileOrigin
from strongroom.domain.roles import Roles
from strongroom.domain.strategy import Copy, Key, KeyKind, Lock, LockMode, Selection, TagTerm, Vault
from strongroom.errors import BadInput
from strongroom.strategyfile.codes import CODES

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "three-tiers" / "strategy.yaml"
TWELVE_LINES = """\
strongroom: 1
organization:
  home_region: eu-west-2
  accounts: {central: "333333333333"}
  governs: [Workloads]
vaults:
  central: {in: central}
plans:
  production:
    select: {tags: {environment: prod}}
    rules:
      daily: {at: "02:00", keep: 30d, copy: {to: central, keep: 7y}}
"""


def at(line, column):
    return FileOrigin("bank.yaml", line, column)


@pytest.fixture
def strategy():
    parsed = strategyfile.parse(TWELVE_LINES, file="bank.yaml")
    assert parsed.findings == ()
    return parsed.strategy


def test_twelve_lines_make_a_strategy_with_a_local_vault_a_key_and_roles(strategy):
    """What is not written has its documented default, and says that nobody wrote it."""
    assert strategy.name == "bank"
    assert strategy.roles == Roles(
        read="strongroom-read",
        deploy="strongroom-deploy",
        backup="bank-AWSBackup",
        restore="bank-AWSBackup-restore",
        restore_test="bank-AWSBackup-restore-test",
    )
    assert strategy.keys == (Key(name="backup", kind=KeyKind.PER_ACCOUNT, origin=BuiltIn()),)
    assert strategy.organization.regions == ("eu-west-2",)
    assert strategy.organization.opt_in == tuple(ResourceType)
    assert strategy.vaults == (
        Vault(label="local", name="bank-local", account=EVERY_ACCOUNT, regions=("eu-west-2",), key="backup", lock=None, origin=BuiltIn()),
        Vault(
            label="central", name="bank-central", account="333333333333", regions=("eu-west-2",), key="backup", lock=None, origin=at(7, 3)
        ),
    )


def test_a_rule_has_the_windows_and_the_zone_of_aws_by_default(strategy):
    """8 hours to start, 7 days to complete, UTC; the vault is the one in every account."""
    (rule,) = strategy.plans[0].rules
    assert (rule.start_within_minutes, rule.complete_within_minutes, rule.timezone) == (480, 10_080, "UTC")
    assert (rule.vault, rule.continuous, rule.cold_after_days, rule.keep) == ("local", False, None, 30)
    assert rule.copies == (Copy(to="central", keep=2557, cold_after_days=None, origin=at(12, 45)),)


def test_every_part_knows_its_line_and_column(strategy):
    """Named parts are at their key, items and selections at their start."""
    plan = strategy.plans[0]
    assert (strategy.origin, strategy.organization.origin, plan.origin) == (at(1, 1), at(2, 1), at(9, 3))
    assert (plan.select.origin, plan.rules[0].origin) == (at(10, 13), at(12, 7))


def parsed_rule(text):
    head = (
        "strongroom: 1\n"
        "organization: {home_region: eu-west-2, regions: [eu-west-2, eu-west-1], governs: W, accounts: {central: '333333333333'}}\n"
    )
    middle = "vaults: {local: {in: every-account}, a: {in: central}, b: {in: '444444444444', region: eu-west-1}}\n"
    parsed = strategyfile.parse(head + middle + f"plans: {{p: {{select: {{types: all}}, rules: {{r: {{{text}}}}}}}}}", file="s.yaml")
    assert parsed.findings == ()
    return parsed.strategy.plans[0].rules[0]


@pytest.mark.parametrize(
    ("written", "cron"),
    [
        ('"02:00"', "cron(0 2 * * ? *)"),
        ("2:05", "cron(5 2 * * ? *)"),
        ("hourly", "cron(0 * * * ? *)"),
        ("Sunday 06:00", "cron(0 6 ? * SUN *)"),
        ("sat 23:59", "cron(59 23 ? * SAT *)"),
        ('"Monday, Thursday 06:30"', "cron(30 6 ? * MON,THU *)"),
        ("day 1 03:00", "cron(0 3 1 * ? *)"),
        ("last day 03:00", "cron(0 3 L * ? *)"),
        ('"cron(0 14/12 * * ? *)"', "cron(0 14/12 * * ? *)"),
    ],
)
def test_schedules_become_six_field_cron(written, cron):
    """AWS Backup takes nothing else."""
    assert parsed_rule(f"keep: 7d, at: {written}").schedule == cron


@pytest.mark.parametrize(
    ("written", "days"), [("1d", 1), ("2w", 14), ("1mo", 31), ("12mo", 366), ("1y", 366), ("7y", 2557), ("forever", FOREVER)]
)
def test_retention_is_in_days_rounded_up(written, days):
    """A month is 30.5 days, a year 365.25."""
    assert parsed_rule(f"keep: {written}").keep == days


@pytest.mark.parametrize("written", ["a", "[a]", "{to: a}", "[{to: a}]"])
def test_a_copy_may_be_written_short(written):
    """A label, a list of labels, a mapping, a list of mappings."""
    assert [(copy.to, copy.keep) for copy in parsed_rule(f"keep: 7d, copy: {written}").copies] == [("a", None)]


def test_copies_of_mixed_forms_keep_their_order_and_places():
    """Labels and mappings may stand in one list."""
    copies = parsed_rule("keep: 7d, copy: [a, {to: b, keep: forever, cold_after: 30d}]").copies
    assert [(copy.to, copy.keep, copy.cold_after_days, copy.origin.line) for copy in copies] == [
        ("a", None, None, 4),
        ("b", FOREVER, 30, 4),
    ]
    assert copies[1].origin.column - copies[0].origin.column == 3


def test_a_selection_reads_tags_types_and_exclusions():
    """Single values and lists; `all` names every type and leaves the types open."""
    text = (
        "strongroom: 1\norganization: {home_region: eu-west-2, governs: [W]}\nplans:\n  p:\n"
        "    select: {tags: {env: [prod, stage], tier: one}, types: s3, not: {tags: {backup: 'no'}, types: [ec2]}}\n"
        "    rules: {r: {keep: 7d}}\n  q: {select: {types: all}, rules: {r: {keep: 7d}}}\n"
    )
    first, second = (plan.select for plan in strategyfile.parse(text, file="bank.yaml").strategy.plans)
    assert first == Selection(
        tags=(TagTerm(key="env", values=("prod", "stage")), TagTerm(key="tier", values=("one",))),
        types=(ResourceType.S3,),
        not_tags=(TagTerm(key="backup", values=("no",)),),
        not_types=(ResourceType.EC2,),
        origin=at(5, 13),
    )
    assert second == Selection(origin=at(7, 15))


def test_a_lock_can_be_like_that_of_another_vault():
    """The same range, at its own place in the file."""
    text = TWELVE_LINES.replace(
        "  central: {in: central}\n",
        "  central: {in: central, lock: {mode: compliance, max: 10y, grace: 3d}}\n  other: {in: central, lock: like central}\n",
    )
    vaults = strategyfile.parse(text, file="bank.yaml").strategy.vaults
    assert vaults[1].lock == Lock(mode=LockMode.COMPLIANCE, min_days=1, max_days=3653, grace_days=3, origin=at(7, 26))
    assert vaults[2].lock == Lock(mode=LockMode.COMPLIANCE, min_days=1, max_days=3653, grace_days=3, origin=at(8, 24))


@pytest.mark.parametrize(
    ("path", "name"),
    [("three-tiers/strategy.yaml", "three-tiers"), ("x/bank.yaml", "bank"), ("x/My Bank.yaml", "my-bank"), ("x/42.yaml", "strategy")],
)
def test_a_strategy_without_name_is_called_like_its_file_or_folder(tmp_path, path, name):
    """The folder where the file is called strategy, made fit for AWS."""
    file = tmp_path / path
    file.parent.mkdir()
    file.write_text(TWELVE_LINES, encoding="utf-8")
    assert strategyfile.load(file).strategy.name == name


def test_all_mistakes_of_a_file_are_found_at_once_in_order():
    """A wrong value, an unknown key, a bad reference and a repeated key in different parts don't hide each other."""
    text = TWELVE_LINES.replace("30d", "30").replace("to: central", "to: centrl").replace("  governs:", "  regions: [eu-wst-1]\n  governs:")
    findings = strategyfile.parse(text + "valts: {}\nvaults: {}\n", file="bank.yaml").findings
    assert [(finding.code, finding.origin.line) for finding in findings] == [
        ("STR010", 5),
        ("STR007", 13),
        ("STR016", 13),
        ("STR003", 14),
        ("YML005", 15),
    ]


def test_the_example_is_the_strategy_of_source_s1():
    """Production 30 d and 7 y twice, staging 7 d and 1 y, development 7 d; no findings."""
    parsed = strategyfile.load(EXAMPLE)
    assert parsed.findings == ()
    kept = {
        plan.name: [(rule.schedule, rule.keep, [(copy.to, copy.keep) for copy in rule.copies]) for rule in plan.rules]
        for plan in parsed.strategy.plans
    }
    assert kept == {
        "production": [("cron(0 2 * * ? *)", 30, [("central", 2557), ("dr", 2557)])],
        "staging": [("cron(0 3 * * ? *)", 7, [("central", 366)])],
        "development": [("cron(0 4 ? * SUN *)", 7, [])],
    }
    assert parsed.strategy.objectives[0].rpo_minutes == 26 * 60
    assert [(owed.at_least_days, owed.basis) for owed in parsed.strategy.retention] == [(2557, "company policy: production data 7 years")]


@pytest.mark.parametrize("name", strategyfile.TEMPLATES)
def test_templates_are_strategies_without_findings(name):
    """What `strongroom init` writes passes `strongroom check`."""
    assert strategyfile.parse(strategyfile.template(name), file="strategy.yaml").findings == ()


def test_an_unknown_template_suggests_the_near_miss():
    """As everywhere else."""
    with pytest.raises(BadInput, match="there is no template 'minmal'") as error:
        strategyfile.template("minmal")
    assert error.value.hint == "did you mean minimal?"


@pytest.fixture(scope="module")
def validator():
    """The schema is made once: it is large."""
    return Draft202012Validator(strategyfile.json_schema())


@pytest.mark.parametrize("text", [EXAMPLE.read_text(encoding="utf-8"), TWELVE_LINES, *map(strategyfile.template, strategyfile.TEMPLATES)])
def test_the_schema_accepts_good_strategies(validator, text):
    """Also shorthands for copies and locks."""
    validator.validate(YAML(typ="safe", pure=True).load(text))


@pytest.mark.parametrize(
    "old_new", [("keep: 30d", "kep: 30d"), ("keep: 30d", "keep: 30"), ("central: {in", "Central Vault: {in"), ('"02:00"', "{}")]
)
def test_the_schema_refuses_what_an_editor_should_mark(validator, old_new):
    """Unknown keys, wrong patterns, names that don't fit, wrong shapes."""
    document = YAML(typ="safe", pure=True).load(TWELVE_LINES.replace(*old_new))
    assert not validator.is_valid(document)


def test_the_schema_is_valid_and_describes_every_key():
    """Descriptions are what an editor shows; examples and defaults of the schema keep to it."""
    schema = strategyfile.json_schema()
    Draft202012Validator.check_schema(schema)
    assert (schema["$schema"], schema["title"]) == ("https://json-schema.org/draft/2020-12/schema", "Strongroom strategy")
    for part in (schema, *schema["$defs"].values()):
        assert part["description"]
        for key, value in part["properties"].items():
            assert value.get("description") or schema["$defs"][value["$ref"].rpartition("/")[2]]["description"], key
            for example in [*value.get("examples", []), *([value["default"]] if value.get("default") else [])]:
                Draft202012Validator({**value, "$defs": schema["$defs"]}).validate(example)
    Draft202012Validator(schema).validate(schema["examples"][0])


def test_every_code_is_explained():
    """Title and fix always; the text for `strongroom explain`."""
    for code, entry in CODES.items():
        text = strategyfile.explain(code)
        assert text.startswith(f"{code}: {entry.title}\n")
        assert entry.fix in text
    assert strategyfile.explain("LCK001") is None


def test_every_code_in_the_room_is_in_the_table_and_used():
    """No finding without an explanation, no explanation without a finding."""
    room = ROOT / "src" / "strongroom" / "strategyfile"
    sources = "".join(path.read_text(encoding="utf-8") for path in sorted(room.glob("*.py")) if path.name != "codes.py")
    assert {code for code in CODES if f'"{code}"' in sources} == set(CODES)


def test_checking_a_file_needs_no_slow_library():
    """The way of `strongroom check` stays fast: no pyarrow, boto3, duckdb or DBOS."""
    program = (
        "import sys; from pathlib import Path; from strongroom import strategyfile; "
        f"assert strategyfile.load(Path({str(EXAMPLE)!r})).strategy; "
        "print(sorted({'pyarrow', 'boto3', 'duckdb', 'dbos', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
