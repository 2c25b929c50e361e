"""All pages are read; answers are parsed as asked; calls are signed by whom they should be."""

import threading
from datetime import UTC, datetime
from types import SimpleNamespace

import botocore.session
import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from strongroom.aws import crew
from strongroom.aws.sessions import Sessions
from strongroom.aws.wire import AnswerParsers, Bound, CallersCredentials, raw_answers, signed_by
from strongroom.errors import BadInput, NoCredentials

OWN = Credentials("AKIAOWN", "secret")
SHAPE = botocore.session.Session().get_service_model("backup").operation_model("ListBackupJobs").output_shape
BODY = b'{"BackupJobs":[{"BackupJobId":"b","CreationDate":1767225600.5}]}'


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """An environment in which the SDK finds nothing."""
    for name in (
        "AWS_PROFILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


@pytest.mark.usefixtures("bare")
def test_no_credentials_are_one_clear_error():
    """Without credentials the error says how to configure them."""
    with pytest.raises(NoCredentials, match="the AWS SDK finds no credentials") as caught:
        Sessions.open(role="strongroom-read", region="eu-west-2")
    assert "aws configure" in caught.value.hint


def test_half_of_the_credentials_are_one_clear_error(bare):
    """A key id without its secret is told."""
    bare.setenv("AWS_ACCESS_KEY_ID", "AKIAX")
    with pytest.raises(NoCredentials, match="half of the credentials"):
        Sessions.open(role="strongroom-read", region="eu-west-2")


def test_an_unknown_profile_is_one_clear_error(bare):
    """A profile that does not exist is named."""
    bare.setenv("AWS_PROFILE", "nope")
    with pytest.raises(NoCredentials, match="nope"):
        Sessions.open(role="strongroom-read", region="eu-west-2")


def test_no_region_is_one_clear_error(bare):
    """Without a Region the error says where to set it."""
    bare.setenv("AWS_ACCESS_KEY_ID", "AKIAX")
    bare.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with pytest.raises(BadInput, match="no Region is configured"):
        Sessions.open(role="strongroom-read", region=None)


def test_region_and_profile_come_from_the_sdk(bare, tmp_path):
    """A profile of the SDK's own files gives credentials and Region."""
    (tmp_path / "config").write_text("[profile ops]\nregion = eu-central-1\naws_access_key_id = AKIAOPS\naws_secret_access_key = x\n")
    bare.setenv("AWS_PROFILE", "ops")
    assert Sessions.open(role="strongroom-read", region=None).region == "eu-central-1"


def test_an_endpoint_that_is_no_url_is_one_clear_error(bare):
    """A broken endpoint setting is told before anything is sent."""
    bare.setenv("AWS_ACCESS_KEY_ID", "AKIAX")
    bare.setenv("AWS_SECRET_ACCESS_KEY", "x")
    bare.setenv("AWS_ENDPOINT_URL", "not a url")
    with pytest.raises(BadInput, match="no client for sts"):
        Sessions.open(role="strongroom-read", region="eu-west-2").caller()


def test_clients_are_made_once(bare):
    """Asking again for the same service and Region gives the same client."""
    bare.setenv("AWS_ACCESS_KEY_ID", "AKIAX")
    bare.setenv("AWS_SECRET_ACCESS_KEY", "x")
    sessions = Sessions.open(role="strongroom-read", region="eu-west-2")
    assert sessions.client("backup", "eu-west-2") is sessions.client("backup", "eu-west-2")
    assert sessions.client("backup", "eu-west-2") is not sessions.client("backup", "eu-west-1")


def test_the_sdks_models_are_read_once_for_all_sessions(bare, tmp_path):
    """A program that opens sessions again and again has one reader of models, and another where AWS_DATA_PATH names other folders."""
    bare.setenv("AWS_ACCESS_KEY_ID", "AKIAX")
    bare.setenv("AWS_SECRET_ACCESS_KEY", "x")
    first, second = (Sessions.open(role="r", region="eu-west-2")._session.get_component("data_loader") for _ in range(2))
    assert first is second
    bare.setenv("AWS_DATA_PATH", str(tmp_path))
    other = Sessions.open(role="r", region="eu-west-2")._session.get_component("data_loader")
    assert (str(tmp_path) in other.search_paths, str(tmp_path) in first.search_paths) == (True, False)


@pytest.mark.parametrize(
    ("service", "operation", "tokens"),
    [
        ("backup", "list_recovery_points_by_backup_vault", ("NextToken", "NextToken")),
        ("dynamodb", "list_tables", ("ExclusiveStartTableName", "LastEvaluatedTableName")),
        ("rds", "describe_db_instances", ("Marker", "Marker")),
        ("efs", "describe_file_systems", ("Marker", "NextMarker")),
        ("s3", "list_buckets", ("ContinuationToken", "ContinuationToken")),
        ("cloudformation", "list_stack_set_operations", ("NextToken", "NextToken")),
    ],
)
def test_page_tokens_are_those_of_the_service(bare, service, operation, tokens):
    """Each service's own names of page tokens are used."""
    bare.setenv("AWS_ACCESS_KEY_ID", "AKIAX")
    bare.setenv("AWS_SECRET_ACCESS_KEY", "x")
    assert Sessions.open(role="r", region="eu-west-2")._tokens(service, "eu-west-2", operation) == tokens


def answer(status=200, body=BODY):
    return {"status_code": status, "headers": {"Date": "Thu, 19 Feb 2026 02:00:00 GMT"}, "body": body}


def test_answers_are_parsed_by_botocore_unless_asked_otherwise():
    """Instants become datetimes as in botocore."""
    parsed = AnswerParsers().create_parser("rest-json").parse(answer(), SHAPE)
    assert parsed["BackupJobs"][0]["CreationDate"] == datetime(2026, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)


def test_raw_answers_keep_epoch_seconds():
    """A raw answer is the JSON that AWS sent, with the metadata that retries need."""
    with raw_answers(wanted=True):
        parsed = AnswerParsers().create_parser("rest-json").parse(answer(), SHAPE)
    assert parsed["BackupJobs"] == [{"BackupJobId": "b", "CreationDate": 1767225600.5}]
    assert parsed["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_refusals_are_never_raw():
    """An error answer is parsed as an error, also when raw answers were asked for."""
    with raw_answers(wanted=True):
        parsed = AnswerParsers().create_parser("rest-json").parse(answer(400, b'{"__type":"InvalidRequestException","message":"m"}'), SHAPE)
    assert parsed["Error"] == {"Code": "InvalidRequestException", "Message": "m"}


def test_raw_answers_that_are_no_json_are_refused():
    """A web page is no answer."""
    with raw_answers(wanted=True), pytest.raises(ResponseParserError, match="no JSON"):
        AnswerParsers().create_parser("rest-json").parse(answer(body=b"<html>"), SHAPE)


def test_aws_time_is_that_of_the_newest_answer():
    """The Date header is kept, in UTC."""
    parsers = AnswerParsers()
    assert parsers.answered_at() is None
    parsers.create_parser("rest-json").parse(answer(), SHAPE)
    assert parsers.answered_at() == datetime(2026, 2, 19, 2, tzinfo=UTC)


def test_calls_are_signed_by_the_account_in_force():
    """Inside `signed_by` its credentials sign, outside the caller's own; threads don't see each other's."""
    credentials = CallersCredentials(OWN)
    other = Credentials("AKIAOTHER", "x").get_frozen_credentials()
    seen = []
    with signed_by(other):
        assert credentials.access_key == "AKIAOTHER"
        thread = threading.Thread(target=lambda: seen.append(credentials.access_key))
        thread.start()
        thread.join()
        with signed_by(None):
            assert credentials.access_key == "AKIAOWN"
    assert seen == ["AKIAOWN"]
    assert credentials.get_deferred_property("token")() is None


class Paginated:
    """Something with a client's manners: calls, paginators, pages."""

    meta = "meta"

    def __init__(self, credentials, failures=0):
        self.credentials, self.failures = credentials, failures

    def get_paginator(self, _name):
        return SimpleNamespace(paginate=lambda: (self.whoami() for _ in range(2)))

    def whoami(self):
        if self.failures:
            self.failures -= 1
            raise ClientError({"Error": {"Code": "ExpiredToken", "Message": "old"}}, "WhoAmI")
        return self.credentials.access_key


def test_pages_of_a_bound_client_are_signed_too():
    """A paginator's later calls belong to the same account as its first."""
    other = Credentials("AKIAOTHER", "x").get_frozen_credentials()
    bound = Bound(Paginated(CallersCredentials(OWN)), lambda: other, expired=lambda _: False)
    assert list(bound.get_paginator("list").paginate()) == ["AKIAOTHER", "AKIAOTHER"]
    assert bound.whoami() == "AKIAOTHER"
    assert bound.meta == "meta"


def test_an_expired_session_is_tried_once_more():
    """An expired role session is worth one more call with new credentials, and no more."""
    bound = Bound(Paginated(CallersCredentials(OWN), failures=1), OWN.get_frozen_credentials, expired=lambda _: True)
    assert bound.whoami() == "AKIAOWN"
    bound = Bound(Paginated(CallersCredentials(OWN), failures=2), OWN.get_frozen_credentials, expired=lambda _: True)
    with pytest.raises(ClientError):
        bound.whoami()


def test_a_crew_runs_tasks_and_those_they_bring():
    """Tasks that tasks bring are run, and counted as they become known."""

    def task(depth):
        return depth, [lambda: task(depth - 1)] * 2 if depth else []

    results = list(crew.run([lambda: task(2)], threads=3, halt=threading.Event()))
    assert sorted(depth for depth, _ in results) == [0, 0, 0, 0, 1, 1, 2]
    assert results[-1][1] == 7


def test_a_crew_without_tasks_is_done():
    """No task, no result."""
    assert list(crew.run([], threads=1, halt=threading.Event())) == []


def test_the_first_error_stops_a_crew():
    """An error of a task is raised, and the others are told to stop."""
    halt = threading.Event()

    def fail():
        raise BadInput("no")

    with pytest.raises(BadInput):
        list(crew.run([fail], threads=1, halt=halt))
    assert halt.is_set()
