"""CloudWatch in the twin through boto3: metrics of jobs, alarms on the virtual clock, whom they tell, what is remembered."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from strongroom.twin import client as control
from strongroom.twin import process

SHOP, CENTRAL = "555555555555", "333333333333"
REGION = "eu-west-2"
CLOUDWATCH, SNS, EVENTS = "cloudwatch.amazonaws.com", "sns.amazonaws.com", "events.amazonaws.com"
TABLE = f"arn:aws:dynamodb:{REGION}:{SHOP}:table/orders"
GONE = f"arn:aws:dynamodb:{REGION}:{SHOP}:table/nothing"
TRUST = {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(service: str, actions: Any, resource: str, **conditions: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": actions, "Resource": resource}
    return statement | ({"Condition": conditions} if conditions else {})


class Watch:
    """An account of a twin of its own, with a vault and a role for jobs."""

    def __init__(self, twin: Any, account: str = SHOP) -> None:
        self.twin, self.account = twin, account
        names = ("cloudwatch", "backup", "sns", "sqs", "events", "kms")
        self.cloudwatch, self.backup, self.sns, self.sqs, self.events, self.kms = (twin.client(name, REGION, account) for name in names)

    def prepared(self) -> "Watch":
        self.role = self.twin.client("iam", REGION, self.account).create_role(RoleName="backups", AssumeRolePolicyDocument=policy(TRUST))[
            "Role"
        ]["Arn"]
        self.backup.create_backup_vault(BackupVaultName="local")
        return self

    def now(self) -> datetime:
        return datetime.fromisoformat(control.clock(self.twin.endpoint)["now"])

    def to_step(self) -> None:
        """Let the clock move to just after the beginning of a step of five minutes."""
        now = self.now()
        step = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0) + timedelta(minutes=5, seconds=1)
        control.move_clock(self.twin.endpoint, to=step.isoformat())

    def job(self, resource: str = TABLE, **more: Any) -> str:
        started = self.backup.start_backup_job(BackupVaultName="local", ResourceArn=resource, IamRoleArn=self.role, **more)
        return str(started["BackupJobId"])

    def alarm(self, name: str, **given: Any) -> str:
        """An alarm, on more than no failed job in five minutes where nothing else is said: its ARN."""
        metric: dict[str, Any] = {
            "Namespace": "AWS/Backup",
            "MetricName": "NumberOfBackupJobsFailed",
            "Dimensions": [{"Name": "BackupVaultName", "Value": "local"}],
            "Statistic": "Sum",
            "Period": 300,
        }
        usual = {"EvaluationPeriods": 1, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching"}
        self.cloudwatch.put_metric_alarm(AlarmName=name, **({} if "Metrics" in given else metric) | usual | given)
        return f"arn:aws:cloudwatch:{REGION}:{self.account}:alarm:{name}"

    def own_alarm(self, name: str, **given: Any) -> str:
        """An alarm on a metric of the account's own."""
        return self.alarm(name, Namespace="Own", MetricName=name, Dimensions=[], **given)

    def measure(self, name: str, value: float) -> None:
        self.cloudwatch.put_metric_data(Namespace="Own", MetricData=[{"MetricName": name, "Value": value, "Timestamp": self.now()}])

    def state(self, name: str) -> str:
        (found,) = self.cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])["MetricAlarms"] or [
            {"StateValue": "none"}
        ]
        return str(found["StateValue"])

    def states(self, name: str) -> list[str]:
        """The states to which an alarm has changed, in their order."""
        items = self.cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate", ScanBy="TimestampAscending")
        return [json.loads(each["HistoryData"])["newState"]["stateValue"] for each in items["AlarmHistoryItems"]]

    def topic(self, name: str, *statements: Any, **attributes: str) -> tuple[str, str]:
        """A topic with a queue behind it: ARN of the one, URL of the other; its policy is SNS's own where no statements are given."""
        topic = self.sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]
        if statements:
            own = policy(*({**each, "Resource": topic} for each in statements))
            self.sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=own)
        url, arn = self.queue(name, SNS)
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        return topic, url

    def queue(self, name: str, service: str) -> tuple[str, str]:
        url, arn = self.sqs.create_queue(QueueName=name)["QueueUrl"], f"arn:aws:sqs:{REGION}:{self.account}:{name}"
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(allow(service, "sqs:SendMessage", arn))})
        return url, arn

    def heard(self, url: str) -> list[Any]:
        found = []
        while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            found += [json.loads(each["Body"]) for each in messages]
            for each in messages:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return found

    def told(self, url: str) -> list[Any]:
        """The messages of alarms in a queue behind a topic."""
        return [json.loads(each["Message"]) for each in self.heard(url)]

    def sum(self, metric: str, **dimensions: str) -> float:
        """The sum of a metric of AWS Backup over the last day."""
        found = self.cloudwatch.get_metric_statistics(
            Namespace="AWS/Backup",
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=self.now() - timedelta(days=1),
            EndTime=self.now(),
            Period=300,
            Statistics=["Sum"],
        )
        return sum(point["Sum"] for point in found["Datapoints"])


@pytest.fixture
def watch(own_twin: Any) -> Watch:
    return Watch(own_twin).prepared()


def test_jobs_are_counted_by_vault_and_type(watch: Watch) -> None:
    """Created, running and completed jobs, their copies and recovery points are counted; what never happened has no metric."""
    watch.backup.create_backup_vault(BackupVaultName="second")
    for resource in (TABLE, GONE):
        watch.job(resource)
    watch.twin.advance("2h")
    points = watch.backup.list_recovery_points_by_backup_vault(BackupVaultName="local")["RecoveryPoints"]
    watch.backup.start_copy_job(
        RecoveryPointArn=points[0]["RecoveryPointArn"],
        SourceBackupVaultName="local",
        DestinationBackupVaultArn=f"arn:aws:backup:{REGION}:{SHOP}:backup-vault:second",
        IamRoleArn=watch.role,
    )
    watch.twin.advance("2h")
    counted = {
        name: watch.sum(f"NumberOf{name}", BackupVaultName="local")
        for name in ("BackupJobsCreated", "BackupJobsRunning", "BackupJobsCompleted", "BackupJobsFailed", "RecoveryPointsCompleted")
    }
    expected = {"BackupJobsCreated": 2, "BackupJobsRunning": 1, "BackupJobsCompleted": 1, "BackupJobsFailed": 1}
    assert counted == expected | {"RecoveryPointsCompleted": 1}
    assert watch.sum("NumberOfBackupJobsFailed", ResourceType="DynamoDB") == 1
    assert watch.sum("NumberOfBackupJobsFailed", ResourceType="DynamoDB", BackupVaultName="local") == 1
    assert watch.sum("NumberOfBackupJobsFailed", ResourceType="EBS") == 0
    assert [watch.sum("NumberOfCopyJobsCompleted", BackupVaultName=name) for name in ("local", "second")] == [0, 1]
    assert watch.sum("NumberOfRecoveryPointsCompleted", BackupVaultName="second") == 1
    listed = watch.cloudwatch.list_metrics(Namespace="AWS/Backup", MetricName="NumberOfBackupJobsFailed")["Metrics"]
    dimensions = sorted(sorted((each["Name"], each["Value"]) for each in metric["Dimensions"]) for metric in listed)
    vault, kind = ("BackupVaultName", "local"), ("ResourceType", "DynamoDB")
    assert dimensions == [[vault], [vault, kind], [kind]]
    assert watch.cloudwatch.list_metrics(Namespace="AWS/Backup", MetricName="NumberOfBackupJobsExpired")["Metrics"] == []


def test_a_count_is_published_at_the_end_of_its_five_minutes(watch: Watch) -> None:
    """A failed job is not seen before; then its point begins with the step, with a sum and a maximum."""
    watch.to_step()
    begun = watch.now().replace(second=0, microsecond=0)
    watch.job(GONE)
    watch.twin.advance("3m")
    dimensions = [{"Name": "ResourceType", "Value": "DynamoDB"}]
    metric = {"Namespace": "AWS/Backup", "MetricName": "NumberOfBackupJobsCreated", "Dimensions": dimensions}

    def points() -> Any:
        stats = [{"Metric": metric, "Period": 300, "Stat": stat} for stat in ("Sum", "Maximum")]
        queries = [{"Id": str(stat["Stat"]).lower(), "MetricStat": stat, "Label": stat["Stat"]} for stat in stats]
        span = {"StartTime": begun - timedelta(hours=1), "EndTime": begun + timedelta(hours=1)}
        found = watch.cloudwatch.get_metric_data(MetricDataQueries=queries, **span)["MetricDataResults"]
        return {each["Label"]: list(zip(each["Timestamps"], each["Values"], strict=True)) for each in found}

    assert points() == {"Sum": [], "Maximum": []}
    watch.twin.advance("3m")
    assert points() == {"Sum": [(begun, 1.0)], "Maximum": [(begun, 1.0)]}


def test_recovery_points_are_counted_when_they_turn_cold_and_when_they_go(watch: Watch) -> None:
    """A point with a cold tier counts as Cold on its day, as Deleting when its time is over."""
    watch.backup.update_region_settings(ResourceTypeOptInPreference={"DynamoDB": True}, ResourceTypeManagementPreference={"DynamoDB": True})
    watch.job(Lifecycle={"MoveToColdStorageAfterDays": 1, "DeleteAfterDays": 91})
    watch.twin.advance("30h")
    assert watch.sum("NumberOfRecoveryPointsCold", BackupVaultName="local") == 1
    watch.twin.advance("90d")
    assert watch.sum("NumberOfRecoveryPointsDeleting", BackupVaultName="local") == 1


def test_an_alarm_rings_when_a_job_fails_and_falls_silent_again(watch: Watch) -> None:
    """It begins without enough data, is OK while nothing happens, rings at the end of the step in which a job fails, and is OK later."""
    topic, url = watch.topic("alarms")
    bus, bus_arn = watch.queue("bus", EVENTS)
    watch.events.put_rule(Name="alarms", EventPattern=json.dumps({"source": ["aws.cloudwatch"]}))
    watch.events.put_targets(Rule="alarms", Targets=[{"Id": "1", "Arn": bus_arn}])
    watch.to_step()
    arn = watch.alarm("failed", AlarmActions=[topic], OKActions=[topic], AlarmDescription="a job failed")
    assert watch.state("failed") == "INSUFFICIENT_DATA"
    watch.twin.advance("2m")
    assert watch.state("failed") == "OK"
    watch.to_step()
    ends = watch.now().replace(second=0, microsecond=0) + timedelta(minutes=5)
    watch.job(GONE)
    watch.twin.advance("4m")
    assert watch.state("failed") == "OK"
    watch.twin.advance("2m")
    assert watch.state("failed") == "ALARM"
    watch.twin.advance("1h")
    assert (watch.state("failed"), watch.states("failed")) == ("OK", ["OK", "ALARM", "OK"])
    told = watch.told(url)
    assert [(each["OldStateValue"], each["NewStateValue"]) for each in told] == [
        ("INSUFFICIENT_DATA", "OK"),
        ("OK", "ALARM"),
        ("ALARM", "OK"),
    ]
    rung = told[1]
    assert (rung["AlarmName"], rung["AlarmArn"], rung["AWSAccountId"], rung["Region"]) == ("failed", arn, SHOP, "Europe (London)")
    assert datetime.fromisoformat(rung["StateChangeTime"]) == ends
    assert (rung["Trigger"]["MetricName"], rung["Trigger"]["Namespace"]) == ("NumberOfBackupJobsFailed", "AWS/Backup")
    assert rung["Trigger"]["Dimensions"] == [{"name": "BackupVaultName", "value": "local"}]
    changes = [event for event in watch.heard(bus) if event["detail-type"] == "CloudWatch Alarm State Change"]
    assert [(each["detail"]["previousState"]["value"], each["detail"]["state"]["value"]) for each in changes] == [
        ("INSUFFICIENT_DATA", "OK"),
        ("OK", "ALARM"),
        ("ALARM", "OK"),
    ]
    assert (changes[1]["resources"], changes[1]["detail"]["configuration"]["description"]) == ([arn], "a job failed")


MISSING = [
    ("breaching", ["ALARM", "OK", "ALARM"]),
    ("notBreaching", ["OK"]),
    ("ignore", ["OK"]),
    ("missing", ["OK", "INSUFFICIENT_DATA"]),
    (None, ["OK", "INSUFFICIENT_DATA"]),
]


@pytest.mark.parametrize(("treatment", "states"), MISSING, ids=[str(each[0]) for each in MISSING])
def test_missing_data_are_treated_as_the_alarm_says(watch: Watch, treatment: str | None, states: list[str]) -> None:
    """One good value, then silence: breaching rings, notBreaching and ignore stay OK, missing has not enough data."""
    given = {"TreatMissingData": treatment} if treatment else {}
    metric = {"Namespace": "Own", "MetricName": "m", "Statistic": "Maximum", "Period": 60, "EvaluationPeriods": 2}
    watch.cloudwatch.put_metric_alarm(AlarmName="m", Threshold=10, ComparisonOperator="GreaterThanThreshold", **metric, **given)
    watch.twin.advance("10m")
    watch.measure("m", 5)
    watch.twin.advance("1h")
    assert watch.states("m") == states


def test_so_many_of_so_many_points_ring(watch: Watch) -> None:
    """Two of the last three must breach: one doesn't ring, a second one within three periods does."""
    watch.own_alarm("m", EvaluationPeriods=3, DatapointsToAlarm=2, Period=60)
    for value in (1, 0, 0, 0):
        watch.measure("m", value)
        watch.twin.advance("1m")
    assert watch.states("m") == ["OK"]
    for value in (1, 0, 1):
        watch.measure("m", value)
        watch.twin.advance("1m")
    assert watch.states("m") == ["OK", "ALARM"]


COMPARISONS = [
    ("GreaterThanThreshold", 5.0, "OK"),
    ("GreaterThanOrEqualToThreshold", 5.0, "ALARM"),
    ("LessThanThreshold", 5.0, "OK"),
    ("LessThanOrEqualToThreshold", 5.0, "ALARM"),
]


@pytest.mark.parametrize(("comparison", "value", "state"), COMPARISONS, ids=[each[0] for each in COMPARISONS])
def test_a_value_at_the_threshold_breaches_where_it_may_be_equal(watch: Watch, comparison: str, value: float, state: str) -> None:
    """The four comparisons differ at the threshold."""
    watch.own_alarm("m", ComparisonOperator=comparison, Threshold=5, Period=60)
    watch.measure("m", value)
    watch.twin.advance("2m")
    assert watch.state("m") == state


def metric_query(name: str, metric: str, vault: str) -> dict[str, Any]:
    dimensions = [{"Name": "BackupVaultName", "Value": vault}]
    stat = {"Metric": {"Namespace": "AWS/Backup", "MetricName": metric, "Dimensions": dimensions}, "Period": 300, "Stat": "Sum"}
    return {"Id": name, "MetricStat": stat, "ReturnData": False}


def test_metric_math_adds_up(watch: Watch) -> None:
    """An alarm on the sum of failed and expired jobs rings when one of them is counted; GetMetricData gives the same sum."""
    watch.to_step()
    queries = [metric_query("failed", "NumberOfBackupJobsFailed", "local"), metric_query("expired", "NumberOfBackupJobsExpired", "local")]
    both = {"Id": "both", "Expression": "FILL(failed, 0) + FILL(expired, 0)", "ReturnData": True}
    watch.alarm("both", Metrics=[*queries, both])
    watch.twin.advance("2m")
    watch.to_step()
    watch.job(GONE)
    watch.twin.advance("6m")
    assert watch.states("both") == ["OK", "ALARM", "OK"]  # the latest point is filled a minute later
    span = {"StartTime": watch.now() - timedelta(minutes=15), "EndTime": watch.now()}
    for expression, expected in (("SUM([failed, expired])", [1.0]), ("SUM(METRICS())", [1.0]), ("failed / expired", [])):
        asked = [*queries, {"Id": "e", "Expression": expression}]
        (found,) = watch.cloudwatch.get_metric_data(MetricDataQueries=asked, **span)["MetricDataResults"]
        assert (found["Id"], found["Values"]) == ("e", expected)
    with pytest.raises(ClientError) as caught:
        watch.cloudwatch.get_metric_data(MetricDataQueries=[*queries, {"Id": "e", "Expression": "SUM(("}], **span)
    assert caught.value.response["Error"]["Code"] == "ValidationError"


def test_fm20_a_heartbeat_that_stops_rings(watch: Watch) -> None:
    """An alarm that treats missing data as breaching rings once no point is in reach any more, however far the clock goes."""
    url, arn = watch.queue("completed", EVENTS)
    pattern = {"source": ["aws.backup"], "detail": {"state": ["COMPLETED"]}}
    watch.events.put_rule(Name="completed", EventPattern=json.dumps(pattern))
    watch.events.put_targets(Rule="completed", Targets=[{"Id": "1", "Arn": arn}])
    watch.job()
    watch.twin.advance("2h")
    watch.alarm(
        "heartbeat",
        Namespace="AWS/Events",
        MetricName="MatchedEvents",
        Dimensions=[{"Name": "RuleName", "Value": "completed"}],
        Period=86400,
        Threshold=1,
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="breaching",
    )
    watch.twin.advance("2m")
    assert (watch.state("heartbeat"), len(watch.heard(url))) == ("OK", 1)
    watch.twin.advance("370d")
    (change,) = watch.cloudwatch.describe_alarms(AlarmNames=["heartbeat"])["MetricAlarms"]
    assert change["StateValue"] == "ALARM"
    assert watch.now() - change["StateUpdatedTimestamp"] > timedelta(days=365)
    watch.job()
    watch.twin.advance("2h")
    assert watch.state("heartbeat") == "OK"


def test_fm22_a_topic_that_shuts_the_alarm_out_is_told_of_in_its_history(watch: Watch) -> None:
    """A topic without CloudWatch in its policy, one under aws/sns and one that isn't there hear nothing, and the history says why."""
    shut, _ = watch.topic("shut", allow(EVENTS, "sns:Publish", "-"))
    managed, url = watch.topic("managed", KmsMasterKeyId="alias/aws/sns")
    gone = f"arn:aws:sns:{REGION}:{SHOP}:gone"
    watch.own_alarm("m", AlarmActions=[shut, managed, gone], Period=60)
    watch.measure("m", 1)
    watch.twin.advance("3m")
    items = watch.cloudwatch.describe_alarm_history(AlarmName="m", HistoryItemType="Action")["AlarmHistoryItems"]
    summaries = [each["HistorySummary"] for each in items]
    assert all(each.startswith("Failed to execute action arn:aws:sns:") for each in summaries)
    assert len(summaries) == 3
    assert any("is not authorized to perform: SNS:Publish" in each for each in summaries)
    assert any("AWSKMS" in each for each in summaries)
    assert watch.told(url) == []


def test_a_key_that_lets_cloudwatch_in_lets_the_alarm_through(watch: Watch) -> None:
    """With the service in the policy of its customer key, the encrypted topic hears the alarm."""
    owner = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{SHOP}:root"}, "Action": "kms:*", "Resource": "*"}
    use = allow(CLOUDWATCH, ["kms:GenerateDataKey*", "kms:Decrypt"], "*", StringEquals={"aws:SourceAccount": SHOP})
    key = watch.kms.create_key(Policy=policy(owner, use))["KeyMetadata"]["KeyId"]
    topic, url = watch.topic("keyed", KmsMasterKeyId=key)
    watch.own_alarm("m", AlarmActions=[topic], Period=60)
    watch.measure("m", 1)
    watch.twin.advance("3m")
    assert [each["NewStateValue"] for each in watch.told(url)] == ["ALARM"]
    items = watch.cloudwatch.describe_alarm_history(AlarmName="m", HistoryItemType="Action")["AlarmHistoryItems"]
    assert [each["HistorySummary"] for each in items] == [f"Successfully executed action {topic}"]


def test_an_alarm_tells_a_topic_of_another_account_that_lets_it_in(watch: Watch) -> None:
    """The policy of the central account's topic decides, by account or organization of the alarm."""
    central = Watch(watch.twin, CENTRAL)
    organization = watch.twin.client("organizations").describe_organization()["Organization"]["Id"]
    open_topic, heard = central.topic("open", allow(CLOUDWATCH, "sns:Publish", "-", StringEquals={"aws:SourceOrgID": organization}))
    shut_topic, unheard = central.topic("shut", allow(CLOUDWATCH, "sns:Publish", "-", StringEquals={"aws:SourceAccount": CENTRAL}))
    watch.own_alarm("m", AlarmActions=[open_topic, shut_topic], Period=60)
    watch.measure("m", 1)
    watch.twin.advance("3m")
    assert ([each["AWSAccountId"] for each in central.told(heard)], central.told(unheard)) == ([SHOP], [])


def refused(call: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**given)
    return f"{caught.value.response['Error']['Code']}: {caught.value.response['Error']['Message']}"


def test_alarms_that_cloudwatch_would_refuse_are_refused(watch: Watch) -> None:
    """A topic of another Region, a wrong treatment, a wrong period, more points than periods, too long a time, too many actions."""
    for given, words in (
        ({"AlarmActions": [f"arn:aws:sns:eu-west-1:{SHOP}:t"]}, "Invalid region eu-west-1 specified"),
        ({"TreatMissingData": "never"}, "TreatMissingData"),
        ({"Period": 90}, "Period"),
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm"),
        ({"EvaluationPeriods": 289}, "86400 seconds"),
        ({"Period": 3600, "EvaluationPeriods": 169}, "604800 seconds"),
        ({"AlarmActions": [f"arn:aws:sns:{REGION}:{SHOP}:t{number}" for number in range(6)]}, "at most 5 actions"),
    ):
        message = refused(lambda given=given, **_: watch.alarm("bad", **given))
        assert message.startswith("ValidationError: ")
        assert words in message
    assert watch.cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_an_alarm_that_is_put_again_keeps_its_state(watch: Watch) -> None:
    """Its configuration changes, its state and history stay."""
    watch.own_alarm("m", Period=60)
    watch.measure("m", 1)
    watch.twin.advance("2m")
    watch.own_alarm("m", Period=60, Threshold=5)
    (found,) = watch.cloudwatch.describe_alarms(AlarmNames=["m"])["MetricAlarms"]
    assert (found["StateValue"], found["Threshold"]) == ("ALARM", 5)
    items = watch.cloudwatch.describe_alarm_history(AlarmName="m", ScanBy="TimestampAscending")["AlarmHistoryItems"]
    assert [each["HistoryItemType"] for each in items] == ["ConfigurationUpdate", "StateUpdate", "ConfigurationUpdate"]


def test_an_alarm_can_be_rung_by_hand_and_be_mute(watch: Watch) -> None:
    """SetAlarmState tells the topic until the next evaluation says otherwise; with actions disabled nobody is told."""
    topic, url = watch.topic("hand")
    watch.alarm("hand", AlarmActions=[topic])
    watch.twin.advance("2m")
    watch.cloudwatch.set_alarm_state(AlarmName="hand", StateValue="ALARM", StateReason="a rehearsal")
    assert [each["NewStateReason"] for each in watch.told(url)] == ["a rehearsal"]
    watch.twin.advance("2m")
    assert watch.state("hand") == "OK"
    watch.cloudwatch.disable_alarm_actions(AlarmNames=["hand"])
    watch.cloudwatch.set_alarm_state(AlarmName="hand", StateValue="ALARM", StateReason="a second one")
    assert (watch.told(url), watch.states("hand")) == ([], ["OK", "ALARM", "OK", "ALARM"])


def test_a_composite_alarm_follows_its_children(watch: Watch) -> None:
    """It rings when its rule holds, tells its topic, and is listed beside the others only when asked for."""
    topic, url = watch.topic("composite")
    for name in ("a", "b"):
        watch.own_alarm(name, Period=60)
    rule = 'ALARM("a") AND NOT (OK(b) OR FALSE)'
    watch.cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule=rule, AlarmActions=[topic], AlarmDescription="both of them")
    watch.twin.advance("2m")
    watch.measure("a", 1)
    watch.twin.advance("2m")
    assert watch.told(url) == []
    for name in ("a", "b"):
        watch.measure(name, 1)
    watch.twin.advance("2m")
    assert [(each["AlarmName"], each["NewStateValue"], each["AlarmRule"]) for each in watch.told(url)] == [("both", "ALARM", rule)]
    assert [each["AlarmName"] for each in watch.cloudwatch.describe_alarms()["MetricAlarms"]] == ["a", "b"]
    (found,) = watch.cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert (found["AlarmRule"], found["StateValue"], found["AlarmDescription"]) == (rule, "ALARM", "both of them")
    for bad in ("ALARM(a) AND", "ALARM(nobody)", "ALARM(both)"):
        assert refused(watch.cloudwatch.put_composite_alarm, AlarmName="both", AlarmRule=bad).startswith("ValidationError: ")


def test_a_suppressor_keeps_a_composite_alarm_quiet(watch: Watch) -> None:
    """While the alarm that suppresses rings, the composite one changes its state and tells nobody; what was put is read back."""
    topic, url = watch.topic("suppressed")
    for name in ("child", "maintenance"):
        watch.own_alarm(name, Period=60, TreatMissingData="ignore")
    given = {"ActionsSuppressor": "maintenance", "ActionsSuppressorWaitPeriod": 60, "ActionsSuppressorExtensionPeriod": 120}
    watch.cloudwatch.put_composite_alarm(AlarmName="parent", AlarmRule="ALARM(child)", AlarmActions=[topic], **given)
    (found,) = watch.cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert {name: found[name] for name in given} == given
    watch.measure("maintenance", 1)
    watch.twin.advance("2m")
    watch.measure("child", 1)
    watch.twin.advance("2m")
    (found,) = watch.cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert (found["StateValue"], watch.told(url)) == ("ALARM", [])
    for name in ("maintenance", "child"):
        watch.measure(name, 0)
        watch.twin.advance("2m")
    watch.measure("child", 1)
    watch.twin.advance("2m")
    assert [each["NewStateValue"] for each in watch.told(url)] == ["ALARM"]


def test_a_dashboard_is_read_back_and_must_be_json(watch: Watch) -> None:
    """PutDashboard keeps the body as it is and refuses what is no JSON."""
    body = json.dumps({"widgets": [{"type": "text", "properties": {"markdown": "# Backups"}}]})
    assert watch.cloudwatch.put_dashboard(DashboardName="backups", DashboardBody=body)["DashboardValidationMessages"] == []
    assert watch.cloudwatch.get_dashboard(DashboardName="backups")["DashboardBody"] == body
    assert refused(watch.cloudwatch.put_dashboard, DashboardName="bad", DashboardBody="{").startswith("InvalidParameterInput: ")
    assert [each["DashboardName"] for each in watch.cloudwatch.list_dashboards()["DashboardEntries"]] == ["backups"]


def test_a_namespace_of_aws_is_no_clients(watch: Watch) -> None:
    """PutMetricData into AWS/Backup is refused."""
    data = [{"MetricName": "NumberOfBackupJobsFailed", "Value": 1}]
    assert refused(watch.cloudwatch.put_metric_data, Namespace="AWS/Backup", MetricData=data).startswith("InvalidParameterValue: ")


def test_a_leap_of_the_clock_and_its_steps_tell_the_same(start_twin: Any, tmp_path: Any) -> None:
    """Ten days at once or six hours after six hours: an alarm on a daily plan goes through the same states at the same instants."""

    def history(home: Any, advances: list[str]) -> list[tuple[str, str]]:
        own = start_twin(home)
        try:
            watch = Watch(own).prepared()
            midnight = (watch.now() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
            control.move_clock(own.endpoint, to=midnight.isoformat())
            rule = {"RuleName": "daily", "TargetBackupVaultName": "local", "ScheduleExpression": "cron(0 5 ? * * *)"}
            plan = watch.backup.create_backup_plan(BackupPlan={"BackupPlanName": "p", "Rules": [rule]})["BackupPlanId"]
            selection = {"SelectionName": "s", "IamRoleArn": watch.role, "Resources": [TABLE]}
            watch.backup.create_backup_selection(BackupPlanId=plan, BackupSelection=selection)
            watch.alarm("busy", MetricName="NumberOfBackupJobsCompleted", EvaluationPeriods=3, DatapointsToAlarm=1)
            for advance in advances:
                own.advance(advance)
            items = watch.cloudwatch.describe_alarm_history(AlarmName="busy", HistoryItemType="StateUpdate", ScanBy="TimestampAscending")
            return [
                (json.loads(each["HistoryData"])["newState"]["stateValue"], each["Timestamp"].strftime("%d %H:%M"))
                for each in items["AlarmHistoryItems"]
            ]
        finally:
            process.down(home)

    leap, steps = history(tmp_path / "leap", ["10d"]), history(tmp_path / "steps", ["6h"] * 40)
    assert len(leap) >= 20
    assert [state for state, _ in leap] == [state for state, _ in steps]
    assert [at.partition(" ")[2] for _, at in leap[1:]] == [at.partition(" ")[2] for _, at in steps[1:]]


def test_an_alarm_watches_how_many_messages_wait(watch: Watch) -> None:
    """It rings while something lies in a queue, by itself until the queue forgets it, and not when it was taken out."""
    metric = {"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible"}
    url, _ = watch.queue("dead", EVENTS)
    watch.alarm("dead", Dimensions=[{"Name": "QueueName", "Value": "dead"}], **metric)
    watch.twin.advance("5m")
    assert watch.state("dead") == "OK"
    watch.sqs.send_message(QueueUrl=url, MessageBody="lost")
    watch.twin.advance("2m")
    assert watch.state("dead") == "ALARM"
    watch.twin.advance("3d")
    assert watch.states("dead") == ["OK", "ALARM"]
    watch.twin.advance("2d")
    assert watch.states("dead") == ["OK", "ALARM", "OK"]
    watch.sqs.send_message(QueueUrl=url, MessageBody="lost again")
    watch.twin.advance("2m")
    (message,) = watch.sqs.receive_message(QueueUrl=url)["Messages"]
    watch.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    watch.twin.advance("30m")
    assert watch.states("dead") == ["OK", "ALARM", "OK", "ALARM", "OK"]
    assert [each["Dimensions"][0]["Value"] for each in watch.cloudwatch.list_metrics(**metric)["Metrics"]] == ["dead"]


def test_fm21_failed_copies_ring_by_their_destination(watch: Watch) -> None:
    """A copy job that fails is counted under the vault it was meant for, in the account and Region it came from."""
    watch.job()
    watch.twin.advance("2h")
    (point,) = watch.backup.list_recovery_points_by_backup_vault(BackupVaultName="local")["RecoveryPoints"]
    watch.alarm("copies", MetricName="NumberOfCopyJobsFailed", Dimensions=[{"Name": "BackupVaultName", "Value": "nowhere"}])
    watch.backup.start_copy_job(
        RecoveryPointArn=point["RecoveryPointArn"],
        SourceBackupVaultName="local",
        DestinationBackupVaultArn=f"arn:aws:backup:eu-west-1:{CENTRAL}:backup-vault:nowhere",
        IamRoleArn=watch.role,
    )
    watch.twin.advance("1h")
    assert "ALARM" in watch.states("copies")
    assert watch.sum("NumberOfBackupJobsFailed", BackupVaultName="local") == 0
