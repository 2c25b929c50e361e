"""The text of a strategy for what was found: a person can read it aloud, and `check` accepts it."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from strongroom.domain.estate import BackupRule, CopyAction
from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import Selection, TagTerm
from strongroom.facts import limit
from strongroom.proof.adopting.found import Found
from strongroom.proof.adopting.plans import FoundPlan, is_known
from strongroom.proof.adopting.vaults import EVERY, FoundVault
from strongroom.proof.adopting.words import at, days, label, minutes, scalar, several

LINE_MAX = 130  # a rule that is longer has its copies in lines of their own
_UTC = frozenset({"UTC", "Etc/UTC"})


def written(found: Found, *, observed_at: datetime, snapshot: str) -> str:
    """Return the strategy file of what was found, with what it doesn't say in comments."""
    return "\n".join((*_head(found, observed_at, snapshot), *_organization(found), *_vaults(found), *_plans(found), ""))


def _head(found: Found, observed_at: datetime, snapshot: str) -> Iterator[str]:
    yield f"# What AWS shows on {observed_at:%Y-%m-%d %H:%M} UTC (snapshot {snapshot}). Plans, vaults and the role are adopted: they are"
    yield "# somebody else's, used as they are, and never made, changed or destroyed. Add objectives, retention and alerts of your own."
    yield from (f"# not here: {remark}" for remark in found.remarks)
    yield "strongroom: 1"


def _organization(found: Found) -> Iterator[str]:
    yield "organization:"
    yield f"  home_region: {found.home_region}"
    yield f"  regions: [{', '.join(found.regions)}]"
    accounts = (
        ("backup_admin", found.backup_admin, "the delegated administrator of AWS Backup"),
        ("central", found.central, "it receives most copies"),
        ("log_archive", found.log_archive, "a guess, by its name"),
    )
    if any(account for _, account, _ in accounts):
        yield "  accounts:"
        for role, account, why in accounts:
            if account:
                yield f'    {role}: "{account}"  # {found.names.get(account, "not in the organization")}: {why}'
    yield f"  governs: [{', '.join(scalar(unit) for unit in found.governs)}]"
    every = set(found.opt_in) == set(ResourceType)
    yield f"  opt_in: {'all' if every else '[' + ', '.join(kind.keyword for kind in found.opt_in) + ']'}"
    if found.role:
        yield f"roles: {{adopt: {scalar(found.role)}}}  # AWS Backup takes it on in every account"


def _vaults(found: Found) -> Iterator[str]:
    if found.keys:
        yield "keys:"
        for key in found.keys:
            arn = f", arn: {scalar(key.arn)}" if key.arn else ""
            yield f"  {key.name}: {{kind: {key.kind.value}{arn}}}"
    if found.vaults:
        yield "vaults:"
        for vault in found.vaults:
            yield from (f"  # {remark}" for remark in vault.remarks)
            yield f"  {vault.label}: {{{', '.join(_vault(found, vault))}}}{_hardened(vault)}"


def _vault(found: Found, vault: FoundVault) -> Iterator[str]:
    yield f"in: {_place(found, vault.account)}"
    everywhere = vault.account == EVERY and set(vault.regions) == set(found.regions)
    if not everywhere and vault.regions != (found.home_region,):
        yield f"region: {vault.regions[0]}" if len(vault.regions) == 1 else f"regions: [{', '.join(vault.regions)}]"
    elif not everywhere and vault.account == EVERY:
        yield f"region: {vault.regions[0]}"
    yield f"adopt: {scalar(vault.name)}"
    if vault.key:
        yield f"key: {vault.key}"
    if vault.air_gapped:
        yield "type: air-gapped"
    if vault.locked or vault.air_gapped:
        yield f"lock: {{{', '.join(_lock(vault))}}}"


def _lock(vault: FoundVault) -> Iterator[str]:
    if not vault.air_gapped:
        yield f"mode: {'compliance' if vault.lock_at else 'governance'}"
    if vault.min_days:
        yield f"min: {days(vault.min_days)}"
    if vault.max_days:
        yield f"max: {days(vault.max_days)}"
    if vault.lock_at and not vault.air_gapped:
        yield f"grace: {limit('lock_grace_days_min').value}d"


def _hardened(vault: FoundVault) -> str:
    return (
        f"  # hard from {vault.lock_at:%Y-%m-%d} on; AWS doesn't tell how long its grace time was"
        if vault.lock_at and not vault.air_gapped
        else ""
    )


def _place(found: Found, account: str) -> str:
    if account == EVERY:
        return EVERY
    roles = {found.central: "central", found.backup_admin: "backup_admin", found.log_archive: "log_archive"}
    return roles.get(account, f'"{account}"')


def _plans(found: Found) -> Iterator[str]:
    yield "plans:"
    taken: list[str] = []
    for plan in found.plans:
        if not is_known(plan.select):
            yield f"  # not here: a selection of plan {plan.name}, which a strategy can't express: {'; '.join(plan.remarks)}"
            continue
        taken.append(label(plan.name, taken, otherwise="plan"))
        yield from _plan(found, plan, taken[-1])


def _plan(found: Found, plan: FoundPlan, name: str) -> Iterator[str]:
    yield from (f"  # not here: {remark}" for remark in plan.remarks)
    yield f"  {name}:"
    yield f"    adopt: {scalar(plan.name)}"
    if plan.account is not None:
        yield f"    in: {_place(found, plan.account)}  # made by hand in account {found.names.get(plan.account, plan.account)}"
    if set(plan.regions) != set(found.regions):
        yield f"    regions: [{', '.join(plan.regions)}]"
    yield f"    select: {_selection(plan.select)}"
    yield "    rules:"
    labels: list[str] = []
    for rule, vault, target, destinations in zip(plan.rules, plan.vaults, plan.targets, plan.destinations, strict=True):
        labels.append(label(rule.name, labels, otherwise="rule"))
        yield from _rule(rule, labels[-1], f"{target}, through: {vault}" if target else vault, destinations)


def _rule(rule: BackupRule, name: str, vault: str, destinations: Iterable[str]) -> Iterator[str]:
    members = list(_members(rule, name, vault))
    copies = [_copy(copy, to) for copy, to in zip(rule.copies, destinations, strict=True)]
    copied = f"copy: [{', '.join(copies)}]"
    one = f"      {name}: {{{', '.join([*members, *([copied] if copies else [])])}}}"
    if len(one) <= LINE_MAX or not copies:
        yield one
        return
    yield f"      {name}:"
    yield f"        {{{', '.join(members)},"
    yield f"         {copied}}}"


def _members(rule: BackupRule, name: str, vault: str) -> Iterator[str]:
    if rule.name != name:
        yield f"adopt: {scalar(rule.name)}"
    yield f"at: {scalar(at(rule.schedule))}"
    if rule.timezone not in _UTC:
        yield f"timezone: {scalar(rule.timezone)}"
    if rule.start_within_minutes != int(limit("start_window_minutes_default").value):
        yield f"start_within: {minutes(rule.start_within_minutes)}"
    if rule.complete_within_minutes != int(limit("completion_window_minutes_default").value):
        yield f"complete_within: {minutes(rule.complete_within_minutes)}"
    yield f"keep: {days(rule.keep)}"
    if rule.cold_after_days is not None:
        yield f"cold_after: {days(rule.cold_after_days)}"
    if rule.archive:
        yield "archive: true"
    if rule.continuous:
        yield "continuous: true"
    yield f"vault: {vault}"


def _copy(copy: CopyAction, to: str) -> str:
    asks = copy.asked is not None and (copy.asked == copy.keep)  # one that asks for ever gets what its source has
    own = [f"keep: {days(copy.keep)}"] if asks else []
    own += [f"cold_after: {days(copy.cold_after_days)}"] if asks and copy.cold_after_days is not None else []
    return f"{{to: {to}, {', '.join(own)}}}" if own else to


def _selection(select: Selection) -> str:
    members = []
    if select.tags:
        members.append(_tags(select.tags))
    if select.types or not (select.tags or select.arns):
        members.append(f"types: {several([kind.keyword for kind in select.types]) if select.types else 'all'}")
    if select.arns:
        members.append(f"arns: {several(select.arns)}")
    left_out = [_tags(select.not_tags)] if select.not_tags else []
    left_out += [f"types: {several([kind.keyword for kind in select.not_types])}"] if select.not_types else []
    left_out += [f"arns: {several(select.not_arns)}"] if select.not_arns else []
    if left_out:
        members.append(f"not: {{{', '.join(left_out)}}}")
    return f"{{{', '.join(members)}}}"


def _tags(terms: Iterable[TagTerm]) -> str:
    return f"tags: {{{', '.join(f'{scalar(term.key)}: {several(term.values)}' for term in terms)}}}"
