"""The Principal element of resource policies, as written.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

KINDS: Final = ("AWS", "Service", "Federated", "CanonicalUser")

_ACCOUNT: Final = re.compile(r"(?:arn:[a-z-]+:iam::)?([0-9]{12})(?::root)?")
_PRINCIPAL: Final = re.compile(
    r"arn:[a-z-]+:(?:iam::[0-9]{12}:(?:user|role)/[^*?]+|sts::[0-9]{12}:(?:assumed-role/[^*?]+/|federated-user/)[^*?]+)"
)
_UNIQUE_ID: Final = re.compile(r"A[A-Z]{3}[A-Z0-9]{12,}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Principals:
    """Whom a Principal or NotPrincipal element names."""

    texts: tuple[str, ...]  # as written
    negated: bool  # NotPrincipal
    everyone: bool
    accounts: frozenset[str]
    names: frozenset[str]  # ARNs and unique ids
    services: frozenset[str]
    federated: frozenset[str]  # identity providers
    canonical: bool  # CanonicalUser, an id that says nothing about the account


def principals(entries: Iterable[tuple[str, str]], *, negated: bool) -> Principals:
    """Return the element of (kind, value) pairs as AWS writes them; ("AWS", "*") is everyone.

    Example:
        >>> found = principals([("AWS", "arn:aws:iam::111122223333:root"), ("Service", "backup.amazonaws.com")], negated=False)
        >>> sorted(found.accounts), sorted(found.services)
        (['111122223333'], ['backup.amazonaws.com'])
    """
    accounts, names, services, federated, texts = set(), set(), set(), set(), []
    everyone = canonical = False
    for kind, value in entries:
        texts.append(value)
        if kind == "Service":
            services.add(value)
        elif kind == "Federated":
            federated.add(value)
        elif kind == "CanonicalUser":
            canonical = True
        elif kind == "AWS" and value == "*":
            everyone = True
        elif kind == "AWS" and (account := _ACCOUNT.fullmatch(value)):
            accounts.add(account[1])
        elif kind == "AWS":
            names.add(value)
    return Principals(
        texts=tuple(texts),
        negated=negated,
        everyone=everyone,
        accounts=frozenset(accounts),
        names=frozenset(names),
        services=frozenset(services),
        federated=frozenset(federated),
        canonical=canonical,
    )


def refused(kind: str, value: str) -> str:
    """Return why AWS wouldn't take a principal; empty: it would.

    Example:
        >>> refused("AWS", "arn:aws:iam::111122223333:role/*")
        "'arn:aws:iam::111122223333:role/*' has a wildcard: a principal is * or one name"
    """
    if kind != "AWS" or value == "*" or _ACCOUNT.fullmatch(value) or _PRINCIPAL.fullmatch(value) or _UNIQUE_ID.fullmatch(value):
        return ""
    if "*" in value or "?" in value:
        return f"{value!r} has a wildcard: a principal is * or one name"
    return f"{value!r} is no account, user, role or session"
