"""One stack: makes, changes and removes the resources of a template, and rolls back when one of them is refused."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from strongroom.twin.cloudformation.handlers import MISSHAPEN, REFUSALS, Handler, Made, Place, reason
from strongroom.twin.cloudformation.intrinsics import PSEUDO, Scope, references
from strongroom.twin.cloudformation.template import Resource, Template, parameter_values, refuse
from strongroom.twin.ports import ApiError

if TYPE_CHECKING:
    from strongroom.twin.cloudformation.changesets import ChangeSet
    from strongroom.twin.cloudformation.drift import Drift

_KEPT = frozenset({"Retain", "RetainExceptOnCreate"})
_KEPT_ON_FAILED_CREATION = frozenset({"Retain"})  # what Retain keeps is in the way of the next attempt, as on AWS
POLLS = 1  # answers of DescribeStacks that still say IN_PROGRESS, whatever the clock


@dataclass(slots=True, kw_only=True)
class Live:
    """A resource of a stack as it is now."""

    type: str
    made: Made
    properties: Mapping[str, Any]  # resolved
    deletion_policy: str
    changed_at: datetime
    replace_policy: str = "Delete"  # what happens to it when another one takes its place
    drift: "Drift | None" = None  # None: it was never compared with the template, or has changed since

    @property
    def physical_id(self) -> str:
        """What Ref returns."""
        return self.made.physical_id

    def attribute(self, name: str) -> Any:
        """What Fn::GetAtt returns."""
        return self.made.attribute(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A line of DescribeStackEvents."""

    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    at: datetime


@dataclass(slots=True, kw_only=True)
class Detection:
    """A run of drift detection; its work is done when it begins, but it says that it runs for a few polls."""

    polls_left: int
    status: str  # of the stack, when it was done
    drifted: int  # resources
    at: datetime = field(default_factory=lambda: datetime.now(tz=UTC))


class Unresolved:
    """Properties that refer to something that isn't there yet."""


class Failed(Exception):
    """A resource was refused."""

    def __init__(self, logical_id: str, kind: str, why: str) -> None:
        super().__init__(why)
        self.logical_id = logical_id
        self.type = kind
        self.why = why


@dataclass(slots=True, kw_only=True)
class Stack:
    """A stack and what it owns."""

    id: str
    name: str
    account: str
    region: str
    template: Template
    parameters: dict[str, str]  # as given
    tags: dict[str, str]
    handlers: Mapping[str, Handler]
    exports: dict[str, str]  # of the account and Region
    capabilities: tuple[str, ...] = ()
    created_at: datetime = field(default_factory=lambda: datetime.now(tz=UTC))
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    status: str = "CREATE_COMPLETE"
    status_reason: str = ""
    polls_left: int = 0
    live: dict[str, Live] = field(default_factory=dict)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    drift_checked_at: datetime | None = None
    detections: dict[str, Detection] = field(default_factory=dict)  # of drift, by id
    change_sets: "dict[str, ChangeSet]" = field(default_factory=dict)  # by name

    @property
    def usable(self) -> bool:
        """Whether it can be updated."""
        return self.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}

    @property
    def visible_status(self) -> str:
        """The status that a reader sees; each reading brings the end nearer."""
        if self.polls_left <= 0:
            return self.status
        return self.status.split("_", maxsplit=1)[0].replace("ROLLBACK", "CREATE") + "_IN_PROGRESS"

    def create(self, values: Mapping[str, Any], on_failure: str) -> None:
        """Make everything; on a refusal what was made is removed, unless `on_failure` is DO_NOTHING."""
        self._note("CREATE_IN_PROGRESS", "User Initiated")
        scope = self._scope(self.template, values)
        try:
            for logical_id in order(self.template, scope):
                self._put(logical_id, self.template.resources[logical_id], scope)
            self._publish(scope)
        except Failed as failure:
            self.status_reason = f"The following resource(s) failed to create: [{failure.logical_id}]. "
            if on_failure == "DO_NOTHING":
                self._finish("CREATE_FAILED")
                return
            self._note("ROLLBACK_IN_PROGRESS", self.status_reason + "Rollback requested by user.")
            self._remove(tuple(self.live), kept=_KEPT_ON_FAILED_CREATION)
            self._finish("ROLLBACK_COMPLETE")
            return
        self._finish("CREATE_COMPLETE")

    def update(
        self,
        template: Template,
        parameters: dict[str, str],
        values: Mapping[str, Any],
        tags: dict[str, str],
        *,
        revert: bool = False,
    ) -> Failed | None:
        """Change what differs from before, with `revert` also what drifted; on a refusal all goes back, and the failure is returned."""
        before = (self.template, self.parameters, self.tags)
        retagged = tags != self.tags
        self._note("UPDATE_IN_PROGRESS", "User Initiated")
        self.template, self.parameters, self.tags = template, parameters, tags
        self.updated_at = datetime.now(tz=UTC)
        failure = self._converge(values, retagged=retagged, revert=revert)
        if failure is None:
            self._finish("UPDATE_COMPLETE")
            return None
        self.template, self.parameters, self.tags = before
        self.status_reason = f"The following resource(s) failed to update: [{failure.logical_id}]. "
        self._note("UPDATE_ROLLBACK_IN_PROGRESS", self.status_reason)
        stuck = self._converge(self.values(), retagged=retagged)
        self._finish("UPDATE_ROLLBACK_FAILED" if stuck else "UPDATE_ROLLBACK_COMPLETE")
        return failure

    def delete(self, retained: tuple[str, ...] = ()) -> Failed | None:
        """Remove everything but what a deletion policy retains; the first refusal stops it and is returned."""
        self._note("DELETE_IN_PROGRESS", "User Initiated")
        for name in retained:
            self.live.pop(name, None)
        failure = self._remove(tuple(self.live), kept=_KEPT)
        if failure is not None:
            self.status_reason = f"The following resource(s) failed to delete: [{failure.logical_id}]. "
            self._finish("DELETE_FAILED")
            return failure
        for output in self.outputs:
            self.exports.pop(str(output.get("ExportName")), None)
        self.deleted_at = datetime.now(tz=UTC)
        self._finish("DELETE_COMPLETE")
        self.polls_left = 0
        return None

    def values(self) -> dict[str, Any]:
        """Values of the template's parameters."""
        return parameter_values(self.template, self.parameters)

    def check(self, values: Mapping[str, Any]) -> None:
        """Refuse a template whose conditions or dependencies can't be resolved."""
        order(self.template, self._scope(self.template, values))

    def resolved(self, template: Template, values: Mapping[str, Any]) -> dict[str, Any]:
        """Properties that the resources of a template would have, as far as they can be known before it is deployed."""
        scope, found = self._scope(template, values), {}
        for logical_id in order(template, scope):
            try:
                found[logical_id] = scope.value(template.resources[logical_id].properties)
            except ApiError:
                found[logical_id] = Unresolved()
        return found

    def _converge(self, values: Mapping[str, Any], *, retagged: bool, revert: bool = False) -> Failed | None:
        """Make the resources what the template says; what was replaced goes at the very end, so that a failure finds it as it was."""
        scope = self._scope(self.template, values)
        wanted = order(self.template, scope)
        replaced: list[tuple[str, Live]] = []
        try:
            for logical_id in wanted:
                before = self.live.get(logical_id)
                self._put(logical_id, self.template.resources[logical_id], scope, retagged=retagged, revert=revert)
                if before is not None and before.physical_id != self.live[logical_id].physical_id:
                    replaced.append((logical_id, before))
            self._publish(scope)
        except Failed as failure:
            for logical_id, before in reversed(replaced):
                self._retire(logical_id, self.live[logical_id], kept=frozenset())
                self.live[logical_id] = before
            return failure
        for logical_id, before in replaced:
            self._retire(logical_id, before, kept=_KEPT)
        for name in [name for name in self.live if name not in wanted]:
            self._remove((name,), kept=_KEPT)
            self.live.pop(name, None)  # what could not be removed is the stack's no longer
        return None

    def _put(self, logical_id: str, resource: Resource, scope: Scope, *, retagged: bool = False, revert: bool = False) -> None:
        handler, place, known = self.handlers[resource.type], self.place(logical_id), self.live.get(logical_id)
        try:
            properties = scope.value(resource.properties)
            if known is not None and known.type == resource.type:
                known.deletion_policy, known.replace_policy = resource.deletion_policy, resource.replace_policy
                before = self._before(logical_id, known) if revert else known.properties
                if before == properties and not retagged:
                    return
                made = self._changed(logical_id, known, before, properties)
            else:
                made = handler.create(place, properties)
        except (*REFUSALS, *MISSHAPEN) as refusal:
            why, doing = reason(refusal), "UPDATE_FAILED" if known else "CREATE_FAILED"
            self._log(logical_id, known.physical_id if known else "", resource.type, doing, why)
            raise Failed(logical_id, resource.type, why) from refusal
        self.live[logical_id] = Live(
            type=resource.type,
            made=made,
            properties=properties,
            deletion_policy=resource.deletion_policy,
            replace_policy=resource.replace_policy,
            changed_at=datetime.now(tz=UTC),
        )
        self._log(logical_id, made.physical_id, resource.type, "UPDATE_COMPLETE" if known else "CREATE_COMPLETE", "")

    def _before(self, logical_id: str, known: Live) -> Mapping[str, Any] | None:
        """Properties that a resource really has, as far as they are not those of the template; None: it is gone."""
        from strongroom.twin.cloudformation import drift  # which needs stacks itself

        found = drift.compare(self, logical_id, known)
        if found.status == drift.DELETED:
            return None
        return drift.reverted(known, found) if found.status == drift.MODIFIED else known.properties

    def _changed(self, logical_id: str, known: Live, before: Mapping[str, Any] | None, properties: Mapping[str, Any]) -> Made:
        handler, place = self.handlers[known.type], self.place(logical_id)
        if before is None:
            return handler.create(place, properties)
        return handler.update(place, known.made, before, properties) or self._replace(logical_id, known, place, properties)

    def _replace(self, logical_id: str, known: Live, place: Place, properties: Mapping[str, Any]) -> Made:
        """The new one first: the old one goes when all is done, as AWS does it; a name given in the template is in the way."""
        handler = self.handlers[known.type]
        names = {value for key, value in known.properties.items() if key.endswith("Name")}
        if names & {value for key, value in properties.items() if key.endswith("Name")} & {known.physical_id}:
            raise refuse(
                f"CloudFormation cannot update a stack when a custom-named resource requires replacing. "
                f"Rename {known.physical_id} and update the stack again."
            )
        return handler.create(place, properties)

    def _retire(self, logical_id: str, known: Live, *, kept: frozenset[str]) -> None:
        """Remove one of the two of a resource that was replaced: the old one, unless its UpdateReplacePolicy keeps it, or the new one."""
        if known.replace_policy in kept:
            self._log(logical_id, known.physical_id, known.type, "DELETE_SKIPPED", "")
            return
        try:
            self.handlers[known.type].delete(self.place(logical_id), known.made, known.properties)
        except REFUSALS as refusal:  # what could not be removed is the stack's no longer
            self._log(logical_id, known.physical_id, known.type, "DELETE_FAILED", reason(refusal))
        else:
            self._log(logical_id, known.physical_id, known.type, "DELETE_COMPLETE", "")

    def _remove(self, names: tuple[str, ...], *, kept: frozenset[str]) -> Failed | None:
        failed = None
        for logical_id in reversed(names):
            live = self.live[logical_id]
            if live.deletion_policy in kept:
                self._log(logical_id, live.physical_id, live.type, "DELETE_SKIPPED", "")
            else:
                try:
                    self.handlers[live.type].delete(self.place(logical_id), live.made, live.properties)
                except REFUSALS as refusal:
                    self._log(logical_id, live.physical_id, live.type, "DELETE_FAILED", reason(refusal))
                    failed = failed or Failed(logical_id, live.type, reason(refusal))
                    continue
                self._log(logical_id, live.physical_id, live.type, "DELETE_COMPLETE", "")
            del self.live[logical_id]
        return failed

    def _publish(self, scope: Scope) -> None:
        for output in self.outputs:
            self.exports.pop(str(output.get("ExportName")), None)
        self.outputs = []
        for name, body in self.template.outputs.items():
            if body.get("Condition") and not scope.condition(body["Condition"]):
                continue
            try:
                output = {"OutputKey": name, "OutputValue": str(scope.value(body.get("Value")))}
                export = scope.value(body["Export"]["Name"]) if body.get("Export") else ""
            except REFUSALS as refusal:
                raise Failed(name, "Output", reason(refusal)) from refusal
            if body.get("Description"):
                output["Description"] = str(body["Description"])
            if export:
                if export in self.exports:
                    raise Failed(name, "Output", f"Export with name {export} is already exported by another stack.")
                self.exports[export] = output["OutputValue"]
                output["ExportName"] = str(export)
            self.outputs.append(output)

    def _scope(self, template: Template, values: Mapping[str, Any]) -> Scope:
        pseudo = {
            "AWS::AccountId": self.account,
            "AWS::Region": self.region,
            "AWS::Partition": "aws",
            "AWS::StackId": self.id,
            "AWS::StackName": self.name,
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NotificationARNs": [],
        }
        return Scope(template=template, parameters=values, pseudo=pseudo, resources=self.live, exports=self.exports)

    def place(self, logical_id: str) -> Place:
        """Where a resource of the stack lives."""
        suffix = hashlib.sha256(f"{self.id}/{logical_id}".encode()).hexdigest()[:12].upper()
        return Place(
            account=self.account,
            region=self.region,
            stack_id=self.id,
            stack_name=self.name,
            logical_id=logical_id,
            generated_name=f"{self.name}-{logical_id}-{suffix}",
            tags=self.tags,
        )

    def _finish(self, status: str) -> None:
        self.status, self.polls_left = status, POLLS
        if status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            self.status_reason = ""
        self._note(status, self.status_reason)

    def _note(self, status: str, why: str) -> None:
        self._log(self.name, self.id, "AWS::CloudFormation::Stack", status, why)

    def _log(self, logical_id: str, physical_id: str, kind: str, status: str, why: str) -> None:
        self.events.append(
            Event(logical_id=logical_id, physical_id=physical_id, type=kind, status=status, reason=why, at=datetime.now(tz=UTC))
        )


def order(template: Template, scope: Scope) -> tuple[str, ...]:
    """Resources whose condition holds, each after those that it refers to or depends on."""
    wanted = {name: each for name, each in template.resources.items() if not each.condition or scope.condition(each.condition)}
    done: dict[str, None] = {}

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in done:
            return
        if name in trail:
            raise refuse(f"Circular dependency between resources: [{', '.join(trail[trail.index(name) :])}]")
        for needed in _needs(wanted[name]):
            if needed in wanted:
                visit(needed, (*trail, name))
        done[name] = None

    for name in wanted:
        visit(name, ())
    return tuple(done)


def check_references(template: Template) -> None:
    """Refuse names that a template uses and does not have."""
    known = {*template.parameters, *template.resources, *PSEUDO}
    for section, nodes in (("Resources", template.resources.values()), ("Outputs", template.outputs.values())):
        wanted = {name for node in nodes for name in (_needs(node) if isinstance(node, Resource) else references(node))}
        missing = sorted(wanted - known)
        if missing:
            raise refuse(
                f"Template format error: Unresolved resource dependencies [{', '.join(missing)}] in the {section} block of the template"
            )
    for name, resource in template.resources.items():
        if resource.condition and resource.condition not in template.conditions:
            raise refuse(f"Template format error: Unresolved condition dependency {resource.condition} for resource {name}")


def _needs(resource: Resource) -> Iterator[str]:
    yield from resource.depends_on
    yield from references(resource.properties)
