"""`test`: recovery points are restored, examined and taken away again, and the ledger keeps what was shown."""

import hashlib
import secrets
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from strongroom import compiler, ledger
from strongroom.api.byhand import Asked, by_hand, require_validators, require_vaults
from strongroom.api.entitled import snapshot_of
from strongroom.api.home import require_writable
from strongroom.api.rolenames import role_named
from strongroom.api.strategy import load_strategy, strategy_path
from strongroom.api.tests import standing_of
from strongroom.aws.sessions import Sessions
from strongroom.domain.estate import Estate
from strongroom.domain.names import AccountId, Region
from strongroom.domain.recovery import Outcome, TestRecord
from strongroom.domain.roles import RolePurpose
from strongroom.domain.strategy import RestoreTest
from strongroom.errors import BadInput, ExitCode
from strongroom.evidence.standing import Standing, longest_unproven
from strongroom.proof.scope import scope_of
from strongroom.workflows.restoring.request import restorable

if TYPE_CHECKING:
    from strongroom.workflows.testing import AwsTested, Left, Means, Subject, Tested, TestOrder, Untested, Way

OnProgress = Callable[[int, int, str], None]
"""Hears (steps done, steps in all, what)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A run of tests that has not begun: nothing that could act was called."""

    order: "TestOrder"
    estate: Estate
    sessions: Sessions
    snapshot: ledger.Snapshot
    home: Path
    leftovers: "tuple[Left, ...]"  # of earlier tests, in the places of these


def prepare(
    strategy: Path,
    *,
    home: Path,
    tests: Collection[str] = (),
    resources: Collection[str] = (),
    vaults: Collection[str] = (),
    due: bool = False,
    at_most: int | None = None,
    keep: bool = False,
    copy_back: bool = False,
    validators: Sequence[str] = (),
    role: str = "",
) -> Prepared:
    """Return the run of what the restore tests cover: those named (else all), of some resources, from some vaults, only what is due.

    A resource that they don't cover is tested by hand, as is one for which `validators` are named: from the vaults that are named, else
    from all that hold recovery points of it. `copy_back`: restore into the resource's own account, also what lies elsewhere. `at_most`:
    no more than so many, those first that have waited longest for their proof. `role`: the one that is assumed in the accounts. What was
    typed is judged before anything is asked. Raises BadInput for a name that is none, CouldNotVerify without a snapshot, AwsRefused.
    """
    from strongroom.workflows.testing import TestOrder, earlier_leftovers

    assumed = _judged(resources, validators, role, covered=bool(tests) or due)
    require_writable(home)
    path = strategy_path(strategy)
    estate = compiler.compile_strategy(load_strategy(path))
    wanted = _named_tests(estate, tests, some=bool(resources))
    require_vaults(estate, vaults)
    if not resources:
        _require_taken(estate, vaults)
    for arn in resources:
        require_validators(estate, arn, validators, path.parent)
    snapshot = snapshot_of(home, None)
    sessions = Sessions.open(role=assumed or role_of(estate), region=estate.organization.home_region)
    caller, now = sessions.caller(), sessions.observed_at()
    covered = [each for each in standing_of(estate, snapshot, home=home, now=now) if each.test in wanted and not validators]
    chosen = _chosen(covered, resources=resources, vaults=vaults)
    asked = _uncovered(chosen, resources, vaults)
    if asked and (tests or due):
        arn, labels = asked[0]
        where = f" from {', '.join(labels)}" if labels else ""
        hint = "see what they cover: strongroom tests; or test it by hand: name neither a test nor --due"
        raise BadInput(f"no restore test covers {arn}{where}", hint=hint)
    chosen = [each for each in longest_unproven(chosen) if each.due or not due]
    by_name = {test.name: test for test in estate.restore_tests}
    subjects = [_subject(each, by_name[each.test], copy_back=copy_back) for each in chosen]
    for arn, labels in asked:
        wish = Asked(arn=arn, vaults=labels, validators=tuple(validators), copy_back=copy_back)
        subjects += by_hand(wish, estate, snapshot, path.parent)
    order = TestOrder(
        run_id=f"test-{now:%Y%m%d%H%M%S}-{secrets.token_hex(3)}",
        strategy=estate.name,
        strategy_sha256=_digest(path),
        folder=str(path.resolve().parent),
        role=sessions.role,
        home_region=estate.organization.home_region,
        tester=caller.arn,
        subjects=tuple(replace(each, number=number) for number, each in enumerate(subjects[:at_most], 1)),
        keep=keep,
    )
    places = sorted({(each.into, each.region) for each in order.subjects})
    left = earlier_leftovers(sessions, places, strategy=estate.name) if places else ()
    return Prepared(order=order, estate=estate, sessions=sessions, snapshot=snapshot, home=home, leftovers=left)


def plans(prepared: Prepared) -> "tuple[Way, ...]":
    """Return each test of a run with its recovery point and the plan of its restore; nothing that could act is called."""
    from strongroom.workflows.testing import planned

    return planned(prepared.order, _means(prepared, _nobody_listens))


def run(prepared: Prepared, *, on_progress: OnProgress) -> "Tested":
    """Carry out a run of tests; raises BadInput, Stopped on an interrupt: `resume` goes on and cleans up."""
    from strongroom.workflows.testing import start_test

    return start_test(prepared.order, _means(prepared, on_progress))


def resume_tests(run_id: str, strategy: Path, *, home: Path, on_progress: OnProgress) -> "Tested":
    """Go on with an interrupted run of tests; raises BadInput, AwsRefused, Stopped."""
    from strongroom.workflows.testing import Means, resume_test

    estate, snapshot = compiler.compile_strategy(load_strategy(strategy)), snapshot_of(home, None)

    def means_for(order: "TestOrder") -> Means:
        if order.strategy != estate.name:
            raise BadInput(f"run {run_id} is of strategy {order.strategy}, not of {estate.name}", hint="name its file: --strategy FILE")
        sessions = Sessions.open(role=order.role, region=order.home_region)
        sessions.caller()
        return Means(sessions=sessions, estate=estate, snapshot=snapshot, home=home, on_progress=on_progress)

    return resume_test(run_id, means_for, home=home)


def by_aws(strategy: Path, *, home: Path, tests: Collection[str] = (), role: str = "", on_progress: OnProgress) -> "AwsTested":
    """Validate what AWS Backup's own restore tests have restored and tell AWS what was measured; raises as `prepare`."""
    from strongroom.workflows.testing import test_by_aws

    assumed = role_named(role)
    require_writable(home)
    path = strategy_path(strategy)
    estate = compiler.compile_strategy(load_strategy(path))
    wanted = _named_tests(estate, tests)
    snapshot = snapshot_of(home, None)
    sessions = Sessions.open(role=assumed or role_of(estate), region=estate.organization.home_region)
    sessions.caller()
    promised = {each.resource_arn: each.rto_seconds for each in standing_of(estate, snapshot, home=home)}
    return test_by_aws(
        estate,
        sessions,
        places_of(estate, snapshot),
        names=wanted,
        objective_of=promised.get,
        home=home,
        folder=path.resolve().parent,
        strategy_sha256=_digest(path),
        on_progress=on_progress,
    )


def leftovers(strategy: Path, *, home: Path, role: str = "") -> "tuple[Sessions, str, tuple[Left, ...]]":
    """Return what tests of a strategy have left behind in all its places, with the sessions that looked and the strategy's name."""
    from strongroom.workflows.testing import earlier_leftovers

    assumed = role_named(role)
    estate, snapshot = compiler.compile_strategy(load_strategy(strategy)), snapshot_of(home, None)
    sessions = Sessions.open(role=assumed or role_of(estate), region=estate.organization.home_region)
    sessions.caller()
    return sessions, estate.name, earlier_leftovers(sessions, places_of(estate, snapshot), strategy=estate.name)


def clean(sessions: Sessions, strategy: str, found: "Iterable[Left]") -> "tuple[Left, ...]":
    """Take away what tests have left behind and return what is still there; raises AwsRefused."""
    from strongroom.workflows.testing import clean_leftovers

    return clean_leftovers(found, sessions, strategy=strategy, halt=threading.Event())


def places_of(estate: Estate, snapshot: ledger.Snapshot) -> tuple[tuple[AccountId, Region], ...]:
    """Return every account and Region in which tests of a strategy may restore: the governed ones, and those of its own vaults."""
    governed = scope_of(estate, snapshot.table("accounts")).places
    own = {(vault.account, region) for vault in estate.vaults if isinstance(vault.account, AccountId) for region in vault.regions}
    return tuple(sorted({*governed, *own}))


def role_of(estate: Estate) -> str:
    """Return the role that tests assume: the tester's, else the one for recovery, where a strategy makes one, else that of deployments."""
    made = {each.purpose: each.name for each in estate.roles.made}
    return made.get(RolePurpose.TESTER) or made.get(RolePurpose.RECOVERY) or estate.roles.deploy


def exit_code(records: Iterable[TestRecord], untested: "Sequence[Untested]" = ()) -> ExitCode:
    """FINDINGS when a test failed, or left behind what neither was to be kept nor expires; COULD_NOT_VERIFY when one could not tell."""
    from strongroom.workflows.testing import EXPIRES, KEPT

    records = tuple(records)
    if any(each.outcome is Outcome.FAILED or not all(why.startswith((KEPT, EXPIRES)) for why in each.left_because) for each in records):
        return ExitCode.FINDINGS
    unknown = untested or any(each.outcome is Outcome.UNKNOWN for each in records)
    return ExitCode.COULD_NOT_VERIFY if unknown else ExitCode.PROVEN


def _means(prepared: Prepared, on_progress: OnProgress) -> "Means":
    from strongroom.workflows.testing import Means

    return Means(
        sessions=prepared.sessions, estate=prepared.estate, snapshot=prepared.snapshot, home=prepared.home, on_progress=on_progress
    )


def _nobody_listens(_done: int, _total: int, _what: str) -> None:
    """Hear of progress where nobody looks on."""


def _judged(resources: Collection[str], validators: Sequence[str], role: str, *, covered: bool) -> str:
    """Return the name of the role; raises BadInput for what nobody can mean, whatever is in AWS."""
    for arn in resources:
        restorable(arn)
    if validators and (covered or not resources):
        hint = "leave it out, or name the resource and neither a restore test nor --due: --resource ARN"
        raise BadInput(f"--validate {validators[0]} is for a test by hand: restore tests of the strategy say what they validate", hint=hint)
    return role_named(role)


def _named_tests(estate: Estate, names: Collection[str], *, some: bool = False) -> tuple[str, ...]:
    """Return the restore tests that are named, else all; raises BadInput, also where there are none and `some` resource isn't named."""
    declared = [test.name for test in estate.restore_tests]
    if not declared and (names or not some):
        hint = "write restore_tests into it, see: strongroom schema; or test one by hand: strongroom test --resource ARN"
        raise BadInput(f"strategy {estate.name} declares no restore test", hint=hint)
    for name in names:
        if name not in declared:
            near = get_close_matches(name, declared, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(declared)}"
            raise BadInput(f"strategy {estate.name} has no restore test {name!r}", hint=hint)
    return tuple(names) or tuple(declared)


def _require_taken(estate: Estate, vaults: Collection[str]) -> None:
    """Raise BadInput for a vault that no restore test takes."""
    taken = sorted({label for test in estate.restore_tests for label in test.vaults})
    for label in vaults:
        if label not in taken:
            hint = f"restore tests take: {', '.join(taken)}; or test a resource by hand: --resource ARN"
            raise BadInput(f"no restore test takes vault {label!r}", hint=hint)


def _chosen(covered: Sequence[Standing], *, resources: Collection[str], vaults: Collection[str]) -> list[Standing]:
    """Return what is covered of some resources (else all) in some vaults (else all)."""
    chosen = [each for each in covered if not vaults or each.vault_label in vaults]
    return [each for each in chosen if not resources or each.resource_arn in resources]


def _uncovered(chosen: Sequence[Standing], resources: Collection[str], vaults: Collection[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the resources that no test covers, each with the vaults from which (empty: from all)."""
    covered = {(each.resource_arn, each.vault_label) for each in chosen}
    found = []
    for arn in dict.fromkeys(resources):
        labels = tuple(label for label in dict.fromkeys(vaults) if (arn, label) not in covered)
        if labels or not any(arn == each for each, _ in covered):
            found.append((arn, labels))
    return found


def _subject(standing: Standing, test: RestoreTest, *, copy_back: bool) -> "Subject":
    from strongroom.workflows.testing import Subject

    return Subject(
        number=0,
        test=test.name,
        resource_arn=standing.resource_arn,
        type=standing.type,
        vault_label=standing.vault_label,
        vault=standing.vault,
        account=standing.account,
        into=standing.owner if copy_back else standing.account,
        region=standing.region,
        pick=test.pick,
        within_days=test.within_days,
        overrides={key: value for each in test.overrides if each.type is standing.type for key, value in each.values},
        validations=tuple(each for each in test.validations if each.type is standing.type),
        login=next((each for each in test.logins if each.type is standing.type), None),
        rto_seconds=standing.rto_seconds,
        schedule=test.schedule,
        timezone=test.timezone,
    )


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
