"""What follows from measurements: nothing is proven that nobody has looked at."""

from collections.abc import Iterable, Sequence

from strongroom.domain.recovery import Measurement, Outcome, Restored
from strongroom.domain.strategy import Validation
from strongroom.validators.plugins import BUILT_IN

TIME = "time"  # the measurement of how long it took


def looks_inside(validation: Validation) -> bool:
    """Whether a validator looks at content: that a resource is encrypted and answers says nothing about what is in it."""
    return validation.validator not in BUILT_IN


def seconds_of(restored: Restored, measurements: Iterable[Measurement]) -> float:
    """Return how long it took until the restored resource was validated: copy and restore by AWS's clock, then the validators."""
    return restored.copy_seconds + restored.restore_seconds + sum(each.seconds for each in measurements)


def timed(seconds: float, rto_seconds: int | None) -> tuple[Measurement, ...]:
    """Return the measurement of time against an objective; none where nothing is promised."""
    if rto_seconds is None:
        return ()
    held = seconds <= rto_seconds
    told = f"it took {seconds:.0f} s, {'within' if held else 'longer than'} the objective of {rto_seconds} s"
    measured = {"seconds": round(seconds, 3), "rto_seconds": rto_seconds}
    return (Measurement(validator=TIME, outcome=Outcome.PASSED if held else Outcome.FAILED, told=told, measured=measured, seconds=0.0),)


def judged(measurements: Sequence[Measurement], *, examined: bool) -> tuple[Outcome, str]:
    """Return the outcome of a test and the sentence that tells why: failed if anything failed, unknown if anything is.

    `examined`: a validator has looked at what is in the restored resource. Without one nothing is proven.
    """
    for outcome in (Outcome.FAILED, Outcome.UNKNOWN):
        found = [f"{each.validator}: {each.told}" for each in measurements if each.outcome is outcome]
        if found:
            return outcome, "; ".join(found)
    if not examined:
        return Outcome.UNKNOWN, "it was restored, and no validator is declared that looks at what is in it"
    return Outcome.PASSED, "; ".join(f"{each.validator}: {each.told}" for each in measurements)
