"""Legal holds: invariant E7 and what surrounds it."""

from datetime import timedelta

import pytest

from strongroom.twin.ports import ApiError


def _one_point(scene, *, days=10):
    scene.vault()
    role = scene.role()
    scene.do(
        "StartBackupJob",
        BackupVaultName="local",
        ResourceArn=scene.table("orders"),
        IamRoleArn=role,
        Lifecycle={"DeleteAfterDays": days},
    )
    scene.wait(hours=1)
    (point,) = scene.points()
    return point


def _hold(scene, selection=None, *, active=True, **more):
    chosen = {} if selection is None else {"RecoveryPointSelection": selection}
    made = scene.do("CreateLegalHold", Title="case 12", Description="what the court asked for", **chosen, **more)
    if active:
        scene.wait(minutes=10)
    return made["LegalHoldId"]


def _cancel(scene, hold, **more):
    scene.do("CancelLegalHold", LegalHoldId=hold, CancelDescription="settled", **more)


def _taken(scene, hold):
    return [each["RecoveryPointArn"] for each in scene.do("ListRecoveryPointsByLegalHold", LegalHoldId=hold)["RecoveryPoints"]]


def test_E7_a_hold_outlives_the_retention(scene):  # noqa: N802 - named after the invariant
    """E7: expiry skips what is held, however overdue; it keeps its numbers."""
    point = _one_point(scene)
    hold = _hold(scene)
    scene.wait(days=400)
    assert scene.points() == [point]
    assert _taken(scene, hold) == [point["RecoveryPointArn"]]


def test_E7_overdue_points_go_within_a_day_of_the_last_cancel(scene):  # noqa: N802 - named after the invariant
    """E7: with two holds it is the last one that counts; then what is overdue goes within 24 hours."""
    point = _one_point(scene)
    first, second = _hold(scene), _hold(scene)
    scene.wait(days=30)
    _cancel(scene, first)
    scene.wait(days=30)
    assert scene.points() == [point]
    _cancel(scene, second)
    scene.wait(minutes=5)
    assert scene.do("GetLegalHold", LegalHoldId=second)["Status"] == "CANCELED"
    happened = scene.wait(hours=24)
    assert (scene.points(), happened["expired"]) == ([], 1)


def test_E7_a_point_that_is_not_due_keeps_its_end(scene):  # noqa: N802 - named after the invariant
    """E7: a hold that ends early changes nothing."""
    point = _one_point(scene)
    _cancel(scene, _hold(scene))
    scene.at = point["CalculatedLifecycle"]["DeleteAt"]
    assert scene.points() == [point]
    scene.wait(hours=8)
    assert scene.points() == []


def test_E7_creating_and_canceling_promise_nothing(scene):  # noqa: N802 - named after the invariant
    """E7: while a hold is being made or cancelled, deletions succeed."""
    point = _one_point(scene)
    hold = _hold(scene, active=False)
    assert scene.do("GetLegalHold", LegalHoldId=hold)["Status"] == "CREATING"
    scene.do("DeleteRecoveryPoint", BackupVaultName="local", RecoveryPointArn=point["RecoveryPointArn"])
    assert _taken(scene, hold) == []
    scene.do("StartBackupJob", BackupVaultName="local", ResourceArn=point["ResourceArn"], IamRoleArn=point["IamRoleArn"])
    scene.wait(hours=1)
    (later,) = scene.points()
    other = _hold(scene)
    _cancel(scene, other)
    assert scene.do("GetLegalHold", LegalHoldId=other)["Status"] == "CANCELING"
    scene.do("DeleteRecoveryPoint", BackupVaultName="local", RecoveryPointArn=later["RecoveryPointArn"])
    assert scene.points() == []


@pytest.mark.parametrize("operation", ["DeleteRecoveryPoint", "DisassociateRecoveryPoint"])
def test_held_points_cannot_be_removed(scene, operation):
    """Deleting and disassociating fail while a hold is active."""
    point = _one_point(scene)
    _hold(scene)
    with pytest.raises(ApiError, match=r"InvalidRequestException: .* under legal hold"):
        scene.do(operation, BackupVaultName="local", RecoveryPointArn=point["RecoveryPointArn"])
    assert scene.points() == [point]


def test_hold_postpones_cold_storage(scene):
    """A recovery point that is held stays warm until its hold ends."""
    scene.vault()
    cold = {"MoveToColdStorageAfterDays": 5, "DeleteAfterDays": 200}
    scene.do("StartBackupJob", BackupVaultName="local", ResourceArn=scene.table("orders"), IamRoleArn=scene.role(), Lifecycle=cold)
    scene.wait(hours=1)
    (point,) = scene.points()

    def storage():
        return scene.do("DescribeRecoveryPoint", BackupVaultName="local", RecoveryPointArn=point["RecoveryPointArn"])["StorageClass"]

    hold = _hold(scene)
    scene.wait(days=20)
    assert storage() == "WARM"
    _cancel(scene, hold)
    scene.wait(hours=1)
    assert storage() == "COLD"


def test_fm29_a_hold_is_narrower_than_it_looks(scene, kit):
    """FM29: neither continuous backups nor later ones nor copies are held."""
    scene.vault()
    central = scene.central_vault()
    scene.do("UpdateRegionSettings", ResourceTypeOptInPreference={"S3": True})
    scene.bucket("receipts", environment="prod")
    scene.table("orders", environment="prod")
    scene.plan(
        kit.rule(EnableContinuousBackup=True, Lifecycle={"DeleteAfterDays": 5}, CopyActions=[{"DestinationBackupVaultArn": central}])
    )
    scene.wait(days=1)
    held = {point["RecoveryPointArn"] for point in scene.points() if point["ResourceType"] == "DynamoDB"}
    hold = _hold(scene)
    assert set(_taken(scene, hold)) == held
    scene.wait(days=30)
    assert set(_taken(scene, hold)) == held
    assert {point["RecoveryPointArn"] for point in scene.points() if point["CreationDate"] < scene.at - timedelta(days=7)} >= held
    assert all(point["CreationDate"] > scene.at - timedelta(days=7) for point in scene.points("central", account=kit.CENTRAL))


def test_what_a_hold_takes_in(scene):
    """Vaults, resources or types, and a range of creation dates with both ends included narrow a hold."""
    scene.vault()
    scene.vault("aside")
    role, orders = scene.role(), scene.table("orders")
    for vault, arn in (("local", orders), ("aside", orders), ("local", scene.volume())):
        scene.do("StartBackupJob", BackupVaultName=vault, ResourceArn=arn, IamRoleArn=role)
        scene.wait(hours=2)
    first, aside = scene.points(ByResourceType="DynamoDB")[0], scene.points("aside")[0]
    disk = scene.points(ByResourceType="EBS")[0]
    arns = {name: point["RecoveryPointArn"] for name, point in (("first", first), ("aside", aside), ("disk", disk))}

    def taken(**selection):
        return {name for name, arn in arns.items() if arn in _taken(scene, _hold(scene, selection))}

    assert taken() == {"first", "aside", "disk"}
    assert taken(VaultNames=["aside"]) == {"aside"}
    assert taken(ResourceIdentifiers=[orders]) == {"first", "aside"}
    assert taken(ResourceIdentifiers=["EBS"]) == {"disk"}
    assert taken(VaultNames=["local"], ResourceIdentifiers=[orders]) == {"first"}
    edges = {"FromDate": first["CreationDate"], "ToDate": aside["CreationDate"]}
    assert taken(DateRange=edges) == {"first", "aside"}


def test_refusals(scene):
    """Dates to come, long descriptions, unknown holds, a second cancel and the 51st hold."""
    _one_point(scene)
    later = scene.at + timedelta(days=1)
    with pytest.raises(ApiError, match=r"InvalidParameterValueException: ToDate .* in the future"):
        _hold(scene, {"DateRange": {"FromDate": scene.at, "ToDate": later}})
    with pytest.raises(ApiError, match="MissingParameterValueException"):
        _hold(scene, {"DateRange": {"FromDate": scene.at}})
    with pytest.raises(ApiError, match="InvalidParameterValueException: Description has 281 characters"):
        scene.do("CreateLegalHold", Title="t", Description="d" * 281)
    with pytest.raises(ApiError, match="ResourceNotFoundException"):
        scene.do("GetLegalHold", LegalHoldId="none")
    with pytest.raises(ApiError, match="ResourceNotFoundException"):
        _cancel(scene, "none")
    hold = _hold(scene, active=False)
    with pytest.raises(ApiError, match=r"InvalidResourceStateException: .* CREATING"):
        _cancel(scene, hold)
    scene.wait(minutes=10)
    _cancel(scene, hold)
    with pytest.raises(ApiError, match=r"InvalidResourceStateException: .* CANCELING"):
        _cancel(scene, hold)
    scene.wait(minutes=10)
    for _ in range(50):
        _hold(scene, active=False)
    with pytest.raises(ApiError, match="LimitExceededException"):
        _hold(scene)


def test_record_of_a_hold(scene):
    """A cancelled hold is listed until its record is no longer kept: 180 days, or as many as were asked for."""
    _one_point(scene)
    usual, short = _hold(scene), _hold(scene)
    _cancel(scene, usual)
    _cancel(scene, short, RetainRecordInDays=3)
    shown = scene.do("GetLegalHold", LegalHoldId=usual)
    assert shown["RetainRecordUntil"] - shown["CancellationDate"] == timedelta(days=180)
    assert shown["CancelDescription"] == "settled"
    scene.wait(days=4)
    assert [each["LegalHoldId"] for each in scene.do("ListLegalHolds")["LegalHolds"]] == [usual]
    scene.wait(days=180)
    assert scene.do("ListLegalHolds")["LegalHolds"] == []


def test_same_token_same_hold_and_tags(scene):
    """A repeated call makes no second hold; holds have tags; listings page."""
    holds = {_hold(scene, IdempotencyToken=token, Tags={"case": "12"}) for token in ("a", "a", "b")}
    page = scene.do("ListLegalHolds", MaxResults=1)
    assert len(holds) == 2
    assert len(scene.do("ListLegalHolds", NextToken=page["NextToken"])["LegalHolds"]) == 1
    arn = page["LegalHolds"][0]["LegalHoldArn"]
    scene.do("TagResource", ResourceArn=arn, Tags={"more": "yes"})
    assert scene.do("ListTags", ResourceArn=arn)["Tags"] == {"case": "12", "more": "yes"}
