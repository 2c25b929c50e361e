"""The steps of a restore plan, each of which may run more than once and makes what it makes once.

AWS Backup starts no second job for a token that it knows. The services' own restores have no token: there the target is looked for first.
Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_StartRestoreJob.html (IdempotencyToken).
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from botocore import xform_name

from strongroom.aws.errors import CODES, THROTTLED, UNAVAILABLE
from strongroom.aws.recovery.describing import described, tag
from strongroom.aws.recovery.surroundings import present
from strongroom.aws.sessions import Sessions
from strongroom.domain.names import ResourceType
from strongroom.domain.recovery import ApiCall, Endpoint, Restored, RestorePlan, RestoreStep, StepKind
from strongroom.domain.recoveryjson import decode, encode
from strongroom.errors import AwsRefused, AwsUnreachable, NoCredentials, Stopped

OnWait = Callable[
    [str, float | None], None
]  # hears AWS's state of what is waited for, and how much is done (0 to 1; None: AWS doesn't tell)

COPIED_POINT: Final = "{copied_point}"  # in the calls of a plan: the recovery point that the copy back will have made
RESTORED: Final = "{restored}"  # what the restore will have made
POLL_SECONDS_MIN, POLL_SECONDS_MAX = 0.1, 15.0
_OVER: Final = frozenset({"COMPLETED", "FAILED", "ABORTED", "PARTIAL"})
_TAKEN: Final = frozenset(
    {"DBInstanceAlreadyExists", "DBInstanceAlreadyExistsFault", "TableAlreadyExistsException", "ResourceInUseException"}
)


_PASSING: Final = (THROTTLED, UNAVAILABLE)


class RestoreFailed(AwsRefused):
    """A copy or restore job has ended without what it was to make; `code` is its state, the message AWS's own."""


def passes(error: AwsRefused) -> bool:
    """Return whether a refusal says nothing about the restore: another time, or with other credentials, the same call may work."""
    return isinstance(error, (NoCredentials, AwsUnreachable)) or CODES.get(error.code) in _PASSING


@dataclass(frozen=True, slots=True)
class _Carrying:
    """One step on its way."""

    step: RestoreStep
    plan: RestorePlan
    sessions: Sessions
    token: str
    known: Mapping[str, Any]
    halt: threading.Event
    on_wait: OnWait

    def ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Ask where the step's call goes."""
        call = self.step.call
        return self.sessions.call(call.service, call.region, operation, account=call.account, **parameters)

    def wait(self, ended: Callable[[], tuple[str, float | None, dict[str, Any] | None]], doing: str) -> dict[str, Any]:
        """Poll with growing pauses until there is an answer to return; raises Stopped when the run halts."""
        pause = POLL_SECONDS_MIN
        while True:
            try:
                state, share, answer = ended()
            except AwsRefused as error:
                if CODES.get(error.code) not in _PASSING:
                    raise
                state, share, answer = error.code, None, None  # no news: what runs goes on without being asked for
            self.on_wait(state, share)
            if answer is not None:
                return answer
            if self.halt.wait(pause):
                raise Stopped(f"stopped while {doing}; what AWS has begun goes on there")
            pause = min(pause * 1.5, POLL_SECONDS_MAX)


def carry(
    step: RestoreStep,
    plan: RestorePlan,
    sessions: Sessions,
    *,
    token: str,
    known: Mapping[str, Any],
    halt: threading.Event,
    on_wait: OnWait,
) -> dict[str, Any]:
    """Carry out one step to its end and return `known` with what it found: JSON, which the next step and `restored` take.

    `token` names the run and the restore in it: the same one never starts a second job. `halt` ends waiting with Stopped.
    Raises RestoreFailed when a job fails, AwsRefused, Stopped.
    """
    carrying = _Carrying(step, plan, sessions, token, known, halt, on_wait)
    return {**known, **_STEPS[step.kind](carrying)}


def restored(plan: RestorePlan, known: Mapping[str, Any]) -> Restored:
    """Return what a restore has made, from what its steps returned; raises KeyError before the step DESCRIBE."""
    copied = (known["copy_started_at"], known["copy_completed_at"]) if "copied_point_arn" in known else None
    return Restored(
        resource_arn=known["resource_arn"],
        type=plan.type,
        account=plan.account,
        region=plan.region,
        job_id=known.get("restore_job_id", ""),
        endpoint=decode(Endpoint, known["endpoint"]) if known["endpoint"] else None,
        encrypted=known["encrypted"],
        key_arn=known["key_arn"],
        started_at=datetime.fromisoformat(known["started_at"]),
        completed_at=datetime.fromisoformat(known["completed_at"]),
        copy_job_id=known.get("copy_job_id", ""),
        copied_point_arn=known.get("copied_point_arn", ""),
        copy_seconds=_seconds(*copied) if copied else 0.0,
        tags=known["tags"],
        remarks=tuple(known.get("remarks", ())),
    )


def _seconds(first: str, last: str) -> float:
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()


def filled(call: ApiCall, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a call with what the steps before have found."""
    places = {COPIED_POINT: known.get("copied_point_arn", COPIED_POINT), RESTORED: known.get("resource_arn", RESTORED)}
    return {name: places.get(value, value) if isinstance(value, str) else value for name, value in call.parameters.items()}


def _copy_back(carrying: _Carrying) -> dict[str, Any]:
    parameters = filled(carrying.step.call, carrying.known)
    job_id = carrying.ask("start_copy_job", **parameters, IdempotencyToken=f"{carrying.token}-copy")["CopyJobId"]

    def ended() -> tuple[str, float | None, dict[str, Any] | None]:
        job = carrying.ask("describe_copy_job", CopyJobId=job_id)["CopyJob"]
        return job["State"], None, job if job["State"] in _OVER else None

    job = carrying.wait(ended, f"copy job {job_id} runs")
    if job["State"] != "COMPLETED":
        raise _failed("copy", job_id, job["State"], job.get("StatusMessage"))
    return {
        "copy_job_id": job_id,
        "copied_point_arn": job["DestinationRecoveryPointArn"],
        "copy_started_at": encode(job["CreationDate"]),
        "copy_completed_at": encode(job["CompletionDate"]),
    }


def _failed(work: str, job_id: str, state: str, message: str | None) -> RestoreFailed:
    words = (message or "AWS doesn't say why").rstrip(".")
    return RestoreFailed(
        f"{work} job {job_id} ended as {state}: {words}", hint="repair what AWS names, then run the same again", code=state
    )


def _restore(carrying: _Carrying) -> dict[str, Any]:
    return _restore_by_backup(carrying) if carrying.step.call.service == "backup" else _restore_by_service(carrying)


def _restore_by_backup(carrying: _Carrying) -> dict[str, Any]:
    parameters = filled(carrying.step.call, carrying.known)
    job_id = carrying.ask("start_restore_job", **parameters, IdempotencyToken=f"{carrying.token}-restore")["RestoreJobId"]

    def ended() -> tuple[str, float | None, dict[str, Any] | None]:
        job = carrying.ask("describe_restore_job", RestoreJobId=job_id)
        return job["Status"], _share(job.get("PercentDone")), job if job["Status"] in _OVER else None

    job = carrying.wait(ended, f"restore job {job_id} runs")
    if job["Status"] != "COMPLETED":
        raise _failed("restore", job_id, job["Status"], job.get("StatusMessage"))
    return {
        "restore_job_id": job_id,
        "resource_arn": job["CreatedResourceArn"],
        "started_at": encode(job["CreationDate"]),
        "completed_at": encode(job["CompletionDate"]),
    }


def _share(text: str | None) -> float | None:
    """Return how much of a restore job is done, from AWS's "12.50%"."""
    try:
        return float((text or "").rstrip("%")) / 100
    except ValueError:
        return None


def _restore_by_service(carrying: _Carrying) -> dict[str, Any]:
    """Let the service restore by its own log: a target that is there already was made by this run, for its name was free."""
    look = _OWN[carrying.plan.type]
    found = look(carrying)
    if found is None:
        try:
            carrying.ask(xform_name(carrying.step.call.operation), **carrying.step.call.parameters)
        except AwsRefused as error:
            if error.code not in _TAKEN:
                raise

    def ended() -> tuple[str, float | None, dict[str, Any] | None]:
        there = look(carrying)
        if there is None:
            return "creating", None, None
        if there["state"].lower() in {"failed", "incompatible-restore", "archived"}:
            raise _failed("own", there["resource_arn"], there["state"], None)
        return there["state"], None, there if there["state"].lower() == "available" or there["state"] == "ACTIVE" else None

    there = carrying.wait(ended, f"{carrying.plan.creates} is being restored")
    return {
        "resource_arn": there["resource_arn"],
        "started_at": encode(there["started_at"]),
        "completed_at": encode(max(carrying.sessions.observed_at(), there["started_at"])),
    }


def _table(carrying: _Carrying) -> dict[str, Any] | None:
    answer = present(lambda: carrying.ask("describe_table", TableName=carrying.plan.creates))
    if answer is None:
        return None
    table = answer["Table"]
    source = (table.get("RestoreSummary") or {}).get("SourceTableArn")
    if source not in (None, carrying.plan.resource_arn):
        raise _foreign(carrying.plan.creates)
    return {"resource_arn": table["TableArn"], "state": table["TableStatus"], "started_at": table["CreationDateTime"]}


def _database(carrying: _Carrying) -> dict[str, Any] | None:
    answer = present(lambda: carrying.ask("describe_db_instances", DBInstanceIdentifier=carrying.plan.creates))
    if answer is None:
        return None
    database = answer["DBInstances"][0]
    ours = {(each["Key"], each["Value"]) for each in database.get("TagList") or ()}
    if not ours.issuperset(carrying.plan.tags.items()):
        raise _foreign(carrying.plan.creates)
    made_at = database.get("InstanceCreateTime") or carrying.sessions.observed_at()
    return {"resource_arn": database["DBInstanceArn"], "state": database["DBInstanceStatus"], "started_at": made_at}


def _foreign(name: str) -> AwsRefused:
    return AwsRefused(f"{name} is there already and is not this run's", hint="choose another name with --name", code="NotOwned")


_OWN: Final = {ResourceType.DYNAMODB: _table, ResourceType.RDS: _database}


def _tag(carrying: _Carrying) -> dict[str, Any]:
    """Tag what was made; where that is refused the restore is no less done, but a test must be able to find what it made."""
    plan, call = carrying.plan, carrying.step.call
    try:
        tag(carrying.sessions, plan.type, carrying.known["resource_arn"], plan.tags, account=call.account, region=call.region)
        copied = carrying.known.get("copied_point_arn")
        if copied:
            carrying.sessions.call("backup", call.region, "tag_resource", account=call.account, ResourceArn=copied, Tags=dict(plan.tags))
    except AwsRefused as error:
        if plan.test_run or passes(error):
            raise
        return _remark(carrying, f"it could not be tagged: {error.message}")
    return {}


def _describe(carrying: _Carrying) -> dict[str, Any]:
    call, arn = carrying.step.call, carrying.known["resource_arn"]
    unknown: dict[str, Any] = {"endpoint": None, "encrypted": None, "key_arn": None, "tags": {}}
    try:
        found = described(carrying.sessions, carrying.plan.type, arn, account=call.account, region=call.region)
    except AwsRefused as error:
        if passes(error):
            raise
        return unknown | _remark(carrying, f"what it is like could not be read: {error.message}")
    endpoint = encode(found.endpoint) if found.endpoint else None
    return {"endpoint": endpoint, "encrypted": found.encrypted, "key_arn": found.key_arn, "tags": dict(found.tags)}


def _remark(carrying: _Carrying, text: str) -> dict[str, Any]:
    return {"remarks": [*carrying.known.get("remarks", []), text]}


_STEPS: Final[Mapping[StepKind, Callable[[_Carrying], dict[str, Any]]]] = {
    StepKind.COPY_BACK: _copy_back,
    StepKind.RESTORE: _restore,
    StepKind.TAG: _tag,
    StepKind.DESCRIBE: _describe,
}
