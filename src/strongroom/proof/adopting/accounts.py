"""Which accounts have the same plans, and which OUs hold them and nothing else."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SHOWN = 5  # names in a remark


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An active account of the organization."""

    id: str
    name: str
    ou_path: str  # empty: directly under the root
    management: bool


def members(rows: Iterable[Mapping[str, Any]]) -> tuple[Member, ...]:
    """Return the active accounts of the table `accounts`, in order of id."""
    return tuple(
        Member(id=row["account_id"], name=row["name"], ou_path=row["ou_path"], management=row["management"])
        for row in sorted(rows, key=lambda row: str(row["account_id"]))
        if row["status"] == "ACTIVE"
    )


def largest_group(policies: Mapping[str, str], active: Iterable[Member]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the most accounts with one effective policy, and the other accounts with a policy; both empty where nobody has one."""
    texts = {member.id: policies.get(member.id, "").replace(member.id, "$account") for member in active}
    counts = Counter(text for text in texts.values() if text)
    if not counts:
        return frozenset(), ()
    most = min(counts, key=lambda text: (-counts[text], text))
    mine = frozenset(account for account, text in texts.items() if text == most)
    return mine, tuple(sorted(account for account, text in texts.items() if text and account not in mine))


def governed_units(active: Collection[Member], group: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the highest OUs whose accounts are all of a group, and the accounts of the group that are in none of these."""
    found = tuple(_units([member for member in active if member.ou_path], set(group), ""))
    outside = [each.id for each in active if each.id in group and not any(_below(each.ou_path, unit) for unit in found)]
    return found, tuple(sorted(outside))


def _units(active: list[Member], group: set[str], above: str) -> Iterator[str]:
    depth = above.count("/") + 1 if above else 0
    children = sorted({"/".join(member.ou_path.split("/")[: depth + 1]) for member in active if member.ou_path.count("/") >= depth})
    for unit in children:
        below = [member for member in active if _below(member.ou_path, unit)]
        inside = [member for member in below if member.id in group]
        if inside and len(inside) == len(below):
            yield unit
        elif inside:
            yield from _units([member for member in below if member.ou_path != unit], group, unit)


def _below(path: str, unit: str) -> bool:
    return path == unit or path.startswith(f"{unit}/")


def few(names: Collection[str]) -> str:
    """Return the first names, and how many there are besides."""
    found = sorted(names)
    return ", ".join(found) if len(found) <= SHOWN else f"{', '.join(found[:SHOWN])} and {len(found) - SHOWN} more"
