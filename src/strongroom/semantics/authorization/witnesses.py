"""Behind a decision: the statements that each layer has about a call, and what isn't known about them."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from strongroom.semantics.authorization import words
from strongroom.semantics.authorization.conditions import Condition
from strongroom.semantics.authorization.model import Ground, Layer, Verdict
from strongroom.semantics.authorization.policy import Policy
from strongroom.semantics.authorization.request import Request
from strongroom.semantics.authorization.statement import Effect, Statement
from strongroom.semantics.authorization.truth import MAYBE, NO, YES, Truth
from strongroom.semantics.authorization.variables import UNKNOWN, Variable
from strongroom.semantics.authorization.voices import Voice, form

_VERDICTS = {YES: Verdict.ALLOWED, MAYBE: Verdict.UNKNOWN, NO: Verdict.DENIED}


def layers(request: Request, said: list[Voice]) -> tuple[tuple[Layer, Verdict, tuple[Ground, ...]], ...]:
    """Return what each layer says with all its statements about the call; a level of control policies must allow by itself."""
    found = []
    for layer, voices in groupby(said, key=lambda voice: voice.layer):
        together = list(voices)
        verdict = _VERDICTS[min(_verdict(voice) for voice in together)]
        grounds = tuple(ground for voice in together for ground in _grounds(voice, request))
        found.append((layer, verdict, grounds))
    return tuple(found)


def missing(request: Request, said: list[Voice]) -> tuple[str, ...]:
    """Return what isn't known: context keys, operators that don't exist, policies that couldn't be read or are malformed."""
    return tuple(dict.fromkeys(name for voice in said for name in _missing(voice, request)))


def _verdict(voice: Voice) -> Truth:
    if voice.deny is YES:
        return NO
    return min(voice.allow, MAYBE) if voice.deny is MAYBE else voice.allow


def _grounds(voice: Voice, request: Request) -> Iterator[Ground]:
    if voice.unread:
        yield Ground(layer=voice.layer, policy="", origin=voice.unread)
    if voice.grant is not None:
        yield Ground(layer=voice.layer, policy=f"grant {voice.grant.id}", effect="Allow")
    for policy, statement, _ in _about(voice, request):
        yield words.ground(voice.layer, (policy, statement))


def _about(voice: Voice, request: Request) -> Iterator[tuple[Policy, Statement, Truth]]:
    """Return the statements of a layer that are, or may be, about the call."""
    for policy in voice.policies:
        denies, allows = policy.body.about(request.action)
        for statement, acts in sorted(dict.fromkeys((*denies, *allows)), key=lambda acting: acting[0].position):
            truth = min(acts, form(statement, request, voice.layer))
            truth = statement.applies(truth, request.arn, request.lookup) if truth else NO
            if truth:
                yield policy, statement, truth


def _missing(voice: Voice, request: Request) -> Iterator[str]:
    if voice.unread:
        yield f"{voice.layer.value}{f' at {voice.place}' if voice.place else ''}: {voice.unread}"
    if voice.grant is not None and voice.allow is MAYBE:
        yield from ("kms:EncryptionContextKeys", *(f"kms:EncryptionContext:{key}" for key, _ in voice.grant.encryption_context))
    for policy, statement, truth in _about(voice, request):
        if truth is not MAYBE or (statement.effect is Effect.ALLOW and voice.allow is not MAYBE):
            continue
        yield from _doubts(policy, statement, request)


def _doubts(policy: Policy, statement: Statement, request: Request) -> Iterator[str]:
    if not statement.sound:
        yield f"{policy.name}: {policy.problems[0].message}" if policy.problems else policy.name
    for condition in statement.conditions:
        if condition.truth(request.lookup) is MAYBE:
            yield from _of_condition(condition, request)
    parts = statement.resource.templates if statement.resource is not None else ()
    yield from _unknown((part.key for template in parts for part in template if isinstance(part, Variable)), request)
    if statement.principals is not None and statement.principals.names and not request.actor.session:
        yield "sts:RoleSessionName"


def _of_condition(condition: Condition, request: Request) -> Iterator[str]:
    if condition.compiled is None or condition.senseless:
        yield f"operator {condition.operator}"
        return
    value = request.lookup(condition.lookup_key)
    if value is UNKNOWN or len(value) != 1:
        yield condition.key
    yield from _unknown(condition.keys[1:], request)


def _unknown(keys: Iterable[str], request: Request) -> Iterator[str]:
    return (key for key in keys if request.lookup(key) is UNKNOWN)
