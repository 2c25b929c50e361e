"""The resource types that stacks can have: ours in an explicit table, moto's for the rest."""

from strongroom.twin.cloudformation import (
    alarms,
    audits,
    buckets,
    events,
    foreign,
    keys,
    loggroups,
    plans,
    queues,
    recorders,
    restoretests,
    roles,
    shares,
    topics,
    vaults,
)
from strongroom.twin.cloudformation.handlers import Handler
from strongroom.twin.cloudformation.services import Services
from strongroom.twin.ports import BackupService


def resource_types(backup: BackupService) -> dict[str, Handler]:
    """All resource types by name."""
    services = Services(backup)
    return {
        **foreign.known(),
        "AWS::Backup::BackupPlan": plans.BackupPlan(backup),
        "AWS::Backup::BackupSelection": plans.BackupSelection(backup),
        "AWS::Backup::BackupVault": vaults.BackupVault(backup),
        "AWS::Backup::Framework": audits.Framework(services),
        "AWS::Backup::LogicallyAirGappedBackupVault": vaults.AirGappedVault(backup),
        "AWS::Backup::ReportPlan": audits.ReportPlan(services),
        "AWS::Backup::RestoreTestingPlan": restoretests.RestoreTestingPlan(services),
        "AWS::Backup::RestoreTestingSelection": restoretests.RestoreTestingSelection(services),
        "AWS::CloudWatch::Alarm": alarms.Alarm(services),
        "AWS::CloudWatch::CompositeAlarm": alarms.CompositeAlarm(services),
        "AWS::CloudWatch::Dashboard": alarms.Dashboard(services),
        "AWS::Config::ConfigurationRecorder": recorders.ConfigurationRecorder(services),
        "AWS::Config::DeliveryChannel": recorders.DeliveryChannel(services),
        "AWS::Events::EventBus": events.EventBus(services),
        "AWS::Events::EventBusPolicy": events.EventBusPolicy(services),
        "AWS::Events::Rule": events.Rule(services),
        "AWS::IAM::ManagedPolicy": roles.ManagedPolicy(),
        "AWS::IAM::Policy": roles.InlinePolicy(),
        "AWS::IAM::Role": roles.Role(),
        "AWS::KMS::Alias": keys.Alias(services),
        "AWS::KMS::Key": keys.Key(services),
        "AWS::KMS::ReplicaKey": keys.ReplicaKey(services),
        "AWS::Logs::LogGroup": loggroups.LogGroup(services),
        "AWS::RAM::ResourceShare": shares.ResourceShare(services),
        "AWS::S3::Bucket": buckets.Bucket(services),
        "AWS::S3::BucketPolicy": buckets.BucketPolicy(services),
        "AWS::SNS::Subscription": topics.Subscription(services),
        "AWS::SNS::Topic": topics.Topic(services),
        "AWS::SNS::TopicPolicy": topics.TopicPolicy(services),
        "AWS::SQS::Queue": queues.Queue(services),
        "AWS::SQS::QueuePolicy": queues.QueuePolicy(services),
    }
