"""What links of one resource rest on: the rows of the snapshot in words, and the names that checks by hand need."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from strongroom import ledger
from strongroom.domain.names import vault_arn
from strongroom.proof.declared import DeclaredPlan, Leg
from strongroom.proof.engine import Judgement
from strongroom.proof.links import LinkName, LinkState
from strongroom.proof.observed import ObservedVault
from strongroom.proof.rechecks import Place
from strongroom.proof.restored import testing_plans
from strongroom.semantics.locks import Lock, Phase, phase
from strongroom.semantics.restoretesting import takes_vault

JOBS_SHOWN = 3  # restore jobs named for a link, the newest ones
_POINTS = """
SELECT leg_no, key_arn, encrypted, count(*) AS points, max(created_at) AS newest_at, max_by(arn, created_at) AS newest_arn
FROM points GROUP BY ALL ORDER BY newest_at DESC"""
_JOBS = """
SELECT
    n.job_id, n.account_id, n.region, n.vault_arn, n.state, n.message, n.created_at, n.completed_at, n.validation_status,
    n.validation_message, n.role_arn
FROM restores AS n JOIN protected AS r ON r.arn = n.source_resource_arn
QUALIFY row_number() OVER (PARTITION BY n.job_id ORDER BY n.seen_at DESC) = 1
ORDER BY n.created_at DESC"""
_STATES = {
    Phase.NONE: "no lock",
    Phase.GOVERNANCE: "a governance lock",
    Phase.GRACE: "a compliance lock",
    Phase.COMPLIANCE: "a compliance lock",
}


@dataclass(frozen=True)
class Evidence:
    """The evidence of a judgement about one resource."""

    judgement: Judgement

    def of(self, name: LinkName, row: Mapping[str, Any]) -> tuple[str, ...]:
        """Return what was observed about a link; `row` is of `numbered`."""
        state = LinkState(row[f"{name}_state"])
        if state is LinkState.NOT_REQUIRED and name is not LinkName.SEALED:
            return ()
        return tuple(_WORDS[name](self, row, state))

    def place(self, row: Mapping[str, Any]) -> Place:
        """Return what calls about a chain name."""
        judgement, plan, leg = self.judgement, self.plan(row), self.leg(row)
        account, region = row["account_id"], row["region"]
        owner, where = leg.place(account, region)
        found = judgement.observed.plan(account, region, plan.plan)
        vault = self.vault(row)
        keys = dict.fromkeys([vault.key_arn if vault else None, *(each["key_arn"] for each in self.points.get(row["leg_no"], ()))])
        arn = vault_arn(owner, where, leg.vault_name)
        taking = testing_plans(judgement.snapshot).get((owner, where), ()) if judgement.estate.restore_tests else ()
        return Place(
            resource_arn=row["resource_arn"],
            account=account,
            region=region,
            management=judgement.scope.management,
            plan_id=found.plan_id if found else "",
            of_policy=plan.plan.account is None,
            local_vault=plan.rules[leg.rule - plan.rules[0].number].rule.vault_name,
            vault=leg.vault_name,
            owner=owner,
            vault_region=where,
            copy=leg.copy,
            target=leg.target,
            keys=tuple(key for key in keys if key),
            role=judgement.estate.roles.backup,
            restore_role=judgement.estate.roles.restore,
            point_arn=next((each["newest_arn"] for each in self.points.get(row["leg_no"], ())), ""),
            testing_plans=tuple(name for name, takes, _ in taking if takes_vault(takes, arn)),
            restore_jobs=tuple(dict.fromkeys(_jobs_of(self.records(row)[:JOBS_SHOWN]))),
        )

    def numbered(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the rows of `chain_table` with the numbers of their legs."""
        numbers = ledger.rows(self.judgement.connection, "SELECT leg_no FROM chains ORDER BY resource_no, leg_no")
        return [row | each for row, each in zip(rows, numbers, strict=True)]

    def plan(self, row: Mapping[str, Any]) -> DeclaredPlan:
        """Return the plan of a chain."""
        return next(plan for plan in self.judgement.plans for rule in plan.rules for leg in rule.legs if leg.number == row["leg_no"])

    def leg(self, row: Mapping[str, Any]) -> Leg:
        """Return the leg of a chain."""
        return next(leg for plan in self.judgement.plans for rule in plan.rules for leg in rule.legs if leg.number == row["leg_no"])

    def vault(self, row: Mapping[str, Any]) -> ObservedVault | None:
        """Return the vault of a chain; None: it isn't there, or could not be read."""
        return self.judgement.observed.vaults.get(self.place_of(row))

    def under(self, points: Mapping[str, Any], row: Mapping[str, Any]) -> str:
        """Return in words how many recovery points are under a key."""
        many = f"{points['points']} recovery point{'' if points['points'] == 1 else 's'}"
        arn, vault = points["key_arn"], self.vault(row)
        if not arn and vault is not None and vault.air_gapped and vault.key_arn is None:
            return f"{many} under a key that AWS owns"
        if not arn:
            return f"{many} {'without encryption' if points['encrypted'] is False else 'under a key that AWS did not tell'}"
        _, state = self.judgement.observed.keys.get(arn, ("", "whose state was not read"))
        if vault is not None and arn == vault.key_arn:
            return f"{many} under the key of their vault, {state}"
        return f"{many} under {'the key of the resource' if arn in self.own_keys else f'key {arn}'}, {state}"

    @cached_property
    def own_keys(self) -> frozenset[str]:
        """The key of the resource, where it has one."""
        query = "SELECT n.arn FROM protected AS r JOIN key_numbers AS n ON n.key_no = r.source_key_no"
        return frozenset(row["arn"] for row in ledger.rows(self.judgement.connection, query))

    @cached_property
    def points(self) -> dict[int, list[dict[str, Any]]]:
        """Keys of recovery points by leg, with how many are under each; those of the newest ones first."""
        found: dict[int, list[dict[str, Any]]] = {}
        for row in ledger.rows(self.judgement.connection, _POINTS):
            found.setdefault(row["leg_no"], []).append(row)
        return found

    def records(self, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the records of restore tests of a chain, the newest first."""
        place = self.place_of(row)
        mine = [each for each in self.judgement.tests.to_pylist() if (each["account_id"], each["region"], each["vault_name"]) == place]
        return sorted(mine, key=lambda each: each["completed_at"], reverse=True)

    def place_of(self, row: Mapping[str, Any]) -> tuple[str, str, str]:
        """Return account, Region and name of the vault of a chain."""
        leg = self.leg(row)
        return (*leg.place(row["account_id"], row["region"]), leg.vault_name)

    def restores(self, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the restore jobs that started from the vault of a chain, the newest first; AWS doesn't always tell the vault."""
        here = self.place_of(row)[:2]
        vaults = {row["destination_vault_arn"], None}
        return [job for job in self.jobs if job["vault_arn"] in vaults and (job["vault_arn"] or (job["account_id"], job["region"]) == here)]

    @cached_property
    def jobs(self) -> list[dict[str, Any]]:
        """The restore jobs of the resource, the newest first."""
        return ledger.rows(self.judgement.connection, _JOBS)


def _selected(_: Evidence, row: Mapping[str, Any], state: LinkState) -> Iterator[str]:
    if state is LinkState.PROVEN:
        yield f"plan {row['plan']} of the effective policy selects it in {row['region']}"


def _equipped(_: Evidence, row: Mapping[str, Any], state: LinkState) -> Iterator[str]:
    if state is LinkState.PROVEN:
        yield f"role, vault {row['destination_label']} and its key are there and let the jobs run"


def _backed_up(_: Evidence, row: Mapping[str, Any], __: LinkState) -> Iterator[str]:
    if row["copied_state"] == LinkState.NOT_REQUIRED and row["newest_at"]:
        yield from _newest(row)


def _copied(_: Evidence, row: Mapping[str, Any], __: LinkState) -> Iterator[str]:
    if row["newest_at"]:
        yield from _newest(row)


def _newest(row: Mapping[str, Any]) -> Iterator[str]:
    yield f"newest recovery point {_instant(row['newest_at'])}"
    yield f"{row['expected']} expected so far, {row['points']} there"


def _sealed(evidence: Evidence, row: Mapping[str, Any], _: LinkState) -> Iterator[str]:
    for each in evidence.points.get(row["leg_no"], ()):
        yield evidence.under(each, row)
    vault = evidence.vault(row)
    if vault is None:
        return
    if vault.air_gapped:
        yield "the vault is air-gapped, and locked by nature"
        return
    now = evidence.judgement.snapshot.observed_at
    lock = Lock(min_days=vault.min_days, max_days=vault.max_days, lock_at=vault.lock_at) if vault.locked else None
    bounds = f" of {vault.min_days or 1} to {vault.max_days or 'any number of'} days" if lock else ""
    since = f", which {'hardens' if phase(lock, now) is Phase.GRACE else 'hardened'} on {_instant(vault.lock_at)}" if vault.lock_at else ""
    yield f"its vault has {_STATES[phase(lock, now)]}{bounds}{since}"


def _kept(_: Evidence, row: Mapping[str, Any], __: LinkState) -> Iterator[str]:
    if row["oldest_at"]:
        yield f"oldest recovery point {_instant(row['oldest_at'])}"


def _restorable(evidence: Evidence, row: Mapping[str, Any], state: LinkState) -> Iterator[str]:
    if state is LinkState.PROVEN:
        yield f"policies, keys and what the Region has let its recovery points in {row['destination_label']} be restored"
    done = next((job for job in evidence.restores(row) if job["state"] == "COMPLETED" and job["vault_arn"]), None)
    if done:
        role = f" as role {done['role_arn'].rpartition('/')[2]}" if done["role_arn"] else ""
        yield f"restore job {done['job_id']} of {_instant(done['created_at'])} was let through{role}"


def _restored(evidence: Evidence, row: Mapping[str, Any], _: LinkState) -> Iterator[str]:
    yield from (_record(each) for each in evidence.records(row)[:JOBS_SHOWN])
    jobs = evidence.restores(row)
    yield from (_restore(job) for job in jobs[:JOBS_SHOWN])
    if len(jobs) > JOBS_SHOWN:
        yield f"{len(jobs) - JOBS_SHOWN} earlier restore jobs"


def _record(test: Mapping[str, Any]) -> str:
    parts = [f"test {test['test_id']} of {_instant(test['completed_at'])}: {test['outcome']}", test["told"]]
    if test["seconds"] is not None:
        promised = f" of {test['rto_seconds']} that are promised" if test["rto_seconds"] else ""
        parts.append(f"took {test['seconds']} seconds{promised}")
    if test["cleaned_up"] is not None:
        parts.append("cleaned up" if test["cleaned_up"] else f"left {', '.join(test['leftovers']) or 'something behind'}")
    return ", ".join(parts)


def _jobs_of(tests: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    return ((each["restored_account"], each["restored_region"], each["job_id"]) for each in tests if each["job_id"])


def _restore(job: Mapping[str, Any]) -> str:
    parts = [f"restore job {job['job_id']} of {_instant(job['created_at'])}: {job['state']}"]
    if job["completed_at"]:
        minutes = round((job["completed_at"] - job["created_at"]).total_seconds() / 60)
        parts.append(f"took {minutes} minutes")
    if job["message"]:
        parts.append(job["message"])
    if job["validation_status"]:
        said = f" ({job['validation_message']})" if job["validation_message"] else ""
        parts.append(f"validation {job['validation_status']}{said}")
    return ", ".join(parts)


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


_WORDS = {
    LinkName.SELECTED: _selected,
    LinkName.EQUIPPED: _equipped,
    LinkName.BACKED_UP: _backed_up,
    LinkName.COPIED: _copied,
    LinkName.SEALED: _sealed,
    LinkName.KEPT: _kept,
    LinkName.RESTORABLE: _restorable,
    LinkName.RESTORED: _restored,
}
