"""Tests that somebody asks for by hand, of what no restore test of the strategy covers."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Final

from strongroom import ledger, strategyfile
from strongroom.domain.estate import Estate
from strongroom.domain.names import AccountId, Arn, EveryAccount, Region, ResourceType
from strongroom.domain.strategy import Pick, Validation
from strongroom.errors import BadInput, CouldNotVerify
from strongroom.workflows.restoring import timing
from strongroom.workflows.restoring.metadata import RESTORED_TYPES
from strongroom.workflows.restoring.request import kind_of, type_of

if TYPE_CHECKING:
    from strongroom.workflows.testing import Subject

ANY_AGE_DAYS: Final = 36_500  # nobody has said how old a recovery point may be


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asks for."""

    arn: str
    vaults: tuple[str, ...]  # labels; empty: every vault in which the ledger has seen recovery points of it
    validators: tuple[str, ...]  # names, or files of SQL beside the strategy
    copy_back: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """A vault to restore from."""

    label: str
    account: AccountId
    region: Region
    name: str


def require_vaults(estate: Estate, labels: Iterable[str]) -> None:
    """Raise BadInput for a label that no vault of the strategy has."""
    known = sorted({vault.label for vault in estate.vaults})
    for label in labels:
        if label not in known:
            near = get_close_matches(label, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
            raise BadInput(f"strategy {estate.name} has no vault {label!r}", hint=hint)


def require_validators(estate: Estate, arn: str, names: Collection[str], folder: Path) -> tuple[Validation, ...]:
    """Return the validations that are named for what an ARN names; raises BadInput."""
    kind = kind_of(Arn.parse(arn)) or ResourceType.AURORA
    return tuple(_validation(estate, kind, name, folder) for name in names)


def by_hand(asked: Asked, estate: Estate, snapshot: ledger.Snapshot, folder: Path) -> "Iterator[Subject]":
    """Yield a test for each vault, numbered from 1; raises BadInput for what nobody knows, CouldNotVerify where nothing can be restored."""
    from strongroom.workflows.testing import Subject

    named = Arn.parse(asked.arn)
    kind = type_of(named) or timing.resource_type(snapshot, asked.arn) or kind_of(named)
    if kind is None or kind not in RESTORED_TYPES:
        raise BadInput(
            f"{kind} can't be restored by Strongroom", hint="restore it with the console of AWS Backup: strongroom explain RCV006"
        )
    validations = tuple(_validation(estate, kind, name, folder) for name in asked.validators)
    tags = timing.resource_tags(snapshot, asked.arn)
    for number, place in enumerate(_places(asked, estate, snapshot), 1):
        owner = _owner(asked.arn, snapshot) or place.account
        yield Subject(
            number=number,
            test="",
            resource_arn=asked.arn,
            type=kind,
            vault_label=place.label,
            vault=place.name,
            account=place.account,
            into=owner if asked.copy_back else place.account,
            region=place.region,
            pick=Pick.LATEST,
            within_days=ANY_AGE_DAYS,
            overrides=next((dict(each.values) for test in estate.restore_tests for each in test.overrides if each.type is kind), {}),
            validations=validations,
            login=next((login for test in estate.restore_tests for login in test.logins if login.type is kind), None),
            rto_seconds=timing.rto_seconds(estate, kind, tags, asked.arn),
            schedule="",
            timezone="UTC",
        )


def _validation(estate: Estate, kind: ResourceType, name: str, folder: Path) -> Validation:
    """Return a validation: with the settings that a restore test of the strategy gives it for the type, else by its name alone."""
    declared = (each for test in estate.restore_tests for each in test.validations if each.type is kind)
    found = next((each for each in declared if name in {each.validator, each.file}), None) or strategyfile.validation(kind, name)
    if found.file and not (folder / found.file).is_file():
        raise BadInput(f"there is no {folder / found.file}", hint="files of validators are beside the strategy")
    return found


def _owner(arn: str, snapshot: ledger.Snapshot) -> AccountId | None:
    """Return the account of a resource; None: its ARN has none, and the ledger doesn't know it (any more)."""
    known = next((account for account, _, _ in timing.resource_place(snapshot, arn)), None)
    return known or AccountId(Arn.parse(arn).account) or None


def _places(asked: Asked, estate: Estate, snapshot: ledger.Snapshot) -> Sequence[_Place]:
    """Return the vaults to restore from: those that are named, else those that hold recovery points of the resource."""
    seen, there = timing.places_of(snapshot, asked.arn), timing.resource_place(snapshot, asked.arn)
    if not seen and not there:
        hint = "strongroom coverage lists the resources that were found; run strongroom sync if it is new"
        raise BadInput(f"no resource {asked.arn} in snapshot {snapshot.id}", hint=hint)
    if asked.vaults:
        return _named(asked, estate, snapshot)
    labels = {vault.name: vault.label for vault in estate.vaults}
    found = [_Place(labels.get(name, ""), account, region, name) for account, region, name in sorted(seen)]
    if not found:
        message = f"no vault holds a recovery point of {asked.arn} (seen {snapshot.observed_at:%Y-%m-%d %H:%M} UTC)"
        raise CouldNotVerify(message, hint=f"see why: strongroom prove {asked.arn}; after a new backup: strongroom sync")
    return found


def _named(asked: Asked, estate: Estate, snapshot: ledger.Snapshot) -> Sequence[_Place]:
    """Return the vaults with some labels: in the Regions where recovery points were seen, else in that of the resource, else in all."""
    owner = _owner(asked.arn, snapshot)
    seen = {(account, region, name) for account, region, name in timing.places_of(snapshot, asked.arn)}
    homes = {region for _, region, _ in timing.resource_place(snapshot, asked.arn)} or {Region(Arn.parse(asked.arn).region)}
    found: list[_Place] = []
    for vault in (each for label in asked.vaults for each in estate.vaults if each.label == label):
        account = owner if isinstance(vault.account, EveryAccount) else vault.account
        places = [_Place(vault.label, account, region, vault.name) for region in vault.regions if account]
        holding = [each for each in places if (each.account, each.region, each.name) in seen]
        found += holding or [each for each in places if each.region in homes] or places
    return found
