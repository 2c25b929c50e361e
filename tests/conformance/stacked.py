"""Templates with every property that matters of every resource type, and a stack of the twin that is made of them."""

import json
from typing import Any

ACCOUNT, REGION = "555555555555", "eu-central-1"
TAGS = [{"Key": "team", "Value": "backup"}]
ROLE = f"arn:aws:iam::{ACCOUNT}:role/anybody"


def policy(action: str, resource: Any, service: str = "events.amazonaws.com") -> dict[str, Any]:
    statement = {"Sid": "one", "Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def arn_of(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, "Arn"]}


MESSAGES: dict[str, Any] = {
    "Topic": {
        "Type": "AWS::SNS::Topic",
        "Properties": {
            "TopicName": "types-topic",
            "DisplayName": "Backups",
            "KmsMasterKeyId": "alias/types",
            "SignatureVersion": "2",
            "TracingConfig": "Active",
            "Tags": TAGS,
            "Subscription": [{"Protocol": "sqs", "Endpoint": arn_of("Dead")}, {"Protocol": "email", "Endpoint": "first@example.com"}],
        },
    },
    "TopicPolicy": {
        "Type": "AWS::SNS::TopicPolicy",
        "Properties": {"Topics": [{"Ref": "Topic"}], "PolicyDocument": policy("sns:Publish", {"Ref": "Topic"})},
    },
    "Dead": {"Type": "AWS::SQS::Queue", "Properties": {"MessageRetentionPeriod": 1209600, "SqsManagedSseEnabled": True}},
    "Queue": {
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "QueueName": "types-queue",
            "KmsMasterKeyId": "alias/types",
            "KmsDataKeyReusePeriodSeconds": 600,
            "VisibilityTimeout": "120",
            "RedrivePolicy": {"deadLetterTargetArn": arn_of("Dead"), "maxReceiveCount": 5},
            "RedriveAllowPolicy": {"redrivePermission": "denyAll"},
            "Tags": TAGS,
        },
    },
    "QueuePolicy": {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": policy("sqs:SendMessage", arn_of("Queue"))},
    },
    "Subscription": {
        "Type": "AWS::SNS::Subscription",
        "Properties": {
            "TopicArn": {"Ref": "Topic"},
            "Protocol": "sqs",
            "Endpoint": arn_of("Queue"),
            "RawMessageDelivery": True,
            "FilterPolicy": {"state": ["FAILED"]},
        },
    },
}
EVENTS: dict[str, Any] = {
    "Bus": {
        "Type": "AWS::Events::EventBus",
        "Properties": {
            "Name": "types-bus",
            "Description": "backups of all accounts",
            "KmsKeyIdentifier": "alias/types",
            "DeadLetterConfig": {"Arn": arn_of("Dead")},
            "Tags": TAGS,
        },
    },
    "BusPolicy": {
        "Type": "AWS::Events::EventBusPolicy",
        "Properties": {
            "EventBusName": {"Ref": "Bus"},
            "StatementId": "organization",
            "Statement": {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "events:PutEvents",
                "Resource": arn_of("Bus"),
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-first"}},
            },
        },
    },
    "OtherPolicy": {
        "Type": "AWS::Events::EventBusPolicy",
        "Properties": {
            "EventBusName": {"Ref": "Bus"},
            "StatementId": "account",
            "Action": "events:PutEvents",
            "Principal": "*",
            "Condition": {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-second"},
        },
    },
    "Rule": {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Name": "types-rule",
            "Description": "failures",
            "EventBusName": {"Ref": "Bus"},
            "State": "DISABLED",
            "RoleArn": ROLE,
            "EventPattern": {"source": ["aws.backup"], "detail": {"state": ["FAILED", {"prefix": "EX"}]}},
            "Tags": TAGS,
            "Targets": [
                {
                    "Id": "queue",
                    "Arn": arn_of("Queue"),
                    "RoleArn": ROLE,
                    "DeadLetterConfig": {"Arn": arn_of("Dead")},
                    "RetryPolicy": {"MaximumRetryAttempts": 5, "MaximumEventAgeInSeconds": "600"},
                    "InputTransformer": {"InputPathsMap": {"job": "$.detail.backupJobId"}, "InputTemplate": '"<job>"'},
                }
            ],
        },
    },
}
ALARM: dict[str, Any] = {
    "ActionsEnabled": False,
    "AlarmActions": [{"Ref": "Topic"}],
    "AlarmDescription": "a backup failed",
    "AlarmName": "types-alarm",
    "ComparisonOperator": "GreaterThanThreshold",
    "DatapointsToAlarm": 1,
    "Dimensions": [{"Name": "ResourceType", "Value": "EBS"}],
    "EvaluationPeriods": 3,
    "InsufficientDataActions": [{"Ref": "Topic"}],
    "MetricName": "NumberOfBackupJobsFailed",
    "Namespace": "AWS/Backup",
    "OKActions": [{"Ref": "Topic"}],
    "Period": 300,
    "Statistic": "Sum",
    "Threshold": 0.0,
    "TreatMissingData": "notBreaching",
    "Unit": "Count",
}
METRIC = {"Namespace": "AWS/Backup", "MetricName": "NumberOfBackupJobsFailed", "Dimensions": [{"Name": "ResourceType", "Value": "EBS"}]}
METRICS = [
    {"Id": "sum", "Expression": "ours + theirs", "Label": "both", "ReturnData": True},
    {"Id": "ours", "ReturnData": False, "MetricStat": {"Metric": METRIC, "Period": 300, "Stat": "Sum"}},
    {"Id": "theirs", "ReturnData": False, "AccountId": "666666666666", "MetricStat": {"Metric": METRIC, "Period": 300, "Stat": "Sum"}},
]
WATCHING: dict[str, Any] = {
    "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {**ALARM, "Tags": TAGS}},
    "Sum": {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": "1", "Threshold": "0", "Metrics": METRICS},
    },
    "Both": {
        "Type": "AWS::CloudWatch::CompositeAlarm",
        "Properties": {
            "AlarmName": "types-both",
            "AlarmRule": {"Fn::Sub": 'ALARM("${Alarm}") OR ALARM("${Sum}")'},
            "AlarmDescription": "any",
            "AlarmActions": [{"Ref": "Topic"}],
            "Tags": TAGS,
        },
    },
    "Dashboard": {
        "Type": "AWS::CloudWatch::Dashboard",
        "Properties": {"DashboardName": "types", "DashboardBody": '{"widgets": []}'},
    },
    "Logs": {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {
            "LogGroupName": "/types/backup",
            "RetentionInDays": 30,
            "KmsKeyId": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/types",
            "Tags": TAGS,
        },
    },
}
BUCKET: dict[str, Any] = {
    "BucketName": "types-reports",
    "ObjectLockEnabled": True,
    "VersioningConfiguration": {"Status": "Enabled"},
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": [
            {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/types"}}
        ]
    },
    "PublicAccessBlockConfiguration": {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    },
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": "30"}}},
    "LifecycleConfiguration": {
        "Rules": [
            {
                "Id": "old",
                "Status": "Enabled",
                "Prefix": "reports/",
                "ExpirationInDays": "400",
                "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 90}],
                "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
            }
        ]
    },
    "Tags": TAGS,
}
STORAGE: dict[str, Any] = {
    "Bucket": {"Type": "AWS::S3::Bucket", "Properties": BUCKET},
    "BucketPolicy": {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Ref": "Bucket"},
            "PolicyDocument": policy("s3:PutObject", {"Fn::Sub": "${Bucket.Arn}/*"}, "backup.amazonaws.com"),
        },
    },
    "Recorder": {
        "Type": "AWS::Config::ConfigurationRecorder",
        "Properties": {"Name": "default", "RoleARN": ROLE, "RecordingGroup": {"AllSupported": "true", "IncludeGlobalResourceTypes": True}},
    },
    "Channel": {
        "Type": "AWS::Config::DeliveryChannel",
        "DependsOn": "Recorder",
        "Properties": {
            "Name": "default",
            "S3BucketName": {"Ref": "Bucket"},
            "S3KeyPrefix": "config",
            "SnsTopicARN": {"Ref": "Topic"},
            "ConfigSnapshotDeliveryProperties": {"DeliveryFrequency": "Six_Hours"},
        },
    },
}
BACKUP: dict[str, Any] = {
    "Framework": {
        "Type": "AWS::Backup::Framework",
        "Properties": {
            "FrameworkName": "types_framework",
            "FrameworkDescription": "what we promise",
            "FrameworkTags": TAGS,
            "FrameworkControls": [
                {
                    "ControlName": "BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK",
                    "ControlInputParameters": [
                        {"ParameterName": "requiredFrequencyUnit", "ParameterValue": "hours"},
                        {"ParameterName": "requiredFrequencyValue", "ParameterValue": 24},
                        {"ParameterName": "requiredRetentionDays", "ParameterValue": 35},
                    ],
                },
                {
                    "ControlName": "BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN",
                    "ControlScope": {"ComplianceResourceTypes": ["EBS"], "Tags": [{"Key": "environment", "Value": "prod"}]},
                },
            ],
        },
    },
    "Report": {
        "Type": "AWS::Backup::ReportPlan",
        "Properties": {
            "ReportPlanName": "types_report",
            "ReportPlanDescription": "jobs of the day",
            "ReportPlanTags": TAGS,
            "ReportDeliveryChannel": {"S3BucketName": {"Ref": "Bucket"}, "S3KeyPrefix": "jobs", "Formats": ["CSV", "JSON"]},
            "ReportSetting": {"ReportTemplate": "BACKUP_JOB_REPORT", "Accounts": [ACCOUNT], "Regions": [REGION]},
        },
    },
    "Test": {
        "Type": "AWS::Backup::RestoreTestingPlan",
        "Properties": {
            "RestoreTestingPlanName": "types_test",
            "ScheduleExpression": "cron(0 5 ? * MON *)",
            "ScheduleExpressionTimezone": "Europe/London",
            "StartWindowHours": "4",
            "RecoveryPointSelection": {
                "Algorithm": "LATEST_WITHIN_WINDOW",
                "RecoveryPointTypes": ["SNAPSHOT"],
                "IncludeVaults": ["*"],
                "ExcludeVaults": [f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:other"],
                "SelectionWindowDays": "7",
            },
            "Tags": TAGS,
        },
    },
    "TestSelection": {
        "Type": "AWS::Backup::RestoreTestingSelection",
        "Properties": {
            "RestoreTestingPlanName": {"Ref": "Test"},
            "RestoreTestingSelectionName": "volumes",
            "IamRoleArn": ROLE,
            "ProtectedResourceType": "EBS",
            "ProtectedResourceArns": ["*"],
            "ProtectedResourceConditions": {"StringEquals": [{"Key": "aws:ResourceTag/environment", "Value": "prod"}]},
            "RestoreMetadataOverrides": {"encrypted": "true"},
            "ValidationWindowHours": 2,
        },
    },
}
EVERYTHING = MESSAGES | EVENTS | WATCHING | STORAGE | BACKUP


TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
READING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "backup:ListBackupVaults", "Resource": "*"}]}
WRITING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "backup:StartBackupJob", "Resource": "*"}]}
KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}],
}
OWN: dict[str, Any] = {
    "Key": {
        "Type": "AWS::KMS::Key",
        "Properties": {"Description": "vaults", "EnableKeyRotation": True, "MultiRegion": True, "KeyPolicy": KEY_POLICY, "Tags": TAGS},
    },
    "Alias": {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/types-own", "TargetKeyId": {"Ref": "Key"}}},
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": "types-role",
            "Description": "restores",
            "Path": "/backup/",
            "MaxSessionDuration": 7200,
            "AssumeRolePolicyDocument": TRUST,
            "ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForRestores"],
            "Policies": [{"PolicyName": "inline", "PolicyDocument": READING}],
            "Tags": TAGS,
        },
    },
    "Plain": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
    "Managed": {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"ManagedPolicyName": "types-managed", "PolicyDocument": READING, "Roles": [{"Ref": "Plain"}]},
    },
    "Inline": {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyName": "types-inline", "PolicyDocument": READING, "Roles": [{"Ref": "Plain"}]},
    },
    "Vault": {
        "Type": "AWS::Backup::BackupVault",
        "Properties": {
            "BackupVaultName": "types-vault",
            "EncryptionKeyArn": arn_of("Key"),
            "BackupVaultTags": {"team": "backup"},
            "AccessPolicy": policy("backup:CopyIntoBackupVault", "*", "backup.amazonaws.com"),
            "LockConfiguration": {"MinRetentionDays": "7", "MaxRetentionDays": 400, "ChangeableForDays": 30},
            "Notifications": {"SNSTopicArn": {"Ref": "Topic"}, "BackupVaultEvents": ["BACKUP_JOB_COMPLETED"]},
        },
    },
    "Topic": {"Type": "AWS::SNS::Topic", "Properties": {}},
    "Gap": {
        "Type": "AWS::Backup::LogicallyAirGappedBackupVault",
        "Properties": {"BackupVaultName": "types-gap", "MinRetentionDays": 7, "MaxRetentionDays": "90", "BackupVaultTags": {"team": "a"}},
    },
    "Plan": {
        "Type": "AWS::Backup::BackupPlan",
        "Properties": {
            "BackupPlanTags": {"team": "backup"},
            "BackupPlan": {
                "BackupPlanName": "types",
                "BackupPlanRule": [
                    {
                        "RuleName": "daily",
                        "TargetBackupVault": {"Ref": "Vault"},
                        "ScheduleExpression": "cron(0 5 ? * * *)",
                        "ScheduleExpressionTimezone": "Europe/London",
                        "StartWindowMinutes": "60",
                        "CompletionWindowMinutes": 600,
                        "Lifecycle": {"DeleteAfterDays": "35"},
                        "RecoveryPointTags": {"plan": "types"},
                    }
                ],
            },
        },
    },
    "Selection": {
        "Type": "AWS::Backup::BackupSelection",
        "Properties": {
            "BackupPlanId": {"Ref": "Plan"},
            "BackupSelection": {
                "SelectionName": "all",
                "IamRoleArn": arn_of("Role"),
                "ListOfTags": [{"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "daily"}],
            },
        },
    },
}


class Stack:
    """The stack of these tests, and clients of its account."""

    def __init__(self, twin: Any, name: str, account: str = ACCOUNT, region: str = REGION) -> None:
        self.name = name
        self.client = lambda service: twin.client(service, region, account)
        self.cloudformation = self.client("cloudformation")

    def put(self, resources: dict[str, Any], *, update: bool = False, tags: dict[str, str] | None = None, **more: Any) -> str:
        """Create or update the stack; returns its final status."""
        operation = self.cloudformation.update_stack if update else self.cloudformation.create_stack
        named = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
        body = json.dumps({"Resources": resources, **more})
        operation(StackName=self.name, TemplateBody=body, Tags=named, Capabilities=["CAPABILITY_NAMED_IAM"])
        return self.status()

    def status(self) -> str:
        """Poll until an operation has ended."""
        for _ in range(5):
            status: str = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"]
            if not status.endswith("_IN_PROGRESS"):
                return status
        raise AssertionError("the operation never ends")

    def physical(self) -> dict[str, str]:
        """Physical ids by logical id."""
        found = self.cloudformation.describe_stack_resources(StackName=self.name)["StackResources"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}

    def failures(self) -> list[str]:
        """Reasons of resources that failed, the newest first."""
        events = self.cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        failed = [each for each in events if each["ResourceStatus"].endswith("_FAILED") and each["LogicalResourceId"] != self.name]
        return [each["ResourceStatusReason"] for each in failed]
