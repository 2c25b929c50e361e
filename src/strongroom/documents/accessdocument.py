"""`access.yaml`: who may do what, written by hand or put together from what AWS's own commands print.

access: 1
organization:
  id: o-exampleorg1
  root: r-ab12
  units:
    Workloads: {id: ou-ab12-11111111, units: {Prod: {id: ou-ab12-22222222}}}
accounts:
  "111111111111": {name: management, management: true}      # under the root
  "555555555555": {name: shop, in: Workloads/Prod}
details: [shop.json]                 # printed by: aws iam get-account-authorization-details
principals:
  - arn: arn:aws:iam::555555555555:role/ops
    policies: [ops.json, {name: inline, policy: {Version: "2012-10-17", Statement: []}}]
    trust: trust.json                # boundary: …, tags: {…}
resources:
  - {arn: "arn:aws:kms:…", policy: key.json, grants: []}
controls:
  - {name: keep-backups, type: scp, policy: keep.json, attached: [Workloads]}

What is not written is unknown; `none` and [] say that there is nothing. Only a permissions boundary is absent where none is named, and
FullAWSAccess and RCPFullAWSAccess are attached everywhere, as AWS does, unless `controls` has a policy of that name.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

from strongroom.documents import authorizationdetails, iampolicy
from strongroom.documents.accessfiles import Files
from strongroom.documents.accessplaces import Places, place_named, places
from strongroom.documents.fields import Fields
from strongroom.documents.nodes import Members, Node, entries, text
from strongroom.documents.notes import Notes, shown
from strongroom.domain.access import (
    Access,
    AccessAccount,
    ControlPolicy,
    ControlType,
    GuardedResource,
    KeyGrant,
    PolicyText,
    Principal,
    PrincipalKind,
)
from strongroom.domain.names import AccountId, Arn
from strongroom.domain.origin import BuiltIn, FileOrigin, Unread

_WHOLE: Final = frozenset({"access", "organization", "accounts", "details", "principals", "resources", "controls"})
_PRINCIPAL: Final = frozenset({"arn", "unique_id", "policies", "boundary", "trust", "tags"})
_RESOURCE: Final = frozenset({"arn", "account", "policy", "grants", "tags", "air_gapped"})
_GRANT: Final = frozenset({"id", "grantee", "operations", "context", "exact"})
_CONTROL: Final = frozenset({"name", "type", "policy", "attached"})
_TYPES: Final = {"scp": ControlType.SCP, "rcp": ControlType.RCP}
_SHAPES: Final = {ControlType.SCP: iampolicy.SCP, ControlType.RCP: iampolicy.RCP}
_FULL: Final = {
    ControlType.SCP: ("FullAWSAccess", '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'),
    ControlType.RCP: (
        "RCPFullAWSAccess",
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}',
    ),
}
_Described = TypeVar("_Described", Principal, GuardedResource)
_PART: Final = "the document is one page of several: other principals are not in it"
_UNSAID: Final = Unread("the document does not say")


def access(root: Members, notes: Notes, folder: Path) -> Access:
    """Return who may do what; files are looked for in `folder`. Where findings say that something is wrong, it is not to be used."""
    if not root.entries.keys() & {"access", "principals"} and root.entries.keys() & {"RoleDetailList", "UserDetailList"}:
        return _of_details(authorizationdetails.principals(root, notes), partial=authorizationdetails.is_partial(root))
    whole = Fields(root, "access", notes)
    whole.only(_WHOLE)
    if whole.number("access") not in {1, None}:
        whole.wrong("access", "this is no format that this release reads: 1 expected", "write access: 1")
    if not root.entries.keys() - {"access"}:
        notes.add("DOC024", root.place, "access", "the document names nobody", "add principals, or details")
    return _Reader(places(whole, notes), notes, Files(folder, notes)).read(whole)


def _of_details(found: tuple[Principal, ...], *, partial: bool) -> Access:
    """Return what one account's authorization details tell: nothing of an organization, nothing of resources."""
    accounts = tuple(AccessAccount(id=each) for each in dict.fromkeys(principal.account for principal in found))
    unsaid = Unread("an account's authorization details say nothing of an organization")
    unread = tuple((each.id, _PART) for each in accounts) if partial else ()
    return Access(organization_id=unsaid, accounts=accounts, principals=found, resources=(), controls=unsaid, unread=unread)


class _Reader:
    def __init__(self, known: Places, notes: Notes, files: Files) -> None:
        self._places = known
        self._notes = notes
        self._files = files
        self._partial: set[str] = set()  # accounts of which only some principals are in a file

    def read(self, whole: Fields) -> Access:
        """Return everything that the document says."""
        principals = self._once((*self._details(whole), *self._principals(whole)))
        resources = self._once(self._resources(whole))
        accounts = self._accounts((*principals, *resources))
        seen = {principal.account for principal in principals}
        return Access(
            organization_id=self._places.organization_id,
            accounts=accounts,
            principals=principals,
            resources=resources,
            controls=self._controls(whole),
            unread=tuple(
                (each.id, _PART if each.id in self._partial else "the document names no principal of it")
                for each in accounts
                if each.id not in seen or each.id in self._partial
            ),
        )

    def _details(self, whole: Fields) -> Iterator[Principal]:
        listed = whole.texts("details")
        for name in () if isinstance(listed, Unread) else listed:
            found = self._files.read(name, whole.place("details"), "details")
            if found is not None:
                root, notes = found
                told = authorizationdetails.principals(root, notes)
                self._partial |= {each.account for each in told} if authorizationdetails.is_partial(root) else set()
                yield from told
                self._notes.take(notes.findings)

    def _principals(self, whole: Fields) -> Iterator[Principal]:
        listed = whole.objects("principals", "principal")
        for body in () if isinstance(listed, Unread) else listed:
            body.only(_PRINCIPAL)
            found = _principal_arn(body)
            if found is None:
                continue
            kind, account, arn = found
            body.subject = f"{kind} {arn.rpartition('/')[2]}" if kind is not PrincipalKind.ROOT else f"root of {account}"
            unique_id = body.text("unique_id")
            yield Principal(
                kind=kind,
                account=account,
                arn=arn,
                unique_id=unique_id if isinstance(unique_id, str) else "",
                identity=self._identity(body),
                boundary=self._policy(body, "boundary", iampolicy.BOUNDARY) if "boundary" in body.node.entries else None,
                trust=self._policy(body, "trust", iampolicy.TRUST) if kind is PrincipalKind.ROLE else None,
                tags=_pairs(body, "tags"),
                origin=body.origin,
            )

    def _identity(self, body: Fields) -> tuple[PolicyText, ...] | Unread:
        if body.value("policies") is None:
            return _UNSAID
        listed = body.items("policies")
        if isinstance(listed, Unread):
            return listed
        return tuple(
            self._text(node, f"policy {_label(node, number)} of {body.subject}", iampolicy.IDENTITY)
            for number, node in enumerate(listed, start=1)
        )

    def _resources(self, whole: Fields) -> Iterator[GuardedResource]:
        listed = whole.objects("resources", "resource")
        for body in () if isinstance(listed, Unread) else listed:
            body.only(_RESOURCE)
            arn, owner = body.text("arn", required=True), body.text("account")
            if not isinstance(arn, str):
                continue
            try:
                account = owner if isinstance(owner, str) else Arn.parse(arn).account
            except ValueError as error:
                body.wrong("arn", str(error)[:200], "write the ARN of the resource")
                continue
            if not account:  # as in the ARNs of buckets
                body.missing("account")
                continue
            body.subject = arn
            shape = iampolicy.KEY if ":kms:" in arn else iampolicy.TOPIC if ":sns:" in arn else iampolicy.RESOURCE
            grants = self._grants(body) if ":kms:" in arn else ()
            policy = self._policy(body, "policy", shape)
            air_gapped = body.flag("air_gapped") if "air_gapped" in body.node.entries else None
            yield GuardedResource(
                arn=arn,
                account=account,
                policy=policy,
                grants=grants,
                tags=_pairs(body, "tags"),
                air_gapped=air_gapped if isinstance(air_gapped, bool) else None,
                origin=body.origin,
            )

    def _grants(self, body: Fields) -> tuple[KeyGrant, ...] | Unread:
        if body.value("grants") is None:
            return _UNSAID
        listed = body.objects("grants", f"grant of {body.subject}")
        if isinstance(listed, Unread):
            return listed
        found: list[KeyGrant] = []
        for number, grant in enumerate(listed, start=1):
            grant.only(_GRANT)
            grantee, operations, name = grant.text("grantee", required=True), grant.texts("operations"), grant.text("id")
            context = _pairs(grant, "context") if "context" in grant.node.entries else ()
            if not isinstance(grantee, str) or isinstance(operations, Unread) or isinstance(context, Unread):
                return Unread(f"grant {number} can't be read")
            exact = grant.flag("exact") is True
            key = name if isinstance(name, str) else str(number)
            found.append(KeyGrant(id=key, grantee=grantee, operations=operations, encryption_context=context, exact_context=exact))
        return tuple(found)

    def _controls(self, whole: Fields) -> tuple[ControlPolicy, ...] | Unread:
        if whole.value("controls") is None:
            return () if self._places.organization_id is None else _UNSAID
        listed = whole.objects("controls", "control policy")
        if isinstance(listed, Unread):
            return listed
        found = [control for number, body in enumerate(listed, start=1) if (control := self._control(body, number)) is not None]
        kinds = dict.fromkeys(each.type for each in found)
        return (*(self._full_access(kind) for kind in kinds if all(each.name != _FULL[kind][0] for each in found)), *found)

    def _control(self, body: Fields, number: int) -> ControlPolicy | None:
        body.only(_CONTROL)
        name, written = body.text("name"), body.text("type", required=True)
        kind = _TYPES.get(written.lower()) if isinstance(written, str) else None
        if kind is None:
            if isinstance(written, str):
                body.wrong("type", f"type is {shown(written)}: scp or rcp expected", "write scp or rcp")
            return None
        called = name if isinstance(name, str) else f"control policy {number}"
        body.subject = f"{'SCP' if kind is ControlType.SCP else 'RCP'} {called}"
        policy = self._policy(body, "policy", _SHAPES[kind])
        if not isinstance(policy, PolicyText):
            body.missing("policy")
            return None
        attached = body.texts("attached")
        targets = () if isinstance(attached, Unread) else attached
        ids = [place_named(self._places, each, body.place("attached"), body.subject, self._notes) for each in targets]
        return ControlPolicy(
            id=f"p-{called}", name=called, type=kind, policy=replace(policy, name=body.subject), targets=tuple(each for each in ids if each)
        )

    def _full_access(self, kind: ControlType) -> ControlPolicy:
        name, content = _FULL[kind]
        policy = PolicyText(name=name, text=content, origin=BuiltIn())
        return ControlPolicy(id=f"p-{name}", name=name, type=kind, policy=policy, targets=self._places.everything)

    def _policy(self, body: Fields, key: str, shape: iampolicy.Shape) -> PolicyText | Unread | None:
        """Return the policy under a key; None where the document says that there is none, Unread where it says nothing."""
        node = body.value(key)
        if node is None:
            return _UNSAID
        return None if text(node) == "none" else self._text(node, f"{shape.name} of {body.subject}", shape)

    def _text(self, node: Node, name: str, shape: iampolicy.Shape) -> PolicyText:
        """Return a policy: an object, {name, policy}, JSON in a text, the name of a file, or the ARN of one whose text is not here."""
        origin = self._notes.origin(node.place)
        if isinstance(node, Members) and "policy" in node.entries:
            named = Fields(node, name, self._notes)
            named.only({"name", "policy"})
            return self._text(node.entries["policy"].value, str(named.text("name") or name), shape)
        written = text(node)
        if written is None or written.lstrip().startswith("{"):
            return PolicyText(name=name, text=iampolicy.written(node, shape, name, self._notes), origin=origin)
        if written.startswith("arn:"):
            message = f"the text of {shown(written)} is not in the document: what it allows is unknown"
            self._notes.add("DOC011", node.place, name, message, "write its text to a file, and name the file")
            return PolicyText(
                name=f"managed policy {written.rpartition('/')[2]}", text=Unread("its text is not in the document"), origin=origin
            )
        found = self._files.read(written, node.place, name)
        if found is None:
            return PolicyText(name=name, text=Unread(f"file {written} can't be read"), origin=origin)
        root, notes = found
        result = iampolicy.judge(root, shape, name, notes)
        self._notes.take(notes.findings)
        return PolicyText(name=name, text=result, origin=notes.origin(root.place))

    def _accounts(self, found: tuple[Principal | GuardedResource, ...]) -> tuple[AccessAccount, ...]:
        """Return the accounts of the document; without an organization also those that only ARNs name."""
        known = dict(self._places.accounts)
        for each in found:
            if each.account in known:
                continue
            if self._places.organization_id is not None and isinstance(each.origin, FileOrigin):
                message = f"account {each.account} of {shown(each.arn)} is not among the accounts"
                self._notes.add("DOC041", each.origin, each.arn, message, "add it to accounts with the unit that it is in, or in: none")
            known[each.account] = AccessAccount(id=each.account)
        return tuple(known.values())

    def _once(self, found: Iterable[_Described]) -> tuple[_Described, ...]:
        """Return what is described once; note what is described again."""
        kept: dict[str, _Described] = {}
        for each in found:
            first = kept.setdefault(each.arn, each)
            if first is not each and isinstance(each.origin, FileOrigin):
                message = f"{shown(each.arn)} is described twice: first at {first.origin}"
                self._notes.add("DOC042", each.origin, each.arn, message, "remove one of them")
        return tuple(kept.values())


def _label(node: Node, number: int) -> str:
    """Return what a policy in a list is called: its file, else its number."""
    written = text(node) or ""
    return Path(written).stem if written.endswith((".json", ".yaml", ".yml")) else str(number)


def _principal_arn(body: Fields) -> tuple[PrincipalKind, str, str] | None:
    """Return kind, account and ARN of a principal; None with a note where the ARN is none of a user, role or root."""
    arn = body.text("arn", required=True)
    if not isinstance(arn, str):
        return None
    try:
        parsed = Arn.parse(arn)
        kind = PrincipalKind(parsed.resource.partition("/")[0])
        if parsed.service == "iam" and kind is not PrincipalKind.SERVICE:
            return kind, AccountId.parse(parsed.account), arn
    except ValueError:
        pass
    body.wrong("arn", f"{shown(arn)} is no ARN of a role, user or root", "write something like arn:aws:iam::111122223333:role/name")
    return None


def _pairs(body: Fields, key: str) -> tuple[tuple[str, str], ...] | Unread:
    """Return names and values, sorted; Unread where the document says nothing."""
    holder = body.object(key)
    if not isinstance(holder, Fields):
        return holder or _UNSAID
    holder.lenient = True
    found = {entry.key: holder.text(entry.key) for entry in entries(holder.node)}
    unread = next((value for value in found.values() if isinstance(value, Unread)), None)
    return unread or tuple(sorted((name, str(value or "")) for name, value in found.items()))
