"""What moto says differently from AWS, put right where Strongroom looks."""

from collections.abc import Callable
from typing import Any


def apply() -> None:
    """Change moto's classes; once a process, before the first call."""
    _managed_keys()
    _keys_by_arn()


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
    """KMS takes a key's ARN wherever it takes its id (KMS API reference, KeyId); moto looks these four up by id alone."""
    from moto.kms.models import KmsBackend

    for name in ("disable_key", "enable_key", "cancel_key_deletion", "schedule_key_deletion"):
        setattr(KmsBackend, name, _by_arn(getattr(KmsBackend, name)))


def _by_arn(method: Callable[..., Any]) -> Callable[..., Any]:
    def looked_up(backend: Any, key_id: str, *others: Any, **more: Any) -> Any:
        return method(backend, backend.get_key_id(key_id), *others, **more)

    return looked_up
