"""Buckets do not protect their objects as the strategy declares

Why:     Versioning, Object Lock and lifecycle rules are set in each bucket by whoever owns it. One call suspends or shortens them; from
         then on objects are overwritten or ended, and nothing fails.
Fix:     The command of the finding, by the team that owns the bucket; or write down what is meant under native: buckets
Limits:  versioning, mfa_delete, object_lock, transitions, keep and old_versions of buckets in governed accounts and Regions. Objects or
         versions that end where no end is declared are a warning, and so is whatever keeps more than is declared; MFA delete and
         Object Lock that nobody declared are not judged, nor are transitions where nothing of a lifecycle is declared. Rules for
         some objects alone count where they end or move objects. A command sets the declared rules and no other.
Source:  https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html, read 2026-11-21
Failure: none
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.live.differing import lacks
from strongroom.proof.native import buckets
from strongroom.proof.native.comparing import ground
from strongroom.proof.readings import Unreadable


@live("VRF223", severity=Severity.ERROR)
def buckets_not_as_declared(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Hold each bucket that a declaration selects against it."""
    yield from lacks(buckets.found(ground(judgement)))
