"""Which failure mode AWS's message about a job stands for.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-dashboards.html (messages by cause), read 2026-11
"""

from strongroom import facts

# Fragments as AWS writes them, and the failure mode each stands for; the first that occurs decides.
_MODES = (
    (("copy_aws_managed_key",), "FM01"),
    (("copy_default_key_vault", "copy_storage_gateway_key"), "FM02"),
    (("lock_range_copy", "lock_range_backup"), "FM03"),
    (("key_unusable", "copy_key_inaccessible", "copy_key_missing"), "FM05"),
    (("role_not_assumable", "not_authorized"), "FM07"),
    (("unsupported_type", "copy_marketplace_image"), "FM14"),
    (("maintenance_window", "expired_running_job", "expired_before_completion", "copy_too_many"), "FM19"),
    (("cross_account_off",), "FM23"),
    (("not_same_organization",), "FM06"),
    (("s3_continuous_elsewhere", "s3_versioning_denied"), "FM25"),
)

# What AWS says when somebody may not do what a restore needs; those about keys first.
_KEY_DENIALS = ("restore_key_denied", "restore_key_unusable", "key_unusable")
_DENIALS = (*_KEY_DENIALS, "role_not_assumable", "not_authorized", "copy_access_denied", "access_denied_explicit", "access_denied_implicit")


def denials() -> tuple[str, ...]:
    """Return the fragments of AWS's messages that say that a restore was not allowed."""
    return tuple(_fragment(name) for name in _DENIALS)


def denied_by_key(message: str) -> bool:
    """Return whether a refusal is about a key.

    Example:
        >>> denied_by_key("a restore was denied: Access denied to KMS key."), denied_by_key("You are not authorized to perform this.")
        (True, False)
    """
    return any(_fragment(name) in message for name in _KEY_DENIALS)


def failure_mode(message: str, otherwise: str) -> str:
    """Return the failure mode of a message, or `otherwise` when no known text occurs in it.

    Example:
        >>> failure_mode("Snapshots encrypted with the AWS managed key can't be shared. Specify another snapshot.", "FM21")
        'FM01'
    """
    for names, mode in _MODES:
        if any(_fragment(name) in message for name in names):
            return mode
    return "FM07" if "backup vault" in message and "does not exist" in message else otherwise


def _fragment(name: str) -> str:
    text = facts.message(name)
    return max(text.replace("}", "{").split("{")[::2], key=len) if "{" in text else text
