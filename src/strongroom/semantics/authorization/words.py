"""Decisions in words: which statement decides and where it stands, or which layer says nothing."""

from functools import lru_cache

from strongroom.semantics.authorization.model import Decision, Ground, Layer, Verdict
from strongroom.semantics.authorization.request import Request
from strongroom.semantics.authorization.voices import At, Voice

Allower = tuple[Layer, At | None, str]  # what allows: a statement, a grant by its id, or else the account


def ground(layer: Layer, at: At) -> Ground:
    """Return where a statement stands."""
    policy, statement = at
    effect = str(statement.effect or "")
    return Ground(layer=layer, policy=policy.name, statement=statement.position, sid=statement.sid, effect=effect, origin=policy.origin)


def statement_in_words(layer: Layer, at: At, place: str = "") -> str:
    """Return a statement by its number, Sid and policy: "statement 2 (DenyDelete) of Rails (service control policy at r-root)"."""
    policy, statement = at
    sid = f" ({statement.sid})" if statement.sid else ""
    where = f"{layer.value}{f' at {place}' if place else ''}"
    kind = "" if layer.value in policy.name and not place else f" ({where})"
    return f"statement {statement.position + 1}{sid} of {policy.name}{kind}"


@lru_cache(maxsize=65536)
def denied(layer: Layer, at: At, place: str) -> Decision:
    """Return the decision of a statement that denies."""
    return Decision(verdict=Verdict.DENIED, ground=ground(layer, at), because=f"{statement_in_words(layer, at, place)} denies it")


@lru_cache(maxsize=65536)
def allowed(parts: tuple[Allower, ...]) -> Decision:
    """Return the decision when some statements, of layers that must all allow, do."""
    named = [_allower(*part) for part in parts]
    layer, at, _ = parts[0]
    found = ground(layer, at) if at is not None else Ground(layer=layer, policy="", effect="Allow")
    return Decision(verdict=Verdict.ALLOWED, ground=found, because=f"{' and '.join(named)} {'allows' if len(named) == 1 else 'allow'} it")


def _allower(layer: Layer, at: At | None, grant: str) -> str:
    if at is not None:
        return statement_in_words(layer, at)
    return f"grant {grant}" if layer is Layer.GRANT else "the account, whose root user no identity policy limits,"


def not_allowed(request: Request, voice: Voice) -> Decision:
    """Return the decision when a layer that must allow doesn't."""
    actor, target = request.actor, request.target
    if voice.layer is Layer.RESOURCE or voice.layer is Layer.GRANT:
        policy = getattr(target.policy, "name", "")
        who = actor.arn or f"account {actor.account}"
        because = f"no statement of {policy}" if policy else f"{request.arn} has no policy that"
        because += f" lets {who} do {request.asked}"
        return Decision(verdict=Verdict.DENIED, ground=Ground(layer=Layer.RESOURCE, policy=policy), because=because)
    policy = voice.policies[0].name if len(voice.policies) == 1 else ""
    return _not_allowed(voice.layer, policy, voice.place, "" if voice.place else actor.arn, request.asked)


@lru_cache(maxsize=65536)
def _not_allowed(layer: Layer, policy: str, place: str, actor: str, action: str) -> Decision:
    whose = f" at {place}" if place else f" of {actor}"
    return Decision(verdict=Verdict.DENIED, ground=Ground(layer=layer, policy=policy), because=f"no {layer.value}{whose} allows {action}")


def refused(why: str) -> Decision:
    """Return the decision when AWS refuses whatever policies say."""
    return Decision(verdict=Verdict.DENIED, ground=Ground(layer=Layer.ACCOUNT, policy=""), because=why)


def _lacking(missing: tuple[str, ...]) -> str:
    """Return what isn't known: keys by their names, everything else is a sentence by itself."""
    keys = [each for each in missing if " " not in each or each.startswith("operator ")]
    said = [each for each in missing if each not in keys]
    return "; ".join((*said, f"{', '.join(keys)} not known") if keys else said)


def unknown(voice: Voice, missing: tuple[str, ...], *, denies: bool) -> Decision:
    """Return the decision when something isn't known that decides."""
    at = voice.denier if denies else voice.allower
    if at is not None:
        may = f"{statement_in_words(voice.layer, at, voice.place)} may {'deny' if denies else 'allow'} it"
        found = ground(voice.layer, at)
    else:
        said = "" if voice.layer is Layer.ACCOUNT else f"what the {voice.layer.value} says: "
        may = f"it isn't known {said}{voice.unread}" if voice.unread else f"it isn't known {missing[-1] if missing else 'what allows it'}"
        found = Ground(layer=voice.layer, policy="")
    told = at is None  # why, already
    because = f"{may}: {_lacking(missing)}" if missing and not told else may
    return Decision(verdict=Verdict.UNKNOWN, ground=found, because=because, missing=missing)
