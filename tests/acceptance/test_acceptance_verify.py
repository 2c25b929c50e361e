"""sync, verify, prove and coverage by the command line; what the AWS CLI sees of the same backups."""

import json
from xml.etree import ElementTree as ET

import pytest
from tests.acceptance.conftest import ACQUIRED

from strongroom.twin import client as control

HEALTHY = "arn:aws:dynamodb:eu-west-2:555555555555:table/orders"
DENIED = "888888888888"


@pytest.fixture(scope="module")
def verified(deployed):
    """The answer of `verify` in JSON."""
    return deployed.shell.strongroom("verify", "--format", "json", code=1).json


def test_sync_reads_every_account(deployed):
    """The first sync read all accounts without a gap."""
    assert "12 accounts, 65 resources" in deployed.answers["sync"].out
    assert "unread" not in deployed.answers["sync"].out


def test_verify_names_the_planted_faults(verified):
    """Exit code 1, the three planted faults, nothing unknown."""
    assert [fault["failure_mode"] for fault in verified["faults"]] == ["FM09", "FM10", "FM01"]
    assert all(fault["cause"] and fault["fix"] for fault in verified["faults"])
    assert verified["chains"]["unknown"] == 0
    assert verified["unread"] == []


def test_verify_tells_the_same_in_every_format(deployed, verified):
    """Text, SARIF and JUnit name the codes of the JSON and exit with 1."""
    codes = [fault["code"] for fault in verified["faults"]]
    text = deployed.shell.strongroom("verify", code=1).out
    assert all(f"error[{code}]" in text for code in codes)
    assert f"{verified['chains']['broken']} broken, 0 unknown" in text
    sarif = json.loads(deployed.shell.strongroom("verify", "--format", "sarif", code=1).out)
    assert [result["ruleId"] for result in sarif["runs"][0]["results"]] == codes
    suite = ET.fromstring(deployed.shell.strongroom("verify", "--format", "junit", code=1).out)  # noqa: S314 - our own output
    assert [case.get("classname") for case in suite.iter("testcase")] == codes


def test_prove_a_healthy_resource(deployed):
    """Each link that this release judges is proven for every destination: exit code 0."""
    proven = deployed.shell.strongroom("prove", HEALTHY, "--format", "json").json["chains"]
    assert [chain["destination_label"] for chain in proven] == ["local", "central", "dr"]
    assert {chain["state"] for chain in proven} == {"proven"}
    assert "proven" in deployed.shell.strongroom("prove", HEALTHY).out


def test_prove_a_broken_resource(deployed, verified):
    """A volume whose copies fail is proven locally and broken in both central vaults, with AWS's words: exit code 1."""
    volume = next(fault["arns"][0] for fault in verified["faults"] if fault["failure_mode"] == "FM01")
    chains = deployed.shell.strongroom("prove", volume, "--format", "json", code=1).json["chains"]
    assert [(chain["destination_label"], chain["state"]) for chain in chains] == [
        ("local", "proven"),
        ("central", "broken"),
        ("dr", "broken"),
    ]
    text = deployed.shell.strongroom("prove", volume, code=1).out
    assert "Snapshots encrypted with the AWS managed key can't be shared" in text
    assert "(FM01)" in text


def test_prove_a_resource_that_misses_its_plan(deployed, verified):
    """A table with a typo in its tag is broken, not forgotten: exit code 1."""
    table = next(fault["arns"][0] for fault in verified["faults"] if fault["failure_mode"] == "FM10")
    assert "environment: prd" in deployed.shell.strongroom("prove", table, code=1).out


def test_prove_an_unknown_resource_is_bad_input(deployed):
    """An ARN that nobody has seen exits with 2."""
    assert "no resource" in deployed.shell.strongroom("prove", "arn:aws:s3:::nobody-has-this-bucket", code=2).err


def test_coverage_needs_no_strategy(deployed, tmp_path):
    """In an empty folder, `sync --region` and `coverage` say what is backed up and what is not."""
    shell = deployed.shell.at_home(tmp_path / "home")
    shell.folder = tmp_path
    shell.strongroom("sync", "--region", "eu-west-2", "--region", "eu-west-1")
    covered = shell.strongroom("coverage", "--format", "json").json
    assert covered["resources"] == 65
    uncovered = {row["arn"] for row in covered["uncovered"]}
    assert "arn:aws:dynamodb:eu-west-2:666666666666:table/refunds" in uncovered
    assert "arn:aws:rds:eu-west-2:777777777777:cluster:ledger-cluster" in uncovered
    assert "have a recovery point" in shell.strongroom("coverage").out


def test_an_account_that_cannot_be_read_is_unknown_not_proven(deployed, tmp_path):
    """A denied read role: sync exits with 3 and names the account; verify exits with 3 and counts broken and unknown apart."""
    shell = deployed.shell.at_home(tmp_path)
    control.add_fault(deployed.endpoint, "deny-assume-role", account=DENIED)
    try:
        synced = shell.strongroom("sync", code=3)
        as_json = shell.strongroom("sync", "--format", "json", code=3).json
    finally:
        control.clear_faults(deployed.endpoint)
    unread = [line for line in synced.out.splitlines() if line.startswith("unread")]
    assert unread
    assert all(f"account {DENIED}" in line for line in unread)
    assert {each["account_id"] for each in as_json["unread"]} == {DENIED}
    found = shell.strongroom("verify", "--format", "json", code=3).json
    assert {fault["failure_mode"] for fault in found["faults"] if fault["state"] == "broken"} == {"FM01", "FM09", "FM10"}
    unknown = [fault for fault in found["faults"] if fault["state"] == "unknown"]
    assert [fault["subject"] for fault in unknown] == [f"account {DENIED}"]
    assert found["chains"]["broken"] == 5
    text = shell.strongroom("verify", code=3).out
    assert f"5 broken, {found['chains']['unknown']} unknown" in text
    assert shell.strongroom("coverage", code=3).out.count(f"unread account {DENIED}") == 1


def test_what_was_never_seen_of_an_unread_account_is_not_counted_as_proven(deployed, tmp_path):
    """The resources of an account that could never be read are in no chain, so the exit code says it: 3, never 0."""
    shell = deployed.shell.at_home(tmp_path)
    control.add_fault(deployed.endpoint, "deny-assume-role", account=DENIED)
    try:
        shell.strongroom("sync", code=3)
    finally:
        control.clear_faults(deployed.endpoint)
    unread = shell.strongroom("verify", "--format", "json", code=3).json["unread"]
    assert {each["account_id"] for each in unread} == {DENIED}
    assert "could not be read" in shell.strongroom("prove", f"arn:aws:dynamodb:eu-west-1:{DENIED}:table/stock-staging", code=3).err


@pytest.mark.parametrize(
    ("arguments", "least"),
    [
        (("list-backup-plans", "--query", "BackupPlansList[].BackupPlanName"), 3),
        (("list-backup-jobs", "--by-state", "COMPLETED", "--query", "BackupJobs[].ResourceArn"), 30),
        (("list-copy-jobs", "--query", "CopyJobs[].State"), 60),
        (
            (
                "list-recovery-points-by-backup-vault",
                "--backup-vault-name",
                "three-tiers-local",
                "--query",
                "RecoveryPoints[].RecoveryPointArn",
            ),
            30,
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_the_aws_cli_lists_what_ran(deployed, arguments, least):
    """The AWS CLI sees plans, jobs and recovery points of a workload account through AWS_ENDPOINT_URL."""
    developer = {"AWS_ACCESS_KEY_ID": "AKIATWINPAYMENTS0001", "AWS_SECRET_ACCESS_KEY": "local-payments"}
    answer = deployed.shell.run("aws", "backup", *arguments, "--output", "json", **developer)
    assert answer.code == 0, answer.err
    assert len(json.loads(answer.out)) >= least


def test_an_account_moved_into_a_governed_ou_is_enrolled_without_another_apply(deployed, tmp_path):
    """An account that joins gets vault, key and role; its tagged table is backed up the next night; nobody applies anything."""
    organizations = deployed.role_client("organizations", "111111111111", "us-east-1")
    root = organizations.list_roots()["Roots"][0]["Id"]
    units = {unit["Name"]: unit["Id"] for unit in organizations.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"]}
    below = organizations.list_organizational_units_for_parent(ParentId=units["Workloads"])["OrganizationalUnits"]
    prod = next(unit["Id"] for unit in below if unit["Name"] == "Prod")
    organizations.move_account(AccountId=ACQUIRED, SourceParentId=units["Security"], DestinationParentId=prod)
    deployed.shell.strongroom("twin", "clock", "advance", "3d")
    for region in ("eu-west-2", "eu-west-1"):
        vault = deployed.role_client("backup", ACQUIRED, region).describe_backup_vault(BackupVaultName="three-tiers-local")
        key = deployed.role_client("kms", ACQUIRED, region).describe_key(KeyId=vault["EncryptionKeyArn"])["KeyMetadata"]
        assert (key["KeyManager"], key["KeyState"]) == ("CUSTOMER", "Enabled")
    shell = deployed.shell.at_home(tmp_path)
    shell.strongroom("sync")
    chains = shell.strongroom("prove", f"arn:aws:dynamodb:eu-west-2:{ACQUIRED}:table/takings", "--format", "json").json["chains"]
    assert [(chain["destination_label"], chain["state"]) for chain in chains] == [
        ("local", "proven"),
        ("central", "proven"),
        ("dr", "proven"),
    ]
    assert {fault["failure_mode"] for fault in shell.strongroom("verify", "--format", "json", code=1).json["faults"]} == {
        "FM01",
        "FM09",
        "FM10",
    }


def test_verify_with_a_baseline_shows_only_what_changed(deployed, tmp_path):
    """Nothing since the same snapshot; what the file leaves out is new, what it has more is mended."""
    file = tmp_path / "before.json"
    file.write_text(deployed.shell.strongroom("verify", "--format", "json", code=1).out, encoding="utf-8")
    assert "0 new, 0 changed, 0 gone" in deployed.shell.strongroom("verify", "--baseline", file).out
    document = json.loads(file.read_text(encoding="utf-8"))
    missing, *others = document["faults"]
    other = {**missing, "code": "VRF999", "cause": "something else"}
    file.write_text(json.dumps(document | {"faults": [*others, other]}), encoding="utf-8")
    found = deployed.shell.strongroom("verify", "--baseline", file, code=1).out
    assert missing["cause"] in found
    assert "mended VRF999" in found
    assert "1 new, 0 changed, 1 gone" in found
    file.write_text("{}", encoding="utf-8")
    assert "is not what verify wrote" in deployed.shell.strongroom("verify", "--baseline", file, code=2).err


def test_verify_prove_and_coverage_look_at_an_older_snapshot_where_one_is_named(deployed):
    """By id; before the first one there is nothing to look at."""
    (newest, *_) = deployed.shell.strongroom("ledger", "list", "--format", "json").json["snapshots"][::-1]
    for verb in (("verify",), ("coverage",)):
        named = deployed.shell.run("strongroom", *verb, "--as-of", newest["id"])
        assert named.out == deployed.shell.run("strongroom", *verb).out
    assert "no snapshot of 2000-01-01" in deployed.shell.strongroom("verify", "--as-of", "2000-01-01T00:00:00Z", code=3).err
