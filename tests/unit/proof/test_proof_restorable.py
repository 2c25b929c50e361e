"""Whether a restore would succeed is foreseen from policies and from what its place has: `restorable` of an organization made by hand."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from strongroom import ledger
from strongroom.domain.names import AccountId
from strongroom.domain.origin import BuiltIn
from strongroom.domain.roles import MadeRole, RolePurpose, Trust
from strongroom.domain.strategy import Objective, Selection
from strongroom.domain.tables import TABLES
from strongroom.proof.access import rights
from strongroom.proof.causes import BY_CODE
from strongroom.proof.declared import declared
from strongroom.proof.groups import grouped, patterns
from strongroom.proof.observed import observe
from strongroom.proof.permitted import Permissions
from strongroom.proof.protected import protected
from strongroom.proof.restoring import restorables, roles_asked
from strongroom.proof.scope import scope_of

HOME, SECOND = "eu-west-2", "eu-west-1"
RESTORE, BACKUP = "strongroom-AWSBackup-restore", "three-tiers-AWSBackup"
HERE = BuiltIn()
NOTHING = {"Version": "2012-10-17", "Statement": []}


@pytest.fixture(scope="module")
def made(synthetic):
    """`made()`: a healthy organization of which principals and control policies were read."""

    def make(seed=1, resources=40):
        found = synthetic.Builder(seed, resources)
        found.build()
        found.entitle()
        return found

    return make


class Tables:
    """The tables of a world as a snapshot has them."""

    def __init__(self, world, observed_at):
        self.world, self.observed_at = world, observed_at

    def table(self, name):
        schema = next(table for table in TABLES if table.name == name)
        return ledger.from_rows(schema, [[row.get(column.name) for column in schema.columns] for row in self.world.tables[name]])


@pytest.fixture
def found(synthetic):
    """`found(world)`: how many resources x legs have which state, code and cause, but for proven ones."""

    def judged(world, estate=None):
        estate, tables = estate or world.estate, Tables(world, synthetic.NOW)
        scope, plans = scope_of(estate, tables.table("accounts")), declared(estate)
        mine = protected(estate, scope, plans, tables, ())
        entitled = rights(tables, scope.management, estate.roles.backup, also=roles_asked(estate))
        groups, resources = grouped(mine.resources, patterns(entitled, estate.roles.backup, *roles_asked(estate)))
        of_groups = dict(zip(resources["resource_no"].to_pylist(), resources["group_no"].to_pylist(), strict=True))
        members = [(of_groups[row["resource_no"]], row["plan_no"]) for row in mine.memberships.to_pylist()]
        permissions = Permissions(entitled, observe(tables), estate.roles.backup, plans)
        permissions.table(groups, sorted(set(members)))
        plan_of = {leg.number: plan.number for plan in plans for rule in plan.rules for leg in rule.legs}
        assert members
        counted = Counter()
        for row in restorables(estate, scope, tables, permissions, groups=groups, selected=sorted(set(members))).to_pylist():
            counted[row["state"], row["code"], row["cause"]] += members.count((row["group_no"], plan_of[row["leg_no"]]))
        return dict(counted)

    return judged


def only(found):
    """State, code and cause of the one thing that is wrong."""
    assert len(found) == 1, found
    ((told, count),) = found.items()
    return (*told, count)


def deny(action, **more):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": action, "Resource": "*", **more}]})


def role_of(world, name, account):
    return world.rows("principals", account_id=account, arn=f"arn:aws:iam::{account}:role/{name}")[0]


def chains(world, *, account="", tiers=(0, 1, 2), kinds=(), copies=False, central=False):
    """How many chains are of an account, some tiers and types: their local legs, and with `copies` those in the central account."""
    legs = {0: (1, 2), 1: (1, 1), 2: (1, 0)}
    return sum(
        legs[tier][0] * (not central) + legs[tier][1] * (copies or central)
        for row in world.tables["resources"]
        for tier in tiers
        if row["tags"].get(world.key) == world.values[tier]
        and row["account_id"].startswith(account)
        and (not kinds or row["type"] in kinds)
    )


def test_a_healthy_organization_can_restore_everything(made, found):
    """At home, where the copies are, and from there back home: nothing is broken, nothing unknown."""
    assert found(made().world) == {}


def test_every_code_has_its_cause_with_a_failure_mode():
    """The codes of this link are in the catalogue, each with what fails and what to type."""
    codes = [f"VRF{number:03}" for number in range(90, 99)]
    assert [BY_CODE[code].failure_mode for code in codes] == ["FM17", "FM17", "FM17", "FM15", "FM17", "FM16", "FM17", "FM34", "FM17"]


def test_a_missing_role_is_named(made, found):
    """FM17: an account without the role that its stacks should have brought."""
    world = made().world
    account = world.resource()["account_id"]
    world.drop("principals", account_id=account, arn=role_of(world, RESTORE, account)["arn"])
    state, code, cause, count = only(found(world))
    assert (state, code, cause) == ("broken", "VRF090", f"role {RESTORE}, which restores, does not exist")
    assert count == chains(world, account=account, copies=True)


def test_a_role_that_somebody_else_can_assume_is_named(made, found):
    """FM17: its trust policy names another service."""
    world = made().world
    account = world.resource()["account_id"]
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    world.tables["policy_texts"].append({"digest": "ec2", "text": json.dumps(trust)})
    role_of(world, RESTORE, account).update(trust_digest="ec2")
    assert only(found(world))[1:3] == ("VRF090", f"role {RESTORE}, which restores, can't be assumed by AWS Backup")


def test_roles_that_were_not_read_leave_it_unknown(made, found):
    """What nobody could read is unknown with its reason, never proven."""
    world = made().world
    world.rows("reads", account_id=world.central, subject="principals")[0].update(read=False, code="AccessDenied", reason="not allowed")
    state, code, cause, count = only(found(world))
    assert (state, code) == ("unknown", "VRF001")
    assert cause == f"principals of account {world.central} could not be read: AccessDenied: not allowed"
    assert count == chains(world, central=True)


def test_a_ledger_from_before_principals_were_synced_is_not_assessed(builder, found):
    """It says nothing about who restores: neither proven nor broken."""
    assert only(found(builder(1, 20).build()))[0] == "not_assessed"


def test_a_role_without_its_policies_is_named(made, found):
    """FM17: the managed policy for restores was detached in one account."""
    world = made().world
    account = world.resource()["account_id"]
    world.drop("principal_policies", account_id=account, name="AWSBackupServiceRolePolicyForRestores")
    state, code, cause, count = only(found(world))
    assert (state, code) == ("broken", "VRF091")
    assert cause.startswith(f"role {RESTORE} lacks permissions that restores need: ")
    assert count == chains(world, account=account, kinds=("DynamoDB", "EBS", "EFS", "RDS"), copies=True)


def test_a_boundary_bounds_it(made, found):
    """FM17: what the boundary leaves out can't be done."""
    organization = made()
    world = organization.world
    account = world.resource()["account_id"]
    role = role_of(world, RESTORE, account)
    role.update(boundary_arn="arn:aws:iam::111122223333:policy/b")
    organization.add("policy_texts", digest="b", text=json.dumps({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}))
    organization.grant(account, role["arn"], "b", "arn:aws:iam::111122223333:policy/b", "boundary")
    told = found(world)
    assert {(state, code) for state, code, _ in told} == {
        ("broken", "VRF091"),
        ("unknown", "VRF028"),
    }  # what keys of buckets need is a doubt
    assert sum(told.values()) == chains(world, account=account, kinds=("DynamoDB", "EBS", "EFS", "RDS", "S3"), copies=True)


def test_a_control_policy_against_restores_is_named(made, found):
    """FM17: jobs go on, and nobody could restore."""
    organization = made()
    statement = {"Effect": "Deny", "Action": "backup:StartRestoreJob", "Resource": "*"}
    organization.control("no-restores", statement, "ou-abcd-workload")
    state, code, cause, count = only(found(organization.world))
    assert (state, code) == ("broken", "VRF092")
    assert cause.startswith("SCP no-restores denies what restores need: backup:StartRestoreJob (DynamoDB, ")
    assert count == chains(organization.world, copies=True)


def test_a_control_policy_that_lets_some_restore_is_a_doubt_until_somebody_is_named(made, found):
    """Whom it lets through the strategy doesn't say; a declared recovery role that it exempts is one."""
    organization = made()
    world = organization.world
    exempt = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/three-tiers-recovery"}}
    statement = {"Effect": "Deny", "Action": "backup:StartRestoreJob", "Resource": "*", "Condition": exempt}
    organization.control("few-restores", statement, "ou-abcd-workload")
    state, code, cause, _ = only(found(world))
    assert (state, code) == ("unknown", "VRF028")
    assert cause.startswith("SCP few-restores lets only some start restores, and the strategy names no recovery role")
    trust = Trust(accounts=(AccountId(world.management),), mfa=True)
    person = MadeRole(purpose=RolePurpose.RECOVERY, name="three-tiers-recovery", trust=trust, origin=HERE)
    estate = replace(world.estate, roles=replace(world.estate.roles, made=(person,)))
    assert {code for _, code, _ in found(world, estate)} == {"VRF090"}
    for account in (*world.workloads, world.central):
        organization.role(account, person.name, ())
        organization.inline(account, f"arn:aws:iam::{account}:role/{person.name}", "all", Effect="Allow", Action="*", Resource="*")
    assert found(world, estate) == {}


def test_whoever_starts_restores_must_be_able_to(made, found):
    """FM17: the declared recovery role may start no restore in one account."""
    organization = made()
    world = organization.world
    trust = Trust(accounts=(AccountId(world.management),), mfa=True)
    person = MadeRole(purpose=RolePurpose.RECOVERY, name="three-tiers-recovery", trust=trust, origin=HERE)
    for account in (*world.workloads, world.central):
        organization.role(account, person.name, ())
        if account != world.resource()["account_id"]:
            organization.inline(account, f"arn:aws:iam::{account}:role/{person.name}", "all", Effect="Allow", Action="*", Resource="*")
    estate = replace(world.estate, roles=replace(world.estate.roles, made=(person,)))
    _, code, cause, _ = only(found(world, estate))
    needed = "backup:GetRecoveryPointRestoreMetadata, backup:StartRestoreJob, iam:PassRole"
    assert code == "VRF091"
    assert cause.startswith(f"role three-tiers-recovery lacks permissions that restores need: {needed} (DynamoDB, ")


def test_a_key_of_resources_that_refuses_the_role_is_named(made, found):
    """FM15: the key's policy names the role of backups and no other."""
    world = made().world
    account = world.resource(0, "EBS")["account_id"]
    for row in world.rows("keys", account_id=account):
        if row["arn"].endswith("key/data"):
            row.update(policy=policy_for(f"arn:aws:iam::{account}:role/{BACKUP}", world))
    for row in world.tables["resources"]:
        if row["type"] in {"DynamoDB", "S3", "EFS"}:
            row.update(key_arn=None, key_manager="AWS")
    state, code, cause, count = only(found(world))
    assert (state, code) == ("broken", "VRF093")
    assert cause.startswith("the policy of the resource's key refuses what restores need: kms:CreateGrant, kms:Decrypt, ")
    assert count == chains(world, account=account, kinds=("EBS", "RDS"))


def policy_for(principal, world):
    """A key policy that lets one principal and the account of the copies use a key, and another account's people nothing."""
    allowed = [principal, f"arn:aws:iam::{world.central}:root"]
    return json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"AWS": allowed}, "Action": "kms:*", "Resource": "*"}]})


def test_a_key_of_copies_that_refuses_the_role_there_is_named(made, found):
    """FM15: in the account that keeps copies their key lets them in, and the role that restores there not use it."""
    world = made().world
    key = world.rows("vaults", name="three-tiers-dr")[0]["key_arn"]
    used = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}
    but = {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::*:role/{RESTORE}"}}
    world.rows("keys", arn=key)[0].update(policy=json.dumps({"Statement": [{**used, "Condition": but}]}))
    told = found(world)
    assert {code for _, code, _ in told} == {"VRF093"}
    assert all(f"the key of vault three-tiers-dr in {SECOND} (account {world.central}, {key})" in cause for _, _, cause in told)
    assert sum(told.values()) == sum(row["tags"].get(world.key) == world.values[0] for row in world.tables["resources"])


def test_a_replica_with_another_policy_says_that_it_is_one(made, found):
    """FM15: a replica key has a policy of its own."""
    world = made().world
    vault, other = world.rows("vaults", name="three-tiers-dr")[0], world.rows("vaults", name="three-tiers-central")[0]
    primary = world.rows("keys", arn=other["key_arn"])[0]
    replica = world.rows("keys", arn=vault["key_arn"])[0]
    primary.update(multi_region="PRIMARY", primary_arn=primary["arn"])
    used = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}
    but = {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::*:role/{RESTORE}"}}
    replica.update(multi_region="REPLICA", primary_arn=primary["arn"], policy=json.dumps({"Statement": [{**used, "Condition": but}]}))
    told = found(world)
    assert {code for _, code, _ in told} == {"VRF093"}
    assert all("the policy of the replica key of vault three-tiers-dr" in cause for _, _, cause in told)


def test_a_key_that_refuses_jobs_too_is_one_fault(made, found):
    """The words are those of `equipped`, so that one policy is one finding."""
    world = made().world
    key = world.rows("vaults", name="three-tiers-dr")[0]["key_arn"]
    world.rows("keys", arn=key)[0].update(policy=json.dumps(NOTHING))
    _, code, cause, _ = only(found(world))
    assert code == "VRF072"
    assert f"the key of vault three-tiers-dr in {SECOND} (account {world.central}, {key}) refuses what jobs need" in cause


@pytest.mark.parametrize(("state", "key"), [("Disabled", "vault"), ("PendingDeletion", "resource")])
def test_keys_that_cannot_be_used_are_told_as_jobs_tell_them(made, found, state, key):
    """FM05 in the words of `equipped`."""
    world = made().world
    resource = world.resource(2, "EBS")
    vault = world.rows("vaults", account_id=resource["account_id"], region=resource["region"])[0]["key_arn"]
    world.rows("keys", arn=vault if key == "vault" else resource["key_arn"])[0].update(state=state)
    codes = {code for _, code, _ in found(world)}
    assert codes == ({"VRF023"} if key == "vault" else {"VRF076"})


def test_a_vault_that_denies_restores_is_named(made, found):
    """FM17: nobody may start a restore from the local vault of one account."""
    world = made().world
    vault = world.rows("vaults", name="three-tiers-local", account_id=world.resource()["account_id"], region=world.resource()["region"])[0]
    document = json.loads(vault["access_policy"])
    document["Statement"] += json.loads(deny("backup:StartRestoreJob", Principal="*"))["Statement"]
    vault.update(access_policy=json.dumps(document))
    state, code, cause, _ = only(found(world))
    assert (state, code) == ("broken", "VRF094")
    assert cause.startswith(f"the access policy of vault three-tiers-local in {vault['region']} denies restores: backup:StartRestoreJob")


@pytest.mark.parametrize("way", ["in", "out"])
def test_copies_that_cannot_come_back_are_named(made, found, way):
    """FM16: the local vault lets nothing in, or the vault of the copies nothing out."""
    world = made().world
    if way == "in":
        for vault in world.rows("vaults", name="three-tiers-local"):
            vault.update(access_policy=None)
    else:
        vault = world.rows("vaults", name="three-tiers-central")[0]
        document = json.loads(vault["access_policy"])
        document["Statement"] += json.loads(deny("backup:CopyFromBackupVault", Principal="*"))["Statement"]
        vault.update(access_policy=json.dumps(document))
    told = found(world)
    assert {(state, code) for state, code, _ in told} == {("broken", "VRF095")}
    said = "does not let copies back in" if way == "in" else f"denies copies back out of it (account {world.central})"
    assert all(said in cause for _, _, cause in told)


def test_the_account_of_copies_needs_the_role_of_copies(made, found):
    """FM16: the role that would copy back is gone from the account that keeps copies."""
    world = made().world
    world.drop("principals", account_id=world.central, arn=f"arn:aws:iam::{world.central}:role/{BACKUP}")
    _, code, cause, count = only(found(world))
    assert (code, cause) == ("VRF095", f"role {BACKUP}, which copies back, does not exist (account {world.central})")
    assert count == chains(world, central=True)


def instance(organization, profile):
    """An instance with its profile, and what AWS Backup made of it."""
    world = organization.world
    at = world.resource()
    tags = {world.key: world.values[2]}
    for account in (world.management, *world.workloads):
        for region in (HOME, SECOND):
            organization.add("reads", account_id=account, region=region, subject="resources:EC2", read=True, code="", reason="")
    arn = f"arn:aws:ec2:{at['region']}:{at['account_id']}:instance/i-1"
    found = {"account_id": at["account_id"], "region": at["region"], "arn": arn, "type": "EC2", "name": "i-1", "tags": tags}
    more = {"created_at": at["created_at"], "encrypted": False, "instance_profile": profile}
    organization.protect(organization.add("resources", **found, **more), 2)
    for row in world.rows("settings", kind="opt_in", name="EBS"):
        organization.add("settings", **{**row, "name": "EC2"})
    return at["account_id"]


@pytest.mark.parametrize("profile", ["web", ""])
def test_the_role_of_an_instance_must_be_passed_on(made, found, profile):
    """FM17: a role that may not pass it on restores instances without a profile only."""
    organization = made()
    account = instance(organization, f"arn:aws:iam::000000000000:instance-profile/{profile}" if profile else "")
    arn = role_of(organization.world, RESTORE, account)["arn"]
    assert {key for key in found(organization.world) if key[1] == "VRF096"} == set()
    organization.inline(account, arn, "no-passing", Effect="Deny", Action="iam:PassRole", Resource="*")
    told = [cause for _, code, cause in found(organization.world) if code == "VRF096"]
    expected = f"role {RESTORE} may not pass on the roles of instances that it restores: iam:PassRole (EC2)"
    assert told == ([expected] if profile else [])


def test_databases_need_a_network_where_their_copies_are(made, found):
    """FM34: a Region with neither DB subnet group nor default VPC takes no database."""
    world = made().world
    gone = (world.central, SECOND)
    world.drop("default_vpcs", account_id=gone[0], region=gone[1])
    state, code, cause, count = only(found(world))
    assert (state, code) == ("broken", "VRF097")
    assert cause == f"{SECOND} has no DB subnet group and no default VPC for the databases of copies there (account {world.central})"
    assert count == sum(row["type"] == "RDS" and row["tags"].get(world.key) == world.values[0] for row in world.tables["resources"])
    group = {"name": "restores", "vpc_id": "vpc-2", "status": "Complete", "subnets": [], "zones": []}
    world.tables["db_subnet_groups"].append({"account_id": gone[0], "region": gone[1], **group})
    assert found(world) == {}


@pytest.mark.parametrize(("value", "code"), [("false", "VRF097"), ("true", None), (None, "VRF001")])
def test_a_type_must_be_opted_in_where_an_account_keeps_its_own_copies(made, found, value, code):
    """FM34: what is restored in a Region where its type is not opted in has no backups from then on."""
    organization = made()
    world = organization.world
    own = world.workloads[0]
    organization.add_resource(own, HOME, "EBS", "alone", {world.key: world.values[0]})
    copies = tuple(
        replace(each, account=AccountId(own), vault_name="three-tiers-local") for each in world.estate.plans[0].rules[0].copies[1:]
    )
    rule = replace(world.estate.plans[0].rules[0], copies=copies)
    plans = (replace(world.estate.plans[0], rules=(rule,), account=AccountId(own)),)
    setting = world.rows("settings", kind="opt_in", name="EBS", region=SECOND)[0]
    setting.update(value=value or "false")
    if value is None:
        world.rows("reads", account_id=world.management, region=SECOND, subject="settings")[0].update(read=False, code="X", reason="no")
    told = {key for key in found(world, replace(world.estate, plans=plans)) if value is None or "EBS" in key[2]}
    assert {key[1] for key in told} == ({code} if code else set())
    assert code != "VRF097" or all(f"EBS is not opted in in {SECOND} of the management account" in key[2] for key in told)


def test_a_network_that_could_not_be_read_is_unknown(made, found):
    """Not known is not proven."""
    world = made().world
    world.drop("default_vpcs", account_id=world.central, region=SECOND)
    world.rows("reads", account_id=world.central, region=SECOND, subject="default_vpcs")[0].update(read=False, code="X", reason="no")
    assert only(found(world))[:3] == ("unknown", "VRF001", f"default vpcs of account {world.central} in {SECOND} could not be read: X: no")


@pytest.mark.parametrize(("used", "broken"), [(40, True), (39, False), (None, False)])
def test_a_restore_needs_room_in_the_quota(made, found, used, broken):
    """FM17: one more database than the quota can't be."""
    world = made().world
    account = world.resource(0, "RDS")["account_id"]
    region = world.resource(0, "RDS")["region"]
    more = {"code": "DBInstances", "name": "DBInstances", "value": 40, "used": used, "unit": "instances", "service": "rds"}
    world.tables["quotas"].append({"account_id": account, "region": region, **more})
    told = found(world)
    assert (told == {}) is not broken
    if broken:
        _, code, cause, _ = only(told)
        assert (code, cause) == ("VRF098", f"40 of 40 DBInstances are used in {region}: a restore needs one more")


def test_a_strategy_that_makes_no_role_and_promises_nothing_is_asked_nothing(made, found):
    """Somebody else's organization does not drown in findings about what nobody declared; a promise is held to."""
    world = made().world
    world.tables["principals"] = [row for row in world.tables["principals"] if not row["arn"].endswith(RESTORE)]
    world.drop("principals", account_id=world.central)
    nobodys = replace(world.estate, stack_sets=(), stacks=())
    assert {state for state, _, _ in found(world, nobodys)} == {"not_required"}
    objective = Objective(select=Selection(origin=HERE), rpo_minutes=None, rto_minutes=60, origin=HERE)
    told = found(world, replace(nobodys, objectives=(objective,)))
    assert {code for _, code, _ in told} == {"VRF091", "VRF028", "VRF095"}  # what buckets need is not documented
    assert any(cause.startswith(f"role {BACKUP} lacks permissions that restores need") for _, _, cause in told)


def test_answers_that_accounts_share_are_those_of_each_alone(made, found, monkeypatch):
    """Only accounts that differ in nothing but their id are judged together."""
    organization = made(3, 60)
    world = organization.world
    tables, volumes = world.resource()["account_id"], world.resource(1, "EBS")
    no_tables = {"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"}
    organization.inline(tables, role_of(world, RESTORE, tables)["arn"], "no-tables", **no_tables)
    world.rows("vaults", name="three-tiers-local", account_id=world.resource(1, "S3")["account_id"])[0].update(access_policy=None)
    no_key = {"Effect": "Deny", "Action": "kms:*", "Resource": volumes["key_arn"]}
    organization.inline(volumes["account_id"], role_of(world, RESTORE, volumes["account_id"])["arn"], "no-key", **no_key)
    shared = found(world)
    monkeypatch.setattr("strongroom.proof.restoring.likeness.Likeness.of", lambda _, group, place: (group.arn, place))
    assert found(world) == shared
    assert len(shared) > 1, shared
