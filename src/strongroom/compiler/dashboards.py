"""The CloudWatch dashboard of a strategy: jobs of all accounts by Region, alarms, and what waits in the queue.

CloudWatch shows another account's metrics only where accounts are linked. The rules of the central bus count the events of all of them,
so that the dashboard needs no such link.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from strongroom.compiler.canonical import canonical_json
from strongroom.compiler.template import Json
from strongroom.compiler.watch_places import bus_name
from strongroom.domain.estate import Estate
from strongroom.domain.names import AccountId, Region, partition_of

_Metric = list[str | Json]
WIDTH, HEIGHT = 6, 6  # of a widget, in the 24 columns of a dashboard
_ROWS: Final = (
    ("Backup jobs", ("completed", "with-issues", "failed", "expired")),
    ("Copy jobs", ("copy-completed", "copy-failed")),
    ("Restores", ("restore-completed", "restore-failed")),
)


def dashboard(estate: Estate, account: AccountId, *, alarms: Sequence[str]) -> Json:
    """Return the dashboard as a resource; `alarms` are names of alarms in the home Region."""
    return {
        "Type": "AWS::CloudWatch::Dashboard",
        "Properties": {
            "DashboardName": f"{estate.name}-backups",
            "DashboardBody": canonical_json({"widgets": list(_widgets(estate, account, alarms))}),
        },
    }


def _widgets(estate: Estate, account: AccountId, names: Sequence[str]) -> Iterator[Json]:
    home = estate.organization.home_region
    alarms: Json = {"title": "Alarms", "alarms": [f"arn:{partition_of(home)}:cloudwatch:{home}:{account}:alarm:{name}" for name in names]}
    yield {"type": "alarm", "x": 0, "y": 0, "width": 24, "height": 2, "properties": alarms}
    for row, region in enumerate(estate.organization.regions):
        for column, properties in enumerate(_of_region(estate, region)):
            place = {"x": column * WIDTH, "y": 2 + row * HEIGHT, "width": WIDTH, "height": HEIGHT}
            yield {"type": "metric", **place, "properties": properties}


def _of_region(estate: Estate, region: Region) -> Iterator[Json]:
    for title, rules in _ROWS:
        metrics: list[_Metric] = [
            ["AWS/Events", "MatchedEvents", "EventBusName", bus_name(estate), "RuleName", rule, {"label": rule}] for rule in rules
        ]
        yield _graph(f"{title}, {region}", region, metrics, "Sum")
    queues = (f"{estate.name}-events", f"{estate.name}-events-lost")
    waiting: list[_Metric] = [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue, {"label": queue}] for queue in queues]
    yield _graph(f"Events waiting, {region}", region, waiting, "Maximum")


def _graph(title: str, region: Region, metrics: list[_Metric], statistic: str) -> Json:
    return {"title": title, "view": "timeSeries", "region": region, "period": 3600, "stat": statistic, "metrics": metrics}
