"""What unquoted text means in YAML 1.2 (core schema): nothing, a truth value, a number, or text.

Unlike YAML 1.1, `yes`, `off` and `02:00` are text.
Source: https://yaml.org/spec/1.2.2/#103-core-schema
"""

import re

from strongroom.strategyfile.nodes import Plain

_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTH = {word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_OTHER_BASE = re.compile(r"0o[0-7]{1,20}|0x[0-9a-fA-F]{1,16}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def resolve(text: str) -> str | Plain | None:
    """Return the meaning of unquoted text.

    Example:
        >>> resolve("yes"), resolve("~"), resolve("0x10")
        ('yes', None, Plain(text='0x10', value=16))
    """
    if text in _NOTHING:
        return None
    if text in _TRUTH:
        return Plain(text, _TRUTH[text])
    if not text[0].isdigit() and text[0] not in "+-.":
        return text
    return _number(text)


def _number(text: str) -> str | Plain:
    if _INTEGER.fullmatch(text):
        return Plain(text, int(text))
    if _OTHER_BASE.fullmatch(text):
        return Plain(text, int(text, 0))
    if _FLOAT.fullmatch(text):
        return Plain(text, float(text))
    if _NOT_FINITE.fullmatch(text):
        return Plain(text, float(text.lower().replace(".", "")))
    return text
