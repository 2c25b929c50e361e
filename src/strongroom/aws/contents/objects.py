"""The current objects of an S3 bucket, each read to its end.

An ETag is no checksum of the content for objects that came in parts or under a KMS key, so the content itself is read.
Source: S3 API reference, Object (ETag), ListObjectsV2, read 2026-11-21.
"""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice

from strongroom.aws.contents.place import Place
from strongroom.errors import AwsRefused

READERS = 8
_PIECE_BYTES = 1 << 20
_GONE = frozenset({"NoSuchKey", "404"})


def objects(place: Place, bucket: str) -> Iterator[tuple[str, str]]:
    """Yield the key of each object and the SHA-256 of its content, in the order of keys; raises AwsRefused."""
    keys = (each["Key"] for each in place.pages("s3", "list_objects_v2", "Contents", Bucket=bucket))
    with ThreadPoolExecutor(READERS, thread_name_prefix="strongroom-objects") as readers:
        while some := tuple(islice(keys, READERS * 8)):
            for key, found in zip(some, readers.map(partial(_content, place, bucket), some), strict=True):
                if found is not None:
                    yield key, found


def _content(place: Place, bucket: str, key: str) -> str | None:
    try:
        answer = place.call("s3", "get_object", Bucket=bucket, Key=key)
    except AwsRefused as error:
        if error.code in _GONE:  # deleted since it was listed
            return None
        raise
    found = hashlib.sha256()
    for piece in place.chunks(answer["Body"], _PIECE_BYTES, doing=f"reading an object of {bucket}"):
        found.update(piece)
    return found.hexdigest()
