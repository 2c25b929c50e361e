"""The access policy of a vault protects less than the strategy's

Why:     The policy keeps everybody from deleting recovery points and lets in copies alone. A denial that somebody takes out, or a
         statement that allows more, changes that at once and without a word; jobs go on and stay green.
Fix:     strongroom apply puts the policy back; what somebody needs besides belongs into the strategy
Limits:  Vaults with the strategy's own tag. The OUs that a statement lets copies in from are taken as they are; names of statements
         mean nothing. A policy that lacks what lets copies in, or denies more, is judged by the chains that it breaks.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault-access-policy.html, read 2026-11-21 (03 §3.2)
Failure: FM35
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from strongroom.domain.changeplan import canonical
from strongroom.domain.estate import OWNER_TAG, Estate
from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.readings import Unreadable

VAULT_TYPES = ("AWS::Backup::BackupVault", "AWS::Backup::LogicallyAirGappedBackupVault")
PATHS = "aws:PrincipalOrgPaths"
ALLOW = "Allow"
_SHOWN = 3

Place = tuple[str, str, str]  # account, empty: every governed one; Region; name of the vault
Statements = Mapping[str, str]  # what they say in words, by their canonical text


@live("VRF200", severity=Severity.ERROR)
def vault_policy_differs(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Hold the statements of each vault's policy against those that the strategy's templates give it."""
    wanted, organization = _wanted(judgement.estate), _organization(judgement)
    if not wanted or not organization:
        return  # without the organization's id nothing can be compared; that it is unread is told as such
    tags = _tags(judgement)
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for (account, region, name), vault in judgement.observed.vaults.items():
        policy = wanted.get((account, region, name), wanted.get(("", region, name)))
        if policy is None or (policy, vault.access_policy) == ("", None):
            continue
        expected, there = _statements(policy, organization), _statements(vault.access_policy or "", organization)
        if expected.keys() == there.keys():
            continue
        missing = judgement.observed.readings.missing(account, region, "vault_tags")
        if missing:
            yield missing
        elif tags.get((account, region, name)) == judgement.estate.name:
            for message in _differences(expected, there):
                found.setdefault((name, message), []).append((account, region))
    for (name, message), places in found.items():
        yield _lack(name, message, sorted(places))


def _lack(name: str, message: str, places: Sequence[tuple[str, str]]) -> Lack:
    account, region = places[0]
    shown = ", ".join(f"{each} in {where}" for each, where in places[:_SHOWN])
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return Lack(
        subject=f"vault {name} of {shown}{more}",
        message=f"the access policy of vault {name} {message}",
        account_id=account,
        region=region,
        count=len(places),
    )


def _differences(expected: Statements, there: Statements) -> Iterator[str]:
    lost = sorted(words for text, words in expected.items() if text not in there)
    more = sorted(words for text, words in there.items() if text not in expected and words.startswith(ALLOW))
    if any(words.startswith(ALLOW) for words in lost):
        return  # copies don't come in any more: the chains say so, and what mends them mends all of it
    if lost:
        yield f"lacks what keeps recovery points: {'; '.join(lost)}"
    if more:
        yield f"allows what the strategy does not: {'; '.join(more)}"


def _wanted(estate: Estate) -> dict[Place, str]:
    """Return the policies of the vaults in the strategy's templates, as text; empty: the vault has none."""
    found: dict[Place, str] = {}
    for stack_set in estate.stack_sets:
        for name, policy in _of_template(stack_set.template):
            found |= {("", str(region), name): policy for region in stack_set.regions}
    for stack in estate.stacks:
        found |= {(stack.account, str(stack.region), name): policy for name, policy in _of_template(stack.template)}
    return found


def _of_template(template: str) -> Iterator[tuple[str, str]]:
    for resource in json.loads(template)["Resources"].values():
        if resource["Type"] in VAULT_TYPES:
            policy = resource["Properties"].get("AccessPolicy")
            yield resource["Properties"]["BackupVaultName"], json.dumps(policy) if policy else ""


def _organization(judgement: Judgement) -> str:
    return judgement.observed.settings.get((judgement.scope.management, "", "organization"), {}).get("id", "")


def _tags(judgement: Judgement) -> dict[Place, str]:
    columns = judgement.snapshot.table("vault_tags").select(["account_id", "region", "vault_name", "tags"])
    rows = zip(*(column.to_pylist() for column in columns.columns), strict=True)
    return {(account, region, name): dict(tags).get(OWNER_TAG, "") for account, region, name, tags in rows}


@lru_cache(maxsize=4096)  # organizations that were deployed alike have few texts
def _statements(policy: str, organization: str) -> Statements:
    """Return the statements of a policy, or of a template's, in one form: without names, order and what only some places differ in."""
    try:
        statements = json.loads(policy)["Statement"] if policy else []
    except (ValueError, KeyError, TypeError):
        return {policy: "something that is no policy"}
    found = {}
    for statement in statements if isinstance(statements, list) else [statements]:
        plain = _plain(statement, organization)
        found[canonical({name: value for name, value in plain.items() if name != "Sid"})] = _words(plain)
    return found


def _words(statement: Mapping[str, Any]) -> str:
    actions = statement.get("Action") or statement.get("NotAction") or []
    shown = ", ".join(str(each) for each in actions[:_SHOWN])
    more = f" and {len(actions) - _SHOWN} more" if len(actions) > _SHOWN else ""
    return f"{statement.get('Effect')} {shown}{more}"


def _plain(statement: Mapping[str, Any], organization: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in statement.items():
        match name:
            case "Condition":
                found[name] = {test: {key: _values(key, each, organization) for key, each in keys.items()} for test, keys in value.items()}
            case "Principal" | "NotPrincipal":
                found[name] = {kind: _values(kind, each, organization) for kind, each in _principals(value).items()}
            case "Action" | "NotAction" | "Resource" | "NotResource":
                found[name] = _values(name, value, organization)
            case _:
                found[name] = value
    return found


def _principals(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {"AWS": value}


def _values(key: str, value: Any, organization: str) -> list[str]:
    """Return values as a sorted list; functions of templates are what they come to, an account stands for its root."""
    if key == PATHS:
        return [PATHS]
    listed = value if isinstance(value, list) else [value]
    return sorted(_root(_text(each, organization)) if key == "AWS" else _text(each, organization) for each in listed)


def _text(value: Any, organization: str) -> str:
    if isinstance(value, dict):
        name, argument = next(iter(value.items()))
        if name == "Fn::Sub":
            return re.sub(r"\$\{AWS::Partition\}", "aws", str(argument))
        return organization if (name, argument) == ("Ref", "OrganizationId") else f"{name} {argument}"
    return str(value)


def _root(principal: str) -> str:
    return f"arn:aws:iam::{principal}:root" if re.fullmatch(r"[0-9]{12}", principal) else principal
