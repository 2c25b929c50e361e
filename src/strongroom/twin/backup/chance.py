"""Randomness without a generator: everything random is a hash of what it belongs to, so any run can be repeated."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b


@dataclass(frozen=True, slots=True)
class Chance:
    """Thirty-two bytes that belong to one thing: an id and a few independent dice."""

    digest: bytes

    @property
    def uuid(self) -> str:
        """An id in the form of a UUID."""
        text = self.digest[:16].hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def hexadecimal(self, digits: int) -> str:
        """The first digits of the digest, at most 64."""
        return self.digest.hex()[:digits]

    def between(self, low: timedelta, high: timedelta, die: int) -> timedelta:
        """An interval of whole milliseconds, `low` < interval <= `high`, from one of four dice (0…3)."""
        start = 16 + 4 * die
        span = (high - low) // timedelta(milliseconds=1)
        step = int.from_bytes(self.digest[start : start + 4], "big") * span >> 32
        return low + timedelta(milliseconds=step + 1)

    def fraction(self, die: int) -> float:
        """A number from 0 to below 1, from one of four dice (0…3)."""
        start = 16 + 4 * die
        return int.from_bytes(self.digest[start : start + 4], "big") / 2**32


def chance(*parts: object) -> Chance:
    """Return the chance of the thing that `parts` name.

    Example:
        >>> chance("job", 1) == chance("job", 1), chance("job", 1) == chance("job", 2)
        (True, False)
    """
    return Chance(blake2b("\x1f".join(map(str, parts)).encode(), digest_size=32).digest())
