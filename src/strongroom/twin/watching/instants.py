"""Instants in the steps of CloudWatch, and the belief of other services in them."""

from datetime import UTC, datetime, timedelta

import time_machine

MINUTE = 60  # seconds


def at_instant(at: datetime) -> time_machine.travel:
    """Let other services believe that it is the instant at which something happens, while the clock moves on to a later one."""
    return time_machine.travel(at, tick=False)


def epoch(at: datetime) -> int:
    """Return the whole seconds of an instant."""
    return int(at.timestamp())


def instant(seconds: int) -> datetime:
    """Return the instant of an epoch second."""
    return datetime.fromtimestamp(seconds, UTC)


def next_minute(at: datetime) -> datetime:
    """Return the first whole minute after an instant."""
    return at.replace(second=0, microsecond=0) + timedelta(minutes=1)


def milliseconds(at: datetime) -> str:
    """Return an instant as AWS's events write it: 2026-11-21T12:00:00.000Z."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
