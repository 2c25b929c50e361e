"""Multi-Region keys of the twin through boto3: each replica its own, one primary, deletion that waits, rotation in one place."""

import json
import re
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

ACCOUNT, OTHER = "555555555555", "666666666666"
HOME, SECOND, THIRD = "eu-west-2", "eu-west-1", "eu-central-1"


class Keys:
    """KMS of one account in three Regions, with a multi-Region key of the home Region."""

    def __init__(self, twin: Any) -> None:
        self.twin = twin
        made = self.kms(HOME).create_key(MultiRegion=True, Description="primary", Tags=[{"TagKey": "a", "TagValue": "1"}])
        self.id = str(made["KeyMetadata"]["KeyId"])

    def kms(self, region: str) -> Any:
        return self.twin.client("kms", region, ACCOUNT)

    def replicate(self, region: str, **more: Any) -> dict[str, Any]:
        return dict(self.kms(HOME).replicate_key(KeyId=self.id, ReplicaRegion=region, **more))

    def metadata(self, region: str) -> dict[str, Any]:
        return dict(self.kms(region).describe_key(KeyId=self.id)["KeyMetadata"])

    def family(self, region: str) -> tuple[str, str, list[str]]:
        """What a key says of itself: its kind, the Region of the primary, those of the replicas."""
        found = self.metadata(region)["MultiRegionConfiguration"]
        return found["MultiRegionKeyType"], found["PrimaryKey"]["Region"], sorted(each["Region"] for each in found["ReplicaKeys"])

    def arn(self, region: str) -> str:
        return f"arn:aws:kms:{region}:{ACCOUNT}:key/{self.id}"

    def refusal(self, call: Any, **parameters: Any) -> str:
        with pytest.raises(ClientError) as caught:
            call(**parameters)
        return str(caught.value.response["Error"]["Code"])


@pytest.fixture
def keys(own_twin: Any) -> Keys:
    return Keys(own_twin)


def policy(action: str) -> str:
    own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    other = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"}, "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [own, other]})


def test_a_replica_has_the_id_of_its_primary_and_everything_else_of_its_own(keys: Keys) -> None:
    """Policy, tags, description, aliases and grants belong to one Region; both name the same family."""
    tags = [{"TagKey": "b", "TagValue": "2"}]
    assert re.fullmatch(r"mrk-[0-9a-f]{32}", keys.id)
    made = keys.replicate(SECOND, Policy=policy("kms:Decrypt"), Description="replica", Tags=tags)
    assert (made["ReplicaKeyMetadata"]["Arn"], made["ReplicaPolicy"], made["ReplicaTags"]) == (
        keys.arn(SECOND),
        policy("kms:Decrypt"),
        tags,
    )
    assert keys.family(HOME) == ("PRIMARY", HOME, [SECOND])
    assert keys.family(SECOND) == ("REPLICA", HOME, [SECOND])
    home, second = keys.kms(HOME), keys.kms(SECOND)
    assert (keys.metadata(HOME)["Description"], keys.metadata(SECOND)["Description"]) == ("primary", "replica")
    assert second.list_resource_tags(KeyId=keys.id)["Tags"] == tags
    home.create_alias(AliasName="alias/here", TargetKeyId=keys.id)
    assert [each["AliasName"] for each in second.list_aliases()["Aliases"] if each.get("TargetKeyId") == keys.id] == []
    home.create_grant(KeyId=keys.id, GranteePrincipal=f"arn:aws:iam::{OTHER}:root", Operations=["Decrypt"])
    assert len(home.list_grants(KeyId=keys.id)["Grants"]) == 1
    assert second.list_grants(KeyId=keys.id)["Grants"] == []
    home.put_key_policy(KeyId=keys.id, PolicyName="default", Policy=policy("kms:Encrypt"))
    assert second.get_key_policy(KeyId=keys.id, PolicyName="default")["Policy"] == policy("kms:Decrypt")
    home.disable_key(KeyId=keys.id)
    assert (keys.metadata(HOME)["KeyState"], keys.metadata(SECOND)["KeyState"]) == ("Disabled", "Enabled")
    second.update_key_description(KeyId=keys.id, Description="changed")
    assert keys.metadata(HOME)["Description"] == "primary"


def test_a_replica_without_a_policy_gets_the_default_one_and_no_tags(keys: Keys) -> None:
    """Nothing is taken over from the primary."""
    keys.kms(HOME).put_key_policy(KeyId=keys.id, PolicyName="default", Policy=policy("kms:Decrypt"))
    found = json.loads(keys.replicate(SECOND)["ReplicaPolicy"])
    assert [each["Principal"]["AWS"] for each in found["Statement"]] == [f"arn:aws:iam::{ACCOUNT}:root"]
    assert keys.kms(SECOND).list_resource_tags(KeyId=keys.id)["Tags"] == []


def test_what_one_region_encrypts_the_other_decrypts_while_it_is_enabled(keys: Keys) -> None:
    """The material is shared, the state is not."""
    keys.replicate(SECOND)
    blob = keys.kms(HOME).encrypt(KeyId=keys.id, Plaintext=b"ledger")["CiphertextBlob"]
    keys.kms(HOME).disable_key(KeyId=keys.id)
    found = keys.kms(SECOND).decrypt(CiphertextBlob=blob, KeyId=keys.arn(SECOND))
    assert (found["Plaintext"], found["KeyId"]) == (b"ledger", keys.arn(SECOND))
    assert keys.refusal(keys.kms(HOME).decrypt, CiphertextBlob=blob) == "DisabledException"


def test_replications_that_are_refused(keys: Keys) -> None:
    """Of a key of one Region, from a replica, twice, to the primary's own Region, to none, of a disabled key."""
    home = keys.kms(HOME)
    single = home.create_key()["KeyMetadata"]["KeyId"]
    assert keys.refusal(home.replicate_key, KeyId=single, ReplicaRegion=SECOND) == "UnsupportedOperationException"
    keys.replicate(SECOND)
    assert keys.refusal(keys.kms(SECOND).replicate_key, KeyId=keys.id, ReplicaRegion=THIRD) == "UnsupportedOperationException"
    assert keys.refusal(home.replicate_key, KeyId=keys.id, ReplicaRegion=SECOND) == "AlreadyExistsException"
    assert keys.refusal(home.replicate_key, KeyId=keys.id, ReplicaRegion=HOME) == "AlreadyExistsException"
    assert keys.refusal(home.replicate_key, KeyId=keys.id, ReplicaRegion="eu-nowhere-9") == "ValidationException"
    home.disable_key(KeyId=keys.id)
    assert keys.refusal(home.replicate_key, KeyId=keys.id, ReplicaRegion=THIRD) == "DisabledException"
    assert keys.family(HOME) == ("PRIMARY", HOME, [SECOND])


def test_another_region_becomes_the_primary(keys: Keys) -> None:
    """Rotation goes along, policies stay; only the primary is replicated from then on."""
    keys.kms(HOME).enable_key_rotation(KeyId=keys.id)
    keys.replicate(SECOND, Policy=policy("kms:Decrypt"))
    keys.replicate(THIRD)
    keys.kms(HOME).update_primary_region(KeyId=keys.id, PrimaryRegion=SECOND)
    assert keys.family(HOME) == ("REPLICA", SECOND, [THIRD, HOME])
    assert keys.family(SECOND) == ("PRIMARY", SECOND, [THIRD, HOME])
    assert keys.kms(SECOND).get_key_policy(KeyId=keys.id, PolicyName="default")["Policy"] == policy("kms:Decrypt")
    assert keys.kms(SECOND).get_key_rotation_status(KeyId=keys.id)["KeyRotationEnabled"] is True
    keys.kms(SECOND).disable_key_rotation(KeyId=keys.id)
    assert keys.kms(HOME).get_key_rotation_status(KeyId=keys.id)["KeyRotationEnabled"] is False
    assert keys.refusal(keys.kms(HOME).update_primary_region, KeyId=keys.id, PrimaryRegion=THIRD) == "UnsupportedOperationException"
    assert keys.refusal(keys.kms(SECOND).update_primary_region, KeyId=keys.id, PrimaryRegion="us-east-1") == "NotFoundException"
    keys.kms(THIRD).disable_key(KeyId=keys.id)
    assert keys.refusal(keys.kms(SECOND).update_primary_region, KeyId=keys.id, PrimaryRegion=THIRD) == "DisabledException"


def test_rotation_is_set_on_the_primary_and_read_everywhere(keys: Keys) -> None:
    """A replica refuses it, and tells the primary's period and next day."""
    keys.replicate(SECOND)
    keys.kms(HOME).enable_key_rotation(KeyId=keys.id, RotationPeriodInDays=180)
    for region in (HOME, SECOND):
        found = keys.kms(region).get_key_rotation_status(KeyId=keys.id)
        assert (found["KeyRotationEnabled"], found["RotationPeriodInDays"], found["KeyId"]) == (True, 180, keys.arn(region))
        assert found["NextRotationDate"] > keys.metadata(HOME)["CreationDate"]
    assert keys.refusal(keys.kms(SECOND).enable_key_rotation, KeyId=keys.id) == "UnsupportedOperationException"
    assert keys.refusal(keys.kms(SECOND).disable_key_rotation, KeyId=keys.id) == "UnsupportedOperationException"
    access_key, secret = keys.twin.keys[ACCOUNT]
    unchecked = keys.twin.client_with(
        "kms", HOME, aws_access_key_id=access_key, aws_secret_access_key=secret, config=Config(parameter_validation=False)
    )
    assert keys.refusal(unchecked.enable_key_rotation, KeyId=keys.id, RotationPeriodInDays=30) == "ValidationException"
    keys.kms(HOME).disable_key(KeyId=keys.id)
    assert keys.refusal(keys.kms(HOME).enable_key_rotation, KeyId=keys.id) == "DisabledException"


def test_a_primary_is_deleted_after_its_replicas(keys: Keys) -> None:
    """It waits for them; its own period begins when the last of them is gone; then it is gone too."""
    keys.replicate(SECOND)
    scheduled = keys.kms(HOME).schedule_key_deletion(KeyId=keys.id, PendingWindowInDays=7)
    assert (scheduled["KeyId"], scheduled["KeyState"]) == (keys.arn(HOME), "PendingReplicaDeletion")
    assert "DeletionDate" not in scheduled
    assert keys.metadata(HOME)["PendingDeletionWindowInDays"] == 7
    keys.twin.advance("40d")
    assert keys.metadata(HOME)["KeyState"] == "PendingReplicaDeletion"
    assert keys.refusal(keys.kms(HOME).encrypt, KeyId=keys.id, Plaintext=b"x") == "KMSInvalidStateException"
    scheduled = keys.kms(SECOND).schedule_key_deletion(KeyId=keys.id, PendingWindowInDays=10)
    assert scheduled["KeyState"] == "PendingDeletion"
    keys.twin.advance("11d")
    assert keys.refusal(keys.kms(SECOND).describe_key, KeyId=keys.id) == "NotFoundException"
    found = keys.metadata(HOME)
    assert (found["KeyState"], found["MultiRegionConfiguration"]["ReplicaKeys"]) == ("PendingDeletion", [])
    assert found["DeletionDate"] > scheduled["DeletionDate"]
    keys.twin.advance("7d")
    assert keys.refusal(keys.kms(HOME).describe_key, KeyId=keys.id) == "NotFoundException"


def test_a_deletion_that_is_cancelled_leaves_the_key_disabled(keys: Keys) -> None:
    """Enabled again it works; what waits for deletion changes in no other way."""
    home = keys.kms(HOME)
    assert keys.refusal(home.cancel_key_deletion, KeyId=keys.id) == "KMSInvalidStateException"
    assert keys.refusal(home.schedule_key_deletion, KeyId=keys.id, PendingWindowInDays=6) == "ValidationException"
    home.schedule_key_deletion(KeyId=keys.id)
    for call in (home.enable_key, home.disable_key, home.schedule_key_deletion, home.enable_key_rotation):
        assert keys.refusal(call, KeyId=keys.id) == "KMSInvalidStateException"
    assert keys.refusal(home.replicate_key, KeyId=keys.id, ReplicaRegion=SECOND) == "KMSInvalidStateException"
    assert home.cancel_key_deletion(KeyId=keys.id)["KeyId"] == keys.arn(HOME)
    assert keys.metadata(HOME)["KeyState"] == "Disabled"
    keys.twin.advance("40d")
    home.enable_key(KeyId=keys.id)
    assert home.encrypt(KeyId=keys.id, Plaintext=b"x")["KeyId"] == keys.arn(HOME)


def test_a_replica_that_is_gone_can_be_made_again(keys: Keys) -> None:
    """Its Region is free after the period, with nothing left of the old one."""
    keys.replicate(SECOND, Tags=[{"TagKey": "old", "TagValue": "1"}])
    keys.kms(SECOND).create_alias(AliasName="alias/old", TargetKeyId=keys.id)
    keys.kms(SECOND).schedule_key_deletion(KeyId=keys.id, PendingWindowInDays=7)
    assert keys.refusal(keys.kms(HOME).replicate_key, KeyId=keys.id, ReplicaRegion=SECOND) == "AlreadyExistsException"
    keys.twin.advance("8d")
    assert keys.family(HOME) == ("PRIMARY", HOME, [])
    keys.replicate(SECOND)
    assert keys.kms(SECOND).list_resource_tags(KeyId=keys.id)["Tags"] == []
    assert keys.refusal(keys.kms(SECOND).describe_key, KeyId="alias/old") == "NotFoundException"
