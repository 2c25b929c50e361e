"""AWS STS with roles that must exist and trust policies that count; sessions expire in real time."""

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import unquote
from xml.sax.saxutils import escape

from moto.iam.models import iam_backends

from strongroom.semantics.authorization.model import Verdict
from strongroom.twin.asked import Asked
from strongroom.twin.faults import Faults
from strongroom.twin.guard import Guard
from strongroom.twin.identity import PARTITION, Caller, Identities, Session
from strongroom.twin.ports import ApiError, OrganizationView, Response
from strongroom.twin.trust import Asker, allows

_ROLE_ARN = re.compile(r"arn:aws:iam::(\d{12}):role/(?:.*/)?([\w+=,.@-]{1,64})")
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}")
_SECONDS_MIN = 900
_SECONDS_MAX = 43_200
_CHAINED_SECONDS_MAX = 3_600
_SESSION_SECONDS_MAX = 129_600


class Sts:
    """Answers AssumeRole, GetSessionToken and GetCallerIdentity."""

    def __init__(self, identities: Identities, organization: OrganizationView, faults: Faults) -> None:
        self._identities = identities
        self._organization = organization
        self._faults = faults
        self.guard: Guard | None = None  # --enforce-iam
        self._operations = {
            "AssumeRole": self._assume_role,
            "GetSessionToken": self._get_session_token,
            "GetCallerIdentity": self._get_caller_identity,
        }

    def handles(self, operation: str) -> bool:
        """Return whether this class answers an operation; the others are moto's."""
        return operation in self._operations

    def handle(self, operation: str, form: Mapping[str, str], caller: Caller) -> Response:
        """Answer a call; raises ApiError."""
        members = self._operations[operation](form, caller)
        request_id = str(uuid.uuid4())
        body = (
            f'<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{operation}Result>{_xml(members)}</{operation}Result>'
            f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
        )
        return Response(
            status=200, body=body.encode(), headers={"Content-Type": "text/xml", "x-amzn-RequestId": request_id}, operation=operation
        )

    def _assume_role(self, form: Mapping[str, str], caller: Caller) -> Mapping[str, Any]:
        arn, name = form.get("RoleArn", ""), form.get("RoleSessionName", "")
        if not _SESSION_NAME.fullmatch(name):
            raise _invalid(name, "roleSessionName", r"Member must satisfy regular expression pattern: [\w+=,.@-]*")
        found = _ROLE_ARN.fullmatch(arn)
        if not found:
            raise ApiError("ValidationError", f"{arn} is invalid")
        seconds = _seconds(form, default=3_600, bound=_SECONDS_MAX)
        account, role_name = found[1], found[2]
        role = self._trusting_role(account, role_name, arn, caller, form)
        _check_lifetime(seconds, role, caller)
        session = self._identities.open_session(
            Caller(
                account=account,
                arn=f"arn:{PARTITION}:sts::{account}:assumed-role/{role_name}/{name}",
                user_id=f"{role.id}:{name}",
                role_arn=arn,
                session_policies=tuple(_session_policies(form, account)),
            ),
            timedelta(seconds=seconds),
        )
        user = {"AssumedRoleId": session.caller.user_id, "Arn": session.caller.arn}
        return {"Credentials": _credentials(session), "AssumedRoleUser": user, "PackedPolicySize": "0"}

    def _trusting_role(self, account: str, role_name: str, arn: str, caller: Caller, form: Mapping[str, str]) -> Any:
        """Return moto's role, or refuse; AWS says the same whether the role is missing or doesn't trust."""
        role = None
        if account in iam_backends and not self._organization.is_closed(account):
            roles = iam_backends[account][PARTITION].roles.values()
            role = next((role for role in roles if role.name == role_name and role.arn == arn), None)
        if (
            role is None
            or not self._may_assume(role, arn, caller, form.get("ExternalId", ""))
            or self._faults.denies_assuming(account, arn)
        ):
            message = f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {arn}"
            raise ApiError("AccessDenied", message, status=403)
        return role

    def _may_assume(self, role: Any, arn: str, caller: Caller, external_id: str) -> bool:
        if self.guard is None:
            return allows(_document(role), "sts:AssumeRole", self._asker(caller, external_id), arn)
        context = (("sts:ExternalId", (external_id,)),) if external_id else ()
        wish = Asked(action="sts:AssumeRole", resource=arn, context=context)
        return self.guard.decide(caller, wish).verdict is Verdict.ALLOWED

    def _asker(self, caller: Caller, external_id: str) -> Asker:
        member = caller.account in self._organization.accounts()
        return Asker(
            account=caller.account,
            arn=caller.arn,
            policy_arn=caller.policy_arn,
            organization_id=self._organization.organization_id if member else "",
            organization_path=self._organization.path_of(caller.account) if member else "",
            external_id=external_id,
        )

    def _get_session_token(self, form: Mapping[str, str], caller: Caller) -> Mapping[str, Any]:
        if caller.role_arn:
            raise ApiError("AccessDenied", "Cannot call GetSessionToken with session credentials", status=403)
        lifetime = timedelta(seconds=_seconds(form, default=_SECONDS_MAX, bound=_SESSION_SECONDS_MAX))
        return {"Credentials": _credentials(self._identities.open_session(caller, lifetime))}

    def _get_caller_identity(self, form: Mapping[str, str], caller: Caller) -> Mapping[str, Any]:
        return {"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn}


def _session_policies(form: Mapping[str, str], account: str) -> Iterator[str]:
    """Yield the policies that bound a session: AssumeRole's Policy, and the documents of its PolicyArns."""
    if form.get("Policy"):
        yield form["Policy"]
    backend = iam_backends[account][PARTITION]
    for name, arn in sorted(form.items()):
        if re.fullmatch(r"PolicyArns\.member\.[0-9]+\.arn", name):
            found = backend.managed_policies.get(arn)
            yield found.document if found is not None else '{"Statement": []}'


def _document(role: Any) -> Mapping[str, Any]:
    document = role.assume_role_policy_document
    if isinstance(document, str):
        document = json.loads(document if document.lstrip().startswith("{") else unquote(document))
    return document if isinstance(document, dict) else {}


def _seconds(form: Mapping[str, str], *, default: int, bound: int) -> int:
    text = form.get("DurationSeconds", str(default))
    if not text.isdigit() or not _SECONDS_MIN <= int(text) <= bound:
        raise _invalid(text, "durationSeconds", f"Member must have value between {_SECONDS_MIN} and {bound}")
    return int(text)


def _check_lifetime(seconds: int, role: Any, caller: Caller) -> None:
    if seconds > int(role.max_session_duration or _CHAINED_SECONDS_MAX):
        raise ApiError("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    if caller.role_arn and seconds > _CHAINED_SECONDS_MAX:
        raise ApiError(
            "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )


def _invalid(value: str, member: str, constraint: str) -> ApiError:
    return ApiError(
        "ValidationError", f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
    )


def _credentials(session: Session) -> Mapping[str, str]:
    return {
        "AccessKeyId": session.access_key,
        "SecretAccessKey": session.secret,
        "SessionToken": session.token,
        "Expiration": session.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _xml(members: Mapping[str, Any]) -> str:
    return "".join(
        f"<{name}>{_xml(value) if isinstance(value, Mapping) else escape(str(value))}</{name}>" for name, value in members.items()
    )
