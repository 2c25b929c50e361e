"""Python's garbage collector, kept from counting again and again what stays for ever anyway."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_THRESHOLDS = (100_000, 20, 100)  # Python's are 700, 10, 10


@contextmanager
def undisturbed() -> Iterator[None]:
    """Make many objects without a collection in between, and never look at them again afterwards.

    Measured: a start takes 0.9 s instead of 1.45 s, most of it imports; a year of 1,000 resources a quarter less, because what jobs
    leave behind has no cycles and is counted more rarely from then on.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(*_THRESHOLDS)
        gc.enable()
