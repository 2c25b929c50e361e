"""The name of the role to assume, as somebody types it."""

import re
from typing import Final

from strongroom.errors import BadInput

_NAME: Final = r"[\w+=,.@-]{1,64}"


def role_named(text: str, *, option: str = "--assume") -> str:
    """Return the name of a role, empty where nobody wrote one; raises BadInput.

    Example:
        >>> role_named("strongroom-deploy")
        'strongroom-deploy'
    """
    if not text or re.fullmatch(_NAME, text, re.ASCII):
        return text
    name = text.rpartition("/")[2]
    known = text.startswith("arn:") and re.fullmatch(_NAME, name, re.ASCII)
    hint = f"its name alone, for it is assumed in each account: {option} {name}" if known else f"write it as: {option} strongroom-deploy"
    raise BadInput(f"{text!r} is not the name of a role", hint=hint)
