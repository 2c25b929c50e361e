"""What was synced about who may do what, ready for the questions that links ask: one evaluator answers them.

Snapshots from before principals and control policies were synced say nothing about them: then roles are taken to be able to do their
part, as those releases did, and what trust, vault and key policies say is judged all the same. What a sync tried and could not read
stays unread.
Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/access-control.html
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.domain.access import GuardedResource, PolicyText, Principal, PrincipalKind
from strongroom.domain.origin import LiveOrigin, Unread
from strongroom.proof.entitlements import access
from strongroom.proof.observed import Tables
from strongroom.proof.readings import Readings, Unreadable, readings
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.awsroles import service_linked_roles
from strongroom.semantics.authorization.model import Context, Decision

BACKUP_SERVICE = "backup.amazonaws.com"
SERVICE_LINKED = "AWSServiceRoleForBackup"
SYNCED = ("principals", "control_policies")  # subjects that later releases read
_ANYTHING = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """The policies of a snapshot, as far as backups depend on them."""

    authorizer: Authorizer
    roles: Mapping[tuple[str, str], str]  # account, name: ARN of roles that selections name and that exist
    principals: Mapping[tuple[str, str], str]  # the same of all roles that were asked for, named by selections or not
    synced: bool  # principals and control policies were asked for
    management: str
    readings: Readings

    def unread(self, account: str) -> Unreadable | None:
        """Return which policies about an account's role a sync tried to read in vain."""
        if not self.synced:
            return None
        places = ((account, "principals"), (self.management, "control_policies"))
        return next((missing for where, subject in places if (missing := self.readings.missing(where, "", subject))), None)

    def assumes(self, account: str, role: str) -> Decision:
        """Return whether AWS Backup may take on a role of an account."""
        context = Context(values=MappingProxyType({"aws:SourceAccount": (account,)}))
        return self.authorizer.decide(BACKUP_SERVICE, "sts:AssumeRole", self.roles[account, role], context)


def rights(
    tables: Tables,
    management: str,
    role: str,
    objects: Iterable[tuple[str, str]] = (),
    *,
    also: Iterable[str] = (),
    read: Readings | None = None,
) -> Rights:
    """Return the policies of a snapshot that decide about backups by a role of that name; raises CouldNotVerify for a damaged table.

    `also` are names of more roles that are asked about: of those that restore. `objects` are ARNs of protected buckets with their
    accounts: their policies are not synced, so they are taken to have none. `read`: the readings of the snapshot, where they are at hand.
    """
    read = read or readings(tables.table("reads"))
    synced = not set(SYNCED).isdisjoint(tables.table("reads").column("subject").unique().to_pylist())
    whole = access(_Narrowed(tables, (role, *also)), read=read)
    known = {principal.arn: principal for principal in whole.principals}
    jobs = {principal.arn: principal for principal in _roles(tables, known, synced=synced)}
    linked = (each for account in whole.accounts for each in service_linked_roles(account.id) if each.arn not in known)
    untold = Unread("tags of buckets are not asked for")
    buckets = (GuardedResource(arn=arn, account=owner, tags=untold, origin=LiveOrigin(owner, "", arn)) for arn, owner in objects)
    found = replace(
        whole,
        principals=tuple((known | jobs).values()) + tuple(linked),
        resources=(*whole.resources, *buckets),
        controls=whole.controls if synced else (),
        unread=whole.unread if synced else (),
    )
    return Rights(
        authorizer=Authorizer(found),
        roles=_by_name(jobs.values()),
        principals=_by_name(each for each in found.principals if each.kind is PrincipalKind.ROLE),
        synced=synced,
        management=management,
        readings=read,
    )


def _by_name(roles: Iterable[Principal]) -> dict[tuple[str, str], str]:
    return {(role.account, role.arn.rpartition("/")[2]): role.arn for role in roles}


@dataclass(frozen=True, slots=True)
class _Narrowed:
    """Tables without the principals that no backup depends on: most of a large organization."""

    tables: Tables
    roles: tuple[str, ...]  # names

    @property
    def observed_at(self) -> datetime:
        """AWS's time."""
        return self.tables.observed_at

    def table(self, name: str) -> pa.Table:
        """Return one table."""
        found = self.tables.table(name)
        column = {"principals": "arn", "principal_policies": "principal_arn"}.get(name)
        if column is None:
            return found
        ends = [pc.ends_with(found[column], f"/{each}") for each in (*self.roles, SERVICE_LINKED)]
        return found.filter(reduce(pc.or_, ends))


def _roles(tables: Tables, known: Mapping[str, Principal], *, synced: bool) -> Iterable[Principal]:
    """Yield the roles that selections name, with the trust policy as it was read with them."""
    anything = PolicyText(name="whatever its own policies say", text=_ANYTHING, origin=LiveOrigin("", "", ""))
    table = tables.table("roles")
    columns: list[list[Any]] = [table.column(name).to_pylist() for name in ("account_id", "arn", "exists", "trust_policy")]
    for account, arn, exists, trust in zip(*columns, strict=True):
        if not exists:
            continue
        origin = LiveOrigin(account, "", arn)
        text = PolicyText(name=f"trust policy of role {arn.rpartition('/')[2]}", text=trust or '{"Statement": []}', origin=origin)
        found = known.get(arn)
        if found is not None:
            yield replace(found, trust=text)
            continue
        untold = Unread(f"{arn} is not among the principals read")
        identity = untold if synced else (anything,)
        yield Principal(kind=PrincipalKind.ROLE, account=account, arn=arn, identity=identity, trust=text, tags=untold, origin=origin)
