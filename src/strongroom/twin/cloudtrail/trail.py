"""The trail: every management call with what is needed to tell of it later."""

import threading
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from strongroom.twin.identity import Caller
from strongroom.twin.ports import Response
from strongroom.twin.wire import Call, Scope

EVENTS_MAX = 200_000  # the newest ones are kept
_BODY_BYTES_MAX = 16_384  # of a request or an answer; longer ones are not told of
_NAMESPACE = uuid.UUID("6f1f2f4e-9a52-4f0c-9a53-cf6a7c1f3c11")
_GLOBAL = frozenset({"iam", "organizations"})  # told of in one Region, wherever they are called
# Data events, which the event history does not have.
_DATA: Mapping[str, frozenset[str]] = {
    "s3": frozenset(
        {
            "CompleteMultipartUpload",
            "CopyObject",
            "CreateMultipartUpload",
            "DeleteObject",
            "DeleteObjects",
            "GetObject",
            "GetObjectAttributes",
            "HeadObject",
            "ListObjectVersions",
            "ListObjects",
            "ListObjectsV2",
            "ListParts",
            "PutObject",
            "RestoreObject",
            "UploadPart",
        }
    ),
    "dynamodb": frozenset(
        {"BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "TransactWriteItems", "UpdateItem"}
    ),
    "sns": frozenset({"Publish", "PublishBatch"}),
    "sqs": frozenset({"DeleteMessage", "DeleteMessageBatch", "ReceiveMessage", "SendMessage", "SendMessageBatch"}),
    "monitoring": frozenset({"PutMetricData"}),
    "logs": frozenset({"PutLogEvents"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One management call, as it came and as it was answered."""

    number: int
    at: datetime
    account: str
    region: str
    service: str  # signing name
    operation: str
    write: bool
    access_key: str
    arn: str  # of the caller
    user_id: str
    role_arn: str
    method: str
    path: str
    query: str
    content_type: str
    body: bytes
    agent: str
    error: str  # AWS's code; empty: it was done
    answer: bytes  # of a write or an error

    @property
    def id(self) -> str:
        """EventID."""
        return event_id(f"call {self.number}")


def event_id(subject: str) -> str:
    """Return the EventID of something that happened; the same each time that somebody looks."""
    return str(uuid.uuid5(_NAMESPACE, subject))


class Trail:
    """All management calls since the seed; safe to use from several threads."""

    def __init__(self) -> None:
        self.events: deque[Told] = deque(maxlen=EVENTS_MAX)
        self.number = 0
        self._lock = threading.Lock()

    def record(
        self, *, at: datetime, scope: Scope, caller: Caller, call: Call, operation: str, response: Response, error: str, write: bool
    ) -> Told | None:
        """Keep a call of somebody known and return it; calls for data are left out, as in the event history."""
        if not caller.account or not operation or operation in _DATA.get(scope.service, ()):
            return None
        headers = call.headers
        with self._lock:
            self.number += 1
            told = Told(
                number=self.number,
                at=at,
                account=caller.account,
                region="us-east-1" if scope.service in _GLOBAL else scope.region,
                service=scope.service,
                operation=operation,
                write=write,
                access_key=scope.access_key,
                arn=caller.arn,
                user_id=caller.user_id,
                role_arn=caller.role_arn,
                method=call.method,
                path=call.path,
                query=call.query_string,
                content_type=headers.get("content-type", ""),
                body=_short(call.body),
                agent=headers.get("user-agent", "")[:256],
                error=error,
                answer=_short(response.body) if write or error else b"",
            )
            self.events.append(told)
            lender = call.form.get("RoleArn", "").split(":")[4:5] if operation == "AssumeRole" and not error else []
            if lender and lender != [told.account]:  # who lends a role to another account sees it too
                self.number += 1
                self.events.append(replace(told, number=self.number, account=lender[0]))
        return told

    def of(self, account: str, region: str) -> list[Told]:
        """Return the calls of an account in a Region, the newest first."""
        with self._lock:
            return [each for each in reversed(self.events) if each.account == account and each.region == region]

    def clear(self) -> None:
        """Forget all calls."""
        with self._lock:
            self.events.clear()


def _short(body: bytes) -> bytes:
    return body if len(body) <= _BODY_BYTES_MAX else b""
