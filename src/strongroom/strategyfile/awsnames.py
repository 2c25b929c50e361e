"""Names that AWS gives, and names for AWS: ARNs and patterns of them, buckets, roles, addresses, controls and their parameters."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Final

from strongroom import facts
from strongroom.strategyfile.nearmiss import did_you_mean
from strongroom.strategyfile.nodes import Plain
from strongroom.strategyfile.problem import ValueProblem, shown
from strongroom.strategyfile.values import text
from strongroom.strategyfile.values import trusted as trusted_account

BUCKET_PATTERN: Final = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
ARN_PATTERN: Final = r"arn:[a-z*-]+:[a-z0-9-]+:.*"
EMAIL_PATTERN: Final = r"[^@\s]+@[^@\s]+\.[^@\s]+"
_TOPIC: Final = r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?"
_MULTI_REGION_KEY: Final = r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/mrk-[0-9a-f-]{32,36}"
_ROLE: Final = r"(arn:aws[a-z-]*:iam::([0-9]{12}|\*):role/)?[A-Za-z0-9+=,.@_*/-]{1,512}"
_PRINCIPAL: Final = r"arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9+=,.@_*/-]{1,512}"
_ARN_CHARACTERS_MAX: Final = 2_048


def arn(value: object) -> str:
    """Return an ARN, or a pattern of ARNs with `*` as AWS Backup takes it in a selection.

    Example:
        >>> arn("arn:aws:rds:*:*:db:ledger-*")
        'arn:aws:rds:*:*:db:ledger-*'
    """
    written = text(value)
    if re.search(r"[?\s]", written) and re.match(r"arn:", written):
        raise ValueProblem("STR028", f"{shown(written)} can't be used: AWS Backup knows * and no other wildcard in ARNs", "write *")
    whole = len(written.split(":", 5)) == 6 or written.endswith("*")
    if re.fullmatch(ARN_PATTERN, written) and whole and len(written) <= _ARN_CHARACTERS_MAX:
        return written
    bucket = written.removeprefix("s3://").rstrip("/")
    fix = 'write an ARN, such as "arn:aws:s3:::ledger-*" or "arn:aws:rds:*:*:db:ledger"'
    if written == "*":
        fix = "write types: all"
    elif re.fullmatch(r"[a-z0-9.*-]{3,63}", bucket):
        fix = f"did you mean arn:aws:s3:::{bucket}?"
    raise ValueProblem("STR028", f"{shown(written)} is not an ARN: arn:partition:service:region:account:resource expected", fix)


def topic(value: object) -> str:
    """Return the ARN of an SNS topic."""
    return matched(value, _TOPIC, "the ARN of an SNS topic", "arn:aws:sns:eu-west-2:111122223333:backups")


def multi_region_key(value: object) -> str:
    """Return the ARN of a multi-Region KMS key, whose id starts with mrk-."""
    example = "arn:aws:kms:eu-west-2:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"
    return matched(value, _MULTI_REGION_KEY, "the ARN of a multi-Region key, with an id that starts with mrk-", example)


def matched(value: object, pattern: str, what: str, example: str) -> str:
    """Return text that fits a pattern; `what` and `example` say what was expected."""
    written = text(value)
    if not re.fullmatch(pattern, written):
        raise ValueProblem("STR028", f"{shown(written)} is not {what}", f"write something like {example}")
    return written


def role_pattern(value: object) -> str:
    """Return the name of an IAM role, or a pattern of role ARNs."""
    written = text(value)
    if not re.fullmatch(_ROLE, written) or written.strip("*") == "":
        fix = "write the name of a role, such as break-glass, or arn:aws:iam::*:role/break-glass-*"
        raise ValueProblem("STR028", f"{shown(written)} is not a role", fix)
    return written


def trusted(value: object) -> str:
    """Return who may assume a role: accounts, or the ARN of a role or user, or a pattern of such ARNs in one account."""
    if isinstance(value, str) and value.startswith("arn:"):
        return matched(value, _PRINCIPAL, "the ARN of a role or user of one account", "arn:aws:iam::111122223333:role/operators")
    return trusted_account(value)


def bucket(value: object) -> str:
    """Return the name of an S3 bucket."""
    written = text(value)
    if re.fullmatch(BUCKET_PATTERN, written) and ".." not in written:
        return written
    bare = re.sub(r"^(s3://|arn:aws[a-z-]*:s3:::)", "", written).split("/")[0].lower().replace("_", "-")
    known = re.fullmatch(BUCKET_PATTERN, bare) and bare != written
    fix = f"did you mean {bare}?" if known else "choose another name: 3 to 63 lower-case letters, digits, hyphens and dots"
    raise ValueProblem("STR006", f"{shown(written)} can't be used as the name of a bucket", fix)


def prefix(value: object) -> str:
    """Return what the keys of objects start with, without slashes at the ends."""
    written = text(value)
    if len(written) > 512 or not re.fullmatch(r"[A-Za-z0-9!_.*'()/-]*", written):
        raise ValueProblem("STR006", f"{shown(written)} can't be used as a prefix of keys", "write letters, digits, hyphens and slashes")
    return written.strip("/")


def email(value: object) -> str:
    """Return an e-mail address."""
    written = text(value)
    if not re.fullmatch(EMAIL_PATTERN, written):
        raise ValueProblem("STR029", f"{shown(written)} is not an e-mail address", "write something like backup-team@example.com")
    return written


def file(value: object) -> str:
    """Return the path of a file beside the strategy."""
    written = text(value)
    if not written or written.startswith(("/", "~")) or ".." in written.split("/"):
        fix = "write a path below the folder of the strategy, such as checks/ledger.sql"
        raise ValueProblem("STR006", f"{shown(written)} is not a path below the folder of the strategy", fix)
    return written


def control(value: object) -> str:
    """Return a control of AWS Backup Audit Manager, as AWS writes it."""
    written = text(value)
    known = controls()
    found = written if written in known.values() else known.get(written)
    if found is None:
        fix = partial(did_you_mean, written, known)
        raise ValueProblem("STR023", f"{shown(written)} is not a control of AWS Backup Audit Manager", fix)
    return found


def controls() -> Mapping[str, str]:
    """Return AWS's names of the controls by how a strategy file writes them."""
    return {name.lower().replace("_", "-"): name for name in facts.names("controls")}


def parameter(value: object) -> str:
    """Return the value of a parameter; AWS takes text, so that numbers and truth values become theirs."""
    written = value.text if isinstance(value, Plain) else text(value)
    if not written:
        raise ValueProblem("STR005", "is empty: a value expected", "write a value, or remove it")
    return written
