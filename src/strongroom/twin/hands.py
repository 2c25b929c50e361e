"""boto3 clients that reach the twin inside its own process, for seeding: the same requests as over the wire, without a socket."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from strongroom.twin.ports import Response
from strongroom.twin.wire import Call

_PLACEHOLDER = "AKIASEEDSEEDSEEDSEED"


class Hands:
    """One client per service and Region, whichever account acts: the access key is put in as a request leaves."""

    def __init__(self, answer: Callable[[Call], Response], key_of: Callable[[str], str]) -> None:
        self._answer = answer
        self._key_of = key_of
        self._keys: dict[str, str] = {}
        self._clients: dict[tuple[str, str], Any] = {}
        self._acting = threading.local()
        self._session = boto3.Session(aws_access_key_id=_PLACEHOLDER, aws_secret_access_key=_PLACEHOLDER)
        self._config = Config(retries={"total_max_attempts": 1}, parameter_validation=True, s3={"addressing_style": "path"})

    @contextmanager
    def acting(self, account: str) -> Iterator[Callable[[str, str], Any]]:
        """Yield `client(service, region)` whose calls the root user of an account makes."""
        self._acting.account = account
        try:
            yield self._client
        finally:
            self._acting.account = ""

    def _client(self, service: str, region: str) -> Any:
        if (service, region) not in self._clients:
            client = self._session.client(service, region_name=region, endpoint_url="http://127.0.0.1", config=self._config)
            client.meta.events.register("before-send", self._send)
            self._clients[service, region] = client
        return self._clients[service, region]

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        account = self._acting.account
        if account not in self._keys:
            self._keys[account] = self._key_of(account)
        headers = {name.lower(): value.decode() if isinstance(value, bytes) else str(value) for name, value in request.headers.items()}
        headers["authorization"] = headers["authorization"].replace(_PLACEHOLDER, self._keys[account])
        url = urlsplit(request.url)
        body = request.body or b""
        if hasattr(body, "read"):
            body = body.read()
        call = Call(
            method=request.method,
            path=url.path or "/",
            query_string=url.query,
            headers=headers,
            body=body.encode() if isinstance(body, str) else bytes(body),
        )
        response = self._answer(call)
        return AWSResponse(request.url, response.status, dict(response.headers), Raw(response.body))


class Raw:
    """What botocore reads a body from."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        """Yield the body once."""
        yield self._body

    def read(self, *_: Any, **__: Any) -> bytes:
        """Return what is left of the body."""
        body, self._body = self._body, b""
        return body
