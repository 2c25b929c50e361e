"""What the roles of a file say about the rest of it: accounts that are declared, names that nobody else has."""

from collections.abc import Iterator

from strongroom.strategyfile.declared import Declared
from strongroom.strategyfile.nodes import Node, entries, find, items, text
from strongroom.strategyfile.problem import Problem, named
from strongroom.strategyfile.relations import problem, undeclared_account

_SUFFIXES = {"backup": "AWSBackup", "restore": "AWSBackup-restore", "restore_test": "AWSBackup-restore-test"}
_OWN_NAMES = {"read": "strongroom-read", "deploy": "strongroom-deploy"}


def problems(declared: Declared) -> Iterator[Problem]:
    """Yield every problem of roles with other parts of the file."""
    for role in entries(find(declared.root, "roles")):
        path = ("roles", role.key, "trust")
        for position, item in enumerate(items(find(role.value, "trust"))):
            yield from undeclared_account(declared, f"role {named(role.key)}", item, (*path, position))
    yield from _names(declared)
    written = {role.key: role for role in entries(find(declared.root, "roles"))}
    if "adopt" in written and "backup" in written:
        message = "the role for backups is adopted and has a name of its own"
        yield problem("STR030", written["backup"].value.place, ("roles", "backup"), message, "remove backup: adopt is the name in AWS")


def _names(declared: Declared) -> Iterator[Problem]:
    """Yield names that two roles have: IAM knows one of a name in an account."""
    written = {role.key: role.value for role in entries(find(declared.root, "roles"))}
    taken: dict[str, str] = {}
    for key in (*_OWN_NAMES, *_SUFFIXES, "recovery", "tester", "backup_team", "workload_team"):
        node = written.get(key)
        if node is None and key not in _OWN_NAMES and key not in _SUFFIXES:
            continue
        name = _written(node) or _OWN_NAMES.get(key) or f"{declared.name}-{_SUFFIXES.get(key, key.replace('_', '-'))}"
        if name in taken:
            guilty = key if node is not None else taken[name]  # defaults never meet: one of the two is written
            message = f"role {named(key)} has the name {name}, and so has role {named(taken[name])}"
            yield problem("STR022", written[guilty].place, ("roles", guilty), message, "give one of them another name")
        taken.setdefault(name, key)


def _written(node: Node | None) -> str | None:
    return text(node) or text(find(node, "name")) if node is not None else None
