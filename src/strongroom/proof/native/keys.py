"""Whether a key that AWS names can be the one that the strategy means by a name."""

from strongroom.domain.estate import Estate
from strongroom.domain.strategy import KeyKind


def other_key(estate: Estate, name: str, seen: str | None) -> str:
    """Return what is wrong with the key that is used where one of `keys` is declared, empty when nothing is.

    A key without an ARN in the strategy can be any but AWS's own; a multi-Region key has the same id in every Region.
    """
    wanted = next(each for each in estate.keys if each.name == name)
    if not seen:
        return "without a KMS key"
    if wanted.kind is KeyKind.AWS_MANAGED:
        return ""  # under its ARN it looks like any other
    if "alias/aws/" in seen:
        return f"under {seen.rpartition(':')[2]}, a key that AWS manages"
    if wanted.arn is not None and ":alias/" not in seen and seen.rpartition("/")[2] != wanted.arn.rpartition("/")[2]:
        return f"under another key, {seen}"
    return ""
