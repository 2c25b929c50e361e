"""The items of a DynamoDB table.

Source: DynamoDB API reference, Scan; "Naming rules and data types" (numbers have no unique text, sets no order), read 2026-11-21.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from decimal import Context, Decimal
from typing import Any

from strongroom.aws.contents.place import Place

_NUMBERS = Context(prec=38)  # digits that DynamoDB keeps


def items(place: Place, table: str) -> Iterator[tuple[str, str]]:
    """Yield the key of each item as JSON, and the SHA-256 of the whole item; raises AwsRefused."""
    described = place.call("dynamodb", "describe_table", TableName=table)["Table"]
    names = [each["AttributeName"] for each in described["KeySchema"]]
    for item in place.pages("dynamodb", "scan", "Items", TableName=table, ConsistentRead=True):
        yield _text({name: item[name] for name in names}), hashlib.sha256(_text(item).encode()).hexdigest()


def _text(attributes: Mapping[str, Any]) -> str:
    plain = {name: _canonical(value) for name, value in attributes.items()}
    return json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _canonical(value: Mapping[str, Any]) -> Any:
    """Return an attribute in the one form that equal values share; its type stays, since "1" and 1 differ."""
    ((kind, content),) = value.items()
    if kind == "L":
        content = [_canonical(each) for each in content]
    elif kind == "M":
        content = {name: _canonical(each) for name, each in content.items()}
    elif kind in {"NS", "BS", "SS"}:
        content = sorted(_simple(kind[0], each) for each in content)
    else:
        content = _simple(kind, content)
    return {kind: content}


def _simple(kind: str, content: Any) -> Any:
    if kind == "N":
        return _number(content)
    return base64.b64encode(bytes(content)).decode() if kind == "B" else content


def _number(text: str) -> str:
    """Return a number as its shortest text.

    Example:
        >>> _number("1.50"), _number("100"), _number("-0")
        ('1.5', '1E+2', '0')
    """
    found = Decimal(text).normalize(_NUMBERS)
    return str(found or abs(found))
