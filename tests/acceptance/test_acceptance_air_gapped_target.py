"""Rules that write into an air-gapped vault by the command line: straight, through the standard vault, and what stays outside."""

import boto3
import pytest

from strongroom.twin.state import read_state

SHOP, HOME = "555555555555", "eu-west-2"
TABLE = f"arn:aws:dynamodb:{HOME}:{SHOP}:table/orders"
DATABASE = f"arn:aws:rds:{HOME}:{SHOP}:db:catalogue"
ORGANIZATION = """twin: 1
home_region: eu-west-2
regions: [eu-west-2]
organization:
  management: {name: management, id: "111111111111"}
  units:
    Security: {accounts: {backup-admin: "222222222222", central-backup: "333333333333", log-archive: "444444444444"}}
    Workloads: {accounts: {shop: "555555555555"}}
users:
  - {name: admin, account: management, access_key: AKIATWINMANAGEMENT01, secret: local-management}
roles:
  - {name: strongroom-read, accounts: all, trusts: [management, backup-admin]}
  - {name: strongroom-deploy, accounts: all, trusts: [management, backup-admin]}
keys:
  - {name: data, accounts: [shop], regions: [eu-west-2], shared_with: [central-backup]}
resources:
  - {type: dynamodb, name: orders, account: shop, items: 20, tags: {environment: prod}}
  - {type: s3, name: gapped-shop-images, account: shop, items: 5, tags: {environment: prod}}
  - {type: s3, name: gapped-shop-log, account: shop, items: 5, tags: {environment: log}}
  - {type: ebs, name: web, account: shop, key: data, tags: {environment: prod}}
  - {type: rds, name: catalogue, account: shop, key: data, tags: {environment: none}}
"""
STRATEGY = """strongroom: 1
name: gapped
organization:
  home_region: eu-west-2
  regions: [eu-west-2]
  accounts: {management: "111111111111", backup_admin: "222222222222", central: "333333333333", log_archive: "444444444444"}
  governs: [Workloads]
  opt_in: [dynamodb, s3, ebs, rds]
vaults:
  local: {in: every-account}
  island: {type: air-gapped, in: every-account, lock: {min: 7d, max: 1y}}
  central: {in: central}
plans:
  production:
    select: {tags: {environment: prod}}
    rules:
      daily: {at: "05:00", start_within: 1h, keep: 30d, vault: island, through: local, copy: central}
  log:
    select: {tags: {environment: log}, types: [s3]}
    rules:
      log: {at: "06:00", start_within: 1h, keep: 35d, continuous: true, vault: island}
objectives:
  - {select: {tags: {environment: prod}, types: [dynamodb, s3, ebs]}, rpo: 27h, survives: [deletion]}
  - {select: {tags: {environment: log}}, rpo: 1h, survives: [deletion]}
restore_tests:
  daily: {at: "10:00", select: {tags: {environment: prod}, types: [dynamodb, ebs]}, from: [island]}
"""


@pytest.fixture(scope="module")
def shell(shell_in, exported_by, tmp_path_factory):
    """The strategy, applied on a twin of its own that ran for three days."""
    folder = tmp_path_factory.mktemp("gapped")
    (folder / "organization.yaml").write_text(ORGANIZATION, encoding="utf-8")
    (folder / "strategy.yaml").write_text(STRATEGY, encoding="utf-8")
    made = shell_in(folder)
    made.strongroom("twin", "up", "--seed", "organization.yaml", "--port", "0")
    try:
        made.variables = {**made.variables, **exported_by(made.strongroom("twin", "env").out)}
        made.strongroom("apply", "--yes", "--accept-lock", "island")
        made.strongroom("twin", "clock", "advance", "3d")
        made.strongroom("sync")
        yield made
    finally:
        made.strongroom("twin", "down")


@pytest.fixture(scope="module")
def points(shell):
    """The recovery points by vault: type, status and number."""
    query = "SELECT vault_name, resource_type, status, count(*) AS points FROM recovery_points GROUP BY ALL ORDER BY ALL"
    found = {}
    for row in shell.strongroom("ledger", "query", query, "--format", "json").json["rows"]:
        found.setdefault(row["vault_name"], []).append((row["resource_type"], row["status"], row["points"]))
    return found


@pytest.fixture(scope="module")
def disk(shell):
    """The ARN of the only volume."""
    (row,) = shell.strongroom("ledger", "query", "SELECT arn FROM resources WHERE type = 'EBS'", "--format", "json").json["rows"]
    return row["arn"]


def in_shop(shell, service):
    """A client in the shop's account."""
    endpoint = read_state(shell.folder / "home")
    place = {"region_name": HOME, "endpoint_url": endpoint.url}
    sts = boto3.client("sts", **place, aws_access_key_id=endpoint.access_key, aws_secret_access_key=endpoint.secret)
    given = sts.assume_role(RoleArn=f"arn:aws:iam::{SHOP}:role/strongroom-read", RoleSessionName="test")["Credentials"]
    keys = {"aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"]}
    return boto3.client(service, **place, **keys, aws_session_token=given["SessionToken"])


def chains(shell, arn, code=0):
    found = shell.strongroom("prove", arn, "--format", "json", code=code).json["chains"]
    return {each["destination_label"]: {link["name"]: link for link in each["links"]} for each in found}


def test_recovery_points_are_in_the_air_gapped_vault_and_nothing_stays_in_the_other(points):
    """Tables and buckets straight, disks through the standard vault; buckets with a log have one that goes on."""
    made = [("DynamoDB", "COMPLETED", 3), ("EBS", "COMPLETED", 3), ("S3", "AVAILABLE", 1), ("S3", "COMPLETED", 3)]
    assert points == {"gapped-central": [each for each in made if each[1] == "COMPLETED"], "gapped-island": made}


def test_everything_is_proven_and_nothing_is_left_to_deploy(shell):
    """No chain is broken or unknown, objectives that survive deletion included."""
    found = shell.strongroom("verify", "--format", "json").json
    assert (found["faults"], found["unread"]) == ([], [])
    assert (found["chains"]["broken"], found["chains"]["unknown"]) == (0, 0)
    again = shell.strongroom("apply", "--yes", "--format", "json").json
    assert (again["steps"], again["undeployed"]) == ([], [])


@pytest.mark.parametrize("kind", ["table", "bucket", "disk"])
def test_the_chain_ends_in_the_air_gapped_vault(shell, disk, kind):
    """Whatever way the recovery points went there: sealed by the vault itself, and restored out of it where that is tested."""
    found = chains(shell, {"table": TABLE, "bucket": "arn:aws:s3:::gapped-shop-log", "disk": disk}[kind])
    assert "local" not in found
    links = found["island"]
    tested = {"restored": "not_required"} if kind == "bucket" else {}
    assert {each: links[each]["state"] for each in links} == dict.fromkeys(links, "proven") | tested
    assert any("key that AWS owns" in each for each in links["sealed"]["evidence"])


def test_a_restore_takes_the_recovery_point_of_the_air_gapped_vault(shell):
    """It is where the resource is; the copy in the other account would have to come back first."""
    assert "gapped-island" in shell.strongroom("restore", TABLE, "--assume", "strongroom-deploy", "--dry-run").out


def test_survive_counts_the_air_gapped_vault(shell):
    """No administrator alone can delete what is there, and its key is AWS's own: nothing about it is unknown."""
    said = shell.strongroom("survive", code=1).out
    assert "lost: 4 resources when Region eu-west-2 is lost" in said
    assert ("administrator" in said, "unknown AWS does not tell" in said) == (False, False)


def test_what_the_air_gapped_vault_does_not_take_is_one_finding(shell):
    """A database is tagged for the plan: its jobs are green, its recovery points stay in the standard vault, and only that is told."""
    in_shop(shell, "rds").add_tags_to_resource(ResourceName=DATABASE, Tags=[{"Key": "environment", "Value": "prod"}])
    shell.strongroom("twin", "clock", "advance", "2d")
    shell.strongroom("sync")
    (fault,) = shell.strongroom("verify", "--format", "json", code=1).json["faults"]
    assert (fault["code"], fault["arns"], fault["failure_mode"]) == ("VRF154", [DATABASE], "FM28")
    assert fault["cause"].startswith("recovery points of RDS stay in vault gapped-local instead of the air-gapped vault: Backup job")
    found = chains(shell, DATABASE, code=1)
    assert {name: links["backed_up"]["state"] for name, links in found.items()} == dict.fromkeys(("local", "island", "central"), "proven")
    assert (found["island"]["copied"]["state"], found["island"]["copied"]["code"]) == ("broken", "VRF154")
    assert found["local"]["restorable"]["state"] == "proven"
