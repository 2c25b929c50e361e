"""Single values: what was written -> a type of the domain, or a `ValueProblem` that says what to type.

Each function takes what YAML made of the value: text, a `Plain` number or truth value, a list, a mapping, or None.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import partial
from typing import Final, TypeVar

from strongroom import facts
from strongroom.domain.governance import AlertEvent
from strongroom.domain.names import AccountId, Region, ResourceType
from strongroom.domain.strategy import StorageClass
from strongroom.strategyfile.nearmiss import did_you_mean, near_miss
from strongroom.strategyfile.nodes import Plain
from strongroom.strategyfile.problem import ValueProblem, shown

ROLES_OF_ACCOUNTS: Final = ("management", "backup_admin", "central", "log_archive")
EVERY: Final = "every-account"
SAME_ACCOUNT: Final = "same-account"
ALL: Final = "all"
FAILURES: Final = (  # what alerts are about where nothing is written
    *(AlertEvent.FAILED, AlertEvent.EXPIRED, AlertEvent.WITH_ISSUES, AlertEvent.MISSING),
    *(AlertEvent.COPY_FAILED, AlertEvent.RESTORE_FAILED, AlertEvent.LOCK, AlertEvent.KEY),
)
CLASSES: Final = {member.keyword: member for member in StorageClass}
TYPES: Final = {member.keyword: member for member in ResourceType}
WORD_PATTERN: Final = "[a-z0-9-]+"
NAME_PATTERN: Final = "[a-z][a-z0-9-]{0,49}"
STRATEGY_NAME_PATTERN: Final = "[a-z][a-z0-9-]{0,31}"
DURATION_PATTERN: Final = "[0-9]+(m|h|d|w|mo|y)"
DAYS_PATTERN: Final = "[0-9]+(d|w|mo|y)"
ACCOUNT_PATTERN: Final = "[0-9]{12}"
ROLE_PATTERN: Final = "[A-Za-z0-9+=,.@_-]{1,64}"

_E = TypeVar("_E", bound=StrEnum)


def text(value: object) -> str:
    """Return text; a number or truth value is asked to be put in quotes."""
    match value:
        case str():
            return value
        case Plain(text=written):
            kind = "a truth value" if isinstance(value.value, bool) else "a number"
            raise ValueProblem("STR005", f"{written} is {kind}: text expected", f'put it in quotes: "{written}"')
        case _:
            raise ValueProblem("STR005", f"{described(value)}: a single text expected", "write one value")


def described(value: object) -> str:
    """Return what a value is, for a message that says what was expected instead.

    Example:
        >>> described([]), described("x"), described(None)
        ('is a list', "'x' is text", 'has no value')
    """
    match value:
        case None:
            return "has no value"
        case str():
            return f"{shown(value)} is text"
        case Plain(text=written, value=bool()):
            return f"{written} is a truth value"
        case Plain(text=written):
            return f"{written} is a number"
        case list() | tuple():
            return "is a list"
        case _:
            return "is a mapping"


def version(value: object) -> int:
    """Return the format version, 1."""
    if isinstance(value, Plain) and value.value == 1 and not isinstance(value.value, bool):
        return 1
    written = value.text if isinstance(value, Plain) else shown(value) if isinstance(value, str) else described(value)
    raise ValueProblem("STR002", f"{written} is not a format version that this release reads: 1 expected", "write: strongroom: 1")


def truth(value: object) -> bool:
    """Return a truth value."""
    if isinstance(value, Plain) and isinstance(value.value, bool):
        return value.value
    fix = "write true or false"
    if isinstance(value, str) and value.lower() in {"yes", "on", "no", "off", "true", "false"}:
        fix = f"write {'true' if value.lower() in {'yes', 'on', 'true'} else 'false'} without quotes"
    raise ValueProblem("STR005", f"{described(value)}: true or false expected", fix)


def name(value: object) -> str:
    """Return a name of the strategy's own making: of a plan, a rule, a vault or a key."""
    return _named(text(value), NAME_PATTERN, "at most 50 lower-case letters, digits and hyphens, a letter first")


def strategy_name(value: object) -> str:
    """Return the name of a strategy; shorter than other names, because it starts many AWS names."""
    return _named(text(value), STRATEGY_NAME_PATTERN, "at most 32 lower-case letters, digits and hyphens, a letter first")


def vault_name(value: object) -> str:
    """Return the name of a backup vault in AWS."""
    return _named(text(value), facts.limit("vault_name_pattern").value, "2 to 50 letters, digits, hyphens and underscores")


def plan_name(value: object) -> str:
    """Return the name of a backup plan in AWS."""
    return _named(text(value), facts.limit("plan_name_pattern").value, "1 to 50 letters, digits, hyphens, underscores and dots")


def rule_name(value: object) -> str:
    """Return the name of a rule of a backup plan in AWS."""
    return _named(text(value), facts.limit("rule_name_pattern").value, "1 to 50 letters, digits, hyphens, underscores and dots")


def role_name(value: object) -> str:
    """Return the name of an IAM role."""
    return _named(text(value), ROLE_PATTERN, "at most 64 letters, digits and +=,.@_-")


def backup_role_name(value: object) -> str:
    """Return the name of the role that AWS Backup assumes; AWS's own policies pass it on only with AWSBackup in its name."""
    written = role_name(value)
    if not re.fullmatch(facts.limit("role_name_pattern").value, written):
        raise ValueProblem("STR006", f"{shown(written)} does not contain AWSBackup", f"did you mean {written[:54]}-AWSBackup?")
    return written


def _named(written: str, pattern: str, rule: str) -> str:
    if re.fullmatch(pattern, written):
        return written
    fitting = re.sub(r"[^a-z0-9]+", "-", written.lower()).strip("-")
    fix = f"did you mean {fitting}?" if fitting != written and re.fullmatch(pattern, fitting) else f"choose another name: {rule}"
    raise ValueProblem("STR006", f"{shown(written)} can't be used as a name: {rule} expected", fix)


def region(value: object) -> Region:
    """Return an AWS Region that exists."""
    written = text(value)
    if written not in facts.regions():
        fix = partial(did_you_mean, written, sorted(facts.regions()), otherwise="write a Region code such as eu-west-2")
        raise ValueProblem("STR010", f"{shown(written)} is not an AWS Region", fix)
    return Region(written)


def account(value: object) -> AccountId:
    """Return an account id; digits without quotes are refused, because YAML may drop their leading zeros."""
    if isinstance(value, Plain) and re.fullmatch("[0-9]+", value.text):
        fix = f'put it in quotes: "{value.text}"' if len(value.text) == 12 else "write all twelve digits, in quotes"
        raise ValueProblem("STR012", f"{shown(value.text)[1:-1]} is a number: an account id is twelve digits in quotes", fix)
    written = text(value)
    try:
        return AccountId.parse(written)
    except ValueError:
        digits = re.sub("[^0-9]", "", written)
        fix = f'did you mean "{digits}"?' if len(digits) == 12 else 'write twelve digits in quotes, such as "111122223333"'
        message = f"{shown(written)} is not an account id: twelve digits expected, {len(digits)} found"
        raise ValueProblem("STR012", message, fix) from None


def place(value: object) -> str:
    """Return where a vault lives: every-account, a role of organization.accounts, or an account id."""
    return _placed(value, (EVERY, *ROLES_OF_ACCOUNTS))


def home(value: object) -> str:
    """Return a single account: a role of organization.accounts, or an account id."""
    return _placed(value, ROLES_OF_ACCOUNTS)


def trusted(value: object) -> str:
    """Return accounts that a role trusts: same-account, a role of organization.accounts, or an account id."""
    return _placed(value, (SAME_ACCOUNT, *ROLES_OF_ACCOUNTS))


def _placed(value: object, words: tuple[str, ...]) -> str:
    if isinstance(value, Plain):
        return account(value)
    written = text(value)
    if re.fullmatch("[0-9 -]+", written):
        return account(written)
    return _choice(written, words, otherwise=f"one of: {', '.join(words)}, or an account id in quotes")


def resource_type(value: object) -> ResourceType:
    """Return a resource type of AWS Backup by its keyword."""
    written = text(value)
    if written not in TYPES:
        raise ValueProblem("STR014", f"{shown(written)} is not a resource type of AWS Backup", partial(_type_meant, written))
    return TYPES[written]


def _type_meant(written: str) -> str:
    known = {**TYPES, **{member.value: member for member in ResourceType}}
    near = near_miss(written, known)
    return f"did you mean {known[near].keyword}?" if near else f"one of: {', '.join(TYPES)}"


def word(choices: type[_E], value: object) -> _E:
    """Return one of the words of a choice, such as the mode of a lock.

    Example:
        >>> word(AlertEvent, "copy-failed").name
        'COPY_FAILED'
    """
    return choices(_choice(text(value), _words(choices)))


def storage_class(value: object) -> StorageClass:
    """Return a storage class of S3, by its keyword or as S3 writes it."""
    written = text(value)
    if written in StorageClass.__members__:
        return StorageClass(written)
    return CLASSES[_choice(written, CLASSES)]


def _words(choices: type[StrEnum]) -> tuple[str, ...]:
    return tuple(member.value for member in choices)


def _choice(written: str, choices: Iterable[str], *, otherwise: str = "") -> str:
    words = tuple(choices)
    if written not in words:
        fix = partial(did_you_mean, written, words, otherwise=otherwise)
        raise ValueProblem("STR023", f"{shown(written)} is not one of {', '.join(words)}", fix)
    return written


def unit(value: object) -> str:
    """Return an organizational unit: a name, a path from below the root, or an id."""
    written = text(value)
    if written.startswith("r-") and re.fullmatch("r-[0-9a-z]{4,32}", written):
        raise ValueProblem(
            "STR024", f"{shown(written)} is the root: OUs below it expected", "name the OUs that hold workloads, such as Workloads"
        )
    names = written.split("/")
    if all(part.strip() == part and 1 <= len(part) <= 128 for part in names):
        return written
    fitting = "/".join(part.strip() for part in names if part.strip())
    fix = f"did you mean {fitting}?" if fitting else "write a name, a path such as Workloads/Prod, or an id"
    raise ValueProblem("STR024", f"{shown(written)} is not an organizational unit: names joined by a slash expected", fix)


def tag_key(value: object) -> str:
    """Return the key of a tag, 1 to 128 characters."""
    written = text(value)
    if not 1 <= len(written) <= 128:
        raise ValueProblem(
            "STR021", f"{shown(written)} is not a tag key: 1 to 128 characters expected, {len(written)} found", "correct the key"
        )
    return written


def tag_value(value: object) -> str:
    """Return the value of a tag, at most 256 characters."""
    written = text(value)
    if len(written) > 256:
        raise ValueProblem(
            "STR021", f"{shown(written)} is not a tag value: at most 256 characters expected, {len(written)} found", "shorten it"
        )
    return written


def basis(value: object) -> str:
    """Return why something is owed; never empty."""
    written = text(value).strip()
    if not written:
        raise ValueProblem(
            "STR025", "is empty: an auditor will ask for it", "write the law, contract or policy, such as: SOX, company policy 12"
        )
    return written
