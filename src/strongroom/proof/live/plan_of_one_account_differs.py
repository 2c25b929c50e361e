"""A plan of one account differs from the strategy

Why:     A plan that is made in the account itself can be changed there by whoever may, without a policy or a StackSet that would bring it
         back. It goes on backing up, to another vault, at another time, for fewer days or without the copy that was counted on.
Fix:     If the change is meant, write it into the strategy (strongroom init --from-aws shows the plan as it is); if not, backup
         update-backup-plan for an adopted plan, strongroom apply for one of the strategy's own
Limits:  Rules and selections of plans with `in` or `adopt` and `in`. A plan or rule that is missing is told by the chains; rules that the
         strategy does not name are put through the checks like plans of others.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/API_GetBackupPlan.html, read 2026-11-21 (01 §1.1)
Failure: FM35
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from strongroom.domain.estate import BackupPlan, BackupRule, CopyAction
from strongroom.domain.finding import Severity
from strongroom.domain.names import EVERY_ACCOUNT, FOREVER, RetentionDays
from strongroom.proof.configured.documents import PlanDocument, plan_documents
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.readings import Unreadable
from strongroom.semantics.schedule import parse_cron

SUBJECTS = ("backup_plans", "backup_rules", "copy_actions", "selections")
UTC = frozenset({"UTC", "Etc/UTC"})  # AWS answers with the second


@dataclass(frozen=True, slots=True, kw_only=True)
class _Difference:
    """One difference, and where."""

    message: str
    account: str
    region: str
    arn: str


@live("VRF220", severity=Severity.ERROR)
def plan_of_one_account_differs(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Hold rules and selections of each plan of an account against what it has there."""
    wanted: dict[tuple[str, str], list[BackupPlan]] = {}
    for plan in judgement.estate.plans:
        if plan.account is not None:
            wanted.setdefault((str(plan.account), plan.name), []).append(plan)
    if not wanted:
        return
    places = {(account, str(region)) for (account, _), plans in wanted.items() for plan in plans for region in plan.regions}
    missing = {(place, each) for place in places for subject in SUBJECTS if (each := judgement.observed.readings.missing(*place, subject))}
    yield from dict.fromkeys(each for _, each in sorted(missing, key=lambda pair: pair[0]))
    read = places - {place for place, _ in missing}
    found: dict[tuple[str, str], list[_Difference]] = {}
    for (account, region), documents in plan_documents(judgement.connection, read, None).items():
        for (owner, name), plans in wanted.items():
            mine = [plan for plan in plans if region in plan.regions]
            there = [each for each in documents if each.name == name and not each.of_policy]
            if owner == account and mine and len(there) == 1:  # of several of a name nobody knows which one is meant
                for message in _differences(mine, there[0], account, region):
                    difference = _Difference(message=message, account=account, region=region, arn=there[0].arn)
                    found.setdefault((name, message), []).append(difference)
    for (name, message), several in sorted(found.items()):
        first = several[0]
        yield Lack(
            subject=f"plan {name} in account {first.account}, {first.region}" + (f" and {len(several) - 1} more" if several[1:] else ""),
            message=message,
            account_id=first.account,
            region=first.region,
            arn=first.arn,
            count=len(several),
        )


def _differences(wanted: list[BackupPlan], document: PlanDocument, account: str, region: str) -> Iterator[str]:
    from strongroom.documents.meant import meant, plain  # noqa: PLC0415 - for plans of accounts alone: `prove` answers in a second
    from strongroom.proof.configured.observing import observed_estate  # noqa: PLC0415

    name = wanted[0].name
    there = {rule.name.lower(): rule for plan in observed_estate((account, region), [document], (), own=False).plans for rule in plan.rules}
    for rule in {rule.name.lower(): rule for plan in wanted for rule in plan.rules}.values():
        found = there.get(rule.name.lower())
        for difference in _rule(rule, found, account) if found else ():
            yield f"rule {rule.name} of plan {name} {difference}"
    if meant(document.selections).selections != frozenset(plain(plan.select) for plan in wanted):
        yield f"plan {name} selects other resources than the strategy"


def _rule(wanted: BackupRule, found: BackupRule, account: str) -> Iterator[str]:
    if (parse_cron(found.schedule), _zone(found)) != (parse_cron(wanted.schedule), _zone(wanted)):
        yield f"runs at {_when(found)} instead of {_when(wanted)}"
    if found.vault_name != wanted.vault_name:
        yield f"backs up to vault {found.vault_name} instead of {wanted.vault_name}"
    if found.air_gapped_name != wanted.air_gapped_name:
        yield f"backs up to air-gapped vault {found.air_gapped_name or '(none)'} instead of {wanted.air_gapped_name or '(none)'}"
    yield from _lifetime("", found, wanted)
    if found.continuous != wanted.continuous:
        yield f"has continuous backup {_switch(found.continuous)} instead of {_switch(wanted.continuous)}"
    if found.start_within_minutes != wanted.start_within_minutes:
        yield f"starts within {found.start_within_minutes} minutes instead of {wanted.start_within_minutes}"
    if found.complete_within_minutes != wanted.complete_within_minutes:
        yield f"completes within {found.complete_within_minutes} minutes instead of {wanted.complete_within_minutes}"
    there = _by_vault(found.copies, account)
    for place, copy in _by_vault(wanted.copies, account).items():
        mine = there.pop(place, None)
        if mine is None:
            yield f"does not copy to vault {copy.vault_name} in {copy.region}"
        else:
            yield from _lifetime(f" copies in vault {copy.vault_name} in {copy.region}", mine, copy)
    for owner, region, vault in there:
        yield f"copies to vault {vault} of account {owner} in {region}, which the strategy does not name"


def _lifetime(what: str, found: BackupRule | CopyAction, wanted: BackupRule | CopyAction) -> Iterator[str]:
    if _keep(found.keep) != _keep(wanted.keep):
        yield f"keeps{what} {_keep(found.keep)} instead of {_keep(wanted.keep)}"
    if found.cold_after_days != wanted.cold_after_days:
        yield f"moves{what} to cold storage after {_days(found.cold_after_days)} instead of {_days(wanted.cold_after_days)}"
    if found.archive != wanted.archive:
        yield f"moves{what} of EBS to the archive: {_switch(found.archive)} instead of {_switch(wanted.archive)}"


def _by_vault(copies: Iterable[CopyAction], account: str) -> dict[tuple[str, str, str], CopyAction]:
    return {(account if copy.account is EVERY_ACCOUNT else str(copy.account), str(copy.region), copy.vault_name): copy for copy in copies}


def _when(rule: BackupRule) -> str:
    return f"{rule.schedule} {_zone(rule)}"


def _zone(rule: BackupRule) -> str:
    return "UTC" if rule.timezone in UTC else rule.timezone


def _keep(days: RetentionDays) -> str:
    return "forever" if days is FOREVER else f"{days} days"


def _days(days: int | None) -> str:
    return "never" if days is None else f"{days} days"


def _switch(on: bool) -> str:  # noqa: FBT001 - the only thing it says
    return "on" if on else "off"
