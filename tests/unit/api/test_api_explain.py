"""Every code that any room can print is explained."""

import re
from pathlib import Path

import pytest

import strongroom
from strongroom.api import explain
from strongroom.errors import BadInput

SOURCES = Path(strongroom.__file__).parent
# a code as a literal in the product's source; the twin prints AWS's codes only, AES256 and SHA256 are AWS's names of algorithms
CODE = re.compile(r'"((?!AES256|SHA256)[A-Z]{3}\d{3})"')


def printed():
    files = [file for file in SOURCES.rglob("*.py") if "twin" not in file.parts]
    return {code for file in files for code in CODE.findall(file.read_text(encoding="utf-8"))}


def test_every_code_in_the_source_has_an_explanation():
    """No room prints a code that explain doesn't know, and explain knows none that nothing prints."""
    assert printed() == set(explain.codes())
    assert {"DOC", "LCK", "ORG", "STR", "SUP", "VRF", "YML"} <= {code[:3] for code in printed()}


@pytest.mark.parametrize("code", explain.codes())
def test_an_explanation_begins_with_the_code_and_says_what_to_do(code):
    """Title first, then at least a fix; lower case is fine too."""
    text = explain.explain(code.lower())
    assert text.startswith(code)
    assert "Fix:" in text


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [("ORG0001", "did you mean ORG001"), ("STR_014", "STR014"), ("vrf 001", "VRF001"), ("!", "codes begin with ")],
)
def test_an_unknown_code_gets_near_misses(wrong, hint):
    """A typo is answered with the nearest codes, nonsense with how codes begin."""
    with pytest.raises(BadInput, match=re.escape(f"there is no code {wrong!r}")) as caught:
        explain.explain(wrong)
    assert hint in caught.value.hint
