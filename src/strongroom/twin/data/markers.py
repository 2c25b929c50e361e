"""Markers: small known data that `strongroom twin load` writes while the clock runs, so that the state of any past instant is known."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """What is written at one instant into every resource: the same for the same seed, another one for each resource."""

    number: int  # from 1
    at: datetime
    seed: str = ""
    only: tuple[str, ...] = ()  # ARNs of the resources that get it; empty: all

    def goes_into(self, arn: str) -> bool:
        """Whether a resource gets it.

        Example:
            >>> Marker(number=7, at=datetime(2027, 1, 1), only=("arn:aws:s3:::a",)).goes_into("arn:aws:s3:::b")
            False
        """
        return not self.only or arn in self.only

    @property
    def name(self) -> str:
        """The name of an object or a file, without its ending.

        Example:
            >>> Marker(number=7, at=datetime(2027, 1, 1)).name
            'strongroom/marker-000007'
        """
        return f"strongroom/marker-{self.number:06d}"

    def payload(self, arn: str) -> str:
        """Return what nobody could guess: 64 hexadecimal digits."""
        return sha256(f"{self.seed}/{arn}/{self.number}".encode()).hexdigest()

    def text(self, arn: str) -> str:
        """Return the content of an object or a file."""
        return f"number {self.number}\nat {self.at.isoformat()}\npayload {self.payload(arn)}\n"

    def block(self, arn: str, size_bytes: int) -> bytes:
        """Return the content of a block of a size."""
        content = self.text(arn).encode()
        return content[:size_bytes].ljust(size_bytes, b"\0")
