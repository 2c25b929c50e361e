"""Files that a strategy names and that are not beside it."""

import json
from collections.abc import Iterator
from pathlib import Path

from strongroom.domain.finding import Finding, Severity
from strongroom.domain.origin import Origin
from strongroom.domain.strategy import RestoreTest, Strategy
from strongroom.strategyfile.codes import CODES

_CODE = "STR032"


def absent_files(strategy: Strategy, folder: Path) -> tuple[Finding, ...]:
    """Return a finding for each file of a restore test that is not below the folder of its strategy."""
    return tuple(
        Finding(
            code=_CODE,
            severity=Severity.ERROR,
            subject=f"restore_tests.{test.name}",
            message=f"restore test {test.name} needs {file}, which is not there",
            why=CODES[_CODE].why,
            help=f"write {folder / file}, or correct the name",
            origin=origin,
        )
        for test in strategy.restore_tests
        for file, origin in dict(_named(test)).items()
        if not (folder / file).is_file()
    )


def _named(test: RestoreTest) -> Iterator[tuple[str, Origin]]:
    for login in test.logins:
        if login.ca:
            yield login.ca, login.origin
    for each in test.validations:
        settings = json.loads(each.settings)
        if each.file:
            yield each.file, each.origin
        if each.validator == "http" and "ca" in settings:
            yield settings["ca"], each.origin
        if each.validator in {"command", "manifest"}:
            for key in ("run", "mount", "unmount"):
                program = settings.get(key, [""])[0]
                if "/" in program and not program.startswith("/"):  # others are looked for in PATH
                    yield program, each.origin
