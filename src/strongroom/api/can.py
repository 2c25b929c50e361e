"""`can`: would AWS let this principal make this call, and why."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from strongroom import documents, facts
from strongroom.api.entitled import Entitled, FaultyPolicies
from strongroom.api.naming import Names, account_of
from strongroom.api.things import kind_of, points_of, vault_of
from strongroom.domain.finding import Finding, Severity
from strongroom.domain.origin import Unread
from strongroom.errors import BadInput, ExitCode
from strongroom.proof.holdings import ThingKind
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.evaluate import explain
from strongroom.semantics.authorization.model import Context, Decision, Verdict
from strongroom.semantics.authorization.policy import Policy, parse
from strongroom.semantics.authorization.reach import BY_CHOICE

_ACTION: Final = re.compile(r"[a-z0-9-]+:[A-Za-z0-9]+", re.IGNORECASE)
_NEAR_MIN: Final = 0.85  # of difflib's ratio: one or two letters of a usual action's name
_EXIT: Final = {Verdict.ALLOWED: ExitCode.PROVEN, Verdict.DENIED: ExitCode.FINDINGS, Verdict.UNKNOWN: ExitCode.COULD_NOT_VERIFY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What AWS would answer about one thing."""

    resource: str  # ARN
    vault: str  # ARN of the vault whose policy stands before a recovery point; empty: none does
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Can:
    """The question as it was understood, and its answers: several for the recovery points of a vault."""

    principal: str
    action: str
    resource: str
    answers: tuple[Answer, ...]
    notes: tuple[str, ...]  # what the person who asks should know of the question itself
    findings: tuple[Finding, ...]
    source: str
    observed_at: datetime | None

    @property
    def verdict(self) -> Verdict:
        """Unknown if one answer is, else denied if one is."""
        found = {each.decision.verdict for each in self.answers}
        return next(each for each in (Verdict.UNKNOWN, Verdict.DENIED, Verdict.ALLOWED) if each in found)

    @property
    def exit_code(self) -> ExitCode:
        """PROVEN when allowed, FINDINGS when denied, COULD_NOT_VERIFY when it isn't known."""
        return _EXIT[self.verdict]


def can(
    source: Entitled,
    principal: str,
    action: str,
    resource: str,
    *,
    context: Sequence[str] = (),
    session_policies: Sequence[Path] = (),
    vault: str | None = None,
) -> Can:
    """Return whether AWS would let a principal make a call on a resource, with what every layer says.

    `context` are texts such as aws:MultiFactorAuthPresent=true (with nothing after = the call doesn't have the key), `vault` the one
    that holds a recovery point; without it the ledger tells. Raises BadInput, FaultyPolicies for a session policy.
    """
    names, authorizer = Names(source.access), Authorizer(source.access)
    who, what = names.principal(principal), names.resource(resource)
    called, notes = action_named(action)
    policies, findings = _session(session_policies)
    known = _context(context)
    actor = authorizer.actor(who, session_policies=policies)
    answers = []
    for arn, guard in _asked(source, names, what, called, vault):
        target = authorizer.target(
            arn, owner=account_of(guard) if guard else actor.account, guard=guard if called.startswith("backup:") else ""
        )
        if guard == "" and called.startswith("backup:") and kind_of(arn) is ThingKind.POINT:
            target = replace(target, policy=Unread("it isn't known which vault holds it"))
        answers.append(Answer(resource=arn, vault=guard, decision=explain(actor, called, target, known)))
    return Can(
        principal=who,
        action=called,
        resource=what,
        answers=tuple(answers),
        notes=(*notes, *_absent(who, authorizer, source)),
        findings=(*source.findings, *findings),
        source=source.name,
        observed_at=source.observed_at,
    )


def action_named(text: str) -> tuple[str, tuple[str, ...]]:
    """Return an action as AWS writes it, and a note when it isn't known but near to one that is; raises BadInput for what is none.

    Example:
        >>> action_named("backup:deleterecoverypoint")
        ('backup:DeleteRecoveryPoint', ())
        >>> action_named("kms:Decrpyt")[1]
        ('nothing is known of the action kms:Decrpyt: did you mean kms:Decrypt?',)
    """
    if not _ACTION.fullmatch(text):
        raise BadInput(f"{text!r} is no action", hint="write one action with its service, such as backup:DeleteRecoveryPoint")
    known = _known_actions()
    if text.lower() in known:
        return known[text.lower()], ()
    near = difflib.get_close_matches(text.lower(), known, n=1, cutoff=_NEAR_MIN)
    return text, tuple(f"nothing is known of the action {text}: did you mean {known[each]}?" for each in near)


@cache
def _known_actions() -> dict[str, str]:
    """Return the actions that the facts name, by their lower case."""
    found = [need.action for deed in facts.deeds() for way in deed.ways for need in way.needs]
    found += [action for row in facts.calls() for action in row.actions]
    for policy in facts.managed_policies().values():
        found += re.findall(r'"([a-z0-9-]+:[A-Za-z0-9]+)"', policy.text)
    return {action.lower(): action for action in found}


def _asked(source: Entitled, names: Names, arn: str, action: str, vault: str | None) -> list[tuple[str, str]]:
    """Return the ARNs to ask about, each with the vault whose policy stands before it."""
    if vault is not None:
        holder = names.resource(vault if vault.startswith(("arn:", "vault:")) else f"vault:{vault}")
        if kind_of(holder) is not ThingKind.VAULT or kind_of(arn) is not ThingKind.POINT:
            raise BadInput("a vault holds recovery points", hint="leave --vault out, or name a recovery point and the vault that holds it")
        return [(arn, holder)]
    kind = kind_of(arn)
    if kind is ThingKind.VAULT and action.lower() in _on_points():
        return [(point.arn, arn) for point in points_of(source, arn)]
    if kind is ThingKind.POINT:
        return [(arn, vault_of(source, arn))]
    return [(arn, "")]


@cache
def _on_points() -> frozenset[str]:
    """Return the actions of AWS Backup that are asked for recovery points."""
    needs = (need for deed in facts.deeds() for way in deed.ways for need in way.needs)
    found = {need.action.lower() for need in needs if need.on == ThingKind.POINT}
    found |= {action.lower() for row in facts.calls() if "recovery point" in row.on for action in row.actions}
    elsewhere = {action.lower() for row in facts.calls() if "vault" in row.on for action in row.actions}
    return frozenset(found - elsewhere)


def _context(pairs: Sequence[str]) -> Context:
    values: dict[str, tuple[str, ...]] = {}
    absent: set[str] = set()
    for pair in pairs:
        key, mark, value = pair.partition("=")
        if not mark or ":" not in key:
            raise BadInput(
                f"{pair!r} is no context key with a value", hint="write something like --context aws:MultiFactorAuthPresent=true"
            )
        if value:
            values[key] = (*values.get(key, ()), value)
        else:
            absent.add(key)
    given = {key.lower() for key in (*values, *absent)}
    chosen = {key: value for key, value in BY_CHOICE.values.items() if key.lower() not in given}
    return Context(values=MappingProxyType(chosen | values), absent=frozenset(absent))


def _session(files: Sequence[Path]) -> tuple[tuple[Policy, ...], tuple[Finding, ...]]:
    """Return session policies; raises FaultyPolicies when one has an error."""
    found: list[Policy] = []
    noted: list[Finding] = []
    for file in files:
        loaded = documents.load(file, kind=documents.Kind.IDENTITY_POLICY)
        if any(finding.severity is Severity.ERROR for finding in loaded.findings):
            raise FaultyPolicies(file, loaded.findings)
        noted += loaded.findings
        found.append(parse(file.read_text(encoding="utf-8-sig"), name=f"session policy {file.name}", origin=f"{file}:1:1"))
    return tuple(found), tuple(noted)


def _absent(principal: str, authorizer: Authorizer, source: Entitled) -> tuple[str, ...]:
    """Return a note about a role or user that isn't there in an account that was read."""
    arn = authorizer.actor(principal).arn
    account = account_of(arn)
    read = account in authorizer.accounts and account not in dict(source.access.unread)
    if not read or arn in authorizer.principals or ":root" in arn:
        return ()
    there = [each for each in authorizer.principals if account_of(each) == account]
    near = difflib.get_close_matches(arn, there, n=1)
    return (f"account {account} was read, and there is no {arn.partition(account + ':')[2]}{f': did you mean {near[0]}?' if near else ''}",)
