"""AWS::IAM::Role, AWS::IAM::ManagedPolicy and AWS::IAM::Policy on moto's IAM, whose own types attach and update too little."""

import json
from collections.abc import Mapping
from typing import Any

from moto.iam.models import IAMBackend, iam_backends

from strongroom.twin.cloudformation.handlers import REFUSALS, Made, Place, check_properties, tag_mapping
from strongroom.twin.ports import ApiError

_ROLE = frozenset({"Description", "ManagedPolicyArns", "MaxSessionDuration", "Path", "PermissionsBoundary", "Policies", "RoleName", "Tags"})
_MANAGED = frozenset({"Description", "Groups", "ManagedPolicyName", "Path", "Roles", "Users"})
_INLINE = frozenset({"Roles"})
_VERSIONS_MAX = 5


class Role:
    """Ref is the name; the attributes are Arn and RoleId."""

    fixed = ("RoleName", "Path")
    _required = frozenset({"AssumeRolePolicyDocument"})

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """CreateRole; names are unique in an account, so that a template for two Regions collides with itself."""
        check_properties(properties, required=self._required, optional=_ROLE)
        name = str(properties.get("RoleName") or place.generated_name[-64:])
        backend = _backend(place)
        if any(role.name == name for role in backend.roles.values()):
            raise ApiError("EntityAlreadyExists", f"Role with name {name} already exists.")
        role = backend.create_role(
            role_name=name,
            assume_role_policy_document=_document(properties["AssumeRolePolicyDocument"]),
            path=properties.get("Path", "/"),
            permissions_boundary=properties.get("PermissionsBoundary"),
            description=properties.get("Description", ""),
            tags=_tags(place, properties),
            max_session_duration=str(properties.get("MaxSessionDuration", 3600)),
        )
        made = Made(physical_id=name, attributes={"Arn": role.arn, "RoleId": role.id})
        try:
            _policies(backend, name, {}, properties)
        except REFUSALS:
            self.delete(place, made, properties)
            raise
        return made

    def update(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> Made | None:
        """Everything but name and path changes in place."""
        check_properties(new, required=self._required, optional=_ROLE)
        if any(old.get(name) != new.get(name) for name in self.fixed):
            return None
        backend, name = _backend(place), made.physical_id
        backend.update_assume_role_policy(name, _document(new["AssumeRolePolicyDocument"]))
        role = backend.get_role(name)
        role.description = new.get("Description", "")
        role.max_session_duration = str(new.get("MaxSessionDuration", 3600))
        role.permissions_boundary_arn = new.get("PermissionsBoundary")
        role.tags = _tags(place, new)
        _policies(backend, name, old, new)
        return made

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteRole, after its policies."""
        backend = _backend(place)
        role = next((role for role in backend.roles.values() if role.name == made.physical_id), None)
        if role is None:
            return
        for arn in list(role.managed_policies):
            backend.detach_role_policy(arn, role.name)
        role.policies.clear()
        backend.delete_role(role.name)

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """The role as IAM has it, with its policies."""
        role = next((role for role in _backend(place).roles.values() if role.name == made.physical_id), None)
        if role is None:
            return None
        mine = tag_mapping(properties.get("Tags"))
        return {
            "AssumeRolePolicyDocument": role.assume_role_policy_document,
            "Description": role.description,
            "ManagedPolicyArns": list(role.managed_policies),
            "MaxSessionDuration": role.max_session_duration,
            "Path": role.path,
            "PermissionsBoundary": role.permissions_boundary_arn,
            "Policies": [{"PolicyName": name, "PolicyDocument": document} for name, document in role.policies.items()],
            "RoleName": role.name,
            "Tags": [tag for tag in role.tags or () if tag["Key"] in mine or place.tags.get(tag["Key"]) != tag["Value"]],
        }


class ManagedPolicy:
    """Ref is the ARN."""

    fixed = ("ManagedPolicyName", "Path", "Description")
    _required = frozenset({"PolicyDocument"})

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """CreatePolicy, attached to its roles."""
        check_properties(properties, required=self._required, optional=_MANAGED)
        backend = _backend(place)
        policy = backend.create_policy(
            description=properties.get("Description", ""),
            path=properties.get("Path", "/"),
            policy_document=_document(properties["PolicyDocument"]),
            policy_name=str(properties.get("ManagedPolicyName") or place.generated_name),
            tags=[],
        )
        _attach(backend, policy.arn, (), properties.get("Roles", ()))
        return Made(physical_id=policy.arn, attributes={"PolicyArn": policy.arn, "PolicyId": policy.id})

    def update(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> Made | None:
        """A new document becomes the default version; the oldest version makes room."""
        check_properties(new, required=self._required, optional=_MANAGED)
        if any(old.get(name) != new.get(name) for name in self.fixed):
            return None
        backend = _backend(place)
        if old["PolicyDocument"] != new["PolicyDocument"]:
            versions = backend.get_policy(made.physical_id).versions
            if len(versions) >= _VERSIONS_MAX:
                versions.remove(next(version for version in versions if not version.is_default))
            backend.create_policy_version(made.physical_id, _document(new["PolicyDocument"]), "true")
        _attach(backend, made.physical_id, old.get("Roles", ()), new.get("Roles", ()))
        return made

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeletePolicy, after it was detached from the stack's roles."""
        backend = _backend(place)
        if made.physical_id in backend.managed_policies:
            _attach(backend, made.physical_id, properties.get("Roles", ()), ())
            backend.managed_policies.pop(made.physical_id)

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """The default version of the policy, and the roles that have it."""
        backend = _backend(place)
        policy = backend.managed_policies.get(made.physical_id)
        if policy is None:
            return None
        default = next(version for version in policy.versions if version.is_default)
        return {
            "Description": policy.description,
            "ManagedPolicyName": policy.name,
            "Path": policy.path,
            "PolicyDocument": default.document,
            "Roles": [role.name for role in backend.roles.values() if made.physical_id in role.managed_policies],
        }


class InlinePolicy:
    """AWS::IAM::Policy for roles; Ref is a generated name."""

    _required = frozenset({"PolicyDocument", "PolicyName"})

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """PutRolePolicy for each role."""
        check_properties(properties, required=self._required, optional=_INLINE)
        for role in properties.get("Roles", ()):
            _backend(place).put_role_policy(role, properties["PolicyName"], _document(properties["PolicyDocument"]))
        return Made(physical_id=place.generated_name)

    def update(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> Made | None:
        """Written again everywhere."""
        check_properties(new, required=self._required, optional=_INLINE)
        self.delete(place, made, old)
        for role in new.get("Roles", ()):
            _backend(place).put_role_policy(role, new["PolicyName"], _document(new["PolicyDocument"]))
        return made

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteRolePolicy for each role that is still there."""
        for role in _backend(place).roles.values():
            if role.name in properties.get("Roles", ()):
                role.policies.pop(properties["PolicyName"], None)

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """The policy of the roles that have it: of the first where it is another one, if there is one."""
        name, wanted = properties["PolicyName"], _document(properties["PolicyDocument"])
        having = [role for role in _backend(place).roles.values() if role.name in properties.get("Roles", ()) and name in role.policies]
        if not having:
            return None
        other = next((role.policies[name] for role in having if json.loads(role.policies[name]) != json.loads(wanted)), wanted)
        return {"PolicyName": name, "PolicyDocument": other, "Roles": [role.name for role in having]}


def _backend(place: Place) -> IAMBackend:
    return iam_backends[place.account]["aws"]


def _document(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _tags(place: Place, properties: Mapping[str, Any]) -> list[dict[str, str]]:
    tags = dict(place.tags) | tag_mapping(properties.get("Tags"))
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _policies(backend: IAMBackend, role: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    attached = set(backend.get_role(role).managed_policies)
    for arn in sorted((set(old.get("ManagedPolicyArns", ())) - set(new.get("ManagedPolicyArns", ()))) & attached):
        backend.detach_role_policy(arn, role)
    for arn in new.get("ManagedPolicyArns", ()):
        if arn not in attached:
            backend.attach_role_policy(arn, role)
    names = {policy["PolicyName"] for policy in new.get("Policies", ())}
    for policy in old.get("Policies", ()):
        if policy["PolicyName"] not in names:
            backend.get_role(role).policies.pop(policy["PolicyName"], None)
    for policy in new.get("Policies", ()):
        backend.put_role_policy(role, policy["PolicyName"], _document(policy["PolicyDocument"]))


def _attach(backend: IAMBackend, arn: str, old: Any, new: Any) -> None:
    for role in new:
        if arn not in backend.get_role(role).managed_policies:
            backend.attach_role_policy(arn, role)
    for role in set(old) - set(new):
        if any(each.name == role and arn in each.managed_policies for each in backend.roles.values()):
            backend.detach_role_policy(arn, role)
