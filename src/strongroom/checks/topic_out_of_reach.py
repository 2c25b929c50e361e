"""Alerts go to a topic that can't receive them

Why:     AWS Backup publishes to standard topics only, in the Region of the vault and in its account. A topic encrypted with the
         AWS-managed key of SNS takes nothing from another service, because nobody can change that key's policy. Nothing says so:
         the messages are just not there.
Fix:     Name a standard topic in a governed Region and in an account of the strategy, with a key of your own.
Limits:  What the ARN and the declared key say. The policies of topic and key, and whether subscriptions are confirmed, are for
         `verify`.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-notifications.html, read 2026-11-21 (03 §3.3)
Failure: FM22
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import jobs
from strongroom.checks.walk import listed
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.governance import Alerts
from strongroom.domain.names import Arn
from strongroom.domain.strategy import KeyKind


@check("ALT002", severity=Severity.ERROR)
def topic_out_of_reach(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look at the topic and the key that alerts name."""
    alerts = estate.alerts
    if alerts is None:
        return
    for lack, fix, severity in (*_topic(estate, alerts), *_key(estate, alerts)):
        yield Problem(
            subject="alerts",
            message=lack,
            why=f"no message arrives, whatever fails: {listed(f'plan {plan.name}: {jobs(plan)}' for plan in estate.plans)}",
            help=fix,
            origin=alerts.origin,
            severity=severity,
        )


def _topic(estate: Estate, alerts: Alerts) -> Iterator[tuple[str, str, Severity | None]]:
    if alerts.topic is None:
        return
    arn, organization = Arn.parse(alerts.topic), estate.organization
    if arn.resource.endswith(".fifo"):
        yield f"topic {arn.resource} is a FIFO topic", "name a standard topic", None
    if arn.region not in organization.regions:
        fix = f"name a topic in one of {listed(organization.regions)}"
        yield f"topic {arn.resource} is in {arn.region}, where no plan runs", fix, None
    accounts = organization.accounts
    own = {accounts.management, accounts.backup_admin, accounts.central, accounts.log_archive} - {None}
    if own and arn.account not in own:
        fix = "name a topic in an account of the strategy, or see to it that its policy lets the accounts publish"
        yield f"topic {arn.resource} is in account {arn.account}, which has no part in the strategy", fix, Severity.WARNING


def _key(estate: Estate, alerts: Alerts) -> Iterator[tuple[str, str, Severity | None]]:
    if any(key.name == alerts.key and key.kind is KeyKind.AWS_MANAGED for key in estate.keys):
        yield f"the topic is encrypted with {alerts.key}, an AWS-managed key", "name a key of another kind, or none", None
