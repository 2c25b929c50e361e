"""Resource types of stacks: every property that a template sets is read back from the service, changed in place, and gone at the end."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conformance.stacked import (
    ACCOUNT,
    ALARM,
    BACKUP,
    BUCKET,
    EVENTS,
    EVERYTHING,
    KEY_POLICY,
    METRICS,
    OWN,
    READING,
    REGION,
    ROLE,
    TAGS,
    WRITING,
    Stack,
    arn_of,
    policy,
)

NAME = "types"


@pytest.fixture(scope="module")
def stack(twin: Any) -> Iterator[Stack]:
    """One stack with a resource of every type, for the tests that read."""
    made = Stack(twin, NAME)
    assert made.put(EVERYTHING, tags={"strategy": "types"}) == "CREATE_COMPLETE", made.failures()
    yield made
    made.cloudformation.delete_stack(StackName=NAME)


def tag_pairs(tags: Any) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in tags}


ALL_TAGS = {"team": "backup", "strategy": "types"}


def test_a_topic_has_its_attributes_subscriptions_and_policy(stack: Stack) -> None:
    """Name, display name, key, signature, tracing, tags of both kinds; the policy is the one of the template."""
    sns, arn = stack.client("sns"), stack.physical()["Topic"]
    assert arn == f"arn:aws:sns:{REGION}:{ACCOUNT}:types-topic"
    shown = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    wanted = {"DisplayName": "Backups", "KmsMasterKeyId": "alias/types", "SignatureVersion": "2", "TracingConfig": "Active"}
    assert {name: shown[name] for name in wanted} == wanted
    assert json.loads(shown["Policy"]) == policy("sns:Publish", arn)
    assert tag_pairs(sns.list_tags_for_resource(ResourceArn=arn)["Tags"]) == ALL_TAGS
    found = {each["Protocol"]: each for each in sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]}
    assert found["email"]["Endpoint"] == "first@example.com"
    attributes = sns.get_subscription_attributes(SubscriptionArn=stack.physical()["Subscription"])["Attributes"]
    assert (attributes["RawMessageDelivery"], json.loads(attributes["FilterPolicy"])) == ("true", {"state": ["FAILED"]})
    assert attributes["Endpoint"] == f"arn:aws:sqs:{REGION}:{ACCOUNT}:types-queue"


def test_a_queue_has_its_attributes_and_its_policy(stack: Stack) -> None:
    """Redrive, KMS, timeouts and the policy; a queue without a name gets one from the stack."""
    sqs, physical = stack.client("sqs"), stack.physical()
    assert physical["Queue"] == f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/types-queue"
    shown = sqs.get_queue_attributes(QueueUrl=physical["Queue"], AttributeNames=["All"])["Attributes"]
    wanted = {"KmsMasterKeyId": "alias/types", "KmsDataKeyReusePeriodSeconds": "600", "VisibilityTimeout": "120"}
    assert {name: shown[name] for name in wanted} == wanted
    assert shown["SqsManagedSseEnabled"] == "false"
    dead = physical["Dead"].rpartition("/")[2]
    assert dead.startswith("types-Dead-")
    target = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{dead}"
    assert json.loads(shown["RedrivePolicy"]) == {"deadLetterTargetArn": target, "maxReceiveCount": 5}
    assert json.loads(shown["RedriveAllowPolicy"]) == {"redrivePermission": "denyAll"}
    assert json.loads(shown["Policy"]) == policy("sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:types-queue")
    assert sqs.list_queue_tags(QueueUrl=physical["Queue"])["Tags"] == ALL_TAGS
    other = sqs.get_queue_attributes(QueueUrl=physical["Dead"], AttributeNames=["All"])["Attributes"]
    assert (other["MessageRetentionPeriod"], other["SqsManagedSseEnabled"]) == ("1209600", "true")


def test_a_bus_has_a_policy_of_several_statements_and_its_key(stack: Stack) -> None:
    """Two policies of the same principal are two statements of one policy."""
    shown = stack.client("events").describe_event_bus(Name="types-bus")
    assert (shown["Description"], shown["KmsKeyIdentifier"]) == ("backups of all accounts", "alias/types")
    assert shown["DeadLetterConfig"]["Arn"].startswith(f"arn:aws:sqs:{REGION}:{ACCOUNT}:types-Dead-")
    statements = {each["Sid"]: each for each in json.loads(shown["Policy"])["Statement"]}
    assert statements["organization"]["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-first"}}
    assert statements["account"]["Resource"] == shown["Arn"]
    assert statements["account"]["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-second"}}
    assert tag_pairs(stack.client("events").list_tags_for_resource(ResourceARN=shown["Arn"])["Tags"]) == ALL_TAGS


def test_a_rule_has_its_pattern_and_every_part_of_its_target(stack: Stack) -> None:
    """Role, dead-letter queue, retries and input transformer of a target; state and role of the rule."""
    events = stack.client("events")
    shown = events.describe_rule(Name="types-rule", EventBusName="types-bus")
    assert (shown["State"], shown["RoleArn"], shown["Description"]) == ("DISABLED", ROLE, "failures")
    assert json.loads(shown["EventPattern"]) == EVENTS["Rule"]["Properties"]["EventPattern"]
    (target,) = events.list_targets_by_rule(Rule="types-rule", EventBusName="types-bus")["Targets"]
    assert target["Arn"] == f"arn:aws:sqs:{REGION}:{ACCOUNT}:types-queue"
    assert target["RoleArn"] == ROLE
    assert target["DeadLetterConfig"]["Arn"].startswith(f"arn:aws:sqs:{REGION}:{ACCOUNT}:types-Dead-")
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 5, "MaximumEventAgeInSeconds": 600}
    assert target["InputTransformer"]["InputPathsMap"] == {"job": "$.detail.backupJobId"}
    assert stack.physical()["Rule"] == "types-bus|types-rule"
    assert tag_pairs(events.list_tags_for_resource(ResourceARN=shown["Arn"])["Tags"]) == ALL_TAGS


def test_an_alarm_has_all_of_its_fields(stack: Stack) -> None:
    """Every field of PutMetricAlarm that a template can set is in DescribeAlarms."""
    topic = stack.physical()["Topic"]
    (shown,) = stack.client("cloudwatch").describe_alarms(AlarmNames=["types-alarm"])["MetricAlarms"]
    wanted = {name: [topic] if name.endswith("Actions") else value for name, value in ALARM.items()}
    assert {name: shown[name] for name in wanted} == wanted
    tags = stack.client("cloudwatch").list_tags_for_resource(ResourceARN=shown["AlarmArn"])["Tags"]
    assert tag_pairs(tags) == ALL_TAGS


def test_an_alarm_on_metric_math_keeps_its_metrics(stack: Stack) -> None:
    """Expression, label, the account of a metric, and which one is judged."""
    (shown,) = stack.client("cloudwatch").describe_alarms(AlarmNames=[stack.physical()["Sum"]])["MetricAlarms"]
    assert shown["Metrics"] == METRICS


def test_a_composite_alarm_names_the_alarms_under_it(stack: Stack) -> None:
    """The rule is text with the names of both, the actions are the topic."""
    found = stack.client("cloudwatch").describe_alarms(AlarmNames=["types-both"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert [(each["AlarmDescription"], each["AlarmActions"]) for each in found] == [("any", [stack.physical()["Topic"]])]
    assert found[0]["AlarmRule"] == f'ALARM("types-alarm") OR ALARM("{stack.physical()["Sum"]}")'


def test_a_dashboard_and_a_log_group_are_as_written(stack: Stack) -> None:
    """Body of the dashboard; retention, key and tags of the group."""
    assert stack.client("cloudwatch").get_dashboard(DashboardName="types")["DashboardBody"] == '{"widgets": []}'
    logs = stack.client("logs")
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/types/backup")["logGroups"]
    assert (group["retentionInDays"], group["kmsKeyId"]) == (30, f"arn:aws:kms:{REGION}:{ACCOUNT}:key/types")
    assert logs.list_tags_for_resource(resourceArn=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/types/backup")["tags"] == ALL_TAGS


def test_a_bucket_has_every_part_of_its_protection(stack: Stack) -> None:
    """Versioning, encryption by key, no public access, owner, lock, lifecycle, policy and tags."""
    s3 = stack.client("s3")
    bucket = {"Bucket": "types-reports"}
    assert s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/types"}
    assert rule["BucketKeyEnabled"]
    assert s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"] == BUCKET["PublicAccessBlockConfiguration"]
    assert s3.get_bucket_ownership_controls(**bucket)["OwnershipControls"] == BUCKET["OwnershipControls"]
    lock = s3.get_object_lock_configuration(**bucket)["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert (lock["Mode"], lock["Days"]) == ("GOVERNANCE", 30)
    (lifecycle,) = s3.get_bucket_lifecycle_configuration(**bucket)["Rules"]
    assert lifecycle["Expiration"] == {"Days": 400}
    assert lifecycle["Filter"] == {"Prefix": "reports/"}
    assert lifecycle["Transitions"] == [{"Days": 90, "StorageClass": "GLACIER"}]
    assert lifecycle["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert lifecycle["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert json.loads(s3.get_bucket_policy(**bucket)["Policy"]) == policy(
        "s3:PutObject", "arn:aws:s3:::types-reports/*", "backup.amazonaws.com"
    )
    assert tag_pairs(s3.get_bucket_tagging(**bucket)["TagSet"]) == ALL_TAGS


def test_a_configuration_recorder_runs_once_its_channel_is_there(stack: Stack) -> None:
    """Recorder and channel are as written, and the stack has started the recorder."""
    config = stack.client("config")
    (recorder,) = config.describe_configuration_recorders()["ConfigurationRecorders"]
    assert (recorder["roleARN"], recorder["recordingGroup"]["allSupported"]) == (ROLE, True)
    assert config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"][0]["recording"]
    (channel,) = config.describe_delivery_channels()["DeliveryChannels"]
    assert (channel["s3BucketName"], channel["s3KeyPrefix"]) == ("types-reports", "config")
    assert channel["configSnapshotDeliveryProperties"] == {"deliveryFrequency": "Six_Hours"}
    assert channel["snsTopicARN"] == stack.physical()["Topic"]


def test_a_framework_and_a_report_plan_are_those_of_aws_backup(stack: Stack) -> None:
    """Controls with parameters and scope, delivery channel and setting, tags of both kinds."""
    backup = stack.client("backup")
    shown = backup.describe_framework(FrameworkName="types_framework")
    controls = {each["ControlName"]: each for each in shown["FrameworkControls"]}
    assert controls["BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN"]["ControlScope"] == {
        "ComplianceResourceTypes": ["EBS"],
        "Tags": {"environment": "prod"},
    }
    parameters = controls["BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK"]["ControlInputParameters"]
    assert {each["ParameterName"]: each["ParameterValue"] for each in parameters}["requiredRetentionDays"] == "35"
    assert (shown["FrameworkDescription"], shown["DeploymentStatus"]) == ("what we promise", "COMPLETED")
    assert stack.physical()["Framework"] == shown["FrameworkArn"]
    assert backup.list_tags(ResourceArn=shown["FrameworkArn"])["Tags"] == ALL_TAGS
    report = backup.describe_report_plan(ReportPlanName="types_report")["ReportPlan"]
    assert report["ReportDeliveryChannel"] == {"S3BucketName": "types-reports", "S3KeyPrefix": "jobs", "Formats": ["CSV", "JSON"]}
    assert report["ReportSetting"] == {"ReportTemplate": "BACKUP_JOB_REPORT", "Accounts": [ACCOUNT], "Regions": [REGION]}
    assert backup.list_tags(ResourceArn=report["ReportPlanArn"])["Tags"] == ALL_TAGS


def test_a_restore_test_is_that_of_aws_backup(stack: Stack) -> None:
    """Plan with schedule, zone, window and selection of points; selection with conditions and overrides."""
    backup = stack.client("backup")
    plan = backup.get_restore_testing_plan(RestoreTestingPlanName="types_test")["RestoreTestingPlan"]
    assert (plan["ScheduleExpressionTimezone"], plan["StartWindowHours"]) == ("Europe/London", 4)
    wanted = BACKUP["Test"]["Properties"]["RecoveryPointSelection"] | {"SelectionWindowDays": 7}
    assert plan["RecoveryPointSelection"] == wanted
    assert backup.list_tags(ResourceArn=plan["RestoreTestingPlanArn"])["Tags"] == ALL_TAGS
    selection = backup.get_restore_testing_selection(RestoreTestingPlanName="types_test", RestoreTestingSelectionName="volumes")
    shown = selection["RestoreTestingSelection"]
    wanted = BACKUP["TestSelection"]["Properties"] | {"RestoreTestingPlanName": "types_test"}
    assert {name: shown[name] for name in wanted} == wanted


def test_nothing_of_a_fresh_stack_has_drifted(stack: Stack) -> None:
    """What every type reads back is what its template says."""
    client = stack.cloudformation
    client.detect_stack_drift(StackName=NAME)
    drifts = client.describe_stack_resource_drifts(StackName=NAME)["StackResourceDrifts"]
    assert {each["LogicalResourceId"]: each["PropertyDifferences"] for each in drifts} == {name: [] for name in EVERYTHING}
    assert {each["StackResourceDriftStatus"] for each in drifts} == {"IN_SYNC"}


CHANGES: dict[str, Any] = {
    "Topic": {"DisplayName": "Other", "KmsMasterKeyId": None, "Subscription": [{"Protocol": "email", "Endpoint": "second@example.com"}]},
    "Queue": {"VisibilityTimeout": None, "KmsMasterKeyId": "alias/other", "RedriveAllowPolicy": None, "Tags": []},
    "Subscription": {"RawMessageDelivery": None, "FilterPolicy": {"state": ["EXPIRED"]}},
    "Bus": {"Description": "others", "KmsKeyIdentifier": None},
    "Rule": {"State": "ENABLED", "EventPattern": {"source": ["aws.kms"]}, "Targets": [{"Id": "other", "Arn": arn_of("Queue")}]},
    "Alarm": {"Threshold": 2, "ActionsEnabled": True},
    "Both": {"AlarmDescription": "several"},
    "Dashboard": {"DashboardBody": '{"widgets": [], "start": "-PT3H"}'},
    "Logs": {"RetentionInDays": 90},
    "Bucket": {
        "PublicAccessBlockConfiguration": None,
        "LifecycleConfiguration": {"Rules": [{"Id": "new", "Status": "Enabled", "ExpirationInDays": 10}]},
        "Tags": [],
    },
    "Recorder": {"RecordingGroup": {"AllSupported": False, "ResourceTypes": ["AWS::Backup::BackupPlan"]}},
    "Channel": {"S3KeyPrefix": "other"},
    "Framework": {"FrameworkDescription": "less", "FrameworkTags": []},
    "Report": {"ReportSetting": {"ReportTemplate": "COPY_JOB_REPORT", "Accounts": [ACCOUNT], "Regions": [REGION]}},
    "Test": {"StartWindowHours": 6},
    "TestSelection": {"ValidationWindowHours": 3},
}


def changed(resources: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The resources with their changes; None takes a property away."""

    def properties(name: str) -> dict[str, Any]:
        both = {**resources[name]["Properties"], **changes.get(name, {})}
        return {key: value for key, value in both.items() if value is not None}

    return {name: {**body, "Properties": properties(name)} for name, body in resources.items()}


def test_properties_change_in_place_and_in_the_service(own_twin: Any) -> None:
    """No physical id changes; every service has the new values, and the stack's end leaves nothing behind."""
    made = Stack(own_twin, "changing")
    assert made.put(EVERYTHING, tags={"strategy": "types"}) == "CREATE_COMPLETE", made.failures()
    before = made.physical()
    assert made.put(changed(EVERYTHING, CHANGES), update=True, tags={"strategy": "other"}) == "UPDATE_COMPLETE", made.failures()
    assert made.physical() == before
    made.cloudformation.detect_stack_drift(StackName="changing")
    drifts = made.cloudformation.describe_stack_resource_drifts(StackName="changing")["StackResourceDrifts"]
    assert {each["LogicalResourceId"]: each["PropertyDifferences"] for each in drifts} == {name: [] for name in EVERYTHING}
    topic = made.client("sns").get_topic_attributes(TopicArn=before["Topic"])["Attributes"]
    assert (topic["DisplayName"], "KmsMasterKeyId" in topic) == ("Other", False)
    emails = made.client("sns").list_subscriptions_by_topic(TopicArn=before["Topic"])["Subscriptions"]
    assert {each["Endpoint"] for each in emails} >= {"second@example.com", f"arn:aws:sqs:{REGION}:{ACCOUNT}:types-queue"}
    assert not [each for each in emails if ":changing-Dead-" in each["Endpoint"]]
    queue = made.client("sqs").get_queue_attributes(QueueUrl=before["Queue"], AttributeNames=["All"])["Attributes"]
    assert (queue["VisibilityTimeout"], queue["KmsMasterKeyId"], "Policy" in queue) == ("30", "alias/other", True)
    assert made.client("sqs").list_queue_tags(QueueUrl=before["Queue"])["Tags"] == {"strategy": "other"}
    targets = made.client("events").list_targets_by_rule(Rule="types-rule", EventBusName="types-bus")["Targets"]
    assert [each["Id"] for each in targets] == ["other"]
    bus = made.client("events").describe_event_bus(Name="types-bus")
    assert (bus["Description"], "KmsKeyIdentifier" in bus, len(json.loads(bus["Policy"])["Statement"])) == ("others", False, 2)
    assert made.client("cloudwatch").describe_alarms(AlarmNames=["types-alarm"])["MetricAlarms"][0]["Threshold"] == 2
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        made.client("s3").get_public_access_block(Bucket="types-reports")
    assert tag_pairs(made.client("s3").get_bucket_tagging(Bucket="types-reports")["TagSet"]) == {"strategy": "other"}
    report = made.client("backup").describe_report_plan(ReportPlanName="types_report")["ReportPlan"]
    assert report["ReportSetting"]["ReportTemplate"] == "COPY_JOB_REPORT"
    selection = {"RestoreTestingPlanName": "types_test", "RestoreTestingSelectionName": "volumes"}
    assert made.client("backup").get_restore_testing_selection(**selection)["RestoreTestingSelection"]["ValidationWindowHours"] == 3

    made.cloudformation.delete_stack(StackName="changing")
    assert made.client("sns").list_topics()["Topics"] == []
    assert "QueueUrls" not in made.client("sqs").list_queues(QueueNamePrefix="types")
    assert [each["Name"] for each in made.client("events").list_event_buses()["EventBuses"]] == ["default"]
    assert made.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert made.client("config").describe_delivery_channels()["DeliveryChannels"] == []
    assert "types-reports" not in [each["Name"] for each in made.client("s3").list_buckets()["Buckets"]]
    assert made.client("backup").list_frameworks()["Frameworks"] == []
    assert made.client("backup").list_report_plans()["ReportPlans"] == []
    assert made.client("backup").list_restore_testing_plans()["RestoreTestingPlans"] == []


OWN_CHANGES: dict[str, Any] = {
    "Key": {"Description": "others", "EnableKeyRotation": False, "Tags": []},
    "Alias": {},
    "Role": {
        "Description": "copies",
        "MaxSessionDuration": 3600,
        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"],
        "Policies": [{"PolicyName": "second", "PolicyDocument": READING}],
        "Tags": [],
    },
    "Managed": {"PolicyDocument": WRITING},
    "Inline": {"PolicyDocument": WRITING},
    "Vault": {"AccessPolicy": policy("backup:StartBackupJob", "*", "backup.amazonaws.com"), "Notifications": None, "BackupVaultTags": {}},
    "Gap": {"BackupVaultTags": {}},
}


@pytest.fixture(scope="module")
def own(twin: Any) -> Iterator[Stack]:
    """One stack with our own types."""
    made = Stack(twin, "types-own", region="eu-west-1")
    assert made.put(OWN, tags={"strategy": "own"}) == "CREATE_COMPLETE", made.failures()
    yield made
    made.cloudformation.delete_stack(StackName="types-own")


def test_our_own_types_are_compared_with_their_templates_too(own: Stack) -> None:
    """Keys, aliases, roles, policies, vaults of both kinds, plans and selections: no drift after their creation."""
    own.cloudformation.detect_stack_drift(StackName="types-own")
    drifts = own.cloudformation.describe_stack_resource_drifts(StackName="types-own")["StackResourceDrifts"]
    assert {each["LogicalResourceId"]: each["PropertyDifferences"] for each in drifts} == {name: [] for name in OWN}


def test_a_role_has_its_trust_its_policies_and_its_tags(own: Stack) -> None:
    """Path, session, managed and inline policies, those that other resources give it, tags of both kinds."""
    iam = own.client("iam")
    role = iam.get_role(RoleName="types-role")["Role"]
    assert (role["Path"], role["MaxSessionDuration"], role["Description"]) == ("/backup/", 7200, "restores")
    assert role["AssumeRolePolicyDocument"] == OWN["Role"]["Properties"]["AssumeRolePolicyDocument"]
    assert tag_pairs(role["Tags"]) == {"team": "backup", "strategy": "own"}
    attached = iam.list_attached_role_policies(RoleName="types-role")["AttachedPolicies"]
    assert [each["PolicyArn"] for each in attached] == OWN["Role"]["Properties"]["ManagedPolicyArns"]
    assert iam.get_role_policy(RoleName="types-role", PolicyName="inline")["PolicyDocument"] == READING
    plain = own.physical()["Plain"]
    assert plain.startswith("types-own-Plain-")
    managed = own.physical()["Managed"]
    assert managed == f"arn:aws:iam::{ACCOUNT}:policy/types-managed"
    assert [each["PolicyArn"] for each in iam.list_attached_role_policies(RoleName=plain)["AttachedPolicies"]] == [managed]
    assert iam.get_policy_version(PolicyArn=managed, VersionId="v1")["PolicyVersion"]["Document"] == READING
    assert iam.get_role_policy(RoleName=plain, PolicyName="types-inline")["PolicyDocument"] == READING


def test_a_vault_and_its_key_are_as_written(own: Stack) -> None:
    """Key with policy, rotation and alias; vault with its key, policy, lock, notifications and tags; the air-gapped one with its range."""
    kms, backup, physical = own.client("kms"), own.client("backup"), own.physical()
    key = kms.describe_key(KeyId="alias/types-own")["KeyMetadata"]
    assert (key["KeyId"], key["Description"], key["MultiRegion"]) == (physical["Key"], "vaults", True)
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]
    assert json.loads(kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]) == KEY_POLICY
    tags = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]}
    assert tags == {"team": "backup", "strategy": "own"}
    vault = backup.describe_backup_vault(BackupVaultName="types-vault")
    assert (vault["EncryptionKeyArn"], vault["Locked"]) == (key["Arn"], True)
    assert (vault["MinRetentionDays"], vault["MaxRetentionDays"], "LockDate" in vault) == (7, 400, True)
    written = json.loads(backup.get_backup_vault_access_policy(BackupVaultName="types-vault")["Policy"])
    assert written == policy("backup:CopyIntoBackupVault", "*", "backup.amazonaws.com")
    notifications = backup.get_backup_vault_notifications(BackupVaultName="types-vault")
    assert (notifications["SNSTopicArn"], notifications["BackupVaultEvents"]) == (physical["Topic"], ["BACKUP_JOB_COMPLETED"])
    assert backup.list_tags(ResourceArn=vault["BackupVaultArn"])["Tags"] == {"team": "backup", "strategy": "own"}
    gap = backup.describe_backup_vault(BackupVaultName="types-gap")
    assert (gap["MinRetentionDays"], gap["MaxRetentionDays"], gap["VaultType"]) == (7, 90, "LOGICALLY_AIR_GAPPED_BACKUP_VAULT")


def test_a_plan_and_its_selection_are_as_written(own: Stack) -> None:
    """Schedule with its zone, windows, lifecycle and tags of points; the selection by tags with its role."""
    backup, physical = own.client("backup"), own.physical()
    (rule,) = backup.get_backup_plan(BackupPlanId=physical["Plan"])["BackupPlan"]["Rules"]
    wanted = {
        "RuleName": "daily",
        "TargetBackupVaultName": "types-vault",
        "ScheduleExpression": "cron(0 5 ? * * *)",
        "ScheduleExpressionTimezone": "Europe/London",
        "StartWindowMinutes": 60,
        "CompletionWindowMinutes": 600,
        "RecoveryPointTags": {"plan": "types"},
    }
    assert {name: rule[name] for name in wanted} == wanted
    assert rule["Lifecycle"]["DeleteAfterDays"] == 35
    selection = physical["Selection"].partition("_")[0]
    chosen = backup.get_backup_selection(BackupPlanId=physical["Plan"], SelectionId=selection)["BackupSelection"]
    assert chosen["IamRoleArn"] == f"arn:aws:iam::{ACCOUNT}:role/backup/types-role"
    assert chosen["ListOfTags"] == OWN["Selection"]["Properties"]["BackupSelection"]["ListOfTags"]


def test_our_own_types_change_in_place(own_twin: Any) -> None:
    """Policies are replaced, taken away and added; ids stay, but a selection can't be changed and is made anew."""
    made = Stack(own_twin, "changing-own", region="eu-west-1")
    assert made.put(OWN, tags={"strategy": "own"}) == "CREATE_COMPLETE", made.failures()
    before = made.physical()
    after = changed(OWN, OWN_CHANGES)
    after["Selection"]["Properties"]["BackupSelection"] = {**OWN["Selection"]["Properties"]["BackupSelection"], "SelectionName": "others"}
    assert made.put(after, update=True) == "UPDATE_COMPLETE", made.failures()
    now = made.physical()
    assert [name for name in before if before[name] != now[name]] == ["Selection"]
    made.cloudformation.detect_stack_drift(StackName="changing-own")
    drifts = made.cloudformation.describe_stack_resource_drifts(StackName="changing-own")["StackResourceDrifts"]
    assert {each["LogicalResourceId"]: each["PropertyDifferences"] for each in drifts} == {name: [] for name in OWN}
    iam, backup = made.client("iam"), made.client("backup")
    assert iam.list_role_policies(RoleName="types-role")["PolicyNames"] == ["second"]
    assert iam.get_role(RoleName="types-role")["Role"].get("Tags", []) == []
    version = iam.get_policy(PolicyArn=now["Managed"])["Policy"]["DefaultVersionId"]
    assert iam.get_policy_version(PolicyArn=now["Managed"], VersionId=version)["PolicyVersion"]["Document"] == WRITING
    assert not made.client("kms").get_key_rotation_status(KeyId=now["Key"])["KeyRotationEnabled"]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        backup.get_backup_vault_notifications(BackupVaultName="types-vault")
    names = [each["SelectionName"] for each in backup.list_backup_selections(BackupPlanId=now["Plan"])["BackupSelectionsList"]]
    assert names == ["others"]
    made.cloudformation.delete_stack(StackName="changing-own")
    assert [each["RoleName"] for each in iam.list_roles(PathPrefix="/backup/")["Roles"]] == []
    assert made.client("kms").describe_key(KeyId=now["Key"])["KeyMetadata"]["KeyState"] == "PendingDeletion"


def test_a_replica_has_a_policy_description_and_tags_of_its_own(twin: Any) -> None:
    """Made by a stack of another Region, read back from KMS, changed there, and not what its primary is."""
    kms = twin.client("kms", "eu-west-1", ACCOUNT)
    primary = kms.create_key(MultiRegion=True, Description="primary")["KeyMetadata"]["Arn"]
    made = Stack(twin, "replica", region="eu-west-2")

    def replica(description: str, **more: Any) -> dict[str, Any]:
        properties = {"PrimaryKeyArn": primary, "Description": description, "KeyPolicy": KEY_POLICY, "Tags": TAGS, **more}
        return {"Replica": {"Type": "AWS::KMS::ReplicaKey", "Properties": properties}}

    assert made.put(replica("replica"), tags={"strategy": "s"}) == "CREATE_COMPLETE", made.failures()
    found = made.cloudformation.detect_stack_resource_drift(StackName="replica", LogicalResourceId="Replica")["StackResourceDrift"]
    assert (found["PropertyDifferences"], found["StackResourceDriftStatus"]) == ([], "IN_SYNC")
    key, own = made.physical()["Replica"], made.client("kms")
    assert primary.endswith(key)
    assert own.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "replica"
    assert json.loads(own.get_key_policy(KeyId=key, PolicyName="default")["Policy"]) == KEY_POLICY
    assert {tag["TagKey"]: tag["TagValue"] for tag in own.list_resource_tags(KeyId=key)["Tags"]} == {"strategy": "s", "team": "backup"}
    assert kms.describe_key(KeyId=primary)["KeyMetadata"]["Description"] == "primary"
    assert kms.list_resource_tags(KeyId=primary)["Tags"] == []
    assert made.put(replica("other", Enabled=False), update=True, tags={"strategy": "s"}) == "UPDATE_COMPLETE"
    shown = own.describe_key(KeyId=key)["KeyMetadata"]
    assert (shown["Description"], shown["KeyState"]) == ("other", "Disabled")
    assert kms.describe_key(KeyId=primary)["KeyMetadata"]["KeyState"] == "Enabled"
    made.cloudformation.delete_stack(StackName="replica")
    assert own.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"


@pytest.mark.parametrize("kind", sorted({body["Type"] for body in (*EVERYTHING.values(), *OWN.values())}))
def test_an_unknown_property_is_refused(twin: Any, kind: str) -> None:
    """No type takes a property that it doesn't have."""
    made = Stack(twin, f"unknown-{kind.replace('::', '-')}", account="666666666666")
    body = next(each for each in (*EVERYTHING.values(), *OWN.values()) if each["Type"] == kind)
    properties = dict.fromkeys(body["Properties"], "x") | {"Colour": "blue"}
    assert made.put({"One": {"Type": kind, "Properties": properties}}) == "ROLLBACK_COMPLETE"
    assert "#: extraneous key [Colour] is not permitted" in made.failures()[0]


@pytest.mark.parametrize(
    ("kind", "properties", "make"),
    [
        ("AWS::SNS::Topic", {"TopicName": "taken"}, lambda c: c("sns").create_topic(Name="taken")),
        ("AWS::SQS::Queue", {"QueueName": "taken"}, lambda c: c("sqs").create_queue(QueueName="taken")),
        (
            "AWS::Events::Rule",
            {"Name": "taken", "ScheduleExpression": "rate(1 day)"},
            lambda c: c("events").put_rule(Name="taken", ScheduleExpression="rate(1 day)"),
        ),
        (
            "AWS::CloudWatch::Dashboard",
            {"DashboardName": "taken", "DashboardBody": "{}"},
            lambda c: c("cloudwatch").put_dashboard(DashboardName="taken", DashboardBody='{"widgets": []}'),
        ),
        ("AWS::Logs::LogGroup", {"LogGroupName": "taken"}, lambda c: c("logs").create_log_group(logGroupName="taken")),
        ("AWS::S3::Bucket", {"BucketName": "shop-receipts"}, lambda _: None),
    ],
)
def test_a_stack_takes_nothing_that_is_there_for_its_own(twin: Any, kind: str, properties: dict[str, str], make: Any) -> None:
    """A name that is taken fails the resource, and what has it stays."""
    made = Stack(twin, f"taken-{kind.replace('::', '-')}", account="666666666666")
    make(made.client)
    assert made.put({"One": {"Type": kind, "Properties": properties}}) == "ROLLBACK_COMPLETE"
    assert "already exists" in made.failures()[0]


def test_the_refusal_of_a_service_is_the_reason_of_its_resource(twin: Any) -> None:
    """AWS Backup's own words are what the stack says."""
    made = Stack(twin, "refused-by-backup")
    bad = {**BACKUP["Test"], "Properties": {**BACKUP["Test"]["Properties"], "RestoreTestingPlanName": "no-dashes", "StartWindowHours": 200}}
    assert made.put({"Test": bad}) == "ROLLBACK_COMPLETE"
    assert "InvalidParameterValueException" in made.failures()[0]


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("LockConfiguration", {"MaxRetentionDays": 30}, "required key [MinRetentionDays] not found"),
        ("LockConfiguration", {"MinRetentionDays": 3, "LockDate": "x"}, "extraneous key [LockDate] is not permitted"),
        ("Notifications", {"SNSTopicArn": "arn:aws:sns:eu-central-1:555555555555:t"}, "required key [BackupVaultEvents] not found"),
    ],
)
def test_parts_of_a_vault_are_checked_too(twin: Any, part: str, value: dict[str, Any], message: str) -> None:
    """CloudFormation wants more of a lock than AWS Backup's own API does."""
    made = Stack(twin, f"part-{part}-{len(value)}{len(message)}")
    vault = {"Type": "AWS::Backup::BackupVault", "Properties": {"BackupVaultName": made.name, part: value}}
    assert made.put({"Vault": vault}) == "ROLLBACK_COMPLETE"
    assert message in made.failures()[0]
    assert made.name not in [each["BackupVaultName"] for each in made.client("backup").list_backup_vaults()["BackupVaultList"]]


def test_what_a_bucket_holds_keeps_its_stack(twin: Any) -> None:
    """A bucket with objects in it fails the deletion, which can be repeated with the bucket retained."""
    made = Stack(twin, "full-bucket")
    assert made.put({"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "types-full"}}}) == "CREATE_COMPLETE"
    made.client("s3").put_object(Bucket="types-full", Key="a", Body=b"a")
    made.cloudformation.delete_stack(StackName="full-bucket")
    assert made.status() == "DELETE_FAILED"
    assert "BucketNotEmpty" in made.failures()[0]
    made.cloudformation.delete_stack(StackName="full-bucket", RetainResources=["Bucket"])
    assert made.client("s3").get_object(Bucket="types-full", Key="a")["Body"].read() == b"a"


@pytest.mark.parametrize("kind", sorted({body["Type"] for body in (*EVERYTHING.values(), *OWN.values())}))
@pytest.mark.parametrize("value", [7, "text", [{"a": "b"}], {"a": ["b"]}])
def test_properties_of_another_shape_fail_their_resource(twin: Any, kind: str, value: Any) -> None:
    """Whatever a template says, the stack ends in a state with a reason, never in an internal failure."""
    made = Stack(twin, f"misshapen-{kind.replace('::', '-')}-{type(value).__name__}", account="777777777777", region="eu-west-1")
    body = next(each for each in (*EVERYTHING.values(), *OWN.values()) if each["Type"] == kind)
    status = made.put({"One": {"Type": kind, "Properties": dict.fromkeys(body["Properties"], value)}})
    assert status in {"CREATE_COMPLETE", "ROLLBACK_COMPLETE"}
    assert status == "CREATE_COMPLETE" or made.failures()[0]
    made.cloudformation.delete_stack(StackName=made.name)


ATTRIBUTES = {
    "Topic": ("TopicArn", "TopicName"),
    "Queue": ("Arn", "QueueName", "QueueUrl"),
    "Subscription": ("Arn",),
    "Bus": ("Arn", "Name"),
    "Rule": ("Arn",),
    "Alarm": ("Arn",),
    "Both": ("Arn",),
    "Logs": ("Arn",),
    "Bucket": ("Arn", "DomainName", "DualStackDomainName", "RegionalDomainName", "WebsiteURL"),
    "Framework": ("CreationTime", "DeploymentStatus", "FrameworkArn", "FrameworkStatus"),
    "Report": ("ReportPlanArn",),
    "Test": ("RestoreTestingPlanArn",),
}


def test_ref_and_attributes_are_those_of_the_documentation(own_twin: Any) -> None:
    """Outputs with Ref and each Fn::GetAtt of each type; another attribute fails the stack."""
    made = Stack(own_twin, "attributes")
    pairs = [(name, attribute) for name, attributes in ATTRIBUTES.items() for attribute in attributes]
    outputs: dict[str, Any] = {f"{name}{attribute}": {"Value": {"Fn::GetAtt": [name, attribute]}} for name, attribute in pairs}
    outputs |= {f"{name}Ref": {"Value": {"Ref": name}} for name in EVERYTHING}
    assert made.put(EVERYTHING, Outputs=outputs) == "CREATE_COMPLETE", made.failures()
    (shown,) = made.cloudformation.describe_stacks(StackName="attributes")["Stacks"]
    values = {each["OutputKey"]: each["OutputValue"] for each in shown["Outputs"]}
    assert set(values) == set(outputs)
    expected = {
        "TopicRef": f"arn:aws:sns:{REGION}:{ACCOUNT}:types-topic",
        "QueueRef": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/types-queue",
        "BusArn": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/types-bus",
        "RuleArn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/types-bus/types-rule",
        "AlarmArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:types-alarm",
        "AlarmRef": "types-alarm",
        "DashboardRef": "types",
        "LogsArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/types/backup:*",
        "BucketRegionalDomainName": f"types-reports.s3.{REGION}.amazonaws.com",
        "TestRef": "types_test",
        "TestSelectionRef": "types_test|volumes",
        "RecorderRef": "default",
    }
    assert {name: values[name] for name in expected} == expected
    assert values["FrameworkRef"] == values["FrameworkFrameworkArn"]
    assert values["ReportRef"] == values["ReportReportPlanArn"]
    made.cloudformation.delete_stack(StackName="attributes")
    wrong = Stack(own_twin, "attributes-wrong")
    body = {"Queue": EVERYTHING["Dead"]}
    assert wrong.put(body, Outputs={"Colour": {"Value": {"Fn::GetAtt": ["Queue", "Colour"]}}}) == "ROLLBACK_COMPLETE"
    reason = wrong.cloudformation.describe_stack_events(StackName="attributes-wrong")["StackEvents"]
    assert any("Outputs" in each.get("ResourceStatusReason", "") or "Colour" in each.get("ResourceStatusReason", "") for each in reason)
