"""Frameworks are more than AWS Backup Audit Manager takes, or two of them are alike

Why:     An account and Region has 15 frameworks with 50 controls in all, and AWS refuses a framework whose controls are exactly
         those of another one: it is not made, and its reports stay empty.
Fix:     Merge frameworks, or drop what another one has already.
Limits:  Frameworks of this strategy; others may be in an account already, and without AWS Config's recorder in each account and
         Region a framework evaluates nothing, which is for `verify`.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/aws-backup-limits.html, read 2026-11-21 (04 §4.5);
         facts.limit("frameworks_max"), facts.limit("controls_max")
Failure: none
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.governance import Framework
from strongroom.facts import limit


@check("FRM001", severity=Severity.ERROR)
def framework_beyond_limits(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Count frameworks and controls, and compare their sets."""
    frameworks, controls = limit("frameworks_max"), limit("controls_max")
    asked = sum(len(each.controls) for each in estate.frameworks)
    same: dict[frozenset[object], Framework] = {}
    for position, each in enumerate(estate.frameworks, 1):
        what = frozenset((control.name, control.parameters) for control in each.controls)
        earlier = same.setdefault(what, each)
        if earlier is not each:
            yield _problem(each, f"framework {each.name} has exactly the controls of {earlier.name}", "drop one of the two")
        if position == frameworks.value + 1:
            yield _problem(each, f"{len(estate.frameworks)} {frameworks.unit}, {frameworks.value} allowed", "merge some of them")
    if estate.frameworks and asked > controls.value:
        yield _problem(estate.frameworks[-1], f"{asked} {controls.unit}, {controls.value} allowed", "drop controls that repeat")


def _problem(framework: Framework, message: str, fix: str) -> Problem:
    return Problem(
        subject=f"framework {framework.name}",
        message=message,
        why="AWS refuses the framework in every account and Region: it evaluates nothing, and its reports stay empty",
        help=fix,
        origin=framework.origin,
    )
