"""AWS::RAM::ResourceShare."""

from collections.abc import Mapping
from typing import Any

from strongroom.twin.cloudformation.handlers import Made, Place
from strongroom.twin.cloudformation.served import Served, own_tags, wanted_tags


class ResourceShare(Served):
    """Ref and the attribute Arn are the ARN."""

    service = "ram"
    required = frozenset({"Name"})
    optional = frozenset({"AllowExternalPrincipals", "PermissionArns", "Principals", "ResourceArns", "Tags"})

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """CreateResourceShare."""
        self.check(properties)
        tags = wanted_tags(place, properties)
        share = self.ask(
            place,
            "CreateResourceShare",
            name=properties["Name"],
            allowExternalPrincipals=properties.get("AllowExternalPrincipals", True),
            permissionArns=properties.get("PermissionArns") or [],
            principals=properties.get("Principals") or [],
            resourceArns=properties.get("ResourceArns") or [],
            tags=_pairs(tags),
        )["resourceShare"]
        arn = share["resourceShareArn"]
        return Made(physical_id=arn, attributes={"Arn": arn}, model=tags)

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """UpdateResourceShare, AssociateResourceShare and DisassociateResourceShare, permissions and tags."""
        share = {"resourceShareArn": made.physical_id}
        names = ("Name", "AllowExternalPrincipals")
        if any(old.get(name) != new.get(name) for name in names):
            external = new.get("AllowExternalPrincipals", True)
            self.ask(place, "UpdateResourceShare", **share, name=new["Name"], allowExternalPrincipals=external)
        actual = self.read(place, made, new) or {}
        come, gone = _differences(actual, new), _differences(new, actual)
        if any(gone.values()):
            self.ask(place, "DisassociateResourceShare", **share, **gone)
        if any(come.values()):
            self.ask(place, "AssociateResourceShare", **share, **come)
        for arn in new.get("PermissionArns") or ():
            if arn not in actual.get("PermissionArns", ()):
                self.ask(place, "AssociateResourceSharePermission", **share, permissionArn=arn, replace=True)
        tags = wanted_tags(place, new)
        missing = sorted(set(made.model) - set(tags))
        if missing:
            self.ask(place, "UntagResource", **share, tagKeys=missing)
        if tags:
            self.ask(place, "TagResource", **share, tags=_pairs(tags))
        made.model = tags

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteResourceShare."""
        self.remove(place, "DeleteResourceShare", resourceShareArn=made.physical_id)

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """GetResourceShares, GetResourceShareAssociations and ListResourceSharePermissions."""
        answer = self.found(place, "GetResourceShares", resourceOwner="SELF", resourceShareArns=[made.physical_id])
        share = next((each for each in (answer or {}).get("resourceShares", ()) if each["status"] == "ACTIVE"), None)
        if share is None:
            return None
        tags = {tag["key"]: tag["value"] for tag in share.get("tags", ())}
        permissions = self.ask(place, "ListResourceSharePermissions", resourceShareArn=made.physical_id)["permissions"]
        return {
            "Name": share["name"],
            "AllowExternalPrincipals": share["allowExternalPrincipals"],
            "Principals": self._associated(place, made, "PRINCIPAL"),
            "ResourceArns": self._associated(place, made, "RESOURCE"),
            "PermissionArns": [each["arn"] for each in permissions],
            "Tags": own_tags(place, properties, tags),
        }

    def _associated(self, place: Place, made: Made, kind: str) -> list[str]:
        asked = {"associationType": kind, "resourceShareArns": [made.physical_id]}
        found = self.ask(place, "GetResourceShareAssociations", **asked)["resourceShareAssociations"]
        return [each["associatedEntity"] for each in found if each["status"] not in {"DISASSOCIATED", "FAILED"}]


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[str]]:
    """What `after` has and `before` has not."""
    members = {"Principals": "principals", "ResourceArns": "resourceArns"}
    return {theirs: [each for each in after.get(ours) or () if each not in (before.get(ours) or ())] for ours, theirs in members.items()}


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]
