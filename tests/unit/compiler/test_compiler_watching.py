"""What watches a backup organization: where events go, what is told to whom, and what sets off an alarm."""

import json
from dataclasses import replace

import pytest

from strongroom.compiler import compile_strategy
from strongroom.domain.governance import AlertEvent, Alerts
from strongroom.domain.names import AccountId
from strongroom.domain.origin import FileOrigin
from strongroom.domain.strategy import Key, KeyKind

HERE = FileOrigin("strategy.yaml", 9, 1)
EVERYTHING = Alerts(emails=("team@example.com",), topic=None, key=None, events=tuple(AlertEvent), origin=HERE)
TOPIC = "arn:aws:sns:eu-west-2:444444444444:pager"
MRK = "arn:aws:kms:eu-west-2:333333333333:key/mrk-1234abcd12ab34cd56ef1234567890ab"


@pytest.fixture
def watched(three_tiers):
    """The demo, told about everything."""
    return replace(three_tiers, alerts=EVERYTHING)


def _alerts(strategy, **parts):
    return replace(strategy, alerts=replace(strategy.alerts, **parts))


def _stacks(strategy):
    return {(stack.name, stack.region): json.loads(stack.template)["Resources"] for stack in compile_strategy(strategy).stacks}


def _center(strategy, region="eu-west-2"):
    return _stacks(strategy)["tiers-watch-central", region]


def _members(strategy):
    (found,) = [each for each in compile_strategy(strategy).stack_sets if each.name == "tiers-watch"]
    return json.loads(found.template)


def _of_type(resources, kind):
    return {name: each["Properties"] for name, each in resources.items() if each["Type"] == kind}


def _undeployed(strategy):
    return {each.subject: each.reason for each in compile_strategy(strategy).undeployed}


def test_nothing_watches_where_no_alerts_are_declared(three_tiers):
    """No stack, no StackSet."""
    estate = compile_strategy(three_tiers)
    assert not [each.name for each in (*estate.stacks, *estate.stack_sets) if "watch" in each.name]


def test_every_account_sends_all_backup_events_to_the_bus_of_its_region(watched):
    """Through a role, because the bus lets a whole organization in."""
    resources = _members(watched)["Resources"]
    rule = resources["ForwardRule"]["Properties"]
    assert rule["EventPattern"] == {"source": ["aws.backup"]}
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Fn::Sub": "arn:${AWS::Partition}:events:${AWS::Region}:333333333333:event-bus/tiers-backup"}
    assert target["RoleArn"] == {"Fn::GetAtt": ["ForwardRole", "Arn"]}
    role = resources["ForwardRole"]["Properties"]
    (statement,) = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert (statement["Action"], target["Arn"] in statement["Resource"]) == ("events:PutEvents", True)
    assert "RoleName" not in role, "a name of its own would be made once in each Region"


def test_bus_takes_events_of_the_organization_only(watched):
    """Of nobody outside."""
    (policy,) = _of_type(_center(watched), "AWS::Events::EventBusPolicy").values()
    assert policy["Statement"]["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": {"Ref": "OrganizationId"}}}
    assert policy["Statement"]["Action"] == "events:PutEvents"


def test_completed_jobs_of_other_regions_are_counted_in_the_home_region(watched):
    """Directly: EventBridge sends nothing on from a bus that got it from another one."""
    template = _members(watched)
    rule = template["Resources"]["ForwardHeartbeatRule"]
    assert template["Conditions"][rule["Condition"]]["Fn::And"][0] == {"Condition": "IsAnotherRegion"}
    assert template["Conditions"]["IsAnotherRegion"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-2"]}]}
    home = {"Fn::Sub": "arn:${AWS::Partition}:events:eu-west-2:333333333333:event-bus/tiers-backup"}
    assert rule["Properties"]["Targets"][0]["Arn"] == home
    assert "ForwardHeartbeatRule" in _center(watched, "eu-west-1")
    assert "ForwardHeartbeatRule" not in _center(watched)


def test_buses_are_there_before_what_sends_to_them(watched):
    """In a template, and from one Region to the other."""
    assert _center(watched)["ForwardRule"]["DependsOn"] == ["Bus"]
    organization = replace(watched.organization, regions=tuple(reversed(watched.organization.regions)))
    stacks = compile_strategy(replace(watched, organization=organization)).stacks
    assert [each.region for each in stacks if each.name == "tiers-watch-central"] == ["eu-west-2", "eu-west-1"]


def test_only_the_heartbeat_hears_other_regions(watched):
    """What comes from there to be counted is neither queued nor told twice."""
    rules = [each for each in _of_type(_center(watched), "AWS::Events::Rule").values() if "EventBusName" in each]
    everywhere = [rule["Name"] for rule in rules if rule["EventPattern"].get("region") != [{"Ref": "AWS::Region"}]]
    assert everywhere == ["heartbeat"]


def test_queue_gets_every_event_and_people_what_they_ask_for(watched):
    """A rule counts what nobody asked for, and tells nobody."""
    resources = _center(_alerts(watched, events=(AlertEvent.FAILED, AlertEvent.LOCK)))
    rules = {each["Name"]: each for each in _of_type(resources, "AWS::Events::Rule").values() if "Name" in each}
    assert rules["queue"]["EventPattern"]["source"] == ["aws.backup"]
    assert "detail-type" not in rules["queue"]["EventPattern"]
    told = [name for name, rule in rules.items() if any(target["Id"] == "Topic" for target in rule.get("Targets", ()))]
    assert told == ["failed", "lock"]
    assert {"completed", "expired", "copy-completed", "restore-failed"} <= rules.keys()


def test_message_is_json_whatever_the_event_says(watched):
    """Words are fixed, the event's own part is put in as a whole: a quotation mark in a failure breaks nothing."""
    for rule in _of_type(_center(watched), "AWS::Events::Rule").values():
        for target in rule.get("Targets", ()):
            if target["Id"] == "Topic":
                shape = target["InputTransformer"]
                text = shape["InputTemplate"]
                for name in shape["InputPathsMap"]:
                    text = text.replace(f"<{name}>", json.dumps('a "message"'))
                assert json.loads(text).keys() == {"what", "strategy", "account", "region", "time", "detail"}
                assert json.loads(text)["strategy"] == "tiers"


@pytest.mark.parametrize("queue", ["EventsQueue", "EventsLost"])
def test_queues_are_encrypted_and_take_messages_of_their_rules_over_tls(watched, queue):
    """Neither another account's rule nor a connection without TLS gets in."""
    resources = _center(watched)
    assert resources[queue]["Properties"]["SqsManagedSseEnabled"] is True
    allowed, denied = resources[f"{queue}Policy"]["Properties"]["PolicyDocument"]["Statement"]
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert [key for condition in allowed["Condition"].values() for key in condition] == ["aws:SourceArn"]
    assert (denied["Effect"], denied["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_what_cannot_be_delivered_waits_and_sets_off_an_alarm(watched):
    """Every target of a rule has the second queue."""
    resources = _center(watched)
    targets = [t for rule in _of_type(resources, "AWS::Events::Rule").values() for t in rule.get("Targets", ()) if t["Id"] != "Bus"]
    assert {target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0] for target in targets} == {"EventsLost"}
    assert resources["LostEventsAlarm"]["Properties"]["Dimensions"] == [
        {"Name": "QueueName", "Value": {"Fn::GetAtt": ["EventsLost", "QueueName"]}}
    ]


def test_topic_is_encrypted_with_a_key_that_its_publishers_may_use(watched):
    """The AWS-managed key of SNS takes nothing from another service, and nobody would hear of it."""
    resources = _center(watched)
    assert resources["AlertsTopic"]["Properties"]["KmsMasterKeyId"] == {"Fn::GetAtt": ["AlertsKey", "Arn"]}
    statements = {each["Sid"]: each for each in resources["AlertsKey"]["Properties"]["KeyPolicy"]["Statement"]}
    publishers = statements["AlertsOfServices"]
    assert publishers["Principal"]["Service"] == ["backup.amazonaws.com", "cloudwatch.amazonaws.com", "events.amazonaws.com"]
    assert publishers["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert "Condition" not in publishers, "EventBridge gives KMS nothing that a condition could look at"


def test_topic_policy_says_who_publishes(watched):
    """Alarms by their names, EventBridge without a condition, which it does not support; nothing without TLS."""
    (policy,) = _of_type(_center(watched), "AWS::SNS::TopicPolicy").values()
    statements = {each["Sid"]: each for each in policy["PolicyDocument"]["Statement"]}
    arn = {"Fn::Sub": "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:*:alarm:tiers-watch*"}
    assert statements["AlarmsOfTheAccounts"]["Condition"] == {"ArnLike": {"aws:SourceArn": arn}}
    assert "Condition" not in statements["EventsAndVaults"]
    assert statements["TlsOnly"]["Effect"] == "Deny"
    alarms = [*_of_type(_center(watched), "AWS::CloudWatch::Alarm").values()]
    alarms += _of_type(_members(watched)["Resources"], "AWS::CloudWatch::Alarm").values()
    assert all(alarm["AlarmName"].startswith("tiers-watch") for alarm in alarms)


def test_addresses_are_subscribed_in_every_region(watched):
    """An alarm reaches a topic of its own Region only."""
    for region in ("eu-west-2", "eu-west-1"):
        (subscription,) = _of_type(_center(watched, region), "AWS::SNS::Subscription").values()
        assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "team@example.com")


def test_addresses_that_differ_in_a_sign_are_two(watched):
    """Logical ids have letters and digits only."""
    addresses = ("a.b@example.com", "a-b@example.com")
    found = _of_type(_center(_alerts(watched, emails=addresses)), "AWS::SNS::Subscription")
    assert sorted(each["Endpoint"] for each in found.values()) == sorted(addresses)


def test_alarms_stand_on_five_minutes_and_zero(watched):
    """Any failure sets them off, and a metric that is not there is none."""
    alarms = _of_type(_members(watched)["Resources"], "AWS::CloudWatch::Alarm")
    wanted = {"NumberOfBackupJobsFailed", "NumberOfBackupJobsAborted", "NumberOfBackupJobsExpired"}
    wanted |= {"NumberOfCopyJobsFailed", "NumberOfRestoreJobsFailed"}
    assert {alarm["MetricName"] for alarm in alarms.values()} == wanted
    for alarm in alarms.values():
        assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["Threshold"], alarm["Statistic"]) == (300, 1, 0, "Sum")
        assert (alarm["ComparisonOperator"], alarm["TreatMissingData"]) == ("GreaterThanThreshold", "notBreaching")
        assert alarm["AlarmActions"] == [{"Fn::Sub": "arn:${AWS::Partition}:sns:${AWS::Region}:333333333333:tiers-alerts"}]


def test_copies_are_watched_by_the_vault_they_go_to(watched):
    """Their metric is in the account that copies, under the name of the destination."""
    alarms = _of_type(_members(watched)["Resources"], "AWS::CloudWatch::Alarm").values()
    copies = [alarm["Dimensions"] for alarm in alarms if alarm["MetricName"] == "NumberOfCopyJobsFailed"]
    assert copies == [[{"Name": "BackupVaultName", "Value": name}] for name in ("tiers-central", "tiers-dr")]


def test_alarms_that_nobody_asked_for_are_not_made(watched):
    """Neither in members nor in the center."""
    few = _alerts(watched, events=(AlertEvent.EXPIRED,))
    alarms = _of_type(_members(few)["Resources"], "AWS::CloudWatch::Alarm").values()
    assert [alarm["MetricName"] for alarm in alarms] == ["NumberOfBackupJobsExpired"]
    assert "HeartbeatAlarm" not in _center(few)


def test_silence_longer_than_a_run_and_its_time_is_an_alarm(watched):
    """A day, the six hours that a job may take, and one for its event: missing data is what it is about."""
    resources = _center(watched)
    alarm = resources["HeartbeatAlarm"]["Properties"]
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (3600, 31, 31)
    assert (alarm["TreatMissingData"], alarm["ComparisonOperator"], alarm["Threshold"]) == ("breaching", "LessThanThreshold", 1)
    assert {each["Name"]: each["Value"] for each in alarm["Dimensions"]} == {"EventBusName": "tiers-backup", "RuleName": "heartbeat"}
    assert "HeartbeatAlarm" not in _center(watched, "eu-west-1")


@pytest.mark.parametrize(
    ("schedule", "minutes", "hours"),
    [
        ("cron(0 2 * * ? *)", 10_080, 49),  # a job may take a week, but then the next run is there already
        ("cron(0 2 ? * MON-FRI *)", 360, 79),  # a weekend in between
        ("cron(0 * * * ? *)", 120, 3),
        ("cron(0 2 ? * SUN *)", 60, None),  # longer than CloudWatch looks back
        ("cron(0 2 1 * ? *)", 60, None),
    ],
)
def test_rule_that_runs_most_often_decides_how_long_silence_is(watched, build, schedule, minutes, hours):
    """Its longest gap, what a job may take, but not more than another gap, and an hour."""
    rules = (build.rule(schedule=schedule, complete_within_minutes=minutes), build.rule("yearly", schedule="cron(0 2 1 1 ? *)"))
    strategy = replace(watched, plans=(build.plan(rules=rules),))
    alarm = _center(strategy).get("HeartbeatAlarm")
    assert (alarm["Properties"]["EvaluationPeriods"] if alarm else None) == hours
    assert ("alerts on missing" in _undeployed(strategy)) == (hours is None)


def test_keys_are_watched_where_they_are(watched):
    """What somebody does to a key comes through CloudTrail, refused calls aside."""
    rule = _members(watched)["Resources"]["ForwardKeyRule"]["Properties"]
    assert rule["EventPattern"]["detail"]["eventName"] == ["DisableKey", "ScheduleKeyDeletion"]
    assert rule["EventPattern"]["detail"]["errorCode"] == [{"exists": False}]
    assert "ForwardKeyRule" not in _members(_alerts(watched, events=(AlertEvent.LOCK,)))["Resources"]


def test_other_accounts_with_vaults_or_shared_keys_are_watched_too(watched, build):
    """They are in no governed OU, so that the StackSet doesn't come there."""
    archive = build.vault("archive", account=AccountId("444444444444"))
    shared = Key(name="shared", kind=KeyKind.MULTI_REGION, account=AccountId("111111111111"), arn=MRK, origin=HERE)
    estate = compile_strategy(replace(watched, vaults=(*watched.vaults, archive), keys=(*watched.keys, shared)))
    own = [(each.account, each.region) for each in estate.stacks if each.name == "tiers-watch-own"]
    assert own == [(account, region) for account in ("111111111111", "444444444444") for region in ("eu-west-2", "eu-west-1")]


def test_account_with_a_stack_of_its_own_sends_its_events_once(watched, build):
    """It may be a governed one too: there the StackSet forwards nothing."""
    archive = build.vault("archive", account=AccountId("444444444444"))
    template = _members(replace(watched, vaults=(*watched.vaults, archive)))
    forward = {name: each["Condition"] for name, each in template["Resources"].items() if name.startswith("Forward")}
    assert set(forward.values()) == {"HasNoStackOfItsOwn", "HasNoStackOfItsOwnInAnotherRegion"}
    (several,) = template["Conditions"]["HasNoStackOfItsOwn"]["Fn::Not"]
    assert [each["Fn::Equals"][1] for each in several["Fn::Or"]] == ["333333333333", "444444444444"]


def test_topic_that_exists_is_used_and_not_made(watched):
    """In its Region; what the others can't tell is on the list."""
    strategy = _alerts(watched, topic=TOPIC, emails=())
    home, other = _center(strategy), _center(strategy, "eu-west-1")
    assert not _of_type(home, "AWS::SNS::Topic")
    assert not _of_type(home, "AWS::KMS::Key")
    assert home["RuleFailed"]["Properties"]["Targets"][0]["Arn"] == TOPIC
    assert "Targets" not in other["RuleFailed"]["Properties"]
    assert "AlarmActions" not in other["LostEventsAlarm"]["Properties"]
    assert list(_undeployed(strategy)) == ["alerts in eu-west-1"]
    members = _members(strategy)
    assert members["Conditions"]["InTopicRegion"] == {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-2"]}
    for alarm in _of_type(members["Resources"], "AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == {"Fn::If": ["InTopicRegion", [TOPIC], {"Ref": "AWS::NoValue"}]}


def test_addresses_are_subscribed_to_a_topic_that_exists_in_the_same_account_only(watched):
    """A topic of somebody else is for them to subscribe to."""
    strategy = _alerts(watched, topic=TOPIC)
    assert not _of_type(_center(strategy), "AWS::SNS::Subscription")
    assert "e-mail addresses of alerts" in _undeployed(strategy)
    ours = _alerts(watched, topic=TOPIC.replace("444444444444", "333333333333"))
    assert len(_of_type(_center(ours), "AWS::SNS::Subscription")) == 1
    assert "e-mail addresses of alerts" not in _undeployed(ours)


def test_shared_key_of_the_topic_lets_publishers_use_it(watched):
    """The topic takes the key's ARN of its own Region, and its policy has the same statement as a key that is made."""
    shared = Key(name="shared", kind=KeyKind.MULTI_REGION, account=AccountId("333333333333"), arn=MRK, origin=HERE)
    strategy = _alerts(replace(watched, keys=(*watched.keys, shared)), key="shared")
    stacks = _stacks(strategy)
    topic = stacks["tiers-watch-central", "eu-west-1"]["AlertsTopic"]["Properties"]
    assert topic["KmsMasterKeyId"] == {
        "Fn::Sub": "arn:${AWS::Partition}:kms:${AWS::Region}:333333333333:key/mrk-1234abcd12ab34cd56ef1234567890ab"
    }
    for region in ("eu-west-1", "eu-west-2"):
        policy = stacks["tiers-key-shared", region]["KeyShared"]["Properties"]["KeyPolicy"]
        assert "AlertsOfServices" in [statement.get("Sid") for statement in policy["Statement"]]


def test_shared_key_that_the_same_deployment_makes_is_a_parameter_of_the_topic(watched):
    """Its id comes from the stack of the key."""
    shared = Key(name="shared", kind=KeyKind.MULTI_REGION, account=AccountId("333333333333"), origin=HERE)
    strategy = _alerts(replace(watched, keys=(*watched.keys, shared)), key="shared")
    stack = next(each for each in compile_strategy(strategy).stacks if each.name == "tiers-watch-central")
    assert [(each.stack, each.parameter) for each in stack.outputs] == [("tiers-key-shared", "KeySharedId")]
    template = json.loads(stack.template)
    assert "KeySharedId" in template["Parameters"]
    key_id = template["Resources"]["AlertsTopic"]["Properties"]["KmsMasterKeyId"]
    assert key_id == {"Fn::Sub": "arn:${AWS::Partition}:kms:${AWS::Region}:333333333333:key/${KeySharedId}"}


def test_alerts_wait_for_the_arn_of_somebody_else_s_key(watched):
    """Rather none than unencrypted ones."""
    shared = Key(name="shared", kind=KeyKind.MULTI_REGION, account=None, ours=False, origin=HERE)
    strategy = _alerts(replace(watched, keys=(*watched.keys, shared)), key="shared")
    assert "has no ARN" in _undeployed(strategy)["alerts"]
    assert not [name for name, _ in _stacks(strategy) if "watch" in name]


def test_alerts_need_an_account_to_go_to(watched):
    """Offline nobody knows which one the management account is."""
    accounts = replace(watched.organization.accounts, management=None, backup_admin=None, central=None)
    strategy = replace(watched, organization=replace(watched.organization, accounts=accounts))
    assert "write organization.accounts.central" in _undeployed(strategy)["alerts"]


def test_vaults_beside_the_topic_tell_what_eventbridge_does_not(watched):
    """The topic of a vault must be in its own account: local vaults have none."""
    stacks = _stacks(watched)
    told = stacks["tiers-central", "eu-west-2"]["VaultCentral"]["Properties"]["Notifications"]
    assert told["SNSTopicArn"] == {"Fn::Sub": "arn:${AWS::Partition}:sns:${AWS::Region}:333333333333:tiers-alerts"}
    assert "S3_RESTORE_OBJECT_FAILED" in told["BackupVaultEvents"]
    local = next(each for each in compile_strategy(watched).stack_sets if each.name == "tiers-local")
    assert "Notifications" not in local.template
    assert list(stacks).index(("tiers-watch-central", "eu-west-2")) < list(stacks).index(("tiers-central", "eu-west-2"))


def test_dashboard_shows_the_jobs_of_every_region(watched):
    """Once, in the home Region, from the rules that count."""
    body = json.loads(_center(watched)["Dashboard"]["Properties"]["DashboardBody"])
    graphs = [widget["properties"] for widget in body["widgets"] if widget["type"] == "metric"]
    assert [graph["title"] for graph in graphs if graph["region"] == "eu-west-1"] == [
        f"{what}, eu-west-1" for what in ("Backup jobs", "Copy jobs", "Restores", "Events waiting")
    ]
    names = {each["Name"] for each in _of_type(_center(watched), "AWS::Events::Rule").values() if "Name" in each}
    shown = {metric[5] for graph in graphs for metric in graph["metrics"] if metric[0] == "AWS/Events"}
    assert shown <= names
    (alarms,) = [widget["properties"]["alarms"] for widget in body["widgets"] if widget["type"] == "alarm"]
    made = {each["AlarmName"] for each in _of_type(_center(watched), "AWS::CloudWatch::Alarm").values()}
    assert {arn.rpartition(":")[2] for arn in alarms} == made
    assert "Dashboard" not in _center(watched, "eu-west-1")
