"""Which types an ARN can be about."""

import pytest

from strongroom.checks.arntypes import types_of
from strongroom.domain.names import ResourceType
from strongroom.facts.authorization import arn_forms


@pytest.mark.parametrize("kind", ResourceType)
def test_every_type_is_known_by_its_own_arn(kind):
    """No resource that AWS Backup protects is called unknown to it."""
    form = arn_forms(kind).source
    assert kind in types_of(form.format(partition="aws", region="eu-west-2", account="111122223333"))


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("arn:aws:dynamodb:eu-west-2:111122223333:table/*", {ResourceType.DYNAMODB}),
        ("arn:aws:ec2:eu-west-2:111122223333:*", {ResourceType.EBS, ResourceType.EC2}),
        ("arn:aws:ec2:*", {ResourceType.EBS, ResourceType.EC2}),
        ("arn:aws:ec2:eu-west-2:111122223333:subnet/subnet-1", set()),
        ("arn:aws:ecs:eu-west-2:111122223333:cluster/shop", set()),
        ("arn:aws:s3:::logs-*", {ResourceType.S3}),
        ("arn:aws:*", set(ResourceType)),
    ],
)
def test_types_are_as_service_and_kind_of_resource_say(arn, expected):
    """A pattern that ends early leaves all types open that could follow."""
    assert set(types_of(arn)) == expected
