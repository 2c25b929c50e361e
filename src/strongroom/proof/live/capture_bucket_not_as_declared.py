"""The bucket for captures of ECS does not keep them

Why:     A capture is an object like any other: without versioning the next one overwrites it, and a lifecycle rule ends it.
Fix:     The command of the finding, by the team that owns the bucket
Limits:  bucket and keep of `native: ecs`, in whatever account and Region the bucket was read; one that nobody has read is unknown. Not
         comparable: select, at and timezone, because nothing in AWS tells what was captured and when.
Source:  https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html, read 2026-11-21
Failure: none
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.live.differing import lacks
from strongroom.proof.native import captures
from strongroom.proof.native.comparing import ground
from strongroom.proof.readings import Unreadable


@live("VRF226", severity=Severity.ERROR)
def capture_bucket_not_as_declared(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Look at the buckets that captures go to."""
    yield from lacks(captures.found(ground(judgement)))
