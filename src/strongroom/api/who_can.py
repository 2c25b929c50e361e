"""`who-can`: everybody who could do something to backups, the shortest way each, and what would stop them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from strongroom.api.entitled import Entitled
from strongroom.api.naming import Names
from strongroom.api.questions import Chance, Question, deed_named, questions, things_meant
from strongroom.api.rails import Rail, attached
from strongroom.api.things import holdings, kind_of, vault_of
from strongroom.domain.finding import Finding
from strongroom.errors import ExitCode
from strongroom.facts import Deed, Way
from strongroom.proof.holdings import Gap, Holdings, Thing, ThingKind
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.model import Decision, Verdict
from strongroom.semantics.authorization.operations import certain, kinds
from strongroom.semantics.authorization.policy import Policy
from strongroom.semantics.authorization.reach import LINKS_MAX, Reacher, Route, Step

Progress = Callable[[int, int, str], None]
_DELEGABLE = frozenset({ThingKind.POLICY, ThingKind.ORGANIZATION})
_MATTERS = {  # for whom a gap matters, where that isn't everybody
    "backup policies": {ThingKind.POLICY},
    "key": {ThingKind.KEY},
    "keys": {ThingKind.KEY},
    "plans": {ThingKind.PLAN},
    "recovery points": {ThingKind.POINT, ThingKind.KEY},  # the keys that they are encrypted under
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A way that guard rails leave."""

    chain: tuple[str, ...]
    way: str
    permission: str
    certain: bool
    missing: tuple[str, ...]  # of which it depends, when it isn't certain
    steps: tuple[str, ...]  # in words: assumes role keeper; changes the key policy of key k1
    by_change: bool  # of what policies say, or by passing a role


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """How a principal could do it to a subject."""

    principal: str  # ARN; …:role/* is somebody in an account that wasn't read, * anyone on AWS, …-provider/… whom it signs in
    chain: tuple[str, ...]  # ARNs from the principal to the one that does it
    subject: Thing
    way: str  # in words
    permission: str  # action that decides
    resource: str  # ARN that it is asked for
    decision: Decision  # UNKNOWN also when a step is
    steps: tuple[Step, ...]  # before it, in order: roles assumed, and with escalations policies changed
    rail: str  # guard rail that would stop it, whatever the way; empty: none of those asked about
    left: Left | None  # how they still could with the guard rails; None: not at all, or there are none

    @property
    def change(self) -> Step | None:
        """The first change of what policies say, without which they could not; None: there is none."""
        return next((step for step in self.steps if step.is_change), None)

    @property
    def telling(self) -> Decision:
        """The decision that says why: of the first change, from which the rest follows; the own where there is none, or it isn't known."""
        change = self.change
        return self.decision if change is None or self.decision.verdict is Verdict.UNKNOWN else change.decision


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoCan:
    """Everybody who could, those of whom it isn't known, and what could not be read."""

    verb: str
    words: str
    subjects: tuple[Thing, ...]
    certain: tuple[Row, ...]
    unknown: tuple[Row, ...]
    gaps: tuple[Gap, ...]
    rails: tuple[str, ...]  # names of the guard rails asked about
    findings: tuple[Finding, ...]
    accounts: tuple[tuple[str, str], ...]  # id and name
    source: str
    observed_at: datetime | None

    @property
    def exit_code(self) -> ExitCode:
        """COULD_NOT_VERIFY when somebody or something isn't known, else PROVEN: the answer is there, whoever is in it."""
        return ExitCode.COULD_NOT_VERIFY if self.unknown or self.gaps else ExitCode.PROVEN


def who_can(
    source: Entitled,
    verb: str,
    resource: str | None = None,
    *,
    rails: Sequence[Rail] = (),
    through: int = LINKS_MAX,
    escalations: bool = False,
    on_progress: Progress = lambda _done, _total, _what: None,
) -> WhoCan:
    """Return who could do what a verb says to a resource, or to everything that backups hang on.

    `rails` are service control policies that could be attached above every account, `through` is how many roles may be assumed one
    after the other; with `escalations` also policies changed, and roles passed to services. `on_progress` hears (subjects done,
    subjects in all, what). Raises BadInput, CouldNotVerify.
    """
    deed, names = deed_named(verb), Names(source.access)
    held = holdings(source)
    if resource is None:
        meant = held.things
    else:
        vault = vault_of(source, resource) if kind_of(resource) is ThingKind.POINT else ""
        meant = things_meant(deed, resource, names, held.things, vault)
    asked = tuple(questions(deed, meant, held.things, source.access))
    found = _answers(source, asked, rails, _Reaching(through, escalations), on_progress)
    return WhoCan(
        verb=deed.name,
        words=deed.words,
        subjects=tuple(question.subject for question in asked),
        certain=tuple(row for row in found if row.decision.verdict is not Verdict.UNKNOWN),
        unknown=tuple(row for row in found if row.decision.verdict is Verdict.UNKNOWN),
        gaps=tuple(_gaps(source, deed, held, meant if resource is not None else None)),
        rails=tuple(rail.name for rail in rails),
        findings=source.findings,
        accounts=tuple((account.id, account.name) for account in source.access.accounts),
        source=source.name,
        observed_at=source.observed_at,
    )


class _Reaching(NamedTuple):
    """How far ways are looked for."""

    through: int
    escalations: bool


def _answers(
    source: Entitled, asked: Sequence[Question], rails: Sequence[Rail], reaching: _Reaching, on_progress: Progress
) -> tuple[Row, ...]:
    reacher = Reacher(Authorizer(source.access))
    railed = Reacher(Authorizer(attached(source, rails).access)) if rails else None
    policies = tuple(rail.policy for rail in rails)
    found: list[Row] = []
    for number, question in enumerate(asked):
        known: set[str] = set()
        left = _left(railed, question, reaching) if railed else {}
        for documented in (True, False):  # what AWS doesn't document is a way for those alone who have no other
            chances = [chance for chance in question.chances if certain(chance.way) is documented]
            if not chances:
                continue
            routes, ways = _routes(reacher, chances, policies, reaching)
            routes = [route for route in routes if route.principal not in known]
            found += [_row(question, ways[id(route.asked)], route, left.get(route.principal), policies) for route in routes]
            known |= {route.principal for route in routes}
        on_progress(number + 1, len(asked), question.subject.name)
    return tuple(found)


def _routes(
    reacher: Reacher, chances: Sequence[Chance], policies: Sequence[Policy], reaching: _Reaching
) -> tuple[list[Route], Mapping[int, Way]]:
    """Return who could by any of some chances, and the way of each permission."""
    needs = [chance.needs for chance in chances]
    reach = reacher.ask_any(needs, rails=policies, links_max=reaching.through, escalations=reaching.escalations)
    return [*reach.certain, *reach.unknown], {id(need): chance.way for chance in chances for need in chance.needs}


def _left(railed: Reacher, question: Question, reaching: _Reaching) -> Mapping[str, Left]:
    """Return how principals still could with the guard rails attached, by any way at all."""
    routes, ways = _routes(railed, question.chances, (), reaching)
    return {
        route.principal: Left(
            chain=route.chain,
            way=ways[id(route.asked)].words,
            permission=route.asked.action,
            certain=route.decision.verdict is Verdict.ALLOWED and certain(ways[id(route.asked)]),
            missing=route.decision.missing,
            steps=tuple(step.words for step in route.steps),
            by_change=any(step.is_change for step in route.steps),
        )
        for route in routes
    }


def _row(question: Question, way: Way, route: Route, left: Left | None, policies: Sequence[Policy]) -> Row:
    decision = route.decision
    if not certain(way) and decision.verdict is Verdict.ALLOWED:
        because = f"{decision.because}; that AWS lets it happen is not documented"
        decision = Decision(verdict=Verdict.UNKNOWN, ground=decision.ground, because=because, missing=("what AWS does",))
    return Row(
        principal=route.principal,
        chain=route.chain,
        subject=question.subject,
        way=way.words,
        permission=route.asked.action,
        resource=route.asked.resource,
        decision=decision,
        steps=route.steps,
        rail=route.rail if policies and left is None else "",
        left=left,
    )


def _gaps(source: Entitled, deed: Deed, held: Holdings, meant: Iterable[Thing] | None) -> Iterable[Gap]:
    """Yield what could not be read, as far as it matters for what was asked."""
    accounts = None if meant is None else {each.account for each in meant}
    wanted = kinds(deed)
    for gap in held.gaps:
        matters = _MATTERS.get(gap.what.partition(" arn:")[0])
        if (accounts is None or gap.account in accounts) and (matters is None or matters & set(wanted)):
            yield gap
    if accounts is None:
        for account, reason in source.access.unread:
            yield Gap(account=account, region="", what="principals", reason=reason)
    if "topic" in wanted and not any(each.kind is ThingKind.TOPIC for each in held.things):
        yield Gap(account="", region="", what="topics", reason="none is known")
    if _DELEGABLE & set(wanted) and any(account.management for account in source.access.accounts):
        reason = "it may give permissions to principals of other accounts, and is not read"
        yield Gap(account="", region="", what="delegation policy of the organization", reason=reason)
