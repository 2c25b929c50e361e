"""The decision: from what the layers say to allowed, denied or unknown.

An explicit denial anywhere wins; every level of control policies must allow; within an account the identity's policies or the
resource's suffice, across accounts both are needed; a KMS key's or role's own policy decides in any case.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

import re
from typing import Final, NamedTuple

from strongroom.domain.access import PrincipalKind
from strongroom.semantics.authorization import words
from strongroom.semantics.authorization.model import Actor, Context, Decision, Layer, Target
from strongroom.semantics.authorization.naming import Narrowness
from strongroom.semantics.authorization.request import NO_IDENTITY, Request
from strongroom.semantics.authorization.truth import MAYBE, NO, YES, Truth
from strongroom.semantics.authorization.voices import Voice, all_voices, voices
from strongroom.semantics.authorization.witnesses import layers, missing

NO_CONTEXT: Final = Context()

_NO_POLICY: Final = Voice(Layer.RESOURCE, NO, None, NO, None)
_NO_GRANT: Final = Voice(Layer.GRANT, NO, None, NO, None)
_CONTROLS: Final = frozenset({Layer.SCP, Layer.RCP})
_UNLIMITED: Final = Voice(Layer.ACCOUNT, NO, None, YES, None)  # the root user: no identity policy limits it

# Another account's calls that a vault's policy can allow; AWS Backup rejects all others whatever the policy says.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault-access-policy.html
INTO_VAULT: Final = "backup:copyintobackupvault"

# What accounts may do to an air-gapped vault that AWS RAM shares with them: see it, restore from it, copy from it.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/logicallyairgappedvault.html
_SHARED: Final = ("backup:describe", "backup:get", "backup:list", "backup:start")
_IN_VAULTS: Final = re.compile(r"\*$|arn:[^:]*:backup:[^:]*:[^:]*:(?:backup-vault|recovery-point):|arn:(?![^:]*:backup:)")
_OF_ALIASES: Final = frozenset({"kms:createalias", "kms:deletealias", "kms:updatealias"})  # all other calls are about the alias's key


class Access(NamedTuple):
    """What identity and resource policies come to, before control policies."""

    truth: Truth
    blamed: Voice | None  # the layer that keeps it from YES; None: AWS itself refuses
    allowers: tuple[words.Allower, ...] = ()  # the statements that allow
    why: str = ""  # AWS itself refuses: in words


def decide(actor: Actor, action: str, target: Target, context: Context = NO_CONTEXT) -> Decision:
    """Return whether AWS would let an actor make a call, with the statement that decides; `explain` gives every layer's say.

    Example:
        >>> from strongroom.semantics.authorization.policy import parse
        >>> ops = parse('{"Statement": {"Effect": "Allow", "Action": "backup:*", "Resource": "*"}}', name="inline policy of role ops")
        >>> role = Actor(kind=PrincipalKind.ROLE, arn="arn:aws:iam::111122223333:role/ops", account="111122223333", identity=(ops,))
        >>> decide(role, "backup:StartBackupJob", Target(arn="*", account="")).because
        'statement 1 of inline policy of role ops (identity policy) allows it'
        >>> decide(role, "s3:GetObject", Target(arn="*", account="")).because
        'no identity policy of arn:aws:iam::111122223333:role/ops allows s3:GetObject'
    """
    return answer(Request(actor, action, target, context))


def answer(request: Request) -> Decision:
    """Return the decision about a call that is already put together."""
    return _decision(request, voices(request))


def explain(actor: Actor, action: str, target: Target, context: Context = NO_CONTEXT) -> Decision:
    """Return the same decision with what every layer says, also those that don't matter any more."""
    request = Request(actor, action, target, context)
    found = _decision(request, voices(request))
    return Decision(
        verdict=found.verdict,
        ground=found.ground,
        because=found.because,
        missing=found.missing,
        layers=layers(request, all_voices(request)),
    )


def verdict_of(request: Request) -> Truth:
    """Return the verdict alone: YES is allowed, NO denied, MAYBE unknown."""
    return _weighed(request, voices(request)).truth


class Weighed(NamedTuple):
    """The verdict and the layer that decides; None: AWS itself refuses, or all that must allow do."""

    truth: Truth
    decisive: Voice | None = None
    denies: bool = False  # by a statement, or by one that may apply; otherwise by saying nothing
    access: Access | None = None


def _decision(request: Request, said: list[Voice]) -> Decision:
    found = _weighed(request, said)
    voice = found.decisive
    if found.truth is MAYBE and voice is not None:
        lacking = missing(request, all_voices(request))
        if voice.layer is Layer.ACCOUNT:
            lacking += (voice.unread,)
        elif not found.denies and voice.allow is NO:  # AWS's pages don't say it of * alone
            lacking += (f"whether a {voice.layer.value} limits what a resource's policy gives to everyone",)
        elif not lacking:  # the policy allows everyone, but that is limited; a session it names might not be
            lacking = ("sts:RoleSessionName",)
        return words.unknown(voice, lacking, denies=found.denies)
    if found.denies and voice is not None and voice.denier is not None:
        return words.denied(voice.layer, voice.denier, voice.place)
    if voice is not None:
        return words.not_allowed(request, voice)
    access = found.access or Access(NO, None)
    return words.refused(access.why) if access.truth is NO else words.allowed(access.allowers)


def _weighed(request: Request, said: list[Voice]) -> Weighed:
    last = said[-1] if said else None
    if last is not None and last.deny is YES:
        return Weighed(NO, last, denies=True)
    doubt: Voice | None = None
    weakest: Voice | None = None  # of the control policies, each level of which must allow
    for voice in said:
        if voice.deny is MAYBE and doubt is None:
            doubt = voice
        if voice.layer in _CONTROLS and voice.allow is not YES and (weakest is None or voice.allow < weakest.allow):
            weakest = voice
    if weakest is not None and weakest.allow is NO:
        return Weighed(NO, weakest)
    access = _access(request, said)
    if access.truth is NO:
        return Weighed(NO, access.blamed, access=access)
    if doubt is not None:
        return Weighed(MAYBE, doubt, denies=True)
    if weakest is not None or access.truth is MAYBE:
        return Weighed(MAYBE, weakest or access.blamed, access=access)
    return Weighed(YES, access=access)


def _access(request: Request, said: list[Voice]) -> Access:
    actor, target = request.actor, request.target
    if is_key_by_alias(request):
        return _of(Voice(Layer.ACCOUNT, NO, None, MAYBE, None, unread=f"which key {request.arn} stands for: ask about the key"))
    by_layer = {voice.layer: voice for voice in said}
    resource = by_layer.get(Layer.RESOURCE, _NO_POLICY)
    grant = by_layer.get(Layer.GRANT, _NO_GRANT)
    if actor.kind in NO_IDENTITY:
        return _either(_of(resource), _of(grant))
    if actor.kind is PrincipalKind.ROOT and request.service == "sts" and request.action.startswith("sts:assumerole"):
        return Access(NO, None, why="AWS lets no root user assume a role")
    limits = [voice for voice in said if voice.layer is Layer.BOUNDARY or voice.layer is Layer.SESSION]
    identity = _UNLIMITED if actor.kind is PrincipalKind.ROOT else by_layer[Layer.IDENTITY]
    own = _both(_of(identity), *map(_of, limits)) if limits else _of(identity)
    if target.account and actor.account != target.account:
        return _across(request, own, resource, grant)
    return _within(request, own, resource, grant, limits)


def _across(request: Request, own: Access, resource: Voice, grant: Voice) -> Access:
    """Both accounts must allow, except what a grant gives; AWS Backup lets others do nothing but copy into a vault."""
    if request.service == "backup" and request.action != INTO_VAULT:
        if shareable(request):
            return _both(own, _of(Voice(Layer.ACCOUNT, NO, None, MAYBE, None, unread=_shared(request))))
        return Access(NO, None, why="AWS Backup lets other accounts do nothing but copy into a vault, whatever its policy says")
    return _either(_both(_of(resource), own), _of(grant))


def _within(request: Request, own: Access, resource: Voice, grant: Voice, limits: list[Voice]) -> Access:
    """The identity's policies suffice, or the resource's as far as it names who asks more narrowly than by the account.

    Boundary and session policies limit what a policy gives to a role by its ARN, not what it gives to a user or to a session itself.
    AWS's pages say the latter also of * with aws:PrincipalArn; of * alone they don't say it.
    """
    deciding = decides(request)
    if not deciding and (own.truth is YES or (resource.allow is NO and grant.allow is NO)):
        return own
    direct = [_way(resource, Narrowness.SESSION), _of(grant)]
    for way, least in ((Narrowness.PRINCIPAL, NO), (Narrowness.EVERYONE, MAYBE)):
        given = _way(resource, way)
        if given.truth is not NO and limits and request.actor.kind is PrincipalKind.ROLE:
            given = _both(given, *(_at_least(least, limit) for limit in limits))
        direct.append(given)
    if not deciding:
        return _either(own, *direct)
    account = _way(resource, Narrowness.ACCOUNT)
    found = _either(*direct, _both(account, own))
    if found.truth is not NO:
        return found
    return Access(NO, own.blamed if account.truth else resource)


def shareable(request: Request) -> bool:
    """Return whether another account may do it if AWS RAM shares the vault with it, which nobody reads."""
    return request.target.air_gapped is not False and request.action.startswith(_SHARED) and _IN_VAULTS.match(request.arn) is not None


def _shared(request: Request) -> str:
    vault = "the air-gapped vault" if request.target.air_gapped else "the vault, which may be an air-gapped one,"
    account = request.actor.account
    return f"whether {vault} is shared with {'other accounts' if account == '*' else f'account {account}'} through AWS RAM"


def _at_least(least: Truth, voice: Voice) -> Access:
    return _of(voice)._replace(truth=max(voice.allow, least))


def decides(request: Request) -> bool:
    """Return whether the resource's own policy must allow, also within its account: KMS keys and roles that are assumed."""
    if request.service == "kms":
        return ":key/" in request.arn or is_key_by_alias(request)
    return request.service == "sts" and ":role/" in request.arn


def is_key_by_alias(request: Request) -> bool:
    """Return whether a key is named by an alias: policies are about the key, which the alias doesn't tell."""
    return request.service == "kms" and ":alias/" in request.arn and request.action not in _OF_ALIASES


def _of(voice: Voice) -> Access:
    return Access(voice.allow, voice, ((voice.layer, voice.allower, "" if voice.grant is None else voice.grant.id),))


def _way(voice: Voice, way: Narrowness) -> Access:
    truth = voice.by[way]
    return Access(truth, voice, ((voice.layer, voice.allowers[way], ""),)) if truth else Access(NO, voice)


def _both(*parts: Access) -> Access:
    weakest = min(parts, key=_truth)
    return Access(weakest.truth, weakest.blamed, tuple(each for part in parts for each in part.allowers))


def _either(*parts: Access) -> Access:
    return max(parts, key=_truth)


def _truth(access: Access) -> Truth:
    return access.truth
