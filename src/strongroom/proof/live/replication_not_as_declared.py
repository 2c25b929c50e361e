"""Buckets are not replicated as the strategy declares

Why:     A rule that is disabled, goes somewhere else, or leaves out what a KMS key encrypts, replicates less than is counted on. The
         destination just stays behind, and nothing tells.
Fix:     The command of the finding, by the team that owns the bucket, then S3 Batch Replication for what was there before
Limits:  replicate of buckets in governed accounts and Regions: destination and its Region, storage class, encrypted_objects, and of
         `key` that it is none of AWS's own, and its id where the strategy has its ARN. A destination whose Region nobody has read is
         unknown. Replication that nobody declared is not judged, nor a bucket that is in the declared Region itself; whether objects
         arrive, S3 tells in metrics alone.
Source:  https://docs.aws.amazon.com/AmazonS3/latest/API/API_ReplicationRule.html, read 2026-11-21
Failure: FM33
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.live.differing import lacks
from strongroom.proof.native import replications
from strongroom.proof.native.comparing import ground
from strongroom.proof.readings import Unreadable


@live("VRF224", severity=Severity.ERROR)
def replication_not_as_declared(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Look for the rule of each declared destination."""
    yield from lacks(replications.found(ground(judgement)))
