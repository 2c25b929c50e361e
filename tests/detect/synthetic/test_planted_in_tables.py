"""Plant one failure mode in a healthy ledger: `verify` names it, with cause and fix, and nothing else."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from strongroom import proof
from strongroom.domain.origin import BuiltIn
from strongroom.domain.strategy import Objective, RetentionOwed

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("seed", range(4))
def test_a_healthy_organization_has_no_findings(builder, tmp_path, seed):
    """Whatever names, tags and accounts are: nothing is broken, nothing unknown, every chain proven."""
    world = builder(seed, 40).build()
    found = proof.verify(world.estate, world.write(tmp_path))
    assert [finding.message for finding in found.findings] == []
    assert (found.broken, found.unknown, int(found.exit_code)) == (0, 0, 0)
    assert found.proven == found.chains.num_rows > 30


def verified(world, tmp_path, *earlier):
    return proof.verify(world.estate, world.write(tmp_path), earlier)


def only(found):
    """The one fault there is."""
    assert [(fault.finding.code, fault.finding.message) for fault in found.faults][1:] == []
    assert found.faults, "no error found, the checker is broken"
    finding = found.faults[0].finding
    assert finding.help
    assert finding.why
    return found.faults[0]


def broken_links(found):
    return {str(link) for link, states in found.links.items() if states.get(proof.LinkState.BROKEN)}


def slot_of(rows, days):
    """The creation date nearest to some days ago."""
    return min((row["created_at"] for row in rows), key=lambda at: abs(at - (NOW - timedelta(days=days))))


def test_a_tag_typo_is_named(builder, tmp_path):
    """FM10: a resource with an almost right tag is found although no plan selects it."""
    made = builder()
    world = made.build()
    typo = made.add_resource(world.workloads[0], "eu-west-2", "EBS", "0typo", {world.key: world.values[0].upper()})
    fault = only(verified(world, tmp_path))
    assert (fault.finding.code, fault.finding.failure_mode, fault.arns) == ("VRF010", "FM10", (typo["arn"],))
    assert f"{world.key}: {world.values[0]}" in fault.finding.message


def test_a_volume_on_the_aws_managed_key_is_one_fault(builder, tmp_path):
    """FM01: backups are green, copies to the other account fail every night, to both destinations, for one reason."""
    made = builder()
    world = made.build()
    volume = made.add_resource(world.workloads[0], "eu-west-2", "EBS", "0managed", {world.key: world.values[0]}, key_manager="AWS")
    made.protect(volume, 0, copies=False)
    message = "Snapshots encrypted with the AWS managed key can't be shared. Specify another snapshot."
    for job in world.rows("backup_jobs", resource_arn=volume["arn"]):
        one = {name: job[name] for name in ("plan_id", "rule_id", "created_at")}
        local = made.vault_arn(volume["account_id"], "eu-west-2", "three-tiers-local")
        made.copy_job(
            volume, local, made.vault_arn(world.central, "eu-west-2", "three-tiers-central"), one, state="FAILED", message=message
        )
        made.copy_job(volume, local, made.vault_arn(world.central, "eu-west-1", "three-tiers-dr"), one, state="FAILED", message=message)
    found = verified(world, tmp_path)
    fault = only(found)
    assert (fault.finding.code, fault.finding.failure_mode, fault.arns) == ("VRF026", "FM01", (volume["arn"],))
    assert message in fault.finding.message
    assert (found.broken, fault.chains) == (2, 2)


def test_a_type_that_is_not_opted_in_is_named(builder, tmp_path):
    """FM09: an Aurora cluster with the right tag is never backed up, and nobody says so."""
    made = builder()
    world = made.build()
    cluster = made.add_resource(world.workloads[1], "eu-west-1", "Aurora", "orders", {world.key: world.values[0]})
    found = verified(world, tmp_path)
    fault = only(found)
    assert (fault.finding.code, fault.finding.failure_mode, fault.arns) == ("VRF014", "FM09", (cluster["arn"],))
    assert "Aurora is not opted in" in fault.finding.message


def test_a_missing_local_vault_is_named(builder, tmp_path):
    """FM07: without its vault every backup of that account and Region fails."""
    made = builder()
    world = made.build()
    place = world.resource()
    world.drop("vaults", account_id=place["account_id"], region=place["region"])
    for point in world.rows("recovery_points", account_id=place["account_id"], region=place["region"]):
        world.tables["recovery_points"].remove(point)
    fault = only(verified(world, tmp_path))
    assert (fault.finding.code, fault.finding.failure_mode) == ("VRF022", "FM07")
    assert "three-tiers-local does not exist" in fault.finding.message


def test_a_missing_central_vault_is_named(builder, tmp_path):
    """FM07: without the destination no copy arrives, whatever the backups do."""
    world = builder().build()
    world.drop("vaults", account_id=world.central, region="eu-west-1")
    world.drop("recovery_points", account_id=world.central, region="eu-west-1")
    found = verified(world, tmp_path)
    fault = only(found)
    assert (fault.finding.code, fault.link) == ("VRF022", proof.LinkName.EQUIPPED)
    assert broken_links(found) == {"equipped", "copied", "sealed", "kept", "restorable"}


def test_a_missing_role_is_named(builder, tmp_path):
    """FM07: the role of one account was deleted after the last night."""
    world = builder().build()
    world.rows("roles", account_id=world.resource()["account_id"])[0].update(exists=False, trust_policy=None)
    found = verified(world, tmp_path)
    fault = only(found)
    assert (fault.finding.code, fault.finding.failure_mode) == ("VRF020", "FM07")
    assert broken_links(found) == {"equipped"}


def test_a_role_that_backup_can_not_assume_is_named(builder, tmp_path):
    """FM07: a trust policy for another service."""
    world = builder().build()
    trust = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
    world.rows("roles", account_id=world.resource()["account_id"])[0].update(trust_policy=trust)
    assert only(verified(world, tmp_path)).finding.code == "VRF021"


@pytest.mark.parametrize("state", ["Disabled", "PendingDeletion", "NotFound"])
def test_an_unusable_key_is_named(builder, tmp_path, state):
    """FM05: the key of the central vault is disabled, although everything was copied so far."""
    world = builder().build()
    world.rows("keys", account_id=world.central, region="eu-west-2")[0].update(state=state)
    fault = only(verified(world, tmp_path))
    assert (fault.finding.code, fault.finding.failure_mode) == ("VRF023", "FM05")
    assert state in fault.finding.message


def test_a_plan_missing_in_one_account_is_named(builder, tmp_path):
    """FM07: the effective policy is right, AWS Backup made no plan of it in one Region."""
    world = builder().build()
    place = world.resource()
    world.drop("backup_plans", account_id=place["account_id"], region=place["region"], name="production")
    fault = only(verified(world, tmp_path))
    assert (fault.finding.code, fault.finding.failure_mode) == ("VRF013", "FM07")
    assert "production" in fault.finding.message


def test_a_detached_policy_is_named(builder, tmp_path):
    """FM35: no backup policy reaches an account any more."""
    world = builder().build()
    account = world.resource()["account_id"]
    world.rows("effective_policies", account_id=account)[0].update(content="")
    world.drop("backup_plans", account_id=account)
    world.drop("backup_rules", account_id=account)
    found = verified(world, tmp_path)
    assert {(fault.finding.code, fault.finding.failure_mode) for fault in found.faults} == {("VRF011", "FM35")}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"delete_after_days": "30"', '"delete_after_days": "20"', "keeps 20 days instead of 30 days"),
        ("cron(0 2 * * ? *)", "cron(0 7 * * ? *)", "runs at cron(0 7 * * ? *) instead of cron(0 2 * * ? *)"),
        ('"delete_after_days": "2557"', '"delete_after_days": "365"', "365 days instead of 2557 days"),
    ],
)
def test_an_edited_policy_is_named(builder, tmp_path, old, new, said):
    """FM35: somebody changed the policy in the organization."""
    world = builder().build()
    row = world.rows("effective_policies", account_id=world.resource()["account_id"])[0]
    assert old in row["content"]
    row["content"] = row["content"].replace(old, new)
    fault = only(verified(world, tmp_path))
    assert (fault.finding.code, fault.finding.failure_mode) == ("VRF012", "FM35")
    assert said in fault.finding.message


def test_an_edited_selection_is_named(builder, tmp_path):
    """FM35: the policy selects another tag value than the strategy."""
    world = builder().build()
    row = world.rows("effective_policies", account_id=world.resource()["account_id"])[0]
    row["content"] = row["content"].replace(json.dumps([world.values[0]]), json.dumps(["other"]))
    fault = only(verified(world, tmp_path))
    assert (fault.finding.code, "selects other resources" in fault.finding.message) == ("VRF012", True)


def plant_missing_run(world, resource, days):
    """Take one night away from a resource, everywhere; return its creation date."""
    at = slot_of(world.rows("recovery_points", resource_arn=resource["arn"], vault_name="three-tiers-local"), days)
    world.drop("recovery_points", resource_arn=resource["arn"], created_at=at)
    world.drop("backup_jobs", resource_arn=resource["arn"], created_at=at)
    world.drop("copy_jobs", resource_arn=resource["arn"], created_at=at + timedelta(minutes=25))
    return at


def test_one_missing_run_is_named(builder, tmp_path):
    """FM20: a run that never came leaves no trace but a hole; the copies are not to blame."""
    world = builder().build()
    resource = world.resource()
    at = plant_missing_run(world, resource, 10)
    found = verified(world, tmp_path)
    fault = only(found)
    assert (fault.finding.code, fault.finding.failure_mode, fault.arns) == ("VRF032", "FM20", (resource["arn"],))
    assert f"{at:%Y-%m-%d} 02:00 UTC" in fault.finding.message
    assert broken_links(found) == {"backed_up"}


def test_a_doubled_recovery_point_does_not_hide_a_missing_one(builder, tmp_path):
    """The number of recovery points alone proves nothing."""
    world = builder().build()
    resource = world.resource()
    plant_missing_run(world, resource, 10)
    rows = world.rows("recovery_points", resource_arn=resource["arn"], vault_name="three-tiers-local")
    world.tables["recovery_points"].append(
        rows[3] | {"arn": rows[3]["arn"] + "2", "created_at": rows[3]["created_at"] + timedelta(minutes=1)}
    )
    assert only(verified(world, tmp_path)).finding.code == "VRF032"


def test_a_failed_job_is_named_with_its_message(builder, tmp_path):
    """A job that failed says why; the finding repeats AWS's words and classifies them."""
    made = builder()
    world = made.build()
    resource = world.resource(kind="RDS")
    at = plant_missing_run(world, resource, 5)
    local = world.rows("recovery_points", resource_arn=resource["arn"], vault_name="three-tiers-local")[0]
    message = "Backup job expired before completion."
    made.job(
        resource,
        made.vault_arn(resource["account_id"], resource["region"], "three-tiers-local"),
        {"plan_id": local["plan_id"], "rule_id": local["rule_id"], "created_at": at},
        state="EXPIRED",
        message=message,
    )
    fault = only(verified(world, tmp_path))
    assert (fault.finding.code, fault.finding.failure_mode) == ("VRF031", "FM19")
    assert message in fault.finding.message


def test_one_failed_copy_is_named(builder, tmp_path):
    """FM21: the backup is there, its copy is not, and the copy job says why."""
    world = builder().build()
    resource = world.resource()
    copies = world.rows("recovery_points", resource_arn=resource["arn"], vault_name="three-tiers-dr")
    at = slot_of(copies, 6)
    assert world.drop("recovery_points", resource_arn=resource["arn"], vault_name="three-tiers-dr", created_at=at) == 1
    jobs = world.rows("copy_jobs", resource_arn=resource["arn"], created_at=at + timedelta(minutes=25))
    next(job for job in jobs if job["destination_vault_arn"].endswith("dr")).update(state="FAILED", message="An internal error occurred.")
    found = verified(world, tmp_path)
    fault = only(found)
    assert (fault.finding.code, fault.finding.failure_mode, fault.chains) == ("VRF040", "FM21", 1)
    assert broken_links(found) == {"copied"}


def test_a_missing_copy_without_a_job_is_named(builder, tmp_path):
    """FM21: nobody says why, but the copy isn't there."""
    world = builder().build()
    resource = world.resource()
    at = slot_of(world.rows("recovery_points", resource_arn=resource["arn"], vault_name="three-tiers-dr"), 6)
    world.drop("recovery_points", resource_arn=resource["arn"], vault_name="three-tiers-dr", created_at=at)
    assert only(verified(world, tmp_path)).finding.code == "VRF041"


def test_a_lost_copy_of_long_ago_is_lost_history(builder, tmp_path):
    """The copy was the last that was left of that night: the history the strategy demands has a hole."""
    world = builder().build()
    resource = world.resource()
    at = slot_of(world.rows("recovery_points", resource_arn=resource["arn"], vault_name="three-tiers-dr"), 60)
    world.drop("recovery_points", resource_arn=resource["arn"], vault_name="three-tiers-dr", created_at=at)
    found = verified(world, tmp_path)
    assert only(found).finding.code == "VRF051"
    assert broken_links(found) == {"kept"}


def test_a_deleted_recovery_point_is_lost_history(builder, tmp_path):
    """The job succeeded and the recovery point is gone before its time."""
    world = builder().build()
    resource = world.resource()
    at = slot_of(world.rows("recovery_points", resource_arn=resource["arn"], vault_name="three-tiers-local"), 12)
    world.drop("recovery_points", resource_arn=resource["arn"], vault_name="three-tiers-local", created_at=at)
    found = verified(world, tmp_path)
    assert only(found).finding.code == "VRF051"
    assert broken_links(found) == {"kept"}


def test_a_wrong_retention_of_copies_is_named(builder, tmp_path):
    """FM13: copies inherit the source's expiry instead of being kept for years."""
    world = builder().build()
    for row in world.rows("recovery_points", vault_name="three-tiers-central"):
        if row["delete_after_days"] == 2557:
            row.update(delete_after_days=400, delete_at=row["created_at"] + timedelta(days=400))
    found = verified(world, tmp_path)
    fault = only(found)
    assert (fault.finding.code, "400 days instead of 2557 days" in fault.finding.message) == ("VRF050", True)
    assert broken_links(found) == {"kept"}


def test_cross_account_backup_off_is_named(builder, tmp_path):
    """FM23: the switch of the organization is off since today."""
    world = builder().build()
    world.rows("settings", kind="global")[0].update(value="false")
    fault = only(verified(world, tmp_path))
    assert (fault.finding.code, fault.finding.failure_mode) == ("VRF024", "FM23")


def test_a_closed_destination_vault_is_named(builder, tmp_path):
    """The access policy of the destination no longer lets copies in."""
    world = builder().build()
    world.rows("vaults", name="three-tiers-dr")[0].update(access_policy=None)
    assert only(verified(world, tmp_path)).finding.code == "VRF025"


def test_a_lock_that_refuses_the_retention_is_named(builder, tmp_path):
    """FM03: the lock of the destination demands more than the rule keeps."""
    world = builder().build()
    world.rows("vaults", name="three-tiers-dr")[0].update(locked=True, min_retention_days=1, max_retention_days=365)
    fault = only(verified(world, tmp_path))
    assert (fault.finding.code, fault.finding.failure_mode) == ("VRF027", "FM03")


def test_expired_recovery_points_are_named(builder, tmp_path):
    """FM27: recovery points past their retention that are still there."""
    world = builder().build()
    point = world.rows("recovery_points", vault_name="three-tiers-local")[0]
    old = NOW - timedelta(days=50)
    world.tables["recovery_points"].append(
        point | {"arn": point["arn"] + "old", "status": "EXPIRED", "created_at": old, "delete_at": old + timedelta(days=30)}
    )
    found = verified(world, tmp_path)
    assert (only(found).finding.code, int(found.exit_code), found.broken) == ("VRF060", 1, 0)


def unread(world, account, *, region=None):
    """Make an account (or one of its Regions) unreadable, as `sync` would leave it."""
    for row in world.rows("reads", account_id=account):
        if region in (None, row["region"]):
            row.update(read=False, code="AccessDenied", reason="not authorized to assume strongroom-read")
    for table in ("resources", "vaults", "keys", "backup_plans", "backup_rules", "recovery_points", "backup_jobs", "copy_jobs"):
        world.tables[table] = [
            row for row in world.tables[table] if row["account_id"] != account or (region is not None and row["region"] != region)
        ]
    if region is None:
        world.drop("roles", account_id=account)


def test_an_unread_account_is_unknown_not_broken(builder, tmp_path):
    """What could not be read is neither proven nor broken, and outranks both in the exit code."""
    world = builder().build()
    account = world.resource()["account_id"]
    unread(world, account)
    found = verified(world, tmp_path)
    fault = only(found)
    assert (fault.finding.code, fault.state, fault.finding.subject) == ("VRF001", proof.LinkState.UNKNOWN, f"account {account}")
    assert (int(found.exit_code), found.broken) == (3, 0)


def test_an_unread_region_is_unknown_not_broken(builder, tmp_path):
    """One Region of one account is missing; the other one is still judged."""
    world = builder().build()
    account = world.resource()["account_id"]
    unread(world, account, region="eu-west-1")
    found = verified(world, tmp_path)
    assert "eu-west-1" in only(found).finding.message
    assert "eu-west-2" not in only(found).finding.message
    assert int(found.exit_code) == 3


def test_an_unread_central_account_makes_copies_unknown(builder, tmp_path):
    """The copies may be there: nobody looked."""
    world = builder().build()
    unread(world, world.central)
    found = verified(world, tmp_path)
    assert only(found).finding.code == "VRF001"
    assert found.broken == 0
    assert found.links[proof.LinkName.COPIED][proof.LinkState.UNKNOWN] > 0
    assert found.links[proof.LinkName.BACKED_UP] == {proof.LinkState.PROVEN: found.chains.num_rows}


def test_a_missing_reads_row_is_unread(builder, tmp_path):
    """What was never asked for is not known either."""
    world = builder().build()
    account = world.resource()["account_id"]
    assert world.drop("reads", account_id=account, region="eu-west-2", subject="recovery_points") == 1
    found = verified(world, tmp_path)
    assert (only(found).finding.code, int(found.exit_code)) == ("VRF001", 3)


def test_broken_and_unknown_are_counted_apart(builder, tmp_path):
    """An unread account does not hide a fault elsewhere."""
    world = builder().build()
    resource = world.resource()
    plant_missing_run(world, resource, 10)
    unread(world, next(account for account in world.workloads if account != resource["account_id"]))
    found = verified(world, tmp_path)
    assert sorted({fault.finding.code for fault in found.faults}) == ["VRF001", "VRF032"]
    assert (found.broken > 0, int(found.exit_code)) == (True, 3)


def test_a_new_resource_is_not_missed_yet(builder, tmp_path):
    """Created after the last run: nothing is due."""
    made = builder()
    world = made.build()
    new = made.add_resource(
        world.workloads[0], "eu-west-2", "EFS", "0new", {world.key: world.values[0]}, created_at=NOW - timedelta(hours=1)
    )
    found = verified(world, tmp_path)
    assert found.faults == ()
    chain = proof.prove(world.estate, world.write(tmp_path), new["arn"])[0]
    assert {str(link.state) for link in chain.links} == {"proven", "not_required"}


def test_a_resource_that_was_never_backed_up_is_named(builder, tmp_path):
    """FM20: selected, opted in, equipped, and yet there is nothing."""
    made = builder()
    world = made.build()
    never = made.add_resource(world.workloads[0], "eu-west-2", "EFS", "0never", {world.key: world.values[0]})
    fault = only(verified(world, tmp_path))
    assert (fault.finding.code, fault.arns, fault.chains) == ("VRF030", (never["arn"],), 3)


def test_runs_before_a_tag_was_set_are_not_missed(builder, tmp_path):
    """An earlier snapshot saw the resource unselected: only what came later is expected."""
    made = builder()
    world = made.build()
    resource = world.resource(kind="EFS")
    tags = resource["tags"]
    cut = NOW - timedelta(days=15)
    resource["tags"] = {}
    before = world.write(tmp_path, cut)
    resource["tags"] = tags
    world.tables["recovery_points"] = [
        row for row in world.tables["recovery_points"] if row["resource_arn"] != resource["arn"] or row["created_at"] > cut
    ]
    assert verified(world, tmp_path, before).faults == ()


def test_an_earlier_snapshot_makes_runs_due_that_left_no_evidence(builder, tmp_path):
    """Seen selected before: the runs since then are owed even where the oldest evidence is younger."""
    made = builder()
    world = made.build()
    resource = world.resource(kind="EFS")
    before = world.write(tmp_path, NOW - timedelta(days=20))
    for table in ("recovery_points", "backup_jobs", "copy_jobs"):
        world.tables[table] = [
            row for row in world.tables[table] if row["resource_arn"] != resource["arn"] or row["created_at"] > NOW - timedelta(days=10)
        ]
    assert verified(world, tmp_path).faults == ()
    found = verified(world, tmp_path, before)
    assert {fault.finding.code for fault in found.faults} == {"VRF032"}


def test_an_objective_that_is_missed_is_named(builder, tmp_path):
    """The newest recovery point is older than promised, although every run that is due has come."""
    world = builder().build()
    world.estate = replace(
        world.estate,
        objectives=(Objective(select=world.estate.plans[0].select, rpo_minutes=60, rto_minutes=None, origin=BuiltIn()),),
    )
    found = verified(world, tmp_path)
    assert only(found).finding.code == "VRF033"


def test_retention_shorter_than_owed_is_named(builder, tmp_path):
    """FM36: ten years are owed, the longest copy is kept for seven."""
    world = builder().build()
    owed = RetentionOwed(select=world.estate.plans[0].select, at_least_days=3653, basis="policy", origin=BuiltIn())
    world.estate = replace(world.estate, retention=(owed,))
    fault = only(verified(world, tmp_path))
    assert (fault.finding.code, fault.finding.failure_mode) == ("VRF052", "FM36")
    assert "2557 days, 3653 days are owed" in fault.finding.message


def test_an_ou_without_accounts_is_named(builder, tmp_path):
    """A misspelt OU protects nothing, and that is no proof."""
    world = builder().build()
    world.estate = replace(world.estate, organization=replace(world.estate.organization, governs=("Workloads", "Worklods")))
    fault = only(verified(world, tmp_path))
    assert (fault.finding.code, "Worklods" in fault.finding.message) == ("VRF002", True)


def test_a_condition_that_is_not_interpreted_is_proven_by_copies(builder, tmp_path):
    """A policy with a foreign condition is doubtful until copies arrive."""
    world = builder().build()
    vault = world.rows("vaults", name="three-tiers-dr")[0]
    vault.update(access_policy=vault["access_policy"].replace("aws:PrincipalOrgID", "aws:PrincipalTag/team"))
    assert verified(world, tmp_path).faults == ()
    world.drop("recovery_points", vault_name="three-tiers-dr")
    found = verified(world, tmp_path)
    assert {fault.finding.code for fault in found.faults} == {"VRF028", "VRF041"}
    assert int(found.exit_code) == 3


def test_two_faults_are_two_findings(builder, tmp_path):
    """Faults of different kinds don't hide each other."""
    made = builder()
    world = made.build()
    made.add_resource(world.workloads[0], "eu-west-2", "EBS", "0typo", {world.key: world.values[0] + "x"})
    plant_missing_run(world, world.resource(), 10)
    found = verified(world, tmp_path)
    assert [fault.finding.code for fault in found.faults] == ["VRF010", "VRF032"]


def test_adding_an_unread_subject_never_proves_anything(builder, tmp_path):
    """Each subject that links of a workload account need, in turn: the answer can only become unknown."""
    world = builder().build()
    place = world.resource()
    needed = {"roles", "effective_policies", "vaults", "backup_plans", "backup_rules", "recovery_points", "keys"}
    needed |= {f"resources:{kind}" for kind in ("DynamoDB", "S3", "RDS", "EBS", "EFS")}
    mine = [row for row in world.rows("reads", account_id=place["account_id"]) if row["region"] in {"", place["region"]}]
    rows = [row for row in mine if row["subject"] in needed]
    assert {row["subject"] for row in rows} == needed
    for row in rows:
        row.update(read=False, code="X", reason="y")
        found = proof.verify(world.estate, world.write(tmp_path))
        assert (int(found.exit_code), found.broken) == (3, 0), row["subject"]
        row.update(read=True, code="", reason="")


def test_disabled_images_of_recovery_points_are_one_fault(builder, tmp_path):
    """FM18: somebody disabled the AMIs that are recovery points of an instance; VRF176 names the vault and the command."""
    made = builder()
    world = made.build()
    account, instance = world.workloads[0], "arn:aws:ec2:eu-west-2:{}:instance/i-1"
    for number in (1, 2):
        arn = f"arn:aws:ec2:eu-west-2::image/ami-{number}"
        made.add(
            "recovery_points",
            account_id=account,
            region="eu-west-2",
            vault_name="three-tiers-local",
            arn=arn,
            resource_arn=instance.format(account),
            resource_type="EC2",
            status="COMPLETED",
            created_at=NOW - timedelta(days=number),
        )
        made.add("disabled_images", account_id=account, region="eu-west-2", image_id=f"ami-{number}", arn=arn)
    fault = only(verified(world, tmp_path))
    assert (fault.finding.code, fault.finding.failure_mode, fault.finding.count) == ("VRF176", "FM18", 2)
    assert fault.finding.message == "2 recovery points of instances in vault three-tiers-local in eu-west-2 are disabled AMIs"
    assert "ec2 enable-image --region eu-west-2 --image-id ami-1" in fault.finding.help
