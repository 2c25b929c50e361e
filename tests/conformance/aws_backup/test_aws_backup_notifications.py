"""Vault notifications and events through boto3: each operation written and read back, refused, and what arrives in a queue."""

import json
from datetime import datetime, timedelta

import pytest


def _queue(aws, what):
    """A queue that a topic or a rule may send to: its URL and ARN."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=aws.name(what))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    senders = {"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}
    statement = {"Effect": "Allow", "Principal": senders, "Action": "sqs:SendMessage", "Resource": arn}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})})
    return url, arn


def _received(aws, url):
    """Everything that lies in a queue."""
    sqs, found = aws.client("sqs"), []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(message["Body"]) for message in messages]
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def _topic(aws, *, service="backup.amazonaws.com", **attributes):
    """A topic that lets a service in."""
    sns = aws.client("sns")
    arn = sns.create_topic(Name=aws.name("conformance"), Attributes=attributes)["TopicArn"]
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "SNS:Publish", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    return arn


def _told(aws, topic, events):
    """What a queue behind a topic gets when a table is backed up into a new vault, with the job."""
    backup, vault, (url, queue) = aws.client("backup"), aws.name("conformance"), _queue(aws, "notices")
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    backup.create_backup_vault(BackupVaultName=vault)
    backup.put_backup_vault_notifications(BackupVaultName=vault, SNSTopicArn=topic, BackupVaultEvents=events)
    job = backup.start_backup_job(BackupVaultName=vault, ResourceArn=aws.table(), IamRoleArn=aws.role())["BackupJobId"]
    aws.advance("1h")
    return _received(aws, url), backup.describe_backup_job(BackupJobId=job)


def test_notifications_are_kept_replaced_and_removed(aws):
    """One topic a vault; a put replaces the whole configuration."""
    backup, vault, topic = aws.client("backup"), aws.name("conformance"), _topic(aws)
    backup.create_backup_vault(BackupVaultName=vault)
    assert aws.refusal(backup.get_backup_vault_notifications, BackupVaultName=vault)[0] == "ResourceNotFoundException"
    for events in (["BACKUP_JOB_STARTED", "COPY_JOB_FAILED"], ["RESTORE_JOB_COMPLETED"]):
        backup.put_backup_vault_notifications(BackupVaultName=vault, SNSTopicArn=topic, BackupVaultEvents=events)
        found = backup.get_backup_vault_notifications(BackupVaultName=vault)
        assert (found["SNSTopicArn"], found["BackupVaultEvents"]) == (topic, events)
    backup.delete_backup_vault_notifications(BackupVaultName=vault)
    assert aws.refusal(backup.get_backup_vault_notifications, BackupVaultName=vault)[0] == "ResourceNotFoundException"
    backup.delete_backup_vault(BackupVaultName=vault)


def test_only_a_standard_topic_of_the_same_account_and_region_is_taken(aws):
    """FIFO topics, topics elsewhere and other ARNs are refused, as are vaults that nobody has and events that don't exist."""
    backup, vault = aws.client("backup"), aws.name("conformance")
    backup.create_backup_vault(BackupVaultName=vault)
    put, good = backup.put_backup_vault_notifications, f"arn:aws:sns:{aws.region}:{aws.account}:alerts"
    for topic in (
        f"{good}.fifo",
        good.replace(aws.account, "123456789012"),
        good.replace(aws.region, "ap-south-1"),
        f"arn:aws:sqs:{aws.region}:{aws.account}:alerts",
        "alerts",
    ):
        refusal = aws.refusal(put, BackupVaultName=vault, SNSTopicArn=topic, BackupVaultEvents=["COPY_JOB_FAILED"])
        assert refusal[0] == "InvalidParameterValueException"
    unknown = aws.refusal(put, BackupVaultName=vault, SNSTopicArn=good, BackupVaultEvents=["COFFEE_JOB_FAILED"])
    assert unknown[0] == "InvalidParameterValueException"
    nowhere = aws.refusal(put, BackupVaultName=aws.name("none"), SNSTopicArn=good, BackupVaultEvents=["COPY_JOB_FAILED"])
    assert nowhere[0] == "ResourceNotFoundException"
    backup.delete_backup_vault(BackupVaultName=vault)


@pytest.mark.aws_costs
def test_e16_the_topic_is_told_with_the_documented_attributes(aws):
    """The end of a job arrives with its text and its five attributes, in steps of five minutes, and nothing else arrives."""
    messages, job = _told(aws, _topic(aws), ["BACKUP_JOB_COMPLETED"])
    (message,) = messages
    assert message["Subject"] == "Notification from AWS Backup"
    assert message["Message"].startswith("An AWS Backup job was completed successfully. Recovery point ARN: ")
    assert job["RecoveryPointArn"] in message["Message"]
    attributes = {name: each["Value"] for name, each in message["MessageAttributes"].items()}
    started = datetime.fromisoformat(attributes.pop("StartTime"))
    assert started == job["CreationDate"]
    known = {"EventType": "BACKUP_JOB", "State": "COMPLETED", "AccountId": aws.account, "Id": job["BackupJobId"]}
    assert attributes == known
    at = datetime.fromisoformat(message["Timestamp"])
    assert (at.minute % 5, timedelta(0) <= at - job["CompletionDate"] < timedelta(minutes=5)) == (0, True)


@pytest.mark.aws_costs
def test_completed_is_told_of_every_end(aws):
    """BACKUP_JOB_COMPLETED comes for failed jobs too: the attribute State tells them apart."""
    backup, vault, topic, (url, queue) = aws.client("backup"), aws.name("conformance"), _topic(aws), _queue(aws, "notices")
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    backup.create_backup_vault(BackupVaultName=vault)
    backup.put_backup_vault_notifications(
        BackupVaultName=vault, SNSTopicArn=topic, BackupVaultEvents=["BACKUP_JOB_STARTED", "BACKUP_JOB_COMPLETED"]
    )
    gone = f"arn:aws:dynamodb:{aws.region}:{aws.account}:table/{aws.name('none')}"
    backup.start_backup_job(BackupVaultName=vault, ResourceArn=gone, IamRoleArn=aws.role())
    aws.advance("1h")
    assert [message["MessageAttributes"]["State"]["Value"] for message in _received(aws, url)] == ["FAILED"]


@pytest.mark.aws_costs
def test_fm22_a_closed_topic_hears_nothing(aws):
    """FM22: without the service in its policy, or encrypted with aws/sns, a topic gets nothing, and the job is green."""
    for topic in (_topic(aws, service="events.amazonaws.com"), _topic(aws, KmsMasterKeyId="alias/aws/sns")):
        messages, job = _told(aws, topic, ["BACKUP_JOB_COMPLETED"])
        assert (messages, job["State"]) == ([], "COMPLETED")


@pytest.mark.aws_costs
def test_a_topic_under_a_customer_key_hears_if_the_key_lets_the_service_in(aws):
    """The key's policy must allow the service to generate data keys and to decrypt."""
    kms = aws.client("kms")
    service = {"Service": "backup.amazonaws.com"}
    owner = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"}, "Action": "kms:*", "Resource": "*"}
    use = {"Effect": "Allow", "Principal": service, "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*"}
    for statements, heard in (([owner], 0), ([owner, use], 1)):
        key = kms.create_key(Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))["KeyMetadata"]["KeyId"]
        messages, _ = _told(aws, _topic(aws, KmsMasterKeyId=key), ["BACKUP_JOB_COMPLETED"])
        assert len(messages) == heard


@pytest.mark.aws_costs
def test_e16_events_reach_queues_and_topics_of_rules(aws):
    """The state changes of a job arrive at the targets of a rule on the default bus, with the fields of their state."""
    events, rule, (url, queue), (behind, behind_arn) = aws.client("events"), aws.name("rule"), _queue(aws, "events"), _queue(aws, "topic")
    topic = _topic(aws, service="events.amazonaws.com")
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=behind_arn)
    pattern = {"source": ["aws.backup"], "detail-type": ["Backup Job State Change", "Recovery Point State Change"]}
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": queue}, {"Id": "topic", "Arn": topic}])
    point = aws.point(Lifecycle={"DeleteAfterDays": 1})
    aws.advance("2d")
    events.remove_targets(Rule=rule, Ids=["queue", "topic"])
    events.delete_rule(Name=rule)
    received = [event for event in _received(aws, url) if point["RecoveryPointArn"] in json.dumps(event) or event["detail"].get("state")]
    told = [(event["detail-type"].split()[0], event["detail"].get("state") or event["detail"]["status"]) for event in received]
    own = [("Backup", "CREATED"), ("Backup", "RUNNING"), ("Recovery", "COMPLETED"), ("Backup", "COMPLETED"), ("Recovery", "DELETED")]
    assert [each for each in own if each in told] == own
    ended = next(
        event for event in received if event["detail"].get("state") == "COMPLETED" and event["resources"] == [point["RecoveryPointArn"]]
    )
    assert (ended["source"], ended["account"], ended["region"]) == ("aws.backup", aws.account, aws.region)
    assert ended["detail"]["backupVaultName"] == point["BackupVaultName"]
    first = next(event for event in received if event["detail"].get("state") == "CREATED")
    assert datetime.fromisoformat(ended["time"]) >= datetime.fromisoformat(first["time"])
    assert set(first["detail"]) == {"backupJobId", "state", "creationDate"}
    relayed = [json.loads(message["Message"]) for message in _received(aws, behind)]
    assert ended["id"] in {event["id"] for event in relayed}


@pytest.mark.aws_costs
def test_e16_events_tell_of_plans_vaults_opt_ins_and_indexes(aws):
    """What somebody sets up is told too, each kind with its own words."""
    backup, events, rule, (url, queue) = aws.client("backup"), aws.client("events"), aws.name("rule"), _queue(aws, "changes")
    kinds = ["Backup Plan", "Backup Vault", "Region Setting", "Recovery Point Index"]
    pattern = {"source": ["aws.backup"], "detail-type": [f"{kind} State Change" for kind in kinds]}
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": queue}])
    opted = backup.describe_region_settings()["ResourceTypeOptInPreference"]["S3"]
    backup.update_region_settings(ResourceTypeOptInPreference={"S3": True})
    bucket = aws.name("indexed").replace("_", "-")
    aws.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})
    aws.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    vault = aws.name("conformance")
    backup.create_backup_vault(BackupVaultName=vault)
    backup.put_backup_vault_lock_configuration(BackupVaultName=vault, MinRetentionDays=1)
    backup.delete_backup_vault_lock_configuration(BackupVaultName=vault)
    backup.start_backup_job(BackupVaultName=vault, ResourceArn=f"arn:aws:s3:::{bucket}", IamRoleArn=aws.role())
    planned = {"RuleName": "daily", "TargetBackupVaultName": vault, "ScheduleExpression": "cron(0 5 ? * * *)"}
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": vault, "Rules": [planned]})["BackupPlanId"]
    backup.update_backup_plan(BackupPlanId=plan, BackupPlan={"BackupPlanName": vault, "Rules": [planned | {"StartWindowMinutes": 90}]})
    backup.delete_backup_plan(BackupPlanId=plan)
    aws.advance("1h")
    (point,) = backup.list_recovery_points_by_backup_vault(BackupVaultName=vault)["RecoveryPoints"]
    named = {"BackupVaultName": vault, "RecoveryPointArn": point["RecoveryPointArn"]}
    for index in ("ENABLED", "DISABLED"):
        backup.update_recovery_point_index_settings(**named, IamRoleArn=aws.role(), Index=index)
        aws.advance("1h")
    backup.delete_recovery_point(**named)
    backup.delete_backup_vault(BackupVaultName=vault)
    backup.update_region_settings(ResourceTypeOptInPreference={"S3": opted})
    aws.advance("10m")
    events.remove_targets(Rule=rule, Ids=["queue"])
    events.delete_rule(Name=rule)

    told: dict[str, list[tuple[str, ...]]] = {kind: [] for kind in kinds}
    for event in sorted(_received(aws, url), key=lambda event: event["time"]):
        detail = event["detail"]
        told[event["detail-type"].removesuffix(" State Change")].append(
            tuple(str(detail[name]) for name in ("state", "isLocked", "indexStatus", "ResourceTypeOptInPreference") if name in detail)
        )
    assert told["Backup Plan"] == [("CREATED",), ("MODIFIED",), ("DELETED",)]
    assert told["Backup Vault"] == [("CREATED", "false"), ("MODIFIED", "true"), ("MODIFIED", "false"), ("DELETED", "false")]
    assert told["Region Setting"] == [("{'S3': True}",), (str({"S3": opted}),)]
    assert told["Recovery Point Index"] == [("ACTIVE",), ("DELETED",)]
