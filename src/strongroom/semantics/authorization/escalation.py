"""Ways to more permissions: whoever may change policies, or pass roles to services, can do what that gives.

`facts.escalations` lists them with their sources. Each is a move before the thing itself, in words of its own. Not looked for: new
versions of managed policies, policies of groups, code of functions that exist, stack sets of the management account.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final, NamedTuple

from strongroom import facts
from strongroom.domain.access import KeyGrant, PrincipalKind
from strongroom.domain.origin import Unread
from strongroom.facts import Escalation
from strongroom.semantics.authorization.crowd import Crowd, Waiting, named_in
from strongroom.semantics.authorization.evaluate import answer, verdict_of
from strongroom.semantics.authorization.model import Actor, Context, Decision, Target, Verdict
from strongroom.semantics.authorization.policy import Policy, parse
from strongroom.semantics.authorization.request import NO_IDENTITY, Request
from strongroom.semantics.authorization.truth import MAYBE, NO, YES, Truth

ASSUME: Final = "sts:AssumeRole"

# What somebody who wants to reach a thing sees to by himself; all other values of the context are unknown.
BY_CHOICE: Final = Context(values={"aws:SecureTransport": ("true",)})

_BY_HAND: Final = Context(  # a grant that a person makes is not one for an AWS resource
    values=MappingProxyType({**BY_CHOICE.values, "kms:GrantIsForAWSResource": ("false",)}), absent=frozenset({"kms:ViaService"})
)
_BY_GRANT: Final = frozenset(
    f"kms:{name}" for name in ("decrypt", "encrypt", "generatedatakey", "generatedatakeywithoutplaintext", "reencryptfrom", "reencryptto")
)
_OWN: Final = parse(
    '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}',
    name="the permissions that it gives itself",
)
_WRITTEN: Final = parse(  # by the ARN of whoever it is: then it gives to the session itself
    '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",'
    ' "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:*:iam::*:*"}}}}',
    name="the policy that it writes",
)


class Call(NamedTuple):
    """A permission that a move needs."""

    action: str
    target: Target
    context: Context


class Move(NamedTuple):
    """What somebody does before the thing itself: takes on a role, or changes what policies say."""

    words: str  # assumes role keeper
    actor: Actor
    calls: tuple[Call, ...]
    doubt: str = ""  # what isn't known even where all of them are allowed
    is_change: bool = True


class Path(NamedTuple):
    """How somebody gets to do it: principals, moves, and who does it to what in the end, as changed by the moves."""

    chain: tuple[str, ...]
    moves: tuple[Move, ...]
    last: Actor
    number: int  # of the alternative
    targets: tuple[Target, ...]

    def after(self, move: Move) -> "Path":
        """Return the path with a move of somebody else before it."""
        return self._replace(chain=(move.actor.arn, *self.chain), moves=(move, *self.moves))


class _Empowered(NamedTuple):
    """Somebody with more permissions, and how they come to them."""

    actor: Actor
    chain: tuple[str, ...]
    move: Move
    truth: Truth


def called(arn: str) -> str:
    """Return how a sentence calls a principal, key or vault.

    Example:
        >>> called("arn:aws:iam::111122223333:role/team/ops"), called("arn:aws:backup:eu-west-2:111122223333:backup-vault:central")
        ('role ops', 'vault central')
    """
    resource = arn.split(":", 5)[-1]
    if resource.startswith(("backup-vault:", "recovery-point:")):
        return f"{'vault' if resource.startswith('backup-vault') else 'recovery point'} {resource.partition(':')[2]}"
    kind, slash, path = resource.partition("/")
    return f"{kind} {path.rpartition('/')[2]}" if slash else arn


def judged(move: Move) -> Decision:
    """Return what AWS would answer to a move: the least certain answer to its calls."""
    answers = [answer(Request(move.actor, *call)) for call in move.calls]
    refused = next((number for number, each in enumerate(answers) if each.verdict is Verdict.DENIED), None)
    if refused is not None:  # it isn't allowed for everything, but for something
        doubt = f"whether what {move.calls[refused].action} is allowed for is enough"
        return _doubted(answers[0], doubt)
    found = next((each for each in answers if each.verdict is Verdict.UNKNOWN), answers[0])
    return _doubted(found, move.doubt) if move.doubt and found.verdict is Verdict.ALLOWED else found


def _doubted(found: Decision, doubt: str) -> Decision:
    because = f"{found.because}; it isn't known {doubt}"
    return Decision(verdict=Verdict.UNKNOWN, ground=found.ground, because=because, missing=(doubt,))


class Escalations:
    """Finds the moves that give somebody more; what doesn't depend on the question is found once."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._of_kind: dict[str, list[Escalation]] = {}
        for each in facts.escalations():
            self._of_kind.setdefault(each.kind, []).append(each)
        self._passed = {each.name: _passing(each) for each in self._of_kind["pass"]}
        self._empowered: dict[str, list[_Empowered]] | None = None
        self._opened: dict[tuple[str, str], Target] = {}
        self._powers: dict[str, Actor] = {}
        self._startable: dict[tuple[str, str], Truth] = {}

    def paths(self, alternatives: Sequence[Sequence[Call]], settled: Collection[str]) -> Iterator[tuple[Truth, Path]]:
        """Yield those who can do it after a change of their own permissions or of a policy, without those who certainly can anyway."""
        for number, needs in enumerate(alternatives):
            yield from self._by_power(number, needs, settled)
            yield from self._by_policy(number, needs, settled)

    def becoming(self, arn: str, least: Truth, reached: Collection[str], _left: Waiting) -> list[Move]:
        """Return the moves by which others of its account become a user or role without its trust."""
        actor = self._crowd.actors.get(arn)
        if actor is None or actor.service_linked or arn.endswith("*") or actor.kind not in {PrincipalKind.USER, PrincipalKind.ROLE}:
            return []
        found: dict[str, Move] = {}
        for move, truth in self._into(actor, reached):
            if truth >= least and move.actor.arn not in found:
                found[move.actor.arn] = move
        return list(found.values())

    def _into(self, actor: Actor, reached: Collection[str]) -> Iterator[tuple[Move, Truth]]:
        target = self._crowd.authorizer.target(actor.arn)
        for each in (*self._of_kind["trust"], *self._of_kind["credentials"]):
            if each.on != actor.kind:
                continue
            calls = [Call(action, target, BY_CHOICE) for action in each.actions]
            if each.kind == "trust":
                calls.append(Call(ASSUME, self._open(target), BY_CHOICE))
            yield from self._moves(each, calls, self._able(each.actions[0], actor, reached))
        for each in self._of_kind["pass"]:
            if actor.kind is PrincipalKind.ROLE and _trusts(target.policy, each.service):
                yield from self._passing(each, target, self._able("iam:PassRole", actor, reached))

    def _able(self, action: str, actor: Actor, reached: Collection[str]) -> list[Actor]:
        able = self._crowd.able(action.lower()).by_account.get(actor.account, ())
        # the root user assumes no role; somebody who wasn't read is listed already
        return [each for each in able if each.arn not in reached and each is not actor and not each.arn.endswith(("*", ":root"))]

    def _moves(self, each: Escalation, calls: Sequence[Call], actors: Iterable[Actor]) -> Iterator[tuple[Move, Truth]]:
        words = each.words.format(on=called(calls[0].target.arn))
        for actor in actors:
            truth = min(self._crowd.truth(actor, *call) for call in calls)
            if truth is not NO:
                yield Move(words, actor, tuple(calls), each.doubt), min(truth, MAYBE) if each.doubt else truth

    def _passing(self, each: Escalation, role: Target, actors: Iterable[Actor]) -> Iterator[tuple[Move, Truth]]:
        anything = self._crowd.authorizer.target("*", owner=role.account)
        words, passed = each.words.format(on=called(role.arn)), self._passed[each.name]
        calls = (Call("iam:PassRole", role, passed), *(Call(action, anything, BY_CHOICE) for action in each.actions))
        for actor in actors:
            truth = min(self._crowd.truth(actor, *calls[0]), *(self._starts(actor, call) for call in calls[1:]))
            if truth is not NO:
                yield Move(words, actor, calls, each.doubt), min(truth, MAYBE) if each.doubt else truth

    def _starts(self, actor: Actor, call: Call) -> Truth:
        """Return whether somebody may make something of a kind: what they may make under some names alone is not certain."""
        key = (actor.arn, call.action)
        if key not in self._startable:
            truth = self._crowd.truth(actor, *call)
            if truth is NO and actor in self._crowd.able(call.action.lower()).by_account.get(actor.account, ()):
                truth = NO if answer(Request(actor, *call)).ground.effect == "Deny" else MAYBE
            self._startable[key] = truth
        return self._startable[key]

    def _open(self, target: Target) -> Target:
        """Return a target with a policy that names whoever writes it."""
        key = (target.arn, target.guard)
        if key not in self._opened:
            self._opened[key] = replace(target, policy=_WRITTEN)
        return self._opened[key]

    def _by_power(self, number: int, needs: Sequence[Call], settled: Collection[str]) -> Iterator[tuple[Truth, Path]]:
        """Yield those who change their own permissions, or those of a role that they then assume."""
        targets = tuple(need.target for need in needs)
        empowered = self._everybody_empowered()
        accounts = _accounts(needs[0])
        for account in empowered if accounts is None else accounts:
            for changed, chain, move, truth in list(empowered.get(account, ())):
                if chain[0] not in settled and (found := self._all(changed, needs, truth)):
                    yield found, Path(chain, (move,), changed, number, targets)

    def _all(self, actor: Actor, needs: Iterable[Call], truth: Truth) -> Truth:
        for need in needs:
            truth = min(truth, self._crowd.truth(actor, *need))
            if truth is NO:
                break
        return truth

    def _everybody_empowered(self) -> Mapping[str, list[_Empowered]]:
        """Return, by account, who may give permissions to themselves, or else to a role that they may assume."""
        if self._empowered is None:
            self._empowered = {}
            for each in self._of_kind["permissions"]:
                for account, actors in self._crowd.able(each.actions[0].lower()).by_account.items():
                    known = {entry.chain[0] for entry in self._empowered.get(account, ()) if entry.truth is YES}
                    found = [entry for actor in actors if actor.arn not in known for entry in self._empowering(each, actor)]
                    self._empowered.setdefault(account, []).extend(found)
        return self._empowered

    def _empowering(self, each: Escalation, actor: Actor) -> Iterator[_Empowered]:
        if actor.kind in NO_IDENTITY or actor.kind is PrincipalKind.ROOT or actor.arn.endswith("*"):
            return
        if actor.kind == each.on and (found := self._given(each, actor, actor)):
            yield found
        elif each.on == PrincipalKind.ROLE:
            others = (other for other in self._crowd.of_account(actor.account) if other.kind is PrincipalKind.ROLE)
            yield from filter(None, (self._given(each, actor, other) for other in others if other is not actor))

    def _given(self, each: Escalation, actor: Actor, other: Actor) -> _Empowered | None:
        """Return how somebody gives permissions to themselves or to a role."""
        if other.service_linked or other.arn.endswith("*"):
            return None
        target = self._crowd.authorizer.target(other.arn)
        calls = [Call(action, target, BY_CHOICE) for action in each.actions]
        truth = self._all(actor, calls, YES)
        if truth is NO or actor is other:
            move = Move(each.words.format(on="its own permissions"), actor, tuple(calls), each.doubt)
            return _Empowered(self._with_power(other), (actor.arn,), move, truth) if truth else None
        calls.append(Call(ASSUME, target, BY_CHOICE))
        truth = self._all(actor, calls[-1:], truth)
        move = Move(f"{each.words.format(on=f'the permissions of {called(other.arn)}')} and assumes it", actor, tuple(calls), each.doubt)
        return _Empowered(self._with_power(other), (actor.arn, other.arn), move, truth) if truth else None

    def _with_power(self, actor: Actor) -> Actor:
        """Return somebody with every permission that boundary and control policies leave."""
        if actor.arn not in self._powers:
            self._powers[actor.arn] = replace(actor, identity=(_OWN,))
        return self._powers[actor.arn]

    def _by_policy(self, number: int, needs: Sequence[Call], settled: Collection[str]) -> Iterator[tuple[Truth, Path]]:
        """Yield those who change the policy that stands before a thing, or give themselves a grant on it."""
        guards = {need.target.guard or need.target.arn for need in needs}
        for guard in sorted(guards):
            kind = "key" if ":key/" in guard else "vault" if ":backup-vault:" in guard else ""
            here = self._crowd.authorizer.target(guard)
            for each in (*self._of_kind["policy"], *self._of_kind["grant"]):
                if each.on != kind or not isinstance(here.policy, Policy | Unread):
                    continue  # what has no policy has none that stands in the way
                call = Call(each.actions[0], here, _BY_HAND)
                if each.kind == "grant" and all(need.action.lower() not in _BY_GRANT for need in needs):
                    continue
                # AWS takes another policy from the account of the key or vault alone
                asked = self._crowd.of_account(here.account) if each.kind == "policy" else self._crowd.candidates(here, call.action)
                for move, truth in self._moves(each, [call], (actor for actor in asked if actor.arn not in settled)):
                    changed = [self._changed(each, need, guard, move.actor) for need in needs]
                    if each.kind == "policy":
                        found = self._all(move.actor, changed, truth)
                    else:
                        found = min(truth, *(verdict_of(Request(move.actor, *need)) for need in changed))
                    if found is not NO:
                        yield found, Path((move.actor.arn,), (move,), move.actor, number, tuple(need.target for need in changed))

    def _changed(self, each: Escalation, need: Call, guard: str, actor: Actor) -> Call:
        target = need.target
        if (target.guard or target.arn) != guard:
            return need
        if each.kind == "policy":
            return need._replace(target=self._open(target))
        if need.action.lower() not in _BY_GRANT or isinstance(target.grants, Unread):
            return need
        grant = KeyGrant(id="that it gives itself", grantee=actor.arn, operations=(need.action.partition(":")[2],))
        return need._replace(target=replace(target, grants=(*target.grants, grant)))


def _passing(each: Escalation) -> Context:
    return Context(values=MappingProxyType({**BY_CHOICE.values, "iam:PassedToService": (each.service,)}))


def _trusts(policy: Policy | Unread | None, service: str) -> bool:
    """Return whether a trust policy names a service."""
    statements = policy.body.about(ASSUME.lower()).allows if isinstance(policy, Policy) else ()
    return any(each.principals is not None and service in each.principals.services for each, _ in statements)


def _accounts(call: Call) -> Collection[str] | None:
    """Return the accounts whose principals something may be allowed for; None: all."""
    target = call.target
    if not target.account:
        return None
    if target.policy is None or ":backup:" in target.arn or target.guard:
        return (target.account,)
    if isinstance(target.policy, Unread):
        return None
    accounts, names, everyone = named_in(target.policy, call.action.lower())
    return None if everyone else {target.account, *accounts, *(name.split(":")[4] for name in names if name.count(":") >= 5)}
