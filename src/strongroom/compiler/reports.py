"""Reports of AWS Backup over the governed OUs, and the bucket that they are written to.

Bucket and report plans are in one account, because AWS Backup writes to no bucket of another one
(https://docs.aws.amazon.com/aws-backup/latest/devguide/create-report-plan-console.html): in that of the backup administrator,
who alone, beside the management account, may report on the organization.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from strongroom.compiler.awsidentifiers import aws_identifier
from strongroom.compiler.template import (
    GOVERNED_UNITS,
    ORGANIZATION_ID,
    Json,
    Template,
    distinct_id,
    governed_units_parameter,
    logical_id,
    organization_id_parameter,
    owner_tags,
    render_template,
    sub,
)
from strongroom.domain.estate import Estate, Stack, Undeployed
from strongroom.domain.governance import Report, ReportFormat, ReportTemplate
from strongroom.domain.names import AccountId

NAME_CHARACTERS_MAX = 256  # CreateReportPlan.ReportPlanName
WRITER = "role/aws-service-role/reports.backup.amazonaws.com/AWSServiceRoleForBackupReports"
TEMPLATES: Final = {
    ReportTemplate.BACKUP_JOBS: "BACKUP_JOB_REPORT",
    ReportTemplate.COPY_JOBS: "COPY_JOB_REPORT",
    ReportTemplate.RESTORE_JOBS: "RESTORE_JOB_REPORT",
    ReportTemplate.RESOURCE_COMPLIANCE: "RESOURCE_COMPLIANCE_REPORT",
    ReportTemplate.CONTROL_COMPLIANCE: "CONTROL_COMPLIANCE_REPORT",
}


def with_reports(estate: Estate) -> Estate:
    """Return the estate with the stack `<name>-reports` in the account that administers backups; none when nothing is reported."""
    if not estate.reports:
        return estate
    accounts = estate.organization.accounts
    account = accounts.backup_admin or accounts.management
    if account is None:
        reason = "only the management account and the backup administrator report on an organization: write one of them under accounts"
        nowhere = tuple(Undeployed(subject=f"report {each.name}", reason=reason, origin=each.origin) for each in estate.reports)
        return replace(estate, undeployed=(*estate.undeployed, *nowhere))
    stack = Stack(
        name=f"{estate.name}-reports",
        account=account,
        region=estate.organization.home_region,
        template=render_template(_template(estate)),
        parameters=(),
        protects=False,
    )
    return replace(estate, stacks=(*estate.stacks, stack), undeployed=(*estate.undeployed, *_left_out(estate)))


def _left_out(estate: Estate) -> Iterator[Undeployed]:
    for report in estate.reports:
        if ReportFormat.JSON in report.formats:
            reason = "AWS writes JSON for one account and Region only: over the organization it is written as CSV"
            yield Undeployed(subject=f"json of report {report.name}", reason=reason, origin=report.origin)
        if report.frameworks:
            reason = "a report over several accounts takes no choice of frameworks: it is about all that these accounts have"
            yield Undeployed(subject=f"frameworks of report {report.name}", reason=reason, origin=report.origin)


def _template(estate: Estate) -> Template:
    resources: Json = {}
    for bucket in sorted({report.bucket for report in estate.reports}):
        logical = distinct_id("bucket", bucket)
        resources[logical] = _bucket(estate, bucket)
        resources[f"{logical}Policy"] = {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": logical}, "PolicyDocument": _bucket_policy(logical)},
        }
    for report in estate.reports:
        resources[logical_id("report", report.name)] = _report_plan(estate, report)
    return Template(
        description=f"Strongroom: reports of strategy {estate.name} over the governed organizational units",
        resources=resources,
        parameters=organization_id_parameter() | governed_units_parameter(),
    )


def _bucket(estate: Estate, name: str) -> Json:
    """Return a bucket that keeps what was written: reports are evidence, so it outlives its stack."""
    return {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "RetainExceptOnCreate",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "BucketName": name,
            "BucketEncryption": {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]},
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            "VersioningConfiguration": {"Status": "Enabled"},
            "Tags": owner_tags(estate.name),
        },
    }


def _bucket_policy(logical: str) -> Json:
    """Return a policy that lets AWS Backup's own role write, and nobody in without TLS.

    The role is not written as principal: S3 refuses a policy that names a role which doesn't exist, and this one is made with the
    first report. `aws:PrincipalOrgID` keeps the statement from being public in the eyes of S3.
    """
    arn: Json = {"Fn::GetAtt": [logical, "Arn"]}
    objects = sub(f"${{{logical}.Arn}}/*")
    writer = sub(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:{WRITER}")
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "ReportsOfAwsBackup",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:PutObject",
                "Resource": objects,
                "Condition": {
                    "ArnEquals": {"aws:PrincipalArn": writer},
                    "StringEquals": {"aws:PrincipalOrgID": {"Ref": ORGANIZATION_ID}, "s3:x-amz-acl": "bucket-owner-full-control"},
                },
            },
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, objects],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ],
    }


def _report_plan(estate: Estate, report: Report) -> Json:
    channel: Json = {"S3BucketName": {"Ref": distinct_id("bucket", report.bucket)}, "Formats": ["CSV"]}
    if report.prefix:
        channel["S3KeyPrefix"] = report.prefix
    setting: Json = {
        "ReportTemplate": TEMPLATES[report.template],
        "OrganizationUnits": {"Ref": GOVERNED_UNITS},
        "Regions": list(estate.organization.regions),
    }
    if keepers := sorted({vault.account for vault in estate.vaults if isinstance(vault.account, AccountId)}):
        setting["Accounts"] = keepers  # they keep copies, and are seldom in a governed OU
    return {
        "Type": "AWS::Backup::ReportPlan",
        "Properties": {
            "ReportPlanName": aws_identifier(estate.name, report.name, longest=NAME_CHARACTERS_MAX),
            "ReportPlanDescription": f"Report {report.name} of strategy {estate.name}",
            "ReportSetting": setting,
            "ReportDeliveryChannel": channel,
            "ReportPlanTags": owner_tags(estate.name),
        },
    }
