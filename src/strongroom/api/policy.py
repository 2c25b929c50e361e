"""`policy effective` and `policy diff`: backup policies of Organizations, declared, synced or in files."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strongroom import compiler
from strongroom.api.strategy import load_strategy
from strongroom.domain.names import AccountId
from strongroom.errors import BadInput, CouldNotVerify, ExitCode
from strongroom.forecast.levels import declared_levels
from strongroom.forecast.policydiff import PolicyDiff, keys_compared, policy_diff
from strongroom.forecast.protection import Protection, of_estate, of_policy
from strongroom.forecast.unread import UnreadPlace
from strongroom.semantics import policies

if TYPE_CHECKING:
    from strongroom.ledger import Snapshot

BYTES_MAX = 1 << 20
SYNTAX = "see the backup policy syntax in the AWS Organizations user guide"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """The effective backup policy of an account, with who set what."""

    account_id: str
    levels: tuple[policies.PolicyLevel, ...]  # from the root to the account
    explanation: policies.Explanation  # its document is None when no policy reaches the account
    problems: tuple[policies.PolicyProblem, ...]  # why Organizations calls it invalid; the account keeps its last valid one
    observed_at: datetime | None  # of the ledger's snapshot; None: compiled from the strategy
    agrees: bool | None  # with what AWS says is effective; None: not asked, or not read

    @property
    def exit_code(self) -> ExitCode:
        """FINDINGS for an invalid policy, or one that AWS sees otherwise."""
        return ExitCode.FINDINGS if self.problems or self.agrees is False else ExitCode.PROVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Diffed:
    """A comparison, with what could not be counted."""

    diff: PolicyDiff
    observed_at: datetime | None  # of the snapshot whose resources were counted
    unread: tuple[UnreadPlace, ...]

    @property
    def exit_code(self) -> ExitCode:
        """FINDINGS when protection is lost, COULD_NOT_VERIFY when the counts have gaps."""
        if self.unread:
            return ExitCode.COULD_NOT_VERIFY
        return ExitCode.FINDINGS if self.diff.loses else ExitCode.PROVEN


def effective(strategy: Path, *, account: str, ou: str | None, home: Path) -> Effective:
    """Return an account's effective policy: of the strategy for an account in an OU, else of the newest snapshot's policies.

    `ou` is the path of OU names from below the root, such as Workloads/Prod; empty: directly under the root. Raises
    FaultyStrategy, BadInput for an account that isn't known, CouldNotVerify without a snapshot or with unread policies.
    """
    try:
        account_id = AccountId.parse(account)
    except ValueError as error:
        raise BadInput(str(error), hint="give an account id: --account 111122223333") from error
    if ou is not None:
        estate = compiler.compile_strategy(load_strategy(strategy))
        return _effective(account_id, declared_levels(estate, ou, account_id), observed_at=None, seen=None)
    from strongroom import ledger
    from strongroom.forecast.synced import synced_levels

    snapshot = ledger.latest(home)
    levels, seen = synced_levels(snapshot, account_id)
    return _effective(account_id, levels, observed_at=snapshot.observed_at, seen=seen)


def _effective(
    account: AccountId, levels: tuple[policies.PolicyLevel, ...], *, observed_at: datetime | None, seen: str | None
) -> Effective:
    explanation = policies.explain(levels, account)
    return Effective(
        account_id=account,
        levels=levels,
        explanation=explanation,
        problems=policies.problems(explanation.document) if explanation.document else (),
        observed_at=observed_at,
        agrees=None if seen is None else _comparable(_parsed(seen, account)) == _comparable(explanation.document),
    )


def _parsed(content: str, account: AccountId) -> Any:
    try:
        return json.loads(content.replace("$account", account)) if content else None  # AWS leaves some placeholders as they are
    except ValueError as error:
        raise CouldNotVerify(f"the ledger's effective policy can't be read: {error}", hint="run: strongroom sync") from error


def _comparable(value: Any) -> Any:
    """Return a policy with its lists sorted: in which order AWS prints them means nothing."""
    if isinstance(value, Mapping):
        return {key: _comparable(item) for key, item in value.items()}
    return sorted(map(str, value)) if isinstance(value, list) else value


def diff(before: Path, after: Path, *, home: Path | None) -> Diffed:
    """Return what changes for whom when the second strategy or policy takes the place of the first.

    With a `home`, the resources of its ledger's newest snapshot are counted. Raises FaultyStrategy, BadInput, CouldNotVerify.
    """
    sides = (protection_in(before), protection_in(after))
    if home is None:
        return Diffed(diff=policy_diff(*sides), observed_at=None, unread=())
    from strongroom import ledger

    return _counted(sides, ledger.latest(home))


def _counted(sides: tuple[Protection, Protection], snapshot: "Snapshot") -> Diffed:
    from strongroom.forecast.counting import counted

    before, after = sides
    said = before.governs is not None and after.governs is not None
    governs = (*(before.governs or ()), *(after.governs or ())) if said else None
    numbers, unread = counted(snapshot, keys=keys_compared(*sides), governs=governs)
    return Diffed(diff=policy_diff(*sides, inventory=numbers), observed_at=snapshot.observed_at, unread=unread)


def protection_in(path: Path) -> Protection:
    """Return what a strategy, or a backup policy of Organizations as JSON (with operators, or effective), gives; raises BadInput."""
    document = None if path.is_dir() else _json_object(path)
    if document is None or "strongroom" in document:
        return replace(of_estate(compiler.compile_strategy(load_strategy(path))), name=str(path))
    return _policy_side(_unwrapped(document, path), path)


def _policy_side(policy: Mapping[str, Any], path: Path) -> Protection:
    if not any(key.lower() == "plans" and isinstance(value, Mapping) for key, value in policy.items()):
        raise BadInput(f"{path} is neither a strategy nor a backup policy: it has no plans", hint='a policy begins with {"plans": …')
    if refused := policies.malformed(policy if _has_operators(policy) else _written(policy)):
        raise BadInput(f"{path} is not a backup policy: {refused}", hint=SYNTAX)
    merged = _texts(policies.effective([[policy]], "$account") or {})
    try:
        problems = policies.problems(merged) or tuple(each for plan in policies.plans(merged) for each in policies.plan_problems(plan))
    except (policies.PolicyError, AttributeError, TypeError) as error:  # an object where a value belongs, or the other way round
        raise BadInput(f"{path} is not a backup policy: {error}", hint=SYNTAX) from error
    if problems:
        first = f"{problems[0].path}: {problems[0].message}"
        raise BadInput(f"{path} is no policy that AWS makes plans of: {first}", hint="compare effective policies, or whole ones")
    return of_policy(merged, name=str(path))


def _texts(value: Any) -> Any:
    """Return a policy with numbers and booleans as the texts that AWS wants, without what is null."""
    if isinstance(value, Mapping):
        return {key: _texts(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_texts(item) for item in value if item is not None]
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _has_operators(policy: Mapping[str, Any]) -> bool:
    return "@@" in json.dumps(policy)


def _written(effective_part: Any) -> Any:
    """Return an effective policy as somebody would write it, so that one grammar judges both."""
    if isinstance(effective_part, Mapping):
        return {key: _written(item) for key, item in effective_part.items()}
    return {"@@assign": effective_part}


def _json_object(path: Path) -> dict[str, Any] | None:
    """Return the JSON object in a file; None for a file that is meant as YAML, and for one that doesn't exist."""
    try:
        if not path.is_file() or path.stat().st_size > BYTES_MAX:
            return None
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadInput(f"can't read {path}: {error.strerror}", hint="name a file that you may read") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text: byte {error.start + 1} is wrong", hint="save the file as UTF-8") from error
    if not text.lstrip().startswith("{") and path.suffix.lower() != ".json":
        return None
    read = policies.read(text)
    if read.document is None:
        place = f":{read.line}:{read.column}" if read.line else ""
        raise BadInput(
            f"{path}{place}: {read.refused or 'a JSON object expected'}", hint="see the syntax in the AWS Organizations user guide"
        )
    return read.document


def _unwrapped(document: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    """Return the policy in an answer of DescribePolicy or DescribeEffectivePolicy, else the document itself."""
    for member, content in (("Policy", "Content"), ("EffectivePolicy", "PolicyContent")):
        inner = document.get(member)
        if isinstance(inner, Mapping) and isinstance(inner.get(content), str):
            read = policies.read(inner[content])
            if read.document is None:
                raise BadInput(f"{path}: {member}.{content}: {read.refused}", hint="a JSON object expected")
            return read.document
    return document
