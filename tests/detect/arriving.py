"""Faults in where messages go, and in trusted access: planted over the wire, each repaired when its `with` ends."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.detect.conftest import World
from tests.detect.shuffling import Shuffled
from tests.detect.silent import SETTABLE
from tests.detect.watched import ADDRESS, Planted, confirm, governed, topic

BACKUP = "backup.amazonaws.com"


@contextmanager
def topic_gone(world: World, it: Shuffled) -> Iterator[Planted]:
    """The topic of the alerts is deleted in one Region; in the end it is made anew, and its subscriber says yes again."""
    region = it.other_region
    sns, arn = world.client("sns", it.central, region), topic(it, region)
    before = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    tags = sns.list_tags_for_resource(ResourceArn=arn)["Tags"]
    sns.delete_topic(TopicArn=arn)
    yield Planted(code="VRF110", mode="FM22", says="the topic does not exist", about=f"{it.strategy}-alerts")
    kept = {name: before[name] for name in ("Policy", "KmsMasterKeyId", "DisplayName") if before.get(name)}
    sns.create_topic(Name=arn.rpartition(":")[2], Attributes=kept, Tags=tags)
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint=ADDRESS)
    confirm(world, it)


@contextmanager
def topic_first_in_first_out(world: World, it: Shuffled) -> Iterator[Planted]:
    """An alarm on failed backups sends to a FIFO topic."""
    account, region = governed(it), it.home_region
    sns, cloudwatch = (world.client(name, account, region) for name in ("sns", "cloudwatch"))
    arn = sns.create_topic(Name="in-order.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    name = f"{it.strategy}-watch-backup-failed-{it.local_vault}"
    alarm = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    settings = {each: alarm[each] for each in SETTABLE if each in alarm}
    cloudwatch.put_metric_alarm(**{**settings, "AlarmActions": [arn]})
    yield Planted(code="VRF110", mode="FM22", says="it is a FIFO topic", about="in-order.fifo")
    cloudwatch.put_metric_alarm(**settings)
    sns.delete_topic(TopicArn=arn)


@contextmanager
def topic_of_a_vault_gone(world: World, it: Shuffled) -> Iterator[Planted]:
    """The central vault tells a topic of its own, which somebody deletes."""
    with _vault_tells(world, it) as (sns, arn):
        sns.delete_topic(TopicArn=arn)
        yield Planted(code="VRF110", mode="FM22", says="the topic does not exist", about="vault-news")


@contextmanager
def topic_of_a_vault_refuses(world: World, it: Shuffled) -> Iterator[Planted]:
    """The central vault tells a topic of its own, whose policy knows nothing of AWS Backup."""
    with _vault_tells(world, it) as (sns, arn):
        yield Planted(code="VRF110", mode="FM22", says="its policy does not let AWS Backup send to it", about="vault-news")
        sns.delete_topic(TopicArn=arn)


@contextmanager
def queue_key_of_aws(world: World, it: Shuffled) -> Iterator[Planted]:
    """The queue of all events is encrypted with the AWS-managed key."""
    with _queue_key(world, it, "alias/aws/sqs"):
        yield Planted(code="VRF112", mode="FM22", says="it is encrypted with an AWS-managed key", about=f"queue {it.strategy}-events")


@contextmanager
def queue_key_closed(world: World, it: Shuffled) -> Iterator[Planted]:
    """The queue of all events gets a key that its account administers, and that no service may use."""
    kms = world.client("kms", it.central, it.home_region)
    root = {"AWS": f"arn:aws:iam::{it.central}:root"}
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}]}
    key = kms.create_key(Policy=json.dumps(policy))["KeyMetadata"]
    with _queue_key(world, it, key["Arn"]):
        says = "the policy of its key does not let EventBridge use it"
        yield Planted(code="VRF112", mode="FM22", says=says, about=f"queue {it.strategy}-events")
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)


@contextmanager
def backup_not_trusted(world: World, it: Shuffled) -> Iterator[Planted]:
    """Somebody has switched trusted access of AWS Backup off, which AWS allows when nobody administers it any more."""
    organizations = world.client("organizations", it.management, it.home_region)
    organizations.deregister_delegated_administrator(AccountId=it.backup_admin, ServicePrincipal=BACKUP)
    organizations.disable_aws_service_access(ServicePrincipal=BACKUP)
    yield Planted(code="VRF124", mode="FM23", says="trusted access of AWS Backup is off", about="trusted access")
    organizations.enable_aws_service_access(ServicePrincipal=BACKUP)
    organizations.register_delegated_administrator(AccountId=it.backup_admin, ServicePrincipal=BACKUP)


@contextmanager
def _vault_tells(world: World, it: Shuffled) -> Iterator[tuple[Any, str]]:
    """Let the central vault tell a topic to which somebody has subscribed."""
    sns, backup = (world.client(name, it.central, it.home_region) for name in ("sns", "backup"))
    vault = next(each["BackupVaultName"] for each in backup.list_backup_vaults()["BackupVaultList"] if each["BackupVaultName"] != "Default")
    arn = sns.create_topic(Name="vault-news")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint=ADDRESS)
    confirm(world, it)
    backup.put_backup_vault_notifications(BackupVaultName=vault, SNSTopicArn=arn, BackupVaultEvents=["COPY_JOB_FAILED"])
    yield sns, arn
    backup.delete_backup_vault_notifications(BackupVaultName=vault)


@contextmanager
def _queue_key(world: World, it: Shuffled, key: str) -> Iterator[None]:
    sqs = world.client("sqs", it.central, it.home_region)
    url = sqs.get_queue_url(QueueName=f"{it.strategy}-events")["QueueUrl"]
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"].get("KmsMasterKeyId", "")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": key})
    yield
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"KmsMasterKeyId": before})
