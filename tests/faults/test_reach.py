"""Credentials that don't serve, accounts and Regions that don't answer: one error or a row of `unread`, within bounds."""

import json
import socket
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from strongroom.errors import ExitCode
from strongroom.twin import client as control

AWS_VERBS = (["whoami"], ["plan"], ["sync"], ["apply", "--yes"])
PAYMENTS = {"AWS_ACCESS_KEY_ID": "AKIATWINPAYMENTS0001", "AWS_SECRET_ACCESS_KEY": "local-payments"}
BACKUP_ADMIN = {"AWS_ACCESS_KEY_ID": "AKIATWINBACKUPADMIN1", "AWS_SECRET_ACCESS_KEY": "local-backup-admin"}


@pytest.fixture
def based(world):
    """The world with the file of the strategy that is deployed in it."""
    world.shell.strategy("base")
    return world


def snapshots(shell):
    return list(shell.folder.glob(".strongroom/ledger/*/manifest.json"))


def by_verb(arguments):
    return arguments[0]


@pytest.mark.parametrize("arguments", AWS_VERBS, ids=by_verb)
def test_no_credentials(shell, arguments):
    """Without credentials: exit code 4, the ways to get some, nothing written."""
    shell.strategy("base")
    refused = shell.run(*arguments)
    assert (refused.code, refused.out) == (ExitCode.AWS_REFUSED, "")
    assert "the AWS SDK finds no credentials" in refused.error
    assert "AWS_PROFILE or AWS_ACCESS_KEY_ID; then run: strongroom whoami" in refused.error
    assert [file.name for file in shell.folder.iterdir()] == ["strategy.yaml"]


@pytest.mark.parametrize("arguments", AWS_VERBS, ids=by_verb)
def test_unknown_credentials(based, arguments):
    """Keys that AWS doesn't know: every verb says so in the same words, before anything is written."""
    refused = based.shell.run(*arguments, AWS_ACCESS_KEY_ID="AKIAXXXXXXXXXXXXXXXX")
    assert (refused.code, refused.out) == (ExitCode.AWS_REFUSED, "")
    assert refused.error.startswith("error: asking AWS who is calling (sts:GetCallerIdentity): AWS does not know these credentials")
    assert snapshots(based.shell) == []


@pytest.mark.parametrize("arguments", [["plan"], ["sync"]], ids=by_verb)
def test_expired_credentials(based, arguments):
    """Temporary credentials that have run out: exit code 4, renew them."""
    sts = based.client("sts", aws_access_key_id="AKIATWINBACKUPADMIN1", aws_secret_access_key="local-backup-admin")
    role = "arn:aws:iam::111111111111:role/strongroom-read"
    session = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    control.expire_sessions(based.endpoint)
    env = {
        "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
        "AWS_SESSION_TOKEN": session["SessionToken"],
    }
    refused = based.shell.run(*arguments, **env)
    assert (refused.code, refused.out) == (ExitCode.AWS_REFUSED, "")
    assert "the credentials have expired" in refused.error
    assert "renew them" in refused.error


def test_half_of_the_credentials_and_a_profile_that_is_not_there(based):
    """What the SDK's configuration lacks is named."""
    assert "missing: AWS_SECRET_ACCESS_KEY" in based.shell.run("whoami", AWS_SECRET_ACCESS_KEY="").error
    refused = based.shell.run("whoami", AWS_PROFILE="nope")
    assert (refused.code, "the AWS profile does not exist" in refused.error) == (ExitCode.AWS_REFUSED, True)


@pytest.mark.parametrize("arguments", [["plan"], ["apply", "--yes"]], ids=by_verb)
@pytest.mark.parametrize("who", [PAYMENTS, BACKUP_ADMIN], ids=["member account", "backup administrator"])
def test_deploying_needs_the_management_account(based, arguments, who):
    """From an account that can't assume the deploy role there: where you are, where you should be, nothing written."""
    after = based.last_call()
    account = "666666666666" if who is PAYMENTS else "222222222222"
    refused = based.shell.run(*arguments, **who)
    assert (refused.code, refused.out) == (ExitCode.AWS_REFUSED, "")
    where = f"error: you are in account {account}, but deploying needs the management account 111111111111, "
    assert refused.error.startswith(f"{where}and its role strongroom-deploy can't be assumed from here\n")
    assert based.writes(after) == []


def test_a_member_account_can_t_read_the_organization(based):
    """Sync from a member account: who may read the organization; whoami still says who you are."""
    refused = based.shell.run("sync", **PAYMENTS)
    assert refused.code == ExitCode.AWS_REFUSED
    assert "account 666666666666 may not read the organization: use credentials of the management account" in refused.error
    assert snapshots(based.shell) == []
    who = based.shell.run("whoami", **PAYMENTS)
    assert who.code == ExitCode.COULD_NOT_VERIFY
    assert who.out.startswith("you are arn:aws:iam::666666666666:user/payments-developer in account 666666666666")
    assert "the organization can't be read: " in who.out


def test_the_backup_administrator_can_sync(based):
    """Delegated administrator of AWS Backup: all accounts are read from there."""
    synced = based.shell.run("sync", **BACKUP_ADMIN)
    assert (synced.code, "5 accounts, 3 resources" in synced.out) == (0, True)


def test_one_account_that_refuses_the_role_is_unknown_beside_what_is_broken(based):
    """A denied role in one account: sync and verify exit with 3, the account is named, broken and unknown are counted apart."""
    based.fault("deny-assume-role", account="555555555555")
    who = based.shell.run("whoami")
    assert (who.code, who.out.count("not reached: ")) == (ExitCode.COULD_NOT_VERIFY, 1)
    synced = based.shell.run("sync")
    assert synced.code == ExitCode.COULD_NOT_VERIFY
    lines = [line for line in synced.out.splitlines() if line.startswith("unread ")]
    assert len(lines) == 1
    assert (
        "of account 555555555555 in eu-west-1, eu-west-2: assuming role strongroom-read in account 555555555555: access denied" in lines[0]
    )
    said = based.shell.run("verify", "--format", "json")
    assert said.code == ExitCode.COULD_NOT_VERIFY
    verified = json.loads(said.out)
    assert {fault["code"] for fault in verified["faults"]} >= {"VRF001", "VRF010"}
    assert (verified["exit_code"], verified["unread"] != []) == (ExitCode.COULD_NOT_VERIFY, True)
    assert based.shell.run("coverage").code == ExitCode.COULD_NOT_VERIFY


def test_the_deploy_role_that_is_denied_stops_the_plan(based):
    """Without the central account nothing can be planned: exit code 4, the role and the account named."""
    based.fault("deny-assume-role", account="333333333333")
    refused = based.shell.run("plan")
    assert refused.code == ExitCode.AWS_REFUSED
    assert refused.error.startswith("error: assuming role strongroom-deploy in account 333333333333: access denied")


def test_a_region_that_closes_every_connection(based):
    """A Region without answers is unread for sync; plan can't do without it."""
    based.fault("silent-region", region="eu-west-1")
    synced = based.shell.run("sync", AWS_MAX_ATTEMPTS="2")
    assert synced.code == ExitCode.COULD_NOT_VERIFY
    lines = [line for line in synced.out.splitlines() if line.startswith("unread ")]
    assert len(lines) == 5  # one for each account, not for each call
    assert all("eu-west-1: the endpoint can't be reached" in line and "further reason" in line for line in lines)
    refused = based.shell.run("plan", AWS_MAX_ATTEMPTS="2")
    assert refused.code == ExitCode.AWS_REFUSED
    assert "in account 111111111111, eu-west-1: the endpoint can't be reached" in refused.error


@pytest.mark.long
def test_a_region_that_never_answers_costs_no_more_than_the_timeouts(based):
    """A Region that takes calls and is silent: READ_SECONDS for each attempt of one call, then exit code 4 (aws.sessions)."""
    based.fault("silent-region", region="eu-west-1", how="hang")
    began = time.monotonic()
    refused = based.shell.run("plan", AWS_MAX_ATTEMPTS="1")
    assert (refused.code, "the endpoint did not answer in time" in refused.error) == (ExitCode.AWS_REFUSED, True)
    assert time.monotonic() - began < 40


def test_nobody_listens_at_the_endpoint(based):
    """A port where nobody listens: named, within seconds."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    refused = based.shell.run("whoami", AWS_ENDPOINT_URL=url, timeout=20)
    assert (refused.code, url in refused.error) == (ExitCode.AWS_REFUSED, True)
    assert "check network, proxy, Region and AWS_ENDPOINT_URL" in refused.error
    assert based.shell.run("whoami", AWS_ENDPOINT_URL="nonsense").code == ExitCode.BAD_INPUT


class NoOrganization(BaseHTTPRequestHandler):
    """An account that is in no organization."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if b"GetCallerIdentity" in body:
            status, kind = 200, "text/xml"
            content = b"""<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123412341234:user/alone</Arn>
                <UserId>u</UserId><Account>123412341234</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""
        else:
            status, kind = 400, "application/x-amz-json-1.1"
            content = b'{"__type":"AWSOrganizationsNotInUseException","Message":"Your account is not a member of an organization."}'
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("arguments", [["plan"], ["sync"], ["whoami"]], ids=by_verb)
def test_an_account_in_no_organization(shell, arguments):
    """Organizations is not in use: said in so many words; whoami tells at least who you are."""
    shell.strategy("alone")
    server = ThreadingHTTPServer(("127.0.0.1", 0), NoOrganization)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        keys = {"AWS_ACCESS_KEY_ID": "AKIAALONE", "AWS_SECRET_ACCESS_KEY": "x"}
        said = shell.run(*arguments, AWS_ENDPOINT_URL=f"http://127.0.0.1:{server.server_port}", **keys)
    finally:
        server.shutdown()
        server.server_close()
    assert said.code == (ExitCode.COULD_NOT_VERIFY if arguments == ["whoami"] else ExitCode.AWS_REFUSED)
    assert "the account is in no organization (AWSOrganizationsNotInUseException" in said.out + said.err
    assert ("123412341234" in said.out) == (arguments == ["whoami"])


def test_regions_and_roles_that_can_t_be_meant(based):
    """--region: a word that is no Region, one beside a strategy, none at all; each is one error before anything is read."""
    assert based.shell.run("sync", "--region", "xx").error.startswith("error: 'xx' is not a Region code")
    both = based.shell.run("sync", "strategy.yaml", "--region", "eu-west-2")
    assert (both.code, both.error) == (
        ExitCode.BAD_INPUT,
        "error: strategy.yaml says which Regions to read, and --region eu-west-2 too\n  help: leave out --region, or the strategy",
    )
    (based.shell.folder / "strategy.yaml").unlink()
    none = based.shell.run("sync", AWS_DEFAULT_REGION="")
    assert (none.code, none.error.splitlines()[0]) == (ExitCode.BAD_INPUT, "error: no Region is configured")


def test_a_ledger_without_snapshots_and_a_resource_that_nobody_saw(based, synced_world):
    """Before the first sync: exit code 3 and what to run; afterwards an unknown ARN is bad input."""
    for arguments in (["verify"], ["prove", "arn:aws:s3:::nothing"], ["coverage"]):
        missing = based.shell.run(*arguments)
        assert (missing.code, missing.out) == (ExitCode.COULD_NOT_VERIFY, "")
        assert missing.error.startswith("error: no snapshot in ")
        assert "strongroom sync" in missing.error
    unknown = synced_world.shell.run("prove", "arn:aws:s3:::nothing")
    assert (unknown.code, unknown.error.startswith("error: no resource arn:aws:s3:::nothing in snapshot ")) == (ExitCode.BAD_INPUT, True)
    assert synced_world.shell.run("prove", "nonsense").error.startswith("error: 'nonsense' is not an ARN")


@pytest.mark.parametrize("arguments", [["sync"], ["apply", "--yes"]], ids=by_verb)
def test_a_home_that_can_t_be_written_is_refused_before_anything_is_read(based, arguments):
    """STRONGROOM_HOME is a file: one error, at once, without a call to AWS."""
    based.shell.write("home", "")
    after = based.last_call()
    refused = based.shell.run(*arguments, STRONGROOM_HOME="home")
    assert (refused.code, refused.out) == (ExitCode.BAD_INPUT, "")
    assert refused.error.startswith("error: can't write to home: ")
    assert "set STRONGROOM_HOME to a folder you may write to" in refused.error
    assert control.calls(based.endpoint, after=after) == []
