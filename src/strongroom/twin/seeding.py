"""From a seed to an organization: the calls an administrator would make, account by account."""

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from botocore.exceptions import ClientError

from strongroom.errors import BadInput
from strongroom.twin import seedtower
from strongroom.twin.app import App
from strongroom.twin.hands import Hands
from strongroom.twin.identity import PARTITION, add_access_key
from strongroom.twin.seed import AWS_MANAGED, NO_KEY, Kind, Seed, SeedKey, SeedResource, SeedRole

Client = Callable[[str, str], Any]  # (service, Region) -> boto3 client
_MANAGED_ALIAS = {Kind.DYNAMODB: "dynamodb", Kind.EBS: "ebs", Kind.RDS: "rds", Kind.AURORA: "rds", Kind.EFS: "elasticfilesystem"}
_EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
_GLOBAL = "us-east-1"  # where IAM and Organizations are called


def sow(app: App, seed: Seed, *, administrators: bool = False) -> None:
    """Create everything a seed declares; raises BadInput when the twin refuses something in it.

    `administrators`: its users get a policy that allows everything, which they need only where IAM is enforced.
    The journal is empty afterwards, and the keys of the root users that acted are void.
    """
    hands = Hands(app.handle, app.identities.root_key)
    try:
        units = _organization(hands, seed)
        _identities(hands, seed, administrators=administrators)
        if seed.control_tower is not None:
            with hands.acting(seed.management.id) as client:
                seedtower.set_up(client("controltower", seed.home_region), seed.control_tower, seed.regions, units)
        keys = _keys(hands, seed)
        _subnet_groups(hands, seed)
        _resources(hands, seed, keys)
    except ClientError as error:
        raise BadInput(f"the seed can't be created: {error}") from error
    finally:
        app.identities.forget_roots()
        app.journal.clear()
        app.trail.clear()


def _organization(hands: Hands, seed: Seed) -> dict[tuple[str, ...], str]:
    """Create the organization, and return the ARNs of its units by path."""
    arns: dict[tuple[str, ...], str] = {}
    with hands.acting(seed.management.id) as client:
        organizations = client("organizations", _GLOBAL)
        organizations.create_organization(FeatureSet="ALL")
        root = organizations.list_roots()["Roots"][0]["Id"]
        ids: dict[tuple[str, ...], str] = {(): root}
        for path in seed.units:
            unit = organizations.create_organizational_unit(ParentId=ids[path[:-1]], Name=path[-1])
            ids[path], arns[path] = unit["OrganizationalUnit"]["Id"], unit["OrganizationalUnit"]["Arn"]
    for account in seed.accounts:
        with hands.acting(seed.management.id):
            target = {"Id": account.id, "Type": "ACCOUNT"}
            handshake = organizations.invite_account_to_organization(Target=target, Notes=account.name)["Handshake"]["Id"]
        with hands.acting(account.id):
            organizations.accept_handshake(HandshakeId=handshake)
        if account.unit:
            with hands.acting(seed.management.id):
                organizations.move_account(AccountId=account.id, SourceParentId=root, DestinationParentId=ids[account.unit])
    return arns


def _identities(hands: Hands, seed: Seed, *, administrators: bool) -> None:
    for user in seed.users:
        with hands.acting(user.account) as client:
            client("iam", _GLOBAL).create_user(UserName=user.name)
            if administrators:
                client("iam", _GLOBAL).put_user_policy(UserName=user.name, PolicyName="seed", PolicyDocument=_policy([_EVERYTHING]))
        add_access_key(user.account, user.name, user.access_key, user.secret)
    for account in seed.every_account():
        with hands.acting(account.id) as client:
            for role in seed.roles:
                if account.id in role.accounts:
                    _role(client("iam", _GLOBAL), role)


def _role(iam: Any, role: SeedRole) -> None:
    iam.create_role(RoleName=role.name, AssumeRolePolicyDocument=_trust(role), Description="made by the seed of the twin")
    iam.put_role_policy(RoleName=role.name, PolicyName="seed", PolicyDocument=_policy([_EVERYTHING]))


def _trust(role: SeedRole) -> str:
    roots = [f"arn:{PARTITION}:iam::{account}:root" for account in role.trusts]
    return _policy([{"Effect": "Allow", "Principal": {"AWS": roots}, "Action": "sts:AssumeRole"}])


def _keys(hands: Hands, seed: Seed) -> dict[tuple[str, str, str], str]:
    """Create the customer-managed keys, and return their ARNs by account, Region and name."""
    arns: dict[tuple[str, str, str], str] = {}
    for key in seed.keys:
        for account in key.accounts:
            with hands.acting(account) as client:
                for region in key.regions:
                    kms = client("kms", region)
                    made = kms.create_key(Policy=_key_policy(key, account), Description=f"{key.name} of the seed")["KeyMetadata"]
                    kms.create_alias(AliasName=f"alias/{key.name}", TargetKeyId=made["KeyId"])
                    arns[account, region, key.name] = made["Arn"]
    return arns


def _key_policy(key: SeedKey, account: str) -> str:
    own = {"Effect": "Allow", "Principal": {"AWS": f"arn:{PARTITION}:iam::{account}:root"}, "Action": "kms:*", "Resource": "*"}
    others = [f"arn:{PARTITION}:iam::{other}:root" for other in key.shared_with if other != account]
    # KMS developer guide, "Allowing users in other accounts to use a KMS key"
    use = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    shared = [
        {"Sid": "share", "Effect": "Allow", "Principal": {"AWS": others}, "Action": use, "Resource": "*"},
        {
            "Sid": "grant",
            "Effect": "Allow",
            "Principal": {"AWS": others},
            "Action": ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
            "Resource": "*",
            "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        },
    ]
    return _policy([own, *(shared if others else ())])


def _subnet_groups(hands: Hands, seed: Seed) -> None:
    for group in seed.subnet_groups:
        for account in group.accounts:
            with hands.acting(account) as client:
                for region in group.regions:
                    subnets = [subnet["SubnetId"] for subnet in client("ec2", region).describe_subnets()["Subnets"]]
                    description = "made by the seed of the twin"
                    client("rds", region).create_db_subnet_group(
                        DBSubnetGroupName=group.name, DBSubnetGroupDescription=description, SubnetIds=subnets
                    )


def _resources(hands: Hands, seed: Seed, keys: Mapping[tuple[str, str, str], str]) -> None:
    def place(resource: SeedResource) -> tuple[str, str]:
        return resource.account, resource.region

    for (account, _region), group in groupby(sorted(seed.resources, key=place), key=place):
        with hands.acting(account) as client:
            managed: dict[str, str] = {}
            for resource in group:
                key = _key_arn(client, resource, keys, managed)
                _CREATE[resource.kind](client, resource, key, [{"Key": name, "Value": value} for name, value in resource.tags])


def _key_arn(client: Client, resource: SeedResource, keys: Mapping[tuple[str, str, str], str], managed: dict[str, str]) -> str:
    """Return the ARN of the key a resource is to have, empty without one; describing an AWS-managed key creates it."""
    if resource.key == NO_KEY:
        return ""
    if resource.key != AWS_MANAGED:
        return keys[resource.account, resource.region, resource.key]
    alias = f"alias/aws/{_MANAGED_ALIAS[resource.kind]}"
    if alias not in managed:
        managed[alias] = client("kms", resource.region).describe_key(KeyId=alias)["KeyMetadata"]["Arn"]
    return managed[alias]


def _table(client: Client, resource: SeedResource, key: str, tags: Sequence[Mapping[str, str]]) -> None:
    dynamodb = client("dynamodb", resource.region)
    encryption = {"SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}} if key else {}
    dynamodb.create_table(
        TableName=resource.name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=tags,
        **encryption,
    )
    items = [{"id": {"S": f"{number:05d}"}, "amount": {"N": str(number * 7 % 100)}} for number in range(1, resource.items + 1)]
    for start in range(0, len(items), 25):  # 25 items are the most a batch takes
        requests = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        dynamodb.batch_write_item(RequestItems={resource.name: requests})


def _bucket(client: Client, resource: SeedResource, _key: str, tags: Sequence[Mapping[str, str]]) -> None:
    s3 = client("s3", resource.region)
    place = {} if resource.region == _GLOBAL else {"CreateBucketConfiguration": {"LocationConstraint": resource.region}}
    s3.create_bucket(Bucket=resource.name, **place)
    if resource.versioned:
        s3.put_bucket_versioning(Bucket=resource.name, VersioningConfiguration={"Status": "Enabled"})
    if tags:
        s3.put_bucket_tagging(Bucket=resource.name, Tagging={"TagSet": tags})
    for number in range(1, resource.items + 1):
        s3.put_object(Bucket=resource.name, Key=f"object-{number:05d}.txt", Body=f"{resource.name} {number}\n".encode())


def _database(client: Client, resource: SeedResource, key: str, tags: Sequence[Mapping[str, str]]) -> None:
    client("rds", resource.region).create_db_instance(
        DBInstanceIdentifier=resource.name,
        DBInstanceClass="db.t4g.medium",
        Engine=resource.engine,
        AllocatedStorage=resource.size_gib,
        MasterUsername="keeper",
        MasterUserPassword="not-a-secret",  # of a database that only this machine reaches
        StorageEncrypted=bool(key),
        Tags=tags,
        **({"KmsKeyId": key} if key else {}),
    )


def _cluster(client: Client, resource: SeedResource, key: str, tags: Sequence[Mapping[str, str]]) -> None:
    client("rds", resource.region).create_db_cluster(
        DBClusterIdentifier=resource.name,
        Engine=resource.engine,
        MasterUsername="keeper",
        MasterUserPassword="not-a-secret",  # nobody can log in to an emulated database
        StorageEncrypted=bool(key),
        Tags=tags,
        **({"KmsKeyId": key} if key else {}),
    )


def _volume(client: Client, resource: SeedResource, key: str, tags: Sequence[Mapping[str, str]]) -> None:
    client("ec2", resource.region).create_volume(
        AvailabilityZone=f"{resource.region}a",
        Size=resource.size_gib,
        VolumeType="gp3",
        Encrypted=bool(key),
        TagSpecifications=[{"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": resource.name}, *tags]}],
        **({"KmsKeyId": key} if key else {}),
    )


def _file_system(client: Client, resource: SeedResource, key: str, tags: Sequence[Mapping[str, str]]) -> None:
    client("efs", resource.region).create_file_system(
        CreationToken=resource.name,
        Encrypted=bool(key),
        Tags=[{"Key": "Name", "Value": resource.name}, *tags],
        **({"KmsKeyId": key} if key else {}),
    )


_CREATE: Mapping[Kind, Callable[[Client, SeedResource, str, Sequence[Mapping[str, str]]], None]] = {
    Kind.DYNAMODB: _table,
    Kind.S3: _bucket,
    Kind.RDS: _database,
    Kind.AURORA: _cluster,
    Kind.EBS: _volume,
    Kind.EFS: _file_system,
}


def _policy(statements: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
