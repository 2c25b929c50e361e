"""AWS Backup on the wire: paths, query strings, bodies, errors and timestamps as botocore's model has them."""

import json
from urllib.parse import quote

import pytest

from strongroom.twin.backup.operations import OPERATIONS
from strongroom.twin.backup.wire import model


def test_every_operation_exists_in_the_model():
    """The twin has no operation that AWS Backup doesn't have."""
    assert set(OPERATIONS) <= set(model().operation_names)


def test_what_is_missing_says_so(scene, monkeypatch):
    """An operation that the twin doesn't do, such as one that a newer model brings, answers 501 with its name."""
    monkeypatch.delitem(OPERATIONS, "ListScanJobs")
    response = scene.ask("GET", "/scan/jobs")
    assert (response.status, response.operation) == (501, "ListScanJobs")
    assert "ListScanJobs" in json.loads(response.body)["Message"]


def test_unknown_path_is_refused(scene):
    """A path that AWS Backup doesn't have is an unknown operation."""
    assert scene.ask("GET", "/nothing/here").status == 404


def test_vault_round_trip(scene):
    """A vault made on the wire is described with epoch seconds, and listed."""
    assert scene.ask("PUT", "/backup-vaults/local", body={"BackupVaultTags": {"a": "b"}}).status == 200
    document = json.loads(scene.ask("GET", "/backup-vaults/local").body)
    assert document["CreationDate"] == scene.at.timestamp()
    assert (document["Locked"], document["NumberOfRecoveryPoints"], document["VaultType"]) == (False, 0, "BACKUP_VAULT")
    assert [each["BackupVaultName"] for each in json.loads(scene.ask("GET", "/backup-vaults/").body)["BackupVaultList"]] == ["local"]
    tags = json.loads(scene.ask("GET", f"/tags/{quote(document['BackupVaultArn'], safe='')}/").body)
    assert tags == {"Tags": {"a": "b"}}
    assert scene.ask("DELETE", "/backup-vaults/local").status == 200
    assert scene.ask("GET", "/backup-vaults/local").status == 400


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "/backup-vaults/none", None, "ResourceNotFoundException"),
        ("PUT", "/backup-vaults/a", None, "InvalidParameterValueException"),
        ("PUT", "/backup/plans/", {}, "MissingParameterValueException"),
        ("PUT", "/backup/plans/", {"BackupPlan": {"BackupPlanName": "p"}}, "MissingParameterValueException"),
        ("PUT", "/backup/plans/", {"BackupPlan": {"BackupPlanName": "p", "Rules": []}}, "InvalidParameterValueException"),
        ("PUT", "/backup/plans/", {"BackupPlan": {"BackupPlanName": "p", "Rules": "none"}}, "InvalidParameterValueException"),
        ("GET", "/backup/plans/none/", None, "ResourceNotFoundException"),
        ("GET", "/backup-jobs/none", None, "ResourceNotFoundException"),
        ("PUT", "/backup-jobs", {"BackupVaultName": "local"}, "MissingParameterValueException"),
        ("PUT", "/global-settings", {"GlobalSettings": {"isCrossAccountBackupEnabled": "true"}}, "AccessDeniedException"),
    ],
)
def test_refusals(scene, method, path, body, code):
    """Bad requests are refused in AWS's shapes, named in the header x-amzn-ErrorType."""
    response = scene.ask(method, path, body=body)
    assert response.headers["x-amzn-ErrorType"] == code
    assert response.operation
    document = json.loads(response.body)
    assert {"Code", "Message", "Type", "Context"} <= set(document)
    assert document["Message"]


def test_bad_query_values_are_refused(scene):
    """Numbers, enums, instants and tokens of a query are checked."""
    for query in ({"maxResults": "0"}, {"maxResults": "x"}, {"state": "DONE"}, {"createdAfter": "yesterday"}, {"nextToken": "zzz"}):
        assert scene.ask("GET", "/backup-jobs/", **query).headers["x-amzn-ErrorType"] == "InvalidParameterValueException"


def test_not_json_is_refused(scene):
    """A body that is no JSON object is a serialization error."""
    assert scene.ask("PUT", "/backup/plans/", body=["list"]).headers["x-amzn-ErrorType"] == "SerializationException"


def test_lifecycle_refusal_names_the_rule(scene, kit):
    """A plan with a wrong lifecycle is refused with ERROR_3015 and the rule in the context."""
    bad = kit.rule(Lifecycle={"DeleteAfterDays": 100, "MoveToColdStorageAfterDays": 30})
    response = scene.ask("PUT", "/backup/plans/", body={"BackupPlan": {"BackupPlanName": "p", "Rules": [bad]}})
    document = json.loads(response.body)
    assert document["Code"] == "ERROR_3015"
    assert document["Message"] == (
        "Error in rule daily : Invalid lifecycle. DeleteAfterDays cannot be less than 90 days apart from MoveToColdStorageAfterDays"
    )
    assert json.loads(document["Context"])[0] == "daily"


def test_plan_defaults_and_preview(scene):
    """A plan shows the defaults that were left out, and its next runs on request."""
    rule = {"RuleName": "plain", "TargetBackupVaultName": "local"}
    made = scene.ask("PUT", "/backup/plans/", body={"BackupPlan": {"BackupPlanName": "p", "Rules": [rule]}})
    plan_id = json.loads(made.body)["BackupPlanId"]
    document = json.loads(scene.ask("GET", f"/backup/plans/{plan_id}/", MaxScheduledRunsPreview="2").body)
    (shown,) = document["BackupPlan"]["Rules"]
    assert (shown["ScheduleExpression"], shown["StartWindowMinutes"], shown["CompletionWindowMinutes"]) == ("cron(0 5 ? * * *)", 480, 10080)
    day = 86_400
    midnight = scene.at.timestamp() // day * day
    assert [run["ExecutionTime"] for run in document["ScheduledRunsPreview"]] == [midnight + day + 5 * 3600, midnight + 2 * day + 5 * 3600]


def test_organization_plan_ids_are_found_url_encoded(scene, kit):
    """The id orgs/<uuid> arrives with its slash encoded."""
    scene.organization.policies[kit.WORKLOAD] = kit.effective()
    plans = json.loads(scene.ask("GET", "/backup/plans/").body)["BackupPlansList"]
    path = f"/backup/plans/{quote(plans[0]['BackupPlanId'], safe='')}/"
    assert json.loads(scene.ask("GET", path).body)["BackupPlan"]["BackupPlanName"] == "Production"


def test_filters_of_lists(scene, kit):
    """Lists take AWS's filters, in the names of the query string."""
    scene.vault()
    first = scene.table("orders", environment="prod")
    scene.table("people", environment="prod")
    scene.plan(kit.rule())
    scene.wait(days=2)

    def count(**query):
        return len(json.loads(scene.ask("GET", "/backup-jobs/", **query).body)["BackupJobs"])

    assert (count(), count(resourceArn=first), count(state="FAILED"), count(resourceType="EBS")) == (4, 2, 0, 0)
    assert count(createdAfter="2026-11-23T00:00:00Z") == 2
    assert count(createdBefore="2026-11-23T00:00:00Z", backupVaultName="local", messageCategory="SUCCESS") == 2
    points = json.loads(scene.ask("GET", "/backup-vaults/local/recovery-points/", resourceArn=first).body)["RecoveryPoints"]
    assert [point["ResourceName"] for point in points] == ["orders"] * 2
    listed = json.loads(scene.ask("GET", f"/resources/{quote(first, safe='')}/recovery-points/").body)["RecoveryPoints"]
    assert [point["RecoveryPointArn"] for point in listed] == [point["RecoveryPointArn"] for point in points]
    protected = json.loads(scene.ask("GET", "/resources/").body)["Results"]
    assert sorted(each["ResourceName"] for each in protected) == ["orders", "people"]


def test_management_account_lists_all_accounts(scene, kit):
    """AccountId=* is for the management account; a member is refused."""
    scene.vault()
    scene.table("orders", environment="prod")
    scene.plan(kit.rule())
    scene.wait(days=1)
    jobs = json.loads(scene.ask("GET", "/backup-jobs/", account=kit.MANAGEMENT, accountId="*").body)["BackupJobs"]
    assert [job["AccountId"] for job in jobs] == [kit.WORKLOAD]
    assert scene.ask("GET", "/backup-jobs/", accountId=kit.CENTRAL).status == 403


def test_vault_policy_denies_deletions(scene):
    """An explicit deny of the vault's policy stops callers, not AWS Backup itself."""
    scene.vault()
    scene.do("StartBackupJob", BackupVaultName="local", ResourceArn=scene.table("orders"), IamRoleArn=scene.role())
    scene.wait(hours=1)
    deny = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": ["backup:DeleteRecoveryPoint"], "Resource": "*"}
    scene.do("PutBackupVaultAccessPolicy", BackupVaultName="local", Policy=json.dumps({"Statement": [deny]}))
    arn = scene.points()[0]["RecoveryPointArn"]
    assert scene.ask("DELETE", f"/backup-vaults/local/recovery-points/{quote(arn, safe='')}").status == 403


def test_access_policy_with_wildcard_action_is_refused(scene):
    """AWS Backup takes no wildcard in the actions of a vault's policy."""
    scene.vault()
    statement = {"Effect": "Allow", "Principal": "*", "Action": "backup:*", "Resource": "*"}
    response = scene.ask("PUT", "/backup-vaults/local/access-policy", body={"Policy": json.dumps({"Statement": [statement]})})
    assert response.headers["x-amzn-ErrorType"] == "InvalidParameterValueException"


def test_vault_with_recovery_points_cannot_be_deleted(scene):
    """DeleteBackupVault of a vault that isn't empty is ERROR_9101."""
    scene.vault()
    scene.do("StartBackupJob", BackupVaultName="local", ResourceArn=scene.table("orders"), IamRoleArn=scene.role())
    scene.wait(hours=1)
    document = json.loads(scene.ask("DELETE", "/backup-vaults/local").body)
    assert (document["Code"], document["Message"]) == (
        "ERROR_9101",
        "Backup vault cannot be deleted because it contains recovery points.",
    )


def test_copy_to_something_that_is_no_vault_is_refused(scene, kit):
    """A destination that isn't a vault's ARN is refused when the plan is made, not when it runs."""
    bad = kit.rule(CopyActions=[{"DestinationBackupVaultArn": "central"}])
    response = scene.ask("PUT", "/backup/plans/", body={"BackupPlan": {"BackupPlanName": "p", "Rules": [bad]}})
    assert json.loads(response.body)["Message"] == "Error in rule daily : Invalid DestinationBackupVaultArn central"
