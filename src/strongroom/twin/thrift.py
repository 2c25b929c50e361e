"""What moto and botocore do again and again, and the twin pays for once. Import before anything of moto.

Measured at the start of the three-tiers example: 4.6 s without, 2.5 s with.
"""

import functools
import os
from collections.abc import Callable
from typing import Any

from botocore.loaders import JSONFileLoader

# 1,300 machine images in each account and Region where EC2 is used: 80 ms each. Nothing here starts instances from them.
os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")


_load_file = JSONFileLoader.load_file


@functools.cache
def _read_once(path: str) -> Any:
    return _load_file(JSONFileLoader(), path)


def _load(loader: JSONFileLoader, file_path: str) -> Any:
    # Models of services are not shared: botocore's handlers change them (S3 loses {Bucket} from its paths), moto's are its own.
    return _read_once(file_path) if file_path.endswith("endpoints") else _load_file(loader, file_path)


# Each boto3 session reads the endpoints of all services again, and importing moto's EC2 makes a dozen sessions.
JSONFileLoader.load_file = _load


class _LateKeyPair:
    """A key pair that is made when somebody uses it."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = functools.cache(make)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._make(), name)


def spare_private_keys() -> None:
    """Let symmetric KMS keys have no RSA key pair, which takes 30 to 300 ms to make and is never used."""
    from moto.kms import models

    make = models.generate_private_key

    def late(key_spec: str) -> Any:
        return _LateKeyPair(lambda: make(key_spec)) if key_spec == "SYMMETRIC_DEFAULT" else make(key_spec)

    models.generate_private_key = late
