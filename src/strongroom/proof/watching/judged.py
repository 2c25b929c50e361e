"""What is wrong with what watches: for each place and kind of event, whether somebody hears of it, and what is switched off on the way.

An event is told by an alarm on its metric, by a rule that sends it to a topic, or by one that sends it to the account that watches, where
another rule does. One working way is enough; a part that is there and doesn't work is a fault of its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from weakref import WeakKeyDictionary

import duckdb

from strongroom.compiler.alarms import HEARTBEAT_HOURS_MAX
from strongroom.compiler.watch_center import watched_silence_hours
from strongroom.domain.estate import Estate
from strongroom.domain.governance import AlertEvent, Alerts
from strongroom.proof.engine import Judgement
from strongroom.proof.readings import Unreadable
from strongroom.proof.watching.delivery import BACKUP, CLOUDWATCH, EVENTS, Delivery, Obstacle, Sender
from strongroom.proof.watching.expected import METRICS, Center, Event, Place, center, places, samples, told_events, told_regions
from strongroom.proof.watching.seen import DEFAULT_BUS, Alarm, Rule, Seen, see
from strongroom.semantics.eventpatterns import matches

SUBJECTS = ("alarms", "event_rules", "event_targets")
SILENT = frozenset({"sqs", "logs", "events"})  # services that people don't read
ABOVE = {"GreaterThanThreshold": 0.0, "GreaterThanOrEqualToThreshold": 1.0}  # the highest threshold that one failure exceeds
BELOW = frozenset({"LessThanThreshold", "LessThanOrEqualToThreshold"})
_KEPT: WeakKeyDictionary[duckdb.DuckDBPyConnection, "Watched | None"] = WeakKeyDictionary()
HEARTBEATS = frozenset({("AWS/Events", "MatchedEvents"), ("AWS/Backup", "NumberOfBackupJobsCompleted")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Off:
    """A part that is there and does nothing, or less than it should."""

    account: str
    region: str
    arn: str
    name: str
    reason: str
    event: AlertEvent
    alarm: bool  # else it is a rule
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """Kinds of events of a place that nobody hears of."""

    account: str
    region: str
    events: tuple[AlertEvent, ...]


@dataclass
class Watched:
    """The judgement about one strategy's alerts."""

    judgement: Judgement
    alerts: Alerts
    center: Center
    seen: Seen
    delivery: Delivery
    off: dict[Off, None] = field(default_factory=dict)
    untold: list[Untold] = field(default_factory=list)
    obstacles: dict[Obstacle, int] = field(default_factory=dict)  # and how many things meet it
    lacking: list[str] = field(default_factory=list)  # of the heartbeat
    _alike: dict[tuple[object, ...], tuple[AlertEvent, ...]] = field(default_factory=dict)  # untold in places that nothing tells apart

    @property
    def unread(self) -> tuple[Unreadable, ...]:
        """What was needed and nobody could read."""
        return tuple(self.delivery.unread)

    def judge(self) -> None:
        """Look at every place."""
        estate = self.judgement.estate
        regions = told_regions(estate, self.alerts)
        for place in places(estate, self.judgement.scope, regions):
            if self._readable(place.account, place.region):
                self._place(place)
        for region in regions:
            self._readable(str(self.center.account), region)
        self._sinks()
        self._silence(estate)

    def _readable(self, account: str, region: str) -> bool:
        missing = [self.judgement.observed.readings.missing(account, region, subject) for subject in SUBJECTS]
        self.delivery.unread |= {each: None for each in missing if each}
        return not any(missing)

    def _place(self, place: Place) -> None:
        key = self._signature(place)
        if key not in self._alike:
            before = len(self.off)
            untold = tuple(self._untold(place))
            if len(self.off) == before:  # what is off is named in each place
                self._alike[key] = untold
        else:
            untold = self._alike[key]
        if untold:
            self.untold.append(Untold(account=place.account, region=place.region, events=untold))

    def _signature(self, place: Place) -> tuple[object, ...]:
        """Return everything that decides about a place, without its own names: most places of an organization share it."""
        alarms = self.seen.alarms.get((place.account, place.region), ())
        rules = self.seen.rules.get((place.account, place.region, DEFAULT_BUS), ())
        named = {rule.arn for rule in rules if isinstance(rule.pattern, dict) and "account" in rule.pattern}
        return (
            place.region,
            place.vaults,
            place.backed_into,
            place.copied_to,
            tuple(sorted((each.metric, *each.dimensions.values(), _weak(each)) for each in alarms if each.namespace == "AWS/Backup")),
            frozenset((id(rule.pattern), rule.enabled, *(target.arn for target in rule.targets)) for rule in rules),
            place.account if named else "",
        )

    def _untold(self, place: Place) -> Iterator[AlertEvent]:
        for event in told_events(self.alerts):
            if place.vaults_of(event):
                before = len(self.off)
                told = [self._alarmed(place, event), self._sent(place, event)]
                if not any(told) and len(self.off) == before and not self._off_here(place, event):
                    yield event

    def _off_here(self, place: Place, event: AlertEvent) -> bool:
        """Return whether a rule that is off, and was named for another kind, is why nobody hears of this one."""
        rules = (*self.seen.rules.get((place.account, place.region, DEFAULT_BUS), ()), *self._central(place.region))
        off = {each.arn for each in self.off if not each.alarm}
        wanted = list(samples(place, event, self._types))
        return any(rule.arn in off and any(matches(rule.pattern, sample) is not False for sample in wanted) for rule in rules)

    def _alarmed(self, place: Place, event: AlertEvent) -> bool:
        """Return whether alarms notice an event in every vault; note those that would and don't."""
        alarms = [alarm for alarm in self.seen.alarms.get((place.account, place.region), ()) if alarm.namespace == "AWS/Backup"]
        complete = event in METRICS
        for metric in METRICS.get(event, ()):
            for vault in place.vaults_of(event):
                mine = [each for each in alarms if each.metric == metric and _about(each, vault)]
                if any(not _weak(alarm) for alarm in mine):
                    continue
                complete = False
                for alarm in mine:
                    self._switched_off(alarm, _weak(alarm), event)
        return complete

    def _switched_off(self, alarm: Alarm, reason: str, event: AlertEvent) -> None:
        off = Off(account=alarm.account, region=alarm.region, arn=alarm.arn, name=alarm.name, reason=reason, event=event, alarm=True)
        self.off[off] = None

    def _sent(self, place: Place, event: AlertEvent) -> bool:
        """Return whether rules tell people of an event, from the place itself or by way of the account that watches."""
        wanted = list(samples(place, event, self._types))
        rules = self.seen.rules.get((place.account, place.region, DEFAULT_BUS), ())
        direct = [rule for rule in rules if any(_reads(target.arn) for target in rule.targets)]
        if self._all_match(direct, wanted, event):
            return True
        bus = self.center.bus_arn(place.region)
        forwarding = [rule for rule in rules if any(target.arn == bus for target in rule.targets)]
        return self._all_match(forwarding, wanted, event) and self._all_match(self._central(place.region), wanted, event)

    def _central(self, region: str) -> list[Rule]:
        rules = self.seen.rules.get((str(self.center.account), region, self.center.bus), ())
        return [rule for rule in rules if any(_reads(target.arn) for target in rule.targets)]

    def _all_match(self, rules: Sequence[Rule], wanted: Sequence[Event], event: AlertEvent) -> bool:
        """Return whether each event matches an enabled rule; note rules that would match and are off, or match a part alone."""
        complete = True
        for sample in wanted:
            answers = {rule.arn: self._matches(rule, sample) for rule in rules}
            if any(answers[rule.arn] and rule.enabled for rule in rules):
                continue
            complete = False
            for rule in rules:
                if answers[rule.arn] is None:
                    self._rule_off(rule, "its pattern has operators that are not understood", event, certain=False)
                elif answers[rule.arn]:
                    self._rule_off(rule, "it is disabled", event)
                elif rule.enabled and any(self._matches(rule, each) for each in wanted):
                    self._rule_off(rule, "its pattern matches only a part of the events", event)
        return complete

    def _rule_off(self, rule: Rule, reason: str, event: AlertEvent, *, certain: bool = True) -> None:
        if not any(off.arn == rule.arn for off in self.off):  # one rule serves many kinds
            off = Off(
                account=rule.account,
                region=rule.region,
                arn=rule.arn,
                name=rule.name,
                reason=reason,
                event=event,
                alarm=False,
                certain=certain,
            )
            self.off[off] = None

    def _matches(self, rule: Rule, sample: Event) -> bool | None:
        return matches(rule.pattern, sample)

    @cached_property
    def _types(self) -> tuple[str, ...]:
        return tuple(str(each) for each in self.judgement.estate.settings.opt_in) or ("EBS",)

    def _sinks(self) -> None:
        """Ask every topic, queue and bus that alarms, rules and vaults of the strategy send to."""
        topics: dict[tuple[str, str], list[Sender]] = {}
        for alarm in self._used_alarms():
            for arn in alarm.actions:
                if ":sns:" in arn:
                    topics.setdefault((CLOUDWATCH, arn), []).append(Sender(service=CLOUDWATCH, account=alarm.account, arn=alarm.arn))
        for account, region, vault, arn in self.seen.notifications:
            if self._ours(arn):
                source = f"arn:{self.center.partition}:backup:{region}:{account}:backup-vault:{vault}"
                topics.setdefault((BACKUP, arn), []).append(Sender(service=BACKUP, account=account, arn=source))
        for rules in self.seen.rules.values():
            for rule in rules:
                self._targets(rule, topics)
        for (_, arn), senders in topics.items():
            self._meet(self.delivery.into_topic(senders, arn), len(senders))

    def _targets(self, rule: Rule, topics: dict[tuple[str, str], list[Sender]]) -> None:
        sender = Sender(service=EVENTS, account=rule.account, arn=rule.arn)
        for target in rule.targets:
            if not self._ours(target.arn):
                continue
            service = target.arn.split(":")[2]
            if service == "sns":
                topics.setdefault((EVENTS, target.arn), []).append(sender)
            elif service == "sqs":
                self._meet(self.delivery.into_queue(sender, target.arn), 1)
            elif service == "events":
                self._meet(self.delivery.into_bus(sender, target.arn, target.role_arn), 1)
            if target.dead_letter_arn and self._ours(target.dead_letter_arn):
                self._meet(self.delivery.into_queue(sender, target.dead_letter_arn), 1)

    def _meet(self, obstacles: Iterable[Obstacle], count: int) -> None:
        for obstacle in obstacles:
            self.obstacles[obstacle] = self.obstacles.get(obstacle, 0) + count

    def _ours(self, arn: str) -> bool:
        """Return whether something is part of the strategy's watching: in the account that watches, or the topic that it names."""
        return arn == self.center.given_topic or arn.split(":")[4:5] == [str(self.center.account)]

    def _used_alarms(self) -> Iterator[Alarm]:
        for alarms in self.seen.alarms.values():
            for alarm in alarms:
                own = alarm.account == self.center.account and any(map(self._ours, alarm.actions))
                if alarm.enabled and (alarm.namespace == "AWS/Backup" or own):
                    yield alarm

    def _silence(self, estate: Estate) -> None:
        """Look for an alarm that a run which never came sets off."""
        hours = watched_silence_hours(estate, self.alerts)
        home = str(estate.organization.home_region)
        if hours is None or hours > HEARTBEAT_HOURS_MAX or home not in told_regions(estate, self.alerts):
            return
        if not self._readable(str(self.center.account), home):
            return
        beats = [each for each in self.seen.alarms.get((str(self.center.account), home), ()) if (each.namespace, each.metric) in HEARTBEATS]
        lacks = [self._no_beat(alarm, hours) for alarm in beats]
        if "" not in lacks:
            self.lacking.extend(dict.fromkeys(lacks) if lacks else ["no alarm goes off when no backup job completes"])

    def _no_beat(self, alarm: Alarm, hours: int) -> str:
        """Return why an alarm would not notice silence; empty where it would."""
        looked_back = alarm.period_seconds * alarm.periods
        lacks = (
            (
                alarm.treat_missing != "breaching",
                f"it treats missing data as {alarm.treat_missing}, and silence is nothing but missing data",
            ),
            (alarm.comparison not in BELOW, f"it compares with {alarm.comparison}"),
            (not alarm.enabled, "its actions are switched off"),
            (not alarm.actions, "it has no action"),
            (looked_back > hours * 3600, f"it waits for {looked_back // 3600} hours, the strategy's runs allow {hours}"),
        )
        found = next((reason for lacking, reason in lacks if lacking), "")
        return found or (self._no_rule(alarm) if alarm.namespace == "AWS/Events" else "")

    def _no_rule(self, alarm: Alarm) -> str:
        """Return why the rule that an alarm counts would not beat."""
        bus, name = alarm.dimensions.get("EventBusName", DEFAULT_BUS), alarm.dimensions.get("RuleName")
        rule = next((each for each in self.seen.rules.get((alarm.account, alarm.region, bus), ()) if each.name == name), None)
        if rule is None:
            return "the rule that it counts does not exist"
        if not rule.enabled:
            return "the rule that it counts is disabled"
        beat = {
            "source": "aws.backup",
            "detail-type": "Backup Job State Change",
            "account": alarm.account,
            "region": alarm.region,
            "detail": {"state": "COMPLETED"},
        }
        return "" if matches(rule.pattern, beat) is not False else "the rule that it counts matches no completed backup job"


def watched(judgement: Judgement) -> Watched | None:
    """Return what is wrong with a strategy's alerts; None where it declares none, or where a snapshot of an earlier release knows none.

    Several checks ask for one judgement: it is kept as long as the judgement's connection.
    """
    if judgement.connection not in _KEPT:
        _KEPT[judgement.connection] = _watched(judgement)
    return _KEPT[judgement.connection]


def _watched(judgement: Judgement) -> Watched | None:
    alerts = judgement.estate.alerts
    where = center(judgement.estate, alerts) if alerts else None
    if alerts is None or where is None or not any(subject == "alarms" for _, subject in judgement.observed.readings.reasons):
        return None
    seen = see(judgement.snapshot)
    found = Watched(judgement=judgement, alerts=alerts, center=where, seen=seen, delivery=Delivery(judgement=judgement, seen=seen))
    found.judge()
    return found


def _about(alarm: Alarm, vault: str) -> bool:
    """Return whether an alarm counts a vault: this one by its name, or all."""
    return not alarm.dimensions or alarm.dimensions == {"BackupVaultName": vault}


def _weak(alarm: Alarm) -> str:
    """Return why an alarm on a failure would do nothing; empty where it would."""
    if not alarm.enabled:
        return "its actions are switched off"
    if not alarm.actions:
        return "it has no action"
    bound = ABOVE.get(alarm.comparison)
    if bound is None:
        return f"it compares with {alarm.comparison}"
    if alarm.threshold > bound:
        return f"it goes off from {alarm.threshold + (1 - bound):g} failures on"
    if alarm.treat_missing == "breaching":
        return "it takes missing data for a failure, and is in alarm whenever nothing happens"
    return ""


def _reads(arn: str) -> bool:
    """Return whether a target may be read by people; of functions and the like nobody knows."""
    return arn.split(":")[2:3] != [""] and arn.split(":")[2] not in SILENT
