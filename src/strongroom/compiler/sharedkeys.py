"""Multi-Region keys: the primary in the home Region of one account, and a replica in every other governed Region.

The id of a key is known once it exists: replicas, and vaults that use it, follow when the strategy names its ARN.
"""

from collections.abc import Iterator
from dataclasses import replace

from strongroom.compiler.keys import key_resources, shared_key_policy
from strongroom.compiler.template import Json, Template, logical_id, organization_id_parameter, render_template
from strongroom.domain.estate import Estate, Stack
from strongroom.domain.names import AccountId, Region
from strongroom.domain.strategy import Key, KeyKind


def with_shared_keys(estate: Estate) -> Estate:
    """Return the estate with a stack `<name>-key-<key>` for each multi-Region key of its own, and for each replica."""
    return replace(estate, stacks=(*estate.stacks, *_stacks(estate)))


def _stacks(estate: Estate) -> Iterator[Stack]:
    organization = estate.organization
    for key in estate.keys:
        if key.kind is not KeyKind.MULTI_REGION or not key.ours or key.account is None:
            continue
        yield _stack(estate, key, key.account, organization.home_region, _primary(estate, key))
        for region in organization.regions if key.arn else ():
            if region != organization.home_region:
                yield _stack(estate, key, key.account, region, _replica(estate, key))


def _stack(estate: Estate, key: Key, account: AccountId, region: Region, resources: Json) -> Stack:
    template = Template(
        description=f"Strongroom: multi-Region key {key.name} of strategy {estate.name}",
        resources=resources,
        parameters=organization_id_parameter(),
        outputs={"KeyArn": {"Description": "ARN of the key in this Region", "Value": {"Fn::GetAtt": [logical_id("key", key.name), "Arn"]}}},
    )
    return Stack(name=f"{estate.name}-key-{key.name}", account=account, region=region, template=render_template(template), parameters=())


def _primary(estate: Estate, key: Key) -> Json:
    return key_resources(
        logical=logical_id("key", key.name),
        alias=f"{estate.name}-{key.name}",
        strategy=estate.name,
        description=_description(estate, key),
        policy=shared_key_policy(role=estate.roles.backup),
        condition=None,
        rotated=key.rotated,
        multi_region=True,
    )


def _replica(estate: Estate, key: Key) -> Json:
    """Return a replica with a policy of its own: KMS doesn't share policies between Regions, only material and rotation."""
    resources = _primary(estate, key)
    replica = resources[logical_id("key", key.name)]
    replica["Type"] = "AWS::KMS::ReplicaKey"
    for name in ("EnableKeyRotation", "MultiRegion"):
        del replica["Properties"][name]
    replica["Properties"]["PrimaryKeyArn"] = key.arn
    return resources


def _description(estate: Estate, key: Key) -> str:
    return f"Recovery points of strategy {estate.name}, key {key.name}"
