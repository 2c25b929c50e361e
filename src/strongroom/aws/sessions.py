"""The door to AWS: the SDK's own configuration, one hop into other accounts, clients shared by all of them."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any, Self

import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PaginationError
from botocore.loaders import Loader, create_loader

from strongroom import __version__
from strongroom.aws.errors import ASSUME_HINT, AWS_ERRORS, CODES, EXPIRED, code_of, translate
from strongroom.aws.pacing import Paces
from strongroom.aws.wire import AnswerParsers, Bound, CallersCredentials, CredentialResolver, raw_answers, signed_by, signed_call
from strongroom.domain.names import partition_of
from strongroom.errors import AwsRefused, AwsUnreachable, BadInput, NoCredentials, StrongroomError

THREADS = 24  # hides 50 ms of network behind 2 cores at about 2.5 ms of CPU a call
CONNECT_SECONDS, READ_SECONDS = 5, 15
SILENCE = frozenset({"ReadTimeoutError", "ConnectTimeoutError"})  # codes of an endpoint that took a call and never answered
ROLE_SECONDS = 3600  # what AssumeRole is asked for; the longest that role chaining allows
RENEW_SECONDS = 2700  # a call and all its retries must fit into the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who is calling, as `sts:GetCallerIdentity` says."""

    account: str
    arn: str
    region: str  # home Region of the sessions


def _nobody(_region: str, _service: str) -> None:
    """Nobody else has to know."""


@cache
def _loader(folders: str | None) -> Loader:
    """Return what reads the SDK's models of services: once a process, however many sessions a program opens."""
    return create_loader(folders)


@dataclass(frozen=True, slots=True)
class _Assumed:
    credentials: Any  # frozen
    renew_after: float  # monotonic seconds


class Sessions:
    """Credentials, clients and AWS's time for one run; safe to share between threads."""

    def __init__(self, session: botocore.session.Session, own: Any, *, role: str, region: str, caller: Caller | None = None) -> None:
        self.role = role
        self.region = region
        self._session = session
        self._parsers = AnswerParsers()
        self._callers = CallersCredentials(own)
        session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
        session.register_component("credential_provider", CredentialResolver(self._callers))
        session.register_component("response_parser_factory", self._parsers)
        attempts = session.get_config_variable("max_attempts")
        self._paces = Paces(attempts=int(attempts) if attempts else None, silent=lambda region: bool(self._silent.get(region)))
        self._config = Config(
            retries={"mode": "standard", "total_max_attempts": 1},  # see `pacing`
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=THREADS,
            account_id_endpoint_mode="disabled",  # connections are shared by all accounts
            user_agent_extra=f"strongroom/{__version__}",
        )
        self._lock = threading.Lock()  # guards the three dictionaries below
        self._clients: dict[tuple[str, str], Any] = {}
        self._assumed: dict[str, _Assumed] = {}
        self._account_locks: dict[str, threading.Lock] = {}
        self._page_tokens: dict[tuple[str, str], tuple[str, str]] = {}
        self._caller = caller
        self._acting: str | None = None  # account of calls that name none; None: the caller's
        self._silent: dict[str, set[str]] = {}  # Region: services that never answered in this run
        self.on_silence: Callable[[str, str], None] = _nobody  # hears of Region and service that never answered

    @classmethod
    def open(cls, *, role: str, region: str | None) -> Self:
        """Return sessions from the SDK's configuration; `role` is the name of the role to assume in other accounts.

        Nothing is sent yet. Raises NoCredentials when the SDK finds none, BadInput when there is no Region.
        """
        try:
            session = botocore.session.Session()
            own = session.get_component("credential_provider").load_credentials()
            if own is None:
                raise NoCredentialsError
            home = region or session.get_config_variable("region")
        except BotoCoreError as error:
            raise translate(error, doing="opening the AWS SDK") from error
        if not home:
            raise BadInput("no Region is configured", hint="set AWS_DEFAULT_REGION, or home_region in the strategy")
        return cls(session, own, role=role, region=str(home))

    def caller(self) -> Caller:
        """Return who is calling; asked once. Raises NoCredentials, AwsUnreachable."""
        if self._caller is None:
            try:
                answer = self._client("sts", self.region).get_caller_identity()
            except AWS_ERRORS as error:
                raise translate(error, doing="asking AWS who is calling (sts:GetCallerIdentity)") from error
            self._caller = Caller(account=answer["Account"], arn=answer["Arn"], region=self.region)
        return self._caller

    def client(self, service: str, region: str, account: str | None = None) -> Any:
        """Return a botocore client whose calls are signed for an account; None: the one of `act_in`, else the caller's.

        Clients exist once for each service and Region. Calls raise botocore's errors, and AwsRefused when the role can't be assumed.
        """
        client = self._client(service, region)
        account = account or self._acting
        if account is None or account == self.caller().account:
            return client

        return Bound(client, lambda: self._credentials(account), expired=partial(self._forgets, account))

    def call(
        self, service: str, region: str, operation: str, *, account: str | None = None, raw: bool = False, **parameters: Any
    ) -> dict[str, Any]:
        """Return the answer of one call, such as `call("backup", region, "describe_region_settings")`; raises AwsRefused.

        `raw`: a rest-json answer as plain JSON, instants in epoch seconds.
        """
        silent = self._silent.get(region, ())
        if service in silent or len(silent) > 1:
            # A Region that hangs would cost every account the time-outs and retries of every call.
            raise AwsUnreachable(
                f"{region} is not asked again: {', '.join(sorted(silent))} never answered there",
                hint="try again when the Region answers",
                code="ReadTimeoutError",
            )
        client, account_id = self._client(service, region), account or self._acting
        own = account_id is None or account_id == self.caller().account
        try:
            answer = self._answer(getattr(client, operation), None if own else account_id, raw=raw, parameters=parameters)
        except AWS_ERRORS as error:
            refused = self.refusal(error, doing=self._doing(service, region, operation, account))
            if isinstance(refused, AwsUnreachable) and refused.code in SILENCE:
                self.hears_nothing(region, service)
                self.on_silence(region, service)
            raise refused from error
        return answer

    @property
    def silences(self) -> tuple[tuple[str, str], ...]:
        """Regions and services that never answered in this run."""
        with self._lock:
            return tuple((region, service) for region, services in self._silent.items() for service in sorted(services))

    def hears_nothing(self, region: str, service: str) -> None:
        """Remember that a service never answered in a Region: it is not asked again, and where two are silent nothing is."""
        with self._lock:
            self._silent.setdefault(region, set()).add(service)

    def _answer(self, call: Any, account: str | None, *, raw: bool, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return the answer of a call that is signed for an account, None: for the caller; repeated once when its session has expired."""
        try:
            answer: dict[str, Any] = signed_call(
                call, None if account is None else self._credentials(account), raw=raw, parameters=parameters
            )
        except ClientError as error:
            if account is None or not self._forgets(account, error):
                raise
            answer = signed_call(call, self._credentials(account), raw=raw, parameters=parameters)
        return answer

    def _forgets(self, account: str, error: ClientError) -> bool:
        """Forget an account's session if an error says that it has expired."""
        if CODES.get(code_of(error)) is not EXPIRED:
            return False
        with self._lock:
            self._assumed.pop(account, None)
        return True

    def pages(
        self, service: str, region: str, operation: str, key: str, *, account: str | None = None, raw: bool = False, **parameters: Any
    ) -> Iterator[Any]:
        """Yield the items under `key` of all pages of a listing; raises AwsRefused."""
        for page in self.whole_pages(service, region, operation, key, account=account, raw=raw, **parameters):
            yield from page

    def whole_pages(
        self, service: str, region: str, operation: str, key: str, *, account: str | None = None, raw: bool = False, **parameters: Any
    ) -> Iterator[list[Any]]:
        """Yield the list under `key` of each page until AWS gives no token any more; raises AwsRefused."""
        token_in, token_out = self._tokens(service, region, operation)
        token = None
        while True:
            answer = self.call(service, region, operation, account=account, raw=raw, **parameters)
            yield answer.get(key) or []
            following = answer.get(token_out)
            if not following:
                return
            if following == token:
                looped = PaginationError(message="the same page token came twice")
                raise self.refusal(looped, doing=self._doing(service, region, operation, account)) from looped
            token = following
            parameters[token_in] = token

    def prove_second_factor(self, device: str, code: str) -> None:
        """Let AWS check a code of the caller's multi-factor device, and sign with the session that it gives from now on.

        `device` is its ARN or serial number, empty for the only one of the caller. GetCallerIdentity doesn't tell how somebody signed in,
        so this is the one proof; AWS gives it to users alone, not to sessions of roles. Raises BadInput, AwsRefused.
        """
        client = self._client("sts", self.region)
        try:
            answer = client.get_session_token(SerialNumber=device or self._only_device(), TokenCode=code)["Credentials"]
        except AWS_ERRORS as error:
            raise translate(error, doing="proving the second factor (sts:GetSessionToken)") from error
        given = Credentials(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])
        self._callers.own, self._callers.method = given, given.method

    def _only_device(self) -> str:
        try:
            devices = [each["SerialNumber"] for each in self._client("iam", self.region).list_mfa_devices()["MFADevices"]]
        except AWS_ERRORS as error:
            raise translate(error, doing="looking for your multi-factor device (iam:ListMFADevices)") from error
        if len(devices) != 1:
            found = f"{len(devices)} multi-factor devices" if devices else "no multi-factor device"
            raise BadInput(f"you have {found}", hint="name the one whose code you give: --mfa-device ARN")
        return str(devices[0])

    def signing(self) -> tuple[str, str, str | None]:
        """Return access key, secret and token that sign the caller's own calls now; they must not leave this machine."""
        frozen = self._callers.own.get_frozen_credentials()
        return frozen.access_key, frozen.secret_key, frozen.token

    def act_in(self, account: str) -> None:
        """Let calls that name no account go to this one from now on; raises AwsRefused when the role can't be assumed there."""
        self.assume(account)
        self._acting = account

    def assume(self, account: str) -> None:
        """Make sure that the role can be assumed in an account; raises AwsRefused with the reason, NoCredentials, AwsUnreachable."""
        if account != self.caller().account:
            self._credentials(account)

    def refusal(self, error: Exception, *, doing: str) -> StrongroomError:
        """Return what a failed call means, see `errors.translate`."""
        return translate(error, doing=doing)

    def observed_at(self) -> datetime:
        """Return AWS's time: the Date header of the newest answer. Raises AwsUnreachable when no answer carried one."""
        if self._parsers.answered_at() is None:
            self.caller()
        found = self._parsers.answered_at()
        if found is None:
            raise AwsUnreachable("AWS's answers carry no Date header", hint="check AWS_ENDPOINT_URL and proxies", code="NoDate")
        return found

    def _client(self, service: str, region: str) -> Any:
        key = (service, region)
        found = self._clients.get(key)
        if found is None:
            with self._lock:  # botocore's session is not safe for threads
                found = self._clients.get(key)
                if found is None:
                    found = self._clients[key] = self._create(service, region)
        return found

    def _create(self, service: str, region: str) -> Any:
        try:
            client = self._session.create_client(service, region_name=region, config=self._config)
        except (BotoCoreError, ValueError) as error:  # ValueError: an endpoint that is no URL
            if isinstance(error, ValueError) and not isinstance(error, BotoCoreError):
                raise BadInput(f"no client for {service} in {region}: {error}", hint="check AWS_ENDPOINT_URL") from error
            raise translate(error, doing=f"opening {service} in {region}") from error
        self._paces.watch(client)
        return client

    def _tokens(self, service: str, region: str, operation: str) -> tuple[str, str]:
        found = self._page_tokens.get((service, operation))
        if found is None:
            client, found = self._client(service, region), ("NextToken", "NextToken")
            if client.can_paginate(operation):
                name = client.meta.method_to_api_mapping[operation]
                with self._lock:
                    model = self._session.get_paginator_model(service).get_paginator(name)
                found = model["input_token"], model["output_token"]
            self._page_tokens[service, operation] = found
        return found

    def _credentials(self, account: str) -> Any:
        known = self._assumed.get(account)
        if known is not None and time.monotonic() <= known.renew_after:
            return known.credentials
        with self._lock:
            lock = self._account_locks.setdefault(account, threading.Lock())
        with lock:  # threads that need the same account wait for one AssumeRole
            found = self._assumed.get(account)
            if found is None or time.monotonic() > found.renew_after:
                found = self._assume(account)
                with self._lock:
                    self._assumed[account] = found
            return found.credentials

    def _assume(self, account: str) -> _Assumed:
        role = f"arn:{partition_of(self.region)}:iam::{account}:role/{self.role}"
        asked = time.monotonic()
        try:
            with signed_by(None), raw_answers(wanted=False):
                answer = self._client("sts", self.region).assume_role(
                    RoleArn=role, RoleSessionName="strongroom", DurationSeconds=ROLE_SECONDS
                )["Credentials"]
        except AWS_ERRORS as error:
            refused = translate(error, doing=f"assuming role {self.role} in account {account}")
            if isinstance(refused, AwsRefused) and not isinstance(refused, (NoCredentials, AwsUnreachable)):
                refused.hint = ASSUME_HINT
            raise refused from error
        frozen = ReadOnlyCredentials(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"], account)
        # The lifetime is the one asked for, by a clock that never jumps: AWS's Expiration is not compared with this machine's time.
        return _Assumed(frozen, asked + RENEW_SECONDS)

    def _doing(self, service: str, region: str, operation: str, account: str | None) -> str:
        name = self._client(service, region).meta.method_to_api_mapping.get(operation, operation)
        whose = account or (self._caller.account if self._caller else "")
        return f"{service}:{name} in {f'account {whose}' if whose else 'the own account'}, {region}"
