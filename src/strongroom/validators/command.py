"""A command of the user's that ends with 0 where all is well."""

import time
from collections.abc import Mapping
from typing import Any

from strongroom.errors import BadInput
from strongroom.validators import commands
from strongroom.validators.target import Found, Target, failed, passed, unknown


def command(target: Target, settings: Mapping[str, Any], /) -> Found:
    """Run the command; it gets the password only in the variable that the settings name."""
    extra: dict[str, str] = {}
    try:
        extra["STRONGROOM_USER"] = target.opened().user()
    except BadInput:
        extra["STRONGROOM_USER"] = ""
    if settings.get("password"):
        extra[settings["password"]] = target.opened().password()
    begun = time.monotonic()
    ended = commands.run(target, settings["run"], extra)
    measured = {"exit_code": ended.code, "last_line": ended.last_line, "run_seconds": round(time.monotonic() - begun, 3)}
    name, said = settings["run"][0], f": {ended.last_line}" if ended.last_line else ""
    if ended.code == 0:
        return passed(f"{name} ended with 0{said}", **measured)
    if ended.code < 0:
        return unknown(f"{name} was killed by signal {-ended.code}{said}", **measured)
    if ended.code in commands.NOT_FOUND:
        return unknown(f"{name} ended with {ended.code}, as a shell does that can't run something{said}", **measured)
    return failed(f"{name} ended with {ended.code}{said}", **measured)
