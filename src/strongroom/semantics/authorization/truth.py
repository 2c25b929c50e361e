"""Logic with three values: what is not known is neither true nor false (Kleene's strong logic).

The values are ordered, so that "and" is `min` and "or" is `max`.
"""

from enum import IntEnum
from typing import Final


class Truth(IntEnum):
    """Whether something holds."""

    NO = 0
    MAYBE = 1  # a value that decides is not known
    YES = 2


NO: Final = Truth.NO
MAYBE: Final = Truth.MAYBE
YES: Final = Truth.YES

_NEGATED: Final = (YES, MAYBE, NO)


def negated(truth: Truth) -> Truth:
    """Return whether the contrary holds.

    Example:
        >>> [negated(truth).name for truth in Truth]
        ['YES', 'MAYBE', 'NO']
    """
    return _NEGATED[truth]
