"""Findings of `verify`: one for each fault, with how much it touches and which resources."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from strongroom.domain.finding import Finding, Severity
from strongroom.domain.origin import LiveOrigin
from strongroom.proof.causes import BY_CODE
from strongroom.proof.engine import Judgement
from strongroom.proof.links import ASSESSED, LinkName, LinkState
from strongroom.proof.messages import denied_by_key, failure_mode
from strongroom.proof.readings import Unreadable
from strongroom.proof.scope import Scope
from strongroom.proof.stake import NOTHING, Stake, StakeClass
from strongroom.proof.typos import Typo, typos

SHOWN = 3  # resources named in a finding's subject
UNREAD = "VRF001"
_SEVERITIES, _CLASSES = tuple(Severity), tuple(StakeClass)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One cause with what it breaks."""

    finding: Finding
    state: LinkState  # BROKEN or UNKNOWN
    link: LinkName | None  # the first link it breaks; None: not about a chain
    resources: int
    chains: int
    arns: tuple[str, ...]  # the first 20 of them
    stake: Stake = NOTHING

    @property
    def at_stake(self) -> StakeClass:
        """The worst that it does."""
        return self.stake.kind(unread=self.state is LinkState.UNKNOWN and self.finding.code == UNREAD, chains=self.chains)


def faults(judgement: Judgement, unread: Sequence[Unreadable]) -> tuple[Fault, ...]:
    """Return what breaks or dims links, and what is wrong with the organization as a whole."""
    estate = judgement.estate
    promised = [*(each.select for each in estate.objectives), *(each.select for each in estate.retention)]
    near = typos(judgement.plans, judgement.resources.others, promised)
    return (
        *_unread(unread),
        *_ungoverned(judgement.scope),
        *_undelegated(judgement),
        *_typos(near),
        *_dropped(judgement, {typo.arn for typo in near}),
        *_left(judgement),
        *(_of_links(row) for row in judgement.rows("faults")),
        *_expired(judgement.rows("expired")),
    )


def in_order(found: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return faults in the order in which they are shown: by what is at stake (`proof.stake`)."""
    return tuple(sorted(found, key=_order))


def _order(fault: Fault) -> tuple[Any, ...]:
    stake, finding = fault.stake, fault.finding
    touched = (-stake.bare_promised, -stake.bare, -stake.promised, -fault.chains, -fault.resources, -finding.count)
    first = fault.at_stake is StakeClass.UNREAD
    return (not first, _SEVERITIES.index(finding.severity), _CLASSES.index(fault.at_stake), *touched, finding.code, finding.message)


def mode_of(code: str, cause: str) -> str:
    """Return the failure mode of a cause: the catalogue's, unless AWS's message in it says more."""
    if code == "VRF099":
        return "FM15" if denied_by_key(cause) else "FM17"
    return failure_mode(cause, BY_CODE[code].failure_mode) if code in {"VRF026", "VRF031", "VRF040"} else BY_CODE[code].failure_mode


def _of_links(row: dict[str, Any]) -> Fault:
    cause = BY_CODE[row["code"]]
    origin = LiveOrigin(row["account_id"], row["region"], row["arns"][0])
    state = LinkState(row["state"])
    finding = Finding(
        code=cause.code,
        severity=cause.severity,
        subject=_subject(row["arns"], row["resources"]),
        message=row["cause"],
        why=cause.why,
        help=cause.fix,
        origin=origin,
        failure_mode=mode_of(cause.code, row["cause"]),
        count=row["resources"],
    )
    return Fault(
        finding=finding,
        state=state,
        link=ASSESSED[row["link"] - 1],
        resources=row["resources"],
        chains=row["chains"],
        arns=tuple(row["arns"]),
        stake=Stake(accounts=row["accounts"], bare=row["bare"], bare_promised=row["bare_promised"], promised=row["promised"]),
    )


def _subject(arns: Sequence[str], count: int) -> str:
    shown = ", ".join(arns[:SHOWN])
    return shown if count <= SHOWN else f"{shown} and {count - SHOWN} more"


def _unread(unread: Sequence[Unreadable]) -> Iterator[Fault]:
    """Yield one fault for each account and reason, whatever the number of Regions and subjects."""
    groups: dict[tuple[str, str], list[Unreadable]] = {}
    for each in unread:
        groups.setdefault((each.account_id, each.reason), []).append(each)
    for (account, reason), mine in groups.items():
        regions = sorted({each.region for each in mine if each.region})
        subjects = sorted({each.subject.removeprefix("resources:").replace("_", " ") for each in mine})
        where = f" in {', '.join(regions)}" if regions else ""
        message = f"{_few(subjects)}{where} could not be read: {reason}"
        yield _fault("VRF001", f"account {account}", message, LiveOrigin(account, regions[0] if len(regions) == 1 else "", ""), len(mine))


def _few(words: Sequence[str]) -> str:
    return ", ".join(words) if len(words) <= SHOWN else f"{', '.join(words[:SHOWN])} and {len(words) - SHOWN} more"


def _ungoverned(scope: Scope) -> Iterator[Fault]:
    for name in scope.without_accounts:
        yield _fault("VRF002", f"OU {name}", f"no active account is below {name}", LiveOrigin(scope.management, "", ""), 1)


def _undelegated(judgement: Judgement) -> Iterator[Fault]:
    account, management = judgement.estate.settings.delegated_administrator, judgement.scope.management
    if account is None or judgement.observed.readings.missing(management, "", "settings"):
        return  # not declared; or unread, which is told as such
    if account not in judgement.observed.settings.get((management, "", "delegated_administrator"), {}):
        message = f"account {account} is not delegated administrator of backup.amazonaws.com"
        yield _fault("VRF004", f"account {account}", message, LiveOrigin(management, "", ""), 1)


def _typos(found: Iterable[Typo]) -> Iterator[Fault]:
    groups: dict[tuple[str, ...], list[Typo]] = {}
    for typo in found:
        tags = ", ".join(f"{miss.key}: {miss.value}" for miss in typo.misses)
        meant = ", ".join(f"{miss.expected_key}: {miss.expected_value}" for miss in typo.misses)
        difference = "; ".join(sorted({miss.difference for miss in typo.misses}))
        groups.setdefault((tags, meant, difference, typo.plan), []).append(typo)
    for (tags, meant, difference, plan), mine in groups.items():
        arns = sorted(typo.arn for typo in mine)
        first = min(mine, key=lambda typo: typo.arn)
        message = f"tag {tags} is almost {meant} ({difference}), so plan {plan} leaves the resource out"
        cause = BY_CODE["VRF010"]
        finding = Finding(
            code=cause.code,
            severity=cause.severity,
            subject=_subject(arns, len(arns)),
            message=message,
            why=cause.why,
            help=f"write {meant} on the resource, or another value that no plan selects",
            origin=LiveOrigin(first.account_id, first.region, first.arn),
            failure_mode=cause.failure_mode,
            count=len(arns),
        )
        stake = Stake(accounts=len({typo.account_id for typo in mine}), bare=len(arns))  # no plan backs them up
        shown = tuple(arns[:20])
        yield Fault(finding=finding, state=LinkState.BROKEN, link=LinkName.SELECTED, resources=len(arns), chains=0, arns=shown, stake=stake)


def _dropped(judgement: Judgement, named: set[str]) -> Iterator[Fault]:
    selects = (plan.plan.select for plan in judgement.plans)
    tags = " or ".join(", ".join(f"{term.key}: {' or '.join(term.values)}" for term in select.tags) for select in selects if select.tags)
    for row in judgement.rows("dropped"):
        arns = tuple(arn for arn in row["arns"] if arn not in named)
        if not arns:
            continue
        message = (
            f"no plan selects the resource any more; its newest recovery point in {row['vault_name']} is of {row['newest_at']:%Y-%m-%d}"
        )
        fault = _fault("VRF015", _subject(arns, len(arns)), message, LiveOrigin(row["account_id"], row["region"], arns[0]), len(arns))
        finding = replace(fault.finding, help=f"write the tag of its plan on it again ({tags}), or delete its recovery points")
        yield replace(fault, finding=finding, link=LinkName.SELECTED, resources=len(arns), arns=arns)


def _left(judgement: Judgement) -> Iterator[Fault]:
    for row in judgement.rows("left"):
        message = (
            f"account {row['account_id']} is below no governed OU, and vault {row['vault_name']} there holds recovery points "
            f"of the strategy until {row['newest_at']:%Y-%m-%d %H:%M} UTC"
        )
        fault = _fault(
            "VRF003", f"account {row['account_id']}", message, LiveOrigin(row["account_id"], row["region"], ""), row["resources"]
        )
        yield replace(fault, link=LinkName.SELECTED, resources=row["resources"], arns=tuple(row["arns"]))


def _expired(rows: Iterable[dict[str, Any]]) -> Iterator[Fault]:
    for row in rows:
        since = f", the oldest since {row['since_at']:%Y-%m-%d}" if row["since_at"] else ""
        message = f"{row['points']} recovery points in vault {row['vault_name']} are past their retention{since}"
        origin = LiveOrigin(row["account_id"], row["region"], row["arn"])
        yield _fault("VRF060", row["arn"], message, origin, row["points"])


def _fault(code: str, subject: str, message: str, origin: LiveOrigin, count: int) -> Fault:
    cause = BY_CODE[code]
    finding = Finding(
        code=code,
        severity=Severity(cause.severity),
        subject=subject,
        message=message,
        why=cause.why,
        help=cause.fix,
        origin=origin,
        failure_mode=cause.failure_mode,
        count=count,
    )
    state = LinkState.UNKNOWN if code == "VRF001" else LinkState.BROKEN
    return Fault(finding=finding, state=state, link=None, resources=0, chains=0, arns=())
