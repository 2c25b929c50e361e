"""User and password in a secret of Secrets Manager; asked for when they are needed, and kept nowhere."""

import json

from strongroom.aws.sessions import Sessions
from strongroom.domain.names import Arn
from strongroom.errors import BadInput


def login_in(sessions: Sessions, arn: str) -> tuple[str, str]:
    """Return user and password of a secret; the user is empty where the secret is a password alone.

    Raises AwsRefused when the secret can't be read, BadInput when it holds no password. Neither says what is in it.
    """
    place = Arn.parse(arn)
    answer = sessions.call("secretsmanager", place.region, "get_secret_value", account=place.account, SecretId=arn)
    text = answer.get("SecretString")
    if not text:
        raise BadInput(f"{arn} holds bytes: text expected", hint="store a password, or JSON with username and password")
    try:
        found = json.loads(text)
    except ValueError:
        return "", str(text)
    if not isinstance(found, dict):
        return "", str(text)
    if not isinstance(found.get("password"), str):
        raise BadInput(f"{arn} is JSON without a text named password", hint="store a password, or JSON with username and password")
    return str(found.get("username") or ""), found["password"]
