"""What moto says differently from AWS, put right where Strongroom looks."""

from typing import Any


def apply() -> None:
    """Change moto's classes; once a process, before the first call."""
    _managed_keys()


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
