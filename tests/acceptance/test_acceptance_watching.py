"""Alerts, a report, a framework and restore tests by the command line; then a night goes well and one goes wrong."""

import json
from collections import Counter
from datetime import datetime, timedelta

import pytest

from strongroom.twin import client as control
from strongroom.twin.state import read_state

CENTRAL, ADMIN, SHOP = "333333333333", "222222222222", "555555555555"
HOME, SECOND = "eu-west-2", "eu-west-1"
ORGANIZATION = """twin: 1
home_region: eu-west-2
regions: [eu-west-2, eu-west-1]
organization:
  management: {name: management, id: "111111111111"}
  units:
    Security:
      accounts: {backup-admin: "222222222222", central-backup: "333333333333"}
    Workloads:
      accounts: {shop: "555555555555"}
users:
  - {name: admin, account: management, access_key: AKIATWINMANAGEMENT01, secret: local-management}
roles:
  - {name: strongroom-read, accounts: all, trusts: [management, backup-admin]}
  - {name: strongroom-deploy, accounts: [management, backup-admin, central-backup], trusts: [management, backup-admin]}
resources:
  - {type: dynamodb, name: orders, account: shop, items: 30, tags: {environment: prod, restore-test: "yes"}}
  - {type: dynamodb, name: stock, account: shop, region: eu-west-1, items: 30, tags: {environment: prod}}
"""
STRATEGY = """strongroom: 1
name: watch
organization:
  home_region: eu-west-2
  regions: [eu-west-2, eu-west-1]
  accounts: {management: "111111111111", backup_admin: "222222222222", central: "333333333333"}
  governs: [Workloads]
  opt_in: [dynamodb]
vaults:
  local: {in: every-account}
  central: {in: central, region: eu-west-2}
plans:
  tables:
    select: {tags: {environment: prod}}
    rules:
      daily: {at: "05:00", start_within: 1h, complete_within: 5h, keep: 30d, copy: central}
restore_tests:
  daily:
    at: "10:00"
    select: {tags: {restore-test: "yes"}, types: [dynamodb]}
    from: [local, central]
    within: 7d
    start_within: 1h
    validate_within: 1h
alerts: {email: backup-team@example.com, on: all}
frameworks:
  audit: {controls: [backup-recovery-point-encrypted]}
reports:
  jobs: {template: backup-jobs, bucket: watch-backup-reports}
"""


@pytest.fixture(scope="module")
def watched(fresh):
    """A strategy that watches, applied on an organization of its own; people's messages come to a queue of the test too."""
    fresh.shell.strongroom("twin", "down")
    folder = fresh.shell.folder
    (folder / "organization.yaml").write_text(ORGANIZATION, encoding="utf-8")
    (folder / "strategy.yaml").write_text(STRATEGY, encoding="utf-8")
    variables = {"STRONGROOM_HOME": str(folder / "watched")}
    fresh.shell.variables = variables
    fresh.shell.strongroom("twin", "up", "--seed", "organization.yaml", "--port", "0")
    fresh.endpoint = read_state(folder / "watched")
    fresh.wait_for_noon()
    lines = fresh.shell.strongroom("twin", "env").out.splitlines()
    found = [line.removeprefix("export ").removesuffix(";") for line in lines if line.startswith("export ")]
    fresh.shell.variables = variables | {name: value for name, _, value in (line.partition("=") for line in found)}
    fresh.answers["apply"] = fresh.shell.strongroom("apply", "--yes")
    _listen(fresh)
    return fresh


def _listen(world):
    sqs, sns = (world.role_client(service, CENTRAL, HOME) for service in ("sqs", "sns"))
    url = sqs.create_queue(QueueName="people")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=f"arn:aws:sns:{HOME}:{CENTRAL}:watch-alerts", Protocol="sqs", Endpoint=arn)


@pytest.fixture(scope="module")
def nights(watched):
    """A night, and one in which the role of backups can't be assumed; the messages of both queues, by night."""
    told = []
    for broken in (False, True):
        if broken:
            control.add_fault(watched.endpoint, "deny-role", role=f"arn:aws:iam::{SHOP}:role/watch-AWSBackup")
        watched.shell.strongroom("twin", "clock", "advance", "1d")
        told.append({queue: _received(watched, queue) for queue in ("watch-events", "people")})
    control.clear_faults(watched.endpoint)
    watched.shell.strongroom("twin", "clock", "advance", "11h")  # silence is long by then, and the third night has not come
    return told


def _received(world, queue):
    sqs = world.role_client("sqs", CENTRAL, HOME)
    url, bodies = sqs.get_queue_url(QueueName=queue)["QueueUrl"], []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            bodies.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return bodies


def _jobs(bodies):
    return Counter(body["detail"]["state"] for body in bodies if body["detail-type"] == "Backup Job State Change")


def _alarms(world, account):
    alarms = world.role_client("cloudwatch", account, HOME).describe_alarms()["MetricAlarms"]
    return {alarm["AlarmName"]: alarm["StateValue"] for alarm in alarms}


def test_everything_is_deployed_and_a_second_apply_has_nothing_to_do(watched, writes):
    """Only the recorder that is somebody else's is on the list."""
    assert "declared, but not deployed (1):" in watched.answers["apply"].out
    answer, calls = watched.watched("apply", "--yes")
    assert "nothing to do" in answer.out
    assert writes(calls) == []


def test_every_event_of_the_accounts_comes_to_the_queue_once(nights):
    """Of the home Region; jobs of the other one are counted there, and queued in theirs."""
    assert _jobs(nights[0]["watch-events"]) == {"CREATED": 1, "RUNNING": 1, "COMPLETED": 1}
    assert _jobs(nights[1]["watch-events"])["FAILED"] == 1
    assert {body["region"] for night in nights for body in night["watch-events"]} == {HOME}
    kinds = {body["detail-type"] for night in nights for body in night["watch-events"]}
    assert {f"{kind} State Change" for kind in ("Backup Job", "Copy Job", "Restore Job", "Recovery Point", "Backup Vault")} <= kinds


def test_people_are_told_what_failed_and_why(nights):
    """The words of the rule, the event's own detail, and the alarm beside it."""
    messages = [json.loads(body["Message"]) for body in nights[1]["people"]]
    (failed,) = [message for message in messages if message.get("what") == "a backup job failed or was aborted"]
    assert (failed["strategy"], failed["account"], failed["region"], failed["detail"]["state"]) == ("watch", SHOP, HOME, "FAILED")
    assert failed["detail"]["statusMessage"]
    alarms = {message["AlarmName"]: message["NewStateValue"] for message in messages if "AlarmName" in message}
    assert alarms["watch-watch-backup-failed-watch-local"] == "ALARM"
    assert not [body for body in nights[0]["people"] if "failed or was aborted" in body["Message"]]


def test_alarm_went_off_and_is_quiet_again(watched, nights):
    """Five minutes, and one failure; the other alarms stayed quiet."""
    assert nights
    history = watched.role_client("cloudwatch", SHOP, HOME).describe_alarm_history(HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    went_off = {item["AlarmName"] for item in history if item["HistorySummary"].endswith("to ALARM")}
    assert went_off == {"watch-watch-backup-failed-watch-local"}
    assert set(_alarms(watched, SHOP).values()) == {"OK"}


def test_silence_is_an_alarm(watched, nights):
    """No job of any Region has completed since the first night."""
    assert nights
    assert _alarms(watched, CENTRAL)["watch-watch-no-backups"] == "ALARM"
    assert _alarms(watched, CENTRAL)["watch-watch-events-lost"] == "OK"
    until = datetime.fromisoformat(control.clock(watched.endpoint)["now"]) + timedelta(days=3)
    found = watched.role_client("cloudwatch", CENTRAL, HOME).get_metric_statistics(
        Namespace="AWS/Events",
        MetricName="MatchedEvents",
        Dimensions=[{"Name": "EventBusName", "Value": "watch-backup"}, {"Name": "RuleName", "Value": "heartbeat"}],
        StartTime=until - timedelta(days=4),
        EndTime=until,
        Period=86_400,
        Statistics=["Sum"],
    )
    assert sum(point["Sum"] for point in found["Datapoints"]) == 2, "one job in each Region, in the first night"


@pytest.mark.usefixtures("nights")
def test_addresses_wait_for_their_owner(watched):
    """In every Region, because nothing else is known of them."""
    for region in (HOME, SECOND):
        subscriptions = watched.role_client("sns", CENTRAL, region).list_subscriptions()["Subscriptions"]
        mail = [each["SubscriptionArn"] for each in subscriptions if each["Protocol"] == "email"]
        assert mail == ["PendingConfirmation"]


@pytest.mark.usefixtures("nights")
def test_report_is_in_the_bucket(watched):
    """AWS Backup's own role could write it, and it names the job of another account."""
    s3 = watched.role_client("s3", ADMIN, HOME)
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket="watch-backup-reports")["Contents"]]
    assert len(keys) == 2
    texts = [s3.get_object(Bucket="watch-backup-reports", Key=key)["Body"].read().decode() for key in keys]
    assert any("table/orders" in text and SHOP in text for text in texts)


@pytest.mark.usefixtures("nights")
def test_bucket_that_is_taken_is_named_before_the_first_write(watched, writes, tmp_path):
    """Another strategy asks for the same one."""
    (tmp_path / "strategy.yaml").write_text(STRATEGY.replace("name: watch\n", "name: second\n"), encoding="utf-8")
    answer, calls = watched.watched("apply", tmp_path / "strategy.yaml", "--yes", code=1)
    assert "error[ORG014]" in answer.err + answer.out
    assert writes(calls) == []


@pytest.mark.usefixtures("nights")
def test_framework_is_there_and_says_that_nothing_is_recorded(watched):
    """Its accounts have no recorder, which the plan said."""
    backup = watched.role_client("backup", SHOP, SECOND)
    framework = backup.describe_framework(FrameworkName="watch_audit")
    assert (framework["DeploymentStatus"], framework["FrameworkStatus"]) == ("COMPLETED", "INACTIVE")


@pytest.mark.usefixtures("nights")
def test_originals_and_copies_were_restored_and_cleaned_up(watched):
    """By the plan of the account, and by that of the account that keeps the copies."""
    for account, plan in ((SHOP, "watch_daily"), (CENTRAL, "watch_daily_copies")):
        jobs = watched.role_client("backup", account, HOME).list_restore_jobs()["RestoreJobs"]
        assert jobs, account
        assert {job["Status"] for job in jobs} == {"COMPLETED"}
        assert {job["DeletionStatus"] for job in jobs} == {"SUCCESSFUL"}
        assert all(f":restore-testing-plan:{plan}-" in job["CreatedBy"]["RestoreTestingPlanArn"] for job in jobs)
        assert {job["SourceResourceArn"].rpartition("/")[2] for job in jobs if "SourceResourceArn" in job} <= {"orders"}


@pytest.mark.usefixtures("nights")
def test_dashboard_is_there(watched):
    """One, in the home Region of the account that watches."""
    cloudwatch = watched.role_client("cloudwatch", CENTRAL, HOME)
    assert [each["DashboardName"] for each in cloudwatch.list_dashboards()["DashboardEntries"]] == ["watch-backups"]
    body = json.loads(cloudwatch.get_dashboard(DashboardName="watch-backups")["DashboardBody"])
    assert len(body["widgets"]) == 9


@pytest.mark.usefixtures("nights")
def test_report_that_is_no_longer_declared_is_taken_away(watched, tmp_path):
    """Also where the strategy has no other stack; its bucket stays."""
    (tmp_path / "strategy.yaml").write_text(STRATEGY[: STRATEGY.index("reports:")], encoding="utf-8")
    planned = watched.shell.strongroom("plan", tmp_path / "strategy.yaml").out
    assert (
        f"delete stack watch-reports in account {ADMIN}, {HOME}, which the strategy no longer declares; what stays: 1 S3::Bucket" in planned
    )
