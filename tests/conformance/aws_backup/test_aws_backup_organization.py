"""What the backup administrator of an organization sees of all accounts, what a member doesn't, and what a closed account takes along."""

import pytest

from strongroom.twin import client as control

TRUST = '{"Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}]}'
ADMINISTRATOR, SHOP, LEDGER = "222222222222", "555555555555", "666666666666"


@pytest.mark.aws_costs  # it needs an organization
def test_a_delegated_administrator_counts_and_lists_the_jobs_of_all_accounts(own_twin):
    """Lists and summaries cover the organization for the administrator from its registration on, for members never."""
    for account in (SHOP, LEDGER):
        backup, iam = own_twin.client("backup", account=account), own_twin.client("iam", account=account)
        role = iam.create_role(RoleName="backups", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        table = own_twin.client("dynamodb", account=account).list_tables()["TableNames"][0]
        backup.create_backup_vault(BackupVaultName="local")
        arn = f"arn:aws:dynamodb:{own_twin.region}:{account}:table/{table}"
        backup.start_backup_job(BackupVaultName="local", ResourceArn=arn, IamRoleArn=role)
    own_twin.advance("25h")

    administrator = own_twin.client("backup", account=ADMINISTRATOR)
    with pytest.raises(administrator.exceptions.ClientError) as refused:
        administrator.list_backup_jobs(ByAccountId="*")
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    assert administrator.list_backup_job_summaries(AccountId="ANY")["BackupJobSummaries"] == []

    organizations = own_twin.client("organizations")
    organizations.enable_aws_service_access(ServicePrincipal="backup.amazonaws.com")
    organizations.register_delegated_administrator(AccountId=ADMINISTRATOR, ServicePrincipal="backup.amazonaws.com")
    listed = administrator.list_backup_jobs(ByAccountId="*")["BackupJobs"]
    assert {job["AccountId"] for job in listed} == {SHOP, LEDGER}
    assert {job["AccountId"] for job in administrator.list_backup_jobs(ByAccountId=SHOP)["BackupJobs"]} == {SHOP}
    each = administrator.list_backup_job_summaries(AccountId="ANY", State="COMPLETED")["BackupJobSummaries"]
    assert [(row["AccountId"], row["State"], row["Count"]) for row in each] == [(SHOP, "COMPLETED", 1), (LEDGER, "COMPLETED", 1)]
    (together,) = administrator.list_backup_job_summaries(AccountId="AGGREGATE_ALL")["BackupJobSummaries"]
    assert (together["AccountId"], together["Count"]) == ("AGGREGATE_ALL", 2)
    for lists, summaries, name in (
        (administrator.list_copy_jobs, administrator.list_copy_job_summaries, "CopyJob"),
        (administrator.list_restore_jobs, administrator.list_restore_job_summaries, "RestoreJob"),
    ):
        assert (lists(ByAccountId="*")[f"{name}s"], summaries(AccountId="ANY")[f"{name}Summaries"]) == ([], [])

    member = own_twin.client("backup", account=SHOP)
    with pytest.raises(member.exceptions.ClientError):
        member.list_backup_jobs(ByAccountId=LEDGER)
    own = member.list_backup_job_summaries(AccountId="ANY")["BackupJobSummaries"]
    assert {row["AccountId"] for row in own} == {SHOP}


@pytest.mark.aws_costs
def test_fm06_a_closed_account_loses_its_locked_recovery_points_after_ninety_days(own_twin):
    """FM06: a compliance lock of years holds nobody back; until then nothing runs there and nobody gets in."""
    backup, iam = own_twin.client("backup", account=LEDGER), own_twin.client("iam", account=LEDGER)
    role = iam.create_role(RoleName="backups", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    backup.create_backup_vault(BackupVaultName="locked")
    backup.put_backup_vault_lock_configuration(BackupVaultName="locked", MinRetentionDays=400, ChangeableForDays=3)
    rule = {
        "RuleName": "daily",
        "TargetBackupVaultName": "locked",
        "ScheduleExpression": "cron(0 5 ? * * *)",
        "Lifecycle": {"DeleteAfterDays": 2000},
    }
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": "daily", "Rules": [rule]})["BackupPlanId"]
    tables = {"SelectionName": "tables", "IamRoleArn": role, "Resources": ["arn:aws:dynamodb:*:*:table/*"]}
    backup.create_backup_selection(BackupPlanId=plan, BackupSelection=tables)
    own_twin.advance("10d")
    kept = backup.describe_backup_vault(BackupVaultName="locked")
    assert (kept["Locked"], kept["NumberOfRecoveryPoints"]) == (True, 30)

    own_twin.client("organizations").close_account(AccountId=LEDGER)
    with pytest.raises(backup.exceptions.ClientError):
        backup.describe_backup_vault(BackupVaultName="locked")
    happened = own_twin.advance("89d")["counts"]
    assert (happened["backup_jobs"], happened["expired"]) == (0, 0)
    assert control.status(own_twin.endpoint)["backup"]["recovery_points"] == {"COMPLETED": 30}
    own_twin.advance("2d")
    assert control.status(own_twin.endpoint)["backup"]["recovery_points"] == {}
