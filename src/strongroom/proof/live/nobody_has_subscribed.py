"""Nobody gets what a topic of the alerts takes

Why:     A subscription by mail waits until its owner has clicked, and is deleted when nobody does. Until then SNS takes every message and
         gives it to nobody.
Fix:     Click the link in the mail of AWS Notifications, or subscribe again: sns subscribe --topic-arn … --protocol email
Limits:  Mailboxes and functions that nobody looks at are not found. Addresses are kept in part only: two may look alike.
Source:  https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html, read 2026-11-21
Failure: FM22
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.domain.subscribers import shown
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.readings import Unreadable
from strongroom.proof.watching.expected import told_regions
from strongroom.proof.watching.judged import Watched, watched
from strongroom.proof.watching.told import lacks


@live("VRF111", severity=Severity.ERROR)
def nobody_has_subscribed(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Look for topics without a confirmed subscription, and for addresses of the strategy that get nothing."""
    found = watched(judgement)
    if found is not None:
        yield from lacks(found, lambda each: each.nobody, "topic")
        yield from _addresses(found)


def _addresses(found: Watched) -> Iterator[Lack]:
    """Yield topics that some addresses of the strategy have not subscribed to, and others have."""
    for region in told_regions(found.judgement.estate, found.alerts):
        topic = found.seen.topics.get(found.center.topic_arn(region))
        if topic is None or not topic.looked_at or not any(each.confirmed for each in topic.subscriptions):
            continue
        confirmed = {each.endpoint for each in topic.subscriptions if each.confirmed and each.protocol.startswith("email")}
        silent = [address for address in found.alerts.emails if shown("email", address) not in confirmed]
        if silent:
            yield Lack(
                subject=f"topic {topic.arn.rpartition(':')[2]} in {region}",
                message=f"{len(silent)} of {len(found.alerts.emails)} addresses of the alerts have not confirmed",
                account_id=topic.account,
                region=region,
                arn=topic.arn,
                severity=Severity.WARNING,
            )
