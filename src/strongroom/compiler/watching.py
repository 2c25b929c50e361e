"""Watching: every account sends its backup events and alarms to one account, which queues, counts and tells them.

`<name>-watch-central` is where they come to, `<name>-watch` a StackSet over all governed accounts, `<name>-watch-own` a stack in other
accounts that have vaults or keys of their own.
"""

from collections.abc import Iterator
from dataclasses import replace

from strongroom.compiler.alarms import HEARTBEAT_HOURS_MAX, job_alarms
from strongroom.compiler.forwarding import forwarding, forwarding_conditions
from strongroom.compiler.keys import is_unborn, key_outputs
from strongroom.compiler.template import Template, render_template
from strongroom.compiler.topics import topic_keys
from strongroom.compiler.watch_center import center_template, watched_silence_hours
from strongroom.compiler.watch_places import actions_anywhere, topic_arn, topic_condition, topic_region, watching_account
from strongroom.domain.estate import Estate, Stack, StackSet, Undeployed
from strongroom.domain.governance import AlertEvent, Alerts
from strongroom.domain.names import EVERY_ACCOUNT, AccountId, Arn, Region
from strongroom.domain.strategy import KeyKind


def with_watch_stacks(estate: Estate) -> Estate:
    """Return the estate with the stacks that events come to, and what of the alerts is not deployed."""
    alerts = estate.alerts
    if alerts is None:
        return estate
    account = watching_account(estate)
    reason = _obstacle(estate, alerts, account)
    if account is None or reason:
        return replace(estate, undeployed=(*estate.undeployed, Undeployed(subject="alerts", reason=reason, origin=alerts.origin)))
    return replace(
        estate,
        stacks=(*estate.stacks, *_center(estate, alerts, account), *_own(estate, alerts, account)),
        undeployed=(*estate.undeployed, *_left_out(estate, alerts, account)),
    )


def with_watch_stack_set(estate: Estate) -> Estate:
    """Return the estate with the StackSet `<name>-watch`."""
    account, alerts = watching_account(estate), estate.alerts
    if account is None or alerts is None or _obstacle(estate, alerts, account):
        return estate
    return replace(estate, stack_sets=(*estate.stack_sets, _members(estate, alerts, account)))


def _obstacle(estate: Estate, alerts: Alerts, account: AccountId | None) -> str:
    if account is None:
        return "no account is known that events could go to: write organization.accounts.central"
    if any(key.kind is KeyKind.MULTI_REGION and key.arn is None and not is_unborn(key) for key in topic_keys(estate, alerts)):
        return f"the topic's key {alerts.key} has no ARN"
    return ""


def _left_out(estate: Estate, alerts: Alerts, account: AccountId) -> Iterator[Undeployed]:
    region = topic_region(alerts)
    for other in estate.organization.regions if region else ():
        if other != region:
            reason = (
                f"alarms and rules reach topics of their own Region only, and the topic is in {region}: there, events go to the queue alone"
            )
            yield Undeployed(subject=f"alerts in {other}", reason=reason, origin=alerts.origin)
    if alerts.topic and alerts.emails and Arn.parse(alerts.topic).account != account:
        reason = f"the topic is in account {Arn.parse(alerts.topic).account}: subscribe them there"
        yield Undeployed(subject="e-mail addresses of alerts", reason=reason, origin=alerts.origin)
    hours = watched_silence_hours(estate, alerts)
    if hours is not None and hours > HEARTBEAT_HOURS_MAX:
        reason = (
            f"no rule runs often enough for an alarm: it looks back {HEARTBEAT_HOURS_MAX // 24} days; verify finds runs that never came"
        )
        yield Undeployed(subject="alerts on missing", reason=reason, origin=alerts.origin)
    late = {AlertEvent.REPLICATION_LATE, AlertEvent.REPLICATION_FAILED} & set(alerts.events)
    if late and any(bucket.replications for bucket in estate.native.buckets):
        reason = "this release does not deploy the replication of buckets, whose metrics they are about"
        yield Undeployed(subject="alerts on replication", reason=reason, origin=alerts.origin)


def _center(estate: Estate, alerts: Alerts, account: AccountId) -> Iterator[Stack]:
    home = estate.organization.home_region
    for region in sorted(estate.organization.regions, key=lambda each: each != home):  # the others send to the bus of the home Region
        template = center_template(estate, alerts, account, region)
        outputs = key_outputs(topic_keys(estate, alerts), strategy=estate.name, home=home)
        yield replace(_stack(estate, "watch-central", account, region, template), outputs=outputs)


def _members(estate: Estate, alerts: Alerts, account: AccountId) -> StackSet:
    actions = actions_anywhere(estate, alerts, account)
    template = Template(
        description=f"Strongroom: events and alarms of strategy {estate.name} in one account and Region",
        resources={
            **forwarding(estate, alerts, account, in_home=None),
            **job_alarms(estate, alerts, EVERY_ACCOUNT, prefix=f"{estate.name}-watch", actions=actions),
        },
        conditions=forwarding_conditions(estate, (account, *_apart(estate, account))) | topic_condition(alerts),
    )
    return StackSet(
        name=f"{estate.name}-watch",
        description=f"Backup events and alarms of strategy {estate.name} in every governed account",
        template=render_template(template),
        parameters=(),
        targets=estate.organization.governs,
        regions=estate.organization.regions,
        protects=False,
    )


def _own(estate: Estate, alerts: Alerts, watching: AccountId) -> Iterator[Stack]:
    for account in _apart(estate, watching):
        for region in estate.organization.regions:
            told_here = topic_region(alerts) in (None, region)
            template = Template(
                description=f"Strongroom: events and alarms of strategy {estate.name} in an account with vaults or keys of its own",
                resources={
                    **forwarding(estate, alerts, watching, in_home=region == estate.organization.home_region),
                    **job_alarms(
                        estate,
                        alerts,
                        account,
                        prefix=f"{estate.name}-watch-own",
                        actions=[topic_arn(estate, alerts, watching)] if told_here else [],
                        region=region,
                    ),
                },
            )
            yield replace(_stack(estate, "watch-own", account, region, template), protects=False)


def _apart(estate: Estate, watching: AccountId) -> tuple[AccountId, ...]:
    """Return the other accounts with vaults, plans or shared keys of their own, sorted: they are seldom in a governed OU."""
    vaults = {each.account for each in estate.vaults if isinstance(each.account, AccountId)}
    plans = {each.account for each in estate.plans if each.account is not None}
    keys = {key.account for key in estate.keys if key.kind is KeyKind.MULTI_REGION and key.ours and key.account is not None}
    return tuple(sorted((vaults | plans | keys) - {watching}))


def _stack(estate: Estate, suffix: str, account: AccountId, region: Region, template: Template) -> Stack:
    return Stack(
        name=f"{estate.name}-{suffix}",
        account=account,
        region=region,
        template=render_template(template),
        parameters=(),
    )
