"""Short names: what people write and read in place of ARNs, where it is unique."""

import difflib
import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final

from strongroom.domain.access import Access, PrincipalKind
from strongroom.domain.names import Arn
from strongroom.errors import BadInput

SHARED_WITH: Final = "arn:aws:iam::*:role/*"  # somebody in whatever account an air-gapped vault is shared with

_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_SERVICE: Final = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?")
_PRINCIPAL: Final = re.compile(r"arn:[a-z-]+:(?:iam::[0-9]{12}:(?:root|(?:user|role)/.+)|sts::[0-9]{12}:assumed-role/[^/]+/.+)")
_PROVIDER: Final = re.compile(r":(?:saml|oidc)-provider/")
_SHORT: Final = re.compile(r"(?:(?P<kind>[a-z]+)[:/])?(?P<name>[^@]+)(?:@(?P<account>[^@/]+)(?:/(?P<region>[a-z0-9-]+))?)?")
_KINDS: Final = {"vault": ":backup-vault:", "key": ":key/", "role": ":role/", "user": ":user/", "topic": ":sns:", "bucket": ":s3:"}
_SHOWN_MAX: Final = 4  # names in an error


class Names:
    """The names in one set of accounts."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def principal(self, text: str) -> str:
        """Return the ARN of a principal, or a service's name, that a text means; raises BadInput with the nearest names.

        An ARN or account id stays what it is; else `ops`, `role/ops`, `ops@shop`, `root@555555555555`.
        """
        if _SERVICE.fullmatch(text) or _ACCOUNT.fullmatch(text) or _PRINCIPAL.fullmatch(text):
            return text
        if text.startswith("arn:"):
            hint = "write the ARN of a role, user, root or assumed role, an account id, a service's name, or a short name"
            raise BadInput(f"{text!r} is no principal", hint=hint)
        if text.startswith("root@"):
            return self.account(text.removeprefix("root@"))
        found = self._principals
        return self._one(text, found, "principal", "write a role's or user's name or ARN, such as ops@111122223333")

    def resource(self, text: str) -> str:
        """Return the ARN that a text means; raises BadInput with the nearest names.

        An ARN stays what it is, as * does; else `central`, `vault:central@333333333333/eu-west-2`, `key:…`, `role:…`.
        """
        if text == "*":
            return text
        if text.startswith("arn:"):
            try:
                return str(Arn.parse(text))
            except ValueError as error:
                raise BadInput(str(error), hint="write an ARN, or a short name such as vault:central@333333333333/eu-west-2") from error
        things = [*(each.arn for each in self._access.resources), *(each for each in self._principals if ":role/" in each)]
        return self._one(text, things, "resource", "write an ARN, or a name such as vault:central@333333333333/eu-west-2")

    def account(self, text: str) -> str:
        """Return the id of an account that a text names by id or name; raises BadInput."""
        if _ACCOUNT.fullmatch(text):
            return text
        found = [each.id for each in self._access.accounts if each.name == text]
        if len(found) == 1:
            return found[0]
        known = [each.name for each in self._access.accounts if each.name]
        if found:
            raise BadInput(f"{len(found)} accounts are called {text!r}", hint=f"write its id: {_some(found)}")
        raise BadInput(f"there is no account {text!r}", hint=_near(text, known) or "write its id, twelve digits")

    def account_called(self, account: str) -> str:
        """Return how people call an account: its name and id."""
        name = self._account_names.get(account, "")
        return f"{name} {account}" if name and name != account else account

    def thing_called(self, arn: str) -> str:
        """Return how people call a resource: what it is, its account and Region."""
        account = account_of(arn)
        kind = next((kind for kind, mark in _KINDS.items() if mark in arn), "")
        if not account or not kind:
            return arn
        region = arn.split(":")[3]
        return f"{kind} {last(arn)} of {self.account_called(account)}{f', {region}' if region else ''}"

    @cached_property
    def _account_names(self) -> dict[str, str]:
        return {each.id: each.name for each in self._access.accounts}

    @cached_property
    def _principals(self) -> tuple[str, ...]:
        return tuple(each.arn for each in self._access.principals if each.kind is not PrincipalKind.ROOT)

    def _one(self, text: str, arns: Sequence[str], what: str, form: str) -> str:
        """Return the one ARN that a short name means."""
        parts = _SHORT.fullmatch(text)
        if parts is None:
            raise BadInput(f"{text!r} is no {what}", hint=form)
        mark, name, region = _KINDS.get(parts["kind"] or ""), parts["name"], parts["region"]
        if mark is None and parts["kind"]:
            name = f"{parts['kind']}/{name}"  # part of a path
        account = self.account(parts["account"]) if parts["account"] else ""
        inside = [
            arn for arn in arns if (not mark or mark in arn) and (not account or account in arn) and (not region or f":{region}:" in arn)
        ]
        found = [arn for arn in inside if name in {last(arn), arn.partition("/")[2]}]
        if not mark and what == "resource":
            found = [arn for arn in found if ":role/" not in arn] or found  # a vault is meant rather than a role of the same name
        if len(found) == 1:
            return found[0]
        if found:
            raise BadInput(f"{len(found)} {what}s are called {text!r}: {_some(found)}", hint="write the ARN, or add @account, such as "
                           f"{text.partition('@')[0]}@{found[0].split(':')[4]}")  # fmt: skip
        near = _near(name, [last(arn) for arn in inside])
        raise BadInput(f"there is no {what} {text!r} among those read", hint=near or form)


def last(arn: str) -> str:
    """Return the name at the end of an ARN.

    Example:
        >>> last("arn:aws:iam::111122223333:role/team/ops"), last("arn:aws:backup:eu-west-2:111122223333:backup-vault:local")
        ('ops', 'local')
    """
    return arn.replace("/", ":").rpartition(":")[2]


def called(arn: str) -> str:
    """Return how people call a principal, without its account.

    Example:
        >>> called("arn:aws:iam::111122223333:role/team/ops"), called("arn:aws:iam::111122223333:root"), called("*")
        ('role ops', 'root user', 'anyone on AWS')
    """
    if arn == "*":
        return "anyone on AWS"
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return "root user" if _ACCOUNT.fullmatch(arn) else arn
    if parts[5] == "root":
        return "root user"
    kind, _, path = parts[5].partition("/")
    if kind == "assumed-role":
        role, _, session = path.partition("/")
        return f"role {role} as {session}"
    return "somebody" if path == "*" else f"{kind} {path.rpartition('/')[2]}"


def provider_of(principal: str) -> str:
    """Return the name of an identity provider; empty: it is another principal.

    Example:
        >>> provider_of("arn:aws:iam::111122223333:saml-provider/corp"), provider_of("accounts.example"), provider_of("*")
        ('corp', 'accounts.example', '')
    """
    if principal.startswith("arn:"):
        return last(principal) if _PROVIDER.search(principal) else ""
    return "" if principal == "*" or _ACCOUNT.fullmatch(principal) else principal


def account_of(arn: str) -> str:
    """Return the account in an ARN, or the account id itself; empty: it names none.

    Example:
        >>> account_of("arn:aws:iam::111122223333:root"), account_of("backup.amazonaws.com")
        ('111122223333', '')
    """
    if _ACCOUNT.fullmatch(arn):
        return arn
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 else ""


def _near(text: str, names: Iterable[str]) -> str:
    by_lower = {name.lower(): name for name in names}
    found = difflib.get_close_matches(text.lower(), by_lower, n=2)
    return f"did you mean {' or '.join(by_lower[each] for each in found)}?" if found else ""


def _some(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN_MAX
    return ", ".join(names[:_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")
