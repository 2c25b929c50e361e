"""Items of DynamoDB tables: what a recovery point or an instant gives back is what was there."""

import random
from datetime import timedelta
from itertools import pairwise

import pytest
from botocore.exceptions import ClientError
from tests.conformance.data.places import AWAY, CENTRAL, OF_CENTRAL, OF_DR, OWN, SHOP, Places, at_instants

from strongroom.errors import BadInput
from strongroom.twin import client as control

KEYS = {
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in (("id", "S"), ("line", "N"), ("day", "S"))],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "line", "KeyType": "RANGE"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-day",
            "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


def _arn(name, account=SHOP, region="eu-west-2"):
    return f"arn:aws:dynamodb:{region}:{account}:table/{name}"


def _items(dynamodb, name):
    found = dynamodb.get_paginator("scan").paginate(TableName=name).build_full_result()["Items"]
    return {(item["id"]["S"], item.get("line", {"N": ""})["N"]): item for item in found}


def _write_by_every_door(dynamodb, name, luck):
    """Change a table once by chance: by one of the operations that can."""
    key = {"id": {"S": f"order-{luck.randrange(4)}"}, "line": {"N": str(luck.randrange(3))}}
    item = key | {"day": {"S": f"day-{luck.randrange(9)}"}, "amount": {"N": str(luck.randrange(1000))}}
    setting = {
        "TableName": name,
        "Key": key,
        "UpdateExpression": "SET amount = :a",
        "ExpressionAttributeValues": {":a": {"N": str(luck.randrange(1000))}},
    }
    insert = f"INSERT INTO \"{name}\" VALUE {{'id': 'by-statement-{luck.random()}', 'line': {key['line']['N']}}}"
    doors = (
        lambda: dynamodb.put_item(TableName=name, Item=item),
        lambda: dynamodb.update_item(**setting),
        lambda: dynamodb.delete_item(TableName=name, Key=key),
        lambda: dynamodb.batch_write_item(RequestItems={name: [{"PutRequest": {"Item": item}}]}),
        lambda: dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": name, "Item": item}}]),
        lambda: dynamodb.execute_statement(Statement=insert),
    )
    luck.choice(doors)()


def _history(places, name, steps):
    """Let a table change `steps` times an hour apart; returns its states after each change, by instant."""
    dynamodb, luck = places.client("dynamodb"), random.Random(steps)  # noqa: S311 - chance of a test
    dynamodb.create_table(TableName=name, **KEYS)
    dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    states = [(places.now(), {})]
    for _ in range(steps):
        places.twin.advance("1h")
        _write_by_every_door(dynamodb, name, luck)
        states.append((places.now(), _items(dynamodb, name)))
    return states


def test_recovery_points_hold_the_items_of_their_instant_in_every_vault(places):
    """A backup, its copies in the central and the DR vault, and their restores give the items of its creation, the source being gone."""
    dynamodb = places.client("dynamodb")
    states = _history(places, "wares", 6)
    point_job = places.back_up(_arn("wares"))
    expected = states[-1][1]
    dynamodb.put_item(TableName="wares", Item={"id": {"S": "late"}, "line": {"N": "1"}})
    places.twin.advance("12h")
    point = places.point_of(point_job)
    dynamodb.delete_table(TableName="wares")
    assert _items(dynamodb, places.restored(point, {"targetTableName": "wares-own"}).rpartition("/")[2]) == expected
    central = places.copy(point, OWN, OF_CENTRAL)
    places.restored(central, {"targetTableName": "wares-central"}, OF_CENTRAL)
    assert _items(places.client("dynamodb", CENTRAL), "wares-central") == expected
    away = places.copy(central, OF_CENTRAL, OF_DR)
    places.restored(away, {"targetTableName": "wares-dr"}, OF_DR)
    assert _items(places.client("dynamodb", CENTRAL, AWAY), "wares-dr") == expected
    made = places.client("dynamodb", CENTRAL, AWAY).describe_table(TableName="wares-dr")["Table"]
    assert ([index["IndexName"] for index in made["GlobalSecondaryIndexes"]], made["KeySchema"]) == (["by-day"], KEYS["KeySchema"])


@pytest.mark.parametrize("count", [3, pytest.param(50, marks=pytest.mark.long)])
def test_each_of_many_backups_has_its_own_items_in_each_vault(places, count):
    """As many backups as instants, restored from the own, the central or the DR vault when the table is long gone."""
    dynamodb, luck, name, states = places.client("dynamodb"), random.Random(count), f"many-{count}", []  # noqa: S311 - chance of a test
    dynamodb.create_table(TableName=name, **KEYS)
    for _ in range(count):
        for _ in range(3):
            _write_by_every_door(dynamodb, name, luck)
        job, expected = places.back_up(_arn(name)), _items(dynamodb, name)
        _write_by_every_door(dynamodb, name, luck)
        places.twin.advance("12h")
        states.append((places.point_of(job), expected))
    dynamodb.delete_table(TableName=name)
    for number, (point, expected) in enumerate(states):
        made = f"{name}-{number}"
        ways = ((OWN,), (OWN, OF_CENTRAL), (OWN, OF_CENTRAL, OF_DR))[number % 3]
        for source, destination in pairwise(ways):
            point = places.copy(point, source, destination)  # noqa: PLW2901 - the copy takes its place
        places.restored(point, {"targetTableName": made}, ways[-1])
        assert _items(places.client("dynamodb", *ways[-1][1:]), made) == expected


def test_earlier_items_are_told(places):
    """The control API says what was in a table at an instant, and refuses what is none."""
    dynamodb = places.client("dynamodb")
    dynamodb.create_table(TableName="told", **KEYS)
    dynamodb.put_item(TableName="told", Item={"id": {"S": "one"}, "line": {"N": "1"}})
    before = places.now()
    dynamodb.delete_item(TableName="told", Key={"id": {"S": "one"}, "line": {"N": "1"}})
    place = f"data/tables/{_arn('told')}"
    assert control.ask(places.twin.endpoint, "GET", place)["items"] == []
    told = control.ask(places.twin.endpoint, "GET", place, {"at": before.isoformat()})
    assert told == {"items": [{"id": {"S": "one"}, "line": {"N": "1"}}], "size_bytes": 2 + 3 + 4 + 1}
    for path, body in ((place, {"at": "yesterday"}), (place + "-not", {})):
        with pytest.raises(BadInput, match="the twin refuses"):
            control.ask(places.twin.endpoint, "GET", path, body)


def test_a_transaction_that_is_rolled_back_leaves_nothing(places):
    """What a failed transaction wrote is in no recovery point; what came before it is."""
    dynamodb = places.client("dynamodb")
    dynamodb.create_table(TableName="rolled", **KEYS)
    first = {"id": {"S": "one"}, "line": {"N": "1"}, "amount": {"N": "1"}}
    dynamodb.put_item(TableName="rolled", Item=first)
    never = {"TableName": "rolled", "Key": {"id": {"S": "two"}, "line": {"N": "2"}}, "ConditionExpression": "attribute_exists(id)"}
    with pytest.raises(ClientError, match="TransactionCanceled"):
        dynamodb.transact_write_items(
            TransactItems=[{"Put": {"TableName": "rolled", "Item": first | {"amount": {"N": "2"}}}}, {"ConditionCheck": never}]
        )
    job = places.back_up(_arn("rolled"))
    places.twin.advance("12h")
    places.restored(places.point_of(job), {"targetTableName": "rolled-back"})
    assert _items(dynamodb, "rolled-back") == {("one", "1"): first}


@pytest.mark.parametrize("count", [4, pytest.param(50, marks=pytest.mark.long)])
def test_any_instant_can_be_restored_natively(places, count):
    """RestoreTableToPointInTime gives what was there at any instant of the window, and refuses one outside."""
    dynamodb, name = places.client("dynamodb"), f"pitr-{count}"
    states = _history(places, name, 3 * count)
    places.twin.advance("1h")
    for number, (at, expected) in enumerate(at_instants(states, count)):
        dynamodb.restore_table_to_point_in_time(SourceTableName=name, TargetTableName=f"{name}-{number}", RestoreDateTime=at)
        assert _items(dynamodb, f"{name}-{number}") == expected
    told = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert told["EarliestRestorableDateTime"] < states[0][0] + timedelta(seconds=2) < told["LatestRestorableDateTime"]
    with pytest.raises(ClientError, match="restorable window"):
        dynamodb.restore_table_to_point_in_time(
            SourceTableName=name, TargetTableName=f"{name}-early", RestoreDateTime=states[0][0] - timedelta(hours=1)
        )
    with pytest.raises(ClientError, match="PointInTimeRecoveryUnavailable"):
        dynamodb.restore_table_to_point_in_time(SourceTableName="orders", TargetTableName=f"{name}-never", UseLatestRestorableTime=True)


def test_a_tables_own_backup_holds_the_items_of_its_instant(places):
    """RestoreTableFromBackup gives the items of CreateBackup, and what follows is history again."""
    dynamodb = places.client("dynamodb")
    before = _items(dynamodb, "orders")
    made = dynamodb.create_backup(TableName="orders", BackupName="by-hand")["BackupDetails"]["BackupArn"]
    dynamodb.delete_item(TableName="orders", Key={"id": {"S": "00001"}})
    dynamodb.restore_table_from_backup(TargetTableName="orders-own", BackupArn=made)
    assert _items(dynamodb, "orders-own") == before
    job = places.back_up(_arn("orders-own"))
    dynamodb.delete_item(TableName="orders-own", Key={"id": {"S": "00002"}})
    places.twin.advance("12h")
    places.restored(places.point_of(job), {"targetTableName": "orders-own-again"})
    assert _items(dynamodb, "orders-own-again") == before


def test_the_reported_size_is_that_of_the_items(places):
    """BackupSizeInBytes counts names and values of attributes; nothing is reported twice."""
    dynamodb = places.client("dynamodb")
    dynamodb.create_table(TableName="sized", **KEYS)
    dynamodb.put_item(TableName="sized", Item={"id": {"S": "x" * 100}, "line": {"N": "1"}})
    dynamodb.put_item(TableName="sized", Item={"id": {"S": "x" * 100}, "line": {"N": "1"}, "day": {"S": "y" * 50}})
    job = places.back_up(_arn("sized"))
    places.twin.advance("12h")
    size = places.client("backup").describe_backup_job(BackupJobId=job)["BackupSizeInBytes"]
    assert 2 + 100 + 4 + 1 + 3 + 50 <= size <= 2 + 100 + 4 + 2 + 3 + 50


def test_a_rotten_item_is_restored_in_silence(places):
    """The fault corrupt-data changes items of a recovery point and of later copies; the restore says nothing, and the items differ."""
    dynamodb, before = places.client("dynamodb"), _items(places.client("dynamodb"), "orders")
    job = places.back_up(_arn("orders"))
    places.twin.advance("12h")
    point = places.point_of(job)
    early = places.copy(point, OWN, OF_CENTRAL)
    fault = control.add_fault(places.twin.endpoint, "corrupt-data", arn=point, count=2, seed="a")
    late = places.copy(point, OWN, OF_DR)
    places.restored(point, {"targetTableName": "orders-rotten"})
    rotten = _items(dynamodb, "orders-rotten")
    assert (rotten.keys(), sum(rotten[key] != before[key] for key in before)) == (before.keys(), 2)
    places.restored(early, {"targetTableName": "orders-early"}, OF_CENTRAL)
    places.restored(late, {"targetTableName": "orders-late"}, OF_DR)
    assert _items(places.client("dynamodb", CENTRAL), "orders-early") == before
    assert _items(places.client("dynamodb", CENTRAL, AWAY), "orders-late") == rotten
    control.clear_faults(places.twin.endpoint, fault)
    places.restored(point, {"targetTableName": "orders-healed"})
    assert _items(dynamodb, "orders-healed") == before


def test_expired_recovery_points_and_old_versions_free_their_items(own_twin):
    """After five months of an item that changes daily, what is kept is the window of five weeks, and nothing for points that expired."""
    dynamodb, backup = own_twin.client("dynamodb", account=SHOP), own_twin.client("backup", account=SHOP)
    role = Places(own_twin).roles[SHOP]
    for day in range(150):
        dynamodb.put_item(TableName="orders", Item={"id": {"S": "daily"}, "day": {"N": str(day)}})
        if day < 100:
            backup.start_backup_job(
                BackupVaultName=OWN[0], ResourceArn=_arn("orders"), IamRoleArn=role, Lifecycle={"DeleteAfterDays": 400 if day == 3 else 7}
            )
        own_twin.advance("1d")
    (point,) = backup.list_recovery_points_by_backup_vault(BackupVaultName=OWN[0])["RecoveryPoints"]
    (history,) = control.dump(own_twin.endpoint)["data"]["tables"][_arn("orders")]
    (versions,) = [versions for key, versions in history["versions"].items() if "daily" in key]
    days = [int(attributes["day"]["N"]) for _, attributes, _ in versions]
    assert (days[0], days[-1]) == (3, 149)
    assert 36 <= len(days) < 36 + 2 * 64
    assert min(days[1:]) > 40
    backup.start_restore_job(RecoveryPointArn=point["RecoveryPointArn"], Metadata={"targetTableName": "day-3"}, IamRoleArn=role)
    own_twin.advance("12h")
    assert dynamodb.get_item(TableName="day-3", Key={"id": {"S": "daily"}})["Item"]["day"] == {"N": "3"}
