"""How the parts of a plan are called in AWS's API, in CloudFormation and in Terraform: one row each."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class WireNames:
    """The keys of one grammar."""

    plan_name: str
    rules: str
    plan_others: tuple[str, ...]
    rule_name: str
    vault: str
    schedule: str
    timezone: str
    start: str
    complete: str
    lifecycle: str
    copies: str
    continuous: str
    air_gapped: str
    rule_others: tuple[str, ...]
    destination: str
    cold: str
    delete: str
    archive: str
    lifecycle_others: tuple[str, ...]
    zero_is_absent: bool  # Terraform writes 0 for a number that nobody set
    listed_lifecycle: bool  # Terraform's blocks are lists of one

    @property
    def plan_keys(self) -> frozenset[str]:
        """All keys of a plan."""
        return frozenset({self.plan_name, self.rules, *self.plan_others})

    @property
    def rule_keys(self) -> frozenset[str]:
        """All keys of a rule."""
        named = {self.rule_name, self.vault, self.schedule, self.timezone, self.start, self.complete, self.lifecycle, self.copies}
        return frozenset({*named, self.continuous, self.air_gapped, *self.rule_others})

    @property
    def lifecycle_keys(self) -> frozenset[str]:
        """All keys of a lifecycle."""
        return frozenset({self.cold, self.delete, self.archive, *self.lifecycle_others})


API = WireNames(  # https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRuleInput.html and API_BackupRule.html
    plan_name="BackupPlanName",
    rules="Rules",
    plan_others=("AdvancedBackupSettings", "ScanSettings"),
    rule_name="RuleName",
    vault="TargetBackupVaultName",
    schedule="ScheduleExpression",
    timezone="ScheduleExpressionTimezone",
    start="StartWindowMinutes",
    complete="CompletionWindowMinutes",
    lifecycle="Lifecycle",
    copies="CopyActions",
    continuous="EnableContinuousBackup",
    air_gapped="TargetLogicallyAirGappedBackupVaultArn",
    rule_others=("RuleId", "RecoveryPointTags", "IndexActions", "ScanActions"),
    destination="DestinationBackupVaultArn",
    cold="MoveToColdStorageAfterDays",
    delete="DeleteAfterDays",
    archive="OptInToArchiveForSupportedResources",
    lifecycle_others=("DeleteAfterEvent",),
    zero_is_absent=False,
    listed_lifecycle=False,
)

# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-backup-backupplan-backupruleresourcetype.html
CLOUDFORMATION = replace(
    API,
    rules="BackupPlanRule",
    vault="TargetBackupVault",
    rule_others=("RecoveryPointTags", "IndexActions", "ScanActions"),
    lifecycle_others=(),
)

TERRAFORM = WireNames(  # resource aws_backup_plan of the AWS provider
    plan_name="name",
    rules="rule",
    plan_others=(),
    rule_name="rule_name",
    vault="target_vault_name",
    schedule="schedule",
    timezone="schedule_expression_timezone",
    start="start_window",
    complete="completion_window",
    lifecycle="lifecycle",
    copies="copy_action",
    continuous="enable_continuous_backup",
    air_gapped="target_logically_air_gapped_backup_vault_arn",
    rule_others=("recovery_point_tags", "scan_action", "index_action"),
    destination="destination_vault_arn",
    cold="cold_storage_after",
    delete="delete_after",
    archive="opt_in_to_archive_for_supported_resources",
    lifecycle_others=("delete_after_event",),
    zero_is_absent=True,
    listed_lifecycle=True,
)
