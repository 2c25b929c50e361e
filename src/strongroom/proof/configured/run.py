"""Running the checks of a strategy over what is in AWS."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate

import pyarrow as pa
import pyarrow.compute as pc

from strongroom import checks, ledger
from strongroom.checks.interest import interest
from strongroom.checks.inventory import Inventory
from strongroom.checks.inventory_table import inventory as stock_of
from strongroom.checks.walk import listed, selected
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Finding, Severity
from strongroom.domain.origin import FileOrigin, LiveOrigin
from strongroom.proof.configured.codes import OF_FOREIGN_PLANS, OF_THE_STRATEGY, WARNED
from strongroom.proof.configured.documents import Place, PlanDocument, plan_documents
from strongroom.proof.configured.observing import LiveVault, destinations, live_vaults, observed_estate
from strongroom.proof.engine import Judgement
from strongroom.proof.findings import Fault
from strongroom.proof.links import LinkState
from strongroom.proof.protected import within
from strongroom.proof.readings import Unreadable, unread_reason
from strongroom.semantics.selection import matches

_VAULTS = """
    SELECT v.*, k.manager AS key_manager FROM vaults AS v LEFT JOIN (SELECT DISTINCT arn, manager FROM keys) AS k ON k.arn = v.key_arn
    WHERE v.account_id || ' ' || v.region || ' ' || v.name IN (SELECT unnest($names)) ORDER BY v.account_id, v.region, v.name"""
_IN_PLACE = "SELECT account_id, region, name FROM vaults WHERE account_id || ' ' || region IN (SELECT unnest($places)) ORDER BY ALL"
_WITH_POINTS = """
    SELECT arn FROM resources WHERE replication IS NOT NULL AND replication <> 'none'
    AND arn IN (SELECT resource_arn FROM recovery_points)"""
_REPLICAS, _BOUNDS = "REP001", "RET002"
_DESTINATION = re.compile(r"(?P<what>.+) can't be copied to (?P<label>[^:]+): (?P<why>[^:]+)")  # of CPY005
_FEW = 20  # accounts whose resources are picked out one by one
_PLACE_ONLY = frozenset({"SEL004"})  # asked of a plan with its account
_TYPES_LOOKED_AT = frozenset({"S3", "RDS", "DynamoDB"})  # whose details the checks ask for


@dataclass(frozen=True, slots=True)
class _Found:
    """A finding with where it holds."""

    finding: Finding
    places: tuple[Place, ...]
    arn: str  # of the first of its plans; empty: about resources


def run(judgement: Judgement) -> tuple[tuple[Fault, ...], tuple[Unreadable, ...]]:
    """Return what the checks find in AWS beside the chains, and the details of resources that they could not read."""
    stock = _Stock(judgement)
    found = (*_of_the_strategy(judgement, stock), *_of_foreign_plans(judgement, stock))
    return tuple(_faults(found)), tuple(_unread(judgement))


class _Stock:
    """The resources of the scope as an inventory, made when somebody asks."""

    def __init__(self, judgement: Judgement) -> None:
        self.judgement = judgement

    @cached_property
    def all(self) -> checks.Stock:
        """Every resource of governed accounts and Regions."""
        return stock_of(self._table)

    @cached_property
    def _table(self) -> pa.Table:
        table = within(self.judgement.scope, self.judgement.snapshot.table("resources"))
        return table.drop_columns(["place_no"])

    def of(self, accounts: frozenset[str]) -> checks.Stock:
        """Return the resources of some accounts: of a few without looking at those of all others."""
        if len(accounts) > _FEW:
            return self.all.within(accounts)
        table, places = self._by_account
        slices = [table.slice(*places[account]) for account in sorted(accounts) if account in places]
        return stock_of(pa.concat_tables(slices) if slices else table.slice(0, 0))

    @cached_property
    def _by_account(self) -> tuple[pa.Table, dict[str, tuple[int, int]]]:
        """Return the resources in order of accounts, and where those of each begin and how many they are."""
        table = self._table.sort_by("account_id")
        counted = table.group_by("account_id").aggregate([([], "count_all")]).sort_by("account_id")
        accounts, counts = counted["account_id"].to_pylist(), counted["count_all"].to_pylist()
        return table, dict(zip(accounts, zip(accumulate(counts, initial=0), counts, strict=False), strict=True))

    def without_points(self) -> checks.Stock:
        """The same without what has any recovery point."""
        with_points = [row["arn"] for row in ledger.rows(self.judgement.connection, _WITH_POINTS)]
        return stock_of(self._table.filter(pc.invert(pc.is_in(self._table["arn"], value_set=pa.array(with_points, pa.string())))))


def _of_the_strategy(judgement: Judgement, stock: _Stock) -> Iterator[_Found]:
    """Yield what the inventory adds to what `check` says of the strategy without one."""
    estate = judgement.estate
    if not estate.plans:
        return
    said = {_said(each) for each in checks.run(estate, only=OF_THE_STRATEGY)}
    found = list(checks.run(estate, stock.all, only=OF_THE_STRATEGY))
    if any(each.code == _REPLICAS for each in found):  # plans of others, and people, make recovery points too
        found = [each for each in found if each.code != _REPLICAS]
        found += checks.run(estate, stock.without_points(), only=(_REPLICAS,))
    for finding in _by_destination(each for each in found if _said(each) not in said):
        place = (str(judgement.scope.management), "")
        yield _Found(replace(finding, origin=LiveOrigin(*place, "")), (place,), "")


def _by_destination(found: Iterable[Finding]) -> Iterator[Finding]:
    """Put findings together that differ only in where something can't be copied to: one state of a resource is one cause."""
    groups: dict[tuple[str, ...], dict[str, Finding]] = {}
    for finding in found:
        parts = _DESTINATION.fullmatch(finding.message)
        key = (finding.code, finding.help, parts["what"], parts["why"]) if parts else (finding.code, finding.subject, finding.message)
        groups.setdefault(key, {})[parts["label"] if parts else ""] = finding
    for several in groups.values():
        labels, first = listed(several), next(iter(several.values()))
        parts = _DESTINATION.fullmatch(first.message)
        yield (
            replace(first, subject=parts["what"], message=f"{parts['what']} can't be copied to {labels}: {parts['why']}")
            if parts
            else first
        )


def _said(finding: Finding) -> tuple[str, str, str]:
    return finding.code, finding.subject, finding.message


def _of_foreign_plans(judgement: Judgement, stock: _Stock) -> Iterator[_Found]:
    """Yield what is wrong with plans and rules that the strategy does not declare, equal configurations judged once."""
    places = set(judgement.scope.numbers)
    documents = plan_documents(judgement.connection, places, judgement.plans)
    vaults = _vaults(judgement, documents)
    groups: dict[tuple[object, ...], list[Place]] = {}
    for place, plans in documents.items():
        groups.setdefault(_alike(place, plans, vaults[place]), []).append(place)
    for alike in groups.values():
        plans, first = documents[alike[0]], alike[0]
        accounts = frozenset(account for account, _ in alike)
        alone = _allowed(judgement, observed_estate(first, plans, vaults[first]))
        anywhere = replace(alone, plans=tuple(replace(plan, account=None) for plan in alone.plans))
        resources = stock.of(accounts)
        found = [
            *checks.run(anywhere, resources, only=set(OF_FOREIGN_PLANS) - _PLACE_ONLY),
            *checks.run(alone, only=_PLACE_ONLY),
        ]
        inventory = resources.alike(interest(anywhere)) if any(map(_is_possible, found)) else None
        for finding in found:
            plan = _about(finding, plans)
            if plan is not None and (inventory is None or not _is_possible(finding) or _meets(plan, anywhere, inventory)):
                yield _Found(replace(finding, origin=LiveOrigin(*first, plan.arn)), tuple(alike), plan.arn)


def _is_possible(finding: Finding) -> bool:
    """Tell whether a finding is about what a plan may select, by tags that say nothing of each other: here the resources are known."""
    return finding.code == _BOUNDS and finding.severity is Severity.WARNING


def _meets(plan: PlanDocument, estate: Estate, inventory: Inventory) -> bool:
    """Tell whether a plan takes any resource for which the strategy sets a bound."""
    mine = [each for each in estate.plans if isinstance(each.origin, FileOrigin) and each.origin.file == plan.arn]
    taken = {resource for each in mine for resource in selected(each, inventory)}
    return any(matches(owed.select, each.type, dict(each.tags), each.arn) for owed in estate.retention for each in taken)


def _allowed(judgement: Judgement, estate: Estate) -> Estate:
    """Return an observed estate with the bounds that the strategy sets to everything."""
    bounds = tuple(replace(each, at_least_days=0) for each in judgement.estate.retention if each.at_most_days is not None)
    return replace(estate, retention=bounds)


def _alike(place: Place, plans: Sequence[PlanDocument], vaults: Sequence[LiveVault]) -> tuple[object, ...]:
    """Return what tells places apart: all but the account's own id and the ids of its plans."""
    account, region = place
    texts = tuple((each.name, each.of_policy, each.plan.replace(account, ""), *sorted(_nameless(each, account))) for each in plans)
    kinds = tuple(
        (each.account.replace(account, ""), each.region, each.name, each.key_manager, each.locked, each.min_days, each.max_days)
        for each in vaults
    )
    return region, texts, kinds


def _nameless(plan: PlanDocument, account: str) -> Iterator[str]:
    yield from (text.replace(account, "") for text in plan.selections)


def _vaults(judgement: Judgement, documents: dict[Place, list[PlanDocument]]) -> dict[Place, tuple[LiveVault, ...]]:
    """Return for each place its vaults, and those that its plans copy to."""
    if not documents:
        return {}
    own = ledger.rows(judgement.connection, _IN_PLACE, {"places": [f"{account} {region}" for account, region in documents]})
    wanted: dict[Place, dict[tuple[str, str, str], None]] = {place: {} for place in documents}
    for row in own:
        wanted[(row["account_id"], row["region"])][(row["account_id"], row["region"], row["name"])] = None
    for place, plans in documents.items():
        wanted[place] |= {where: None for plan in plans for where in destinations(plan)}
    names = sorted({" ".join(name) for several in wanted.values() for name in several})
    known = live_vaults(ledger.rows(judgement.connection, _VAULTS, {"names": names}))
    return {place: tuple(known[name] for name in several if name in known) for place, several in wanted.items()}


def _about(finding: Finding, plans: Sequence[PlanDocument]) -> PlanDocument | None:
    """Return the foreign plan that a finding is about; None where it is about what the strategy declares, which is judged as such."""
    file = finding.origin.file if isinstance(finding.origin, FileOrigin) else ""
    by_arn = {plan.arn: plan for plan in plans}
    plan = by_arn.get(file)
    text = f"{finding.subject} {finding.message} {finding.why}"
    if plan is not None and plan.foreign and any(_names(text, plan, rule) for rule in plan.foreign_rules):
        return plan
    if plan is not None and plan.foreign and set(plan.foreign_rules) == set(plan.rules):
        return plan
    others = (each for each in plans if each is not plan and each.foreign)
    return next((each for each in others if any(f"{each.name}.{rule}" in text for rule in each.foreign_rules)), None)


def _names(text: str, plan: PlanDocument, rule: str) -> bool:
    return f"{plan.name}.{rule}" in text or f"rule {rule}" in text


def _faults(found: Iterable[_Found]) -> Iterator[Fault]:
    """Yield one fault for each cause, with the places or resources that it stands for."""
    groups: dict[tuple[str, str, str], list[_Found]] = {}
    for each in found:
        groups.setdefault(_said(each.finding), []).append(each)
    for several in groups.values():
        finding = several[0].finding
        places = sorted({place for each in several for place in each.places})
        severity = Severity.WARNING if finding.code in WARNED and finding.severity is Severity.INFO else finding.severity
        if severity is Severity.INFO:
            continue
        subject = f"{finding.subject} {_where(places)}" if several[0].arn else finding.subject
        count = len(places) if several[0].arn else finding.count
        yield Fault(
            finding=replace(finding, severity=severity, subject=subject, count=count),
            state=LinkState.BROKEN,
            link=None,
            resources=0,
            chains=0,
            arns=(),
        )


def _where(places: Sequence[Place]) -> str:
    accounts = sorted({account for account, _ in places})
    regions = ", ".join(sorted({region for _, region in places}))
    return f"in account {accounts[0]}, {regions}" if len(accounts) == 1 else f"in {len(accounts)} accounts, {regions}"


def _unread(judgement: Judgement) -> Iterator[Unreadable]:
    """Yield the details of resources that were asked for and not read, of types that plans may select."""
    places = judgement.scope.numbers
    wanted = {f"details:{kind}" for kind in _TYPES_LOOKED_AT}
    text = "SELECT account_id, region, subject, code, reason FROM reads WHERE NOT read AND subject LIKE 'details:%' ORDER BY ALL"
    for row in ledger.rows(judgement.connection, text):
        if row["subject"] in wanted and (row["account_id"], row["region"]) in places:
            reason = unread_reason(row["code"], row["reason"])
            yield Unreadable(account_id=row["account_id"], region=row["region"], subject=row["subject"], reason=reason)
