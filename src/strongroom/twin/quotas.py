"""Service Quotas, and what RDS tells of its own: moto knows the quotas of VPCs alone, and nothing of RDS's.

An increase that is requested is applied at once: AWS decides on some by itself and on others in days.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from strongroom import facts

# AccountQuota in the RDS API reference; the numbers are the defaults of the RDS user guide, quotas and constraints.
_RDS_MAXIMA: Final = {"DBInstances": 40, "DBClusters": 40, "DBSubnetGroups": 50, "AllocatedStorage": 100_000}


def teach_service_quotas() -> None:
    """Let moto's Service Quotas list, tell and raise the quotas of `facts`."""
    from moto.servicequotas.exceptions import NoSuchResource
    from moto.servicequotas.models import ServiceQuotasBackend
    from moto.servicequotas.responses import ServiceQuotasResponse

    def asked(self: Any) -> tuple[facts.Quota, Mapping[str, Any]]:
        wanted = json.loads(self.body)
        for quota in facts.quotas():
            if (quota.service, quota.code) == (wanted.get("ServiceCode"), wanted.get("QuotaCode")):
                return quota, wanted
        raise NoSuchResource

    def list_service_quotas(self: Any) -> str:
        service = json.loads(self.body).get("ServiceCode")
        found = [_shown(quota, self.backend.applied.get(quota.code)) for quota in facts.quotas() if quota.service == service]
        if not found:
            raise NoSuchResource
        return json.dumps({"Quotas": found})

    def get_service_quota(self: Any) -> str:
        quota, _ = asked(self)
        return json.dumps({"Quota": _shown(quota, self.backend.applied.get(quota.code))})

    def get_aws_default_service_quota(self: Any) -> str:
        return json.dumps({"Quota": _shown(asked(self)[0], None)})

    def request_service_quota_increase(self: Any) -> str:
        quota, wanted = asked(self)
        self.backend.applied = {**self.backend.applied, quota.code: wanted["DesiredValue"]}
        told = {"ServiceCode": quota.service, "QuotaCode": quota.code, "QuotaName": quota.name, "DesiredValue": wanted["DesiredValue"]}
        return json.dumps({"RequestedQuota": {**told, "Status": "APPROVED"}})

    ServiceQuotasBackend.applied = {}
    for operation in (list_service_quotas, get_service_quota, get_aws_default_service_quota, request_service_quota_increase):
        setattr(ServiceQuotasResponse, operation.__name__, operation)


def _shown(quota: facts.Quota, applied: float | None) -> dict[str, Any]:
    told = {"ServiceCode": quota.service, "QuotaCode": quota.code, "QuotaName": quota.name, "Unit": "None", "Adjustable": True}
    return {**told, "GlobalQuota": False, "Value": float(quota.default if applied is None else applied)}


def teach_rds() -> None:
    """DescribeAccountAttributes tells RDS's own quotas, and how much of them is used (RDS API reference)."""
    from moto.core.responses import ActionResult
    from moto.rds.responses import RDSResponse

    def describe_account_attributes(self: Any) -> ActionResult:
        backend = self.backend
        databases = list(backend.databases.values())
        used = {
            "DBInstances": len(databases),
            "DBClusters": len(backend.clusters),
            "DBSubnetGroups": len(backend.subnet_groups),
            "AllocatedStorage": sum(int(database.allocated_storage or 0) for database in databases),
        }
        quotas = [{"AccountQuotaName": name, "Used": used[name], "Max": most} for name, most in _RDS_MAXIMA.items()]
        return ActionResult({"AccountQuotas": quotas})

    RDSResponse.describe_account_attributes = describe_account_attributes
