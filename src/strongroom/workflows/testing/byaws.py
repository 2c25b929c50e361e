"""AWS Backup's own restore tests: what they restored is examined, and AWS is told what was measured.

AWS has picked, restored and will delete. A job that waits for a validation and gets none times out, which AWS shows by itself: so nothing
is sent that was not measured.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from strongroom.aws.recovery.validation import put_validation_result, waiting
from strongroom.aws.sessions import Sessions
from strongroom.compiler.awsidentifiers import aws_identifier
from strongroom.compiler.restore_tests import NAME_CHARACTERS_MAX
from strongroom.domain.estate import Estate
from strongroom.domain.names import AccountId, Arn, Region
from strongroom.domain.recovery import Outcome, PointRef, TestedByAws, TestRecord
from strongroom.domain.strategy import RestoreTest, Validation
from strongroom.errors import AwsRefused, NoCredentials
from strongroom.semantics.schedule import next_slot, parse_cron
from strongroom.validators.running import examine
from strongroom.validators.target import Target
from strongroom.workflows.testing.judging import judged, looks_inside, seconds_of, timed
from strongroom.workflows.testing.recording import keep

DEADLINE_SECONDS = 600.0  # for each validator
ASKED_AT_ONCE = 16  # places

ObjectiveOf = Callable[[str], int | None]
"""The tightest objective of a resource in seconds; None: nothing is promised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsTested:
    """What came of AWS's own tests."""

    records: tuple[TestRecord, ...]
    unread: tuple[tuple[AccountId, Region, str], ...]  # places that could not be asked, and why
    refused: tuple[tuple[str, str], ...]  # ids of tests of which AWS did not take the result, and why
    foreign: int  # jobs of restore testing plans that the strategy doesn't know: they are left to whoever made them


def test_by_aws(
    estate: Estate,
    sessions: Sessions,
    places: Iterable[tuple[AccountId, Region]],
    *,
    names: Iterable[str],
    objective_of: ObjectiveOf,
    home: Path,
    folder: Path,
    strategy_sha256: str,
    on_progress: Callable[[int, int, str], None],
) -> AwsTested:
    """Validate the restore jobs that wait for it, of the restore tests that are named, and tell AWS.

    Each is a record in the ledger before AWS is told. Raises NoCredentials, BadInput when the ledger can't be written.
    """
    tests = [each for each in estate.restore_tests if each.name in set(names)]
    records: list[TestRecord] = []
    unread: list[tuple[AccountId, Region, str]] = []
    refused: list[tuple[str, str]] = []
    foreign = 0
    wanted = list(places)
    with ThreadPoolExecutor(max_workers=ASKED_AT_ONCE) as pool:
        asked = [pool.submit(_waiting, sessions, *place) for place in wanted]
    for number, ((account, region), answer) in enumerate(zip(wanted, asked, strict=True)):
        on_progress(number, len(wanted), f"{account} {region}")
        jobs, why_not = answer.result()
        if why_not:
            unread.append((account, region, why_not))
        for job in jobs:
            test = next((each for each in tests if _is_of(estate, each, job)), None)
            if test is None:
                foreign += not any(_is_of(estate, each, job) for each in estate.restore_tests)
                continue
            found = _examined(estate, test, job, sessions, objective_of=objective_of, home=home, folder=folder)
            keep(found, home=home, strategy_sha256=strategy_sha256, folder=folder, validations=_of_type(test, job))
            records.append(found)
            why = _told_to_aws(sessions, job, found)
            if why:
                refused.append((found.test_id, why))
    return AwsTested(records=tuple(records), unread=tuple(unread), refused=tuple(refused), foreign=foreign)


test_by_aws.__test__ = False  # type: ignore[attr-defined]  # pytest: no test


def _waiting(sessions: Sessions, account: AccountId, region: Region) -> tuple[list[TestedByAws], str]:
    """Return the jobs that wait in one place, or why it could not be asked; raises NoCredentials."""
    try:
        return list(waiting(sessions, account, region)), ""
    except NoCredentials:
        raise
    except AwsRefused as error:
        return [], error.message


def _told_to_aws(sessions: Sessions, job: TestedByAws, record: TestRecord) -> str:
    """Send what was measured, if anything was; returns why AWS did not take it."""
    if not record.reported:
        return ""
    try:
        put_validation_result(sessions, job, successful=record.reported == "SUCCESSFUL", message=record.told)
    except NoCredentials:
        raise
    except AwsRefused as error:
        return error.message
    return ""


def _examined(
    estate: Estate, test: RestoreTest, job: TestedByAws, sessions: Sessions, *, objective_of: ObjectiveOf, home: Path, folder: Path
) -> TestRecord:
    made = job.restored
    name = Arn.parse(job.vault_arn).resource.partition(":")[2] if job.vault_arn else ""  # AWS restores in the vault's account and Region
    point = PointRef(account=made.account, region=made.region, vault=name, arn=job.point_arn, created_at=job.point_created_at)
    target = Target(
        restored=job.restored,
        source_arn=job.resource_arn,
        point=point,
        login=next((each for each in test.logins if each.type is job.restored.type), None),
        folder=folder,
        manifests=home / "manifests",
        deadline_seconds=DEADLINE_SECONDS,
    )
    validations = _of_type(test, job)
    measured = examine(target, validations, sessions)
    examined = any(looks_inside(each) for each in validations)
    content, _ = judged(measured, examined=examined)
    rto = objective_of(job.resource_arn)
    seconds = seconds_of(job.restored, measured)
    everything = (*measured, *timed(seconds, rto))
    outcome, told = judged(everything, examined=examined)
    now = sessions.observed_at()
    return TestRecord(
        test_id=f"aws-{job.job_id}",
        run_id=job.plan_arn,
        test=test.name,
        strategy=estate.name,
        origin="aws",
        resource_arn=job.resource_arn,
        type=job.restored.type,
        point=point,
        vault_label=next((each.label for each in estate.vaults if each.name == name), ""),
        restored=job.restored,
        outcome=outcome,
        told=told,
        measurements=everything,
        rto_seconds=rto,
        seconds=seconds,
        cleaned_up=None,
        leftovers=(),
        # What is in the resource is what AWS asks about: that it took too long is ours to say.
        reported={Outcome.PASSED: "SUCCESSFUL", Outcome.FAILED: "FAILED", Outcome.UNKNOWN: ""}[content],
        started_at=job.restored.started_at,
        completed_at=now,
        next_at=next_slot(parse_cron(test.schedule), test.timezone, now),
        tester=sessions.caller().arn,
    )


def _of_type(test: RestoreTest, job: TestedByAws) -> tuple[Validation, ...]:
    return tuple(each for each in test.validations if each.type is job.restored.type)


def _is_of(estate: Estate, test: RestoreTest, job: TestedByAws) -> bool:
    """Whether a restore testing plan is the one of a test: AWS writes an id of its own behind the name."""
    plan = Arn.parse(job.plan_arn).resource.partition(":")[2]
    names = (
        aws_identifier(estate.name, test.name, longest=NAME_CHARACTERS_MAX),
        aws_identifier(estate.name, test.name, "copies", longest=NAME_CHARACTERS_MAX),
    )
    return any(plan == name or plan.startswith(f"{name}-") for name in names)
