"""Protected resources in groups that no policy can tell apart: same place, type and key, and named alike by what policies name."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.domain.access import PolicyText, Principal
from strongroom.domain.origin import Unread
from strongroom.proof.access import Rights

# What every resource of a type matches, or none: table/*, cluster:*, */* of objects.
_OF_A_WHOLE_TYPE = re.compile(r"\*?|\*/\*|[a-z-]+[/:]\*|\*[/:]\*")

_OF_AWS = ":iam::aws:policy/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Some resources, with one of them as their example."""

    account: str
    region: str
    type: str
    key: str | None  # ARN; None: not encrypted, under a key of AWS's own, or under one that AWS didn't tell
    arn: str
    signature: str  # which patterns in policies match; empty: none names single resources
    manager: str = "UNKNOWN"  # of its key: AWS, CUSTOMER, UNKNOWN; NONE: not encrypted
    under: str | None = None  # ARN of its key, whoever manages it
    profile: str | None = None  # EC2: ARN of the instance profile, empty without one; None: not known


def patterns(rights: Rights, *roles: str) -> dict[str, tuple[str, ...]]:
    """Return by account the patterns for single resources that policies about its roles contain; those for all under ''."""
    access = rights.authorizer.access
    controls = () if isinstance(access.controls, Unread) else access.controls
    found = {"": tuple(_specific(each.policy.text for each in controls))}
    for principal in access.principals:
        if principal.arn.rpartition("/")[2] in roles:
            found[principal.account] = (*found.get(principal.account, ()), *_specific(_texts(principal)))
    return {account: each for account, each in found.items() if each}


def grouped(resources: pa.Table, named: Mapping[str, Sequence[str]]) -> tuple[tuple[Group, ...], pa.Table]:
    """Return the groups, and the resources with a column group_no in place of key_arn and instance_profile; `named` is of `patterns`."""
    columns = [resources["place_no"].cast(pa.string()), resources["type"], resources["key_manager"]]
    columns += [pc.fill_null(resources[name], "") for name in ("key_arn", "instance_profile")]
    if named:
        columns.append(pa.array(_signatures(resources, named), pa.string()))
    numbers = pc.binary_join_element_wise(*columns, "\n").combine_chunks().dictionary_encode().indices
    made = resources.drop_columns(["key_arn", "instance_profile"]).append_column("group_no", numbers.cast(pa.int32()))
    first = made.append_column("row", pa.array(range(made.num_rows), pa.int64())).group_by("group_no").aggregate([("row", "min")])
    rows = resources.take(first.sort_by("group_no")["row_min"])
    signatures = _signatures(rows, named) if named else [""] * rows.num_rows
    return tuple(_groups(rows, signatures)), made


def _groups(rows: pa.Table, signatures: Sequence[str]) -> Iterator[Group]:
    names = ("account_id", "region", "type", "arn", "key_manager", "key_arn", "instance_profile")
    for (account, region, type_, arn, manager, key, profile), signature in zip(
        zip(*_columns(rows, names), strict=True), signatures, strict=True
    ):
        own = key if manager not in {"NONE", "AWS"} else None
        yield Group(
            account=account,
            region=region,
            type=type_,
            key=own,
            arn=arn,
            signature=signature,
            manager=manager,
            under=key,
            profile=profile,
        )


def _columns(table: pa.Table, names: Iterable[str]) -> list[list[Any]]:
    return [table.column(name).to_pylist() for name in names]


def _signatures(resources: pa.Table, named: Mapping[str, Sequence[str]]) -> list[str]:
    compiled = {account: [_compiled(each) for each in found] for account, found in named.items()}
    everywhere = compiled.get("", [])
    found: list[str] = []
    for account, arn in zip(*_columns(resources, ("account_id", "arn")), strict=True):
        mine = [*everywhere, *compiled.get(account, ())]
        varies = any(each is None for each in mine)
        found.append(arn if varies else "".join("1" if each and each.fullmatch(arn) else "0" for each in mine))
    return found


def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Return a pattern of IAM as a regular expression; None: it has variables, so that each resource is a group of its own."""
    if "${" in pattern:
        return None
    return re.compile("".join({"*": ".*", "?": "."}.get(each) or re.escape(each) for each in pattern), re.DOTALL)


def _texts(principal: Principal) -> Iterator[str | Unread]:
    """Yield what policies of customers say: AWS's own name no customer's resources."""
    identity = () if isinstance(principal.identity, Unread) else principal.identity
    boundary = (principal.boundary,) if isinstance(principal.boundary, PolicyText) else ()
    yield from (each.text for each in (*identity, *boundary) if _OF_AWS not in str(each.origin))


def _specific(texts: Iterable[str | Unread]) -> dict[str, None]:
    """Return the patterns that some resources of a type match and others don't."""
    found: dict[str, None] = {}
    for text in texts:
        if isinstance(text, Unread):
            continue
        for pattern in _named(text):
            parts = pattern.split(":", 5)
            if len(parts) == 6 and parts[2] != "backup" and not _OF_A_WHOLE_TYPE.fullmatch(parts[5]):
                found[pattern] = None
    return found


def _named(text: str) -> Iterator[str]:
    """Yield the resources that a policy names; a malformed one is the evaluator's to judge, and names none."""
    try:
        statements = json.loads(text).get("Statement", [])
    except (ValueError, AttributeError):
        return
    for statement in [statements] if isinstance(statements, dict) else statements if isinstance(statements, list) else ():
        if isinstance(statement, dict):
            for name in ("Resource", "NotResource"):
                value = statement.get(name, [])
                yield from (each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str))
