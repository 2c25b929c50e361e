"""Guard rails that don't stop what they deny

Why:     An exemption is a pattern: one that matches every role makes the guard rail a text without effect, in all accounts at once.
Fix:     Exempt single roles by name.
Limits:  Asked of an evaluator of IAM's rules for an administrator of a workload account, one call for each thing that is denied. A pattern
         that lets most roles through, or all of one account, is not found out. That guard rails stop nothing which backups need is a
         law of the compiler, tested for every type; other policies of the organization are not known here.
Source:  https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html, read 2026-11-21
Failure: FM06
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.walk import listed
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity


@check("GRD003", severity=Severity.ERROR)
def guard_rails_fail(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Ask the evaluator, which is imported only where there are guard rails."""
    rails = estate.guard_rails
    if rails is None or not estate.rails:
        return
    from strongroom.checks import guardproof  # noqa: PLC0415 - the evaluator costs a tenth of a second

    open_ = tuple(guardproof.unstopped(estate, rails))
    if open_:
        yield Problem(
            subject="guard rails",
            message=f"guard rails deny {listed(denied for denied, _ in open_)}, and stop no administrator",
            why=f"exempt lets every role through, so that anybody with the permission may call {listed(action for _, action in open_)}",
            help="exempt single roles by name, such as [break-glass]",
            origin=rails.origin,
        )
