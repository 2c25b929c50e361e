"""The rival: a case in its words, and its answers, from one process for all cases."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.rival.cases import ALLOW_ALL, Case

HERE = Path(__file__).parent
PROGRAM = HERE / "simulate.mjs"


def simulation(case: Case) -> dict[str, Any]:
    """Say a case in the rival's words.

    It has no root user and is told that the root may do everything in its account, which AWS's page says:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """
    identity = (ALLOW_ALL,) if case.who.kind == "root" else case.identity
    said: dict[str, Any] = {
        "request": {
            "principal": case.who.principal,
            "action": case.action,
            "resource": {"resource": case.thing.arn, "accountId": case.thing.account},
            "contextVariables": {key: value[0] if len(value) == 1 else list(value) for key, value in case.context.items()},
        },
        "identityPolicies": [{"name": f"identity {number}", "policy": policy} for number, policy in enumerate(identity)],
        "serviceControlPolicies": _levels(case.scps),
        "resourceControlPolicies": _levels(case.rcps),
    }
    if case.boundary is not None:
        said["permissionBoundaryPolicies"] = [{"name": "boundary", "policy": case.boundary}]
    if case.session is not None:
        said["sessionPolicy"] = case.session
    if case.resource is not None:
        said["resourcePolicy"] = case.resource
    return said


def _levels(levels: Sequence[tuple[str, Sequence[tuple[str, Any]]]]) -> list[dict[str, Any]]:
    return [
        {"orgIdentifier": place, "policies": [{"name": name, "policy": policy} for name, policy in policies]} for place, policies in levels
    ]


def answers(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """Ask the rival for all cases at once.

    Returns one answer a case: `result`, and `ignored`, the context keys that it says the action doesn't have; or `error`.
    """
    asked = "".join(json.dumps(simulation(case)) + "\n" for case in cases)
    done = subprocess.run(["node", str(PROGRAM)], input=asked, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]
