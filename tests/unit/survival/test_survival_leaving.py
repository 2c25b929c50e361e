"""Which accounts an intruder can make leave the organization, and what that gives him, by hand and against trying every order."""

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.domain.access import (
    Access,
    AccessAccount,
    ControlPolicy,
    ControlType,
    GuardedResource,
    PolicyText,
    Principal,
    PrincipalKind,
)
from strongroom.domain.origin import LiveOrigin
from strongroom.proof.survival.deeds import Deed, Target
from strongroom.proof.survival.departures import Departures
from strongroom.proof.survival.kinds import Kinds
from strongroom.proof.survival.leaving import Leaving
from strongroom.proof.survival.powers import Powerful, intruder
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.model import Verdict
from strongroom.semantics.authorization.reach import BY_CHOICE, Asked, Reacher
from strongroom.semantics.authorization.truth import MAYBE, NO, YES

MANAGEMENT, ONE, TWO, THREE = "777788889999", "111122223333", "222233334444", "333344445555"
MEMBERS = (ONE, TWO, THREE)
BYSTANDER = "444455556666"  # whom no role trusts
ORGANIZATION = "o-abc"
MEMBERS_ONLY = {"Condition": {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}}}
HERE_ONLY = {"Condition": {"StringEquals": {"aws:ResourceOrgID": ORGANIZATION}}}
STAY, DELETE, UNLOCK = "organizations:LeaveOrganization", "backup:DeleteRecoveryPoint", "backup:DeleteBackupVaultLockConfiguration"
DESTROY = (DELETE, "backup:DisassociateRecoveryPoint*", "backup:UpdateRecoveryPointLifecycle")
ASSUME, KILL, DISABLE = "sts:AssumeRole", "kms:ScheduleKeyDeletion", "kms:DisableKey"


def allow(*actions, **others):
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*", **others}


def deny(*actions, **others):
    return allow(*actions, **others) | {"Effect": "Deny"}


def written(name, *statements):
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return PolicyText(name=name, text=text, origin=LiveOrigin(ONE, "", name))


def user(account, *statements):
    arn = f"arn:aws:iam::{account}:user/u"
    return Principal(
        kind=PrincipalKind.USER, account=account, arn=arn, identity=(written("own", *statements),), origin=LiveOrigin(account, "", arn)
    )


def role(account, name, *statements, trusts=None, **others):
    """A role that an account, a principal or everybody (by id, ARN or *) may assume; by default EC2 alone."""
    trust = {"Effect": "Allow", "Action": ASSUME, "Principal": {"AWS": trusts} if trusts else {"Service": "ec2.amazonaws.com"}, **others}
    return Principal(
        kind=PrincipalKind.ROLE,
        account=account,
        arn=f"arn:aws:iam::{account}:role/{name}",
        identity=(written("own", *statements),) if statements else (),
        trust=written("trust", trust),
        origin=LiveOrigin(account, "", name),
    )


def control(name, *statements, at, kind=ControlType.SCP):
    return ControlPolicy(id=f"p-{name}", name=name, type=kind, policy=written(name, *statements), targets=tuple(at))


FULL = control("full", allow("*"), at=("r-1", "ou-1", "ou-2", "ou-3", *MEMBERS, BYSTANDER, MANAGEMENT))
OF_RESOURCES = control(
    "all", allow("*", Principal="*"), at=("r-1", "ou-1", "ou-2", "ou-3", *MEMBERS, BYSTANDER, MANAGEMENT), kind=ControlType.RCP
)


def vault(account):
    arn = f"arn:aws:backup:eu-west-2:{account}:backup-vault:v"
    return GuardedResource(arn=arn, account=account, origin=LiveOrigin(account, "", arn))


def key(account, *statements):
    arn = f"arn:aws:kms:eu-west-2:{account}:key/k"
    own = {"Principal": {"AWS": account}}
    return GuardedResource(
        arn=arn, account=account, policy=written("key", *(statements or (allow("kms:*", **own),))), origin=LiveOrigin(account, "", arn)
    )


def organization(*principals, controls=(), resources=(), registered=()):
    """The management account, three members, each in a unit of its own, and one more."""
    members = tuple(
        AccessAccount(id=each, parents=("r-1", f"ou-{number}"), registered=each in registered) for number, each in enumerate(MEMBERS, 1)
    )
    return Access(
        organization_id=ORGANIZATION,
        accounts=(AccessAccount(id=MANAGEMENT, parents=("r-1",), management=True), *members, AccessAccount(id=BYSTANDER, parents=("r-1",))),
        principals=principals,
        resources=(*(vault(each) for each in MEMBERS), *resources),
        controls=(FULL, OF_RESOURCES, *controls),
    )


def in_vault(account, *, locked=False):
    example = f"arn:aws:backup:eu-west-2:{account}:recovery-point:1"
    return Target(account=account, vault_arn=vault(account).arn, example=example, key_arn="", locked=locked, hardened=False)


def over(access, account, *, locked=False):
    """Whose administrators could delete what is in an account's vault."""
    return dict(Powerful(access).over(in_vault(account, locked=locked)).by_points)


def test_who_may_leave_is_free_of_what_stands_above():
    """Its own administrator leaves and deletes; where leaving is forbidden too nobody does."""
    assert over(organization(controls=(control("rails", deny(*DESTROY), at=("ou-1",)),)), ONE) == {ONE: True}
    assert over(organization(controls=(control("rails", deny(*DESTROY, STAY), at=("ou-1",)),)), ONE) == {}


def test_nobody_profits_from_the_leaving_of_an_account_that_he_cant_make_leave():
    """The role that TWO may assume in ONE could delete, were ONE outside; but only ONE's own administrator gets it out."""
    rails = control("rails", deny(*DESTROY), at=("ou-1",))
    deleter = role(ONE, "deleter", allow("backup:*"), trusts=TWO)
    assert over(organization(deleter, controls=(rails,)), ONE) == {ONE: True}
    leaver = role(ONE, "leaver", allow(STAY), trusts=TWO)
    assert over(organization(deleter, leaver, controls=(rails,)), ONE) == {ONE: True, TWO: True}
    assert over(organization(leaver, controls=(rails,)), ONE) == {ONE: True}


def test_what_one_account_frees_opens_the_way_to_the_next():
    """THREE leaves to get into TWO, makes it leave to get into ONE, and makes that leave too; whom TWO's role doesn't trust can't."""
    principals = (role(TWO, "bridge", allow(ASSUME, STAY), trusts=THREE), role(ONE, "ops", allow("backup:*", STAY), trusts=TWO))
    rails = (control("rails", deny(*DESTROY), at=("ou-1",)), control("shut", deny(ASSUME), at=("ou-2", "ou-3")))
    assert over(organization(*principals, controls=rails), ONE) == {ONE: True, TWO: True, THREE: True}
    stuck = control("stuck", deny(STAY), at=("ou-3",))
    assert over(organization(*principals, controls=(*rails, stuck)), ONE) == {ONE: True, TWO: True}


def test_leaving_takes_away_what_members_alone_have():
    """TWO may assume the role as a member, which its own guard rails forbid; outside it is none."""
    rails = (control("shut", deny(ASSUME), at=("ou-2",)),)
    inside = role(ONE, "deleter", allow("backup:*"), trusts="*", **MEMBERS_ONLY)
    assert over(organization(inside, controls=rails), ONE) == {ONE: True, THREE: True, BYSTANDER: True}
    assert over(organization(role(ONE, "deleter", allow("backup:*"), trusts=TWO), controls=rails), ONE) == {ONE: True, TWO: True}


def test_what_was_done_and_who_one_was_before_counts_afterwards():
    """A lock is removed as a member; a session goes on when its role trusts nobody any more."""
    unlocker = role(ONE, "unlocker", allow(UNLOCK), trusts="*", **MEMBERS_ONLY)
    deleter = role(ONE, "deleter", allow(DELETE), trusts=TWO)
    shut = control("shut", deny(ASSUME, Resource=deleter.arn) | {"Resource": deleter.arn}, at=("ou-2",))
    assert over(organization(unlocker, deleter, controls=(shut,)), ONE, locked=True) == {ONE: True, TWO: True}
    rails = control("rails", deny(*DESTROY), at=("ou-1",))
    session = role(ONE, "session", allow(DELETE, STAY), trusts=TWO, **HERE_ONLY)
    assert over(organization(session, controls=(rails,)), ONE) == {ONE: True, TWO: True}


def test_resource_control_policies_end_at_the_account_that_leaves():
    """They protect a key as long as its account is a member; whom the key's policy lets in from outside needs its account to leave."""
    opened = key(ONE, allow("kms:*", Principal={"AWS": [ONE, TWO]}))
    rails = control("keys", deny("kms:*", Principal="*"), at=("ou-1",), kind=ControlType.RCP)
    access = organization(controls=(rails,), resources=(opened,))
    target = Target(account=ONE, vault_arn=vault(ONE).arn, example=f"{vault(ONE).arn}1", key_arn=opened.arn, locked=False, hardened=True)
    assert dict(Powerful(access).over(target).by_key) == {ONE: True}
    leaver = role(ONE, "leaver", allow(STAY), trusts=TWO)
    assert dict(Powerful(replace(access, principals=(leaver,))).over(target).by_key) == {ONE: True, TWO: True}


def test_a_delegated_administrator_and_the_management_account_stay():
    """AWS lets neither leave."""
    rails = control("rails", deny(*DESTROY), at=("r-1",))
    assert over(organization(controls=(rails,), registered=(ONE,)), ONE) == {}
    assert over(organization(controls=(rails,)), ONE) == {ONE: True}


def test_where_leaving_is_not_known_to_be_possible_nothing_is_certain():
    """A control policy may forbid it, depending on what nobody knows beforehand."""
    rails = control("rails", deny(*DESTROY), at=("ou-1",))
    stay = control("stay", deny(STAY, Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}}), at=("ou-1",))
    assert over(organization(controls=(rails, stay)), ONE) == {ONE: False}


def test_two_intruders_do_together_what_neither_does_alone():
    """One makes the account leave, the other deletes."""
    principals = (role(ONE, "leaver", allow(STAY), trusts=TWO), role(ONE, "deleter", allow(DELETE), trusts=THREE))
    access = organization(*principals, controls=(control("rails", deny(*DESTROY), at=("ou-1",)),))
    access = replace(access, principals=(*principals, intruder(TWO), intruder(THREE)))
    departures = Departures(access, movable=MEMBERS)
    arn = f"arn:aws:backup:eu-west-2:{ONE}:recovery-point:1"
    deed = Deed(then=(Asked(action=DELETE, resource=arn, owner=ONE, guard=vault(ONE).arn),))
    two, three = intruder(TWO).arn, intruder(THREE).arn
    assert [departures.carried_out(deed, who, YES) for who in ((two,), (three,), (two, three))] == [NO, NO, YES]


def test_among_many_different_accounts_each_answer_names_its_own():
    """Forty with a role of their own name each; ONE may make every other one of them leave, by a role that also deletes."""
    ids = [f"{600_000_000_000 + number}" for number in range(40)]
    tools = [role(each, f"tool-{each[-2:]}", allow("backup:*", *([STAY] if int(each) % 2 else [])), trusts=ONE) for each in ids]
    access = organization(*tools, controls=(control("rails", deny(*DESTROY), at=("r-1",)),), resources=tuple(vault(each) for each in ids))
    full = tuple(replace(each, targets=(*each.targets, *ids)) if each.id in {"p-full", "p-all"} else each for each in access.controls)
    accounts = (*access.accounts, *(AccessAccount(id=each, parents=("r-1",)) for each in ids))
    powerful = Powerful(replace(access, accounts=accounts, controls=full))
    for each in (*ids, *ids[:2], ONE):
        expected = {each: True, ONE: True} if each in ids and int(each) % 2 else {each: True}
        assert dict(powerful.over(in_vault(each)).by_points) == expected


def test_what_could_not_be_tried_in_every_order_is_not_known():
    """Eight accounts that leave in any order, and a key that nobody gets at: neither yes nor no after as many points as are looked at."""
    ids = [f"{600_000_000_000 + number}" for number in range(8)]
    movers = [role(each, "mover", allow(STAY), trusts=ONE) for each in ids]
    access = organization(intruder(ONE), *movers, resources=(key(TWO, allow("kms:*", Principal={"AWS": THREE}, **MEMBERS_ONLY)),))
    access = replace(access, accounts=(*access.accounts, *(AccessAccount(id=each, parents=("r-1",)) for each in ids)), controls=())
    deed = Deed(then=(Asked(action=KILL, resource=key(TWO).arn),))
    assert Departures(access, movable=ids).carried_out(deed, (intruder(ONE).arn,), YES) is MAYBE
    assert Departures(access, movable=ids[:2]).carried_out(deed, (intruder(ONE).arn,), YES) is NO


# Random organizations: users that assume roles, leave, and break a key; conditions that ask for the organization on every side.
UNKNOWN = {"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}}
STATEMENTS = st.sampled_from([(), (), (), (), HERE_ONLY, MEMBERS_ONLY, UNKNOWN])
KEY = f"arn:aws:kms:eu-west-2:{ONE}:key/k"
DEED = Deed(first=(Asked(action=DISABLE, resource=KEY),), then=(Asked(action=KILL, resource=KEY),))


@st.composite
def organizations(draw, conditions=STATEMENTS):
    """Three members with a user and up to two roles each, and a key in the first."""

    def permitted():
        found = draw(st.sampled_from([(ASSUME, STAY, KILL, DISABLE), (ASSUME, STAY), (ASSUME,), (STAY,), (KILL, DISABLE), (ASSUME, KILL)]))
        return [allow(each, **dict(draw(conditions))) for each in found]

    users = [user(each, allow("*")) if draw(st.booleans()) else user(each, *permitted()) for each in MEMBERS]
    whom = [*MEMBERS, "*", *(each.arn for each in users)]
    roles = [
        role(account, f"r{number}", *permitted(), trusts=draw(st.sampled_from(whom)), **dict(draw(conditions)))
        for account in MEMBERS
        for number in range(draw(st.integers(0 if account == THREE else 1, 2)))
    ]
    rails = [control("rails", deny(draw(st.sampled_from([KILL, DISABLE, "kms:*"]))), at=["ou-1"])]
    rails += [
        control(f"s{number}", deny(draw(st.sampled_from([ASSUME, STAY, KILL, DISABLE]))), at=[place])
        for number, place in enumerate(draw(st.lists(st.sampled_from(["ou-1", "ou-2", "ou-3"]), max_size=3)))
    ]
    rails += [
        control("r", deny(*found, Principal="*", **dict(draw(conditions))), at=["ou-1"], kind=ControlType.RCP)
        for found in draw(st.lists(st.lists(st.sampled_from(["sts:*", KILL, DISABLE]), min_size=1, max_size=2), max_size=1))
    ]
    lets = [
        allow("kms:*", Principal={"AWS": draw(st.sampled_from(whom))}, **dict(draw(conditions))) for _ in range(draw(st.integers(1, 2)))
    ]
    return organization(*users, *roles, controls=rails, resources=(key(ONE, *lets),))


def tried(access, start, verdicts):
    """Try every order of every call: a naive attacker who keeps sessions, forgets nothing, and asks for each call alone."""
    arns = [each.arn for each in access.principals]
    worlds = {}

    def answers(left, who, action, resource):
        if left not in worlds:
            accounts = tuple(replace(each, parents=()) if each.id in left else each for each in access.accounts)
            worlds[left] = Authorizer(replace(access, accounts=accounts)), {}
        authorizer, known = worlds[left]
        if (who, action, resource) not in known:
            known[who, action, resource] = authorizer.decide(who, action, resource, BY_CHOICE).verdict in verdicts
        return known[who, action, resource]

    waiting, seen = [(frozenset(), frozenset([start]), False)], set()
    while waiting:
        state = waiting.pop()
        if state in seen:
            continue
        seen.add(state)
        left, held, disabled = state
        for who in held:
            if answers(left, who, KILL, KEY) and disabled:
                return True
            if answers(left, who, DISABLE, KEY):
                waiting.append((left, held, True))
            waiting += [
                (left, held | {arn}, disabled) for arn in arns if ":role/" in arn and arn not in held and answers(left, who, ASSUME, arn)
            ]
            own = who.split(":")[4]
            if own not in left and answers(left, who, STAY, "*"):
                waiting.append((left | {own}, held, disabled))
    return False


@settings(max_examples=50, deadline=None)
@given(organizations())
def test_leaving_gives_exactly_what_trying_every_order_gives(access):
    """For each user as the intruder: certain, and possible where it isn't known what AWS would say."""
    reacher = Reacher(Authorizer(access))
    users = {each: f"arn:aws:iam::{each}:user/u" for each in MEMBERS}
    certain, possible = (
        {each for each, arn in users.items() if all(arn in reacher.able(asked, least) for asked in (DEED.first, DEED.then))}
        for least in (YES, MAYBE)
    )
    gained = dict(Leaving(access, reacher, Kinds(access), users).gained(DEED, certain, possible))
    for account, arn in users.items():
        assert (account in certain or gained.get(account, False)) == tried(access, arn, {Verdict.ALLOWED})
        assert (account in possible or account in gained) == tried(access, arn, {Verdict.ALLOWED, Verdict.UNKNOWN})


def able(access, left, least, *, unsure=()):
    """Who could break the key when some accounts have left."""
    accounts = tuple(replace(each, parents=()) if each.id in left else each for each in access.accounts)
    return Reacher(Authorizer(replace(access, accounts=accounts), unsure=unsure)).able(DEED.then, least)


LEFT = st.frozensets(st.sampled_from(MEMBERS))


@settings(max_examples=30, deadline=None)
@given(organizations(conditions=st.sampled_from([(), UNKNOWN])), LEFT, LEFT)
def test_more_accounts_outside_take_nothing_away_where_no_policy_asks_for_the_organization(access, fewer, more):
    """Whoever could break the key still can; with conditions on the organization that is not so (see above)."""
    for least in (YES, MAYBE):
        assert able(access, fewer, least) <= able(access, fewer | more, least)


@settings(max_examples=30, deadline=None)
@given(organizations(), LEFT)
def test_nobody_can_do_more_than_where_it_is_not_known_who_has_left(access, left):
    """What rules intruders out before accounts leave one by one."""
    assert able(access, left, MAYBE) <= able(access, frozenset(), MAYBE, unsure=MEMBERS)
