"""A restore-testing plan looks back for a shorter time than lies between two recovery points

Why:     A test restores a recovery point from its window. Where that is shorter than the time between two recovery points of a
         vault, there are runs with nothing in it; they are green.
Fix:     Let the window reach over the longest interval of the rules into its vaults.
Limits:  Plans that restore from vaults of the strategy, where it declares restore tests. The most frequent rule into each vault, with
         its start window.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html, read 2026-11-21 (04 §4.2)
Failure: FM26
"""

from collections.abc import Iterator

from strongroom import ledger
from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.links import LinkName
from strongroom.proof.live.check import Lack, live
from strongroom.proof.live.restore_test_not_deployed import points_of
from strongroom.proof.readings import Unreadable
from strongroom.semantics.restoretesting import takes_vault

MINUTES_PER_DAY = 1440
_VAULTS = """
SELECT v.account_id, v.region, v.vault_name, v.arn, list(DISTINCT l.rule_no) AS rules
FROM vault_places AS v
JOIN place_legs AS p ON p.vault_no = v.vault_no
JOIN legs AS l ON l.leg_no = p.leg_no
GROUP BY ALL"""


@live("VRF157", severity=Severity.WARNING)
def restore_test_window_too_short(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Compare the window of each plan with the most frequent rule into each of its vaults."""
    plans = judgement.snapshot.table("restore_testing_plans").to_pylist()
    if not judgement.estate.restore_tests or not plans:
        return
    rules = [rule for plan in judgement.plans for rule in plan.rules]
    gaps = {rule.number: (rule.interval_minutes + rule.rule.start_within_minutes, rule.name) for rule in rules}
    written: dict[tuple[str, str], list[tuple[str, str, tuple[int, str]]]] = {}
    for row in ledger.rows(judgement.connection, _VAULTS):
        most_frequent = min(gaps[number] for number in row["rules"])
        written.setdefault((row["account_id"], row["region"]), []).append((row["arn"], row["vault_name"], most_frequent))
    groups: dict[tuple[str, str, str, int, tuple[int, str]], list[str]] = {}
    for row in plans:
        points = points_of(row)
        for arn, vault, gap in written.get((row["account_id"], row["region"]), ()):
            if takes_vault(points, arn) and gap[0] > points.window_days * MINUTES_PER_DAY:
                groups.setdefault((row["name"], row["region"], vault, points.window_days, gap), []).append(row["account_id"])
    for (name, region, vault, days, (minutes, rule)), accounts in sorted(groups.items()):
        late, enough = f"the next recovery point of rule {rule} may be {minutes // 60} hours away", -(-minutes // MINUTES_PER_DAY)
        yield Lack(
            subject=f"restore-testing plan {name} in {region}",
            message=f"restore-testing plan {name} in {region} looks back {days} days into vault {vault}, {late}",
            help=f"write within: {enough}d and run strongroom apply, or set SelectionWindowDays to {enough} in the plan",
            account_id=min(accounts),
            region=region,
            link=LinkName.RESTORED,
            count=len(accounts),
        )
