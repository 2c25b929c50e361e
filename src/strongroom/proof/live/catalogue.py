"""All live checks, in the order of their codes."""

from strongroom.proof.live.check import LiveCheck

LIVE: tuple[LiveCheck, ...] = ()
