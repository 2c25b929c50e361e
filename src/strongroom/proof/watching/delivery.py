"""Whether a service can send something somewhere: topics, queues and buses, asked of their policies and keys by the evaluator.

EventBridge gives topic and key policies no conditions to judge by. Of accounts that the policies can't tell apart one stands for all.
Source: SNS developer guide, sns-key-management and sns-subscription-filter-policies; SQS developer guide, sqs-key-management;
EventBridge user guide, eb-use-resource-based (read 2026-11-21).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from types import MappingProxyType

from strongroom.domain.access import Access, AccessAccount, GuardedResource, PolicyText
from strongroom.domain.names import Arn
from strongroom.domain.origin import LiveOrigin, Unread
from strongroom.proof.engine import Judgement
from strongroom.proof.readings import Unreadable
from strongroom.proof.watching.principals import target_roles
from strongroom.proof.watching.seen import Queue, Seen, Topic
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.model import Context, Decision, Verdict

BACKUP, CLOUDWATCH, EVENTS, SNS = (f"{name}.amazonaws.com" for name in ("backup", "cloudwatch", "events", "sns"))
KEY_ACTIONS = ("kms:GenerateDataKey", "kms:Decrypt")
NAMES: Mapping[str, str] = MappingProxyType({BACKUP: "AWS Backup", CLOUDWATCH: "CloudWatch", EVENTS: "EventBridge", SNS: "SNS"})
_ACCOUNT = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")
_NO_TAGS = Unread("its tags are not synced")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A service that sends for something: an alarm, a rule, a vault, a topic."""

    service: str
    account: str
    arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why something doesn't arrive; equal reasons are equal texts."""

    arn: str  # of the topic, queue or bus
    message: str  # may have {who}: the services that meet it
    who: str = ""
    certain: bool = True  # False: it depends on what was not read or is not understood
    nobody: bool = False  # it arrives, and nobody has subscribed


@dataclass
class Delivery:
    """Answers for one snapshot; answers are kept."""

    judgement: Judgement
    seen: Seen
    unread: dict[Unreadable, None] = field(default_factory=dict)  # what was asked for and nobody could read
    _known: dict[tuple[object, ...], tuple[Obstacle, ...]] = field(default_factory=dict)

    def into_topic(self, senders: Iterable[Sender], arn: str) -> tuple[Obstacle, ...]:
        """Return what keeps senders of one service from reaching anybody through a topic."""
        topic = self.seen.topics.get(arn)
        if topic is None or not topic.looked_at or topic.fifo:
            return self._kept(("topic", arn), lambda: self._no_topic(arn, topic))
        found = dict.fromkeys(self._kept(("subscribed", arn), lambda: self._subscribed(topic)))
        for sender in self._representatives(senders, topic.policy, topic.key_arn):
            found |= dict.fromkeys(self._kept((sender, arn), partial(self._let_in, sender, "sns:Publish", arn, topic.key_arn)))
        return tuple(found)

    def into_queue(self, sender: Sender, arn: str) -> tuple[Obstacle, ...]:
        """Return what keeps a sender from putting messages into a queue."""
        return self._kept((sender, arn), lambda: self._queue(sender, arn))

    def into_bus(self, sender: Sender, arn: str, role: str | None) -> tuple[Obstacle, ...]:
        """Return what keeps a rule from sending events to a bus; a role makes the call where there is one."""
        return self._kept((self._alike(sender, role), arn), lambda: self._bus(sender, arn, role))

    def _alike(self, sender: Sender, role: str | None) -> tuple[object, ...]:
        """Return what decides about a role, without the account's own id: most of an organization's accounts share it."""
        principal = self.authorizer.principals.get(role or "")
        account = self.accounts.get(sender.account)
        if principal is None or account is None or isinstance(principal.identity, Unread):
            return (sender, role)
        policies = (*principal.identity, principal.trust, principal.boundary)
        texts = tuple(str(each.text).replace(account.id, "") if isinstance(each, PolicyText) else str(each) for each in policies)
        return (*texts, account.parents, self._controls.get(account.id, ()))

    def _kept(self, key: tuple[object, ...], ask: Callable[[], Iterable[Obstacle]]) -> tuple[Obstacle, ...]:
        if key not in self._known:
            self._known[key] = tuple(ask())
        return self._known[key]

    def _no_topic(self, arn: str, topic: Topic | None) -> Iterator[Obstacle]:
        if topic is not None and topic.fifo:
            yield Obstacle(arn=arn, message="it is a FIFO topic, to which AWS's services can't publish")
        elif topic is not None:
            yield Obstacle(arn=arn, message="it is one of too many topics, and was not looked at", certain=False)
        elif self._is_read(arn, "topics"):
            yield Obstacle(arn=arn, message="the topic does not exist")

    def _is_read(self, arn: str, subject: str) -> bool:
        """Return whether what is absent is not there; what was not read is noted, and accounts outside are nobody's business."""
        place = Arn.parse(arn)
        if place.account not in self.accounts or place.region not in self.judgement.estate.organization.regions:
            return False
        missing = self.judgement.observed.readings.missing(place.account, place.region, subject)
        if missing:
            self.unread[missing] = None
        return missing is None

    def _subscribed(self, topic: Topic) -> Iterator[Obstacle]:
        if not self._is_read(topic.arn, "subscriptions"):
            return
        confirmed = [each for each in topic.subscriptions if each.confirmed]
        if not confirmed:
            waiting = len(topic.subscriptions)
            what = f"none of {waiting} subscriptions is confirmed" if waiting else "nobody has subscribed"
            yield Obstacle(arn=topic.arn, message=what, nobody=True)
            return
        sender = Sender(service=SNS, account=topic.account, arn=topic.arn)
        stopped = [self.into_queue(sender, each.endpoint) if each.protocol == "sqs" else () for each in confirmed]
        if all(stopped):
            yield from stopped[0]
        elif all(each.filtered for each in confirmed):
            message = "every subscription has a filter policy, and messages of alarms and rules have no attributes"
            yield Obstacle(arn=topic.arn, message=message, certain=False)

    def _queue(self, sender: Sender, arn: str) -> Iterator[Obstacle]:
        queue: Queue | None = self.seen.queues.get(arn)
        if queue is None:
            if self._is_read(arn, "queues"):
                yield Obstacle(arn=arn, message="the queue was not looked at", certain=False)
        elif not queue.exists:
            yield Obstacle(arn=arn, message="the queue does not exist")
        else:
            yield from self._let_in(sender, "sqs:SendMessage", arn, queue.key_arn)

    def _bus(self, sender: Sender, arn: str, role: str | None) -> Iterator[Obstacle]:
        if arn not in self.seen.buses:
            if self._is_read(arn, "event_buses"):
                yield Obstacle(arn=arn, message="the bus does not exist")
            return
        if role is not None:
            trusted = self.authorizer.decide(EVENTS, "sts:AssumeRole", role, self._context(sender))
            yield from self._refused(arn, trusted, "EventBridge can't assume the role that sends events")
            allowed = self.authorizer.decide(role, "events:PutEvents", arn)
            yield from self._refused(arn, allowed, "the role that sends events, or the policy of the bus, does not allow events:PutEvents")
        elif Arn.parse(arn).account != sender.account:
            allowed = self.authorizer.decide(EVENTS, "events:PutEvents", arn, self._context(sender))
            yield from self._refused(arn, allowed, "the policy of the bus does not let events of the account in")

    def _let_in(self, sender: Sender, action: str, arn: str, key: str | None) -> Iterator[Obstacle]:
        """Yield what the policy of a topic or queue says, and its key."""
        silent = sender.service == EVENTS and action == "sns:Publish"
        who = NAMES[sender.service]
        decision = self.authorizer.decide(sender.service, action, arn, self._context(sender, silent=silent))
        yield from self._refused(arn, decision, "its policy does not let {who} send to it", who)
        if key is None:
            return
        if ":alias/aws/" in key or self.judgement.observed.keys.get(key, ("", ""))[0] == "AWS":
            yield Obstacle(arn=arn, message="it is encrypted with an AWS-managed key, which other services can't use")
            return
        place = Arn.parse(key)
        state = self.judgement.observed.keys.get(key)
        if state is None:
            if missing := self.judgement.observed.readings.missing(place.account, place.region, "keys"):
                self.unread[missing] = None
            return
        if state[1] != "Enabled":
            yield Obstacle(arn=arn, message=f"its key is {state[1]}")
            return
        context = self._context(sender, silent=sender.service == EVENTS, encrypts=arn)
        for each in KEY_ACTIONS:
            decision = self.authorizer.decide(sender.service, each, key, context)
            refused = tuple(self._refused(arn, decision, "the policy of its key does not let {who} use it", who))
            yield from refused
            if refused:
                return

    @staticmethod
    def _refused(arn: str, decision: Decision, message: str, who: str = "") -> Iterator[Obstacle]:
        if decision.verdict is Verdict.DENIED:
            yield Obstacle(arn=arn, message=message, who=who)
        elif decision.verdict is Verdict.UNKNOWN:
            on = ", ".join(decision.missing) or decision.because
            yield Obstacle(arn=arn, message=f"whether it takes messages depends on {on}", certain=False)

    def _context(self, sender: Sender, *, silent: bool = False, encrypts: str = "") -> Context:
        """Return what a service tells of the thing that it acts for."""
        values: dict[str, tuple[str, ...]] = {"aws:SecureTransport": ("true",)}
        if not silent:
            values |= {"aws:SourceAccount": (sender.account,), "aws:SourceArn": (sender.arn,)}
            organization, account = self.access.organization_id, self.accounts.get(sender.account)
            if isinstance(organization, str) and account is not None and account.parents:
                values["aws:SourceOrgID"] = (organization,)
                values["aws:SourceOrgPaths"] = (f"{'/'.join((organization, *account.parents))}/",)
        if sender.service == CLOUDWATCH:  # what the policy asks for that SNS gives to new topics
            values["aws:SourceOwner"] = (sender.account,)
        if encrypts:
            _, _, service, region, *_ = encrypts.split(":", 5)
            values[f"kms:EncryptionContext:aws:{service}:{'topicArn' if service == 'sns' else 'queueArn'}"] = (encrypts,)
            values["kms:ViaService"] = (f"{service}.{region}.amazonaws.com",)
        return Context(values=MappingProxyType(values), complete=True)

    def _representatives(self, senders: Iterable[Sender], policy: str | None, key: str | None) -> Iterator[Sender]:
        """Yield senders that stand for all: accounts that a policy names, and one of each OU for what a thing is called."""
        text = f"{policy or ''}{self._key_policies.get(key or '', '')}"
        named = set(_ACCOUNT.findall(text))
        kinds: set[tuple[object, ...]] = set()
        for sender in senders:
            account = self.accounts.get(sender.account)
            kind = (
                sender.account if sender.account in named else account.parents if account else sender.account,
                sender.service,
                sender.arn.replace(sender.account, ""),
            )
            if kind not in kinds:
                kinds.add(kind)
                yield sender

    @cached_property
    def _controls(self) -> Mapping[str, tuple[str, ...]]:
        """The ids of the control policies at each target; nearly every account has AWS's own."""
        found: dict[str, tuple[str, ...]] = {}
        for control in () if isinstance(self.access.controls, Unread) else self.access.controls:
            for target in control.targets:
                found[target] = (*found.get(target, ()), control.id)
        return found

    @property
    def access(self) -> Access:
        """Everything in the snapshot that decides about backups."""
        return self.judgement.rights.authorizer.access

    @cached_property
    def accounts(self) -> Mapping[str, AccessAccount]:
        """The accounts of the organization, by id."""
        return self.judgement.rights.authorizer.accounts

    @cached_property
    def _key_policies(self) -> Mapping[str, str]:
        found = {each.arn: each.policy for each in self.access.resources if ":kms:" in each.arn}
        return {arn: policy.text for arn, policy in found.items() if isinstance(policy, PolicyText) and isinstance(policy.text, str)}

    @cached_property
    def authorizer(self) -> Authorizer:
        """The evaluator over keys, topics, queues, buses and the roles that rules use."""
        keys = tuple(each for each in self.access.resources if ":kms:" in each.arn)
        policies = {
            **{arn: topic.policy for arn, topic in self.seen.topics.items() if topic.looked_at},
            **{arn: queue.policy for arn, queue in self.seen.queues.items() if queue.exists},
            **self.seen.buses,
        }
        guarded = tuple(_guarded(arn, policy) for arn, policy in policies.items())
        return Authorizer(
            Access(
                organization_id=self.access.organization_id,
                accounts=self.access.accounts,
                principals=tuple(target_roles(self.judgement.snapshot, self.seen)),
                resources=(*keys, *guarded),
                controls=self.access.controls,
                unread=self.access.unread,
            )
        )


def _guarded(arn: str, policy: str | None) -> GuardedResource:
    place = Arn.parse(arn)
    origin = LiveOrigin(place.account, place.region, arn)
    text = PolicyText(name=f"policy of {arn}", text=policy, origin=origin) if policy else None
    return GuardedResource(arn=arn, account=place.account, policy=text, tags=_NO_TAGS, origin=origin)
