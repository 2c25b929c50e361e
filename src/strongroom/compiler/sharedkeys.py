"""Multi-Region keys: the primary in the home Region of one account, and a replica in every other governed Region.

The id of a key is known once it exists: replicas, and vaults that use it, take it as a parameter from the output of its stack.
"""

from collections.abc import Iterator
from dataclasses import replace

from strongroom.compiler.keys import key_outputs, key_parameters, key_resources, replica_arn, shared_key_policy, shared_key_stack
from strongroom.compiler.template import Json, Template, logical_id, organization_id_parameter, render_template
from strongroom.compiler.topics import publishing_statement
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
        for region in organization.regions:
            if region != organization.home_region:
                yield _stack(estate, key, key.account, region, _replica(estate, key), replica=True)


def _stack(estate: Estate, key: Key, account: AccountId, region: Region, resources: Json, *, replica: bool = False) -> Stack:
    logical = logical_id("key", key.name)
    unborn = (key,) if replica else ()
    template = Template(
        description=f"Strongroom: multi-Region key {key.name} of strategy {estate.name}",
        resources=resources,
        parameters={**organization_id_parameter(), **key_parameters(unborn)},
        outputs={
            "KeyArn": {"Description": "ARN of the key in this Region", "Value": {"Fn::GetAtt": [logical, "Arn"]}},
            "KeyId": {"Description": "Id of the key in every Region", "Value": {"Ref": logical}},
        },
    )
    return Stack(
        name=shared_key_stack(estate.name, key),
        account=account,
        region=region,
        template=render_template(template),
        parameters=(),
        outputs=key_outputs(unborn, strategy=estate.name, home=estate.organization.home_region),
    )


def _primary(estate: Estate, key: Key) -> Json:
    return key_resources(
        logical=logical_id("key", key.name),
        alias=f"{estate.name}-{key.name}",
        strategy=estate.name,
        description=_description(estate, key),
        policy=_policy(estate, key),
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
    replica["Properties"]["PrimaryKeyArn"] = key.arn or replica_arn(key, estate.organization.home_region)
    return resources


def _policy(estate: Estate, key: Key) -> Json:
    policy = shared_key_policy(roles=estate.roles)
    if estate.alerts is not None and estate.alerts.key == key.name:
        policy = {**policy, "Statement": [*policy["Statement"], publishing_statement()]}
    return policy


def _description(estate: Estate, key: Key) -> str:
    return f"Recovery points of strategy {estate.name}, key {key.name}"
