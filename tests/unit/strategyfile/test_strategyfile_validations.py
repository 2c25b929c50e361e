"""How restored resources are examined: every way to write it, every mistake at its place, and no password anywhere."""

import importlib.metadata
import json
import re
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from strongroom import strategyfile
from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import Login, RestoreTest, Tls
from strongroom.strategyfile import examinations

HEAD = """\
strongroom: 1
organization: {home_region: eu-west-2, governs: [Workloads]}
plans: {production: {select: {tags: {environment: prod}}, rules: {daily: {at: "02:00", keep: 30d}}}}
restore_tests:
  weekly:
    at: "Sunday 10:00"
    select: {tags: {test: "yes"}}
    from: local
"""
LINES = HEAD.count("\n")
SHA = "0123456789abcdef" * 4


def declared(text: str) -> RestoreTest:
    parsed = strategyfile.parse(HEAD + text, file="strategy.yaml")
    assert parsed.findings == ()
    (test,) = parsed.strategy.restore_tests
    return test


def mistakes(text: str) -> list[tuple[str, str, str, str]]:
    """Code, place below the head, message and fix of each finding."""
    found = strategyfile.parse(HEAD + text, file="strategy.yaml").findings
    return [(each.code, f"{each.origin.line - LINES}:{each.origin.column}", each.message, each.help) for each in found]


def written(value: str, kind: str = "rds") -> list[tuple[str, dict]]:
    return [(each.validator, json.loads(each.settings)) for each in declared(f"    validate: {{{kind}: {value}}}\n").validations]


@pytest.mark.parametrize(
    ("value", "validator", "settings"),
    [
        ("checks/ledger.sql", "sql", {"file": "checks/ledger.sql"}),
        ("{sql: checks/ledger.sql}", "sql", {"file": "checks/ledger.sql"}),
        ("[{sql: SELECT true}]", "sql", {"query": "SELECT true"}),
        ("{sql: {query: SELECT 1, equals: 1, deadline: 2h}}", "sql", {"query": "SELECT 1", "equals": 1, "deadline": 120}),
        ("{sql: {query: SELECT 1, equals: yes}}", "sql", {"query": "SELECT 1", "equals": "yes"}),
        ("{sql: {query: SELECT 1, equals: false}}", "sql", {"query": "SELECT 1", "equals": False}),
        ("{sql: {file: a.sql, at_least: 1.5, at_most: 2, rows: 3}}", "sql", {"file": "a.sql", "at_least": 1.5, "at_most": 2, "rows": 3}),
        ("{rows: {orders: 7}}", "rows", {"orders": {"exactly": 7}}),
        ("{rows: {s.orders: {at_least: 0, at_most: 9}}}", "rows", {"s.orders": {"at_least": 0, "at_most": 9}}),
        ("{checksum: orders}", "checksum", {"table": "orders", "within": 60}),
        (f'{{checksum: {{query: SELECT 1, sha256: "{SHA}"}}}}', "checksum", {"query": "SELECT 1", "sha256": SHA, "within": 60}),
        ("manifest", "manifest", {"differs": "failed", "within": 60}),
        ("{manifest: {within: 2h, differs: unknown}}", "manifest", {"differs": "unknown", "within": 120}),
        ("{command: [./look.sh, 1, true]}", "command", {"run": ["./look.sh", "1", "true"]}),
        ("{command: ./look.sh}", "command", {"run": ["./look.sh"]}),
        ("{command: {run: look, password: PGPASSWORD}}", "command", {"run": ["look"], "password": "PGPASSWORD"}),
        ('{http: "https://{address}/x"}', "http", {"status": [200], "url": "https://{address}/x", "verify": True}),
        ("{plugins: {balances: {n: 1, l: [true, x]}}}", "balances", {"n": 1, "l": [True, "x"]}),
    ],
)
def test_a_validation_is_written_in_short_and_in_full(value, validator, settings):
    """A file, a name, a mapping: each becomes one validator with its settings."""
    assert written(value) == [(validator, settings)]


def test_several_validations_keep_their_order_and_places():
    """A list examines in its order; a mapping in that of the grammar; each knows where it is written."""
    text = (
        "    validate:\n      rds: [{rows: {orders: 5}}, checks/a.sql, manifest]\n      dynamodb: {manifest: {}, sql: b.sql}\n"
        "      efs:\n        - manifest: {mount: [m.sh]}\n        - command: look.sh\n"
    )
    found = declared(text).validations
    assert [(each.type.keyword, each.validator, each.file) for each in found] == [
        *(("rds", "rows", ""), ("rds", "sql", "checks/a.sql"), ("rds", "manifest", "")),
        *(("dynamodb", "sql", "b.sql"), ("dynamodb", "manifest", "")),
        *(("efs", "manifest", ""), ("efs", "command", "")),
    ]
    places = [f"{each.origin.line - LINES}:{each.origin.column}" for each in found]
    assert places == ["2:14", "2:34", "2:48", "3:32", "3:18", "5:11", "6:11"]


def test_what_is_validated_is_kept_for_eight_hours():
    """However it is validated."""
    assert declared("    validate: {s3: manifest}\n").validate_within_hours == 8


@pytest.mark.parametrize(
    ("text", "code", "place", "message"),
    [
        ("    validate: {rds: sqll}\n", "STR003", "1:21", "unknown key 'sqll' in restore_tests.weekly.validate.rds"),
        ("    validate: {rds: [{manifesto: {}}]}\n", "STR003", "1:23", "unknown key 'manifesto' in restore_tests.weekly.validate.rds[0]"),
        ("    validate: {rds: sql}\n", "STR004", "1:21", "sql lacks file or query"),
        ("    validate: {rds: {sql: {file: a, query: b c}}}\n", "STR030", "1:27", "sql has both file and query: one of them expected"),
        ("    validate: {rds: {sql: ../a.sql}}\n", "STR006", "1:27", "file '../a.sql' is not a path below the folder of the strategy"),
        ("    validate: {rds: {sql: {query: ''}}}\n", "STR005", "1:35", "query is empty: a query expected"),
        ("    validate: {rds: {sql: {query: x y, rows: -1}}}\n", "STR005", "1:46", "rows -1 is a number: a whole number of 0 or more"),
        ("    validate: {rds: {sql: {query: x y, rows: 1.5}}}\n", "STR005", "1:46", "rows 1.5 is a number: a whole number of 0 or more"),
        ("    validate: {rds: {sql: {query: x y, at_least: .inf}}}\n", "STR005", "1:50", "at_least .inf is a number: a number expected"),
        ("    validate: {rds: {rows: {}}}\n", "STR004", "1:22", "rows is empty: at least one expected"),
        ("    validate: {rds: {rows: {orders: {}}}}\n", "STR004", "1:37", "orders expects nothing"),
        ("    validate: {rds: {rows: {orders: {atleast: 1}}}}\n", "STR003", "1:38", "unknown key 'atleast'"),
        ("    validate: {rds: {rows: {a.b.c: 1}}}\n", "STR006", "1:29", "key 'a.b.c' is not the name of a table"),
        ("    validate: {rds: {checksum: {query: x y}}}\n", "STR004", "1:32", "checksum has a query and no sha256"),
        ("    validate: {rds: {checksum: {table: t, sha256: abc}}}\n", "STR005", "1:51", "sha256 'abc' is not a SHA-256"),
        ("    validate: {s3: {manifest: {within: 2}}}\n", "STR007", "1:40", "within 2 is not a duration"),
        (
            "    validate: {s3: {manifest: {within: 8d}}}\n",
            "STR007",
            "1:40",
            "within '8d' is too long: 11520 minutes, at most 10080 allowed",
        ),
        ("    validate: {s3: {manifest: {differs: passed}}}\n", "STR023", "1:41", "differs 'passed' is not one of failed, unknown"),
        ("    validate: {ec2: {http: ftp://x}}\n", "STR005", "1:28", "url 'ftp://x' is not an address of HTTP"),
        ('    validate: {ec2: {http: "http://{host}/"}}\n', "STR005", "1:28", "url 'http://{host}/' is not an address of HTTP"),
        ("    validate: {ec2: {http: {body: x}}}\n", "STR004", "1:22", "restore_tests.weekly.validate.ec2[0].http lacks the key url"),
        ('    validate: {ec2: {http: {url: "http://x", body: "("}}}\n', "STR005", "1:52", "body '(' is not a regular expression"),
        ('    validate: {ec2: {http: {url: "http://x", status: 42}}}\n', "STR005", "1:54", "status 42 is not a status of HTTP"),
        ("    validate: {ec2: {command: {run: []}}}\n", "STR004", "1:32", "run is empty: at least one expected"),
        ("    validate: {ec2: {command: {run: x, password: a-b}}}\n", "STR006", "1:50", "password 'a-b' is not the name of an environment"),
        (
            "    validate: {s3: checks/a.sql}\n",
            "STR030",
            "1:20",
            "restore test weekly examines s3 by sql, which is for aurora, dynamodb, rds",
        ),
        ("    validate: {ec2: [{rows: {a: 1}}]}\n", "STR030", "1:23", "restore test weekly examines ec2 by rows, which is for aurora, rds"),
        ("    validate: {redshift: manifest}\n", "STR030", "1:26", "restore test weekly examines redshift by manifest"),
        ("    validate: {rds: []}\n", "STR004", "1:16", "rds is empty: at least one expected"),
        ("    validate: {rds: 5}\n", "STR005", "1:21", "rds 5 is a number: keys with values expected"),
        ("    login: {rds: {user: a}}\n", "STR004", "1:18", "rds lacks password or secret"),
        ("    login: {rds: {password: {env: A}, secret: x}}\n", "STR030", "1:18", "rds has both password and secret: one of them"),
        ("    login: {rds: {secret: ledger}}\n", "STR028", "1:27", "secret 'ledger' is not the ARN of a secret in Secrets Manager"),
        ("    login: {rds: {password: {env: A}, tls: yes}}\n", "STR023", "1:44", "tls 'yes' is not one of prefer, require, verify"),
        ("    login: {rds: {password: {env: A}, usr: x}}\n", "STR003", "1:39", "unknown key 'usr' in restore_tests.weekly.login.rds"),
    ],
)
def test_a_mistake_is_found_at_its_place(text, code, place, message):
    """When the strategy is checked, and not when a restored database waits to be examined."""
    found = mistakes(text)
    assert [(each[0], each[1]) for each in found] == [(code, place)], found
    assert found[0][2].startswith(message)


@pytest.mark.parametrize(("word", "meant"), [("sqll", "sql"), ("manifst", "manifest"), ("comand", "command"), ("row", "rows")])
def test_a_validator_that_was_meant_is_named(word, meant):
    """A near miss of a name."""
    ((_, _, _, fix),) = mistakes(f"    validate: {{rds: {word}}}\n")
    assert fix == f"did you mean {meant}?"


@pytest.mark.parametrize("password", ["hunter2", "{env: hunter-2}", "{value: hunter2}", "[hunter2]", "{env: A, other: hunter2}"])
def test_a_password_has_no_place_in_a_strategy(password):
    """It is refused, and the finding doesn't repeat it."""
    found = mistakes(f"    login: {{rds: {{user: auditor, password: {password}}}}}\n")
    assert [(code, place) for code, place, _, _ in found] == [("STR005", "1:44")]
    assert "hunter" not in str(found)


def test_a_login_says_where_the_password_is():
    """By type: an environment variable or a secret, the user, the database and how much TLS is needed."""
    secret = "arn:aws:secretsmanager:eu-west-2:222222222222:secret:ledger-AbCdEf"
    test = declared(
        "    login:\n      rds: {user: auditor, password: {env: LEDGER_PASSWORD}, database: ledger}\n"
        f"      aurora: {{secret: '{secret}', tls: verify, ca: checks/rds.pem}}\n"
    )
    rds, aurora = test.logins
    assert rds == Login(type=ResourceType.RDS, user="auditor", variable="LEDGER_PASSWORD", database="ledger", origin=rds.origin)
    assert (aurora.secret_arn, aurora.tls, aurora.ca, aurora.user) == (secret, Tls.VERIFY, "checks/rds.pem", "")


def test_validators_of_other_packages_are_written_by_their_name(monkeypatch):
    """Those that are installed, alone or with settings that are passed on; they may not take the name of a shipped one."""
    named = [EntryPoint(name, "ledger:validate", examinations.GROUP) for name in ("balances", "sql", "encryption")]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: named if group == examinations.GROUP else [])
    examinations.installed.cache_clear()
    try:
        assert examinations.installed() == {"balances"}
        assert written("[balances, {balances: {currency: EUR, at: 3}, sql: a.sql}]") == [
            *(("balances", {}), ("sql", {"file": "a.sql"})),
            ("balances", {"currency": "EUR", "at": 3}),
        ]
        ((code, _, _, fix),) = mistakes("    validate: {rds: balance}\n")
        assert (code, fix) == ("STR003", "did you mean balances?")
    finally:
        examinations.installed.cache_clear()


def test_a_file_that_is_not_there_is_found(tmp_path):
    """Queries, certificates and commands below the folder of the strategy; what is looked for in PATH is not."""
    (tmp_path / "there.sql").write_text("SELECT true")
    text = (
        "    validate: {rds: [there.sql, checks/ledger.sql, {command: [psql, x/y]}, {command: ./look.sh}],\n"
        "               efs: {manifest: {mount: m/m.sh}},\n"
        '               ec2: {http: {url: "https://x", ca: http.pem}}}\n    login: {rds: {password: {env: A}, ca: rds.pem}}\n'
    )
    (tmp_path / "strategy.yaml").write_text(HEAD + text, encoding="utf-8")
    parsed = strategyfile.load(tmp_path / "strategy.yaml")
    found = strategyfile.absent_files(parsed.strategy, tmp_path)
    assert [each.message.split()[4].rstrip(",") for each in found] == ["rds.pem", "checks/ledger.sql", "./look.sh", "m/m.sh", "http.pem"]
    assert {(each.code, each.subject) for each in found} == {("STR032", "restore_tests.weekly")}
    assert str(found[1].origin).endswith(f"strategy.yaml:{LINES + 1}:33")


def test_what_the_guide_shows_can_be_written():
    """Its strategy is read without a finding, and its short forms too."""
    guide = (Path(__file__).parents[3] / "docs" / "how-to" / "write-a-validator.md").read_text(encoding="utf-8")
    whole, *short = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    strategy = f"{HEAD.partition('restore_tests')[0]}vaults: {{dr: {{in: every-account}}, local: {{in: every-account}}}}\n{whole}"
    assert [(each.message, str(each.origin)) for each in strategyfile.parse(strategy, file="guide.yaml").findings] == []
    for each in short:
        assert declared(f"    {each}").validations
