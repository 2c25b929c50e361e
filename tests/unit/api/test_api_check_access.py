"""`check` reads policies and access documents that others wrote, by their keys or by the kind that is named."""

import pytest

from strongroom import documents
from strongroom.api.check import Scope, check
from strongroom.cli.check import KINDS
from strongroom.errors import ExitCode

ACCESS = """access: 1
organization: {id: o-exampleorg1, root: r-ab12}
accounts:
  "111122223333": {management: true, in: Nowhere}
principals: []
"""
POLICY = """Version: "2012-10-17"
Statement:
  - {Effect: Deny, Action: "backup:Delete*", Resource: "*"}
"""


def test_every_kind_can_be_named_on_the_command_line():
    """In the order in which the hint names them."""
    assert tuple(documents.Kind) == KINDS


def test_an_access_document_is_no_strategy_though_it_has_an_organization(tmp_path):
    """Its first key says what it is; its mistakes are found at their place, in the file or through its folder."""
    (tmp_path / "access.yaml").write_text(ACCESS)
    for path in (tmp_path / "access.yaml", tmp_path):
        checked = check(path)
        assert [(each.code, each.origin.line) for each in checked.findings] == [("DOC041", 4)]
        assert checked.exit_code is ExitCode.FINDINGS


@pytest.mark.parametrize(("kind", "code"), [(None, ExitCode.PROVEN), ("scp", ExitCode.PROVEN), ("key-policy", ExitCode.FINDINGS)])
def test_a_single_policy_is_checked_as_what_it_is(tmp_path, kind, code):
    """A service control policy without a mistake is one; as a key policy it would lack its principals."""
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    assert check(path, scope=Scope(kind=kind)).exit_code is code
