"""The organizational units of an organization, and what a strategy's `governs` means in it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationalUnit:
    """An OU; `path` joins the names from below the root with a slash."""

    id: str
    name: str
    path: str


def units_named(reference: str, units: Sequence[OrganizationalUnit]) -> tuple[OrganizationalUnit, ...]:
    """Return the OUs that a strategy means by a name, a path from the root or an id.

    None: there is no such OU. Several: the name is ambiguous, the path or the id would not be.

    Example:
        >>> prod = OrganizationalUnit(id="ou-r-2", name="Prod", path="Workloads/Prod")
        >>> [unit.id for unit in units_named("Workloads/Prod", [prod])]
        ['ou-r-2']
    """
    exact = tuple(unit for unit in units if reference in (unit.id, unit.path))
    return exact or tuple(unit for unit in units if unit.name == reference)


def is_below(path: str, governed: Iterable[str]) -> bool:
    """Tell whether an OU path is one of the governed paths or lies below one.

    Example:
        >>> is_below("Workloads/Prod/Payments", ["Workloads"]), is_below("WorkloadsOld", ["Workloads"])
        (True, False)
    """
    return any(path == top or path.startswith(top + "/") for top in governed)


def is_governed(governs: Iterable[str], *, ou_path: str, ou_ids: Collection[str]) -> bool:
    """Tell whether an account is below one of the OUs that a strategy means by names, paths from the root or ids.

    `ou_path` and `ou_ids` are those of the account: the names from below the root, and the ids from the root to its parent.

    Example:
        >>> [is_governed([each], ou_path="Workloads/Prod", ou_ids=("r-1", "ou-2")) for each in ("Prod", "Workloads/Staging", "ou-2")]
        [True, False, True]
    """
    names = ou_path.split("/")
    return any(each in ou_ids or (is_below(ou_path, [each]) if "/" in each else each in names) for each in governs)
