"""`prove`: the chains of one resource, link by link, with the evidence."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from strongroom import ledger
from strongroom.domain.estate import Estate
from strongroom.domain.names import AccountId, Arn, Region
from strongroom.errors import BadInput, CouldNotVerify
from strongroom.ledger.narrowing import Narrowing
from strongroom.proof.causes import BY_CODE
from strongroom.proof.engine import Judgement, judge
from strongroom.proof.evidence import Evidence
from strongroom.proof.findings import mode_of
from strongroom.proof.links import Chain, Link, LinkName, LinkState, Recheck
from strongroom.proof.observed import observe
from strongroom.proof.rechecks import rechecks
from strongroom.proof.typos import Typo, typos
from strongroom.proof.verification import chain_table

if TYPE_CHECKING:
    from strongroom.domain.recovery import TestRecord


def prove(
    estate: Estate, snapshot: ledger.Snapshot, arn: str, earlier: tuple[ledger.Snapshot, ...] = (), *, records: "Sequence[TestRecord]" = ()
) -> tuple[Chain, ...]:
    """Return the proof chains of one resource: one for each rule that protects it and each destination.

    Empty when no plan of the strategy selects it or its account is not governed; a resource that misses a plan by a typo has
    chains whose first link says so. Raises BadInput for an ARN that the snapshot doesn't hold, CouldNotVerify when the
    resources of its account could not be read.
    """
    _known(snapshot, arn)
    with judge(estate, snapshot, earlier, arn=arn, records=records) as judgement:
        evidence = Evidence(judgement)
        chains = tuple(_chain(evidence, row) for row in evidence.numbered(chain_table(judgement).to_pylist()))
        return chains or tuple(chain for typo in typos(judgement.plans, judgement.resources.others) for chain in _missed(judgement, typo))


def _known(snapshot: ledger.Snapshot, arn: str) -> None:
    alone = replace(snapshot, only=Narrowing(resource=arn, accounts=()))
    if alone.table("resources").num_rows:
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


def _chain(evidence: Evidence, row: Mapping[str, Any]) -> Chain:
    place = evidence.place(row)
    return Chain(
        resource_arn=row["resource_arn"],
        account_id=AccountId(row["account_id"]),
        region=Region(row["region"]),
        resource_type=row["resource_type"],
        plan=row["plan"],
        rule=row["rule"],
        destination_label=row["destination_label"],
        destination_vault_arn=row["destination_vault_arn"],
        links=tuple(_link(name, row, evidence.of(name, row), rechecks(name, place)) for name in LinkName),
    )


def _link(name: LinkName, row: Mapping[str, Any], evidence: tuple[str, ...], by_hand: tuple[Recheck, ...]) -> Link:
    state, code, cause = LinkState(row[f"{name}_state"]), row[f"{name}_code"] or "", row[f"{name}_cause"] or ""
    known = BY_CODE.get(code)
    if state is LinkState.NOT_REQUIRED:
        return Link(name=name, state=state, cause=cause, evidence=evidence)
    if known is None:  # proven, or told by a live check
        fix, mode = _of_live_check(code) if code else ("", "")
        return Link(name=name, state=state, cause=cause, fix=fix, evidence=evidence, failure_mode=mode, code=code, by_hand=by_hand)
    mode = mode_of(known.code, cause)
    fix, code = known.fix, known.code
    return Link(name=name, state=state, cause=cause, fix=fix, evidence=evidence, failure_mode=mode, code=code, by_hand=by_hand)


def _of_live_check(code: str) -> tuple[str, str]:
    """Return the fix and the failure mode of a live check."""
    from strongroom.proof.live.run import said_of  # noqa: PLC0415 - for links that such a check tells alone: `prove` answers in a second

    return said_of(code)


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
        for leg in rule.ends:
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
