"""`prove`: the chains of one resource, link by link, with the evidence."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pyarrow.compute as pc

from strongroom import ledger
from strongroom.domain.estate import Estate
from strongroom.domain.names import AccountId, Arn, Region
from strongroom.errors import BadInput, CouldNotVerify
from strongroom.proof.causes import BY_CODE
from strongroom.proof.engine import Judgement, judge
from strongroom.proof.findings import mode_of
from strongroom.proof.links import ASSESSED, Chain, Link, LinkName, LinkState
from strongroom.proof.observed import observe
from strongroom.proof.typos import Typo, typos
from strongroom.proof.verification import chain_table


def prove(estate: Estate, snapshot: ledger.Snapshot, arn: str, earlier: tuple[ledger.Snapshot, ...] = ()) -> tuple[Chain, ...]:
    """Return the proof chains of one resource: one for each rule that protects it and each destination.

    Empty when no plan of the strategy selects it or its account is not governed; a resource that misses a plan by a typo has
    chains whose first link says so. Raises BadInput for an ARN that the snapshot doesn't hold, CouldNotVerify when the
    resources of its account could not be read.
    """
    _known(snapshot, arn)
    with judge(estate, snapshot, earlier, arn=arn) as judgement:
        chains = tuple(_chain(row) for row in chain_table(judgement).to_pylist())
        return chains or tuple(chain for typo in typos(judgement.plans, judgement.resources.others) for chain in _missed(judgement, typo))


def _known(snapshot: ledger.Snapshot, arn: str) -> None:
    resources = snapshot.table("resources")
    if pc.any(pc.equal(resources["arn"], arn)).as_py():
        return
    try:
        parsed = Arn.parse(arn)
    except ValueError as error:
        raise BadInput(str(error)) from None
    unread = [
        reasons[parsed.region]
        for (account, subject), reasons in observe(snapshot).readings.reasons.items()
        if account == parsed.account and subject.startswith("resources") and reasons.get(parsed.region)
    ]
    if unread:
        raise CouldNotVerify(f"resources of account {parsed.account} in {parsed.region} could not be read: {unread[0]}")
    hint = "strongroom coverage lists the resources that were found; run strongroom sync if it is new"
    raise BadInput(f"no resource {arn} in snapshot {snapshot.id}", hint=hint)


def _chain(row: dict[str, Any]) -> Chain:
    return Chain(
        resource_arn=row["resource_arn"],
        account_id=AccountId(row["account_id"]),
        region=Region(row["region"]),
        resource_type=row["resource_type"],
        plan=row["plan"],
        rule=row["rule"],
        destination_label=row["destination_label"],
        destination_vault_arn=row["destination_vault_arn"],
        links=tuple(_link(name, row) for name in LinkName),
    )


def _link(name: LinkName, row: dict[str, Any]) -> Link:
    if name not in ASSESSED:
        return Link(name=name, state=LinkState.NOT_ASSESSED)
    state, code, cause = LinkState(row[f"{name}_state"]), row[f"{name}_code"], row[f"{name}_cause"] or ""
    known = BY_CODE.get(code or "")
    if known is None:  # proven, not required, or not due yet
        return Link(name=name, state=state, cause=cause, evidence=tuple(_evidence(name, state, row)))
    return Link(
        name=name,
        state=state,
        cause=cause,
        fix=known.fix,
        evidence=tuple(_evidence(name, state, row)),
        failure_mode=mode_of(known.code, cause),
        code=known.code,
    )


def _evidence(name: LinkName, state: LinkState, row: dict[str, Any]) -> Iterator[str]:
    if name is LinkName.SELECTED and state is LinkState.PROVEN:
        yield f"plan {row['plan']} of the effective policy selects it in {row['region']}"
    if name is LinkName.EQUIPPED and state is LinkState.PROVEN:
        yield f"role, vault {row['destination_label']} and its key are there and let the jobs run"
    here = name is LinkName.BACKED_UP and row["copied_state"] == LinkState.NOT_REQUIRED
    if (here or name is LinkName.COPIED) and row["newest_at"] and state is not LinkState.NOT_REQUIRED:
        yield f"newest recovery point {_instant(row['newest_at'])}"
        yield f"{row['expected']} expected so far, {row['points']} there"
    if name is LinkName.KEPT and row["oldest_at"] and state is not LinkState.NOT_REQUIRED:
        yield f"oldest recovery point {_instant(row['oldest_at'])}"


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _missed(judgement: Judgement, typo: Typo) -> Iterator[Chain]:
    """Yield the chains that a resource would have without the typo."""
    plan = next(each for each in judgement.plans if each.plan.name == typo.plan)
    tags = ", ".join(f"{miss.key}: {miss.value}" for miss in typo.misses)
    meant = ", ".join(f"{miss.expected_key}: {miss.expected_value}" for miss in typo.misses)
    cause = f"tag {tags} is almost {meant} ({typo.misses[0].difference}), so plan {typo.plan} leaves the resource out"
    first = Link(
        name=LinkName.SELECTED,
        state=LinkState.BROKEN,
        cause=cause,
        fix=f"write {meant} on the resource, or another value that no plan selects",
        failure_mode="FM10",
        code="VRF010",
    )
    rest = tuple(
        Link(name=name, state=LinkState.NOT_REQUIRED, cause="no plan selects it") for name in LinkName if name is not LinkName.SELECTED
    )
    for rule in plan.rules:
        for leg in rule.legs:
            yield Chain(
                resource_arn=typo.arn,
                account_id=AccountId(typo.account_id),
                region=Region(typo.region),
                resource_type=typo.resource_type,
                plan=typo.plan,
                rule=rule.rule.name,
                destination_label=leg.label,
                destination_vault_arn=leg.vault_arn(typo.account_id, typo.region),
                links=(first, *rest),
            )
