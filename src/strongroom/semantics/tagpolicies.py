"""What a tag policy says of one tag.

Keys are compared without their capitals, values letter by letter; a star at the end of a value stands for anything.
Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_tag-policies.html
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from strongroom.domain.governance import TagRule


def rejection(rules: Iterable[TagRule], key: str, value: str) -> str:
    """Return what is wrong with a tag; empty where nothing is, or where no rule speaks of its key.

    Example:
        >>> from strongroom.domain.origin import BuiltIn
        >>> rule = TagRule(key="environment", values=("prod", "dev-*"), origin=BuiltIn())
        >>> rejection([rule], "Environment", "prod"), rejection([rule], "environment", "Prod"), rejection([rule], "environment", "dev-1")
        ('its key is written environment', 'its value is one of prod, dev-*', '')
    """
    rule = next((each for each in rules if each.key.lower() == key.lower()), None)
    if rule is None:
        return ""
    if rule.key != key:
        return f"its key is written {rule.key}"
    if not rule.values or any(allows(each, value) for each in rule.values):
        return ""
    return f"its value is one of {', '.join(rule.values)}"


def allows(pattern: str, value: str) -> bool:
    """Tell whether a value of a rule allows a tag's value.

    Example:
        >>> allows("dev-*", "dev-1"), allows("[dev]", "d")
        (True, False)
    """
    # brackets and question marks are letters here; only a star at the end is a wildcard
    return fnmatchcase(value, pattern.replace("[", "[[]").replace("?", "[?]"))
