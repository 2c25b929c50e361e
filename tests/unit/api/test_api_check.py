"""`check` ends with what it knows: unknown is never a pass, and what somebody accepts is not asked again."""

import json

import pytest

from strongroom import checks
from strongroom.api.check import Choice, Scope, check, inventory
from strongroom.cli.formats import junit
from strongroom.domain.finding import Severity
from strongroom.errors import BadInput, ExitCode

PLAN = {
    "BackupPlanName": "nightly",
    "Rules": [
        {
            "RuleName": "night",
            "TargetBackupVaultName": "vault",
            "ScheduleExpression": "cron(0 2 * * ? *)",
            "Lifecycle": {"DeleteAfterDays": 30},
        }
    ],
}
STRATEGY = """strongroom: 1
organization: {home_region: eu-west-2, governs: [Workloads], opt_in: [rds]}
plans:
  production:
    select: {tags: {environment: prod}}
    rules:
      daily: {at: "02:00", start_within: 1h, keep: 30d}
"""
DATABASE = "arn:aws:rds:eu-west-2:111122223333:db:orders,rds,environment=prod"
ACCEPTED = """suppressions:
  - {code: DOC012, subject: "*", reason: seen by hand, owner: backup-team, expires: 2030-01-01}
"""


@pytest.fixture
def plan(tmp_path):
    def write(**changes):
        file = tmp_path / "plan.json"
        file.write_text(json.dumps({"BackupPlan": PLAN | changes}), encoding="utf-8")
        return file

    return write


def test_a_plan_whose_vault_nobody_declares_could_not_be_verified(plan):
    """Lock and key of the vault, and the opt-in, decide; a plan alone says nothing of them."""
    checked = check(plan())
    assert {finding.code for finding in checked.findings} == {finding.code for finding in checked.unknown} == {"DOC012"}
    assert checked.exit_code is ExitCode.COULD_NOT_VERIFY


def test_what_is_unknown_outranks_what_is_wrong(plan):
    """Both are in the findings; the exit code says that there may be more."""
    checked = check(plan(Rules=[PLAN["Rules"][0] | {"ScheduleExpression": "cron(0 25 * * ? *)"}]))
    assert any(finding.severity is Severity.ERROR for finding in checked.findings)
    assert checked.exit_code is ExitCode.COULD_NOT_VERIFY


def test_what_is_ignored_or_accepted_is_not_unknown_any_more(plan, tmp_path):
    """Whoever accepts it has looked; what is wrong counts then."""
    assert check(plan(), choice=Choice(ignore=["DOC012"])).exit_code is ExitCode.PROVEN
    (tmp_path / "accepted.yaml").write_text(ACCEPTED, encoding="utf-8")
    checked = check(plan(), choice=Choice(suppressions=tmp_path / "accepted.yaml"))
    assert (checked.exit_code, checked.unknown) == (ExitCode.PROVEN, ())
    assert {finding.code for finding, _ in checked.suppressed} == {"DOC012"}


def test_fail_on_says_which_findings_fail_and_never_means_none(plan):
    """A threshold is no answer to what is unknown; never asks for a report only."""
    assert check(plan(), choice=Choice(fail_on=Severity.ERROR)).exit_code is ExitCode.COULD_NOT_VERIFY
    assert check(plan(), choice=Choice(fail_on=None)).exit_code is ExitCode.PROVEN


@pytest.mark.parametrize(
    ("columns", "cells", "code"),
    [
        ("", "", ExitCode.COULD_NOT_VERIFY),
        (",maintenance_window", ",tue:10:00-tue:11:00", ExitCode.PROVEN),
        (",maintenance_window", ",mon:02:30-mon:03:00", ExitCode.FINDINGS),
    ],
)
def test_an_inventory_that_says_too_little_is_no_proof(tmp_path, columns, cells, code):
    """A strategy alone claims nothing of resources; with an inventory every question must have been answered."""
    (tmp_path / "strategy.yaml").write_text(STRATEGY, encoding="utf-8")
    (tmp_path / "i.csv").write_text(f"arn,type,tags{columns}\n{DATABASE}{cells}\n", encoding="utf-8")
    assert check(tmp_path).exit_code is ExitCode.PROVEN
    checked = check(tmp_path, scope=Scope(inventory=inventory(str(tmp_path / "i.csv"), home=tmp_path)))
    assert checked.exit_code is code


def test_unknown_remarks_are_skipped_cases_for_a_build_server(plan):
    """JUnit knows failed, skipped and passed; what nobody judged did not pass."""
    checked = check(plan())
    report = junit("check", checked.findings, checked.unknown)
    assert report.count("<skipped ") == len(checked.unknown) == 4
    assert 'failures="0" skipped="4"' in report


def test_every_code_that_says_unknown_is_one_of_its_room():
    """A renamed code would silently become a pass."""
    from strongroom import documents

    assert set(documents.CODES) >= documents.UNKNOWN
    assert set(checks.codes()) >= checks.UNKNOWN


def test_one_list_of_ignored_codes_serves_strategies_and_documents(plan, tmp_path):
    """A code is known whether or not this file has the finding; a mistyped one is refused."""
    (tmp_path / "strategy.yaml").write_text(STRATEGY, encoding="utf-8")
    for file in (plan(), tmp_path):
        assert check(file, choice=Choice(ignore=["DOC012", "STR", "LCK001"])).exit_code is ExitCode.PROVEN
    with pytest.raises(BadInput, match="no check has a code that starts with 'DOC999'"):
        check(tmp_path, choice=Choice(ignore=["DOC999"]))
