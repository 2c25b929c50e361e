"""The estate that is observed in one account and Region: its plans with their rules and selections, and the vaults they use."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from strongroom.documents import apidocument
from strongroom.documents.assembly import assemble
from strongroom.documents.drafts import Draft, DraftPlan, DraftSelection, DraftVault
from strongroom.documents.nodes import Members
from strongroom.documents.notes import Notes
from strongroom.documents.reading import read
from strongroom.domain.estate import Estate
from strongroom.domain.names import AccountId, Arn
from strongroom.domain.origin import FileOrigin, LiveOrigin, Unread
from strongroom.domain.strategy import KeyKind, Lock, LockMode
from strongroom.proof.configured.documents import Place, PlanDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveVault:
    """A vault as it is in AWS."""

    account: str
    region: str
    name: str
    arn: str
    key_manager: str | None  # AWS or CUSTOMER; None: not known
    locked: bool
    min_days: int | None
    max_days: int | None
    lock_at: datetime | None  # when a compliance lock hardens


def observed_estate(place: Place, plans: Sequence[PlanDocument], vaults: Sequence[LiveVault], *, own: bool = True) -> Estate:
    """Return the estate of an account and Region; files of its origins are the ARNs of plans and vaults.

    `vaults`: those of the place and those that its plans copy to. With `own`, a plan that the account made itself reaches it alone.
    """
    account, region = place
    drafts = tuple(_plans(place, plans))
    made = Draft(
        name=f"{account} {region}", plans=drafts, vaults=tuple(_vault(each) for each in vaults), account=account, region=region
    )  # fmt: skip
    estate = assemble(made, Notes(f"account {account}"))
    alone = {each.arn for each in plans if own and not each.of_policy}
    found = tuple(replace(plan, account=AccountId(account)) if _file(plan.origin) in alone else plan for plan in estate.plans)
    return replace(estate, plans=found)


def _file(origin: object) -> str:
    return origin.file if isinstance(origin, FileOrigin) else ""


def _plans(place: Place, plans: Sequence[PlanDocument]) -> Iterator[DraftPlan]:
    account, region = place
    for each in plans:
        notes = Notes(each.arn)
        root = read(each.plan, notes)
        selections = tuple(_selections(each, notes))
        made = apidocument.plan(root, notes, selected=selections) if isinstance(root, Members) else None
        for plan in made.plans if made else ():
            yield replace(plan, account=account, regions=(region,))


def _selections(plan: PlanDocument, notes: Notes) -> Iterator[DraftSelection]:
    for text in plan.selections:
        root = read(text, notes)
        found = apidocument.selection(root, notes) if isinstance(root, Members) else None
        if found is not None:
            yield found


def _vault(vault: LiveVault) -> DraftVault:
    kinds = {"AWS": KeyKind.AWS_MANAGED, "CUSTOMER": KeyKind.PER_ACCOUNT}
    return DraftVault(
        name=vault.name,
        account=vault.account,
        region=vault.region,
        key=kinds.get(vault.key_manager or "", Unread("its key was not read")),
        lock=_lock(vault),
        origin=FileOrigin(vault.arn, 1, 1),
    )


def _lock(vault: LiveVault) -> Lock | None:
    if not vault.locked:
        return None
    mode = LockMode.COMPLIANCE if vault.lock_at is not None else LockMode.GOVERNANCE
    origin = LiveOrigin(vault.account, vault.region, vault.arn)
    return Lock(mode=mode, min_days=vault.min_days or 1, max_days=vault.max_days, grace_days=None, origin=origin)


def destinations(plan: PlanDocument) -> Iterator[tuple[str, str, str]]:
    """Yield account, Region and name of the vaults that a plan copies to."""
    root = read(plan.plan, Notes(plan.arn))
    made = apidocument.plan(root, Notes(plan.arn)) if isinstance(root, Members) else None
    for rule in (rule for each in made.plans for rule in each.rules) if made else ():
        for copy in () if isinstance(rule.copies, Unread) else rule.copies:
            if isinstance(copy.vault_arn, str):
                yield _vault_of(copy.vault_arn)


def _vault_of(arn: str) -> tuple[str, str, str]:
    try:
        parsed = Arn.parse(arn)
    except ValueError:
        return "", "", arn
    return parsed.account, parsed.region, parsed.resource.removeprefix("backup-vault:")


def live_vaults(rows: Sequence[dict[str, Any]]) -> dict[tuple[str, str, str], LiveVault]:
    """Return vaults by account, Region and name; rows are those of `vaults` with the manager of their key."""
    return {
        (row["account_id"], row["region"], row["name"]): LiveVault(
            account=row["account_id"],
            region=row["region"],
            name=row["name"],
            arn=row["arn"],
            key_manager=row["key_manager"],
            locked=row["locked"],
            min_days=row["min_retention_days"],
            max_days=row["max_retention_days"],
            lock_at=row["lock_at"],
        )
        for row in rows
    }
