"""Guard rails that could be attached: service control policies in files, or those that a strategy declares."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from strongroom import documents
from strongroom.api.entitled import Entitled, FaultyPolicies
from strongroom.domain.access import ControlPolicy, ControlType, PolicyText
from strongroom.domain.finding import Severity
from strongroom.domain.origin import BuiltIn, FileOrigin, Unread
from strongroom.errors import BadInput
from strongroom.semantics.authorization.policy import Policy, parse

_FULL = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
_ROOT = "root"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rail:
    """A service control policy, and where it would be attached."""

    name: str
    text: str  # JSON
    origin: FileOrigin
    targets: tuple[str, ...] = ()  # OU names, paths or ids; empty: the root

    @property
    def policy(self) -> Policy:
        """The policy, ready to be asked."""
        return parse(self.text, name=self.name, origin=str(self.origin))


def rails_in(files: Sequence[Path]) -> tuple[Rail, ...]:
    """Return the service control policies in files, for the root; raises BadInput, FaultyPolicies with all findings."""
    found = []
    for file in files:
        loaded = documents.load(file, kind=documents.Kind.SCP)
        if any(finding.severity is Severity.ERROR for finding in loaded.findings):
            raise FaultyPolicies(file, loaded.findings)
        found.append(Rail(name=file.name, text=file.read_text(encoding="utf-8-sig"), origin=FileOrigin(str(file), 1, 1)))
    return tuple(found)


def rails_of(strategy: Path) -> tuple[Rail, ...]:
    """Return the guard rails that a strategy declares, as they would be deployed; raises FaultyStrategy, BadInput without any."""
    from strongroom import compiler
    from strongroom.api.strategy import load_strategy, strategy_path

    estate = compiler.compile_strategy(load_strategy(strategy))
    if not estate.rails:
        raise BadInput(f"{strategy} declares no guard rails", hint="add guard_rails to it, or name policies: --unless-rail FILE")
    declared = estate.guard_rails.origin if estate.guard_rails else None
    place = declared if isinstance(declared, FileOrigin) else FileOrigin(str(strategy_path(strategy)), 1, 1)
    return tuple(Rail(name=each.name, text=each.content, origin=place, targets=each.targets) for each in estate.rails)


def attached(source: Entitled, rails: Sequence[Rail]) -> Entitled:
    """Return who may do what with guard rails attached; raises BadInput for an OU that isn't known.

    Control policies that could not be read are left out: whom the rails stop alone is stopped for certain.
    """
    access, units = source.access, _units(source)
    before = () if isinstance(access.controls, Unread) else access.controls
    if not any(each.type is ControlType.SCP for each in before):
        everything = tuple(dict.fromkeys(place for account in access.accounts for place in (*account.parents, account.id)))
        full = PolicyText(name="FullAWSAccess", text=_FULL, origin=BuiltIn())
        before = (*before, ControlPolicy(id="p-FullAWSAccess", name=full.name, type=ControlType.SCP, policy=full, targets=everything))
    added = (
        ControlPolicy(
            id=f"p-rail-{number}",
            name=rail.name,
            type=ControlType.SCP,
            policy=PolicyText(name=rail.name, text=rail.text, origin=rail.origin),
            targets=tuple(_place(target, units) for target in rail.targets or (_ROOT,)),
        )
        for number, rail in enumerate(rails)
    )
    return replace(source, access=replace(access, controls=(*before, *added)))


def _units(source: Entitled) -> Mapping[str, set[str]]:
    """Return the ids of the root, of OUs and accounts by id, and by path and name where the ledger knows them."""
    found: dict[str, set[str]] = {}
    for account in source.access.accounts:
        for each in (*account.parents, account.id):
            found.setdefault(each, {each})
        for name in (_ROOT, "Root"):
            found.setdefault(name, set()).update(account.parents[:1])
    rows = source.snapshot.table("accounts").select(["ou_path", "ou_ids"]).to_pylist() if source.snapshot else []
    for row in rows:
        names = row["ou_path"].split("/") if row["ou_path"] else []
        for depth, unit in enumerate(row["ou_ids"][1:][: len(names)], start=1):
            for name in {"/".join(names[:depth]), names[depth - 1]}:
                found.setdefault(name, set()).add(unit)
    return found


def _place(target: str, units: Mapping[str, set[str]]) -> str:
    ids = sorted(units.get(target, ()))
    if len(ids) == 1:
        return ids[0]
    if ids:
        raise BadInput(f"there are {len(ids)} OUs {target!r}", hint=f"name its id in the strategy: {' or '.join(ids[:3])}")
    near = difflib.get_close_matches(target, units, n=1)
    hint = f"did you mean {near[0]}?" if near else "write the OU's id, ou-…, in the strategy's guard_rails or governs"
    raise BadInput(f"there is no OU {target!r} above the accounts that were read, to attach guard rails to", hint=hint)
