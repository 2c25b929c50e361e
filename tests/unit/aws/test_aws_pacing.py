"""How fast AWS is asked: each account for itself, down when it throttles, up again, never faster than documented."""

import botocore.session
import pytest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from strongroom.aws.pacing import ATTEMPTS, ATTEMPTS_SILENT, ATTEMPTS_THROTTLED, RATE_FREE, Pace, Paces
from strongroom.aws.wire import signed_by


class Bucket:
    """AWS's side: a token bucket of one account."""

    def __init__(self, rate, burst):
        self.rate, self.burst, self.tokens, self.at = rate, burst, burst, 0.0

    def takes(self, now):
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


def sent(pace, bucket, *, seconds, wanted=100.0):
    """Send as fast as `wanted` calls a second for a while; return how many AWS took and how many it throttled."""
    now, took, refused = 0.0, 0, 0
    while now < seconds:
        now += max(pace.wait(now), 1 / wanted)
        if bucket.takes(now):
            took += 1
        else:
            refused += 1
            pace.throttled(now)
    return took, refused


def test_a_pace_is_free_until_aws_throttles():
    """Nothing waits where nothing was throttled."""
    pace = Pace()
    assert [pace.wait(second / 100) for second in range(500)] == [0.0] * 500
    assert pace.rate is None


@pytest.mark.parametrize("rate", [5, 20, 50])
def test_a_throttled_pace_finds_what_aws_allows(rate):
    """Of what AWS allows in a minute at least half is used, and at most one call in eight is refused."""
    took, refused = sent(Pace(), Bucket(rate, burst=rate), seconds=60)
    assert took > rate * 60 / 2
    assert refused < took / 8 + 10


def test_calls_under_way_count_once():
    """Twenty-four answers of the same moment halve the rate once."""
    pace = Pace()
    for _ in range(48):
        pace.wait(10.0)
    for number in range(24):
        pace.throttled(10.0 + number / 100)
    assert pace.rate == 24.0


def test_a_pace_recovers_until_it_is_free():
    """Without further throttling it becomes faster and is forgotten at last."""
    pace = Pace()
    pace.wait(0.0)
    pace.throttled(0.0)
    seconds = next(second for second in range(1, 600) if pace.wait(float(second)) == 0.0 and pace.rate is None)
    assert 5 < seconds < 120


def test_a_documented_rate_is_kept_from_the_beginning():
    """After its burst a call waits for its turn, however long nothing was throttled."""
    paces = Paces()
    pace = paces.of("dynamodb", "eu-west-2", "DescribeContinuousBackups")
    waits = [pace.wait(0.0) for _ in range(20)]
    assert waits[:10] == [0.0] * 10
    assert waits[-1] == pytest.approx(1.0)
    assert (pace.rate, paces.of("dynamodb", "eu-west-2", "ListTables").rate) == (10.0, None)
    assert pace.documented < RATE_FREE


def test_each_account_service_and_region_has_its_own_pace():
    """One throttled account leaves the others as fast as they were."""
    paces = Paces()
    with signed_by(ReadOnlyCredentials("A", "s", "t", "111111111111")):
        paces.of("backup", "eu-west-2", "ListBackupJobs").throttled(0.0)
        assert paces.of("backup", "eu-west-2", "ListBackupVaults").rate is not None
        assert paces.of("backup", "eu-west-1", "ListBackupVaults").rate is None
        assert paces.of("kms", "eu-west-2", "DescribeKey").rate is None
    with signed_by(ReadOnlyCredentials("B", "s", "t", "222222222222")):
        assert paces.of("backup", "eu-west-2", "ListBackupVaults").rate is None


def again(paces, *, status=400, code="", error=None, attempts=1):
    """What happens after a failed attempt."""
    answer = None if error else (type("Answer", (), {"status_code": status})(), {"Error": {"Code": code}, "ResponseMetadata": {}})
    operation = botocore.session.get_session().get_service_model("backup").operation_model("ListBackupJobs")
    known = {"operation": operation, "attempts": attempts, "response": answer, "caught_exception": error, "request_dict": {"context": {}}}
    return paces._again("backup", "eu-west-2", known)


def test_what_is_worth_another_attempt():
    """Throttled calls are repeated longest, silent endpoints least, refusals never."""
    paces = Paces()

    def attempts(**failure):
        return next(number for number in range(1, 50) if again(paces, attempts=number, **failure) is None)

    assert attempts(code="ThrottlingException") == ATTEMPTS_THROTTLED
    assert attempts(status=503, code="ServiceUnavailable") == ATTEMPTS
    assert attempts(error=ReadTimeoutError(endpoint_url="x")) == ATTEMPTS_SILENT
    assert attempts(code="AccessDeniedException") == 1
    assert attempts(code="LimitExceededException") == 1  # a quota; the SDK takes it for throttling
    assert again(Paces(attempts=1), code="ThrottlingException") is None


def test_a_region_that_is_known_to_be_silent_is_not_waited_for_again():
    """Further time-outs there end at once."""
    paces = Paces(silent=lambda region: region == "eu-west-2")
    assert again(paces, error=ConnectTimeoutError(endpoint_url="x")) is None
    assert again(paces, status=500, code="InternalError") is not None
