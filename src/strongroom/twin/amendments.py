"""What moto says differently from AWS, put right where Strongroom looks."""

import json
import re
from collections.abc import Callable
from typing import Any


def apply() -> None:
    """Change moto's classes; once a process, before the first call."""
    from strongroom.twin import multiregion

    _managed_keys()
    _keys_by_arn()
    _unusable_keys()
    _encrypted_buckets()
    _mfa_delete()
    _locks_of_filled_buckets()
    _conditions_of_bucket_policies()
    _all_option_groups()
    _replication_rules()
    _copied_snapshots()
    multiregion.amend()
    _grants()


def _managed_keys() -> None:
    """A key with an alias `alias/aws/…` is managed by AWS: KMS API reference, KeyMetadata.KeyManager. moto says CUSTOMER of all."""
    from moto.kms.models import KmsBackend

    create_alias = KmsBackend.create_alias

    def create(backend: Any, target_key_id: str, alias_name: str) -> Any:
        made = create_alias(backend, target_key_id, alias_name)
        if alias_name.startswith("alias/aws/"):
            backend.describe_key(target_key_id).key_manager = "AWS"
        return made

    KmsBackend.create_alias = create


def _keys_by_arn() -> None:
    """KMS takes a key's ARN wherever it takes its id (KMS API reference, KeyId); moto looks these up by id alone."""
    from moto.kms.models import KmsBackend

    for name in ("disable_key", "enable_key", "cancel_key_deletion", "schedule_key_deletion", "replicate_key"):
        setattr(KmsBackend, name, _by_arn(getattr(KmsBackend, name)))


def _by_arn(method: Callable[..., Any]) -> Callable[..., Any]:
    def looked_up(backend: Any, key_id: str, *others: Any, **more: Any) -> Any:
        return method(backend, backend.get_key_id(key_id), *others, **more)

    return looked_up


_UNUSABLE = {
    "PendingDeletion": ("KMSInvalidStateException", "pending deletion"),
    "PendingReplicaDeletion": ("KMSInvalidStateException", "pending replica deletion"),
}


def _unusable_keys() -> None:
    """Nothing is encrypted or decrypted with a key that is disabled or waits for deletion (KMS developer guide, key states)."""
    from moto.kms.models import KmsBackend

    for name in ("encrypt", "generate_data_key", "sign"):
        setattr(KmsBackend, name, _by_usable_key(getattr(KmsBackend, name), "key_id"))
    for name in ("decrypt", "re_encrypt"):
        setattr(KmsBackend, name, _by_usable_key(getattr(KmsBackend, name), "ciphertext_blob"))


def _by_usable_key(method: Callable[..., Any], argument: str) -> Callable[..., Any]:
    def checked(backend: Any, *arguments: Any, **named: Any) -> Any:
        from moto.core.exceptions import JsonRESTError
        from moto.kms.utils import _deserialize_ciphertext_blob

        first = named.get(argument, arguments[0] if arguments else None)
        if argument == "ciphertext_blob" and first is not None:
            first = _deserialize_ciphertext_blob(first).key_id
        key = backend.keys.get(backend.any_id_to_key_id(first)) if isinstance(first, str) else None
        if key is not None and key.key_state != "Enabled":
            code, state = _UNUSABLE.get(key.key_state, ("DisabledException", "disabled"))
            raise JsonRESTError(code, f"{key.arn} is {state}.")
        return method(backend, *arguments, **named)

    return checked


def _grants() -> None:
    """ListGrants names the key by ARN, says who issued the grant and when, and filters by grantee (KMS API reference, ListGrants)."""
    from moto.core.utils import unix_time
    from moto.kms.models import Grant, Key
    from moto.kms.responses import KmsResponse

    add, shown = Key.add_grant, Grant.to_json

    def add_grant(key: Any, *arguments: Any, **named: Any) -> Any:
        made = add(key, *arguments, **named)
        made.key_id, made.issuer, made.created = key.arn, f"arn:aws:iam::{key.account_id}:root", unix_time()
        return made

    def to_json(grant: Any) -> dict[str, Any]:
        told = {"IssuingAccount": grant.issuer, "CreationDate": grant.created} | shown(grant)
        return {name: value for name, value in told.items() if value is not None}

    def list_grants(self: Any) -> str:
        grants = [grant.to_json() for grant in self.kms_backend.list_grants(self._get_param("KeyId"), self._get_param("GrantId"))]
        wanted = self._get_param("GranteePrincipal")
        chosen = [grant for grant in grants if wanted in {None, grant["GranteePrincipal"]}]
        return json.dumps({"Grants": chosen, "Truncated": False})

    Key.add_grant, Grant.to_json, KmsResponse.list_grants = add_grant, to_json, list_grants


def _encrypted_buckets() -> None:
    """A bucket encrypts with keys of S3's own unless told otherwise: S3 user guide, default bucket encryption. moto says it doesn't."""
    from moto.s3.models import S3Backend

    get_encryption = S3Backend.get_bucket_encryption
    at_first = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}}

    def get(backend: Any, bucket_name: str) -> Any:
        return get_encryption(backend, bucket_name) or at_first

    S3Backend.get_bucket_encryption = get


def _mfa_delete() -> None:
    """MFA delete is a part of a bucket's versioning, set with a code (S3 API reference, PutBucketVersioning); moto forgets it.

    The code is not examined: the twin knows no devices.
    """
    from moto.s3.responses import S3Response

    respond, get_versioning = S3Response._bucket_response_put, S3Response.get_bucket_versioning

    def put(self: Any, request: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:
        answer = respond(self, request, bucket_name, querystring)
        body = self.body.decode("utf-8") if isinstance(self.body, bytes) else self.body
        asked = re.search(r"<MfaDelete>(Enabled|Disabled)</MfaDelete>", body or "")
        if "versioning" in querystring and asked:
            self.backend.get_bucket(bucket_name).mfa_delete = asked.group(1)
        return answer

    def get(self: Any) -> Any:
        told = getattr(self.backend.get_bucket(self.bucket_name), "mfa_delete", "")
        answer = get_versioning(self)
        return _with_member(answer, f"<MfaDelete>{told}</MfaDelete>") if told else answer

    S3Response._bucket_response_put, S3Response.get_bucket_versioning = put, get


def _locks_of_filled_buckets() -> None:
    """Object Lock is enabled for existing buckets too (S3 user guide, Configuring S3 Object Lock); moto wants empty ones."""
    from moto.s3.exceptions import InvalidBucketState
    from moto.s3.models import S3Backend

    def put(backend: Any, bucket_name: str, lock_enabled: Any, *retention: Any) -> None:
        bucket = backend.get_bucket(bucket_name)
        if not bucket.is_versioned:
            raise InvalidBucketState("Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
        bucket.object_lock_enabled = bucket.object_lock_enabled or bool(lock_enabled)
        bucket.default_lock_mode, bucket.default_lock_days, bucket.default_lock_years = retention or (None, None, None)

    S3Backend.put_object_lock_configuration = put


def _with_member(answer: Any, member: str) -> Any:
    """Return an answer of status, headers and body with one more member at the end of its XML."""
    status, headers, body = answer
    return status, headers, re.sub(r"(</[A-Za-z]+>)\s*$", rf"{member}\1", body)


def _conditions_of_bucket_policies() -> None:
    """A statement holds where its condition does (IAM user guide, Condition); moto takes a denial without TLS for one of everything.

    Statements with conditions are left to the evaluator, which `--enforce-iam` asks.
    """
    from moto.iam.access_control import IAMPolicy, PermissionResult
    from moto.s3.models import FakeBucket

    def get_permission(bucket: Any, action: str, resource: str) -> Any:
        document = json.loads(bucket.policy or "{}")
        statements = document.get("Statement", [])
        plain = [each for each in (statements if isinstance(statements, list) else [statements]) if "Condition" not in each]
        if not plain:
            return PermissionResult.NEUTRAL
        return IAMPolicy(json.dumps({**document, "Statement": plain})).is_action_permitted(action, resource)

    FakeBucket.get_permission = get_permission


def _all_option_groups() -> None:
    """DescribeOptionGroups without a name lists them all (RDS API reference); moto fails for want of one."""
    from moto.rds.models import RDSBackend

    describe = RDSBackend.describe_option_groups

    def describe_all(backend: Any, asked: Any) -> Any:
        named = {"option_group_name": None, **asked}
        return describe(backend, named) if named["option_group_name"] or backend.option_groups else []

    RDSBackend.describe_option_groups = describe_all


def _replication_rules() -> None:
    """GetBucketReplication returns rules as they were put (S3 API reference); moto leaves filters and criteria of the source out."""
    from moto.core.responses import ActionResult
    from moto.s3.exceptions import ReplicationConfigurationNotFoundError
    from moto.s3.responses import S3Response

    def get(self: Any) -> Any:
        self.data["Action"] = "GetBucketReplication"
        there = self.backend.get_bucket_replication(self.bucket_name)
        if not there:
            raise ReplicationConfigurationNotFoundError(bucket_name=self.bucket_name)
        rules = [{"DeleteMarkerReplication": {"Status": "Disabled"}, **rule, "Filter": _filter(rule)} for rule in there["Rule"]]
        return self.serialized(ActionResult({"ReplicationConfiguration": {"Role": there["Role"], "Rules": rules}}))

    S3Response.get_bucket_replication = get


def _filter(rule: dict[str, Any]) -> dict[str, Any]:
    """Return the filter of a replication rule, its tags under the name that answers have for them."""
    found = dict(rule.get("Filter") or {"Prefix": ""})
    if "And" in found:
        tags = found["And"].get("Tag") or []
        found["And"] = {**found["And"], "Tags": tags if isinstance(tags, list) else [tags]}
    return found


def _copied_snapshots() -> None:
    """A snapshot that was copied from another Region tells its source (RDS API reference, DBSnapshot); moto forgets it."""
    from moto.rds.models import RDSBackend

    for name, source, told in (
        ("copy_db_snapshot", "source_db_snapshot_identifier", "source_db_snapshot_identifier"),
        ("copy_db_cluster_snapshot", "source_db_cluster_snapshot_identifier", "source_db_cluster_snapshot_arn"),
    ):
        setattr(RDSBackend, name, _telling(getattr(RDSBackend, name), source, told))


def _telling(copy: Callable[..., Any], source: str, told: str) -> Callable[..., Any]:
    def copied(backend: Any, *arguments: Any, **asked: Any) -> Any:
        made = copy(backend, *arguments, **asked)
        of = asked[source] if source in asked else arguments[0]
        if of.startswith("arn:") and f":{made.region}:" not in of:
            setattr(made, told, of)
        return made

    return copied
