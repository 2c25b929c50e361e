"""What Strongroom changes in botocore: whose credentials sign a call, how long answers are parsed, what time it is at AWS.

One botocore client serves all accounts, because creating a client costs 25 ms and its connections are worth keeping. The account
of a call is in a context variable that the signer reads. The same goes for answers: botocore spends 128 ms on 1,000 recovery points, most
of it on timestamps, `json.loads` 9 ms; a call that asks for raw answers gets JSON with epoch seconds, retried and signed by botocore.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError, ResponseParserFactory

_SIGNING: ContextVar[Any] = ContextVar("strongroom_signing", default=None)
_RAW: ContextVar[bool] = ContextVar("strongroom_raw", default=False)


@contextmanager
def signed_by(credentials: Any) -> Iterator[None]:
    """Sign what is called inside with frozen credentials; None: with the caller's own."""
    token = _SIGNING.set(credentials)
    try:
        yield
    finally:
        _SIGNING.reset(token)


def signing_account() -> str:
    """Return the account whose credentials sign what is called here; empty: the caller's own."""
    current = _SIGNING.get()
    return "" if current is None else current.account_id or ""


@contextmanager
def raw_answers(wanted: bool) -> Iterator[None]:  # noqa: FBT001 - the only thing it says
    """Leave successful rest-json answers inside unparsed beyond JSON: instants stay epoch seconds."""
    token = _RAW.set(wanted)
    try:
        yield
    finally:
        _RAW.reset(token)


def signed_call(call: Callable[..., Any], credentials: Any, *, raw: bool, parameters: dict[str, Any]) -> Any:
    """Return what a call gives inside `signed_by` and `raw_answers`, which cost more than a small call can spare."""
    signing, rawness = _SIGNING.set(credentials), _RAW.set(raw)
    try:
        return call(**parameters)
    finally:
        _RAW.reset(rawness)
        _SIGNING.reset(signing)


class CallersCredentials:
    """Credentials as botocore expects them: those of `signed_by`, else the caller's own."""

    def __init__(self, own: Any) -> None:
        self.own = own
        self.method = own.method

    def get_frozen_credentials(self) -> Any:
        """Return the key pair and token that sign the current call."""
        current = _SIGNING.get()
        return self.own.get_frozen_credentials() if current is None else current

    @property
    def access_key(self) -> str:
        """The access key id in force."""
        return str(self.get_frozen_credentials().access_key)

    @property
    def secret_key(self) -> str:
        """The secret in force."""
        return str(self.get_frozen_credentials().secret_key)

    @property
    def token(self) -> str | None:
        """The session token in force."""
        found: str | None = self.get_frozen_credentials().token
        return found

    @property
    def account_id(self) -> None:
        """Not told: account-based endpoints would need connections of their own for each account."""
        return

    def get_deferred_property(self, property_name: str) -> Callable[[], Any]:
        """Return a function that gives a property at the time of the call."""
        return lambda: getattr(self, property_name)


class CredentialResolver:
    """botocore's credential provider chain, already resolved."""

    def __init__(self, credentials: CallersCredentials) -> None:
        self._credentials = credentials

    def load_credentials(self) -> CallersCredentials:
        """Return the credentials that follow `signed_by`."""
        return self._credentials


class AnswerParsers:
    """botocore's factory of response parsers, with raw answers on demand and an eye on the Date header."""

    def __init__(self) -> None:
        self._factory = ResponseParserFactory()
        self._date = ""

    def set_parser_defaults(self, **defaults: Any) -> None:
        """As botocore's factory."""
        self._factory.set_parser_defaults(**defaults)

    def create_parser(self, protocol: str) -> "AnswerParser":
        """Return a parser for one answer."""
        return AnswerParser(self._factory.create_parser(protocol), self, raw=protocol == "rest-json" and _RAW.get())

    def saw(self, headers: Mapping[str, str]) -> None:
        """Remember AWS's time."""
        self._date = headers.get("date") or headers.get("Date") or self._date

    def answered_at(self) -> datetime | None:
        """Return the Date header of the newest answer; None before the first."""
        return parsedate_to_datetime(self._date).astimezone(UTC) if self._date else None


class AnswerParser:
    """A parser of botocore, or `json.loads` for successful raw answers."""

    def __init__(self, parser: Any, parsers: AnswerParsers, *, raw: bool) -> None:
        self._parser = parser
        self._parsers = parsers
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)

    def parse(self, response: dict[str, Any], shape: Any) -> dict[str, Any]:
        """Return the members of an answer."""
        self._parsers.saw(response["headers"])
        if not self._raw or response["status_code"] >= 300:
            parsed: dict[str, Any] = self._parser.parse(response, shape)
            return parsed
        try:
            answer: dict[str, Any] = json.loads(response["body"] or b"{}")
        except ValueError as error:
            raise ResponseParserError(f"no JSON in the answer: {error}") from error
        answer["ResponseMetadata"] = {"HTTPStatusCode": response["status_code"], "HTTPHeaders": dict(response["headers"])}
        return answer


class Bound:
    """A client, paginator, page iterator or waiter of botocore whose calls are signed for one account."""

    _WRAPPED = frozenset({"get_paginator", "paginate", "get_waiter"})

    def __init__(self, target: Any, credentials: Callable[[], Any], *, expired: Callable[[ClientError], bool]) -> None:
        self._target = target
        self._credentials = credentials  # gives frozen credentials, renewed when they are old
        self._expired = expired  # tells whether a call is worth repeating with new credentials

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if name in {"meta", "exceptions"} or not callable(found):
            return found

        def call(*arguments: Any, **parameters: Any) -> Any:
            try:
                result = self._signed(found, *arguments, **parameters)
            except ClientError as error:
                if not self._expired(error):
                    raise
                result = self._signed(found, *arguments, **parameters)
            return Bound(result, self._credentials, expired=self._expired) if name in self._WRAPPED else result

        return call

    def _signed(self, function: Callable[..., Any], *arguments: Any, **parameters: Any) -> Any:
        with signed_by(self._credentials()):
            return function(*arguments, **parameters)

    def __iter__(self) -> Iterator[Any]:
        iterator = iter(self._target)
        end = object()
        while (item := self._signed(next, iterator, end)) is not end:
            yield item
