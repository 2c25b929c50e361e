"""Policies that others wrote, put to the evaluator: would AWS Backup still back up, copy, restore and tell?

A policy alone doesn't say who works with it. So every role, account, Region and vault that its text names is tried, and a plain role
besides: only what stops that one everywhere is noted, with those who are let through. Values that nobody knows (ids, tags, organizations)
leave an answer unknown, and nothing is noted.
Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/access-control.html
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Final, NamedTuple

from strongroom.domain.access import (
    Access,
    AccessAccount,
    ControlPolicy,
    ControlType,
    GuardedResource,
    PolicyText,
    Principal,
    PrincipalKind,
)
from strongroom.domain.names import ResourceType
from strongroom.domain.origin import BuiltIn, Unread
from strongroom.semantics.authorization import awsroles
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.calls import Judged, calls_of, judge, refused, unsupported
from strongroom.semantics.authorization.evaluate import decide
from strongroom.semantics.authorization.model import Decision, Layer, Verdict
from strongroom.semantics.authorization.places import Operation, Places
from strongroom.semantics.authorization.policy import parse

_ROLE: Final = re.compile(r"arn:(aws[a-z-]*):iam::([0-9*?]{0,12}):role/([\w+=,.@/*?-]{1,128})")
_ACCOUNT: Final = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")
_VAULT: Final = re.compile(r"backup-vault:([\w*?.-]{1,50})")
_REGION: Final = re.compile(r"\b[a-z]{2}(?:-[a-z]+){1,2}-[0-9]\b")
_TRIED_MAX: Final = 3  # accounts and Regions each
_ROLES_MAX: Final = 6
_ACCOUNT_HERE: Final = "111122223333"
_STRANGER: Final = "444455556666"
_TOPIC: Final = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[\w-]{1,256}")
_REGION_HERE: Final = "eu-west-2"
_ROOT: Final = "r-ex00"
_PLAIN: Final = "example"
_POLICIES: Final = (*awsroles.DEFAULT_POLICIES, *awsroles.S3_POLICIES)
_EVERYTHING: Final = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
_TYPES: Final = (ResourceType.EBS, ResourceType.RDS, ResourceType.DYNAMODB, ResourceType.EFS, ResourceType.EC2)
_JOBS: Final = (Operation.BACKUP, Operation.RESTORE, Operation.COPY, Operation.EXPIRE)
_UNSAID: Final = Unread("the document does not say")


class Stopped(NamedTuple):
    """What a policy stops for everybody who was tried."""

    operation: Operation
    type: ResourceType
    action: str
    statement: int | None  # that denies it; None: no statement allows it
    because: str
    exempt: tuple[str, ...] = ()  # names of roles in the policy that it doesn't stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """An account and Region with a role that AWS Backup works with; its policies are those that AWS keeps for it."""

    account: str
    region: str
    role: Principal
    vault_name: str = "example"

    @property
    def named(self) -> str:
        """Name of the role where the policy's text has it; empty for the plain one."""
        name = self.role.arn.partition(":role/")[2]
        return "" if name == _PLAIN else name

    @property
    def vault(self) -> str:
        """ARN of a vault."""
        return f"arn:aws:backup:{self.region}:{self.account}:backup-vault:{self.vault_name}"

    @property
    def key(self) -> str:
        """ARN of a key."""
        return f"arn:aws:kms:{self.region}:{self.account}:key/example"

    def authorizer(self, *resources: GuardedResource, controls: tuple[ControlPolicy, ...] = (), beside: str = _STRANGER) -> Authorizer:
        """Return who may do what here, and in an account beside it."""
        return Authorizer(
            Access(
                organization_id=Unread("the document does not say which organization it is for"),
                accounts=tuple(AccessAccount(id=each, parents=(_ROOT,)) for each in (self.account, beside)),
                principals=(self.role, *awsroles.service_linked_roles(self.account), *awsroles.service_linked_roles(beside)),
                resources=resources,
                controls=controls,
            )
        )

    def judged(self, authorizer: Authorizer, operation: Operation, kind: ResourceType, **places: str) -> tuple[Judged, ...]:
        """Return what AWS would answer to the calls of an operation; `places` are those of `Places` besides role and vault."""
        where = replace(Places(job_role=self.role.arn, vault=self.vault), **places)  # type: ignore[arg-type] # all of them are ARNs
        return () if unsupported(operation, kind, where) else judge(authorizer, calls_of(operation, kind, where))


def scenes(text: str, *, account: str = "") -> tuple[Scene, ...]:
    """Return an example for every role, account and Region that a text names, after those with a role that it doesn't name.

    Example:
        >>> [scene.role.arn for scene in scenes('{"aws:PrincipalArn": "arn:aws:iam::*:role/backup-*"}')]
        ['arn:aws:iam::111122223333:role/example', 'arn:aws:iam::111122223333:role/backup-x']
    """
    accounts = (account,) if account else tuple(islice(dict.fromkeys((*_ACCOUNT.findall(text), _ACCOUNT_HERE)), _TRIED_MAX))
    regions = tuple(islice(dict.fromkeys((_REGION_HERE, *_REGION.findall(text))), _TRIED_MAX))
    names = dict.fromkeys((_PLAIN, *(_filled(found[3]) for found in _ROLE.finditer(text))))
    vault = next((_filled(found[1]) for found in _VAULT.finditer(text)), _PLAIN)
    return tuple(
        Scene(account=account, region=region, role=_role(account, name), vault_name=vault)
        for name, account, region in product(islice(names, _ROLES_MAX), accounts, regions)
    )


def by_control(text: str) -> Iterator[Stopped]:
    """Yield what a service control policy stops of what AWS Backup does, as if it were attached above every account."""
    control = _control("policy", text, (_ROOT,))
    full = _control("FullAWSAccess", _EVERYTHING, (_ROOT, *dict.fromkeys(scene.account for scene in scenes(text)), _STRANGER))
    tried = [(scene, scene.authorizer(*_open(scene), controls=(full, control))) for scene in scenes(text)]
    for operation, kind in product(_JOBS, _TYPES):
        answers = (
            (scene, refused(filter(_by_scp, scene.judged(authorizer, operation, kind, **_destination(scene, operation)))))
            for scene, authorizer in tried
        )
        yield from _everywhere(operation, kind, answers)


def by_key(text: str) -> Iterator[Stopped]:
    """Yield what a key policy stops: using the key for a vault, restoring what keeps the key of its source."""
    for operation, kind, place in ((Operation.BACKUP, ResourceType.EFS, "vault_key"), (Operation.RESTORE, ResourceType.EBS, "source_key")):
        answers = (
            (scene, _first_on_key(scene, scene.authorizer(_guarded(scene.key, text)), operation, kind, **{place: scene.key}))
            for scene in scenes(text, account=_owner(text))
        )
        yield from _everywhere(operation, kind, answers)


def sharing(text: str) -> Iterator[tuple[str, Stopped]]:
    """Yield the accounts that a key policy names besides its own and that can't receive copies, each with what is missing.

    Only what AWS Backup doesn't fully manage is asked for: it keeps the key of its source.
    """
    owner = _owner(text)
    if not owner:
        return
    scene = Scene(account=owner, region=_REGION_HERE, role=_role(owner, _PLAIN))
    for account in islice((each for each in dict.fromkeys(_ACCOUNT.findall(text)) if each != owner), _TRIED_MAX):
        there = f"arn:aws:backup:{scene.region}:{account}:backup-vault:example"
        authorizer = scene.authorizer(_guarded(scene.key, text), beside=account)
        first = _first_on_key(scene, authorizer, Operation.COPY, ResourceType.EBS, source_key=scene.key, destination_vault=there)
        if first is not None:
            yield account, _stopped(Operation.COPY, ResourceType.EBS, first)


def by_topic(text: str) -> Stopped | None:
    """Return why AWS Backup can't publish to a topic with a policy; None where it can, or where that isn't known."""
    named = _TOPIC.search(text)
    answers = []
    for scene in scenes(text):
        topic = named[0] if named else f"arn:aws:sns:{scene.region}:{scene.account}:example"
        authorizer = scene.authorizer(_guarded(topic, text))
        answers.append((scene, refused(scene.judged(authorizer, Operation.NOTIFY, ResourceType.EBS, topic=topic))))
    found = next(_everywhere(Operation.NOTIFY, ResourceType.EBS, answers), None)
    return found if found is not None and not found.exempt else None


def by_vault(text: str) -> Iterator[Stopped]:
    """Yield what a vault's policy stops: jobs."""
    tried = [(scene, scene.authorizer(_guarded(scene.vault, text))) for scene in scenes(text)]
    for operation, kind in product((Operation.BACKUP, Operation.RESTORE), _TYPES):
        answers = ((scene, refused(filter(_by_resource, scene.judged(authorizer, operation, kind)))) for scene, authorizer in tried)
        yield from _everywhere(operation, kind, answers)


def unchangeable(text: str) -> Decision | None:
    """Return why neither administrators nor the account's root can change a vault's policy again; None where somebody may be able."""
    decisions = []
    for scene in scenes(text):
        authorizer = scene.authorizer(_guarded(scene.vault, text))
        target = authorizer.target(scene.vault)
        everything = (parse(_EVERYTHING, name="AdministratorAccess"),)
        role, root = replace(authorizer.actor(scene.role.arn), identity=everything), authorizer.actor(scene.account)
        decisions += [decide(who, "backup:PutBackupVaultAccessPolicy", target) for who in (role, root)]
    return decisions[0] if decisions and all(map(_denied, decisions)) else None


def trusted(trust: str, account: str = "") -> Verdict:
    """Return whether AWS Backup can take on a role with a trust policy, in one of the accounts that it may be for."""
    found = []
    for scene in scenes(trust, account=account):
        role = replace(scene.role, trust=_text("trust policy", trust))
        judged = replace(scene, role=role).judged(replace(scene, role=role).authorizer(), Operation.BACKUP, ResourceType.EFS)
        found += [each.verdict for each in judged if each.call.action == "sts:AssumeRole"]
    order = (Verdict.ALLOWED, Verdict.UNKNOWN, Verdict.DENIED)
    return min(found, key=order.index)


def in_access(access: Access) -> Iterator[tuple[Principal, Layer, tuple[Stopped, ...]]]:
    """Yield the roles that AWS Backup can take on and that a control policy or boundary stops, with what of AWS Backup's work it stops."""
    authorizer = Authorizer(access)
    for role in access.principals:
        if role.kind is not PrincipalKind.ROLE or role.service_linked:
            continue
        scene = Scene(account=role.account, region=_REGION_HERE, role=role)
        assumed = (each for each in scene.judged(authorizer, Operation.BACKUP, ResourceType.EFS) if each.call.action == "sts:AssumeRole")
        if any(each.verdict is not Verdict.ALLOWED for each in assumed):
            continue
        for layer in (Layer.SCP, Layer.BOUNDARY):
            found = []
            for operation, kind in product((Operation.BACKUP, Operation.RESTORE, Operation.EXPIRE), _TYPES):
                judged = scene.judged(authorizer, operation, kind)
                first = refused(each for each in judged if each.decision.ground.layer is layer)
                if first is not None:
                    found.append(_stopped(operation, kind, first))
            if found:
                yield role, layer, tuple(found)


def lacks(policies: tuple[PolicyText, ...], kind: ResourceType) -> Stopped | None:
    """Return the first call of a backup that no policy of a role allows; None where all are allowed, or not known."""
    role = replace(_role(_ACCOUNT_HERE, _PLAIN), identity=policies)
    scene = Scene(account=_ACCOUNT_HERE, region=_REGION_HERE, role=role)
    bucket = GuardedResource(arn="arn:aws:s3:::example", account=_ACCOUNT_HERE, policy=None, origin=BuiltIn())
    first = refused(scene.judged(scene.authorizer(bucket), Operation.BACKUP, kind))
    return _stopped(Operation.BACKUP, kind, first) if first is not None else None


def _everywhere(operation: Operation, kind: ResourceType, answers: Iterable[tuple[Scene, Judged | None]]) -> Iterator[Stopped]:
    """Yield what stops the plain role in every scene, with the roles of the text that pass somewhere."""
    stopped: Judged | None = None
    exempt: dict[str, None] = {}
    for scene, first in answers:  # the plain role comes first, so that most questions end soon
        if first is None and not scene.named:
            return
        stopped = stopped or first
        if first is None:
            exempt[scene.named] = None
    if stopped is not None:
        yield _stopped(operation, kind, stopped)._replace(exempt=tuple(exempt))


def _first_on_key(scene: Scene, authorizer: Authorizer, operation: Operation, kind: ResourceType, **places: str) -> Judged | None:
    judged = scene.judged(authorizer, operation, kind, **places)
    return refused(each for each in judged if each.call.resource == scene.key)


def _denied(decision: Decision) -> bool:
    return decision.verdict is Verdict.DENIED and decision.ground.layer is Layer.RESOURCE and decision.ground.effect == "Deny"


def _by_resource(judged: Judged) -> bool:
    return _denied(judged.decision)


def _by_scp(judged: Judged) -> bool:
    return judged.decision.ground.layer is Layer.SCP


def _stopped(operation: Operation, kind: ResourceType, first: Judged) -> Stopped:
    return Stopped(operation, kind, first.call.action, first.decision.ground.statement, first.decision.because)


def _destination(scene: Scene, operation: Operation) -> dict[str, str]:
    if operation is not Operation.COPY:
        return {}
    return {"destination_vault": f"arn:aws:backup:{scene.region}:{_STRANGER}:backup-vault:example"}


def _open(scene: Scene) -> Iterable[GuardedResource]:
    """Yield what else is asked for, with policies that stand in nobody's way."""
    there = f"arn:aws:backup:{scene.region}:{_STRANGER}:backup-vault:example"
    yield GuardedResource(arn=scene.vault, account=scene.account, policy=None, origin=BuiltIn())
    yield GuardedResource(arn=there, account=_STRANGER, policy=_text("vault", _EVERYTHING), origin=BuiltIn())


def _guarded(arn: str, text: str) -> GuardedResource:
    return GuardedResource(arn=arn, account=arn.split(":")[4], policy=_text("policy", text), origin=BuiltIn())


def _control(name: str, text: str, targets: tuple[str, ...]) -> ControlPolicy:
    return ControlPolicy(id=f"p-{name}", name=name, type=ControlType.SCP, policy=_text(name, text), targets=targets)


def _text(name: str, text: str) -> PolicyText:
    return PolicyText(name=name, text=text, origin=BuiltIn())


def _role(account: str, name: str) -> Principal:
    """Return a role with the policies that AWS keeps for AWS Backup; its tags are nobody's to know."""
    return replace(awsroles.role(f"arn:aws:iam::{account}:role/{name}", _POLICIES), tags=_UNSAID)


def _owner(text: str) -> str:
    """Return the account that a key policy lets administer the key: the first one that it names; empty where it names none."""
    return next(iter(_ACCOUNT.findall(text)), "")


def _filled(pattern: str) -> str:
    return pattern.replace("*", "x").replace("?", "x")
