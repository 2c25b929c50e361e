"""What moto, botocore and time-machine do for nothing or again and again. Import before anything of moto.

Measured at the start of the three-tiers example: 4.6 s without, 2.2 s with.
"""

import functools
import os
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from botocore.loaders import JSONFileLoader
from botocore.session import Session
from moto.utilities import utils

if "pytest" not in sys.modules:  # time-machine imports it to offer a fixture: 45 ms
    sys.modules["pytest"] = None  # type: ignore[assignment]  # as if it weren't installed
    import time_machine  # noqa: F401

    del sys.modules["pytest"]

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

_available_regions = Session.get_available_regions


def _regions(session: Any, service_name: str, partition_name: str = "aws", allow_non_regional: bool = False) -> list[str]:  # noqa: FBT001, FBT002
    if service_name != "ec2":
        found: list[str] = _available_regions(session, service_name, partition_name, allow_non_regional)
        return found
    resolver = session._get_internal_component("endpoint_resolver")
    regions: list[str] = resolver.get_available_endpoints("ec2", partition_name, allow_non_regional)
    return regions


# Importing moto's EC2 asks three times for its Regions, and botocore reads the whole model of EC2 each time, only to learn that its
# endpoint is called ec2: 150 ms.
Session.get_available_regions = _regions


_load_resource = utils.load_resource


class _LateOfferings(list[dict[str, Any]]):
    """The instance types that a Region offers, read when somebody asks; the first look is moto's, on import."""

    def __init__(self, resource: str) -> None:
        super().__init__()
        self._resource, self._looks = resource, 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        self._looks += 1
        if self._looks > 1 and not len(self):
            place = self._resource.split("/")[-2]  # the kind of place, which moto wants to see in each
            self.extend(each | {"LocationType": place} for each in _load_resource(self._resource))
        return super().__iter__()


def _resource(resource: str) -> Any:
    return _LateOfferings(resource) if "/instance_type_offerings/" in resource else _load_resource(resource)


# Importing moto's EC2 reads what each Region offers, 90 files: 75 ms.
utils.load_resource = _resource

_OPENAPI = ("openapi_spec_validator", "openapi_spec_validator.validation", "openapi_spec_validator.validation.exceptions")


def _validate(document: Any) -> None:
    """Check a document with the library that stands aside until somebody imports one into API Gateway."""
    for name in _OPENAPI:
        del sys.modules[name]
    from moto.apigateway import models
    from openapi_spec_validator import validate
    from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

    models.validate, models.OpenAPIValidationError = validate, OpenAPIValidationError
    validate(document)


def _spare_openapi() -> None:
    """Let moto's CloudFormation, which imports API Gateway, do without a library that takes 70 ms to import."""
    if not any(name in sys.modules for name in (*_OPENAPI, "moto.apigateway.models")):
        package, validation, exceptions = map(ModuleType, _OPENAPI)
        vars(package)["validate"] = _validate
        vars(exceptions)["OpenAPIValidationError"] = ValueError
        sys.modules.update(zip(_OPENAPI, (package, validation, exceptions), strict=True))


_spare_openapi()


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


def remember_methods() -> None:
    """Let moto list the methods of a service's class once, not at each request, where it takes a tenth of the answer."""
    from moto.core import responses

    responses.method_names_from_class = functools.cache(responses.method_names_from_class)
