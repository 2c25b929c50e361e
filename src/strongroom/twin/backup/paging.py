"""Pages of a listing: a token names the last thing shown by its serial number, so deletions between pages skip nothing."""

import base64
import binascii
import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

from strongroom import facts
from strongroom.twin.backup.errors import invalid_parameter


class Numbered(Protocol):
    """Something with a serial number."""

    @property
    def serial(self) -> int:
        """Grows with creation."""


Item = TypeVar("Item", bound=Numbered)


def page(name: str, items: Iterable[Item], render: Callable[[Item], dict[str, Any]], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return one page of `items`, which come in the order of their serial numbers, as the list `name` with NextToken."""
    size = int(parameters.get("MaxResults") or facts.limit("page_size_max").value)
    after = _after(parameters.get("NextToken"))
    chosen = list(itertools.islice((item for item in items if item.serial > after), size + 1))
    token = _token(chosen[size - 1].serial) if len(chosen) > size else None
    result: dict[str, Any] = {name: [render(item) for item in chosen[:size]]}
    return result if token is None else result | {"NextToken": token}


def _token(serial: int) -> str:
    return base64.urlsafe_b64encode(f"after:{serial}".encode()).decode()


def _after(token: str | None) -> int:
    if token is None:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        if word == "after":
            return int(number)
    except (ValueError, binascii.Error):
        pass
    raise invalid_parameter(f"Invalid NextToken: {token}")
