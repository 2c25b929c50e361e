"""Bucket policies: a statement says something where its condition holds, and nothing elsewhere."""

import json
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

SHOP = "555555555555"


def _statement(bucket, **more):
    return {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*", **more}


@pytest.fixture
def bucket(twin):
    """`bucket.make(name, statement)` makes a bucket with an object and a policy of one statement; `bucket.read(name)` reads the object."""
    s3 = twin.client("s3", account=SHOP)

    def make(name, statement):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": twin.region})
        s3.put_object(Bucket=name, Key="report.csv", Body=b"a,b\n")
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    return SimpleNamespace(make=make, read=lambda name: s3.get_object(Bucket=name, Key="report.csv")["Body"].read())


def test_denial_without_tls_denies_nothing_with_it(bucket):
    """The twin's clients are as if they came over TLS, as AWS's do."""
    bucket.make("tls-only", _statement("tls-only", Condition={"Bool": {"aws:SecureTransport": "false"}}))
    assert bucket.read("tls-only") == b"a,b\n"


def test_denial_without_a_condition_denies(bucket):
    """Nobody reads what everybody is denied."""
    bucket.make("closed-to-all", _statement("closed-to-all"))
    with pytest.raises(ClientError) as refused:
        bucket.read("closed-to-all")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
