"""Who may do what from files: the tree, principals, resources and control policies; what is not written is unknown."""

import json
from urllib.parse import quote

import pytest

from strongroom import documents
from strongroom.documents import Kind
from strongroom.domain.access import ControlType, KeyGrant, PolicyText, PrincipalKind
from strongroom.domain.origin import BuiltIn, FileOrigin, Unread
from strongroom.errors import BadInput
from strongroom.semantics.authorization.access import Authorizer

MANAGEMENT, SHOP = "111111111111", "555555555555"
ROOT, WORKLOADS, PROD = "r-ab12", "ou-ab12-11111111", "ou-ab12-22222222"
OPS = f"arn:aws:iam::{SHOP}:role/team/ops"
KEY = f"arn:aws:kms:eu-west-2:{SHOP}:key/1"
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "backup:*", "Resource": "*"}]}
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "backup:Delete*", "Resource": "*"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
OF_KEY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": MANAGEMENT}, "Action": "kms:*", "Resource": "*"}]}
ORGANIZATION = {
    "id": "o-exampleorg1",
    "root": ROOT,
    "units": {"Workloads": {"id": WORKLOADS, "units": {"Prod": {"id": PROD}}}},
}
ACCOUNTS = {MANAGEMENT: {"name": "management", "management": True}, SHOP: {"name": "shop", "in": "Workloads/Prod"}}


def document(**more):
    """A good document; what a test names takes the place of what is there, None leaves it out."""
    whole = {
        "access": 1,
        "organization": ORGANIZATION,
        "accounts": ACCOUNTS,
        "principals": [{"arn": OPS, "policies": [ALLOW], "trust": TRUST, "tags": {"team": "sre"}}],
        "resources": [{"arn": KEY, "policy": OF_KEY, "grants": []}],
        "controls": [],
    } | more
    return {key: value for key, value in whole.items() if value is not None}


@pytest.fixture
def load(tmp_path):
    """Write a document and files beside it, and load it: what it says, and its findings."""

    def loading(whole, **files):
        (tmp_path / "access.yaml").write_text(whole if isinstance(whole, str) else json.dumps(whole))
        for name, content in files.items():
            (tmp_path / f"{name}.json").write_text(content if isinstance(content, str) else json.dumps(content))
        return documents.load_access(tmp_path)

    return loading


@pytest.fixture
def good(load):
    """What a document without mistakes says."""

    def loading(whole, **files):
        found, findings = load(whole, **files)
        assert findings == ()
        return found

    return loading


def messages(findings):
    return [(each.code, each.message) for each in findings]


def test_the_whole_document_is_understood(good):
    """Organization, accounts with their line, a role with all its parts, a key with policy and grants."""
    found = good(document())
    assert found.organization_id == "o-exampleorg1"
    assert [(each.id, each.parents, each.management) for each in found.accounts] == [
        (MANAGEMENT, (ROOT,), True),
        (SHOP, (ROOT, WORKLOADS, PROD), False),
    ]
    (role,), (key,) = found.principals, found.resources
    assert (role.kind, role.account, role.arn, role.tags, role.boundary) == (PrincipalKind.ROLE, SHOP, OPS, (("team", "sre"),), None)
    assert [(each.name, json.loads(each.text)) for each in role.identity] == [("policy 1 of role ops", ALLOW)]
    assert (role.trust.name, json.loads(role.trust.text)) == ("trust policy of role ops", TRUST)
    assert (key.arn, key.account, json.loads(key.policy.text), key.grants) == (KEY, SHOP, OF_KEY, ())
    assert found.controls == ()
    assert found.unread == ((MANAGEMENT, "the document names no principal of it"),)


@pytest.mark.parametrize("unit", ["Workloads/Prod", "Prod", PROD])
def test_a_unit_is_named_by_path_name_or_id(good, unit):
    """People know names, AWS knows ids."""
    found = good(document(accounts=ACCOUNTS | {SHOP: {"in": unit}}))
    assert found.accounts[1].parents == (ROOT, WORKLOADS, PROD)


def test_a_name_that_two_units_have_is_not_guessed(load):
    """The ids are named, so that one can be chosen."""
    units = {"A": {"id": "ou-a", "units": {"Prod": {"id": "ou-ap"}}}, "B": {"id": "ou-b", "units": {"Prod": {"id": "ou-bp"}}}}
    found, (finding,) = load(document(organization=ORGANIZATION | {"units": units}, accounts=ACCOUNTS | {SHOP: {"in": "Prod"}}))
    assert found is None
    assert (finding.code, finding.message, finding.help) == ("DOC041", "there are 2 units 'Prod'", "name it by its id: ou-ap or ou-bp")


def test_what_is_not_written_is_unknown(good):
    """Neither policies, trust, tags, grants nor control policies are empty because nobody wrote them."""
    found = good(document(principals=[{"arn": OPS}], resources=[{"arn": KEY}], controls=None))
    (role,), (key,) = found.principals, found.resources
    unsaid = Unread("the document does not say")
    assert (role.identity, role.trust, role.tags, key.policy, key.grants, key.tags, found.controls) == (unsaid,) * 7


def test_none_says_that_there_is_nothing(good):
    """A vault without a policy is known to have none."""
    vault = f"arn:aws:backup:eu-west-2:{SHOP}:backup-vault:local"
    found = good(document(principals=[{"arn": OPS, "policies": [], "trust": "none"}], resources=[{"arn": vault, "policy": "none"}]))
    assert (found.principals[0].identity, found.principals[0].trust, found.resources[0].policy) == ((), None, None)


def test_without_an_organization_nothing_is_above_an_account(good):
    """No control policies, no ids; accounts are those that ARNs name."""
    found = good(document(organization=None, accounts=None, controls=None))
    assert (found.organization_id, found.controls) == (None, ())
    assert [(each.id, each.parents) for each in found.accounts] == [(SHOP, ())]


def test_an_account_may_be_outside(good):
    """A principal of somebody else's account is judged without the organization's control policies."""
    outside = {"999999999999": {"in": "none"}}
    found = good(document(accounts=ACCOUNTS | outside, principals=[{"arn": "arn:aws:iam::999999999999:user/eve", "policies": []}]))
    assert [each.parents for each in found.accounts if each.id == "999999999999"] == [()]


def test_policies_come_from_files_objects_and_texts(good, tmp_path):
    """Each is called by what people know it by, and lies where its text does."""
    policies = ["ops.json", {"name": "inline", "policy": DENY}, json.dumps(DENY)]
    found = good(document(principals=[{"arn": OPS, "policies": policies, "trust": "trust.json"}]), ops=ALLOW, trust=TRUST)
    (role,) = found.principals
    assert [each.name for each in role.identity] == ["policy ops of role ops", "inline", "policy 3 of role ops"]
    assert [json.loads(each.text) for each in role.identity] == [ALLOW, DENY, DENY]
    assert role.identity[0].origin == FileOrigin(str(tmp_path / "ops.json"), 1, 1)


def test_a_policy_whose_text_is_elsewhere_is_unknown(load):
    """The ARN of a managed policy says nothing of what it allows."""
    found, (finding,) = load(document(principals=[{"arn": OPS, "policies": ["arn:aws:iam::aws:policy/ReadOnlyAccess"], "trust": TRUST}]))
    (policy,) = found.principals[0].identity
    assert (policy.name, policy.text) == ("managed policy ReadOnlyAccess", Unread("its text is not in the document"))
    assert finding.code == "DOC011"


def test_a_boundary_and_grants_are_read(good):
    """A grant may bind to a part of the encryption context, or to the whole."""
    grants = [
        {"grantee": OPS, "operations": ["Decrypt"], "context": {"a": "b"}, "id": "g"},
        {"grantee": OPS, "operations": ["Encrypt"], "context": {"a": 1}, "exact": True},
    ]
    principals = [{"arn": OPS, "policies": [], "trust": TRUST, "boundary": DENY}]
    found = good(document(principals=principals, resources=[{"arn": KEY, "policy": OF_KEY, "grants": grants}]))
    assert json.loads(found.principals[0].boundary.text) == DENY
    assert found.resources[0].grants == (
        KeyGrant(id="g", grantee=OPS, operations=("Decrypt",), encryption_context=(("a", "b"),)),
        KeyGrant(id="2", grantee=OPS, operations=("Encrypt",), encryption_context=(("a", "1"),), exact_context=True),
    )


def control(**more):
    return {"name": "keep", "type": "scp", "policy": DENY, "attached": ["Workloads", SHOP]} | more


def test_full_access_is_attached_everywhere_unless_written(good):
    """As AWS does for each type that is in use; a policy of that name takes its place."""
    full, keep = good(document(controls=[control()])).controls
    assert (full.name, full.type, full.policy.origin) == ("FullAWSAccess", ControlType.SCP, BuiltIn())
    assert set(full.targets) == {ROOT, WORKLOADS, PROD, MANAGEMENT, SHOP}
    assert (keep.name, keep.targets, keep.policy.name) == ("keep", (WORKLOADS, SHOP), "SCP keep")
    own = control(name="FullAWSAccess", policy=ALLOW, attached=[ROOT])
    assert [(each.name, each.targets) for each in good(document(controls=[own])).controls] == [("FullAWSAccess", (ROOT,))]


def test_resource_control_policies_have_a_full_access_of_their_own(good):
    """Its statement names everybody."""
    denial = {"Statement": [DENY["Statement"][0] | {"Principal": "*"}]}
    full, _ = good(document(controls=[control(type="rcp", policy=denial)])).controls
    assert (full.name, full.type) == ("RCPFullAWSAccess", ControlType.RCP)
    assert json.loads(full.policy.text)["Statement"][0]["Principal"] == "*"


DETAILS = {
    "UserDetailList": [
        {
            "Arn": f"arn:aws:iam::{SHOP}:user/ann",
            "UserName": "ann",
            "UserId": "AIDA1",
            "GroupList": ["ops", "lost"],
            "UserPolicyList": [{"PolicyName": "mine", "PolicyDocument": DENY}],
            "Tags": [{"Key": "team", "Value": "sre"}],
        }
    ],
    "GroupDetailList": [
        {"GroupName": "ops", "GroupPolicyList": [{"PolicyName": "all", "PolicyDocument": ALLOW}], "AttachedManagedPolicies": []}
    ],
    "RoleDetailList": [
        {
            "Arn": OPS,
            "RoleName": "ops",
            "RoleId": "AROA1",
            "AssumeRolePolicyDocument": TRUST,
            "RolePolicyList": [{"PolicyName": "quoted", "PolicyDocument": quote(json.dumps(DENY))}],
            "AttachedManagedPolicies": [
                {"PolicyName": "own", "PolicyArn": f"arn:aws:iam::{SHOP}:policy/own"},
                {"PolicyName": "gone", "PolicyArn": f"arn:aws:iam::{SHOP}:policy/gone"},
            ],
            "PermissionsBoundary": {"PermissionsBoundaryArn": f"arn:aws:iam::{SHOP}:policy/own", "PermissionsBoundaryType": "Policy"},
        }
    ],
    "Policies": [
        {
            "Arn": f"arn:aws:iam::{SHOP}:policy/own",
            "PolicyName": "own",
            "PolicyVersionList": [
                {"VersionId": "v2", "IsDefaultVersion": True, "Document": ALLOW},
                {"VersionId": "v1", "IsDefaultVersion": False, "Document": DENY},
            ],
        }
    ],
    "IsTruncated": False,
}


def policies(principal):
    return {each.name: each.text if isinstance(each.text, Unread) else json.loads(each.text) for each in principal.identity}


@pytest.mark.parametrize("beside", [False, True], ids=["the file itself", "named by a document"])
def test_what_awss_own_command_prints_is_understood(load, tmp_path, beside):
    """Users with their groups, roles with trust and boundary; default versions of managed policies; unknown texts stay unknown."""
    if beside:
        found, findings = load(document(principals=None, details=["shop.json"]), shop=DETAILS)
        assert found.organization_id == "o-exampleorg1"
    else:
        (tmp_path / "shop.json").write_text(json.dumps(DETAILS))
        found, findings = documents.load_access(tmp_path / "shop.json")
        assert isinstance(found.organization_id, Unread)
        assert isinstance(found.controls, Unread)
        assert [each.id for each in found.accounts] == [SHOP]
    assert findings == ()
    user, role = found.principals
    unread = Unread("the document does not have its text")
    assert (user.kind, user.unique_id, user.tags, user.trust) == (PrincipalKind.USER, "AIDA1", (("team", "sre"),), None)
    assert policies(user) == {
        "inline policy mine of user ann": DENY,
        "inline policy all of group ops": ALLOW,
        "policies of group lost": unread,
    }
    assert (role.kind, role.unique_id, role.tags, json.loads(role.trust.text)) == (PrincipalKind.ROLE, "AROA1", (), TRUST)
    assert policies(role) == {"inline policy quoted of role ops": DENY, "managed policy own": ALLOW, "managed policy gone": unread}
    assert isinstance(role.boundary, PolicyText)
    assert json.loads(role.boundary.text) == ALLOW


@pytest.mark.parametrize(
    ("role", "action", "verdict"),
    [
        ("ops", "backup:ListBackupVaults", "allowed"),
        ("ops", "backup:DeleteRecoveryPoint", "denied"),
        ("lost", "backup:ListBackupVaults", "unknown"),
    ],
)
def test_a_document_answers_questions(good, role, action, verdict):
    """Through unit, control policy and role policy; what nobody wrote is never allowed nor denied."""
    found = good(document(controls=[control()]))
    assert Authorizer(found).decide(f"arn:aws:iam::{SHOP}:role/team/{role}", action, "*").verdict == verdict


def test_one_accounts_details_do_not_say_that_nothing_forbids(tmp_path):
    """Control policies above the account are unknown, so that an allowed call is not certain."""
    (tmp_path / "shop.json").write_text(json.dumps(DETAILS))
    found, _ = documents.load_access(tmp_path / "shop.json")
    assert Authorizer(found).decide(f"arn:aws:iam::{SHOP}:user/ann", "backup:ListBackupVaults", "*").verdict == "unknown"
    assert Authorizer(found).decide(f"arn:aws:iam::{SHOP}:user/ann", "backup:DeleteBackupVault", "*").verdict == "denied"


def test_a_malformed_policy_is_a_finding_at_its_place_and_stays(load, tmp_path):
    """In a file, in the document, or inside what AWS prints: the rest can still be asked about."""
    wrong = '{"Version": "2012-10-17",\n "Statement": [{"Effect": "Maybe", "Action": "s3:*", "Resource": "*"}]}'
    details = json.loads(json.dumps(DETAILS))
    details["RoleDetailList"][0]["AssumeRolePolicyDocument"] = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}
    user = f"arn:aws:iam::{SHOP}:user/bob"
    found, findings = load(document(principals=[{"arn": user, "policies": ["bob.json"]}], details=["shop.json"]), bob=wrong, shop=details)
    assert [(each.origin.file, each.code, each.message) for each in findings] == [
        (str(tmp_path / "bob.json"), "DOC040", "Effect is 'Maybe': Allow or Deny expected"),
        (str(tmp_path / "shop.json"), "DOC040", "a statement of trust policy of role ops has no Principal"),
    ]
    assert (findings[0].origin.line, findings[0].origin.column) == (2, 27)
    assert len(found.principals) == 3


@pytest.mark.parametrize(
    ("whole", "code", "message"),
    [
        (document(accounts=ACCOUNTS | {SHOP: {"in": "Workloads/Prd"}}), "DOC041", "there is no unit or account 'Workloads/Prd'"),
        (document(controls=[control(attached=["Nowhere"])]), "DOC041", "there is no unit or account 'Nowhere'"),
        (document(accounts={MANAGEMENT: {"management": True}}), "DOC041", f"account {SHOP} of '{OPS}' is not among the accounts"),
        (document(principals=[{"arn": OPS, "policies": ["gone.json"]}]), "DOC041", "there is no file"),
        (document(principals=[{"arn": OPS, "policies": ["../secret.json"]}]), "DOC041", "'../secret.json' leads out of the folder"),
        (document(principals=[{"arn": OPS, "policies": ["/etc/secret.json"]}]), "DOC041", "'/etc/secret.json' leads out of the folder"),
        (document(principals=[{"arn": OPS}, {"arn": OPS}]), "DOC042", f"'{OPS}' is described twice"),
        (document(resources=[{"arn": KEY}, {"arn": KEY}]), "DOC042", f"'{KEY}' is described twice"),
        (document(principals=[{"arn": "arn:aws:s3:::bucket"}]), "DOC009", "'arn:aws:s3:::bucket' is no ARN of a role, user or root"),
        (document(principals=[{"arn": "ops"}]), "DOC009", "'ops' is no ARN of a role, user or root"),
        (document(principals=[{}]), "DOC010", "arn is missing"),
        (document(resources=[{"arn": "arn:aws:s3:::bucket"}]), "DOC010", "account is missing"),
        (document(accounts={SHOP: {"in": "Prod"}}), "DOC010", "0 accounts have management: true, an organization has one"),
        (document(accounts=None), "DOC010", "accounts is missing"),
        (document(organization={"root": ROOT}), "DOC010", "id is missing"),
        (document(controls=[control(type="backup")]), "DOC009", "type is 'backup': scp or rcp expected"),
        (document(principal=[]), "DOC008", "'principal' is no element here"),
        (document(access=2), "DOC009", "this is no format that this release reads: 1 expected"),
        ("access: 1\nprincipals: []\nprincipals: []\n", "DOC005", "key 'principals' is written twice"),
        ("access: 1\nprincipals: [", "DOC001", "not YAML"),
        ("access: &a [*a]\n", "DOC006", ""),
        ("- access\n", "DOC009", "the document is a list: an object expected"),
        ("[" * 200, "DOC004", ""),
        ("\x00", "DOC002", ""),
    ],
)
def test_anything_else_that_is_wrong_leaves_no_answer(load, whole, code, message):
    """Who may do what would be about another organization than the author's."""
    found, findings = load(whole)
    assert found is None
    assert any(each.code == code and each.message.startswith(message) for each in findings), messages(findings)


def test_a_huge_document_is_refused_unread(tmp_path):
    """It would fill the memory."""
    (tmp_path / "access.yaml").write_bytes(b" " * (17 << 20))
    found, (finding,) = documents.load_access(tmp_path)
    assert (found, finding.code) == (None, "DOC003")


def test_a_document_that_is_not_there_is_one_clear_error(tmp_path):
    """The path is named."""
    with pytest.raises(BadInput, match=r"there is no file .*access\.yaml"):
        documents.load_access(tmp_path)


def test_check_reads_access_documents_too(tmp_path):
    """By its keys, or as the access.yaml of a folder; the same findings."""
    (tmp_path / "access.yaml").write_text(json.dumps(document(controls=[control(attached=["Nowhere"])])))
    expected = documents.load_access(tmp_path)[1]
    for path in (tmp_path, tmp_path / "access.yaml"):
        loaded = documents.load(path)
        assert (loaded.kind, loaded.findings, loaded.parts) == (Kind.ACCESS, expected, ())
    assert documents.recognize(json.dumps(DETAILS), "shop.json") is Kind.ACCESS


@pytest.mark.parametrize("mark", [{"IsTruncated": True, "Marker": "m"}, {"NextToken": "t"}])
def test_one_page_of_authorization_details_leaves_the_account_unread(load, mark):
    """Principals of other pages are nowhere: nobody may conclude that there are no more."""
    found, _ = load(document(principals=None, details=["shop.json"]), shop=DETAILS | mark)
    assert [(account, "page" in reason) for account, reason in found.unread if account == SHOP] == [(SHOP, True)]
    found, _ = load(document(principals=None, details=["shop.json"]), shop=DETAILS | {"IsTruncated": False})
    assert SHOP not in dict(found.unread)


def test_a_resource_says_whether_it_is_an_air_gapped_vault(load):
    """Such a vault can be shared; what isn't said isn't known."""
    arn = f"arn:aws:backup:eu-west-2:{SHOP}:backup-vault:central"
    for said, expected in (({}, None), ({"air_gapped": True}, True), ({"air_gapped": False}, False)):
        found, _ = load(document(resources=[{"arn": arn, "policy": "none"} | said]))
        assert [resource.air_gapped for resource in found.resources] == [expected]
