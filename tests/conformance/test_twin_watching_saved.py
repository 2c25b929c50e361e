"""What watches survives in the file of a saved twin, and the same run gives the same dump."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3

from strongroom.twin import client as control
from strongroom.twin import process
from strongroom.twin.state import Endpoint
from strongroom.twin.stem import Stem

SEED = Path(__file__).parent / "small-organization.yaml"
SHOP = "555555555555"
REGION = "eu-west-2"
TABLE = f"arn:aws:dynamodb:{REGION}:{SHOP}:table/orders"


def policy(service: str, action: str, resource: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def caller(endpoint: Endpoint) -> Callable[[str], Any]:
    session = boto3.Session(aws_access_key_id="AKIATESTSHOP00000001", aws_secret_access_key="test", region_name=REGION)
    return lambda service: session.client(service, endpoint_url=endpoint.url)


def work(endpoint: Endpoint) -> None:
    """A daily plan, half of whose jobs fail, with rules, queues, a topic, mail and alarms that watch it."""
    client = caller(endpoint)
    trust = {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = client("iam").create_role(RoleName="backups", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}))
    sqs, sns, events, cloudwatch, backup = map(client, ("sqs", "sns", "events", "cloudwatch", "backup"))
    queue = f"arn:aws:sqs:{REGION}:{SHOP}:jobs"
    sqs.create_queue(QueueName="jobs", Attributes={"Policy": policy("events.amazonaws.com", "sqs:SendMessage", queue)})
    events.put_rule(Name="jobs", EventPattern=json.dumps({"source": ["aws.backup"]}))
    events.put_targets(Rule="jobs", Targets=[{"Id": "1", "Arn": queue}])
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="team@example.com")
    token = control.mail(endpoint)[0]["token"]
    sns.confirm_subscription(TopicArn=topic, Token=token)
    key = [{"AttributeName": "id", "KeyType": "HASH"}]
    columns = [{"AttributeName": "id", "AttributeType": "S"}]
    client("dynamodb").create_table(TableName="carts", KeySchema=key, AttributeDefinitions=columns, BillingMode="PAY_PER_REQUEST")
    backup.create_backup_vault(BackupVaultName="local", CreatorRequestId="1")
    rule = {"RuleName": "daily", "TargetBackupVaultName": "local", "ScheduleExpression": "cron(0 5 ? * * *)"}
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": "p", "Rules": [rule]}, CreatorRequestId="2")["BackupPlanId"]
    for number, arn in enumerate((role["Role"]["Arn"], f"arn:aws:iam::{SHOP}:role/nobody")):
        selection = {"SelectionName": f"s{number}", "IamRoleArn": arn, "Resources": [TABLE if number else TABLE.replace("orders", "carts")]}
        backup.create_backup_selection(BackupPlanId=plan, BackupSelection=selection, CreatorRequestId=f"s{number}")
    for name in ("Failed", "Completed"):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/Backup",
            MetricName=f"NumberOfBackupJobs{name}",
            Dimensions=[{"Name": "BackupVaultName", "Value": "local"}],
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
            AlarmActions=[topic],
        )
    cloudwatch.put_composite_alarm(AlarmName="any", AlarmRule="ALARM(Failed) OR ALARM(Completed)")
    control.move_clock(endpoint, advance="5d")


def test_alarms_queues_and_mail_go_on_after_a_twin_was_loaded(tmp_path: Path) -> None:
    """A loaded twin has the dump of the saved one, at once and after a week; two runs have the same one."""
    with Stem(tmp_path / "still", seed=SEED, start="2027-01-01T00:00:00Z") as still:
        saved, again = still.grow(tmp_path / "saved"), still.grow(tmp_path / "again")
        for endpoint in (saved, again):
            work(endpoint)
        before = control.dump(saved)
        assert control.dump(again) == before
        assert len(control.mail(saved)) > 10
        path = tmp_path / "watched.twin"
        path.write_bytes(control.save(saved))
        with Stem(tmp_path / "loaded", state=path, start=control.clock(saved)["now"]) as stem:
            loaded = stem.grow(tmp_path / "grown")
            assert control.dump(loaded) == before
            for endpoint in (saved, loaded):
                control.move_clock(endpoint, advance="7d")
            mail = control.mail(loaded)
            assert mail == control.mail(saved)
            assert sum(each["subject"].startswith('ALARM: "Failed"') for each in mail) >= 6
            assert control.dump(loaded) == control.dump(saved)
            process.down(tmp_path / "grown")
        for name in ("saved", "again"):
            process.down(tmp_path / name)
