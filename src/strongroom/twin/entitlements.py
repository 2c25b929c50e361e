"""Who may do what in the twin, read where it lives: moto's identities and keys, AWS Backup's vaults, the organization's control policies.

Actors and targets are made anew only when one of their policies has changed, and answers about jobs are kept for as long: a decision is
made once for each set of policy texts.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol
from urllib.parse import unquote

from strongroom.domain.access import Access, ControlType, KeyGrant, PrincipalKind
from strongroom.domain.names import ResourceType
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.awsroles import service_linked_roles
from strongroom.semantics.authorization.calls import Call, Operation, Places, calls_of, judge, refused, unsupported
from strongroom.semantics.authorization.model import Actor, Level, Target
from strongroom.semantics.authorization.policy import Policy, parse
from strongroom.twin.backup.inventory import backend_of
from strongroom.twin.trust import kind_of

_SESSION: Final = re.compile(r"arn:([a-z-]+):sts::([0-9]{12}):assumed-role/([^/]+)/(.+)")
_VAULT: Final = ":backup-vault:"
_NOWHERE: Final = Access(organization_id=None, accounts=(), principals=(), resources=())

Texts = tuple[tuple[str, str], ...]  # names and texts of policies


class ControlView(Protocol):
    """What control policies are read from."""

    @property
    def organization_id(self) -> str:
        """`o-…`, or an empty string before an organization exists."""

    def path_of(self, account: str) -> str:
        """`o-…/r-…/ou-…/`; empty for an account outside."""

    def controls_above(self, account: str, kind: str) -> tuple[tuple[str, Texts], ...]:
        """The policies of a kind at each place from the root down to an account; () where none reach it."""


class Entitlements(Authorizer):
    """Answers questions about the twin as it is now."""

    def __init__(self, organization: ControlView, vault_policy: Callable[[str], str | None]) -> None:
        super().__init__(_NOWHERE)
        self._organization = organization
        self._vault_policy = vault_policy
        self._kept: dict[tuple[object, ...], Any] = {}
        self._answers: dict[tuple[object, ...], Call | None] = {}

    def refusal(self, operation: Operation, resource_type: ResourceType, places: Places) -> Call | None:
        """Return the first call of a job that would be refused for certain; None: all may, or nobody knows better."""
        asked = (places.job_role, places.vault, places.destination_vault, places.source_key, places.vault_key, places.destination_key)
        arns = [each for each in (*asked, places.restored_key) if isinstance(each, str) and each]
        things = tuple(self.actor(arn) if ":iam:" in arn else self.target(arn) for arn in arns)
        key = (operation, resource_type, places, *map(id, things))  # they are kept, so that an id is one thing's alone
        if key not in self._answers:
            self._answers[key] = self._refusal(operation, resource_type, places)
        return self._answers[key]

    def _refusal(self, operation: Operation, resource_type: ResourceType, places: Places) -> Call | None:
        if unsupported(operation, resource_type, places):
            return None
        # A job that may not read some objects leaves them out and completes.
        calls = (call for call in calls_of(operation, resource_type, places) if call.failure_mode != "FM20")
        found = refused(judge(self, calls))
        return None if found is None else found.call

    def actor(self, arn: str, session: str = "", *, session_policies: tuple[Policy, ...] = ()) -> Actor:
        """Return a principal with the policies that it has now."""
        found = _SESSION.fullmatch(arn)
        if found:
            arn, session = _role_arn(found[1], found[2], found[3]), found[4]
        if ":" not in arn:
            return super().actor(arn)
        account, kind = arn.split(":")[4], kind_of(arn)
        identity, boundary, tags, unique_id = _identity(arn, kind)
        linked = ":role/aws-service-role/" in arn
        controls = () if linked else self._organization.controls_above(account, ControlType.SCP)
        path = self._organization.path_of(account)
        key = ("actor", arn, session, session_policies, identity, boundary, tags, controls, path)
        return self._once(
            key,
            lambda: Actor(
                kind=kind,
                arn=arn,
                account=account,
                session=session,
                unique_id=unique_id,
                identity=_parsed(identity),
                boundary=parse(boundary, name="permissions boundary") if boundary else None,
                session_policies=session_policies,
                controls=_levels(controls),
                service_linked=linked,
                organization_id=self._organization.organization_id if path else None,
                organization_path=path or None,
                tags=dict(tags),
            ),
        )

    def target(self, arn: str, *, owner: str = "", guard: str = "") -> Target:
        """Return a resource with the policy and grants that it has now."""
        account = _account_of(guard or arn) or owner
        policy, grants = self._policy(guard or arn), _grants(arn)
        controls = self._organization.controls_above(account, ControlType.RCP) if account else ()
        path = self._organization.path_of(account) if account else ""
        return self._once(
            ("target", arn, account, policy, grants, controls, path),
            lambda: Target(
                arn=arn,
                account=account,
                policy=None if policy is None else parse(policy, name=f"policy of {guard or arn}"),
                grants=grants,
                controls=_levels(controls),
                organization_id=self._organization.organization_id if path else None,
                organization_path=path or None,
            ),
        )

    def _once(self, key: tuple[object, ...], make: Callable[[], Any]) -> Any:
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]

    def _policy(self, arn: str) -> str | None:
        """Return the text of the policy of a vault, key, bucket, topic, queue or role; None: it has none."""
        parts = arn.split(":", 5)
        if len(parts) != 6:
            return None
        _, partition, service, region, account, name = parts
        if service == "backup":
            return self._vault_policy(arn) if _VAULT in arn else None
        if service == "iam":
            role = _found(account, partition, name) if name.startswith("role/") else None
            return None if role is None else _document(role.assume_role_policy_document)
        if service == "s3":
            return _bucket_policy(name.partition("/")[0])
        key = _key(arn) if service == "kms" else None
        if key is not None:
            return str(key.policy)
        backend = backend_of(service, account, region) if service in {"sns", "sqs"} else None
        return None if backend is None else _messaging_policy(backend, arn)


def _levels(controls: tuple[tuple[str, Texts], ...]) -> tuple[Level, ...]:
    return tuple(Level(place=place, policies=_parsed(texts)) for place, texts in controls)


def _parsed(texts: Texts) -> tuple[Policy, ...]:
    return tuple(parse(text, name=name) for name, text in texts)


def _identity(arn: str, kind: PrincipalKind) -> tuple[Texts, str, Texts, str]:
    """Return policies, boundary, tags and unique id of a user or role; what AWS makes when it needs it is there already."""
    _, partition, _, _, account, name = arn.split(":", 5)
    if kind is PrincipalKind.ROOT:
        return (), "", (), ""
    backend, found = backend_of("iam", account, partition), _found(account, partition, name)
    if found is None:
        linked = next((each for each in service_linked_roles(account, partition) if each.arn == arn), None)
        texts = () if linked is None or not isinstance(linked.identity, tuple) else linked.identity
        return tuple((each.name, str(each.text)) for each in texts), "", (), ""
    backend = backend_of("iam", account, partition)
    boundary = getattr(found, "permissions_boundary_arn", None)
    groups = [group for group in backend.groups.values() if found in group.users] if backend and kind is PrincipalKind.USER else []
    held = tuple(pair for each in (found, *groups) for pair in _policies(each))
    tags = tuple(sorted((tag["Key"], tag["Value"]) for tag in getattr(found, "tags", None) or ()))
    return held, _boundary(backend, boundary) if boundary else "", tags, str(found.id)


def _boundary(backend: Any, arn: str) -> str:
    """Return the text of a boundary; one that isn't there allows nothing."""
    found = backend.managed_policies.get(arn)
    return '{"Statement": []}' if found is None else _default(found)


def _policies(holder: Any) -> Iterator[tuple[str, str]]:
    """Yield inline and managed policies of a user, group or role."""
    yield from ((f"inline policy {name}", _document(text)) for name, text in holder.policies.items())
    yield from ((f"managed policy {each.name}", _default(each)) for each in holder.managed_policies.values())


def _default(policy: Any) -> str:
    version = next((each for each in policy.versions if each.version_id == policy.default_version_id), policy.versions[0])
    return _document(version.document)


def _document(text: Any) -> str:
    if not isinstance(text, str):
        return json.dumps(text)
    return text if text.lstrip().startswith("{") else unquote(text)


def _found(account: str, partition: str, name: str) -> Any | None:
    """Return moto's user or role of `user/name` or `role/path/name`."""
    backend = backend_of("iam", account, partition)
    if backend is None:
        return None
    kind, _, path = name.partition("/")
    last = path.rpartition("/")[2]
    if kind == "user":
        return backend.users.get(last)
    return next((role for role in backend.roles.values() if role.name == last and role.arn.endswith(f":{name}")), None)


def _role_arn(partition: str, account: str, name: str) -> str:
    backend = backend_of("iam", account, partition)
    roles: Mapping[str, Any] = {} if backend is None else backend.roles
    return next((role.arn for role in roles.values() if role.name == name), f"arn:{partition}:iam::{account}:role/{name}")


def _key(arn: str) -> Any | None:
    parts = arn.split(":", 5)
    backend = backend_of("kms", parts[4], parts[3]) if len(parts) == 6 else None
    return None if backend is None else backend.keys.get(parts[5].removeprefix("key/"))


def _grants(arn: str) -> tuple[KeyGrant, ...]:
    key = _key(arn) if ":kms:" in arn else None
    return () if key is None else tuple(_grant(each) for each in key.grants.values())


def _grant(grant: Any) -> KeyGrant:
    constraints = grant.constraints or {}
    context = {str(name): str(value) for pairs in constraints.values() if isinstance(pairs, Mapping) for name, value in pairs.items()}
    return KeyGrant(
        id=grant.id,
        grantee=grant.grantee_principal,
        operations=tuple(grant.operations),
        encryption_context=tuple(sorted(context.items())),
        exact_context="EncryptionContextEquals" in constraints,
    )


def _bucket_policy(bucket: str) -> str | None:
    from moto.s3.models import s3_backends

    owner = s3_backends.bucket_accounts.get(bucket)
    if owner is None:
        return None
    partition, account = owner
    found = s3_backends[account][partition].buckets.get(bucket)
    return None if found is None or found.policy is None else found.policy.decode()


def _messaging_policy(backend: Any, arn: str) -> str | None:
    """Return the policy of a topic or queue."""
    topic = getattr(backend, "topics", {}).get(arn)
    if topic is not None:
        return str(topic.policy) if topic.policy else None
    queue = getattr(backend, "queues", {}).get(arn.rpartition(":")[2])
    return None if queue is None or not queue.policy else _document(queue.policy)


def _account_of(arn: str) -> str:
    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[2] == "s3":
        return _bucket_owner(parts[5].partition("/")[0])
    return parts[4] if len(parts) == 6 else ""


def _bucket_owner(bucket: str) -> str:
    from moto.s3.models import s3_backends

    owner = s3_backends.bucket_accounts.get(bucket)
    return owner[1] if owner else ""
