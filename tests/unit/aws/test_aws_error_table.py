"""Every refusal of AWS, the network or the SDK is one sentence with a hint and the right kind."""

import ast
from pathlib import Path

import botocore.session
import pytest
from botocore import exceptions, xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

import strongroom.aws
from strongroom.aws.errors import CODES, EXCEPTIONS, translate
from strongroom.errors import AwsRefused, AwsUnreachable, BadInput, ExitCode, NoCredentials

SERVICES = (
    "backup",
    "cloudformation",
    "controltower",
    "dynamodb",
    "ec2",
    "efs",
    "iam",
    "kms",
    "organizations",
    "rds",
    "s3",
    "service-quotas",
    "sts",
)
ROOM = Path(strongroom.aws.__file__).parent
# Names that Organizations' calls share with calls of other services, which are not made, and a word that only looks like one.
OTHER_SERVICES = {
    *(("iam", name) for name in ("CreatePolicy", "DeletePolicy", "ListPolicies")),
    *((service, "ListTagsForResource") for service in ("efs", "rds")),
    ("kms", "Verify"),
    *((service, "TagResource") for service in ("kms", "service-quotas")),
}
SESSION = botocore.session.Session()


def called_operations():
    """The operations whose method names appear in this room."""
    words = set()
    for file in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.add(node.value)
            elif isinstance(node, ast.Attribute):
                words.add(node.attr)
    for service in SERVICES:
        model = SESSION.get_service_model(service)
        for name in model.operation_names:
            if xform_name(name) in words and (service, name) not in OTHER_SERVICES:
                yield model.operation_model(name)


CALLED = tuple(called_operations())


def refused(code, message="no such thing."):
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}, "ListThings")


def every_subclass(base):
    for found in base.__subclasses__():
        yield found
        yield from every_subclass(found)


def test_the_calls_of_this_room_are_found():
    """The list of calls that the completeness tests stand on is not empty by mistake."""
    assert {"ListRecoveryPointsByBackupVault", "DescribeEffectivePolicy", "AssumeRole", "GetRole"} <= {
        operation.name for operation in CALLED
    }


@pytest.mark.parametrize("operation", CALLED, ids=lambda operation: f"{operation.service_model.service_name}-{operation.name}")
def test_every_error_that_a_called_operation_declares_is_in_the_table(operation):
    """No declared error of a call that Strongroom makes is told in AWS's words alone."""
    declared = {shape.metadata.get("error", {}).get("code", shape.name) for shape in operation.error_shapes}
    assert declared - set(CODES) == set()


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_is_a_sentence_with_a_hint(code):
    """A code gives its own class, names what was done, AWS's code and words, and what to do."""
    found = translate(refused(code), doing="listing things in account 555555555555")
    assert type(found) is CODES[code].raised
    assert found.code == code
    assert found.message == f"listing things in account 555555555555: {CODES[code].sentence} ({code}: no such thing)"
    assert found.hint
    assert found.exit_code is ExitCode.AWS_REFUSED


@pytest.mark.parametrize("kind", sorted(every_subclass(BotoCoreError), key=lambda kind: kind.__name__), ids=lambda kind: kind.__name__)
def test_every_exception_of_the_sdk_is_told(kind):
    """Each of botocore's exceptions has an entry, its own or that of its nearest base."""
    nearest = next(EXCEPTIONS[base] for base in kind.__mro__ if base in EXCEPTIONS)
    error = kind.__new__(kind)
    Exception.__init__(error, "why")
    found = translate(error, doing="calling")
    assert type(found) is nearest.raised
    assert (found.code, found.hint) == (kind.__name__, nearest.hint)
    assert found.message == f"calling: {nearest.sentence} ({kind.__name__}: why)"


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (exceptions.NoCredentialsError(), NoCredentials, "finds no credentials"),
        (exceptions.ProfileNotFound(profile="nope"), NoCredentials, "nope"),
        (exceptions.EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), AwsUnreachable, "http://127.0.0.1:1"),
        (exceptions.ReadTimeoutError(endpoint_url="http://127.0.0.1:1"), AwsUnreachable, "did not answer in time"),
        (ResponseParserError("<html>\n  portal"), AwsUnreachable, "<html> portal"),
        (refused("ExpiredToken"), NoCredentials, "have expired"),
        (refused("ThrottlingException"), AwsRefused, "still throttles"),
        (refused("BrandNewException", "never seen"), AwsRefused, "AWS refused (BrandNewException: never seen)"),
        (ClientError({"ResponseMetadata": {"HTTPStatusCode": 503}}, "X"), AwsRefused, "internal failure (503)"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_users_meet(error, kind, words):
    """The refusals that users meet are told as they should be, on one line."""
    found = translate(error, doing="syncing")
    assert type(found) is kind
    assert words in found.message
    assert "\n" not in found.message


def test_our_own_errors_pass():
    """An error that is ours already is not wrapped."""
    own = BadInput("no")
    assert translate(own, doing="x") is own


def test_a_bug_stays_a_bug():
    """An error that is neither AWS's nor ours is raised as it is."""
    with pytest.raises(ZeroDivisionError):
        translate(ZeroDivisionError(), doing="x")
