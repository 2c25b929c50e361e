"""Rows of `who-can` that say the same of many: hundreds of roles with one cause are one group."""

from collections.abc import Iterable
from dataclasses import dataclass

from strongroom.api.naming import account_of, called, last, provider_of
from strongroom.api.who_can import Row
from strongroom.proof.holdings import Gap, Thing

HERE = "here"  # in place of the account of the subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows with the same cause; at least one."""

    rows: tuple[Row, ...]
    because: str  # with … for what differs from row to row
    steps: tuple[str, ...]  # in words, likewise

    @property
    def principals(self) -> tuple[str, ...]:
        """ARNs, each once."""
        return tuple(dict.fromkeys(row.principal for row in self.rows))

    @property
    def subjects(self) -> tuple[Thing, ...]:
        """What they could do it to, each once."""
        return tuple({(row.subject.arn, row.subject.account): row.subject for row in self.rows}.values())

    @property
    def at_home(self) -> bool:
        """Whether every principal is of the account of its subject."""
        return all(account_of(row.principal) == row.subject.account for row in self.rows)


def alike(rows: Iterable[Row]) -> tuple[Group, ...]:
    """Return rows in groups of one cause: what nothing stops first, then the shortest ways, then the largest groups."""
    found: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(_cause(row), []).append(row)
    groups = [Group(rows=tuple(each), because=_because(each), steps=_steps(each)) for each in found.values()]
    return tuple(
        sorted(
            groups,
            key=lambda group: (bool(group.rows[0].rail), len(group.rows[0].steps), -len(group.rows)),
        )
    )


def gaps_alike(gaps: Iterable[Gap]) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Return what could not be read, its reason, and the accounts of which that is so."""
    whats: dict[tuple[str, str], dict[str, None]] = {}
    for gap in gaps:
        whats.setdefault((gap.account, gap.reason), {})[gap.what] = None
    accounts: dict[tuple[str, str], list[str]] = {}
    for (account, reason), what in whats.items():
        keys = [each for each in what if each.startswith("key ")]
        words = [each for each in what if each not in keys] + ([keys[0]] if len(keys) == 1 else [f"{len(keys)} keys"] if keys else [])
        accounts.setdefault((", ".join(words), reason), []).append(account)
    return tuple((what, reason, tuple(names)) for (what, reason), names in accounts.items())


def _cause(row: Row) -> tuple[object, ...]:
    """Return what rows of a group share: way, decision, the roles that are assumed, and what stops it."""
    at_home = _place(row.principal, row) == HERE
    kind = "provider" if provider_of(row.principal) else called(row.principal).partition(" ")[0]
    chain = tuple((called(arn), _place(arn, row)) for arn in row.chain[1:])
    return (kind, at_home, chain, _masked_steps(row), row.way, row.permission, row.subject.kind, _masked(row), row.rail, _leaves(row))


def _leaves(row: Row) -> tuple[object, ...]:
    """Return what guard rails leave, as far as it is told."""
    left = row.left
    return () if left is None else (left.way, left.certain, left.missing, left.chain == row.chain, left.steps == words_of(row))


def _place(arn: str, row: Row) -> str:
    account = account_of(arn)
    return HERE if account == row.subject.account else account


def words_of(row: Row) -> tuple[str, ...]:
    """Return the steps of a row in words."""
    return tuple(step.words for step in row.steps)


def _masked_steps(row: Row) -> tuple[str, ...]:
    """Return the steps without what is called after the subject: a thousand keys of as many accounts are one cause."""
    name = f" {last(row.subject.arn)}"
    return tuple(f"{words.removesuffix(name)} …" if words.endswith(name) else words for words in words_of(row))


def _masked(row: Row) -> str:
    text = row.telling.because
    if provider := provider_of(row.principal):
        text = text.replace(f" {provider} signs in", " … signs in")
    text = text.replace(row.subject.arn, "…") if row.subject.arn != "*" else text
    return text.replace(row.resource, "…").replace(row.subject.account, "…") if row.resource != "*" else text


def _because(rows: list[Row]) -> str:
    texts = {row.telling.because for row in rows}
    return texts.pop() if len(texts) == 1 else _masked(rows[0])


def _steps(rows: list[Row]) -> tuple[str, ...]:
    texts = {words_of(row) for row in rows}
    return texts.pop() if len(texts) == 1 else _masked_steps(rows[0])
