"""Who could do something at all: by its own permissions, or by assuming roles that can, the shortest way first.

Questions are put backwards: who can do it, then who may become one of those, and so on; so only trust policies on the way are
looked at. Verdicts are remembered by what they depend on (`grouping`), so that a thousand accounts with the same roles cost
little more than one. With `escalations` those count too who may change policies, or pass roles, so that they can (`escalation`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.crowd import Crowd
from strongroom.semantics.authorization.escalation import ASSUME, BY_CHOICE, Call, Escalations, Move, Path, called, judged
from strongroom.semantics.authorization.evaluate import answer
from strongroom.semantics.authorization.model import Actor, Context, Decision, Target, Verdict
from strongroom.semantics.authorization.policy import Policy
from strongroom.semantics.authorization.request import Request
from strongroom.semantics.authorization.truth import MAYBE, NO, YES, Truth
from strongroom.semantics.authorization.voices import denies

__all__ = ["ASSUME", "BY_CHOICE", "LINKS_MAX", "Asked", "Reach", "Reacher", "Route", "Step", "ways"]

LINKS_MAX: Final = 8  # roles assumed, or policies changed, one after the other


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A permission that is needed."""

    action: str
    resource: str  # ARN
    owner: str = ""  # account of a resource whose ARN names none
    guard: str = ""  # ARN of the resource whose policy stands before it
    context: Context = BY_CHOICE


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a principal does before the thing itself."""

    principal: str  # ARN of who does it
    words: str  # assumes role keeper; changes the key policy of key k1
    is_change: bool  # of a policy, or by another service; not the assuming of a role, which policies intend
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How a principal could do it."""

    principal: str  # ARN; …:role/* is somebody in an account that wasn't read, * anyone on AWS, …-provider/… whom it signs in
    chain: tuple[str, ...]  # ARNs from the principal to the one that does it; one: the principal itself
    asked: Asked  # the permission whose decision is shown: the least certain one
    decision: Decision  # of the last one in the chain; UNKNOWN also when a link is
    links: tuple[Decision, ...] = ()  # of each step: without escalations, of each assumption of a role
    steps: tuple[Step, ...] = ()  # before the thing itself, in order
    rail: str = ""  # name of the first guard rail that would stop it


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Everybody who could, and everybody of whom it isn't known; the shortest ways first."""

    certain: tuple[Route, ...]
    unknown: tuple[Route, ...]


class Reacher:
    """Asks many questions about one set of accounts; verdicts are remembered."""

    def __init__(self, authorizer: Authorizer) -> None:
        self.authorizer = authorizer
        self._crowd = Crowd(authorizer)
        self._escalations = Escalations(self._crowd)

    def ask(self, needs: Sequence[Asked], *, rails: Sequence[Policy] = (), links_max: int = LINKS_MAX, escalations: bool = False) -> Reach:
        """Return who could get all the permissions needed; `rails`: service control policies that could be added."""
        return self.ask_any((needs,), rails=rails, links_max=links_max, escalations=escalations)

    def ask_any(
        self,
        alternatives: Sequence[Sequence[Asked]],
        *,
        rails: Sequence[Policy] = (),
        links_max: int = LINKS_MAX,
        escalations: bool = False,
    ) -> Reach:
        """Return who could get all the permissions of one of several ways; of equally certain and short ones the first way counts.

        `escalations`: also who could by changing policies or passing roles first.
        """
        wanted = [[self._call(asked) for asked in each] for each in alternatives]
        start, later = self._beginning(wanted, escalations=escalations and links_max > 0)
        certain = self._spread(_at_least(YES, start), _at_least(YES, later), YES, links_max, escalations=escalations)
        possible = self._spread(_at_least(MAYBE, start), _at_least(MAYBE, later), MAYBE, links_max, escalations=escalations)

        def route(path: Path) -> Route:
            return self._route(path, alternatives[path.number], wanted[path.number], rails)

        return Reach(
            certain=_shortest_first(route(path) for path in certain.values()),
            unknown=_shortest_first(route(path) for arn, path in possible.items() if arn not in certain),
        )

    def able(self, alternatives: Sequence[Asked], least: Truth) -> frozenset[str]:
        """Return the ARNs of all who could do one of several things, by escalations too; `least` MAYBE: also of whom it isn't known."""
        start, later = self._beginning([[self._call(asked)] for asked in alternatives], escalations=True)
        return frozenset(self._spread(_at_least(least, start), _at_least(least, later), least, LINKS_MAX, escalations=True))

    def becoming(self, arn: str, least: Truth) -> frozenset[str]:
        """Return the ARNs of all who could become a user or role that was read, by escalations too, with its own."""
        itself = Path((arn,), (), self._crowd.actors[arn], 0, ())
        return frozenset(self._spread([itself], [], least, LINKS_MAX, escalations=True))

    def _beginning(
        self, wanted: Sequence[Sequence[Call]], *, escalations: bool
    ) -> tuple[Sequence[tuple[Truth, Path]], Sequence[tuple[Truth, Path]]]:
        """Return who could by themselves, and who by one change of policies, with how far that is known."""
        direct: dict[str, tuple[Truth, int]] = {}
        for number, each in enumerate(wanted):
            settled = {arn for arn, (truth, _) in direct.items() if truth is YES}
            for arn, truth in self._direct(each, settled).items():
                if arn not in direct or truth > direct[arn][0]:
                    direct[arn] = (truth, number)
        settled = {arn for arn, (truth, _) in direct.items() if truth is YES}
        later = list(self._escalations.paths(wanted, settled)) if escalations else []
        return [(direct[arn][0], self._path(arn, direct[arn][1], wanted)) for arn in sorted(direct)], later

    def _call(self, asked: Asked) -> Call:
        return Call(asked.action, self.authorizer.target(asked.resource, owner=asked.owner, guard=asked.guard), asked.context)

    def _path(self, arn: str, number: int, wanted: Sequence[Sequence[Call]]) -> Path:
        return Path((arn,), (), self._crowd.actors[arn], number, tuple(call.target for call in wanted[number]))

    def _direct(self, wanted: Sequence[Call], settled: set[str]) -> Mapping[str, Truth]:
        """Return how far everybody has the permissions by themselves, without those who certainly don't or whose answer is settled."""
        found: dict[str, Truth] = {}
        for number, call in enumerate(wanted):
            candidates = [self._crowd.actors[arn] for arn in found] if number else self._crowd.candidates(call.target, call.action)
            candidates = [actor for actor in candidates if actor.arn not in settled] if settled else candidates
            truths = ((actor, self._crowd.truth(actor, *call)) for actor in candidates)
            found = {actor.arn: min(truth, found.get(actor.arn, YES)) for actor, truth in truths if truth is not NO}
        return found

    def _spread(
        self, start: Iterable[Path], later: Sequence[Path], least: Truth, links_max: int, *, escalations: bool
    ) -> Mapping[str, Path]:
        """Return the shortest path of everybody who is among those who start, or may become one of them."""
        found = {path.chain[0]: path for path in start}
        waiting = self._crowd.able(ASSUME.lower()).everybody
        edge = list(found)

        def left() -> list[Actor]:
            nonlocal waiting
            waiting = [actor for actor in waiting if actor.arn not in found]
            return waiting

        for number in range(links_max):
            reached: list[str] = []
            for arn in edge:
                for become in (self._assumptions, self._escalations.becoming) if escalations else (self._assumptions,):
                    moves = become(arn, least, found, left)
                    found |= {move.actor.arn: found[arn].after(move) for move in moves}
                    reached += [move.actor.arn for move in moves]
            for path in later if number == 0 else ():
                if path.chain[0] not in found:
                    found[path.chain[0]] = path
                    reached.append(path.chain[0])
            edge = reached
        return found

    def _assumptions(self, role: str, least: Truth, reached: Mapping[str, Path], left: Callable[[], list[Actor]]) -> list[Move]:
        """Return the assumptions of a role by those who may and haven't been reached yet."""
        if ":role/" not in role or role.endswith("*"):
            return []
        target = self.authorizer.target(role)
        call = Call(ASSUME, target, BY_CHOICE)
        candidates = [actor for actor in self._crowd.candidates(target, ASSUME, left) if actor.arn not in reached]
        able = [actor for actor in candidates if self._crowd.truth(actor, *call) >= least]
        words = f"assumes {called(role)}"
        found = [Move(words, actor, (call,), is_change=False) for actor in able]
        if least is MAYBE:  # nobody but the provider knows whom it signs in
            found += [
                move for actor in self._crowd.signed_in(target) if actor.arn not in reached and (move := self._signed_in(actor, target))
            ]
        return found

    def _signed_in(self, actor: Actor, target: Target) -> Move | None:
        action = f"{ASSUME}WithSAML" if ":saml-provider/" in actor.arn else f"{ASSUME}WithWebIdentity"
        call = Call(action, target, BY_CHOICE)
        if self._crowd.truth(actor, *call) is NO:
            return None
        return Move(f"signs in to {called(target.arn)}", actor, (call,), f"whom {called(actor.arn)} signs in", is_change=False)

    def _route(self, path: Path, needs: Sequence[Asked], wanted: Sequence[Call], rails: Sequence[Policy]) -> Route:
        calls = [Request(path.last, call.action, target, call.context) for call, target in zip(wanted, path.targets, strict=True)]
        decisions, links = [answer(call) for call in calls], tuple(judged(move) for move in path.moves)
        doubt = next((number for number, found in enumerate(decisions) if found.verdict is Verdict.UNKNOWN), 0)
        unknown = next((link for link in links if link.verdict is Verdict.UNKNOWN), None)
        certain = decisions[doubt].verdict is not Verdict.UNKNOWN
        steps = [Request(move.actor, *call) for move in path.moves for call in move.calls]
        return Route(
            principal=path.chain[0],
            chain=path.chain,
            asked=needs[doubt],
            decision=unknown if certain and unknown is not None else decisions[doubt],
            links=links,
            steps=tuple(
                Step(principal=move.actor.arn, words=move.words, is_change=move.is_change, decision=link)
                for move, link in zip(path.moves, links, strict=True)
            ),
            rail=next((rail.name for rail in rails if any(self._stops(rail, call) for call in (*calls, *steps))), ""),
        )

    def _stops(self, rail: Policy, call: Request) -> bool:
        """Return whether a service control policy would certainly deny a call if it were attached above the one who calls."""
        account = self.authorizer.accounts.get(call.actor.account)
        reached = account is not None and not account.management and bool(account.parents) and not call.actor.service_linked
        return reached and denies(rail, call) is YES


def ways(
    authorizer: Authorizer,
    actions: Sequence[str],
    resource: str,
    *,
    context: Context = BY_CHOICE,
    guard: str = "",
    owner: str = "",
    rails: Sequence[Policy] = (),
    links_max: int = LINKS_MAX,
    escalations: bool = False,
) -> Reach:
    """Return who could do one of some actions to a resource, each with the shortest way; `Reacher` asks many questions faster."""
    reacher = Reacher(authorizer)
    asked = [Asked(action=action, resource=resource, owner=owner, guard=guard, context=context) for action in actions]
    found = [reacher.ask((each,), rails=rails, links_max=links_max, escalations=escalations) for each in asked]
    certain = _best(route for each in found for route in each.certain)
    names = {route.principal for route in certain}
    return Reach(certain=certain, unknown=_best(route for each in found for route in each.unknown if route.principal not in names))


def _at_least(least: Truth, paths: Iterable[tuple[Truth, Path]]) -> list[Path]:
    return [path for truth, path in paths if truth >= least]


def _best(routes: Iterable[Route]) -> tuple[Route, ...]:
    best: dict[str, Route] = {}
    for route in routes:
        if route.principal not in best or len(route.steps) < len(best[route.principal].steps):
            best[route.principal] = route
    return _shortest_first(best.values())


def _shortest_first(routes: Iterable[Route]) -> tuple[Route, ...]:
    return tuple(sorted(routes, key=lambda route: (len(route.steps), route.chain)))
