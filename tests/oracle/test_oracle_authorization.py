"""Who may do what agrees with vectors transcribed from AWS's pages, and what isn't known is never taken for an answer."""

import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from strongroom.domain.access import KeyGrant, PrincipalKind
from strongroom.domain.origin import Unread
from strongroom.semantics.authorization.evaluate import decide
from strongroom.semantics.authorization.model import Actor, Context, Level, Target
from strongroom.semantics.authorization.policy import Policy, parse

HERE = Path(__file__).parent
HOME, CENTRAL, STRANGER, OUTSIDE, MANAGEMENT = "111122223333", "222233334444", "444455556666", "777788889999", "999900001111"
PATHS = {
    HOME: "o-example1/r-root/ou-workloads/",
    CENTRAL: "o-example1/r-root/ou-backup/",
    STRANGER: "o-example1/r-root/ou-sandbox/",
    OUTSIDE: "o-other/r-other/",
    MANAGEMENT: "o-example1/r-root/",
}
LINKED = "role/aws-service-role"
WHO = {  # account, ARN behind it, session, unique id
    "role": (HOME, "role/ops", "s1", "AROAOPS"),
    "restore": (HOME, "role/teams/Restore", "s1", "AROARESTORE"),
    "glass": (HOME, "role/break-glass", "s1", "AROABREAKGLASS"),
    "user": (HOME, "user/carlos", "", "AIDACARLOS"),
    "root": (HOME, "root", "", ""),
    "linked": (HOME, f"{LINKED}/backup.amazonaws.com/AWSServiceRoleForBackup", "AWSBackup", "AROALINKED"),
    "linked testing": (HOME, f"{LINKED}/restore-testing.backup.amazonaws.com/AWSServiceRoleForBackupRestoreTesting", "t", "AROATESTING"),
    "stranger": (STRANGER, "role/ops", "s1", "AROASTRANGER"),
    "outsider": (OUTSIDE, "role/ops", "s1", "AROAOUTSIDER"),
    "management": (MANAGEMENT, "role/ops", "s1", "AROAMANAGEMENT"),
}
ON = {  # ARN with the account that owns it
    "object": "arn:aws:s3:::ledger/2027/january.csv",
    "home": "arn:aws:s3:::home/carlos/notes.txt",
    "key": "arn:aws:kms:eu-west-1:{owner}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "tagged key": "arn:aws:kms:eu-west-1:{owner}:key/0987dcba-09fe-87dc-65ba-ab0987654321",
    "vault": "arn:aws:backup:eu-west-1:{owner}:backup-vault:local",
    "point": "arn:aws:backup:eu-west-1:{owner}:recovery-point:1eb3b5e7-9eb0-435a-a80b-108b488b0d45",
    "snapshot": "arn:aws:ec2:eu-west-1::snapshot/snap-1234567890abcdef0",
    "instance": "arn:aws:ec2:eu-west-1:{owner}:instance/i-1234567890abcdef0",
    "role": "arn:aws:iam::{owner}:role/recovery",
    "topic": "arn:aws:sns:eu-west-1:{owner}:backup-alarms",
    "nothing": "*",
}
UNREAD = Unread("access denied")


def vectors(table: str) -> list[Any]:
    tables = tomllib.loads((HERE / "authorization.toml").read_text(encoding="utf-8"))
    return [pytest.param(vector, id=vector["what"]) for vector in tables[table]]


def policy(name: str, statements: list[Any], version: str = "2012-10-17") -> Policy:
    return parse(json.dumps({"Version": version, "Statement": statements}), name=name)


def levels(name: str, written: list[list[Any]]) -> tuple[Level, ...]:
    return tuple(
        Level(place=f"level {place}", policies=tuple(policy(f"{name} {place}.{number}", [each]) for number, each in enumerate(level)))
        for place, level in enumerate(written)
    )


def context(values: dict[str, list[str]], vector: dict[str, Any]) -> Context:
    return Context(
        values={key: tuple(texts) for key, texts in values.items()},
        absent=frozenset(vector.get("absent", ())),
        complete=vector.get("complete", True),
    )


def actor(vector: dict[str, Any]) -> Actor:
    who, unread = vector.get("who", "role"), vector.get("unread", ())
    if who.endswith(".amazonaws.com"):
        return Actor(kind=PrincipalKind.SERVICE, arn=who, account="")
    account, name, session, unique_id = WHO[who]
    identity: tuple[Policy, ...] | Unread = (policy("identity", vector["identity"]),) if "identity" in vector else ()
    if vector.get("broken") == "identity":
        identity = (parse('{"Version": "2012-10-17", "Statement": [{"Effect": "Allow"', name="identity"),)
    boundary: Policy | Unread | None = policy("boundary", vector["boundary"]) if "boundary" in vector else None
    return Actor(
        kind=PrincipalKind.ROOT if name == "root" else PrincipalKind(name.partition("/")[0]),
        arn=f"arn:aws:iam::{account}:{name}",
        account=account,
        session=session,
        unique_id=unique_id,
        identity=UNREAD if "identity" in unread else identity,
        boundary=UNREAD if "boundary" in unread else boundary,
        session_policies=(policy("session", vector["session"]),) if "session" in vector else (),
        controls=UNREAD if "scp" in unread else levels("scp", vector.get("scp", [])),
        service_linked=name.startswith(LINKED),
        organization_id=PATHS[account].partition("/")[0],
        organization_path=PATHS[account],
        tags=vector.get("tags", {}),
    )


def target(vector: dict[str, Any]) -> Target:
    on, unread = vector.get("on", "object"), vector.get("unread", ())
    owner = vector.get("owner", HOME)
    grants = tuple(
        KeyGrant(
            id=f"grant {number}",
            grantee=each["grantee"],
            operations=tuple(each["operations"]),
            encryption_context=tuple(each.get("context", {}).items()),
            exact_context=each.get("exact", False),
        )
        for number, each in enumerate(vector.get("grants", ()))
    )
    guard = policy("resource", vector["resource"]) if "resource" in vector else None
    return Target(
        arn=ON[on].format(owner=owner),
        account="" if on == "nothing" else owner,
        policy=UNREAD if "resource" in unread else guard,
        grants=UNREAD if "grants" in unread else grants,
        controls=UNREAD if "rcp" in unread else levels("rcp", vector.get("rcp", [])),
        organization_id=PATHS[owner].partition("/")[0],
        organization_path=PATHS[owner],
        tags={"backup": "yes"} if on == "tagged key" else {},
    )


@pytest.mark.parametrize("vector", vectors("condition"))
def test_conditions(vector):
    """An Allow with the condition decides, so that the verdict says whether it holds."""
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": vector["condition"]}
    allowing = policy("identity", [statement], vector.get("version", "2012-10-17"))
    found = decide(replace(actor(vector), identity=(allowing,)), "s3:GetObject", target({}), context(vector["request"], vector))
    assert str(found.verdict) == {"match": "allowed", "no match": "denied", "unknown": "unknown"}[vector["expected"]]


@pytest.mark.parametrize("vector", vectors("condition"))
def test_conditions_of_a_deny(vector):
    """The same condition under a Deny turns the verdict round, and leaves open what is open."""
    allow: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    denying = policy("identity", [allow, allow | {"Effect": "Deny", "Condition": vector["condition"]}], vector.get("version", "2012-10-17"))
    found = decide(replace(actor(vector), identity=(denying,)), "s3:GetObject", target({}), context(vector["request"], vector))
    assert str(found.verdict) == {"match": "denied", "no match": "allowed", "unknown": "unknown"}[vector["expected"]]


@pytest.mark.parametrize("vector", vectors("decision"))
def test_decisions(vector):
    """The verdict of AWS's page, and the statement that decides where the page says it."""
    found = decide(actor(vector), vector.get("action", "s3:GetObject"), target(vector), context(vector.get("context", {}), vector))
    assert str(found.verdict) == vector["verdict"], found.because
    assert str(found.ground.layer) == vector.get("layer", str(found.ground.layer)), found.because
    assert found.ground.sid == vector.get("sid", found.ground.sid), found.because


def test_what_is_unknown_says_what_is_missing():
    """An answer that is open names what would decide."""
    for parameter in vectors("decision"):
        vector = parameter.values[0]
        if vector["verdict"] == "unknown":
            found = decide(actor(vector), vector.get("action", "s3:GetObject"), target(vector), context({}, vector))
            assert found.missing != (), vector["what"]
