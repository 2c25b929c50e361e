"""KMS keys that vaults and resources use, with their policies, grants and tags, asked of the account that owns them.

Source: AWS KMS API reference, DescribeKey (KeyMetadata.KeyManager, KeyState, MultiRegionConfiguration), GetKeyPolicy, ListGrants,
ListResourceTags.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from strongroom.aws.readers.harvest import Harvest, Subject
from strongroom.aws.readers.scope import Scope
from strongroom.domain.changeplan import canonical
from strongroom.domain.names import Arn
from strongroom.domain.tables import GRANTS, KEY_TAGS, KEYS
from strongroom.errors import AwsRefused

MISSING = "NotFound"  # our word for a key that vaults or resources name and that is gone
KEY_SUBJECTS = ("keys", "grants", "key_tags")
TAGS_PAGE = 50  # tags an answer, the most that ListResourceTags gives
PAGE = 100  # grants an answer, the most that ListGrants gives


@dataclass(frozen=True, slots=True)
class KnownKey:
    """What a wanted key turned out to be."""

    wanted: str  # ARN of key or alias as it was wanted
    arn: str
    manager: str | None  # AWS, CUSTOMER; None: could not be read
    related: tuple[str, ...] = ()  # of a multi-Region key: primary and replicas, each with a policy of its own


def read_keys(scope: Scope, wanted: Iterable[str], harvest: Harvest) -> tuple[KnownKey, ...]:
    """Add the wanted keys of an account and Region with their grants and tags; a key that is gone is added with state NotFound."""
    known: list[KnownKey] = []
    added: set[str] = set()
    place = (scope.account, scope.region)
    with (
        harvest.subject(*place, "keys") as subject,
        harvest.subject(*place, "grants") as grants,
        harvest.subject(*place, "key_tags") as tagged,
    ):
        for arn in sorted(wanted):
            found = KnownKey(arn, arn, "AWS" if ":alias/aws/" in arn else None)
            before = len(added)
            with subject.item():
                found = _read_key(scope, arn, harvest, added, subject)
            if found.manager is None:
                grants.miss(f"grants of {arn}: the key could not be read", code="KeyUnread")
                tagged.miss(f"tags of {arn}: the key could not be read", code="KeyUnread")
            elif found.manager == "CUSTOMER" and len(added) > before:  # it is there, and under no other name
                with grants.item():
                    _read_grants(scope, found.arn, harvest)
                with tagged.item():
                    _read_tags(scope, found.arn, harvest)
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
        harvest.add(KEYS, scope.account, scope.region, wanted, manager, MISSING, None, None, None, None)
        return KnownKey(wanted, wanted, manager)
    arn, manager = metadata["Arn"], metadata.get("KeyManager") or "CUSTOMER"
    kind, primary, replicas = _regions_of(metadata)
    if arn not in added:
        added.add(arn)
        policy = None
        if manager == "CUSTOMER":
            with subject.item():
                policy = scope.call("kms", "get_key_policy", KeyId=arn, PolicyName="default")["Policy"]
        state = metadata.get("KeyState") or "Enabled"
        harvest.add(KEYS, scope.account, scope.region, arn, manager, state, policy, kind, primary, replicas)
    related = {primary, *(replicas or ())} - {arn, None}
    return KnownKey(wanted, arn, manager, tuple(sorted(each for each in related if each)))


def _regions_of(metadata: dict[str, Any]) -> tuple[str | None, str | None, list[str] | None]:
    """Return whether a key is PRIMARY, REPLICA or in one Region (NONE), its primary, and its replicas; None: not told."""
    if not metadata.get("MultiRegion"):
        return "NONE", None, []
    configuration = metadata.get("MultiRegionConfiguration") or {}
    primary = (configuration.get("PrimaryKey") or {}).get("Arn")
    if primary is None:
        return None, None, None
    replicas = sorted(each["Arn"] for each in configuration.get("ReplicaKeys") or ())
    return "PRIMARY" if primary == metadata["Arn"] else "REPLICA", primary, replicas


def _read_grants(scope: Scope, arn: str, harvest: Harvest) -> None:
    for grant in scope.items("kms", "list_grants", "Grants", KeyId=arn, Limit=PAGE):
        constraints = grant.get("Constraints")
        harvest.add(
            GRANTS,
            scope.account,
            scope.region,
            arn,
            grant["GrantId"],
            grant.get("GranteePrincipal") or "",
            grant.get("RetiringPrincipal"),
            list(grant.get("Operations") or ()),
            canonical(constraints) if constraints else None,
        )


def _read_tags(scope: Scope, arn: str, harvest: Harvest) -> None:
    listed = scope.items("kms", "list_resource_tags", "Tags", KeyId=arn, Limit=TAGS_PAGE)
    tags = {tag["TagKey"]: tag.get("TagValue") or "" for tag in listed}
    harvest.add(KEY_TAGS, scope.account, scope.region, arn, tags)


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
