"""AWS::S3::Bucket and AWS::S3::BucketPolicy."""

from collections.abc import Callable, Mapping
from typing import Any

from strongroom.twin.cloudformation.handlers import Made, Place, as_bool
from strongroom.twin.cloudformation.lifecycles import bucket_rules, template_rules
from strongroom.twin.cloudformation.served import Served, document, exists, own_tags, pairs, wanted_tags
from strongroom.twin.ports import ApiError

_NAME_MAX = 63
_PARTS = (
    "VersioningConfiguration",
    "BucketEncryption",
    "PublicAccessBlockConfiguration",
    "OwnershipControls",
    "ObjectLockConfiguration",
    "LifecycleConfiguration",
    "LoggingConfiguration",
)


class Bucket(Served):
    """Ref is the name; the attributes are Arn, DomainName, DualStackDomainName, RegionalDomainName and WebsiteURL."""

    service = "s3"
    optional = frozenset({*_PARTS, "BucketName", "ObjectLockEnabled", "Tags"})
    fixed = ("BucketName", "ObjectLockEnabled")

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """CreateBucket, then whatever it is given; a name is unique among all accounts."""
        self.check(properties)
        name = str(properties.get("BucketName") or place.generated_name.lower()[-_NAME_MAX:].lstrip("-"))
        if self.found(place, "HeadBucket", Bucket=name) is not None:
            raise exists("AWS::S3::Bucket", name)
        where = {} if place.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": place.region}}
        locked = as_bool(properties.get("ObjectLockEnabled", False))
        self.ask(place, "CreateBucket", Bucket=name, ObjectLockEnabledForBucket=locked, **where)
        made = Made(physical_id=name, attributes=_attributes(place, name), model={})
        try:
            self.change(place, made, {}, properties)
        except ApiError:
            self.delete(place, made, properties)
            raise
        return made

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Put each part that differs, delete each that is gone."""
        for part in _PARTS:
            if old.get(part) != new.get(part):
                self._put(place, made.physical_id, part, new.get(part))
        tags = wanted_tags(place, new)
        if tags != made.model:
            if tags:
                self.ask(place, "PutBucketTagging", Bucket=made.physical_id, Tagging={"TagSet": pairs(tags)})
            else:
                self.ask(place, "DeleteBucketTagging", Bucket=made.physical_id)
            made.model = tags

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteBucket; S3 refuses one that holds objects."""
        self.remove(place, "DeleteBucket", Bucket=made.physical_id)

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """What S3 says of each part."""
        name = made.physical_id
        if self.found(place, "HeadBucket", Bucket=name) is None:
            return None
        actual = {part: self._get(place, name, part) for part in _PARTS if part in properties}
        tags = self.found(place, "GetBucketTagging", Bucket=name) or {"TagSet": []}
        actual["Tags"] = own_tags(place, properties, {tag["Key"]: tag["Value"] for tag in tags["TagSet"]})
        lock = self.found(place, "GetObjectLockConfiguration", Bucket=name) if "ObjectLockEnabled" in properties else None
        actual |= {"BucketName": name, "ObjectLockEnabled": lock is not None}
        return {part: value for part, value in actual.items() if value is not None}

    def _put(self, place: Place, name: str, part: str, value: Any) -> None:
        match part:
            case "VersioningConfiguration":
                status = value["Status"] if value else "Suspended"
                self.ask(place, "PutBucketVersioning", Bucket=name, VersioningConfiguration={"Status": status})
            case "BucketEncryption" if value:
                rules = [_renamed(rule, _TO_S3) for rule in value["ServerSideEncryptionConfiguration"]]
                self.ask(place, "PutBucketEncryption", Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
            case "PublicAccessBlockConfiguration" if value:
                self.ask(place, "PutPublicAccessBlock", Bucket=name, PublicAccessBlockConfiguration=value)
            case "OwnershipControls" if value:
                self.ask(place, "PutBucketOwnershipControls", Bucket=name, OwnershipControls=value)
            case "ObjectLockConfiguration":
                lock = value or {"ObjectLockEnabled": "Enabled"}
                self.ask(place, "PutObjectLockConfiguration", Bucket=name, ObjectLockConfiguration=lock)
            case "LifecycleConfiguration" if value:
                rules = bucket_rules(value["Rules"])
                self.ask(place, "PutBucketLifecycleConfiguration", Bucket=name, LifecycleConfiguration={"Rules": rules})
            case "LoggingConfiguration":
                status = {"LoggingEnabled": _logging(value, name)} if value else {}
                self.ask(place, "PutBucketLogging", Bucket=name, BucketLoggingStatus=status)
            case _:
                self.remove(place, _DELETIONS[part], Bucket=name)

    def _get(self, place: Place, name: str, part: str) -> Any:
        operation, member = _READINGS[part]
        answer = (self.found(place, operation, Bucket=name) or {}).get(member)
        return _SHOWN.get(part, dict)(answer) if answer else None


class BucketPolicy(Served):
    """Ref is the bucket's name; a bucket has one policy."""

    service = "s3"
    required = frozenset({"Bucket", "PolicyDocument"})
    fixed = ("Bucket",)

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """PutBucketPolicy; refused where the bucket has one."""
        self.check(properties)
        bucket = str(properties["Bucket"])
        if self.found(place, "GetBucketPolicy", Bucket=bucket) is not None:
            raise ApiError("AlreadyExists", f"The bucket policy already exists on bucket {bucket}.")
        made = Made(physical_id=bucket)
        self.change(place, made, {}, properties)
        return made

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """PutBucketPolicy."""
        self.ask(place, "PutBucketPolicy", Bucket=made.physical_id, Policy=document(new["PolicyDocument"]))

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteBucketPolicy."""
        self.remove(place, "DeleteBucketPolicy", Bucket=made.physical_id)

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """GetBucketPolicy."""
        answer = self.found(place, "GetBucketPolicy", Bucket=made.physical_id)
        return None if answer is None else {"Bucket": made.physical_id, "PolicyDocument": answer["Policy"]}


_READINGS = {
    "VersioningConfiguration": ("GetBucketVersioning", "Status"),
    "BucketEncryption": ("GetBucketEncryption", "ServerSideEncryptionConfiguration"),
    "PublicAccessBlockConfiguration": ("GetPublicAccessBlock", "PublicAccessBlockConfiguration"),
    "OwnershipControls": ("GetBucketOwnershipControls", "OwnershipControls"),
    "ObjectLockConfiguration": ("GetObjectLockConfiguration", "ObjectLockConfiguration"),
    "LifecycleConfiguration": ("GetBucketLifecycleConfiguration", "Rules"),
    "LoggingConfiguration": ("GetBucketLogging", "LoggingEnabled"),
}
_DELETIONS = {
    "BucketEncryption": "DeleteBucketEncryption",
    "PublicAccessBlockConfiguration": "DeletePublicAccessBlock",
    "OwnershipControls": "DeleteBucketOwnershipControls",
    "LifecycleConfiguration": "DeleteBucketLifecycle",
}
_TO_S3 = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}  # CloudFormation's names, and the API's
_FROM_S3 = {theirs: ours for ours, theirs in _TO_S3.items()}


def _renamed(members: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in members.items()}


def _logging(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {"TargetBucket": value.get("DestinationBucketName", name), "TargetPrefix": value.get("LogFilePrefix", "")}


def _without_zeros(value: Mapping[str, Any]) -> dict[str, Any]:
    """Without the years of a retention in days, which moto says are none."""
    return {name: _without_zeros(each) if isinstance(each, Mapping) else each for name, each in value.items() if each != 0}


_SHOWN: Mapping[str, Callable[[Any], dict[str, Any]]] = {  # what S3 says of a part, as a template has it
    "VersioningConfiguration": lambda answer: {"Status": answer},
    "BucketEncryption": lambda answer: {"ServerSideEncryptionConfiguration": [_renamed(rule, _FROM_S3) for rule in answer["Rules"]]},
    "ObjectLockConfiguration": _without_zeros,
    "LifecycleConfiguration": lambda answer: {"Rules": template_rules(answer)},
    "LoggingConfiguration": lambda answer: {"DestinationBucketName": answer["TargetBucket"], "LogFilePrefix": answer["TargetPrefix"]},
}


def _attributes(place: Place, name: str) -> dict[str, str]:
    return {
        "Arn": f"arn:aws:s3:::{name}",
        "DomainName": f"{name}.s3.amazonaws.com",
        "DualStackDomainName": f"{name}.s3.dualstack.{place.region}.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.{place.region}.amazonaws.com",
        "WebsiteURL": f"http://{name}.s3-website-{place.region}.amazonaws.com",
    }
