"""Where Strongroom keeps its state."""

import os
from pathlib import Path

from strongroom.errors import BadInput


def home_for(strategy: Path | None) -> Path:
    """Return `$STRONGROOM_HOME`, else `.strongroom` beside the strategy (a file, or its folder), else in the working folder.

    Where that variable is an address in S3 only the ledger is there: workflows, plans and twins stay on this machine.
    """
    configured = os.environ.get("STRONGROOM_HOME")
    if configured and not configured.startswith("s3://"):
        return Path(configured)
    if strategy is None:
        return Path.cwd() / ".strongroom"
    found = strategy.resolve()
    return (found if found.is_dir() else found.parent) / ".strongroom"


def require_writable(home: Path) -> None:
    """Raise BadInput when nothing can be written to a state folder; asked before long work, creates nothing."""
    existing = next(folder for folder in (home, *home.resolve().parents) if folder.exists())
    if not existing.is_dir():
        reason = f"{existing} is not a folder"
    elif not os.access(existing, os.W_OK | os.X_OK):
        reason = f"permission denied for {existing}"
    else:
        return
    raise BadInput(f"can't write to {home}: {reason}", hint="set STRONGROOM_HOME to a folder you may write to")
