"""Values of AWS as values of the tables."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from botocore.utils import parse_timestamp

INSTANT = pa.timestamp("us", tz="UTC")


def tags(listed: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """Return tags listed as Key and Value.

    Example:
        >>> tags([{"Key": "environment", "Value": "prod"}]), tags(None)
        ({'environment': 'prod'}, {})
    """
    return {tag["Key"]: tag.get("Value") or "" for tag in listed or ()}


def days(lifecycle: Mapping[str, Any] | None, name: str) -> int | None:
    """Return a number of days of a lifecycle; None where AWS says never, by leaving it out or by -1.

    Example:
        >>> days({"DeleteAfterDays": 35}, "DeleteAfterDays"), days({"DeleteAfterDays": -1}, "DeleteAfterDays")
        (35, None)
    """
    found = (lifecycle or {}).get(name)
    return int(found) if found is not None and found > 0 else None


def instants(values: Sequence[float | str | None]) -> pa.Array:
    """Return epoch seconds, or ISO 8601 texts as some endpoints send them, as UTC instants rounded to microseconds.

    Example:
        >>> instants([1767225600.5, None])[0].as_py().isoformat()
        '2026-01-01T00:00:00.500000+00:00'
    """
    try:
        seconds = pa.array(values, pa.float64())
    except pa.ArrowInvalid:  # texts among them
        parsed = [parse_timestamp(value).timestamp() if isinstance(value, str) else value for value in values]
        seconds = pa.array(parsed, pa.float64())
    microseconds = pc.round(pc.multiply(seconds, 1_000_000.0))
    return pc.cast(microseconds, pa.int64()).cast(INSTANT)


def key_arn(partition: str, region: str, account: str, key: str) -> str:
    """Return the ARN of a KMS key that a service names by ARN, id or alias.

    Example:
        >>> key_arn("aws", "eu-west-2", "111122223333", "alias/aws/s3")
        'arn:aws:kms:eu-west-2:111122223333:alias/aws/s3'
    """
    if key.startswith("arn:"):
        return key
    return f"arn:{partition}:kms:{region}:{account}:{key if key.startswith('alias/') else f'key/{key}'}"


def texts(items: Sequence[Mapping[str, Any]], name: str, *, default: str | None = None) -> pa.Array:
    """Return a text member of each item; `default` where it is absent."""
    return pa.array([item.get(name) or default for item in items], pa.string())
