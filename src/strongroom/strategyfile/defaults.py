"""What a strategy means where it says nothing: the one place for defaults that depend on other parts of the file."""

import re
from collections.abc import Collection, Iterable
from pathlib import PurePath
from typing import Final

from strongroom.strategyfile.values import EVERY, STRATEGY_NAME_PATTERN

LOCAL_VAULT: Final = "local"
BACKUP_KEY: Final = "backup"
KEY_ACCOUNT: Final = "central"  # where a multi-Region key is: beside the vaults that receive copies


def strategy_name(file: PurePath) -> str:
    """Return the name of a strategy that gives none: its file, or the folder where the file is called strategy.

    Example:
        >>> strategy_name(PurePath("/work/three-tiers/strategy.yaml")), strategy_name(PurePath("My Bank.yaml"))
        ('three-tiers', 'my-bank')
    """
    written = file.stem if file.stem != "strategy" else file.parent.name
    fitting = re.sub("[^a-z0-9]+", "-", written.lower()).strip("-")[:32].rstrip("-")
    return fitting if re.fullmatch(STRATEGY_NAME_PATTERN, fitting) else "strategy"


def key(declared: Collection[str]) -> str | None:
    """Return the key of a vault that names none: `backup`, or the only one; None where that is not clear.

    Example:
        >>> key(()), key(("own",)), key(("one", "two"))
        ('backup', 'own', None)
    """
    if not declared or BACKUP_KEY in declared:
        return BACKUP_KEY
    return next(iter(declared)) if len(declared) == 1 else None


def adds_local_vault(places: Iterable[str | None], *, adopted: bool = False) -> bool:
    """Return whether the vault `local` is added: no standard vault is in every account, and rules need one there.

    `adopted`: all plans are somebody else's, and so are their vaults.
    """
    return not adopted and EVERY not in tuple(places)


def rule_vault(everywhere: Collection[str]) -> str | None:
    """Return the vault of a rule that names none, from the labels in every account; None where that is not clear.

    Example:
        >>> rule_vault(("local", "other")), rule_vault(("own",)), rule_vault(("one", "two"))
        ('local', 'own', None)
    """
    if LOCAL_VAULT in everywhere:
        return LOCAL_VAULT
    return next(iter(everywhere)) if len(everywhere) == 1 else None


def vault_regions(place: str, written: tuple[str, ...] | None, home_region: str, governed: tuple[str, ...]) -> tuple[str, ...]:
    """Return where a vault lives: as written, or every governed Region in every account, or the home Region in one account."""
    if written:
        return written
    return governed if place == EVERY else (home_region,)
