"""What `who-can` can be asked about: vaults with their recovery points and keys, plans, roles, policies, accounts.

They come from a snapshot of the ledger, or from what an access document names. Where nobody has listed any (recovery points of an empty
vault, plans of an access document) examples of the forms of AWS's ARNs stand for them: policies seldom tell one from another.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.resources import files
from typing import Any, Final

import pyarrow.compute as pc

from strongroom import facts, ledger
from strongroom.domain.access import Access, PolicyText
from strongroom.domain.names import Arn, ResourceType, partition_of, vault_arn
from strongroom.domain.origin import Unread
from strongroom.proof.entitlements import AWS_MANAGED
from strongroom.proof.readings import unread_reason

BACKUP: Final = "backup.amazonaws.com"
_UNKNOWN_ORGANIZATION: Final = "o-unknown"  # its id could not be read; only policies that name the id tell the difference
_AIR_GAPPED: Final = "LOGICALLY_AIR_GAPPED_BACKUP_VAULT"
_OWN_FORM: Final = "arn:{partition}:backup:{region}:{account}:recovery-point:00000000-0000-0000-0000-000000000000"
_PLAN: Final = "arn:{partition}:backup:{region}:{account}:backup-plan:00000000-0000-0000-0000-000000000000"
_HOLD: Final = "arn:{partition}:backup:{region}:{account}:legal-hold:00000000-0000-0000-0000-000000000000"
_DEFAULT_ROLE: Final = "arn:{partition}:iam::{account}:role/service-role/AWSBackupDefaultServiceRole"
_POLICY_TYPES: Final = {"SERVICE_CONTROL_POLICY": "service_control_policy", "RESOURCE_CONTROL_POLICY": "resource_control_policy"}
_READ_FIRST: Final = {  # without these rows of `reads` a kind of thing may be missing from the snapshot
    "accounts": "accounts",
    "backup_plans": "plans",
    "control_policies": "control policies",
    "keys": "keys",
    "policies": "backup policies",
    "recovery_points": "recovery points",
    "vaults": "vaults",
}


class ThingKind(StrEnum):
    """What a permission is asked for, as `facts.Need.on` writes it."""

    VAULT = "vault"
    POINT = "recovery point"
    KEY = "key"
    ROLE = "role"  # that AWS Backup works with
    PLAN = "plan"
    POLICY = "policy"  # of the organization
    TOPIC = "topic"
    HOLD = "legal hold"
    ACCOUNT = "account"
    ORGANIZATION = "organization"
    EVERYTHING = "everything"  # of an account


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """Something that backups hang on."""

    kind: ThingKind
    arn: str  # * for everything
    account: str  # that has it; of an account itself: that one
    region: str = ""
    name: str  # what people call it
    vaults: tuple[str, ...] = ()  # ARNs: that holds a recovery point; that use a key
    example: bool = False  # stands for any of its form


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What could not be read, so that things or permissions may be missing."""

    account: str  # empty: of the whole organization
    region: str
    what: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """Everything that can be asked about, and what could not be read of it."""

    things: tuple[Thing, ...]
    gaps: tuple[Gap, ...]


def of_snapshot(snapshot: ledger.Snapshot, access: Access) -> Holdings:
    """Return what a snapshot of the ledger knows of; raises CouldNotVerify for a damaged one."""
    vaults = tuple(_vaults(snapshot))
    air_gapped = {row["arn"] for row in snapshot.table("vaults").select(["arn", "type"]).to_pylist() if row["type"] == _AIR_GAPPED}
    points, keys = _stored(snapshot, vaults, air_gapped)
    things = (
        *vaults,
        *points,
        *keys,
        *_plans(snapshot),
        *_policies(snapshot, access),
        *_roles(access, {arn for arn in snapshot.table("selections")["role_arn"].to_pylist() if arn}),
        *_around(vaults, access),
    )
    managed = tuple(_managed_by_aws(keys, access))
    return Holdings(
        things=tuple(each for each in things if each.arn not in {gap.what for gap in managed}),
        gaps=(*_gaps(snapshot), *(replace(gap, what=f"key {gap.what}") for gap in managed)),
    )


def of_access(access: Access) -> Holdings:
    """Return what access documents name; they list no recovery points and plans, for which examples stand."""
    vaults = tuple(
        Thing(kind=ThingKind.VAULT, arn=each.arn, account=each.account, region=parsed.region, name=_last(parsed))
        for each in access.resources
        if ":backup-vault:" in each.arn
        for parsed in (Arn.parse(each.arn),)
    )
    things = (
        *vaults,
        *(point for vault in vaults for point in _examples(vault)),
        *_named(access, ":kms:", ThingKind.KEY),
        *_named(access, ":sns:", ThingKind.TOPIC),
        *_example_plans(vaults),
        *_control_policies(access),
        *_roles(access, set()),
        *_around(vaults, access),
    )
    return Holdings(things=things, gaps=())


def default_role(account: str, partition: str = "aws") -> str:
    """Return the ARN of the role that AWS Backup's console makes, which stands for a role that nobody listed."""
    return _DEFAULT_ROLE.format(partition=partition, account=account)


def thing(arn: str, kind: ThingKind, *, account: str = "", vaults: tuple[str, ...] = ()) -> Thing:
    """Return something that is asked about by its ARN; raises ValueError for what is no ARN."""
    parsed = Arn.parse(arn)
    return Thing(kind=kind, arn=arn, account=parsed.account or account, region=parsed.region, name=_last(parsed), vaults=vaults)


def examples(vault: Thing, *, air_gapped: bool = False) -> tuple[Thing, ...]:
    """Return a recovery point of each form of ARN that AWS Backup may keep in a vault."""
    return tuple(_examples(vault, air_gapped=air_gapped))


def _vaults(snapshot: ledger.Snapshot) -> Iterator[Thing]:
    for row in snapshot.table("vaults").select(["account_id", "region", "name", "arn"]).to_pylist():
        yield Thing(kind=ThingKind.VAULT, arn=row["arn"], account=row["account_id"], region=row["region"], name=row["name"])


def _stored(snapshot: ledger.Snapshot, vaults: tuple[Thing, ...], air_gapped: set[str]) -> tuple[list[Thing], list[Thing]]:
    """Return a recovery point of each form in each vault, and the keys of vaults and recovery points."""
    by_place = {(vault.account, vault.region, vault.name): vault for vault in vaults}
    points: dict[tuple[str, str], Thing] = {}
    users: dict[str, list[str]] = {}  # vaults by the key
    for row in snapshot.table("vaults").select(["arn", "key_arn"]).to_pylist():
        if row["key_arn"]:
            users.setdefault(row["key_arn"], []).append(row["arn"])
    connection = ledger.connect(snapshot)
    try:
        rows = ledger.rows(connection, (files("strongroom.proof") / "holdings.sql").read_text(encoding="utf-8"))
    finally:
        connection.close()
    for row in rows:
        place = (row["account_id"], row["region"], row["vault_name"])
        holder = by_place.get(place)
        arn = holder.arn if holder else vault_arn(*place)
        points[arn, row["form"]] = Thing(
            kind=ThingKind.POINT, arn=row["arn"], account=place[0], region=place[1], name=place[2], vaults=(arn,)
        )
        if row["key_arn"]:
            users.setdefault(row["key_arn"], []).append(arn)
    filled = {arn for arn, _ in points}
    empty = (point for vault in vaults if vault.arn not in filled for point in _examples(vault, air_gapped=vault.arn in air_gapped))
    keys = [_key(arn, tuple(dict.fromkeys(used))) for arn, used in sorted(users.items())]
    return [*points.values(), *empty], keys


def _key(arn: str, vaults: tuple[str, ...]) -> Thing:
    parsed = Arn.parse(arn)
    return Thing(kind=ThingKind.KEY, arn=arn, account=parsed.account, region=parsed.region, name=_last(parsed), vaults=vaults)


def _examples(vault: Thing, *, air_gapped: bool = False) -> Iterator[Thing]:
    """Yield a recovery point of each form that AWS Backup may keep in a vault."""
    every = {facts.arn_forms(each, basic=basic).recovery_point for each in ResourceType for basic in (False, True)}
    forms = {_OWN_FORM} if air_gapped else every
    words = {"partition": partition_of(vault.region), "region": vault.region, "account": vault.account}
    for form in sorted(forms):
        yield Thing(
            kind=ThingKind.POINT,
            arn=form.format_map(words),
            account=vault.account,
            region=vault.region,
            name=vault.name,
            vaults=(vault.arn,),
            example=True,
        )


def _plans(snapshot: ledger.Snapshot) -> Iterator[Thing]:
    """Yield the plans that their own account can change; those of organization policies can't be changed there."""
    for row in snapshot.table("backup_plans").select(["account_id", "region", "plan_id", "name", "arn"]).to_pylist():
        if not row["plan_id"].startswith("orgs/"):
            yield Thing(kind=ThingKind.PLAN, arn=row["arn"], account=row["account_id"], region=row["region"], name=row["name"])


def _example_plans(vaults: Iterable[Thing]) -> Iterator[Thing]:
    for place in dict.fromkeys((vault.account, vault.region) for vault in vaults):
        yield _example(ThingKind.PLAN, _PLAN, *place, "any plan")


def _policies(snapshot: ledger.Snapshot, access: Access) -> Iterator[Thing]:
    rows = snapshot.table("policies").select(["policy_id", "name"]).group_by(["policy_id", "name"]).aggregate([]).to_pylist()
    management, organization = _top(access)
    for row in rows if management else ():
        arn = f"arn:aws:organizations::{management}:policy/{organization}/backup_policy/{row['policy_id']}"
        yield Thing(kind=ThingKind.POLICY, arn=arn, account=management, name=row["name"])
    yield from _control_policies(access)


def _control_policies(access: Access) -> Iterator[Thing]:
    management, organization = _top(access)
    if not management or isinstance(access.controls, Unread):
        return
    for each in access.controls:
        if each.targets and not each.name.endswith("FullAWSAccess"):
            arn = f"arn:aws:organizations::{management}:policy/{organization}/{_POLICY_TYPES[each.type]}/{each.id}"
            yield Thing(kind=ThingKind.POLICY, arn=arn, account=management, name=each.name)


def _roles(access: Access, chosen: set[str]) -> Iterator[Thing]:
    """Yield the roles that AWS Backup was given or may be given."""
    for each in access.principals:
        if each.service_linked or ":role/" not in each.arn:
            continue
        trusts = isinstance(each.trust, PolicyText) and isinstance(each.trust.text, str) and BACKUP in each.trust.text
        if trusts or each.arn in chosen:
            yield Thing(kind=ThingKind.ROLE, arn=each.arn, account=each.account, name=each.arn.rpartition("/")[2])


def _around(vaults: tuple[Thing, ...], access: Access) -> Iterator[Thing]:
    """Yield accounts, their holds and settings, and the organization."""
    management, organization = _top(access)
    places = dict.fromkeys((vault.account, vault.region) for vault in vaults)
    for place in places:
        yield _example(ThingKind.HOLD, _HOLD, *place, "any legal hold")
    names = {account.id: account.name or account.id for account in access.accounts}
    for account in dict.fromkeys(account for account, _ in places) or names:
        yield Thing(kind=ThingKind.EVERYTHING, arn="*", account=account, name=names.get(account, account))
        if management and account != management:
            arn = f"arn:aws:organizations::{management}:account/{organization}/{account}"
            yield Thing(kind=ThingKind.ACCOUNT, arn=arn, account=account, name=names.get(account, account))
    if management and management not in {account for account, _ in places}:
        yield Thing(kind=ThingKind.EVERYTHING, arn="*", account=management, name=names.get(management, management))
    if management:
        arn = f"arn:aws:organizations::{management}:organization/{organization}"
        yield Thing(kind=ThingKind.ORGANIZATION, arn=arn, account=management, name=organization)


def _top(access: Access) -> tuple[str, str]:
    """Return the management account and the id of the organization; empty: there is none."""
    management = next((account.id for account in access.accounts if account.management), "")
    known = access.organization_id
    return ("", "") if known is None else (management, _UNKNOWN_ORGANIZATION if isinstance(known, Unread) else known)


def _named(access: Access, service: str, kind: ThingKind) -> Iterator[Thing]:
    for each in access.resources:
        if service in each.arn:
            yield thing(each.arn, kind, account=each.account)


def _example(kind: ThingKind, form: str, account: str, region: str, name: str) -> Thing:
    arn = form.format(partition=partition_of(region), region=region, account=account)
    return Thing(kind=kind, arn=arn, account=account, region=region, name=name, example=True)


def _managed_by_aws(keys: Iterable[Thing], access: Access) -> Iterator[Gap]:
    """Yield the keys whose policies AWS keeps: a gap each instead of a row for everybody in their accounts."""
    policies: Mapping[str, Any] = {each.arn: each.policy for each in access.resources}
    for key in keys:
        if policies.get(key.arn) == AWS_MANAGED:
            yield Gap(account=key.account, region=key.region, what=key.arn, reason=AWS_MANAGED.reason)


def _gaps(snapshot: ledger.Snapshot) -> Iterator[Gap]:
    reads = snapshot.table("reads")
    for row in reads.filter(pc.invert(reads["read"])).to_pylist():
        what = _READ_FIRST.get(row["subject"])
        if what is not None:
            reason = unread_reason(row["code"], row["reason"])
            yield Gap(account=row["account_id"], region=row["region"], what=what, reason=reason)


def _last(arn: Arn) -> str:
    return arn.resource.replace("/", ":").rpartition(":")[2]
