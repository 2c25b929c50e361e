"""Read which of the buckets that a strategy makes are there already, whoever made them: their names are those of the whole world."""

from collections.abc import Iterable, Iterator
from typing import Final

from botocore.exceptions import ClientError

from strongroom.aws.sessions import Sessions
from strongroom.domain.names import AccountId, Region

_NOT_THERE: Final = 404


def read_buckets(sessions: Sessions, places: Iterable[tuple[AccountId, Region, str]]) -> Iterator[str]:
    """Yield the names of buckets that exist, also in accounts and Regions that can't be looked into; raises AwsRefused."""
    for account, region, name in places:
        try:
            sessions.client("s3", region, account).head_bucket(Bucket=name)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == _NOT_THERE:
                continue
            if status not in {301, 400, 403}:  # in another Region, or somebody else's
                raise sessions.refusal(error, doing=f"looking for bucket {name}") from error
        yield name
