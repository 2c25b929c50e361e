"""Other AWS services behind the twin's door: what moto does, unharmed by our listener and dispatcher."""

import io
import threading
from typing import Any

import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError

SHOP = "555555555555"


@pytest.fixture
def bucket(twin: Any) -> str:
    twin.client("s3", account=SHOP).create_bucket(Bucket="platform-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    return "platform-bucket"


def test_s3_keeps_odd_keys_metadata_and_ranges(twin: Any, bucket: str) -> None:
    """Keys with blanks, percent signs and letters beyond ASCII, metadata with underscores, HEAD and ranges survive the way."""
    s3 = twin.client("s3", account=SHOP)
    place = {"Bucket": bucket, "Key": "a b/ü %20+.txt"}
    s3.put_object(**place, Body=b"hello", Metadata={"my_key": "v", "other-key": "w"})
    head = s3.head_object(**place)
    assert (head["ContentLength"], head["Metadata"]) == (5, {"my_key": "v", "other-key": "w"})
    assert s3.get_object(**place, Range="bytes=1-3")["Body"].read() == b"ell"
    assert urllib3.PoolManager().request("GET", s3.generate_presigned_url("get_object", Params=place)).data == b"hello"
    with pytest.raises(ClientError) as caught:
        s3.head_object(Bucket=bucket, Key="nothing")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    body = bytes(range(256)) * 40_000  # 10 MB: in parts
    s3.upload_fileobj(io.BytesIO(body), bucket, "big")
    copy = io.BytesIO()
    s3.download_fileobj(bucket, "big", copy)
    assert copy.getvalue() == body


def test_many_clients_at_once(twin: Any) -> None:
    """Sixteen threads in several accounts and Regions get their own answers."""
    wrong: list[str] = []
    access = {account: twin.client("sts", account=account) for account in twin.keys}
    many = twin.client_with(
        "backup", aws_access_key_id=twin.keys[SHOP][0], aws_secret_access_key="test", config=Config(max_pool_connections=16)
    )

    def work(account: str) -> None:
        for _ in range(20):
            if access[account].get_caller_identity()["Account"] != account:
                wrong.append(account)
            many.list_backup_plans()

    threads = [threading.Thread(target=work, args=(account,)) for account in list(twin.keys) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_managed_keys_are_managed_by_aws(twin: Any) -> None:
    """A key behind alias/aws/… says that AWS manages it."""
    kms = twin.client("kms", account=SHOP)
    assert kms.describe_key(KeyId="alias/aws/rds")["KeyMetadata"]["KeyManager"] == "AWS"
    assert kms.describe_key(KeyId="alias/data")["KeyMetadata"]["KeyManager"] == "CUSTOMER"
    assert kms.encrypt(KeyId="alias/data", Plaintext=b"x")["CiphertextBlob"]


def test_key_pairs_that_are_made_late_work(twin: Any) -> None:
    """Asymmetric KMS keys sign and verify as before."""
    kms = twin.client("kms", account=SHOP)
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    signed = kms.sign(KeyId=key, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")
    assert kms.verify(KeyId=key, Message=b"m", Signature=signed["Signature"], SigningAlgorithm="ECDSA_SHA_256")["SignatureValid"]
