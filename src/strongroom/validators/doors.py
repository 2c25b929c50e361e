"""The doors of a validator: AWS in the account and Region of what was restored, and who to log in as.

A password is looked up when it is asked for. The door remembers it until the validator ends, only to strike it from what is told.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from strongroom.domain.recovery import Endpoint
from strongroom.domain.strategy import Login
from strongroom.errors import BadInput

if TYPE_CHECKING:
    from strongroom.aws.contents.place import Place  # the SDK takes a quarter of a second, and most validators ask AWS nothing

STRUCK = "•••"


class Door:
    """What a validator may ask of the world, beside its own connections."""

    def __init__(self, place: "Callable[[], Place]", login: Login | None, endpoint: Endpoint | None) -> None:
        self._open = place
        self._login = login
        self._endpoint = endpoint
        self._struck: set[str] = set()

    @cached_property
    def place(self) -> "Place":
        """The account and Region of what was restored, with a role that reads there."""
        return self._open()

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """Return the answer of an AWS call, such as `call("s3", "head_bucket", Bucket=name)`; raises AwsRefused."""
        return self.place.call(service, operation, **parameters)

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
        """Yield what all pages of an AWS listing have under a key; raises AwsRefused."""
        return self.place.pages(service, operation, key, **parameters)

    def user(self) -> str:
        """Return whom to log in as; raises BadInput when nobody says, AwsRefused."""
        found = self._login.user if self._login else ""
        if not found and self._login and self._login.secret_arn:
            found = self._secret[0]
        found = found or (self._endpoint.user if self._endpoint else "")
        if not found:
            raise BadInput("nobody says whom to log in as", hint="add under login: user: auditor")
        return found

    def password(self) -> str:
        """Return the password; raises BadInput when there is none, AwsRefused."""
        if self._login is None:
            raise BadInput(
                "no login is declared for this type", hint="add to the restore test: login: {rds: {password: {env: PGPASSWORD}}}"
            )
        if self._login.secret_arn:
            return self._secret[1]
        found = os.environ.get(self._login.variable, "")
        if not found:
            raise BadInput(f"the environment variable {self._login.variable} is not set", hint="put the password into it")
        self._struck.add(found)
        return found

    @cached_property
    def _secret(self) -> tuple[str, str]:
        from strongroom.aws.contents.secrets import login_in  # noqa: PLC0415 - see above

        user, password = login_in(self.place.sessions, self._login.secret_arn if self._login else "")
        self._struck.add(password)
        return user, password

    def stricken(self, told: Any) -> Any:
        """Return JSON without any password that was asked for, nor the one that the environment holds."""
        held = os.environ.get(self._login.variable, "") if self._login and self._login.variable else ""
        texts = sorted({form for each in (*self._struck, held) if each for form in (each, quote(each, safe=""))}, key=len, reverse=True)
        return _stricken(told, texts)


def _stricken(told: Any, texts: list[str]) -> Any:
    if isinstance(told, Mapping):
        return {_stricken(str(name), texts): _stricken(each, texts) for name, each in told.items()}
    if isinstance(told, list | tuple):
        return [_stricken(each, texts) for each in told]
    if isinstance(told, str):
        for text in texts:
            told = told.replace(text, STRUCK)
    return told
