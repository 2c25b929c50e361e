"""Multi-Region keys, key states, deletion and rotation as KMS has them, put over moto's classes.

moto copies a key and knows one state for all operations. Here each replica has a policy, grants, aliases, tags, description and state
of its own; a primary waits for its replicas; keys whose day has come are gone.
Source: https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html and key-state.html
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.utils import unix_time, utcnow
from moto.kms import models
from moto.kms.exceptions import NotFoundException
from moto.kms.models import Key, KmsBackend, kms_backends
from moto.kms.responses import KmsResponse

from strongroom import facts

PENDING, WAITING = "PendingDeletion", "PendingReplicaDeletion"
_MULTI_REGION_ID = re.compile(r"mrk-[0-9a-f]{32}")
_WINDOW_DAYS = 30  # unless a request says otherwise
_WINDOW_MIN, _WINDOW_MAX = 7, 30
_PERIOD_DAYS, _PERIOD_MIN, _PERIOD_MAX = 365, 90, 2560  # of rotation: KMS API reference, EnableKeyRotation
# Operations that a key which waits for its deletion doesn't do; those which a disabled one doesn't do are marked.
_STATES = {
    "cancel_key_deletion": False,
    "create_grant": True,
    "disable_key": False,
    "disable_key_rotation": True,
    "enable_key": False,
    "enable_key_rotation": True,
    "replicate_key": True,
    "schedule_key_deletion": False,
    "tag_resource": False,
    "untag_resource": False,
    "update_key_description": False,
    "update_primary_region": True,
}


def amend() -> None:
    """Change moto's KMS; once a process, before the first call."""
    _name()
    _replicate()
    _describe()
    _states()
    _delete()
    _rotate()
    KmsResponse.update_primary_region = _update_primary_region
    setup = KmsResponse.call_action

    def call_action(self: Any) -> Any:
        bury(self.current_account)
        return setup(self)

    KmsResponse.call_action = call_action


def bury(account: str) -> None:
    """Delete the keys of an account whose waiting period is over; a primary's begins when its last replica is gone."""
    now = utcnow()
    regions = dict.items(kms_backends[account]) if account in kms_backends else ()
    due = [(key.deletion_date, key, backend) for _, backend in regions for key in backend.keys.values() if _is_due(key, now)]
    for at, key, backend in sorted(due, key=lambda each: each[0]):
        for alias in list(key.aliases):
            backend.delete_alias(alias)
        backend.delete_key(key.id)
        if key.multi_region:
            _forget(key, at)


def related(key: Any) -> Iterator[Any]:
    """Yield the keys of a multi-Region family that are there, the primary first."""
    family = key.multi_region_configuration
    for each in (family["PrimaryKey"], *family["ReplicaKeys"]):
        found = kms_backends[key.account_id][each["Region"]].keys.get(key.id)
        if found is not None:
            yield found


def is_primary(key: Any) -> bool:
    """Whether a key is no replica of another one."""
    return not key.multi_region or bool(key.multi_region_configuration["PrimaryKey"]["Arn"] == key.arn)


def rotate_every(key: Any, days: int) -> None:
    """Set the period of a key's rotation, which begins anew."""
    if getattr(key, "rotation_period_days", None) != days or not key.key_rotation_status:
        key.rotation_period_days, key.rotation_began_at = days, unix_time()


def rotation_days(key: Any) -> int:
    """Return the period of a key's rotation."""
    return int(getattr(key, "rotation_period_days", _PERIOD_DAYS))


def _is_due(key: Any, now: Any) -> bool:
    return key.key_state == PENDING and key.deletion_date is not None and key.deletion_date <= now


def _forget(key: Any, at: Any) -> None:
    """Take a deleted replica from its family; without any left, a primary that waited for them begins its own period."""
    family = key.multi_region_configuration
    family["ReplicaKeys"][:] = [each for each in family["ReplicaKeys"] if each["Arn"] != key.arn]
    primary = kms_backends[key.account_id][family["PrimaryKey"]["Region"]].keys.get(key.id)
    if primary is not None and primary.key_state == WAITING and not family["ReplicaKeys"]:
        primary.key_state, primary.deletion_date = PENDING, at + timedelta(days=primary.pending_window_days)


def _name() -> None:
    """The id of a multi-Region key is mrk- and 32 digits; moto's has hyphens too, and then doesn't fit into its own ciphertexts."""
    generate, validate = models.generate_key_id, KmsResponse._validate_cmk_id

    def generate_key_id(*arguments: Any, **named: Any) -> str:
        made: str = generate(*arguments, **named)
        return f"mrk-{made.removeprefix('mrk-').replace('-', '')}" if made.startswith("mrk-") else made

    def validate_cmk_id(self: Any, key_id: str) -> None:
        if not _MULTI_REGION_ID.fullmatch(key_id):
            validate(self, key_id)
        elif key_id not in self.kms_backend.keys:
            raise NotFoundException(f"Key '{self._display_arn(key_id)}' does not exist")

    models.generate_key_id, KmsResponse._validate_cmk_id = generate_key_id, validate_cmk_id


def _replicate() -> None:
    replicate = KmsBackend.replicate_key

    def replicate_key(backend: Any, key_id: str, replica_region: str) -> Any:
        key = backend.keys[backend.get_key_id(key_id)]
        if not key.multi_region:
            raise _unsupported(f"{key.arn} is not a multi-Region key.")
        if not is_primary(key):
            raise _unsupported(f"{key.arn} is not a multi-Region primary key.")
        if replica_region not in facts.regions():
            raise JsonRESTError("ValidationException", f"{replica_region} is not a valid region.")
        if key.id in kms_backends[backend.account_id][replica_region].keys:
            arn = key.arn.replace(f":{key.region}:", f":{replica_region}:")
            raise JsonRESTError("AlreadyExistsException", f"Unable to replicate key because it already exists in region: {arn}")
        made = replicate(backend, key.id, replica_region)
        made.grants, made.aliases, made.rotations, made.policy = {}, {}, [], made.generate_default_policy()
        made.description, made.creation_date = "", unix_time()
        return made

    def response(self: Any) -> str:
        self._validate_key_id(self._get_param("KeyId"))
        region, tags = self._get_param("ReplicaRegion"), self._get_param("Tags") or []
        made = self.kms_backend.replicate_key(self._get_param("KeyId"), region)
        made.policy = self._get_param("Policy") or made.policy
        made.description = self._get_param("Description") or ""
        if tags:
            kms_backends[self.current_account][region].tagger.tag_resource(made.id, tags)
        return json.dumps({"ReplicaKeyMetadata": made.to_dict()["KeyMetadata"], "ReplicaPolicy": made.policy, "ReplicaTags": tags})

    KmsBackend.replicate_key, KmsResponse.replicate_key = replicate_key, response


def _describe() -> None:
    described = Key.to_dict

    def to_dict(key: Any) -> dict[str, Any]:
        found: dict[str, Any] = described(key)
        metadata = found["KeyMetadata"]
        family = metadata.get("MultiRegionConfiguration")
        if family:  # one for all of them, so that each says for itself what it is
            metadata["MultiRegionConfiguration"] = {**family, "MultiRegionKeyType": "PRIMARY" if is_primary(key) else "REPLICA"}
        if key.key_state == WAITING:
            metadata["PendingDeletionWindowInDays"] = key.pending_window_days
        return found

    Key.to_dict = to_dict


def _states() -> None:
    for name, enabled_only in _STATES.items():
        if hasattr(KmsResponse, name):
            setattr(KmsResponse, name, _in_state(getattr(KmsResponse, name), name, enabled_only=enabled_only))


def _in_state(method: Callable[[Any], str], name: str, *, enabled_only: bool) -> Callable[[Any], str]:
    def checked(self: Any) -> str:
        given = self._get_param("KeyId") or ""
        key = self.kms_backend.keys.get(self.kms_backend.get_key_id(given))
        if key is not None:
            _check_state(key, name, enabled_only=enabled_only)
        return method(self)

    return checked


def _check_state(key: Any, name: str, *, enabled_only: bool) -> None:
    if name == "cancel_key_deletion":
        if key.key_state not in {PENDING, WAITING}:
            raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is not pending deletion.")
        return
    if key.key_state in {PENDING, WAITING}:
        waits = "pending deletion" if key.key_state == PENDING else "pending replica deletion"
        raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is {waits}.")
    if enabled_only and key.key_state == "Disabled":
        raise JsonRESTError("DisabledException", f"{key.arn} is disabled.")


def _delete() -> None:
    schedule, cancel = KmsBackend.schedule_key_deletion, KmsBackend.cancel_key_deletion

    def schedule_key_deletion(backend: Any, key_id: str, pending_window_in_days: int) -> Any:
        if not _WINDOW_MIN <= pending_window_in_days <= _WINDOW_MAX:
            bounds = f"between {_WINDOW_MIN} and {_WINDOW_MAX}"
            raise JsonRESTError("ValidationException", f"PendingWindowInDays must be {bounds}, not {pending_window_in_days}.")
        key = backend.keys[backend.get_key_id(key_id)]
        key.pending_window_days = pending_window_in_days
        if key.multi_region and is_primary(key) and key.multi_region_configuration["ReplicaKeys"]:
            key.key_state, key.enabled, key.deletion_date = WAITING, False, None
            return None
        return schedule(backend, key.id, pending_window_in_days)

    def cancel_key_deletion(backend: Any, key_id: str) -> None:
        cancel(backend, key_id)
        backend.keys[backend.get_key_id(key_id)].enabled = False

    def response(self: Any) -> str:
        given, window = self._get_param("KeyId"), self._get_param("PendingWindowInDays")
        self._validate_cmk_id(given)
        date = self.kms_backend.schedule_key_deletion(given, _WINDOW_DAYS if window is None else window)
        key = self.kms_backend.keys[self.kms_backend.get_key_id(given)]
        told = {"KeyId": key.arn, "KeyState": key.key_state, "PendingWindowInDays": key.pending_window_days, "DeletionDate": date}
        return json.dumps({name: value for name, value in told.items() if value is not None})

    def cancelled(self: Any) -> str:
        given = self._get_param("KeyId")
        self._validate_cmk_id(given)
        self.kms_backend.cancel_key_deletion(given)
        return json.dumps({"KeyId": self.kms_backend.keys[self.kms_backend.get_key_id(given)].arn})

    KmsBackend.schedule_key_deletion, KmsBackend.cancel_key_deletion = schedule_key_deletion, cancel_key_deletion
    KmsResponse.schedule_key_deletion = _in_state(response, "schedule_key_deletion", enabled_only=False)
    KmsResponse.cancel_key_deletion = _in_state(cancelled, "cancel_key_deletion", enabled_only=False)


def _rotate() -> None:
    """Rotation is the primary's: set there, and the same for all replicas."""
    for name in ("enable_key_rotation", "disable_key_rotation"):
        setattr(KmsResponse, name, _of_primary(getattr(KmsResponse, name), period=name == "enable_key_rotation"))

    def status(self: Any) -> str:
        given = self._get_param("KeyId")
        self._validate_cmk_id(given)
        key = self.kms_backend.keys[self.kms_backend.get_key_id(given)]
        primary = next(related(key), key) if key.multi_region else key
        told: dict[str, Any] = {"KeyId": key.arn, "KeyRotationEnabled": bool(primary.key_rotation_status)}
        if primary.key_rotation_status and key.key_state not in {PENDING, WAITING}:
            days = rotation_days(primary)
            told |= {"RotationPeriodInDays": days, "NextRotationDate": _next_rotation(primary, days)}
        return json.dumps(told)

    KmsResponse.get_key_rotation_status = status


def _next_rotation(key: Any, days: int) -> float:
    since = float(getattr(key, "rotation_began_at", key.creation_date))
    period = days * 86_400
    return since + period * (int((unix_time() - since) // period) + 1)


def _of_primary(method: Callable[[Any], str], *, period: bool) -> Callable[[Any], str]:
    def checked(self: Any) -> str:
        given = self._get_param("KeyId")
        self._validate_cmk_id(given)
        key = self.kms_backend.keys[self.kms_backend.get_key_id(given)]
        if not is_primary(key):
            raise _unsupported(f"{key.arn} is a multi-Region replica key: rotation is set on its primary key.")
        days = self._get_param("RotationPeriodInDays") or _PERIOD_DAYS
        if period and not _PERIOD_MIN <= days <= _PERIOD_MAX:
            raise JsonRESTError("ValidationException", f"RotationPeriodInDays must be between {_PERIOD_MIN} and {_PERIOD_MAX}, not {days}.")
        if period:
            rotate_every(key, days)
        return method(self)

    return checked


def _update_primary_region(self: Any) -> str:
    """UpdatePrimaryRegion: a replica becomes the primary, and the primary a replica; policies and states stay where they are."""
    given, region = self._get_param("KeyId"), self._get_param("PrimaryRegion")
    self._validate_cmk_id(given)
    key = self.kms_backend.keys[self.kms_backend.get_key_id(given)]
    _check_state(key, "update_primary_region", enabled_only=True)
    if not key.multi_region or not is_primary(key):
        raise _unsupported(f"{key.arn} is not a multi-Region primary key.")
    if region == key.region:
        raise _unsupported(f"{key.arn} is the multi-Region primary key of {region} already.")
    replica = kms_backends[key.account_id][region].keys.get(key.id)
    if replica is None:
        raise JsonRESTError("NotFoundException", f"There is no replica of {key.arn} in {region}.")
    _check_state(replica, "update_primary_region", enabled_only=True)
    family, rotation = key.multi_region_configuration, key.key_rotation_status
    family["ReplicaKeys"][:] = [each for each in family["ReplicaKeys"] if each["Region"] != region]
    family["ReplicaKeys"].append(dict(family["PrimaryKey"]))
    family["PrimaryKey"] = {"Arn": replica.arn, "Region": region}
    replica.key_rotation_status, key.key_rotation_status = rotation, False
    for name in ("rotation_period_days", "rotation_began_at"):
        if hasattr(key, name):
            setattr(replica, name, getattr(key, name))
    return json.dumps(None)


def _unsupported(message: str) -> JsonRESTError:
    return JsonRESTError("UnsupportedOperationException", message)
