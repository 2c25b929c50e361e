"""A bounded crew of threads for calls that wait for the network; a task may bring further tasks."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")
Task = Callable[[], tuple[Result, Sequence["Task[Result]"]]]


def run(tasks: Iterable[Task[Result]], *, threads: int, halt: threading.Event) -> Iterator[tuple[Result, int]]:
    """Run tasks and those they bring; yield each result as it comes with the number of tasks known so far.

    The first error of a task is raised here. Then, and when the caller stops or is interrupted, `halt` is set, waiting tasks are
    dropped, and running ones are expected to look at `halt` before their next call.
    """
    finished: queue.SimpleQueue[Future[tuple[Result, Sequence[Task[Result]]]]] = queue.SimpleQueue()
    executor = ThreadPoolExecutor(threads, thread_name_prefix="strongroom")
    known = returned = 0
    try:
        waiting: Sequence[Task[Result]] = tuple(tasks)
        while True:
            for task in waiting:
                executor.submit(task).add_done_callback(finished.put)
            known += len(waiting)
            if returned == known:
                break
            result, waiting = finished.get().result()
            returned += 1
            yield result, known + len(waiting)
    finally:
        if returned < known:
            halt.set()
        executor.shutdown(wait=False, cancel_futures=True)
