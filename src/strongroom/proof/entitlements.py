"""Who may do what, from the tables of the ledger: what was not read stays unread, with its reason.

`semantics.authorization` evaluates it. Texts that repeat are one object each, so that grouping principals by their policies is cheap.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from strongroom.domain.access import (
    Access,
    AccessAccount,
    ControlPolicy,
    ControlType,
    GuardedResource,
    KeyGrant,
    PolicyText,
    Principal,
    PrincipalKind,
)
from strongroom.domain.names import Arn
from strongroom.domain.origin import LiveOrigin, Unread
from strongroom.proof.observed import Tables
from strongroom.proof.readings import Readings, readings

AIR_GAPPED = "LOGICALLY_AIR_GAPPED_BACKUP_VAULT"  # the one type of vault that can be shared with other accounts
GONE = "NotFound"  # state of a key that vaults or resources name and that is not there
AWS_MANAGED = Unread("AWS manages this key and its policy")
UNTOLD_TAGS = Unread("its tags were not read")
_VAULT_TAGS = ("account_id", "region", "vault_name", "tags")
CONTEXTS = {"EncryptionContextEquals": True, "EncryptionContextSubset": False}  # constraint of a grant: exact


def access(tables: Tables, *, read: Readings | None = None) -> Access:
    """Return everything in a snapshot that decides who may do what; raises CouldNotVerify for a damaged table.

    Snapshots from before principals were synced have all accounts in `unread`. `read`: the readings of the snapshot, if they are at hand.
    """
    read = read or readings(tables.table("reads"))
    accounts = tuple(_accounts(tables))
    return Access(
        organization_id=_organization_id(tables),
        accounts=accounts,
        principals=tuple(_principals(tables)),
        resources=(*_vaults(tables), *_keys(tables, read)),
        controls=_controls(tables, read, accounts),
        unread=tuple(
            (account.id, missing.reason) for account in accounts if (missing := read.missing(account.id, "", "principals")) is not None
        ),
    )


def _accounts(tables: Tables) -> Iterable[AccessAccount]:
    registered = {name for kind, name in _rows(tables, "settings", "kind", "name") if kind == "delegated_administrator"}
    for account, name, parents, management in _rows(tables, "accounts", "account_id", "name", "ou_ids", "management"):
        yield AccessAccount(id=account, name=name, parents=tuple(parents), management=management, registered=account in registered)


def _organization_id(tables: Tables) -> str | Unread:
    for kind, name, value in _rows(tables, "settings", "kind", "name", "value"):
        if (kind, name) == ("organization", "id"):
            return str(value)
    return Unread("the id of the organization was not synced")


def _principals(tables: Tables) -> Iterable[Principal]:
    texts = dict(_rows(tables, "policy_texts", "digest", "text"))
    identity, boundaries = _policies(tables, texts)
    columns = ("account_id", "arn", "kind", "unique_id", "trust_digest", "boundary_arn", "tags")
    for account, arn, kind, unique_id, trust, boundary, tags in _rows(tables, "principals", *columns):
        origin = LiveOrigin(account, "", arn)
        read = PrincipalKind(kind)
        yield Principal(
            kind=read,
            account=account,
            arn=arn,
            unique_id=unique_id,
            identity=tuple(identity.get((account, arn), ())),
            boundary=boundaries.get((account, arn)) or (Unread(f"the text of {boundary} was not read") if boundary else None),
            trust=PolicyText(name=f"trust policy of {_called(arn)}", text=_text(texts, trust), origin=origin)
            if read is PrincipalKind.ROLE
            else None,
            tags=tuple(sorted(tags)),
            origin=origin,
        )


def _policies(
    tables: Tables, texts: Mapping[str, str]
) -> tuple[dict[tuple[str, str], list[PolicyText]], dict[tuple[str, str], PolicyText]]:
    """Return identity policies and boundaries by account and principal; a managed policy is one object in its account."""
    identity: dict[tuple[str, str], list[PolicyText]] = {}
    boundaries: dict[tuple[str, str], PolicyText] = {}
    managed: dict[tuple[str, str, str], PolicyText] = {}
    columns = ("account_id", "principal_arn", "kind", "name", "policy_arn", "digest")
    for account, principal, kind, name, arn, digest in _rows(tables, "principal_policies", *columns):
        found = managed.get((account, kind, arn)) if arn else None
        if found is None:
            origin = LiveOrigin(account, "", arn or principal)
            found = PolicyText(name=_policy_name(kind, name, principal), text=_text(texts, digest), origin=origin)
            if arn:
                managed[account, kind, arn] = found
        if kind == "boundary":
            boundaries[account, principal] = found
        else:
            identity.setdefault((account, principal), []).append(found)
    return identity, boundaries


def _policy_name(kind: str, name: str, principal: str) -> str:
    match kind:
        case "inline":
            return f"inline policy {name} of {_called(principal)}"
        case "group":
            group, _, policy = name.partition("/")
            return f"policy {policy} of group {group}" if policy else f"policies of group {group}"
        case "boundary":
            return f"permissions boundary {name}"
        case _:
            return f"managed policy {name}"


def _called(arn: str) -> str:
    """Return how people call a principal.

    Example:
        >>> _called("arn:aws:iam::111122223333:role/service-role/backup")
        'role backup'
    """
    kind, _, path = arn.rpartition(":")[2].partition("/")
    return f"{kind} {path.rpartition('/')[2]}"


def _text(texts: Mapping[str, str], digest: str | None) -> str | Unread:
    return texts.get(digest or "") or Unread("AWS's answer did not have its text")


def _vaults(tables: Tables) -> Iterable[GuardedResource]:
    """Yield the vaults; one whose policy could not be read has no row."""
    tagged = {(account, region, name): tags for account, region, name, tags in _rows(tables, "vault_tags", *_VAULT_TAGS)}
    columns = ("account_id", "region", "name", "arn", "type", "access_policy")
    for account, region, name, arn, kind, policy in _rows(tables, "vaults", *columns):
        origin = LiveOrigin(account, region, arn)
        text = PolicyText(name=f"access policy of vault {name}", text=policy, origin=origin) if policy else None
        tags = _tags(tagged.get((account, region, name)))
        yield GuardedResource(arn=arn, account=account, policy=text, tags=tags, air_gapped=kind == AIR_GAPPED, origin=origin)


def _keys(tables: Tables, read: Readings) -> Iterable[GuardedResource]:
    """Yield each key once; other accounts may have been asked for a key whose owner could not be."""
    grants = _grants(tables)
    tagged = dict(_rows(tables, "key_tags", "key_arn", "tags"))
    found: dict[str, GuardedResource] = {}
    columns = ("account_id", "region", "arn", "manager", "state", "policy")
    for account, region, arn, manager, state, policy in _rows(tables, "keys", *columns):
        known = found.get(arn)
        if known is not None and not isinstance(known.policy, Unread):
            continue
        origin = LiveOrigin(account, region, arn)
        unread = read.missing(account, region, "grants")
        found[arn] = GuardedResource(
            arn=arn,
            account=_owner(arn, account),
            policy=PolicyText(name=f"key policy of {arn}", text=policy, origin=origin) if policy else _no_policy(manager, state),
            grants=Unread(unread.reason) if unread and manager == "CUSTOMER" else grants.get((account, region, arn), ()),
            tags=_tags(tagged.get(arn)),
            origin=origin,
        )
    return found.values()


def _tags(found: Iterable[tuple[str, str]] | None) -> tuple[tuple[str, str], ...] | Unread:
    return UNTOLD_TAGS if found is None else tuple(sorted(found))


def _no_policy(manager: str, state: str) -> Unread:
    if manager != "CUSTOMER":
        return AWS_MANAGED
    return Unread("the key does not exist any more" if state == GONE else "its policy could not be read")


def _owner(arn: str, account: str) -> str:
    try:
        return Arn.parse(arn).account or account
    except ValueError:
        return account


def _grants(tables: Tables) -> dict[tuple[str, str, str], tuple[KeyGrant, ...] | Unread]:
    """Return the grants of each key; all of them Unread where one has a constraint that this release doesn't know."""
    found: dict[tuple[str, str, str], tuple[KeyGrant, ...] | Unread] = {}
    columns = ("account_id", "region", "key_arn", "grant_id", "grantee", "operations", "constraints")
    for account, region, key, grant_id, grantee, operations, constraints in _rows(tables, "grants", *columns):
        place = (account, region, key)
        before = found.get(place, ())
        made = _grant(grant_id, grantee, tuple(operations), json.loads(constraints) if constraints else {})
        found[place] = made if isinstance(made, Unread) else before if isinstance(before, Unread) else (*before, made)
    return found


def _grant(grant_id: str, grantee: str, operations: tuple[str, ...], constraints: Mapping[str, Any]) -> KeyGrant | Unread:
    unknown = constraints.keys() - CONTEXTS.keys()
    if unknown or len(constraints) > 1:
        return Unread(f"grant {grant_id} has the constraint {', '.join(sorted(unknown or constraints))}, which is not understood")
    context = tuple(sorted((str(key), str(value)) for pairs in constraints.values() for key, value in pairs.items()))
    exact = any(CONTEXTS[name] for name in constraints)
    return KeyGrant(id=grant_id, grantee=grantee, operations=operations, encryption_context=context, exact_context=exact)


def _controls(tables: Tables, read: Readings, accounts: tuple[AccessAccount, ...]) -> tuple[ControlPolicy, ...] | Unread:
    management = next((account.id for account in accounts if account.management), "")
    missing = read.missing(management, "", "control_policies")
    if missing is not None:
        return Unread(missing.reason)
    found: dict[tuple[str, str], ControlPolicy] = {}
    targets: dict[tuple[str, str], list[str]] = {}
    columns = ("account_id", "policy_id", "type", "name", "content", "target_id")
    for account, policy_id, kind, name, content, target in _rows(tables, "control_policies", *columns):
        targets.setdefault((kind, policy_id), []).extend([target] if target else [])
        if (kind, policy_id) not in found:
            short = "SCP" if kind == ControlType.SCP else "RCP"
            text = PolicyText(name=f"{short} {name}", text=content, origin=LiveOrigin(account, "", policy_id))
            found[kind, policy_id] = ControlPolicy(id=policy_id, name=name, type=ControlType(kind), policy=text, targets=())
    return tuple(
        ControlPolicy(id=each.id, name=each.name, type=each.type, policy=each.policy, targets=tuple(sorted(targets[key])))
        for key, each in found.items()
    )


def _rows(tables: Tables, name: str, *columns: str) -> Iterable[tuple[Any, ...]]:
    table = tables.table(name)
    return zip(*(table.column(column).to_pylist() for column in columns), strict=True)
