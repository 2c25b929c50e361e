"""Differences between us and the rival, each with a way to say its cases in words on which both agree.

A case on which the answers differ is explained when it can be said otherwise so that both then give our answer; where AWS's pages
leave something open and we answer unknown, when its readings lead to different answers and both agree on each of them.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from tests.rival import ours
from tests.rival.cases import CONTROLLED, Case, Json
from tests.rival.conditions import KINDS

HERE = Path(__file__).parent
NOTHING = "arn:aws:nothing:nowhere:000000000000:nobody"  # no context key has this value
ELSEWHERE = "arn:aws:iam::444444444444:root"
SECONDS = {"1799573400": "2027-01-10T09:30:00Z"}
VARIABLE = re.compile(r"\$\{([^}*?$,]+)\}")  # without a default


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A difference, as the table says it."""

    name: str
    kind: str  # rival, open
    ours: str
    rival: str
    source: str


def differences() -> tuple[Difference, ...]:
    """Return the table."""
    return tuple(Difference(**each) for each in tomllib.loads((HERE / "differences.toml").read_text(encoding="utf-8"))["difference"])


def readings(case: Case) -> tuple[tuple[str, ...], tuple[Case, ...]]:
    """Return the differences that a case touches, and the cases that say it in words on which both agree.

    One case, or several where something is open; the case itself where it touches none.
    """
    touched: dict[str, None] = {}
    for name, say in WRITTEN_OTHERWISE.items():
        case = _noted(touched, name, case, say(case))
    found = [case]
    for name, read in READINGS.items():
        opened = [read(each) for each in found]
        if any(opened):
            touched[name] = None
            found = [each for before, after in zip(found, opened, strict=True) for each in (after or (before,))]
    for name, say in RULED_OTHERWISE.items():
        found = [_noted(touched, name, each, say(each)) for each in found]
    return tuple(touched), tuple(found)


def _noted(touched: dict[str, None], name: str, before: Case, after: Case) -> Case:
    if after != before:
        touched[name] = None
    return after


# What the rival doesn't know, said in words that it does.


def _linked(case: Case) -> Case:
    return replace(case, scps=(), rcps=()) if case.who.service_linked else case


def _uncontrolled(case: Case) -> Case:
    return case if case.service in CONTROLLED else replace(case, rcps=())


def _vault(case: Case) -> Case:
    """Say that the vault has no policy: nobody else is let in."""
    vaults = ":backup-vault:" in case.thing.arn or ":recovery-point:" in case.thing.arn
    if not vaults or case.same_account or not case.who.account or case.action == "backup:CopyIntoBackupVault":
        return case
    return replace(case, resource=None)


def _grant(case: Case) -> Case:
    """Say a grant as a statement of the key policy that gives to the session itself, and lift what would only be silent."""
    if not any(who == case.who.arn and case.action.partition(":")[2] in what for who, what in case.grants):
        return replace(case, grants=())
    given = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": case.action,
        "Resource": "*",
        "Condition": {"ArnEquals": {"aws:PrincipalArn": case.who.arn}},
    }
    resource = case.resource or {"Version": "2012-10-17", "Statement": []}
    return replace(
        case,
        grants=(),
        resource=resource | {"Statement": [*_written(resource), given]},
        identity=tuple(_loosened(each) for each in case.identity),
        boundary=None if case.boundary is None else _loosened(case.boundary),
        session=None if case.session is None else _loosened(case.session),
    )


def _session(case: Case) -> Case:
    """Keep of a session policy what it denies, where the resource policy gives to the session itself."""
    if case.session is None or case.resource is None or not case.same_account:
        return case
    direct = [
        each
        for each in _written(case.resource)
        if each["Effect"] == "Allow" and (case.who.principal in _arns(each) or ("*" in _arns(each) and _by_arn(each)))
    ]
    return replace(case, session=_loosened(case.session)) if _give(case, direct) else case


def _seconds(case: Case) -> Case:
    def change(_layer: str, statement: Json) -> Json:
        conditions = statement.get("Condition", {})
        dated = {
            operator: {key: [SECONDS.get(value, value) for value in _listed(values)] for key, values in keys.items()}
            for operator, keys in conditions.items()
            if "Date" in operator and json.dumps(keys) != json.dumps(keys).replace(*next(iter(SECONDS.items())))
        }
        return statement | {"Condition": conditions | dated} if dated else statement

    dated_policies = changed(case, change)
    asked = any("Date" in operator for _, each in case.statements() for operator in each.get("Condition", {}))
    values = {
        key: tuple(SECONDS.get(value, value) for value in values) if KINDS.get(key) == "date" else values
        for key, values in case.values.items()
    }
    return replace(dated_policies, values=values) if asked else dated_policies


def _old(case: Case) -> Case:
    """Say a policy of the old version in the new one, each variable as the characters that it is."""

    def of(_layer: str, document: Json) -> Json:
        if document["Version"] == "2012-10-17" or "${" not in json.dumps(document):
            return document
        return json.loads(json.dumps(document).replace("${", "${$}{")) | {"Version": "2012-10-17"}

    return _with_documents(case, of)


def _negated(case: Case) -> Case:
    context = {key.lower() for key in case.context}

    def change(_layer: str, statement: Json) -> Json:
        conditions = {
            operator: {
                key: [NOTHING if _has_no_value(value, context) else value for value in _listed(values)]
                if any(_has_no_value(value, context) for value in _listed(values))
                else values
                for key, values in keys.items()
            }
            if "Not" in operator
            else keys
            for operator, keys in statement.get("Condition", {}).items()
        }
        return statement | {"Condition": conditions} if conditions else statement

    return changed(case, change)


def _starred(case: Case) -> Case:
    """Say a star that stands for Region and account as two."""

    def wide(text: str) -> str:
        parts = text.split(":")
        ends = len(parts) > 4 and parts[3] == "*" and not (parts[4] == "*" or parts[4].isdigit())
        return ":".join((*parts[:4], "*", *parts[4:])) if ends else text

    def change(_layer: str, statement: Json) -> Json:
        return statement | {
            name: [wide(text) for text in _listed(statement[name])]
            for name in ("Resource", "NotResource")
            if name in statement and any(wide(text) != text for text in _listed(statement[name]))
        }

    return changed(case, change)


# What AWS's pages leave open, said in each way that it can be read.


def _everyone(case: Case) -> tuple[Case, ...]:
    """Everyone: as a role is named, limited by what is silent; or as a session is, not limited."""
    if case.who.kind != "role" or not case.same_account or case.resource is None or (case.boundary is None and case.session is None):
        return ()
    if not _give(case, [each for each in _written(case.resource) if _gives_to_everyone(each)]):
        return ()

    def as_role(layer: str, statement: Json) -> Json:
        wide = layer == "resource" and _gives_to_everyone(statement)
        return statement | {"Principal": {"AWS": case.who.arn}} if wide else statement

    unlimited = replace(
        case,
        boundary=None if case.boundary is None else _loosened(case.boundary),
        session=None if case.session is None else _loosened(case.session),
    )
    return changed(case, as_role), unlimited


def _not_resource(case: Case) -> tuple[Case, ...]:
    """A text that matches nothing excepts nothing; or it makes the statement be about nothing."""
    context = {key.lower() for key in case.context}

    def excepts_nothing(statement: Json) -> bool:
        return any(_has_no_value(text, context) for text in _listed(statement.get("NotResource", [])))

    asked = sum(excepts_nothing(each) for _, each in case.statements())

    def read(about_all: tuple[bool, ...]) -> Case:
        left = iter(about_all)

        def change(_layer: str, statement: Json) -> Json | None:
            if not excepts_nothing(statement):
                return statement
            if not next(left):
                return None
            texts = [text for text in _listed(statement["NotResource"]) if not _has_no_value(text, context)]
            kept = {key: value for key, value in statement.items() if key != "NotResource"}
            return kept | ({"NotResource": texts} if texts else {"Resource": "*"})

        return changed(case, change)

    return tuple(read(chosen) for chosen in product((True, False), repeat=asked)) if asked else ()


def _not_principal(case: Case) -> tuple[Case, ...]:
    """The session that asks is one that is spared; or none is."""
    if case.who.kind != "role" or case.who.session or case.resource is None:
        return ()
    if not any(case.who.arn in _listed(_named(each.get("NotPrincipal", {}))) for each in _written(case.resource)):
        return ()
    someone = replace(case, who=replace(case.who, session="someone"))

    def spared(_layer: str, statement: Json) -> Json:
        named = _listed(_named(statement.get("NotPrincipal", {})))
        return statement | {"NotPrincipal": {"AWS": [*named, someone.who.principal]}} if case.who.arn in named else statement

    def meant(_layer: str, statement: Json) -> Json:
        named = _listed(_named(statement.get("NotPrincipal", {})))
        return statement | {"NotPrincipal": {"AWS": ELSEWHERE}} if case.who.arn in named else statement

    return changed(someone, spared), changed(someone, meant)


WRITTEN_OTHERWISE: dict[str, Callable[[Case], Case]] = {
    "Unix time": _seconds,
    "variables in version 2008-10-17": _old,
    "negated operator and a variable without value": _negated,
    "star at the end of a part of an ARN": _starred,
}
READINGS: dict[str, Callable[[Case], tuple[Case, ...]]] = {
    "everyone, and an implicit deny": _everyone,
    "NotResource and a variable without value": _not_resource,
    "NotPrincipal and a role without its session": _not_principal,
}
RULED_OTHERWISE: dict[str, Callable[[Case], Case]] = {
    "service-linked role": _linked,
    "service without resource control policies": _uncontrolled,
    "vault of another account": _vault,
    "grant": _grant,
    "session named by the resource policy": _session,
}


def _with_documents(case: Case, of: Callable[[str, Json], Json]) -> Case:
    return replace(
        case,
        identity=tuple(of("identity", each) for each in case.identity),
        boundary=None if case.boundary is None else of("boundary", case.boundary),
        session=None if case.session is None else of("session", case.session),
        resource=None if case.resource is None else of("resource", case.resource),
        scps=tuple((place, tuple((name, of("scp", each)) for name, each in policies)) for place, policies in case.scps),
        rcps=tuple((place, tuple((name, of("rcp", each)) for name, each in policies)) for place, policies in case.rcps),
    )


def changed(case: Case, change: Callable[[str, Json], Json | None]) -> Case:
    """Return a case with every statement changed; None drops it."""

    def of(layer: str, document: Json) -> Json:
        statements = [new for each in _written(document) if (new := change(layer, each)) is not None]
        return document | {"Statement": statements or [_silent(layer)]}

    return _with_documents(case, of)


def _silent(layer: str) -> Json:
    """A statement about nothing, since a policy has one at least."""
    statement: Json = {"Effect": "Deny", "Action": "none:Nothing", "Resource": "*"}
    return statement | {"Principal": "*"} if layer in {"resource", "rcp"} else statement


def _loosened(document: Json) -> Json:
    """Return a policy of principals that only denies what it denies."""
    denials = [each for each in _written(document) if each["Effect"] == "Deny"]
    return document | {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}, *denials]}


def _written(document: Json) -> list[Json]:
    statements = document["Statement"]
    return list(statements) if isinstance(statements, list) else [statements]


def _listed(values: Any) -> list[Any]:
    return list(values) if isinstance(values, list) else [values]


def _named(principal: Any) -> Any:
    return "*" if principal == "*" else principal.get("AWS", [])


def _give(case: Case, statements: list[Json]) -> bool:
    """Whether statements of the resource's policy alone give, or may give, what is asked for: else nothing depends on how they name."""
    nothing_else = replace(case, identity=(), boundary=None, session=None, scps=(), rcps=(), grants=())
    resource = (case.resource or {}) | {"Statement": statements}
    return bool(statements) and ours.answer(replace(nothing_else, resource=resource)).verdict != "denied"


def _arns(statement: Json) -> list[str]:
    return _listed(_named(statement.get("Principal", {})))


def _by_arn(statement: Json) -> bool:
    return any(key.lower() == "aws:principalarn" for key in _keys(statement))


def _keys(statement: Json) -> Iterator[str]:
    yield from (key for keys in statement.get("Condition", {}).values() for key in keys)


def _gives_to_everyone(statement: Json) -> bool:
    return statement["Effect"] == "Allow" and "*" in _arns(statement) and not _by_arn(statement)


def _has_no_value(text: str, context: set[str]) -> bool:
    """Whether a text has a variable whose key the request doesn't have."""
    return any(key.strip().lower() not in context for key in VARIABLE.findall(text))
