"""`who-can`: everybody who could, by the shortest way; whoever isn't known is never left out."""

import json

import pytest

from strongroom.api.alike import alike, gaps_alike
from strongroom.api.questions import deed_named
from strongroom.api.rails import rails_in, rails_of
from strongroom.api.who_can import who_can
from strongroom.errors import BadInput, ExitCode
from strongroom.proof.holdings import Gap
from strongroom.semantics.authorization.operations import verbs

MFA = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
STRATEGY = """\
strongroom: 1
name: shop
organization:
  home_region: eu-west-2
  accounts: {central: "333333333333"}
  governs: [UNIT]
vaults:
  local: {in: every-account}
plans:
  production:
    select: {tags: {environment: prod}}
    rules: {daily: {at: "02:00", keep: 30d}}
guard_rails: {deny: [delete-backups, leave-organization], exempt: [break-glass]}
"""


@pytest.fixture
def ask(source):
    """`ask(verb, resource, **changes)`: the answer by a document with these changes, and without unread accounts."""

    def asking(verb, resource=None, *, through=8, rails=(), escalations=False, **changes):
        return who_can(source(**changes), verb, resource, through=through, rails=rails, escalations=escalations)

    return asking


@pytest.fixture
def rail(tmp_path):
    """`rail(*statements)`: a service control policy in a file."""

    def writing(*statements):
        file = tmp_path / "rail.json"
        file.write_text(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
        return rails_in([file])

    return writing


def chains(rows):
    """Chains by their last words, each once."""
    return list(dict.fromkeys(tuple(arn.rpartition(":")[2] for arn in row.chain) for row in rows))


def test_a_chain_of_roles_is_found(ask, documents):
    """Ann becomes deploy, deploy becomes keeper in another account, keeper deletes; the root user can by itself."""
    found = ask("delete-vault")
    assert chains(found.certain) == [
        ("role/keeper",),
        ("root",),
        ("role/deploy", "role/keeper"),
        ("user/ann", "role/deploy", "role/keeper"),
    ]
    longest = found.certain[-1]
    assert (longest.permission, longest.subject.arn) == ("backup:DeleteBackupVault", documents.VAULT)
    assert longest.decision.ground.sid == "Del"
    assert [step.decision.ground.sid for step in longest.steps] == ["", "FromShop"]
    assert (found.unknown, found.gaps, found.exit_code) == ((), (), ExitCode.PROVEN)


def test_chains_can_be_limited(ask):
    """None: those who can by themselves; one: a role assumed."""
    assert [len(chains(ask("delete-vault", through=number).certain)) for number in (0, 1, 2)] == [2, 3, 4]


def test_who_depends_on_what_isn_t_known_is_unknown_with_what_is_missing(ask, documents):
    """Apart from those who could for certain; exit code 3."""
    people = [*documents.people(), documents.principal(f"arn:aws:iam::{documents.CENTRAL}:role/glass", documents.allow("backup:*", **MFA))]
    found = ask("delete-vault", principals=people)
    assert chains(found.unknown) == [("role/glass",)]
    assert found.unknown[0].decision.missing == ("aws:MultiFactorAuthPresent",)
    assert found.exit_code == ExitCode.COULD_NOT_VERIFY


def test_an_account_whose_principals_nobody_read_is_listed(ask, documents):
    """Somebody there may be able to: a row among the unknown, and a gap."""
    elsewhere = [each for each in documents.people() if documents.CENTRAL not in each["arn"]]
    found = ask("delete-vault", principals=elsewhere)
    assert [row.principal for row in found.unknown] == [f"arn:aws:iam::{documents.CENTRAL}:role/*"]
    assert found.gaps == (Gap(account=documents.CENTRAL, region="", what="principals", reason="the document names no principal of it"),)


def test_a_malformed_policy_makes_its_owner_unknown(ask, documents):
    """Never allowed, never left out, and a finding says where."""
    odd = documents.principal(
        f"arn:aws:iam::{documents.CENTRAL}:role/odd", documents.allow("backup:*", Condition={"Nonsense": {"a:b": "c"}})
    )
    found = ask("delete-vault", principals=[*documents.people(), odd])
    assert chains(found.unknown) == [("role/odd",)]
    assert [each.code for each in found.findings] == ["DOC040"]


def test_deletion_is_asked_of_every_form_of_recovery_point(ask, documents):
    """Who can't delete through AWS Backup may delete the snapshot of a database; one way is shown, the documented first."""
    natively = documents.principal(f"arn:aws:iam::{documents.CENTRAL}:role/dba", documents.allow("rds:DeleteDBSnapshot"))
    found = ask("delete", principals=[*documents.people(), natively])
    ways = {row.principal.rpartition("/")[2]: row.permission for row in found.certain}
    assert (ways["keeper"], ways["dba"]) == ("backup:DeleteRecoveryPoint", "rds:DeleteDBSnapshot")
    assert {row.subject.arn for row in found.certain} == {documents.VAULT}


def test_a_way_that_aws_doesn_t_document_is_never_certain(ask, documents):
    """Deleting the snapshot of a volume: unknown, and no way for whoever has a better one."""
    volumes = documents.principal(f"arn:aws:iam::{documents.CENTRAL}:role/volumes", documents.allow("ec2:DeleteSnapshot"))
    found = ask("delete", principals=[*documents.people(), volumes])
    assert chains(found.unknown) == [("role/volumes",)]
    assert "not documented" in found.unknown[0].decision.because


def test_the_vault_s_policy_shuts_one_way_and_not_another(ask, documents):
    """A denial of deletion leaves the shorter lifecycle."""
    shut = documents.deny("backup:DeleteRecoveryPoint", Principal="*")
    people = [documents.principal(documents.KEEPER, documents.allow("backup:*"))]
    (row,) = [each for each in ask("delete", principals=people, resources=documents.resources(shut)).certain if "keeper" in each.principal]
    assert row.permission == "backup:UpdateRecoveryPointLifecycle"


def test_a_restore_needs_a_role_to_pass(ask, documents):
    """Starting the job is not enough; the role is one that AWS Backup may assume."""
    job = {
        "Version": "2012-10-17",
        "Statement": [documents.allow("sts:AssumeRole", resource=None, Principal={"Service": "backup.amazonaws.com"})],
    }
    role = f"arn:aws:iam::{documents.CENTRAL}:role/job"
    half = documents.principal(f"arn:aws:iam::{documents.CENTRAL}:role/half", documents.allow("backup:StartRestoreJob"))
    whole = documents.principal(
        f"arn:aws:iam::{documents.CENTRAL}:role/whole",
        documents.allow("backup:StartRestoreJob"),
        documents.allow("iam:PassRole", resource=role),
    )
    found = ask("restore", principals=[*documents.people(), half, whole, documents.principal(role, trust=job)])
    assert chains(found.certain) == [("role/whole",), ("root",)]


def test_a_vault_means_its_keys_where_a_verb_is_about_keys(ask, documents):
    """In documents nothing ties them: the key has to be named; another thing than a verb is about is bad input."""
    assert chains(ask("decrypt", "key:1111").certain)[0] == ("role/keeper",)
    with pytest.raises(BadInput, match="nothing of the vault is known that decrypt is about") as raised:
        ask("decrypt", documents.VAULT)
    assert raised.value.hint == "decrypt takes key, account; leave RESOURCE out for all of them"
    with pytest.raises(BadInput, match="is nothing that delete is about"):
        ask("delete", "arn:aws:s3:::bucket")


def test_an_account_is_asked_about_as_a_whole(ask, documents):
    """Its vaults, and its membership."""
    assert {row.subject.arn for row in ask("delete", documents.CENTRAL).certain} == {documents.VAULT}
    leaving = ask("leave", documents.CENTRAL)
    assert chains(leaving.certain) == [("root",)]
    assert {row.principal.split(":")[4]: row.permission for row in leaving.certain} == {
        documents.CENTRAL: "organizations:LeaveOrganization",
        documents.MANAGEMENT: "organizations:RemoveAccountFromOrganization",
    }


def test_what_is_asked_of_one_vault_leaves_the_gaps_of_others_out(ask, documents):
    """Whether another account's principals were read doesn't matter for it."""
    people = [each for each in documents.people() if documents.MANAGEMENT not in each["arn"]]
    assert ask("delete-vault", documents.VAULT, principals=people).gaps == ()
    assert [gap.account for gap in ask("delete-vault", principals=people).gaps] == [documents.MANAGEMENT]


@pytest.mark.parametrize("verb", verbs())
def test_every_verb_is_answered(ask, verb):
    """Each names at least the root user of the account or of the management account, or says what isn't known."""
    found = ask(verb)
    assert found.certain or found.gaps
    assert found.verb == verb


@pytest.mark.parametrize(
    ("written", "message", "hint"),
    [
        ("deletee", "nothing is known about 'deletee'", "did you mean delete?"),
        ("change", "'change' may be change-plan or change-key", "write it out"),
        ("frobnicate", "nothing is known about 'frobnicate'", "verbs: delete, shorten"),
    ],
)
def test_verbs_that_mean_nothing_are_bad_input(written, message, hint):
    """With what is nearest."""
    with pytest.raises(BadInput) as raised:
        deed_named(written)
    assert raised.value.message == message
    assert raised.value.hint.startswith(hint)


def test_the_guard_rail_that_stops_a_way_is_named(ask, rail, documents):
    """It stops everybody in member accounts; whom it exempts is left."""
    glass = documents.principal(f"arn:aws:iam::{documents.CENTRAL}:role/break-glass", documents.allow("backup:DeleteBackupVault"))
    exempt = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/break-glass"}}
    rails = rail(documents.deny("backup:DeleteBackupVault", Condition=exempt))
    found = ask("delete-vault", principals=[*documents.people(), glass], rails=rails)
    assert {row.principal.rpartition(":")[2]: (row.rail, row.left is None) for row in found.certain} == {
        "role/keeper": ("rail.json", True),
        "root": ("rail.json", True),
        "role/deploy": ("rail.json", True),
        "user/ann": ("rail.json", True),
        "role/break-glass": ("", False),
    }


def test_a_guard_rail_that_leaves_another_way_stops_nobody(ask, rail, documents):
    """The root user can't delete through AWS Backup any more, but deletes the snapshot of a database."""
    found = ask("delete", rails=rail(documents.deny("backup:*")))
    root = next(row for row in found.certain if row.principal == documents.ROOT)
    assert (root.permission, root.rail, root.left.permission, root.left.certain) == (
        "backup:DeleteRecoveryPoint",
        "",
        "rds:DeleteDBSnapshot",
        True,
    )
    keeper = next(row for row in found.certain if row.principal == documents.KEEPER)
    assert keeper.rail == "rail.json"


def test_what_guard_rails_leave_is_certain_only_where_aws_documents_it(ask, rail, documents):
    """Deleting the snapshot of a volume is all that is left: perhaps."""
    rails = rail(documents.deny("backup:*", "rds:*", "dynamodb:*", "fsx:*", "redshift:*", "ec2:DeregisterImage"))
    root = next(row for row in ask("delete", rails=rails).certain if row.principal == documents.ROOT)
    assert (root.rail, root.left.permission, root.left.certain) == ("", "ec2:DeleteSnapshot", False)


def test_whoever_may_become_an_exempt_role_is_not_stopped(ask, rail, documents):
    """The rail denies the first way; the exempt role can be assumed."""
    glass = documents.principal(
        f"arn:aws:iam::{documents.CENTRAL}:role/break-glass",
        documents.allow("backup:DeleteBackupVault"),
        trust=documents.trusts(documents.KEEPER),
    )
    exempt = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/break-glass"}}
    found = ask("delete-vault", principals=[*documents.people(), glass], rails=rail(documents.deny("backup:Delete*", Condition=exempt)))
    keeper = next(row for row in found.certain if row.principal == documents.KEEPER)
    assert (keeper.rail, keeper.left.certain, keeper.left.chain[-1]) == ("", True, f"arn:aws:iam::{documents.CENTRAL}:role/break-glass")


def test_a_guard_rail_that_may_stop_is_no_guard_rail_that_does(ask, rail, documents):
    """Its condition isn't known: what it depends on is told."""
    found = ask("delete-vault", rails=rail(documents.deny("backup:*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})))
    keeper = next(row for row in found.certain if row.principal == documents.KEEPER)
    assert (keeper.rail, keeper.left.certain, keeper.left.missing) == ("", False, ("aws:MultiFactorAuthPresent",))


def test_the_guard_rails_of_a_strategy_reach_the_units_that_they_are_attached_to(ask, tmp_path, documents):
    """Those of the workloads don't reach the central account, those of its own unit do."""
    for unit, stopped in (("ou-ab12-11111111", False), ("ou-ab12-22222222", True)):
        file = tmp_path / f"{unit}.yaml"
        file.write_text(STRATEGY.replace("UNIT", unit))
        found = ask("delete-vault", rails=rails_of(file))
        keeper = next(row for row in found.certain if row.principal == documents.KEEPER)
        assert bool(keeper.rail) is stopped


def test_a_unit_that_nobody_knows_is_not_guessed(ask, tmp_path):
    """Access documents know units by their ids."""
    file = tmp_path / "strategy.yaml"
    file.write_text(STRATEGY.replace("UNIT", "Payments"))
    with pytest.raises(BadInput, match="there is no OU 'Payments'"):
        ask("delete-vault", rails=rails_of(file))
    file.write_text(STRATEGY.replace("UNIT", "Payments").partition("guard_rails")[0])
    with pytest.raises(BadInput, match="declares no guard rails"):
        rails_of(file)


@pytest.fixture
def changers(documents):
    """People, and two roles that can nothing but change what policies say: of themselves, and of the key."""
    return [
        *documents.people(),
        documents.principal(f"arn:aws:iam::{documents.CENTRAL}:role/ops", documents.allow("iam:PutRolePolicy", Sid="Own")),
        documents.principal(f"arn:aws:iam::{documents.CENTRAL}:role/key-admin", documents.allow("kms:PutKeyPolicy", Sid="Keys")),
    ]


def test_who_could_by_changing_policies_is_told_only_when_asked(ask, changers):
    """Everybody else stays as without; the decision that is told is the change's, not the one that follows from it."""
    plain, more = ask("delete-vault", principals=changers), ask("delete-vault", principals=changers, escalations=True)
    assert [row for row in more.certain if not row.change] == list(plain.certain)
    (row,) = [row for row in more.certain if row.change]
    assert (chains([row]), [step.words for step in row.steps]) == ([("role/ops",)], ["changes its own permissions"])
    assert (row.telling.ground.sid, row.decision.ground.policy) == ("Own", "the permissions that it gives itself")
    assert (
        ask("delete-vault", principals=changers, escalations=True, through=0).certain
        == ask("delete-vault", principals=changers, through=0).certain
    )


def test_what_guard_rails_leave_may_be_a_change(ask, rail, documents, changers):
    """A rail that denies one way of decrypting leaves the other; one that denies the change stops it."""
    changers[-1]["policies"] = [documents.policy(documents.allow("kms:PutKeyPolicy", "kms:Decrypt"))]
    open_key = documents.policy(documents.allow("kms:PutKeyPolicy", Principal={"AWS": documents.ROOT}))
    resources = [{"arn": documents.KEY, "policy": open_key, "grants": []}]

    def admin(*denied):
        found = ask("decrypt", principals=changers, resources=resources, escalations=True, rails=rail(documents.deny(*denied)))
        return next(row for row in found.certain if row.principal.endswith("/key-admin"))

    found = admin("s3:*")
    assert (found.rail, found.left.by_change, found.left.steps) == ("", True, ("changes the key policy of key 1111",))
    assert (admin("kms:PutKeyPolicy").rail, admin("kms:PutKeyPolicy").left) == ("rail.json", None)


def test_changes_of_as_many_keys_are_one_group(ask, documents):
    """The name of the key is left out, as the accounts are."""
    accounts = [f"{600_000_000_000 + number}" for number in range(3)]
    keys = [f"arn:aws:kms:eu-west-2:{account}:key/k{account[-1]}" for account in accounts]
    admin = [{"name": "managed policy Keys", "policy": documents.policy(documents.allow("kms:PutKeyPolicy"))}]
    people = [documents.principal(f"arn:aws:iam::{account}:role/Keys") | {"policies": admin} for account in accounts]
    resources = [
        {
            "arn": key,
            "policy": documents.policy(documents.allow("kms:PutKeyPolicy", Principal={"AWS": f"arn:aws:iam::{account}:root"})),
            "grants": [],
        }
        for account, key in zip(accounts, keys, strict=True)
    ]
    places = documents.document()["accounts"] | {account: {"in": "Workloads"} for account in accounts}
    found = ask("decrypt", accounts=places, principals=[*documents.people(), *people], resources=resources, escalations=True)
    (group,) = [group for group in alike(found.certain) if group.principals[0].endswith("/Keys")]
    assert (len(group.principals), len(group.subjects), group.steps) == (3, 3, ("changes the key policy of key …",))


def test_many_with_one_cause_are_one_group(ask, documents):
    """Roles with the same managed policy in several accounts; others stay apart."""
    admin = [{"name": "managed policy Admin", "policy": documents.policy(documents.allow("*"))}]
    accounts = [f"{600_000_000_000 + number}" for number in range(5)]
    people = [documents.principal(f"arn:aws:iam::{account}:role/Admin") | {"policies": admin} for account in accounts]
    vaults = [{"arn": f"arn:aws:backup:eu-west-2:{account}:backup-vault:local", "policy": "none"} for account in accounts]
    places = documents.document()["accounts"] | {account: {"in": "Workloads"} for account in accounts}
    found = ask("delete-vault", accounts=places, principals=[*documents.people(), *people], resources=[*documents.resources(), *vaults])
    groups = alike(found.certain)
    sizes = {group.principals[0].rpartition(":")[2]: (len(group.principals), len(group.subjects), group.at_home) for group in groups}
    assert sizes == {
        "root": (6, 6, True),
        "role/Admin": (5, 5, True),
        "role/keeper": (1, 1, True),
        "role/deploy": (1, 1, False),
        "user/ann": (1, 1, False),
    }
    assert [len(group.rows[0].chain) for group in groups] == sorted(len(group.rows[0].chain) for group in groups)


def test_gaps_with_one_reason_are_told_once():
    """Accounts are counted, what is missing in each is named."""
    gaps = [
        Gap(account=account, region=region, what=what, reason="denied")
        for account in "AB"
        for region in "xy"
        for what in ("vaults", "keys")
    ]
    assert gaps_alike(gaps) == (("vaults, keys", "denied", ("A", "B")),)
