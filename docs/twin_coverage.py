"""The page docs/reference/twin-coverage.md: every operation of AWS Backup, what the twin does of it, and the tests that called it.

The tests' calls are read from tests/conformance/calls.json, which the conformance suite writes with `--update` and holds to: a test
that passes without a call that the file claims of it fails.
"""

import json
import re
from pathlib import Path
from typing import Any

from strongroom.twin.backup import wire
from strongroom.twin.backup.operations import OPERATIONS

CALLS = Path(__file__).parents[1] / "tests" / "conformance" / "calls.json"
STATE_ONLY = re.compile(r"Index|Scan|Tiering|MpaApprovalTeam|RestoreAccess|AccessPoint")  # validated and kept, nothing follows
OF_THE_TWIN = {"NotImplemented", "ThrottlingException", "ServiceUnavailable", "ServiceUnavailableException"}  # asked for, or gaps
NAMED = 2  # tests that stand in a row; the others are counted


def page() -> str:
    """Return the page."""
    operations = sorted(wire.model().operation_names)
    done, refused = calls()
    rows = [_row(each, done.get(each, []), refused.get(each, {})) for each in operations]
    behaving = [each for each in operations if each in OPERATIONS and not STATE_ONLY.search(each)]
    kept = [each for each in operations if each in OPERATIONS and STATE_ONLY.search(each)]
    untested = [each for each in OPERATIONS if not done.get(each)]
    lines = [
        "# What the twin does of AWS Backup",
        "",
        f"Of the {len(operations)} operations in botocore's model, {len(behaving)} behave, {len(kept)} are state with validation only,",
        f"and {len(operations) - len(OPERATIONS)} answer `NotImplemented` with status 501, whatever their parameters: a test calls each.",
        "",
        "*behaves*: what it changes has the consequences that it has on AWS. *state only*: validated and read back, nothing follows.",
        "The tests are those of `tests/conformance` that called the operation successfully, read from the twins' own journals when the",
        "suite last ran with `--update`; *refusals* are the error codes that tests have provoked. What no test has called says so.",
        "",
        "| operation | twin | refusals | called by |",
        "|---|---|---|---|",
        *rows,
    ]
    if untested:
        lines += ["", f"Called by no test of the suite: {', '.join(f'`{each}`' for each in sorted(untested))}."]
    return "\n".join(lines) + "\n"


def calls() -> tuple[dict[str, list[str]], dict[str, dict[str, list[str]]]]:
    """Return the tests that called an operation successfully, and those that were refused, by error code."""
    claims: dict[str, dict[str, list[str]]] = json.loads(CALLS.read_text(encoding="utf-8"))
    done: dict[str, list[str]] = {}
    refused: dict[str, dict[str, list[str]]] = {}
    for test, found in claims.items():
        name = test.rpartition("::")[2].partition("[")[0]
        for operation, codes in found.items():
            for code in codes:
                names: Any = refused.setdefault(operation, {}).setdefault(code, []) if code else done.setdefault(operation, [])
                if name not in names:
                    names.append(name)
    return done, refused


def _row(operation: str, tests: list[str], refusals: dict[str, list[str]]) -> str:
    if operation not in OPERATIONS:
        return f"| `{operation}` | not implemented | | |"
    kind = "state only" if STATE_ONLY.search(operation) else "behaves"
    more = f" and {len(tests) - NAMED} more" if len(tests) > NAMED else ""
    named = ", ".join(f"`{test}`" for test in tests[:NAMED]) + more if tests else "**no test**"
    codes = ", ".join(
        f"`{code}`" for code in sorted(refusals) if code not in {"NotImplemented", "ThrottlingException", "ServiceUnavailable"}
    )
    return f"| `{operation}` | {kind} | {codes} | {named} |"
