"""Who could do something at all: chains of roles, strangers, what isn't known, and the guard rail that would stop it."""

import importlib.util
from dataclasses import replace
from pathlib import Path

from strongroom.domain.access import KeyGrant
from strongroom.domain.origin import Unread
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.model import Verdict
from strongroom.semantics.authorization.policy import parse
from strongroom.semantics.authorization.reach import Asked, Reacher, ways

_spec = importlib.util.spec_from_file_location("small_organization", Path(__file__).with_name("small_organization.py"))
small = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(small)
WORKLOAD, CENTRAL, MANAGEMENT = small.WORKLOAD, small.CENTRAL, small.MANAGEMENT
allow, deny, role, user, vault, key = small.allow, small.deny, small.role, small.user, small.vault, small.key
control, full, document, organization = small.control, small.full, small.document, small.organization

CENTRAL_VAULT = f"arn:aws:backup:eu-west-2:{CENTRAL}:backup-vault:central"
KEY = f"arn:aws:kms:eu-west-2:{CENTRAL}:key/k1"
DELETE = ["backup:DeleteBackupVault"]
KEEPER = f"arn:aws:iam::{CENTRAL}:role/keeper"
ROOT = f"arn:aws:iam::{CENTRAL}:root"


def reach(principals, resources, actions=DELETE, resource=CENTRAL_VAULT, *, controls=None, rails=(), **others):
    authorizer = Authorizer(organization(principals, resources, controls, **others))
    return ways(authorizer, actions, resource, rails=[parse(document(*statements), name=name) for name, *statements in rails])


def chains(routes):
    return [tuple(arn.rpartition(":")[2] for arn in route.chain) for route in routes]


def keeper(*trusts, **others):
    return role(CENTRAL, "keeper", allow("backup:*"), trusts=trusts, **others)


def assumer(account, name, target=KEEPER):
    return role(account, name, allow("sts:AssumeRole", resource=target))


def test_those_who_can_by_themselves_come_first():
    """The role with the permission and the account's root user; nobody else."""
    found = reach([keeper("backup.amazonaws.com"), role(CENTRAL, "reader", allow("backup:List*"))], [vault(CENTRAL, "central")])
    assert chains(found.certain) == [("role/keeper",), ("root",)]
    assert found.unknown == ()


def test_a_chain_across_accounts_is_found_with_its_links():
    """A role in one account assumes one in another that may; a third one assumes the first."""
    first = role(WORKLOAD, "deploy", allow("sts:AssumeRole", resource=KEEPER), trusts=[f"arn:aws:iam::{WORKLOAD}:user/ann"])
    found = reach([user(WORKLOAD, "ann"), first, keeper(WORKLOAD)], [vault(CENTRAL, "central")])
    assert chains(found.certain) == [
        ("role/keeper",),
        ("root",),
        ("role/deploy", "role/keeper"),
        ("user/ann", "role/deploy", "role/keeper"),
    ]
    longest = found.certain[-1]
    assert [link.ground.policy for link in longest.links] == ["trust policy of role deploy", "trust policy of role keeper"]
    assert longest.decision.ground.policy == "inline policy of role keeper"


def test_trust_in_an_account_needs_permission_there():
    """The trusting role names the account: without sts:AssumeRole nobody in it gets there."""
    found = reach([role(WORKLOAD, "idle", allow("s3:*")), assumer(WORKLOAD, "deploy"), keeper(WORKLOAD)], [vault(CENTRAL, "central")])
    assert ("role/deploy", "role/keeper") in chains(found.certain)
    assert all(route.principal != f"arn:aws:iam::{WORKLOAD}:role/idle" for route in (*found.certain, *found.unknown))


def test_the_shortest_chain_is_taken():
    """Somebody who is two steps away by one way and one by another is one step away."""
    middle = role(WORKLOAD, "middle", allow("sts:AssumeRole", resource=KEEPER), trusts=[WORKLOAD])
    found = reach([role(WORKLOAD, "both", allow("sts:AssumeRole")), middle, keeper(WORKLOAD)], [vault(CENTRAL, "central")])
    assert ("role/both", "role/keeper") in chains(found.certain)
    assert len(chains(found.certain)) == 4


def test_roles_that_trust_each_other_end_somewhere():
    """A circle of trust is no endless chain."""
    one = role(WORKLOAD, "one", allow("sts:AssumeRole"), trusts=[f"arn:aws:iam::{WORKLOAD}:role/two"])
    two = role(WORKLOAD, "two", allow("sts:AssumeRole"), trusts=[f"arn:aws:iam::{WORKLOAD}:role/one", CENTRAL])
    found = reach([one, two, keeper(f"arn:aws:iam::{WORKLOAD}:role/one")], [vault(CENTRAL, "central")])
    assert ("role/two", "role/one", "role/keeper") in chains(found.certain)


def test_the_number_of_links_can_be_limited():
    """None: only those who can by themselves."""
    authorizer = Authorizer(organization([assumer(WORKLOAD, "deploy"), keeper(WORKLOAD)], [vault(CENTRAL, "central")]))
    assert chains(ways(authorizer, DELETE, CENTRAL_VAULT, links_max=0).certain) == [("role/keeper",), ("root",)]


def test_trust_in_everyone_lets_anyone_in():
    """Also people outside the organization, unless a condition names it."""
    conditions = {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}}
    opened = keeper("*")
    closed = replace(opened, trust=small.written("trust", allow("sts:AssumeRole", Principal="*", Condition=conditions)))
    assert ("*", "role/keeper") in chains(reach([opened], [vault(CENTRAL, "central")]).certain)
    shut = reach([closed], [vault(CENTRAL, "central")])
    assert all(route.principal != "*" for route in (*shut.certain, *shut.unknown))


def test_an_account_outside_that_is_trusted_is_unknown():
    """Nobody read who may assume the role there."""
    found = reach([keeper("999900001111")], [vault(CENTRAL, "central")])
    assert chains(found.certain) == [("role/keeper",), ("root",)]
    assert [route.principal for route in found.unknown] == ["arn:aws:iam::999900001111:role/*"]
    assert found.unknown[0].decision.missing == (
        "service control policy: account 999900001111 is not among those read",
        "identity policy: account 999900001111 is not among those read",
    )


def test_an_account_that_could_not_be_read_is_listed():
    """Never left out: somebody there may well be able to."""
    found = reach([], [vault(CENTRAL, "central")], unread=((CENTRAL, "AccessDenied"),))
    assert [(route.principal, route.decision.verdict) for route in found.unknown] == [(f"arn:aws:iam::{CENTRAL}:role/*", Verdict.UNKNOWN)]
    assert found.unknown[0].decision.missing == ("identity policy: AccessDenied",)


def test_a_link_that_is_not_known_makes_the_way_unknown():
    """A trust policy that wants MFA or an external id: it isn't known whether they have it."""
    trust = allow("sts:AssumeRole", Principal={"AWS": WORKLOAD}, Condition={"StringEquals": {"sts:ExternalId": "x"}})
    found = reach(
        [assumer(WORKLOAD, "deploy"), replace(keeper(), trust=small.written("trust", trust))],
        [vault(CENTRAL, "central")],
    )
    assert [(route.chain[0].rpartition("/")[2], route.decision.missing) for route in found.unknown] == [("deploy", ("sts:ExternalId",))]


def test_a_role_whose_trust_policy_was_not_read_is_reached_by_unknown_ways_only():
    """It may trust anybody who is permitted to assume it."""
    found = reach([assumer(WORKLOAD, "deploy"), replace(keeper(), trust=Unread("timeout"))], [vault(CENTRAL, "central")])
    assert chains(found.certain) == [("role/keeper",), ("root",)]
    assert ("role/deploy", "role/keeper") in chains(found.unknown)


def test_grants_and_key_policies_across_accounts_are_ways():
    """Whom the key's policy or a grant names may decrypt, wherever they are."""
    grantee = f"arn:aws:iam::{WORKLOAD}:role/restorer"
    policy = allow("kms:*", Principal={"AWS": [ROOT, f"arn:aws:iam::{WORKLOAD}:role/named"]})
    shared = key(CENTRAL, policy, grants=(KeyGrant(id="g1", grantee=grantee, operations=("Decrypt",)),))
    principals = [role(WORKLOAD, "restorer"), role(WORKLOAD, "named", allow("kms:Decrypt")), role(WORKLOAD, "other", allow("kms:Decrypt"))]
    found = reach(principals, [shared], ["kms:Decrypt"], KEY)
    assert chains(found.certain) == [("role/named",), ("role/restorer",), ("root",)]


def test_all_permissions_that_are_needed_count():
    """One of two isn't enough."""
    principals = [keeper("backup.amazonaws.com"), role(CENTRAL, "half", allow("backup:StartRestoreJob"))]
    passing = role(CENTRAL, "full", allow("backup:StartRestoreJob"), allow("iam:PassRole"))
    reacher = Reacher(Authorizer(organization([*principals, passing], [vault(CENTRAL, "central")])))
    needs = [Asked(action="backup:StartRestoreJob", resource=CENTRAL_VAULT), Asked(action="iam:PassRole", resource=KEEPER)]
    assert chains(reacher.ask(needs).certain) == [("role/full",), ("root",)]


def test_the_guard_rail_that_would_stop_a_way_is_named():
    """The first one of the candidates that denies the last call or a link; none reaches the management account."""
    rails = [("elsewhere", deny("s3:*")), ("keep vaults", deny("backup:Delete*")), ("no roles", deny("sts:AssumeRole"))]
    spread = keeper(WORKLOAD, MANAGEMENT)
    found = reach([assumer(WORKLOAD, "deploy"), assumer(MANAGEMENT, "boss"), spread], [vault(CENTRAL, "central")], rails=rails)
    assert {route.rail for route in found.certain} == {"keep vaults"}
    only_roles = reach([assumer(WORKLOAD, "deploy"), assumer(MANAGEMENT, "boss"), spread], [vault(CENTRAL, "central")], rails=rails[2:])
    assert {route.chain[0].rpartition(":")[2]: route.rail for route in only_roles.certain} == {
        "role/keeper": "",
        "root": "",
        "role/deploy": "no roles",
        "role/boss": "",
    }


def test_a_guard_rail_with_an_exemption_stops_the_others():
    """The verdict of one role isn't taken for another's whose name the rail exempts."""
    exempt = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/break-glass"}}
    principals = [role(CENTRAL, name, allow("backup:*")) for name in ("keeper", "break-glass")]
    rails = [("keep vaults", deny("backup:*", Condition=exempt))]
    found = reach(principals, [vault(CENTRAL, "central")], rails=rails)
    assert {route.principal.rpartition(":")[2]: route.rail for route in found.certain} == {
        "role/keeper": "keep vaults",
        "role/break-glass": "",
        "root": "keep vaults",
    }
    attached = reach(principals, [vault(CENTRAL, "central")], controls=(full(), control("Rails", rails[0][1], at=["r-1"])))
    assert chains(attached.certain) == [("role/break-glass",)]


def test_every_route_is_what_decide_says():
    """Grouping changes the time, never the answer."""
    policies = {
        "tagged": allow("backup:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "backup"}}),
        "by-name": allow("backup:*", Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*2"}}),
        "plain": allow("backup:*"),
        "none": allow("s3:*"),
    }
    principals = [
        role(CENTRAL, f"{name}-{number}", statement, tags=(("team", "backup" if number % 2 else "web"),))
        for name, statement in policies.items()
        for number in range(4)
    ]
    guarded = vault(CENTRAL, "central", deny("backup:Delete*", Principal={"AWS": f"arn:aws:iam::{CENTRAL}:role/plain-3"}))
    authorizer = Authorizer(organization(principals, [guarded]))
    found = ways(authorizer, DELETE, CENTRAL_VAULT)
    expected = {
        principal.arn for principal in principals if authorizer.decide(principal.arn, DELETE[0], CENTRAL_VAULT).verdict is Verdict.ALLOWED
    }
    assert {route.principal for route in found.certain} == expected | {ROOT}
    assert len(expected) == 6
