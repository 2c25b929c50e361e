"""Commands of the user's: what they get to know, how they end."""

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from strongroom.errors import BadInput
from strongroom.validators.target import Target

_OUTPUT_BYTES_MAX: Final = 64 << 10
NOT_FOUND: Final = (126, 127)  # how shells say that there is no such command


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int  # negative: killed by this signal
    output: str  # the end of what it printed

    @property
    def last_line(self) -> str:
        """The last line that it printed."""
        return next((line.strip() for line in reversed(self.output.splitlines()) if line.strip()), "")


def run(target: Target, arguments: Sequence[str], extra: Mapping[str, str]) -> Ended:
    """Run a command in the folder of the strategy; raises BadInput when it can't be started.

    It runs in this process's group, which is ended as a whole at the deadline.
    """
    with tempfile.TemporaryFile() as output:
        try:
            code = subprocess.run(  # noqa: S603 - the user's command, as a list
                list(arguments),
                cwd=target.folder,
                env={**_environment(target), **extra},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
        except OSError as error:
            raise BadInput(
                f"{arguments[0]} can't be started in {target.folder}: {error.strerror}", hint="check path and permission"
            ) from error
        size = output.seek(0, os.SEEK_END)
        output.seek(max(0, size - _OUTPUT_BYTES_MAX))
        return Ended(code, output.read().decode(errors="replace"))


def _environment(target: Target) -> dict[str, str]:
    """Return what a command finds in its environment: ours without the password, and what was restored."""
    restored, endpoint, login = target.restored, target.restored.endpoint, target.login
    hidden = login.variable if login else ""
    kept = {name: value for name, value in os.environ.items() if name != hidden}
    told = {
        "RESOURCE_ARN": restored.resource_arn,
        "SOURCE_ARN": target.source_arn,
        "ACCOUNT": restored.account,
        "REGION": restored.region,
        "AS_OF": target.as_of.isoformat() if target.as_of else "",
        "ADDRESS": endpoint.address if endpoint else "",
        "PORT": str(endpoint.port) if endpoint else "",
        "DATABASE": (login.database if login else "") or (endpoint.database if endpoint else ""),
    }
    # what speaks by libpq can't write without asking for it
    return {**kept, **{f"STRONGROOM_{name}": value for name, value in told.items()}, "PGOPTIONS": "-c default_transaction_read_only=on"}
