"""Measure what sync costs beside the SDK alone, against a server of canned answers in a process of its own.

`python -m benchmarks.sync [ACCOUNTS]`: CPU of a small call beside a bare threaded loop with shared clients, rows of recovery points a
second and core beside the SDK's own parser, and a whole fleet with one process and with all cores, and how many calls it takes with lists
of everybody's jobs and without. The exit code is 1 over budget.
"""

import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config

from benchmarks.canned import MANAGEMENT, REGION
from strongroom.aws import fleet
from strongroom.aws.readers.harvest import Harvest
from strongroom.aws.readers.masses import read_recovery_points
from strongroom.aws.readers.scope import Reading, Scope
from strongroom.aws.sessions import THREADS, Sessions
from strongroom.domain.names import Region

CALLS, ROUNDS = 800, 6
PAGES = 20
ACCOUNTS = 120
CALL_MAX, ROWS_MIN = 1.1, 3.0  # times the SDK's CPU of a call; times its rows a second and core


def main(accounts: int) -> int:
    """Measure all of it and return 1 when a budget is exceeded."""
    with server(accounts, PAGES * 1000) as url:
        _as_user(url)
        over = _calls() + _rows()
    with server(accounts, 1000) as url:
        _as_user(url)
        over += _fleet(accounts)
        over += _lists(accounts, url)
    return 1 if over else 0


@contextmanager
def server(accounts: int, points: int) -> Iterator[str]:
    """Run a server of canned answers."""
    command = [sys.executable, "-m", "benchmarks.canned", str(accounts), str(points)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = process.stdout.readline().strip() if process.stdout else ""
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _as_user(url: str) -> None:
    os.environ.update(
        AWS_ENDPOINT_URL=url,
        AWS_ACCESS_KEY_ID=f"AKIA{MANAGEMENT}",
        AWS_SECRET_ACCESS_KEY="none",  # noqa: S106 - a canned answer needs no secret
        AWS_DEFAULT_REGION=REGION,
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    )


def _calls() -> int:
    """Compare the CPU of small calls, in turns, so that both meet the same machine."""
    client = _bare_client()
    scope = _scope()
    pairs = []
    for _ in range(ROUNDS):
        bare = _cpu_of(lambda: client.list_backup_plans(MaxResults=1000), CALLS)
        ours = _cpu_of(lambda: list(scope.items("backup", "list_backup_plans", "BackupPlansList", MaxResults=1000)), CALLS)
        pairs.append((ours / bare, ours, bare))
    ratio, ours, bare = sorted(pairs)[len(pairs) // 2]
    print(
        f"small call     {ours * 1e3:.2f} ms of CPU, the SDK alone {bare * 1e3:.2f} ms: {ratio:.2f} times, at most {CALL_MAX}", flush=True
    )
    return ratio > CALL_MAX


def _rows() -> int:
    """Compare recovery points a second and core."""
    client, scope = _bare_client(), _scope()

    def bare() -> int:
        found, token = 0, None
        while True:
            answer = client.list_recovery_points_by_backup_vault(BackupVaultName="local", **({"NextToken": token} if token else {}))
            found, token = found + len(answer["RecoveryPoints"]), answer.get("NextToken")
            if not token:
                return found

    def ours() -> int:
        harvest = Harvest()
        read_recovery_points(scope, harvest, "local")
        return sum(each.num_rows for each in harvest.columns["recovery_points"])

    rates = []
    for read in (bare, ours):
        read()
        began = time.process_time()
        rates.append(read() / (time.process_time() - began))
    print(
        f"big pages      {rates[1]:,.0f} rows/s/core, the SDK alone {rates[0]:,.0f}: {rates[1] / rates[0]:.1f} times, at least {ROWS_MIN}"
    )
    return rates[1] < ROWS_MIN * rates[0]


def _fleet(accounts: int) -> int:
    """Read a whole fleet with one process and with one a core."""
    cores = len(os.sched_getaffinity(0))
    for processes in (1, cores):
        sessions = Sessions.open(role="strongroom-read", region=REGION)
        with tempfile.TemporaryDirectory() as folder:
            before, began = _spent(), time.perf_counter()
            found = fleet.gather(
                sessions, Path(folder), home_region=Region(REGION), regions=[Region(REGION)], on_progress=_nobody, processes=processes
            )
            rows = sum(each.num_rows for each in found.chunks("recovery_points"))
            unread = sum(entry.unread for entry in found.entries)
            wall, cpu = time.perf_counter() - began, _spent() - before
        told = f"{accounts + 1} accounts, {rows:,} recovery points, {unread} subjects unread"
        print(f"fleet          processes {processes}: {wall:.1f} s, {cpu:.1f} s of CPU, {cpu / wall:.2f} cores busy ({told})", flush=True)
    return 0


def _lists(accounts: int, url: str) -> int:
    """Compare the calls of a fleet with lists of everybody's jobs and without."""
    counts = []
    for together_min in (accounts + 2, 1):
        sessions = Sessions.open(role="strongroom-read", region=REGION)
        before = _calls_of(url)
        with tempfile.TemporaryDirectory() as folder:
            fleet.gather(
                sessions, Path(folder), home_region=Region(REGION), regions=[Region(REGION)], on_progress=_nobody, together_min=together_min
            )
        counts.append(_calls_of(url) - before)
    each, together = counts
    print(f"lists of jobs  {each:,} calls by asking each account, {together:,} with lists of everybody's", flush=True)
    return together >= each


def _calls_of(url: str) -> int:
    with urllib.request.urlopen(f"{url}/_calls") as answer:  # noqa: S310 - our own server
        return int(answer.read())


def _nobody(_done: int, _known: int, _what: str) -> None:
    return


def _spent() -> float:
    """CPU seconds of this process and of children that have ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _cpu_of(call: Callable[[], Any], times: int) -> float:
    call()
    began = time.process_time()
    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(call) for _ in range(times)]:
            done.result()
    return (time.process_time() - began) / times


def _bare_client() -> Any:
    return botocore.session.Session().create_client("backup", region_name=REGION, config=Config(max_pool_connections=THREADS))


def _scope() -> Scope:
    sessions = Sessions.open(role="strongroom-read", region=REGION)
    return Scope(Reading(sessions, REGION, threading.Event()), "600000000000", REGION)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ACCOUNTS))
