"""Where Strongroom keeps its state."""

import os
from pathlib import Path


def home_for(strategy: Path | None) -> Path:
    """Return `$STRONGROOM_HOME`, else `.strongroom` beside the strategy file, else in the working folder."""
    configured = os.environ.get("STRONGROOM_HOME")
    if configured:
        return Path(configured)
    folder = strategy.resolve().parent if strategy else Path.cwd()
    return folder / ".strongroom"
