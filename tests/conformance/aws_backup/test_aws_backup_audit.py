"""Frameworks, report plans and report jobs through boto3: each operation written and read back, and refused."""

import csv
import io
import json
from datetime import UTC, timedelta

import pytest

PLAN_CHECK = "BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK"


def _control(name, scope=None, **parameters):
    control = {"ControlName": name}
    if parameters:
        control["ControlInputParameters"] = [{"ParameterName": key, "ParameterValue": value} for key, value in parameters.items()]
    return control | ({"ControlScope": scope} if scope else {})


def _bucket(aws, *, let_in=True):
    """A bucket for reports."""
    s3, name = aws.client("s3"), aws.name("reports").replace("_", "-")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": aws.region})
    role = f"arn:aws:iam::{aws.account}:role/aws-service-role/reports.backup.amazonaws.com/AWSServiceRoleForBackupReports"
    statement = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{name}/*"}
    statement["Condition"] = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}
    if let_in:
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return name


def _settled(aws):
    aws.advance("10s")


def _plan(aws, template="BACKUP_JOB_REPORT", *, bucket=None, formats=("CSV",), **setting):
    """A report plan and its bucket."""
    backup, name, bucket = aws.client("backup"), aws.name("nightly"), bucket or _bucket(aws)
    channel = {"S3BucketName": bucket, "S3KeyPrefix": "audit", "Formats": list(formats)}
    backup.create_report_plan(ReportPlanName=name, ReportDeliveryChannel=channel, ReportSetting={"ReportTemplate": template, **setting})
    _settled(aws)
    return name, bucket


def _written(aws, plan, bucket):
    """What a report job of now writes, by format."""
    backup = aws.client("backup")
    job = backup.start_report_job(ReportPlanName=plan)["ReportJobId"]
    aws.advance("10m")
    done = backup.describe_report_job(ReportJobId=job)["ReportJob"]
    assert done["Status"] == "COMPLETED"
    files = {}
    for key in done["ReportDestination"]["S3Keys"]:
        assert key.startswith(f"audit/Backup/{aws.region}/")
        text = aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        files[key.rpartition(".")[2]] = text
    return files


def _record(aws):
    """Let AWS Config record everything."""
    config = aws.client("config")
    if not config.describe_configuration_recorders()["ConfigurationRecorders"]:
        recorder = {"name": "default", "roleARN": aws.role(), "recordingGroup": {"allSupported": True}}
        config.put_configuration_recorder(ConfigurationRecorder=recorder)
        config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": _bucket(aws)})
        config.start_configuration_recorder(ConfigurationRecorderName="default")


@pytest.mark.aws_costs
def test_a_framework_is_made_changed_listed_and_deleted(aws):
    """What was written is read back; a change takes some seconds, during which others conflict."""
    backup, name = aws.client("backup"), aws.name("framework")
    wanted = [_control(PLAN_CHECK, requiredRetentionDays=str(41 + len(name)))]
    made = backup.create_framework(FrameworkName=name, FrameworkDescription="ours", FrameworkControls=wanted, FrameworkTags={"team": "a"})
    found = backup.describe_framework(FrameworkName=name)
    assert (found["FrameworkArn"], found["FrameworkControls"], found["DeploymentStatus"]) == (
        made["FrameworkArn"],
        wanted,
        "CREATE_IN_PROGRESS",
    )
    assert aws.refusal(backup.update_framework, FrameworkName=name, FrameworkDescription="x")[0] == "ConflictException"
    _settled(aws)
    assert backup.list_tags(ResourceArn=made["FrameworkArn"])["Tags"] == {"team": "a"}
    more = [*wanted, _control("BACKUP_RECOVERY_POINT_ENCRYPTED")]
    backup.update_framework(FrameworkName=name, FrameworkControls=more)
    _settled(aws)
    (listed,) = [each for each in backup.list_frameworks()["Frameworks"] if each["FrameworkName"] == name]
    assert (listed["NumberOfControls"], listed["DeploymentStatus"], listed["FrameworkDescription"]) == (2, "COMPLETED", "ours")
    backup.delete_framework(FrameworkName=name)
    _settled(aws)
    assert aws.refusal(backup.describe_framework, FrameworkName=name)[0] == "ResourceNotFoundException"
    assert aws.refusal(backup.delete_framework, FrameworkName=name)[0] == "ResourceNotFoundException"


@pytest.mark.aws_costs
def test_a_framework_is_refused_for_unknown_and_for_repeated_controls(aws):
    """Unknown controls, unknown parameters, no controls, bad names, the same name and the same controls twice."""
    backup, name = aws.client("backup"), aws.name("framework")
    for wanted in (
        [_control("BACKUP_EVERYTHING")],
        [_control("BACKUP_RECOVERY_POINT_ENCRYPTED", days="3")],
        [_control(PLAN_CHECK, requiredRetentionDays="many")],
        [],
    ):
        refusal = aws.refusal(backup.create_framework, FrameworkName=name, FrameworkControls=wanted)
        assert refusal[0] == "InvalidParameterValueException"
    good = [_control("BACKUP_LAST_RECOVERY_POINT_CREATED", recoveryPointAgeUnit="days", recoveryPointAgeValue="7")]
    assert aws.refusal(backup.create_framework, FrameworkName="a-b", FrameworkControls=good)[0] == "InvalidParameterValueException"
    backup.create_framework(FrameworkName=name, FrameworkControls=good)
    for again in (name, aws.name("other")):
        assert aws.refusal(backup.create_framework, FrameworkName=again, FrameworkControls=good)[0] == "AlreadyExistsException"
    _settled(aws)
    backup.delete_framework(FrameworkName=name)
    _settled(aws)


@pytest.mark.aws_costs
def test_frameworks_and_controls_have_their_limits(aws):
    """Fifty controls in all: the one that is too many is refused."""
    backup, names = aws.client("backup"), [aws.name("many") for _ in range(5)]
    for number, name in enumerate(names):
        controls = [_control(PLAN_CHECK, requiredRetentionDays=str(100 * number + each)) for each in range(1, 13)]
        if number == 4:
            assert aws.refusal(backup.create_framework, FrameworkName=name, FrameworkControls=controls)[0] == "LimitExceededException"
        else:
            backup.create_framework(FrameworkName=name, FrameworkControls=controls)
    _settled(aws)
    for name in names[:4]:
        backup.delete_framework(FrameworkName=name)
    _settled(aws)


@pytest.mark.aws_costs
def test_controls_find_what_is_wrong(aws):
    """With AWS Config recording, a control finds the table without a plan and the recovery point that is kept too short."""
    _record(aws)
    backup, point, name = aws.client("backup"), aws.point(Lifecycle={"DeleteAfterDays": 20}), aws.name("framework")
    table = point["ResourceArn"]
    scope = {"ComplianceResourceIds": [table]}
    wanted = [
        _control("BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN", scope),
        _control("BACKUP_LAST_RECOVERY_POINT_CREATED", scope),
        _control("RESOURCES_IN_LOGICALLY_AIR_GAPPED_VAULT", scope),
        _control("RESTORE_TIME_FOR_RESOURCES_MEET_TARGET", scope),
        _control("BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK", {"ComplianceResourceIds": [point["RecoveryPointArn"]]}),
        _control("BACKUP_RECOVERY_POINT_ENCRYPTED", {"ComplianceResourceIds": [point["RecoveryPointArn"]]}),
    ]
    arn = backup.create_framework(FrameworkName=name, FrameworkControls=wanted)["FrameworkArn"]
    plan, bucket = _plan(aws, "RESOURCE_COMPLIANCE_REPORT", formats=("JSON",), FrameworkArns=[arn])
    assert backup.describe_framework(FrameworkName=name)["FrameworkStatus"] == "ACTIVE"
    items = json.loads(_written(aws, plan, bucket)["json"])["reportItems"]
    found = {item["controlName"]: item["resourceComplianceStatus"] for item in items}
    assert found == {
        "BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN": "NON_COMPLIANT",
        "BACKUP_LAST_RECOVERY_POINT_CREATED": "COMPLIANT",
        "RESOURCES_IN_LOGICALLY_AIR_GAPPED_VAULT": "NON_COMPLIANT",
        "RESTORE_TIME_FOR_RESOURCES_MEET_TARGET": "NON_COMPLIANT",
        "BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK": "NON_COMPLIANT",
        "BACKUP_RECOVERY_POINT_ENCRYPTED": "COMPLIANT",
    }
    by_control, bucket = _plan(aws, "CONTROL_COMPLIANCE_REPORT", FrameworkArns=[arn])
    rows = list(csv.DictReader(io.StringIO(_written(aws, by_control, bucket)["csv"])))
    counts = {row["controlName"]: (row["numResourcesCompliant"], row["numResourcesNonCompliant"]) for row in rows}
    assert counts["BACKUP_LAST_RECOVERY_POINT_CREATED"] == ("1", "0")
    backup.delete_framework(FrameworkName=name)
    _settled(aws)


@pytest.mark.aws_costs
def test_a_job_report_has_the_documented_columns(aws):
    """CSV and JSON hold the job of today with the same values under the same names."""
    point = aws.point(Lifecycle={"DeleteAfterDays": 20})
    plan, bucket = _plan(aws, formats=("CSV", "JSON"))
    files = _written(aws, plan, bucket)
    (row,) = [row for row in csv.DictReader(io.StringIO(files["csv"])) if row["recoveryPointArn"] == point["RecoveryPointArn"]]
    assert (row["jobStatus"], row["resourceArn"], row["backupVaultName"]) == ("COMPLETED", point["ResourceArn"], point["BackupVaultName"])
    assert (row["accountId"], row["region"], row["statusMessage"]) == (aws.account, aws.region, "")
    items = json.loads(files["json"])["reportItems"]
    (item,) = [item for item in items if item["recoveryPointArn"] == point["RecoveryPointArn"]]
    assert {name: str(value) for name, value in item.items()} == {name: value for name, value in row.items() if value}
    for template in ("COPY_JOB_REPORT", "RESTORE_JOB_REPORT"):
        plan, bucket = _plan(aws, template)
        header = _written(aws, plan, bucket)["csv"].splitlines()[0].split(",")
        assert {"jobStatus", "creationDate", "completionDate", "statusMessage"} <= set(header)


@pytest.mark.aws_costs
def test_reports_come_every_night(aws):
    """Between 01:00 and 05:00 UTC, once a day, each about the day before."""
    backup, (plan, bucket) = aws.client("backup"), _plan(aws)
    aws.advance("3d")
    jobs = backup.list_report_jobs(ByReportPlanName=plan, ByStatus="COMPLETED")["ReportJobs"]
    assert {1 <= job["CreationTime"].astimezone(UTC).hour < 5 for job in jobs} == {True}
    described = backup.describe_report_plan(ReportPlanName=plan)["ReportPlan"]
    made = described["CreationTime"].astimezone(UTC)
    midnights = [made.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=day) for day in range(4)]
    whole = [
        each.date() for each in midnights if made <= each + timedelta(hours=1) and each + timedelta(hours=5) <= made + timedelta(days=3)
    ]
    reported = sorted(job["CreationTime"].astimezone(UTC).date() for job in jobs)
    assert len(whole) >= 2
    assert set(whole) <= set(reported) <= {each.date() for each in midnights}
    assert len(set(reported)) == len(reported)  # a night that had begun when the plan was made, or has not ended yet, may have one
    assert described["LastAttemptedExecutionTime"] == max(job["CreationTime"] for job in jobs)
    assert described["LastSuccessfulExecutionTime"] == max(job["CompletionTime"] for job in jobs)
    assert len(aws.client("s3").list_objects_v2(Bucket=bucket)["Contents"]) == len(jobs)


@pytest.mark.aws_costs
def test_a_bucket_that_lets_nobody_in_fails_the_report(aws):
    """Without a statement for the role of reports, or without a bucket, the job fails and says why."""
    backup = aws.client("backup")
    for bucket, reason in ((_bucket(aws, let_in=False), "Access Denied"), (aws.name("none").replace("_", "-"), "does not exist")):
        plan, _ = _plan(aws, bucket=bucket)
        job = backup.start_report_job(ReportPlanName=plan)["ReportJobId"]
        aws.advance("10m")
        done = backup.describe_report_job(ReportJobId=job)["ReportJob"]
        assert (done["Status"], reason in done["StatusMessage"]) == ("FAILED", True)


@pytest.mark.aws_costs
def test_a_report_plan_is_made_changed_listed_and_deleted(aws):
    """What was written is read back, with its defaults; a deleted plan starts no job."""
    backup, name = aws.client("backup"), aws.name("nightly")
    channel, setting = {"S3BucketName": "reports-of-ours"}, {"ReportTemplate": "COPY_JOB_REPORT"}
    request = {"ReportPlanName": name, "ReportDeliveryChannel": channel, "ReportSetting": setting}
    made = backup.create_report_plan(**request, ReportPlanTags={"team": "a"}, IdempotencyToken="1")
    assert backup.create_report_plan(**request, IdempotencyToken="1")["ReportPlanArn"] == made["ReportPlanArn"]
    assert aws.refusal(backup.create_report_plan, **request)[0] == "AlreadyExistsException"
    found = backup.describe_report_plan(ReportPlanName=name)["ReportPlan"]
    assert (found["ReportDeliveryChannel"], found["ReportSetting"]) == (channel | {"Formats": ["CSV"]}, setting)
    assert found["DeploymentStatus"] == "CREATE_IN_PROGRESS"
    assert aws.refusal(backup.delete_report_plan, ReportPlanName=name)[0] == "ConflictException"
    _settled(aws)
    backup.update_report_plan(ReportPlanName=name, ReportPlanDescription="ours")
    _settled(aws)
    (listed,) = [each for each in backup.list_report_plans()["ReportPlans"] if each["ReportPlanName"] == name]
    assert (listed["ReportPlanDescription"], listed["DeploymentStatus"]) == ("ours", "COMPLETED")
    backup.tag_resource(ResourceArn=made["ReportPlanArn"], Tags={"more": "b"})
    assert backup.list_tags(ResourceArn=made["ReportPlanArn"])["Tags"] == {"team": "a", "more": "b"}
    backup.delete_report_plan(ReportPlanName=name)
    _settled(aws)
    for call in (backup.describe_report_plan, backup.start_report_job, backup.update_report_plan, backup.delete_report_plan):
        assert aws.refusal(call, ReportPlanName=name)[0] == "ResourceNotFoundException"


def test_a_report_plan_is_refused(aws):
    """Unknown templates and formats, JSON across Regions, other accounts without being an administrator, frameworks of job reports."""
    backup, name = aws.client("backup"), aws.name("nightly")
    channel = {"S3BucketName": "reports-of-ours"}
    for setting, formats, code in (
        ({"ReportTemplate": "COFFEE_REPORT"}, ["CSV"], "InvalidParameterValueException"),
        ({"ReportTemplate": "COPY_JOB_REPORT"}, ["PDF"], "InvalidParameterValueException"),
        ({"ReportTemplate": "COPY_JOB_REPORT", "Regions": ["*"]}, ["JSON"], "InvalidParameterValueException"),
        ({"ReportTemplate": "COPY_JOB_REPORT", "FrameworkArns": ["arn"]}, ["CSV"], "InvalidParameterValueException"),
        ({"ReportTemplate": "COPY_JOB_REPORT", "Accounts": ["everybody"]}, ["CSV"], "InvalidParameterValueException"),
        ({"ReportTemplate": "COPY_JOB_REPORT", "Accounts": ["ROOT"]}, ["CSV"], "AccessDeniedException"),
    ):
        request = {"ReportPlanName": name, "ReportSetting": setting, "ReportDeliveryChannel": channel | {"Formats": formats}}
        assert aws.refusal(backup.create_report_plan, **request)[0] == code
    assert aws.refusal(backup.describe_report_job, ReportJobId="none")[0] == "ResourceNotFoundException"
    assert aws.refusal(backup.list_report_jobs, ByReportPlanName=name)[0] == "ResourceNotFoundException"
