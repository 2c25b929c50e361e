"""The state of Audit Manager: frameworks, report plans and report jobs, like the rest of `state`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(slots=True, kw_only=True, eq=False)
class Framework:
    """A framework of controls."""

    serial: int
    name: str
    arn: str
    created_at: datetime
    token: str | None
    description: str | None
    controls: tuple[Mapping[str, Any], ...]  # as they were given
    tags: dict[str, str]
    settled_at: datetime  # before that it is being made, changed or deleted
    settling: str = "CREATE"  # CREATE, UPDATE or DELETE


@dataclass(slots=True, kw_only=True, eq=False)
class ReportPlan:
    """A report plan."""

    serial: int
    name: str
    arn: str
    account: str
    region: str
    created_at: datetime
    token: str | None
    description: str | None
    channel: Mapping[str, Any]
    setting: Mapping[str, Any]
    tags: dict[str, str]
    settled_at: datetime
    settling: str = "CREATE"
    attempted_at: datetime | None = None
    succeeded_at: datetime | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class ReportJob:
    """A report job."""

    serial: int
    job_id: str
    plan: ReportPlan
    template: str
    created_at: datetime
    since: datetime  # the jobs of this period
    until: datetime
    status: str = "CREATED"
    message: str | None = None
    completed_at: datetime | None = None
    keys: tuple[str, ...] = ()
