"""The steps that the tests of a batch go through together; each may run again after a crash and makes what it makes once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from strongroom import ledger
from strongroom.aws.recovery.carrying import RestoreFailed, carry, restored
from strongroom.aws.recovery.cleaning import made, made_so_far
from strongroom.aws.recovery.describing import tag
from strongroom.aws.recovery.points import points_in_vault
from strongroom.aws.recovery.surroundings import is_taken
from strongroom.aws.sessions import Sessions
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType, partition_of
from strongroom.domain.origin import LiveOrigin
from strongroom.domain.recovery import Made, Outcome, PointRef, Restored, RestorePlan, StepKind, TestRecord
from strongroom.errors import AwsRefused, AwsUnreachable, BadInput, NoCredentials, Stopped, StrongroomError
from strongroom.validators.running import examine
from strongroom.validators.target import Target
from strongroom.workflows.catalogue import finding
from strongroom.workflows.restore import RestoreRequest, is_refused, plan_restore
from strongroom.workflows.testing.cleaning import clean
from strongroom.workflows.testing.foreseeing import stays
from strongroom.workflows.testing.judging import judged, looks_inside, seconds_of, timed
from strongroom.workflows.testing.orders import Subject, TestOrder, Way
from strongroom.workflows.testing.picking import picked
from strongroom.workflows.testing.recording import keep, next_run

DEADLINE_SECONDS = 600.0  # for each validator
KEPT = "it was to be kept"
# Calls that begin a restore: refused, there is none. Any other call is refused while AWS restores.
_NAMED: Final = {  # types whose restores get a name from us, with their ARNs
    ResourceType.DYNAMODB: "arn:{partition}:dynamodb:{region}:{account}:table/{name}",
    ResourceType.RDS: "arn:{partition}:rds:{region}:{account}:db:{name}",
    ResourceType.S3: "arn:{partition}:s3:::{name}",
}
_NEVER_BEGUN = ("backup:StartRestoreJob ", "dynamodb:RestoreTable", "rds:RestoreDB")

OnProgress = Callable[[int, int, str], None]
"""Hears (steps done, steps in all, what)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the steps of a run need of the process they run in."""

    sessions: Sessions
    estate: Estate
    snapshot: ledger.Snapshot | None  # predicts permissions; None: they are not predicted
    home: Path
    on_progress: OnProgress


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A step under way."""

    order: TestOrder
    means: Means
    halt: threading.Event

    @property
    def sessions(self) -> Sessions:
        """The door to AWS."""
        return self.means.sessions


Step = Callable[[Context, Way], Way]


def together(step: Step, context: Context, ways: list[Way]) -> list[Way]:
    """Let all tests of a batch take a step at once; raises Stopped when one was stopped, after all have ended."""
    with ThreadPoolExecutor(max_workers=len(ways)) as pool:
        running = [pool.submit(_taken, step, context, way) for way in ways]
    return [each.result() for each in running]


def planned(order: TestOrder, means: Means) -> tuple[Way, ...]:
    """Return what each test of an order would restore, and how; nothing that could act is called. Raises NoCredentials."""
    context = Context(order=order, means=means, halt=threading.Event())
    now = means.sessions.observed_at()
    return tuple(plan(context, pick(context, Way(subject=each, started_at=now))) for each in order.subjects)


def _taken(step: Step, context: Context, way: Way) -> Way:
    if context.halt.is_set():
        raise Stopped("stopped before the step began")
    try:
        return step(context, way)
    except NoCredentials as error:
        # Nothing more can be asked of AWS, not even to take away what was made: whoever renews the credentials goes on.
        raise Stopped(f"{error.message}; renew the credentials, then go on", hint=error.hint) from error
    except Stopped:
        raise
    except StrongroomError as error:
        return replace(way, trouble=error.message, outcome=Outcome.UNKNOWN)
    except Exception as error:  # noqa: BLE001 - the outermost loop of a test: whatever goes wrong, what it made is taken away
        return replace(way, trouble=f"internal error: {type(error).__name__}: {error}", outcome=Outcome.UNKNOWN)


def pick(context: Context, way: Way) -> Way:
    """Choose the recovery point: latest or by lot, as the test says."""
    subject = way.subject
    try:
        listed = points_in_vault(context.sessions, subject.account, subject.region, subject.vault, subject.resource_arn)
        found = picked(subject, list(listed), now=context.sessions.observed_at(), seed=context.order.test_id(subject))
    except NoCredentials:
        raise
    except AwsRefused as error:
        found = error.message
    return replace(way, point=found) if isinstance(found, PointRef) else replace(way, untested=found)


def plan(context: Context, way: Way) -> Way:
    """Plan the restore into a place of its own: new names, our tags, the overrides of the test."""
    if not way.goes_on or way.point is None:
        return way
    try:
        made_plan = plan_restore(
            _request(context.order, way.subject, way.point),
            context.sessions,
            estate=context.means.estate,
            snapshot=context.means.snapshot,
            plan_id=context.order.test_id(way.subject),
        )
    except NoCredentials:
        raise
    except AwsRefused as error:
        return replace(way, trouble=error.message, outcome=Outcome.UNKNOWN)
    except BadInput as error:
        return replace(way, trouble=error.message, outcome=Outcome.FAILED)
    if is_refused(made_plan):
        wrong = "; ".join(each.message for each in made_plan.findings if each.severity is Severity.ERROR)
        return replace(way, plan=made_plan, trouble=f"it can't be restored: {wrong}", outcome=Outcome.FAILED)
    why = _stays(context, made_plan)
    if why:
        barred = finding("RCV018", made_plan.resource_arn, why, LiveOrigin(made_plan.account, made_plan.region, ""))
        unrestored = replace(made_plan, findings=(*made_plan.findings, barred))
        return replace(way, plan=unrestored, trouble=f"{why}: no restore was begun", outcome=Outcome.UNKNOWN)
    return replace(way, plan=made_plan)


def _stays(context: Context, made_plan: RestorePlan) -> str:
    """Return why what would be restored could not be taken away again, where it is to be and a role is assumed."""
    own = made_plan.account == context.sessions.caller().account
    return "" if own or context.order.keep else stays(made_plan, context.means.estate, context.means.snapshot)


def _carried(kind: StepKind, context: Context, way: Way) -> Way:
    if not way.goes_on or way.plan is None:
        return way
    known = way.known
    try:
        for step in (each for each in way.plan.steps if each.kind is kind):
            known = carry(
                step,
                way.plan,
                context.sessions,
                token=context.order.test_id(way.subject),
                known=known,
                halt=context.halt,
                on_wait=lambda _state, _share: None,
            )
    except RestoreFailed as error:
        return replace(way, known=known, trouble=error.message, outcome=Outcome.FAILED)
    except NoCredentials:
        raise
    except AwsUnreachable as error:
        raise Stopped(f"{error.message}; what AWS has begun goes on there") from error
    except AwsRefused as error:
        begun = kind is StepKind.RESTORE and not error.message.startswith(_NEVER_BEGUN)
        return replace(way, known=known, trouble=error.message, outcome=Outcome.UNKNOWN, unsettled=begun)
    return replace(way, known=known)


def validate(context: Context, way: Way) -> Way:
    """Examine what was restored: its content, encryption, a connection; then the time that it took."""
    made_now = _restored(way)
    if not way.goes_on or made_now is None:
        return way
    subject = way.subject
    target = Target(
        restored=made_now,
        source_arn=subject.resource_arn,
        point=way.point,
        login=subject.login,
        folder=Path(context.order.folder),
        manifests=context.means.home / "manifests",
        deadline_seconds=DEADLINE_SECONDS,
    )
    found = examine(target, subject.validations, context.sessions, halt=context.halt)
    return replace(way, measurements=(*found, *timed(seconds_of(made_now, found), subject.rto_seconds)))


def document(context: Context, way: Way) -> Way:
    """Write the evidence before the clean-up: a crash between them leaves a true record, too."""
    if way.point is None:
        return way
    way = replace(way, completed_at=context.sessions.observed_at(), leftovers=tuple(each.arn for each in _made(way)))
    with suppress(BadInput):  # what was made is taken away whether or not the ledger has room; `conclude` tells
        _keep(context, way)
    return way


def conclude(context: Context, way: Way) -> Way:
    """Write the evidence with what came of the clean-up; raises Stopped when the ledger can't be written, because `resume` can."""
    if way.point is None:
        return way
    try:
        _keep(context, way)
    except BadInput as error:
        raise Stopped(f"{error.message}; what was made is taken away, its evidence is not written yet") from error
    return way


def _keep(context: Context, way: Way) -> None:
    keep(
        record_of(context.order, way),
        home=context.means.home,
        strategy_sha256=context.order.strategy_sha256,
        folder=Path(context.order.folder),
        validations=way.subject.validations,
    )


def clean_up(context: Context, way: Way) -> Way:
    """Take away what the test has made, whatever came before, and look whether it is gone."""
    if way.unsettled and way.plan is not None:
        # AWS has begun to restore, and did not tell what came of it: the same tokens ask again, and start nothing.
        again = replace(way, trouble="", outcome=None, unsettled=False)
        for kind in (StepKind.RESTORE, StepKind.TAG):
            again = _carried(kind, context, again)
        way = replace(way, known=again.known, unsettled=again.unsettled)
        if again.unsettled and again.plan is not None:
            what = again.plan.creates or f"what is restored of {way.subject.resource_arn}"
            return replace(way, cleaned_up=False, leftovers=(what,), left_because=(again.trouble,))
    way = _with_abandoned(context, way)
    things = _made(way)
    if not things:
        return replace(way, cleaned_up=None, leftovers=())
    if context.order.keep:
        arns = tuple(each.arn for each in things)
        return replace(way, cleaned_up=False, leftovers=arns, left_because=tuple(KEPT for _ in arns))
    left = clean(things, context.sessions, tags=context.order.tags, halt=context.halt)
    return replace(way, cleaned_up=not left, leftovers=tuple(each.arn for each in left), left_because=tuple(each.reason for each in left))


STEPS: Final[tuple[tuple[str, Step], ...]] = (
    ("pick recovery points", pick),
    ("plan restores", plan),
    ("copy back", partial(_carried, StepKind.COPY_BACK)),
    ("restore", partial(_carried, StepKind.RESTORE)),
    ("tag what was restored", partial(_carried, StepKind.TAG)),
    ("look at what was restored", partial(_carried, StepKind.DESCRIBE)),
    ("validate", validate),
    ("document", document),
    ("clean up", clean_up),
    ("document the clean-up", conclude),
)


def record_of(order: TestOrder, way: Way) -> TestRecord:
    """Return the evidence of a test that has restored something or failed to."""
    made_now, subject = _restored(way), way.subject
    if way.point is None or way.completed_at is None:
        raise ValueError(f"test {order.test_id(subject)} has restored nothing")
    outcome, told = judged(way.measurements, examined=any(looks_inside(each) for each in subject.validations))
    if way.outcome is not None:
        outcome, told = way.outcome, way.trouble
    return TestRecord(
        test_id=order.test_id(subject),
        run_id=order.run_id,
        test=subject.test,
        strategy=order.strategy,
        origin="strongroom",
        resource_arn=subject.resource_arn,
        type=subject.type,
        point=way.point,
        vault_label=subject.vault_label,
        restored=made_now,
        outcome=outcome,
        told=told,
        measurements=way.measurements,
        rto_seconds=subject.rto_seconds,
        seconds=seconds_of(made_now, way.measurements) if made_now else None,
        cleaned_up=way.cleaned_up if way.cleaned_up is not None or not way.leftovers else False,
        leftovers=way.leftovers,
        left_because=way.left_because,
        reported="",
        started_at=way.started_at,
        completed_at=way.completed_at,
        next_at=next_run(subject, way.completed_at),
        tester=order.tester,
    )


def _restored(way: Way) -> Restored | None:
    if way.plan is None:
        return None
    try:
        return restored(way.plan, way.known)
    except KeyError:
        return None


def _with_abandoned(context: Context, way: Way) -> Way:
    """Return a test whose restore failed with what AWS made of it all the same: it has the name that only this test gives.

    It gets our tags first, without which nothing is deleted. What AWS names itself (volumes, file systems) is not found this way.
    """
    plan_now = way.plan
    if plan_now is None or not way.trouble or not plan_now.creates or way.known.get("resource_arn") or plan_now.type not in _NAMED:
        return way
    account, region, name = plan_now.account, plan_now.region, plan_now.creates
    try:
        if not is_taken(context.sessions, plan_now.type, name, account, region):
            return way
        arn = _NAMED[plan_now.type].format(partition=partition_of(region), account=account, region=region, name=name)
        tag(context.sessions, plan_now.type, arn, plan_now.tags, account=account, region=region)
    except NoCredentials:
        raise
    except AwsRefused as error:
        return replace(way, trouble=f"{way.trouble}; whether it left {name} behind isn't known: {error.message}")
    return replace(way, known={**way.known, "resource_arn": arn})


def _made(way: Way) -> tuple[Made, ...]:
    if way.plan is None:
        return ()
    made_now = _restored(way)
    return made(made_now, way.plan) if made_now else made_so_far(way.plan, way.known)


def _request(order: TestOrder, subject: Subject, point: PointRef) -> RestoreRequest:
    return RestoreRequest(
        resource_arn=subject.resource_arn,
        point=point,
        account=subject.into,
        region=subject.region,
        overrides=subject.overrides,
        name=f"strongroom-{order.test_id(subject)}",
        tags=order.tags,
        test_run=order.run_id,
    )
