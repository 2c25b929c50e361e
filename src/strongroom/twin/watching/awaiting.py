"""Which alarms wait for which metric, and when each is looked at next.

An alarm is looked at when data arrive and when time lets them move to another of its periods, not every minute: a year without data
costs nothing.
"""

from datetime import datetime
from typing import Any

from strongroom.twin.backup.inventory import backend_of
from strongroom.twin.backup.state import World
from strongroom.twin.watching import composites
from strongroom.twin.watching.book import Where

KEY = "alarms"
Waiting = dict[tuple[str, str], list[Any]]  # namespace and metric -> moto's alarms


def alarms(world: World, where: Where) -> Waiting:
    """Return the alarms of an account and Region by what they wait for; read once while the clock moves."""
    found: Waiting | None = world.facts.get((KEY, where))
    if found is None:
        found = world.facts[KEY, where] = _read(where)
    return found


def _read(where: Where) -> Waiting:
    backend = backend_of("cloudwatch", *where)
    found: Waiting = {}
    for alarm in () if backend is None else backend.alarms.values():
        for metric in watched(alarm):
            found.setdefault(metric, []).append(alarm)
    return found


def watched(alarm: Any) -> set[tuple[str, str]]:
    """Return namespaces and names of the metrics of an alarm."""
    if alarm.rule is not None:
        return set()
    stats = [query.metric_stat for query in alarm.metric_data_queries if query.metric_stat is not None]
    return {(each.metric.namespace, each.metric.metric_name) for each in stats} or {(alarm.namespace, alarm.metric_name)}


def stir(world: World, where: Where, namespace: str, metric: str, at: datetime) -> None:
    """Let the alarms that wait for a metric be looked at when its data are published."""
    for alarm in alarms(world, where).get((namespace, metric), ()):
        plan(world, alarm, at)


def plan(world: World, alarm: Any, at: datetime) -> None:
    """Let an alarm be looked at at an instant, once."""
    from strongroom.twin.watching.alarms import evaluate

    looks: set[datetime] = vars(alarm).setdefault("looks", set())
    if at not in looks:
        looks.add(at)
        world.clockwork.at(at, evaluate, (*composites.place_of(alarm), alarm.name))


def is_planned(alarm: Any, at: datetime) -> bool:
    """Return whether an alarm is to be looked at now, and take the look off its list; one that was put again has a list of its own."""
    looks: set[datetime] = vars(alarm).get("looks", set())
    planned = at in looks
    looks.discard(at)
    return planned
