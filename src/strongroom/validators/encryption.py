"""Whether what was restored is encrypted, and under the key that was asked for; built into every test."""

from collections.abc import Mapping
from typing import Any

from strongroom.validators.target import Found, Target, failed, passed, unknown


def encryption(target: Target, _: Mapping[str, Any], /) -> Found:
    """Compare what the service tells about the encryption with what the restore asked for."""
    restored = target.restored
    measured = {"encrypted": restored.encrypted, "key_arn": restored.key_arn, "wanted_key": target.key_arn}
    if restored.encrypted is None:
        return unknown("the service doesn't tell whether it is encrypted", **measured)
    if not restored.encrypted:
        as_before = target.key_arn is None and target.point is not None and target.point.encrypted is False
        told = passed("it is not encrypted, and neither was what was backed up", **measured)
        return told if as_before else failed("it is not encrypted", **measured)
    if target.key_arn is None:
        return passed(f"it is encrypted under {restored.key_arn or 'a key that AWS owns'}", **measured)
    wanted = _resolved(target, target.key_arn)
    if restored.key_arn is None:
        return unknown(f"it is encrypted, and the service doesn't tell whether under {wanted}", **measured)
    if _resolved(target, restored.key_arn) != wanted:
        return failed(f"it is encrypted under {restored.key_arn}, and not under {wanted}", **measured)
    return passed(f"it is encrypted under {restored.key_arn}, as asked for", **measured)


def _resolved(target: Target, key: str) -> str:
    """Return the ARN of a key that may be written as an id or alias; raises AwsRefused."""
    if ":key/" in key:
        return key
    return str(target.opened().call("kms", "describe_key", KeyId=key)["KeyMetadata"]["Arn"])
