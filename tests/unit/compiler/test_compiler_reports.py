"""Reports of AWS Backup, the bucket they are written to, and audit frameworks."""

import json
from dataclasses import replace

import pytest

from strongroom.compiler import compile_strategy
from strongroom.domain.governance import Control, Framework, Report, ReportFormat, ReportTemplate
from strongroom.domain.names import AccountId
from strongroom.domain.origin import FileOrigin

HERE = FileOrigin("strategy.yaml", 9, 1)
WRITER = "AWSServiceRoleForBackupReports"
JOBS = Report(
    name="all-jobs",
    template=ReportTemplate.BACKUP_JOBS,
    formats=(ReportFormat.CSV,),
    bucket="acme-reports",
    prefix="daily",
    frameworks=(),
    origin=HERE,
)
CONTROLS = (
    Control(name="BACKUP_RECOVERY_POINT_ENCRYPTED", parameters=(), origin=HERE),
    Control(
        name="BACKUP_LAST_RECOVERY_POINT_CREATED",
        parameters=(("recoveryPointAgeUnit", "days"), ("recoveryPointAgeValue", "2")),
        origin=HERE,
    ),
)


@pytest.fixture
def reported(three_tiers):
    """The demo with a report of its jobs."""
    return replace(three_tiers, reports=(JOBS,))


@pytest.fixture
def audited(three_tiers):
    """The demo with a framework."""
    return replace(three_tiers, frameworks=(Framework(name="bank-audit", controls=CONTROLS, origin=HERE),))


def _stack(strategy):
    (found,) = [each for each in compile_strategy(strategy).stacks if each.name == "tiers-reports"]
    return found


def _of_type(strategy, kind):
    resources = json.loads(_stack(strategy).template)["Resources"]
    return [each["Properties"] for each in resources.values() if each["Type"] == kind]


def _undeployed(strategy):
    return [each.subject for each in compile_strategy(strategy).undeployed]


def test_bucket_and_report_are_with_the_backup_administrator(reported):
    """AWS Backup writes to no bucket of another account, and nobody else but the management account reports on others."""
    assert (_stack(reported).account, _stack(reported).region) == ("222222222222", "eu-west-2")
    accounts = replace(reported.organization.accounts, backup_admin=None)
    assert _stack(replace(reported, organization=replace(reported.organization, accounts=accounts))).account == "111111111111"


def test_report_without_an_account_to_make_it_is_on_the_list(reported):
    """Offline nobody knows which one the management account is."""
    accounts = replace(reported.organization.accounts, backup_admin=None, management=None)
    estate = compile_strategy(replace(reported, organization=replace(reported.organization, accounts=accounts)))
    assert [each.subject for each in estate.undeployed] == ["report all-jobs"]
    assert "tiers-reports" not in [each.name for each in estate.stacks]


def test_report_is_about_governed_units_and_the_accounts_that_keep_copies(reported):
    """In every governed Region; ids of OUs are filled in when it is deployed."""
    (plan,) = _of_type(reported, "AWS::Backup::ReportPlan")
    assert plan["ReportPlanName"] == "tiers_all_jobs"
    assert plan["ReportSetting"] == {
        "ReportTemplate": "BACKUP_JOB_REPORT",
        "OrganizationUnits": {"Ref": "GovernedUnits"},
        "Accounts": ["333333333333"],
        "Regions": ["eu-west-2", "eu-west-1"],
    }
    assert json.loads(_stack(reported).template)["Parameters"]["GovernedUnits"]["Type"] == "CommaDelimitedList"
    assert (plan["ReportDeliveryChannel"]["S3KeyPrefix"], plan["ReportDeliveryChannel"]["Formats"]) == ("daily", ["CSV"])


def test_bucket_keeps_what_was_written_and_is_closed_to_the_public(reported):
    """It is versioned and encrypted, and outlives its stack."""
    (bucket,) = [each for each in json.loads(_stack(reported).template)["Resources"].values() if each["Type"] == "AWS::S3::Bucket"]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    properties = bucket["Properties"]
    assert properties["BucketName"] == "acme-reports"
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "AES256"
    }
    assert "LifecycleConfiguration" not in properties


def test_bucket_policy_lets_the_service_linked_role_write_and_nobody_in_without_tls(reported):
    """The role is a condition: S3 refuses a principal that doesn't exist yet, and it is made with the first report."""
    (policy,) = _of_type(reported, "AWS::S3::BucketPolicy")
    allowed, denied = policy["PolicyDocument"]["Statement"]
    assert allowed["Condition"]["ArnEquals"]["aws:PrincipalArn"]["Fn::Sub"].endswith(WRITER)
    assert allowed["Condition"]["StringEquals"] == {
        "aws:PrincipalOrgID": {"Ref": "OrganizationId"},
        "s3:x-amz-acl": "bucket-owner-full-control",
    }
    assert (allowed["Action"], denied["Action"], denied["Effect"]) == ("s3:PutObject", "s3:*", "Deny")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_reports_into_one_bucket_share_it(reported):
    """One bucket, two report plans."""
    strategy = replace(reported, reports=(JOBS, replace(JOBS, name="copies", template=ReportTemplate.COPY_JOBS)))
    assert len(_of_type(strategy, "AWS::S3::Bucket")) == 1
    templates = [each["ReportSetting"]["ReportTemplate"] for each in _of_type(strategy, "AWS::Backup::ReportPlan")]
    assert templates == ["BACKUP_JOB_REPORT", "COPY_JOB_REPORT"]


def test_json_and_a_choice_of_frameworks_are_for_single_accounts(reported):
    """The report is written as CSV, and is about all frameworks of its accounts; both are said."""
    report = replace(
        JOBS,
        name="audit",
        template=ReportTemplate.CONTROL_COMPLIANCE,
        formats=(ReportFormat.CSV, ReportFormat.JSON),
        frameworks=("bank-audit",),
    )
    strategy = replace(reported, reports=(report,))
    assert _undeployed(strategy) == ["json of report audit", "frameworks of report audit"]
    (plan,) = _of_type(strategy, "AWS::Backup::ReportPlan")
    assert plan["ReportDeliveryChannel"]["Formats"] == ["CSV"]
    assert "FrameworkArns" not in plan["ReportSetting"]


def test_framework_comes_to_every_governed_account_and_region(audited):
    """Its name has no hyphens, which Audit Manager refuses; its parameters are text."""
    (stack_set,) = [each for each in compile_strategy(audited).stack_sets if each.name == "tiers-frameworks"]
    assert (stack_set.targets, stack_set.regions) == (("Workloads",), ("eu-west-2", "eu-west-1"))
    (framework,) = json.loads(stack_set.template)["Resources"].values()
    properties = framework["Properties"]
    assert properties["FrameworkName"] == "tiers_bank_audit"
    assert properties["FrameworkControls"] == [
        {"ControlName": "BACKUP_RECOVERY_POINT_ENCRYPTED"},
        {
            "ControlName": "BACKUP_LAST_RECOVERY_POINT_CREATED",
            "ControlInputParameters": [
                {"ParameterName": "recoveryPointAgeUnit", "ParameterValue": "days"},
                {"ParameterName": "recoveryPointAgeValue", "ParameterValue": "2"},
            ],
        },
    ]


def test_recorder_that_a_framework_needs_is_said_and_not_made(audited):
    """An account and Region has one, often somebody else's."""
    assert _undeployed(audited) == ["AWS Config recorder of framework bank-audit"]
    estate = compile_strategy(audited)
    assert not any("AWS::Config" in each.template for each in (*estate.stacks, *estate.stack_sets))


def test_accounts_that_keep_copies_are_named_once(reported, build):
    """Sorted, so that equal strategies are equal text."""
    archive = build.vault("archive", account=AccountId("000000000001"))
    (plan,) = _of_type(replace(reported, vaults=(*reported.vaults, archive)), "AWS::Backup::ReportPlan")
    assert plan["ReportSetting"]["Accounts"] == ["000000000001", "333333333333"]
