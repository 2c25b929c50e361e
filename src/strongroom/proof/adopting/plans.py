"""Plans in AWS as plans of a strategy: one for each name and selection, with the Regions where it is the same."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from strongroom.documents.meant import plain
from strongroom.documents.selecting import NOT_KNOWN
from strongroom.domain.estate import BackupPlan, BackupRule, UnknownPart
from strongroom.domain.names import AccountId
from strongroom.domain.origin import BuiltIn
from strongroom.domain.strategy import Selection
from strongroom.proof.adopting.accounts import few
from strongroom.proof.configured.documents import Place, PlanDocument
from strongroom.proof.configured.observing import observed_estate

OWN_PLANS_MAX = 20  # accounts with the same plan of their own that are written one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPlan:
    """A plan as the strategy will adopt it; several of one name are one plan in AWS that selects in several ways."""

    name: str  # in AWS
    account: AccountId | None  # None: an organization policy brings it
    select: Selection
    rules: tuple[BackupRule, ...]
    regions: tuple[str, ...]
    remarks: tuple[str, ...] = ()  # what of it could not be expressed
    vaults: tuple[str, ...] = ()  # labels of the vaults of the rules, in their order
    targets: tuple[str, ...] = ()  # labels of the air-gapped vaults that they write into, in their order; empty: none
    destinations: tuple[tuple[str, ...], ...] = ()  # labels of the vaults of their copies, in their order


def policy_plans(documents: Mapping[Place, Sequence[PlanDocument]], group: Collection[str]) -> Iterator[FoundPlan]:
    """Yield the plans that policies bring to a group of accounts, as one of them has them: the one with the most."""
    counts: dict[str, int] = {}
    for (account, _), plans in documents.items():
        if account in group:
            counts[account] = counts.get(account, 0) + sum(each.of_policy for each in plans)
    if counts:
        account = min(counts, key=lambda each: (-counts[each], each))
        yield from sorted(_merged(_read(account, documents, of_policy=True)), key=lambda plan: plan.name)


def own_plans(documents: Mapping[Place, Sequence[PlanDocument]], active: Collection[str], remarks: list[str]) -> Iterator[FoundPlan]:
    """Yield the plans that accounts made themselves; what is the same in very many accounts is written for some of them."""
    alike: dict[tuple[str, frozenset[Selection]], list[str]] = {}
    for account in sorted({account for account, _ in documents} & set(active)):
        for plan in _merged(_read(account, documents, of_policy=False)):
            key = (plan.name, frozenset([plan.select]))
            alike.setdefault(key, []).append(account)
            if len(alike[key]) <= OWN_PLANS_MAX:
                yield replace(plan, account=AccountId(account))
    for (name, _), accounts in alike.items():
        if rest := accounts[OWN_PLANS_MAX:]:
            remarks.append(f"plan {name} was made by hand in {len(accounts)} accounts, and is left out for {few(rest)}")


def _read(account: str, documents: Mapping[Place, Sequence[PlanDocument]], *, of_policy: bool) -> Iterator[FoundPlan]:
    for (owner, region), plans in sorted(documents.items()):
        for document in plans if owner == account else ():
            if document.of_policy is of_policy:
                estate = observed_estate((owner, region), [document], (), own=False)
                for plan in estate.plans:
                    yield _found(plan, region, estate.unknown)


def _found(plan: BackupPlan, region: str, unknown: Iterable[UnknownPart]) -> FoundPlan:
    remarks = {
        f"{part.subject.removeprefix('selection ')}: {part.reason.reason}"
        for part in unknown
        if part.aspect in {"selection", "rule", "copies"}
    }
    rules = tuple(sorted((_plain_rule(rule) for rule in plan.rules), key=lambda rule: (rule.schedule, rule.name)))
    return FoundPlan(
        name=plan.name, account=None, select=plain(plan.select), rules=rules, regions=(region,), remarks=tuple(sorted(remarks))
    )  # fmt: skip


def _plain_rule(rule: BackupRule) -> BackupRule:
    copies = tuple(replace(copy, label="", origin=BuiltIn()) for copy in rule.copies)
    ordered = sorted(copies, key=lambda copy: (str(copy.account), copy.region, copy.vault_name))
    target = None if rule.air_gapped_name is None else ""
    return replace(rule, label="", air_gapped=target, copies=tuple(ordered), origin=BuiltIn())


def _merged(plans: Iterable[FoundPlan]) -> Iterator[FoundPlan]:
    """Yield plans with the Regions in which they are the same."""
    groups: dict[FoundPlan, list[str]] = {}
    for plan in plans:
        groups.setdefault(replace(plan, regions=()), []).extend(plan.regions)
    for plan, regions in groups.items():
        yield replace(plan, regions=tuple(dict.fromkeys(regions)))


def is_known(select: Selection) -> bool:
    """Tell whether a selection can be written: what of it can't be known stands for nothing."""
    return NOT_KNOWN.key not in {term.key for term in select.tags}
