"""What is typed wrong is told before credentials, the ledger or the network are looked for."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from strongroom.cli.app import cli
from strongroom.errors import AwsRefused, BadInput, CouldNotVerify, ExitCode

SHOP = "555555555555"
ORDERS, LEDGER = f"arn:aws:dynamodb:eu-west-2:{SHOP}:table/orders", f"arn:aws:rds:eu-west-2:{SHOP}:db:ledger"
VOLUME, PAPERS = f"arn:aws:ec2:eu-west-2:{SHOP}:volume/vol-1", "arn:aws:s3:::papers"
POINT = f"arn:aws:backup:eu-west-2:{SHOP}:recovery-point:1"
STRATEGY = """\
strongroom: 1
name: typed
organization:
  home_region: eu-west-2
  accounts: {management: "111111111111", backup_admin: "222222222222", central: "333333333333"}
  governs: [Workloads]
vaults: {local: {in: every-account}, central: {in: central}}
plans: {production: {select: {tags: {environment: prod}}, rules: {daily: {at: "02:00", keep: 30d, copy: central}}}}
restore_tests:
  weekly: {at: "Sunday 10:00", select: {tags: {environment: prod}}, from: local, validate: {rds: {rows: {orders: 42}}}}
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """`run(arguments)`: the error of a verb, in a folder with a strategy, without credentials and without a ledger."""
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "STRONGROOM_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (tmp_path / "strategy.yaml").write_text(STRATEGY, encoding="utf-8")

    def running(*arguments):
        return CliRunner().invoke(cli, arguments, standalone_mode=False).exception

    return running


@pytest.mark.parametrize(
    ("arguments", "message", "fix"),
    [
        (["restore", "notanarn"], "'notanarn' is not an ARN", "as strongroom coverage prints it"),
        (["restore", POINT], "is of no type that AWS Backup restores", "name the resource, not its recovery point"),
        (["restore", f"{ORDERS}/backup/1"], "is of no type that AWS Backup restores", "not its recovery point"),
        (["restore", f"arn:aws:rds:eu-west-2:{SHOP}:snapshot:x"], "is of no type that AWS Backup restores", "not its recovery point"),
        (
            ["restore", "arn:aws:s3:::papers/a/b"],
            "is of no type that AWS Backup restores",
            "arn:aws:s3:::papers, and the object with --item a/b",
        ),
        (["restore", "arn:aws:dynamodb:eu-west-2:5555:table/x"], "'5555' is not an account id", "copy the ARN whole"),
        (["restore", f"arn:aws:dynamodb::{SHOP}:table/x"], "'' is not a Region code", "copy the ARN whole"),
        (["restore", f"arn:aws:dynamodb:eu-west-9:{SHOP}:table/x"], "there is no AWS Region eu-west-9", "copy the ARN whole"),
        (["restore", f"arn:aws:dynamodb:cn-north-1:{SHOP}:table/x"], "cn-north-1 is in partition aws-cn", "copy the ARN whole"),
        (["restore", "arn:amazon:s3:::papers"], "there is no partition 'amazon'", "copy the ARN whole"),
        (["restore", ORDERS, "--at", "yesterday"], "'yesterday' is not an instant", "write something like 2027-01-01"),
        (["restore", ORDERS, "--at", "12345-01-01"], "'12345-01-01' is not an instant", "write something like 2027-01-01"),
        (["restore", ORDERS, "--at", "1492-10-12"], "lies outside the years 1970 to 2190", "write something like 2027-01-01"),
        (["restore", ORDERS, "--point", "newest"], "'newest' is not an ARN", "leave out --point for the newest data"),
        (["restore", ORDERS, "--point", LEDGER], "is a resource, and no recovery point", "leave out --point"),
        (["restore", ORDERS, "--vault", "arn:aws:backup:x"], "is not the ARN of a vault", "by its label in the strategy"),
        (["restore", ORDERS, "--vault", POINT], "is not the ARN of a vault", "by its label in the strategy"),
        (["restore", ORDERS, "--to-account", "shop"], "'shop' is not an account id", "--to-account 111122223333"),
        (["restore", ORDERS, "--to-region", "London"], "'London' is not a Region code", "--to-region eu-west-2"),
        (["restore", ORDERS, "--to-region", "eu-west-9"], "there is no AWS Region eu-west-9", "did you mean eu-west-"),
        (["restore", ORDERS, "--set", "novalue"], "'novalue' sets nothing", "KEY=VALUE"),
        (["restore", ORDERS, "--name", "a b"], "'a b' is no name for DynamoDB", "choose another one with --name"),
        (["restore", PAPERS, "--name", "Papers_2"], "'Papers_2' is no name for S3", "choose another one with --name"),
        (["restore", VOLUME, "--name", "disk"], "AWS chooses the id of what is restored of EBS", "leave out --name"),
        (["restore", ORDERS, "--overwrite", "orders"], "AWS restores no DynamoDB into one that exists", "leave out --overwrite"),
        (["restore", PAPERS, "--overwrite", "papers"], "--overwrite papers and --name (none) differ", "--name papers --overwrite papers"),
        (["restore", ORDERS, "--item", "a"], "single items can be restored from buckets", "leave out --item"),
        (["restore", PAPERS, *["--item", "a"] * 6], "6 items are named, AWS Backup restores 5 in one job", "restore in turns"),
        (["restore", ORDERS, "--role", "restores"], "'restores' is not the ARN of a role", "write its ARN"),
        (
            ["restore", ORDERS, "--assume", f"arn:aws:iam::{SHOP}:role/a/ops"],
            "is not the name of a role",
            "its name alone, for it is assumed",
        ),
        (["restore", ORDERS, "--assume", "a:b"], "'a:b' is not the name of a role", "--assume strongroom-deploy"),
        (["restore", ORDERS, "--as-of", "then"], "'then' is not an instant", "write something like 2027-01-01"),
        (["restore", ORDERS, "--strategy", "strategi.yaml"], "there is no strategi.yaml", "did you mean strategy.yaml?"),
        (["test", "weekli"], "has no restore test 'weekli'", "did you mean weekly?"),
        (["test", "--resource", "orders"], "'orders' is not an ARN", "as strongroom coverage prints it"),
        (["test", "--resource", POINT], "is of no type that AWS Backup restores", "not its recovery point"),
        (["test", "--from", "locl"], "has no vault 'locl'", "did you mean local?"),
        (["test", "--from", "central"], "no restore test takes vault 'central'", "restore tests take: local; or test a resource by hand"),
        (["test", "--resource", ORDERS, "--from", "centrall"], "has no vault 'centrall'", "did you mean central?"),
        (["test", "--validate", "manifest"], "--validate manifest is for a test by hand", "--resource ARN"),
        (["test", "weekly", "--resource", ORDERS, "--validate", "manifest"], "is for a test by hand", "leave it out"),
        (["test", "--resource", ORDERS, "--validate", "manifst"], "there is no validator 'manifst'", "did you mean manifest?"),
        (
            ["test", "--resource", ORDERS, "--validate", "rows"],
            "validator rows examines no DynamoDB",
            "for DynamoDB there are: sql, manifest",
        ),
        (["test", "--resource", LEDGER, "--validate", "sql"], "validator sql needs settings", "or write a file of SQL"),
        (["test", "--resource", LEDGER, "--validate", "checks/x.sql"], "there is no checks/x.sql", "beside the strategy"),
        (
            ["test", "--resource", LEDGER, "--validate", "../x.sql"],
            "'../x.sql' is no file beside the strategy",
            "such as checks/ledger.sql",
        ),
        (["test", "--assume", "a/b"], "'a/b' is not the name of a role", "--assume strongroom-deploy"),
        (["test", "--clean", "--assume", "a/b"], "'a/b' is not the name of a role", "--assume strongroom-deploy"),
        (["test", "--aws", "weekli"], "has no restore test 'weekli'", "did you mean weekly?"),
        (
            ["test", "--aws", "--copy-back"],
            "with --aws it is AWS that restores: --copy-back says nothing",
            "leave out --copy-back, or --aws",
        ),
        (["test", "--aws", "--at-most", "3"], "with --aws it is AWS that restores: --at-most says nothing", "leave out --at-most"),
        (["test", "--clean", "weekly"], "with --clean nothing is tested: TEST says nothing", "leave out TEST, or --clean"),
        (["test", "--clean", "--aws"], "with --clean nothing is tested: --aws says nothing", "leave out --aws, or --clean"),
        (["test", "--strategy", "nope.yaml"], "there is no nope.yaml", "strongroom init nope.yaml"),
        (["tests", "nope.yaml"], "there is no nope.yaml", "strongroom init nope.yaml"),
        (["tests", "--as-of", "then"], "'then' is not an instant", "write something like 2027-01-01"),
        (["tests", "--show", "test-1"], "no test 'test-1' is recorded", "strongroom tests"),
        (["tests", "--show", "../../etc/passwd"], "no test '../../etc/passwd' is recorded", "strongroom tests"),
        (["manifest", "orders"], "orders is not an ARN", "write the whole ARN"),
        (["manifest", f"arn:aws:ec2:eu-west-2:{SHOP}:instance/i-1"], "there are no manifests of", "manifests are for"),
        (["manifest", "arn:aws:dynamodb:eu-west-2:5:table/x"], "'5' is not an account id", "copy the ARN whole"),
        (["manifest", PAPERS, "--account", "12"], "'12' is not an account id", "--account 111122223333"),
        (["manifest", PAPERS, "--mounted", "."], "no file system is named whose files are in .", "leave out --mounted"),
        (["manifest", PAPERS, "--user", "me"], "no database is named for --user me", "leave out --user"),
        (["manifest", LEDGER, "--user", "me"], "where the password is nobody has said", "--password-env NAME, or --secret ARN"),
        (["manifest", LEDGER, "--password-env", "TYPED_NOWHERE"], "variable TYPED_NOWHERE is not set", "export TYPED_NOWHERE=…"),
        (["manifest", LEDGER, "--secret", "ledger"], "'ledger' is not the ARN of a secret", "such as: --secret arn:aws:secretsmanager"),
        (["manifest", LEDGER, "--assume", "a b"], "'a b' is not the name of a role", "--assume strongroom-deploy"),
        (["manifest", LEDGER, "--strategy", "nope.yaml"], "there is no nope.yaml", "strongroom init nope.yaml"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_what_nobody_can_mean_is_bad_input_before_anything_is_asked(run, arguments, message, fix):
    """Exit code 2 with the value, what was expected and what to type; neither credentials nor a ledger are missed."""
    refused = run(*arguments)
    assert isinstance(refused, BadInput), refused
    assert (message in refused.message, fix in refused.hint) == (True, True), (refused.message, refused.hint)


@pytest.mark.parametrize(
    "arguments",
    [
        ["restore", ""],
        *(["restore", ORDERS, option, " "] for option in ("--at", "--point", "--vault", "--to-account", "--to-region", "--name", "--set")),
        *(["restore", ORDERS, option, ""] for option in ("--overwrite", "--item", "--role", "--assume", "--as-of")),
        ["test", ""],
        *(["test", option, ""] for option in ("--resource", "--from", "--validate", "--assume")),
        ["tests", "--show", ""],
        ["tests", "--as-of", ""],
        ["manifest", ""],
        *(["manifest", ORDERS, option, ""] for option in ("--account", "--assume", "--user", "--password-env", "--secret", "--database")),
    ],
    ids=" ".join,
)
def test_an_empty_value_is_not_taken_for_one_that_was_left_out(run, arguments):
    """A variable of the shell that is empty would else restore something else, or somewhere else."""
    refused = run(*arguments)
    assert isinstance(refused, click.BadParameter)
    assert "it is empty" in refused.format_message()


@pytest.mark.parametrize(
    ("arguments", "error", "code"),
    [
        (["restore", ORDERS], AwsRefused, ExitCode.AWS_REFUSED),
        (["restore", ORDERS, "--as-of", "2027-01-01"], CouldNotVerify, ExitCode.COULD_NOT_VERIFY),
        (["test"], CouldNotVerify, ExitCode.COULD_NOT_VERIFY),
        (["test", "--resource", ORDERS, "--from", "central", "--validate", "manifest"], CouldNotVerify, ExitCode.COULD_NOT_VERIFY),
        (["test", "--resource", LEDGER, "--validate", "rows"], CouldNotVerify, ExitCode.COULD_NOT_VERIFY),  # as the strategy declares it
        (["test", "--clean"], CouldNotVerify, ExitCode.COULD_NOT_VERIFY),
        (["tests"], CouldNotVerify, ExitCode.COULD_NOT_VERIFY),
        (["manifest", ORDERS], AwsRefused, ExitCode.AWS_REFUSED),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_what_can_be_meant_misses_credentials_or_the_ledger(run, arguments, error, code):
    """Where nothing is wrong with what was typed."""
    refused = run(*arguments)
    assert isinstance(refused, error)
    assert (refused.exit_code, bool(refused.hint)) == (code, True)
    assert not Path(".strongroom").exists()
