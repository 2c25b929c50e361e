"""One row of an inventory file -> a resource: the columns, and what their texts may be."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Final

from strongroom.checks.inventory import Bucket, Replication, Resource, UnsupportedResource
from strongroom.domain.names import AccountId, Arn, Region, ResourceType

TAG_PREFIX: Final = "tag:"  # a column tag:environment holds the values of that tag
COLUMNS: Final = (
    "arn", "type", "account", "region", "tags", "encrypted", "key_manager", "maintenance_window", "backup_window",
    "multi_az_cluster", "persistent_options", "advanced_backup", "replication",
    "versioned", "mfa_delete", "lifecycle_rules", "replication_enabled", "replicates_encrypted",
)  # fmt: skip
# What the ledger's table of resources and other tools call them.
ALIASES: Final = {"account_id": "account", "resource_type": "type", "resource_arn": "arn", "aws_region": "region"}
PASSED_OVER: Final = frozenset(
    {
        *("name", "created_at", "key_arn", "size_bytes", "multi_az", "automated_backup_days", "instance_profile"),
        *("deletion_protection", "copies_tags", "object_lock", "lifecycle", "replicates_to"),
    }
)  # columns of the ledger that no check asks for
_TRUTH: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_TYPES: Final = {word.lower(): kind for kind in ResourceType for word in (kind.keyword, kind.value)}
_MANAGERS: Final = frozenset({"AWS", "CUSTOMER"})


class RowError(ValueError):
    """A row can't be used; says which column, what it holds and what was expected."""


def column(name: str) -> str | None:
    """Return what a column is called here, None for one that is passed over; raises RowError with a near miss.

    Example:
        >>> column("Account_ID"), column("tag:team"), column("size_bytes")
        ('account', 'tag:team', None)
    """
    if name.lower().startswith(TAG_PREFIX):
        return TAG_PREFIX + name[len(TAG_PREFIX) :]
    plain = name.strip().lower().replace(" ", "_")
    plain = ALIASES.get(plain, plain)
    if plain in PASSED_OVER:
        return None
    if plain in COLUMNS:
        return plain
    close = difflib.get_close_matches(plain, COLUMNS, n=1)
    raise RowError(f"column {name!r} is unknown: {f'did you mean {close[0]}?' if close else 'one of ' + ', '.join(COLUMNS)}")


def resource(row: Mapping[str, str], tags: Iterable[tuple[str, str]] | None = None) -> Resource | UnsupportedResource:
    """Return the resource of a row; `tags` in place of the columns for tags. An empty text means: not said. Raises RowError.

    Example:
        >>> resource({"arn": "arn:aws:ecs:eu-west-2:111122223333:cluster/web", "type": "ECS"}).type
        'ECS'
    """
    written = {key: text.strip() for key, text in row.items()}
    arn = _arn(written)
    kind = written.get("type", "")
    found = tuple(sorted(_tags(row).items() if tags is None else tags))
    account, region = _place(written, arn)
    if not kind:
        raise RowError("type is empty: a resource type such as rds expected")
    if kind.lower() not in _TYPES:
        close = difflib.get_close_matches(kind.lower(), _TYPES, n=1, cutoff=0.85)
        if close:
            raise RowError(f"type {kind!r} is no type of AWS Backup: did you mean {close[0]}?")
        return UnsupportedResource(arn=str(arn), type=kind, account=account, region=region, tags=found)
    known = _TYPES[kind.lower()]
    return Resource(
        arn=str(arn),
        type=known,
        account=account,
        region=region,
        tags=found,
        encrypted=_truth(written, "encrypted"),
        key_manager=_manager(written),
        maintenance_window=written.get("maintenance_window") or None,
        backup_window=written.get("backup_window") or None,
        multi_az_cluster=_truth(written, "multi_az_cluster"),
        persistent_options=_truth(written, "persistent_options"),
        advanced_backup=_truth(written, "advanced_backup"),
        replication=_replication(written),
        bucket=_bucket(written) if known is ResourceType.S3 else None,
    )


def _arn(written: Mapping[str, str]) -> Arn:
    try:
        return Arn.parse(written.get("arn", ""))
    except ValueError as error:
        raise RowError(str(error)) from error


def _place(written: Mapping[str, str], arn: Arn) -> tuple[AccountId, Region]:
    try:
        return AccountId.parse(written.get("account") or arn.account), Region.parse(written.get("region") or arn.region)
    except ValueError as error:
        raise RowError(f"account or region is missing: {error}") from error


def _tags(row: Mapping[str, str]) -> dict[str, str]:
    """Return the tags of `key=value;key=value` and of the columns tag:<key>; an empty cell of these is no tag."""
    found: dict[str, str] = {}
    for pair in row.get("tags", "").split(";"):
        key, equals, value = pair.partition("=")
        if equals:
            found[key.lstrip()] = value
        elif pair.strip():
            raise RowError(f"tags {pair.strip()!r} is no tag: key=value;key=value expected")
    return found | {key[len(TAG_PREFIX) :]: value for key, value in row.items() if key.startswith(TAG_PREFIX) and value}


def _truth(written: Mapping[str, str], name: str) -> bool | None:
    text = written.get(name, "").lower()
    if text and text not in _TRUTH:
        raise RowError(f"{name} {text!r} is not a truth value: true or false expected")
    return _TRUTH[text] if text else None


def _manager(written: Mapping[str, str]) -> str | None:
    text = written.get("key_manager", "").upper()
    if text and text not in _MANAGERS:
        raise RowError(f"key_manager {text!r} is not one of AWS, CUSTOMER")
    return text or None


def _replication(written: Mapping[str, str]) -> Replication | None:
    text = written.get("replication", "").lower()
    if not text:
        return None
    if text not in set(Replication):
        raise RowError(f"replication {text!r} is not one of {', '.join(Replication)}")
    return Replication(text)


def _bucket(written: Mapping[str, str]) -> Bucket:
    return Bucket(
        versioned=_truth(written, "versioned"),
        mfa_delete=_truth(written, "mfa_delete"),
        lifecycle_rules=_truth(written, "lifecycle_rules"),
        replication_enabled=_truth(written, "replication_enabled"),
        replicates_encrypted=_truth(written, "replicates_encrypted"),
    )
