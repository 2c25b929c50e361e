"""KMS keys that vaults and resources use, asked of the account that owns them.

Source: AWS KMS API reference, DescribeKey (KeyMetadata.KeyManager, KeyState), GetKeyPolicy.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from strongroom.aws.readers.harvest import Harvest, Subject
from strongroom.aws.readers.scope import Scope
from strongroom.domain.names import Arn
from strongroom.domain.tables import KEYS
from strongroom.errors import AwsRefused

MISSING = "NotFound"  # our word for a key that vaults or resources name and that is gone


@dataclass(frozen=True, slots=True)
class KnownKey:
    """What a wanted key turned out to be."""

    wanted: str  # ARN of key or alias as it was wanted
    arn: str
    manager: str | None  # AWS, CUSTOMER; None: could not be read


def read_keys(scope: Scope, wanted: Iterable[str], harvest: Harvest) -> tuple[KnownKey, ...]:
    """Add the wanted keys of an account and Region; a key that is gone is added with state NotFound."""
    known: list[KnownKey] = []
    added: set[str] = set()
    with harvest.subject(scope.account, scope.region, "keys") as subject:
        for arn in sorted(wanted):
            found = KnownKey(arn, arn, "AWS" if ":alias/aws/" in arn else None)
            with subject.item():
                found = _read_key(scope, arn, harvest, added, subject)
            known.append(found)
    return tuple(known)


def _read_key(scope: Scope, wanted: str, harvest: Harvest, added: set[str], subject: Subject) -> KnownKey:
    try:
        metadata = scope.call("kms", "describe_key", KeyId=wanted)["KeyMetadata"]
    except AwsRefused as error:
        if error.code != "NotFoundException":
            raise
        # AWS never deletes the keys it manages; their aliases appear with the first use.
        manager = "AWS" if ":alias/aws/" in wanted else "CUSTOMER"
        harvest.add(KEYS, scope.account, scope.region, wanted, manager, MISSING, None)
        return KnownKey(wanted, wanted, manager)
    arn, manager = metadata["Arn"], metadata.get("KeyManager") or "CUSTOMER"
    if arn not in added:
        added.add(arn)
        policy = None
        if manager == "CUSTOMER":
            with subject.item():
                policy = scope.call("kms", "get_key_policy", KeyId=arn, PolicyName="default")["Policy"]
        harvest.add(KEYS, scope.account, scope.region, arn, manager, metadata.get("KeyState") or "Enabled", policy)
    return KnownKey(wanted, arn, manager)


def owner_of(account: str, region: str, arn: str) -> tuple[str, str]:
    """Return the account and Region that own a key; those that use it where the ARN doesn't tell.

    Example:
        >>> owner_of("111122223333", "eu-west-2", "arn:aws:kms:eu-west-2:444455556666:key/1")
        ('444455556666', 'eu-west-2')
    """
    try:
        parsed = Arn.parse(arn)
    except ValueError:
        return account, region
    return parsed.account or account, parsed.region or region
