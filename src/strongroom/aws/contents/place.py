"""An account and a Region to read in; and the way into another process of ours, which signs as this one does."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import botocore.session
from botocore.credentials import Credentials

from strongroom.aws.errors import AWS_ERRORS
from strongroom.aws.sessions import Caller, Sessions


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is read."""

    sessions: Sessions = field(repr=False)
    account: str
    region: str

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Return the answer of one call; raises AwsRefused."""
        return self.sessions.call(service, self.region, operation, account=self.account, **parameters)

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
        """Yield what all pages of a listing have under a key; raises AwsRefused."""
        return self.sessions.pages(service, self.region, operation, key, account=self.account, **parameters)

    def chunks(self, body: Any, size_bytes: int, *, doing: str) -> Iterator[bytes]:
        """Yield the body of an answer piece by piece; raises AwsRefused when the connection ends too early."""
        try:
            while piece := body.read(size_bytes):
                yield piece
        except AWS_ERRORS as error:
            raise self.sessions.refusal(error, doing=doing) from error


def sealed(sessions: Sessions) -> dict[str, Any]:
    """Return what another process needs to open the same sessions; it holds credentials and must go nowhere but into its standard input."""
    return {"role": sessions.role, "caller": asdict(sessions.caller()), "credentials": sessions.signing()}


def opened(seal: dict[str, Any]) -> Sessions:
    """Return sessions like those that were sealed."""
    caller = Caller(**seal["caller"])
    own = Credentials(*seal["credentials"])
    return Sessions(botocore.session.Session(), own, role=seal["role"], region=caller.region, caller=caller)
