"""The managed policies of AWS exist in every account: moto has their documents, but loads them all or none."""

import json
from functools import lru_cache, wraps
from typing import Any

from moto.iam import models

_ARN = "arn:aws:iam::aws:policy/"
_WRAPPED = ("get_policy", "attach_role_policy", "attach_user_policy", "attach_group_policy")


def install() -> None:
    """Let IAM find a managed policy of AWS the first time that somebody names it."""
    for name in _WRAPPED:
        original = getattr(models.IAMBackend, name)
        if not hasattr(original, "__wrapped__"):
            setattr(models.IAMBackend, name, _finding(original))


def _finding(original: Any) -> Any:
    @wraps(original)
    def method(self: models.IAMBackend, policy_arn: str, *arguments: Any, **named: Any) -> Any:
        _load(self, policy_arn)
        return original(self, policy_arn, *arguments, **named)

    return method


def _load(backend: models.IAMBackend, arn: str) -> None:
    if not arn.startswith(_ARN) or arn in backend.managed_policies:
        return
    path, _, name = arn.removeprefix(_ARN).rpartition("/")
    data = _documents().get(name)
    if data is None or data.get("Path", "/").strip("/") != path:
        return
    backend.managed_policies[arn] = models.AWSManagedPolicy.from_data(name, backend.account_id, backend.region_name, data)


@lru_cache(maxsize=1)
def _documents() -> dict[str, Any]:
    documents: dict[str, Any] = json.loads(models.aws_managed_policies_data)
    return documents
