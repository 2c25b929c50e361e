"""Drafts -> an Estate that every check can look at.

A rule of which something is unknown is left out: a check that saw a value in its place would say something about a rule that
nobody wrote. What was left out is in `Estate.unknown` and was noted at its place. A vault that the document doesn't declare
stands in the estate without lock and key, and in `Estate.unknown` with both.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from strongroom.documents.drafts import OWN_ACCOUNT, OWN_REGION, Draft, DraftCopy, DraftPlan, DraftRule, DraftSelection, DraftVault
from strongroom.documents.notes import Notes, shortened, shown
from strongroom.documents.selecting import merged, selected, unknown_selection
from strongroom.domain.estate import BackupPlan, BackupRule, CopyAction, Estate, Settings, Source, UnknownPart
from strongroom.domain.names import EVERY_ACCOUNT, FOREVER, AccountId, Arn, EveryAccount, Region, ResourceType, RetentionDays
from strongroom.domain.origin import FileOrigin, Origin, Unread
from strongroom.domain.roles import Roles
from strongroom.domain.strategy import Accounts, Key, Organization, Selection, Vault, VaultType
from strongroom.facts import limit
from strongroom.semantics.lifecycle import copy_retention
from strongroom.semantics.schedule import CronError, parse_cron, zone

_T = TypeVar("_T")

UNKNOWN: Final = "unknown"  # stands where an estate needs a name that the document doesn't say
_EXPRESSION_CHARACTERS: Final = 300  # no schedule or zone is longer; what is cut is refused all the same
_VAULT: Final = "backup-vault:"
_OUTSIDE: Final = Unread("the document doesn't declare it")


def assemble(draft: Draft, notes: Notes) -> Estate:
    """Return the estate of a draft; notes what the document leaves open."""
    return _Assembly(draft, notes).estate()


@dataclass(slots=True)
class _Assembly:
    draft: Draft
    notes: Notes
    vaults: dict[str, Vault] = field(default_factory=dict)
    unknown: dict[UnknownPart, None] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)

    def estate(self) -> Estate:
        for vault in self.draft.vaults:
            self._declare(vault)
        plans = tuple(made for plan in self.draft.plans for made in self._plan(plan))
        start = FileOrigin(self.notes.file, 1, 1)
        if plans:
            self._open("document", "opt-in", "which types are opted in is not in the document", start)
            self._mark("document", "cross-account backup", start)
        regions = tuple(dict.fromkeys(Region(region) for plan in plans for region in plan.regions))
        organization = Organization(
            home_region=regions[0] if regions else Region(self.draft.region or UNKNOWN),
            regions=regions,
            accounts=Accounts(management=None, backup_admin=None, central=None, log_archive=None),
            governs=(),
            opt_in=tuple(ResourceType),
            origin=start,
        )
        return Estate(
            name=self.draft.name,
            source=Source.OBSERVED,
            organization=organization,
            roles=Roles(read=UNKNOWN, deploy=UNKNOWN, backup=UNKNOWN, restore=UNKNOWN, restore_test=UNKNOWN),
            keys=tuple(self.keys.values()),
            vaults=tuple(self.vaults.values()),
            plans=plans,
            objectives=(),
            retention=(),
            # not declared, so nothing may fail for the lack of it: see `unknown`
            settings=Settings(opt_in=tuple(ResourceType), cross_account_backup=True, delegated_administrator=None),
            unknown=tuple(self.unknown),
        )

    def _declare(self, draft: DraftVault) -> None:
        label = draft.name
        if label in self.vaults:
            label = f"{draft.name} ({draft.region})"
        account: AccountId | EveryAccount = EVERY_ACCOUNT if self._is_own(draft.account) else AccountId(draft.account)
        key = UNKNOWN
        if isinstance(draft.key, Unread):
            self.unknown[UnknownPart(subject=f"vault {label}", aspect="key", reason=draft.key, origin=draft.origin)] = None
        else:
            key = draft.key.value
            self.keys.setdefault(key, Key(name=key, kind=draft.key, origin=draft.origin))
        lock = draft.lock
        if isinstance(lock, Unread):
            self.unknown[UnknownPart(subject=f"vault {label}", aspect="lock", reason=lock, origin=draft.origin)] = None
            lock = None
        self._mark(f"vault {label}", "access policy", draft.origin)
        regions = () if draft.region == OWN_REGION else (Region(draft.region),)
        self.vaults[label] = Vault(
            label=label, name=draft.name, account=account, regions=regions, key=key, lock=lock, origin=draft.origin
        )  # fmt: skip

    def _plan(self, draft: DraftPlan) -> Iterator[BackupPlan]:
        regions = tuple(Region(region) for region in draft.regions)
        rules = tuple(rule for each in draft.rules if (rule := self._rule(draft, each)) is not None)
        if not regions:
            self._open(f"plan {draft.name}", "Region", f"the Region of plan {draft.name} is not in the document", draft.origin)
        for select in self._selections(draft):
            yield BackupPlan(name=draft.name, select=select, rules=rules, regions=regions, origin=draft.origin)

    def _selections(self, draft: DraftPlan) -> tuple[Selection, ...]:
        found: list[Selection] = []
        for each in draft.selections:
            self._note_other_accounts(draft, each)
            for taken in selected(each):
                found.append(taken.select)
                if taken.remainder:
                    place = each.origin
                    text = f"{each.subject} of plan {draft.name} can be judged in part only: {taken.remainder}"
                    fix = "nothing, if that is meant: strongroom verify shows what is selected"
                    if each.unread is None:
                        self.notes.add("DOC025", place, each.subject, text, fix)
                    part = UnknownPart(subject=f"plan {draft.name}", aspect="selection", reason=Unread(taken.remainder), origin=each.origin)
                    self.unknown[part] = None
        if draft.selections_unread is not None or not found:
            reason = (draft.selections_unread or _OUTSIDE).reason
            if draft.selections_unread is None:
                self._open(f"plan {draft.name}", "selection", f"what plan {draft.name} selects is not in the document", draft.origin)
            part = UnknownPart(subject=f"plan {draft.name}", aspect="selection", reason=Unread(reason), origin=draft.origin)
            self.unknown[part] = None
        return merged(tuple(found)) or (unknown_selection(draft.origin),)

    def _note_other_accounts(self, plan: DraftPlan, selection: DraftSelection) -> None:
        """Note resources that a plan can't reach; a selection's role lies in the plan's own account."""
        role = selection.role.split(":")[4:5] if isinstance(selection.role, str) and selection.role.count(":") >= 5 else []
        own = {known for known in (plan.account, self.draft.account, *role) if known}
        if not own or isinstance(selection.resources, Unread):
            return
        origins = selection.resource_origins or (selection.origin,) * len(selection.resources)
        for arn, place in zip(selection.resources, origins, strict=False):
            account = next(iter(arn.split(":")[4:5]), "")
            if len(account) == 12 and account.isdigit() and account not in own and OWN_ACCOUNT not in own:
                text = f"{shown(arn)} lies in account {account}, plan {plan.name} reaches account {min(own)} only"
                fix = f"deploy the plan into account {account}, or use an Organizations policy"
                self.notes.add("DOC027", place, selection.subject, text, fix)

    def _rule(self, plan: DraftPlan, draft: DraftRule) -> BackupRule | None:
        """Return a rule, or None where something that decides when, where or how long it keeps can't be known."""
        try:
            vault, lifecycle = _known(draft.vault), _known(draft.lifecycle)
            keep = _retention(lifecycle.keep)
            cold = _optional(lifecycle.cold_after_days)
            schedule = self._schedule(draft)
            air_gapped, air_gapped_name = self._air_gapped(plan, draft)
            return BackupRule(
                name=_known(draft.name),
                schedule=schedule,
                timezone=self._timezone(draft),
                start_within_minutes=_or(draft.start_within_minutes, int(limit("start_window_minutes_default").value)),
                complete_within_minutes=_or(draft.complete_within_minutes, int(limit("completion_window_minutes_default").value)),
                keep=FOREVER if keep is None else keep,
                cold_after_days=cold,
                archive=_or(lifecycle.archive, default=False),
                continuous=_or(draft.continuous, default=False),
                label=self._vault(plan, vault, OWN_ACCOUNT, OWN_REGION, draft.origin),
                vault_name=vault,
                copies=tuple(self._copies(plan, draft, FOREVER if keep is None else keep, cold)),
                air_gapped=air_gapped,
                air_gapped_name=air_gapped_name,
                origin=draft.origin,
            )
        except _NotKnown as missing:
            self.unknown[UnknownPart(subject=draft.subject, aspect="rule", reason=missing.reason, origin=draft.origin)] = None
            return None

    def _air_gapped(self, plan: DraftPlan, draft: DraftRule) -> tuple[str | None, str | None]:
        """Return label and name of the air-gapped vault that a rule writes into; one that the document doesn't declare is unknown."""
        if not isinstance(draft.air_gapped_arn, str):
            return None, None
        name = draft.air_gapped_arn.rpartition(":")[2]
        label = next((label for label, vault in self.vaults.items() if vault.name == name), None)
        if label is None:
            message = f"air-gapped vault {shown(name)} is not declared in the document: its least and most days are unknown"
            self._open(draft.subject, "air-gapped vault", message, draft.origin)
            label = name if name not in self.vaults else draft.air_gapped_arn
            self.vaults[label] = Vault(
                label=label,
                name=name,
                account=EVERY_ACCOUNT,
                regions=tuple(map(Region, plan.regions)),
                key=UNKNOWN,
                lock=None,
                type=VaultType.AIR_GAPPED,
                origin=draft.origin,
            )
            for aspect in ("lock", "key", "access policy"):
                self._mark(f"vault {label}", aspect, draft.origin)
        return label, name

    def _schedule(self, draft: DraftRule) -> str:
        schedule = _or(draft.schedule, str(limit("schedule_expression_default").value))
        try:
            parse_cron(schedule[:_EXPRESSION_CHARACTERS])
        except CronError as error:
            fix = "write a six-field cron expression, such as cron(0 5 * * ? *)"
            self.notes.add("DOC021", draft.schedule_origin, draft.subject, shortened(error.message, 200), fix)
            raise _NotKnown(Unread("its schedule can't be read")) from error
        return schedule

    def _timezone(self, draft: DraftRule) -> str:
        timezone = _or(draft.timezone, str(limit("schedule_timezone_default").value))
        try:
            zone(timezone[:_EXPRESSION_CHARACTERS])
        except CronError as error:
            self.notes.add("DOC021", draft.timezone_origin, draft.subject, shortened(error.message, 200), shortened(error.fix))
            raise _NotKnown(Unread("its time zone can't be read")) from error
        return timezone

    def _copies(self, plan: DraftPlan, rule: DraftRule, keep: RetentionDays, cold: int | None) -> Iterator[CopyAction]:
        if isinstance(rule.copies, Unread):
            self.unknown[UnknownPart(subject=rule.subject, aspect="copies", reason=rule.copies, origin=rule.origin)] = None
            return
        for copy in rule.copies:
            try:
                yield self._copy(plan, rule, copy, keep, cold)
            except _NotKnown as missing:
                part = UnknownPart(subject=rule.subject, aspect="copies", reason=missing.reason, origin=copy.origin)
                self.unknown[part] = None

    def _copy(self, plan: DraftPlan, rule: DraftRule, copy: DraftCopy, keep: RetentionDays, cold: int | None) -> CopyAction:
        archive = _or(_known(rule.lifecycle).archive, default=False)
        arn = self._destination(rule, _known(copy.vault_arn), copy.origin)
        lifecycle = _known(copy.lifecycle)
        requested, cold_after = _retention(lifecycle.keep), _optional(lifecycle.cold_after_days)
        own = self._is_own(arn.account, plan.account)
        here = self.draft.region or (plan.regions[0] if len(plan.regions) == 1 else UNKNOWN)
        name = arn.resource.removeprefix(_VAULT)
        return CopyAction(
            label=self._vault(plan, name, arn.account, arn.region, copy.origin),
            vault_name=name,
            account=EVERY_ACCOUNT if own else AccountId(arn.account),
            region=Region(here if arn.region == OWN_REGION else arn.region),
            keep=copy_retention(keep, requested),
            cold_after_days=cold if requested is None and cold_after is None else cold_after,
            archive=archive if requested is None and cold_after is None else _or(lifecycle.archive, default=False),
            asked=requested,
            origin=copy.origin,
        )

    def _destination(self, rule: DraftRule, written: str, origin: FileOrigin) -> Arn:
        try:
            arn = Arn.parse(written)
            known_account = arn.account == OWN_ACCOUNT or bool(AccountId.parse(arn.account))
            known_region = arn.region == OWN_REGION or bool(Region.parse(arn.region))
            named = arn.resource.removeprefix(_VAULT)
        except ValueError:
            named, known_account, known_region, arn = "", False, False, Arn("aws", "backup", "", "", "")
        if not named or not known_account or not known_region or not arn.resource.startswith(_VAULT) or arn.service != "backup":
            text = f"a copy goes to {shown(written)}, which is no vault's ARN"
            fix = "write arn:aws:backup:REGION:ACCOUNT:backup-vault:NAME"
            self.notes.add("DOC009", origin, rule.subject, text, fix)
            raise _NotKnown(Unread("its destination can't be read"))
        return arn

    def _vault(self, plan: DraftPlan, name: str, account: str, region: str, origin: FileOrigin) -> str:
        """Return the label of a vault; one that the document doesn't declare joins the estate as unknown."""
        own = self._is_own(account, plan.account)
        for label, vault in self.vaults.items():
            same_account = (own and vault.account in (EVERY_ACCOUNT, plan.account)) or vault.account == account
            if vault.name == name and same_account and self._same_region(plan, vault, region):
                return label
        here = region == OWN_REGION or region in plan.regions or region == self.draft.region
        label = (
            name
            if own and here and name not in self.vaults
            else str(Arn("aws", "backup", region, OWN_ACCOUNT if own else account, _VAULT + name))
        )
        regions = (*map(Region, plan.regions),) if region == OWN_REGION else (Region(region),)
        self.vaults[label] = Vault(
            label=label,
            name=name,
            account=EVERY_ACCOUNT if own else AccountId(account),
            regions=regions,
            key=UNKNOWN,
            lock=None,
            origin=origin,
        )
        text = f"vault {label} is not declared in the document: its lock, key and access policy are unknown"
        fix = "check it together with what declares the vault, or strongroom sync and verify"
        self.notes.add("DOC012", origin, f"vault {label}", text, fix)
        for aspect in ("lock", "key", "access policy"):
            self._mark(f"vault {label}", aspect, origin)
        return label

    def _same_region(self, plan: DraftPlan, vault: Vault, region: str) -> bool:
        if not vault.regions:  # declared in the document's own Region
            return region in (OWN_REGION, self.draft.region) or (self.draft.region is None and region in plan.regions)
        return region in vault.regions if region != OWN_REGION else not plan.regions or bool(set(plan.regions) & set(vault.regions))

    def _is_own(self, account: str, known: str | None = None) -> bool:
        return account == OWN_ACCOUNT or account in {known, self.draft.account}

    def _open(self, subject: str, aspect: str, message: str, origin: FileOrigin) -> None:
        """Note that something outside of the document decides."""
        fix = "check what is deployed: strongroom sync and verify"
        self.notes.add("DOC012", origin, subject, message, fix)
        self._mark(subject, aspect, origin)

    def _mark(self, subject: str, aspect: str, origin: Origin) -> None:
        self.unknown[UnknownPart(subject=subject, aspect=aspect, reason=_OUTSIDE, origin=origin)] = None


class _NotKnown(Exception):
    """Something is unknown that a part of an estate can't do without."""

    def __init__(self, reason: Unread) -> None:
        super().__init__(reason.reason)
        self.reason = reason


def _known(value: _T | Unread | None) -> _T:
    if value is None:
        raise _NotKnown(Unread("a required element is missing"))
    if isinstance(value, Unread):
        raise _NotKnown(value)
    return value


def _optional(value: _T | Unread | None) -> _T | None:
    return None if value is None else _known(value)


def _retention(value: RetentionDays | Unread | None) -> RetentionDays | None:
    if isinstance(value, Unread):
        raise _NotKnown(value)
    return value


def _or(value: _T | Unread | None, default: _T) -> _T:
    return default if value is None else _known(value)
