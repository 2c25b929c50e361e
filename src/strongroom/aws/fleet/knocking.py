"""Looking whether Regions answer at all, before everybody asks them: a silent one costs its time-outs once, and all know it."""

import threading
from collections.abc import Sequence
from functools import partial

from strongroom.aws import crew
from strongroom.aws.sessions import Sessions
from strongroom.errors import AwsRefused, NoCredentials

DOORS = (("backup", "describe_global_settings"), ("sts", "get_caller_identity"))  # whoever is refused has been answered
THREADS = 16


def knock(sessions: Sessions, places: Sequence[str]) -> None:
    """Ask each Region twice for next to nothing; `sessions` remember those that never answered. Raises NoCredentials."""
    tasks = [partial(_knock, sessions, region, *door) for region in places for door in DOORS]
    for _ in crew.run(tasks, threads=THREADS, halt=threading.Event()):
        pass


def _knock(sessions: Sessions, region: str, service: str, operation: str) -> tuple[None, list[crew.Task[None]]]:
    try:
        sessions.call(service, region, operation)
    except NoCredentials:
        raise
    except AwsRefused:
        pass
    return None, []
