"""Jobs of all accounts asked for at once: the rows are those of asking each account, and whom the list does not answer for is asked."""

import http.client
import json
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from strongroom import ledger
from strongroom.aws import fleet
from strongroom.aws.fleet.earlier import Extent
from strongroom.aws.sessions import Sessions
from strongroom.domain.names import Region
from strongroom.domain.tables import TABLES
from strongroom.errors import ExitCode
from strongroom.ledger.keeping import differences
from strongroom.twin import client as control
from strongroom.twin import process

HOME, OTHER = Region("eu-west-2"), Region("eu-west-1")
SHOP, PAYMENTS = "555555555555", "666666666666"
NEVER = 10_000  # accounts: so many are not there
DAY = 86_400
SCOPE = re.compile(r"Credential=[^/]+/[0-9]+/([^/]+)/")
LISTS = {"/backup-jobs": "BackupJobs", "/copy-jobs": "CopyJobs", "/restore-jobs": "RestoreJobs"}
KINDS = ("backup_jobs", "copy_jobs", "restore_jobs")


@dataclass
class Door:
    """A server before a twin that counts the lists of jobs and spoils those of everybody's."""

    behind: str
    spoil: object = None  # a function of the jobs of a page and the current day; it returns None where the list is refused
    asked: Counter = field(default_factory=Counter)  # by ByAccountId, Region and member of the answer
    filters: list = field(default_factory=list)

    def __enter__(self):
        door = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self):
                status, kept, content = door.answer(self, self.rfile.read(int(self.headers.get("Content-Length") or 0)))
                self.send_response_only(status)
                for name, value in kept.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _answer  # noqa: N815 - http.server's names

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def alone(self, region):
        """How many lists of jobs were asked of accounts themselves."""
        return sum(count for (whose, place, _), count in self.asked.items() if not whose and place == region)

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, handler, body):
        place = urlsplit(self.behind)
        connection = http.client.HTTPConnection(place.hostname, place.port)
        headers = {name: value for name, value in handler.headers.items() if name.lower() != "connection"}
        connection.request(handler.command, handler.path, body=body, headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in {"content-length", "connection"}}
        wanted = urlsplit(handler.path)
        member = LISTS.get(wanted.path.rstrip("/")) if handler.command == "GET" else None
        if member is None:
            return answer.status, kept, content
        query = parse_qs(wanted.query)
        whose = query.get("accountId", [""])[0]
        self.asked[whose, SCOPE.search(handler.headers["Authorization"])[1], member] += 1
        self.filters.append((whose, member, query.get("createdAfter", [""])[0]))
        if whose != "*" or self.spoil is None:
            return answer.status, kept, content
        document = json.loads(content)
        now = parsedate_to_datetime(answer.headers["Date"]).timestamp() // DAY
        document[member] = self.spoil(document[member], now)
        if document[member] is None:
            return 403, {"x-amzn-ErrorType": "AccessDeniedException"}, b'{"message": "not authorized"}'
        return answer.status, kept, json.dumps(document).encode()


@pytest.fixture(scope="module")
def lived(fresh_world, tmp_path_factory):
    """A world in which backups ran for more than a month; then one account was closed and another one came."""
    with fresh_world(tmp_path_factory.mktemp("everybody")) as world:
        world.shell.strategy("base")
        assert world.shell.run("apply", "--yes").code == ExitCode.PROVEN
        control.move_clock(world.endpoint, advance="33d")
        world.wait_for_noon()
        world.fault("close-account", account=SHOP)
        _join(world)
        yield world


def _join(world):
    """Let an account come that can be read."""
    status = world.client("organizations").create_account(AccountName="newcomer", Email="newcomer@example.com")["CreateAccountStatus"]
    owner = f"arn:aws:iam::{status['AccountId']}:role/OrganizationAccountAccessRole"
    given = world.client("sts").assume_role(RoleArn=owner, RoleSessionName="test")["Credentials"]
    keys = (("aws_access_key_id", "AccessKeyId"), ("aws_secret_access_key", "SecretAccessKey"), ("aws_session_token", "SessionToken"))
    trust = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111111111111"}}}
    iam = world.client("iam", **{name: given[key] for name, key in keys})
    iam.create_role(RoleName="strongroom-read", AssumeRolePolicyDocument=json.dumps(trust))


@pytest.fixture(scope="module")
def gather(lived, tmp_path_factory):
    """A function that reads the organization through a door and returns the snapshot."""
    tmp_path, number = tmp_path_factory.mktemp("ledger"), iter(range(100))

    def read(*, folder=None, together_min=1, **options):
        shelf = folder or tmp_path / f"shelf-{next(number)}"
        shelf.mkdir(exist_ok=True)
        sessions = Sessions.open(role="strongroom-read", region=str(HOME))
        read = fleet.gather(
            sessions, shelf, home_region=HOME, regions=[HOME, OTHER], on_progress=lambda *_: None, together_min=together_min, **options
        )
        tables = {table.name: read.chunks(table.name) for table in TABLES}
        return ledger.write(tmp_path / "home", tables, observed_at=read.observed_at, source={})

    def read_by_door(door, **options):
        with pytest.MonkeyPatch.context() as patch:
            for name, value in process.environment(lived.endpoint).items():
                patch.setenv(name, value)
            patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{door.server.server_port}")
            return read(**options)

    return read_by_door


@pytest.fixture(scope="module")
def each(lived, gather):
    """What asking each account gives."""
    with Door(lived.endpoint.url) as door:
        found = gather(door, together_min=NEVER)
    assert {whose for whose, _, _ in door.asked} == {""}
    return found


def accounts_of(snapshot, table):
    return {row["account_id"] for row in snapshot.table(table).to_pylist()}


@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.long)])
def test_the_rows_are_those_of_asking_each_account(lived, gather, each, processes):
    """One list a Region in place of one an account and Region; an account that just came is asked itself, a closed one not at all."""
    with Door(lived.endpoint.url) as door:
        found = gather(door, processes=processes)
    assert differences(each, found) == ()
    assert accounts_of(found, "copy_jobs") == {PAYMENTS}
    assert (door.alone(HOME), door.asked["*", HOME, "CopyJobs"], door.asked["*", HOME, "RestoreJobs"]) == (len(KINDS), 1, 1)
    # where no jobs of others are shown, nothing is asked at once: four accounts and the newcomer
    assert (door.alone(OTHER), door.asked["*", OTHER, "CopyJobs"]) == (5 * len(KINDS), 0)
    reads = Counter((row["account_id"], row["region"], row["subject"]) for row in found.table("reads").to_pylist())
    assert set(reads.values()) == {1}
    assert all(reads[PAYMENTS, str(region), kind] == 1 for region in (HOME, OTHER) for kind in KINDS)


def forgets_payments(jobs, _now):
    return [job for job in jobs if job["AccountId"] != PAYMENTS]


def forgets_a_day(jobs, now):
    """As when monitoring was off for a day."""
    return [job for job in jobs if now - job["CreationDate"] // DAY != 15]


def forgets_the_last_hours(jobs, now):
    """As when jobs come late into the list."""
    return [job for job in jobs if now - job["CreationDate"] // DAY > 0]


def forgets_what_is_older(jobs, now):
    """As when monitoring was switched on a week ago."""
    return [job for job in jobs if now - job["CreationDate"] // DAY < 7]


def says_not_whose(jobs, now):
    return [job if now - job["CreationDate"] // DAY > 20 else job | {"AccountId": None} for job in jobs]


def refuses(_jobs, _now):
    return None


@pytest.mark.parametrize(
    ("spoil", "listed"),
    [
        (forgets_a_day, True),
        *(pytest.param(spoil, True, marks=pytest.mark.long) for spoil in (forgets_the_last_hours, says_not_whose)),
        *(pytest.param(spoil, False, marks=pytest.mark.long) for spoil in (forgets_payments, forgets_what_is_older, refuses)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_whom_the_list_does_not_answer_for_is_asked(lived, gather, each, spoil, listed):
    """What a list of everybody's jobs leaves out costs calls, and no row. `listed`: it was thought good enough to be read to its end."""
    with Door(lived.endpoint.url, spoil) as door:
        found = gather(door)
    assert differences(each, found) == ()
    assert door.alone(HOME) > len(KINDS)
    assert (door.asked["*", HOME, "RestoreJobs"] > 0) == listed


def test_what_is_known_is_not_asked_for_again(lived, gather, each):
    """After a snapshot only jobs of the last two days are asked for, those of everybody too, and a sync of single accounts asks them."""
    with Door(lived.endpoint.url) as door:
        found = gather(door, before=each)
        now = found.observed_at.timestamp()
        assert differences(each, found) == ()
        since = [
            datetime.fromisoformat(at).timestamp() for whose, member, at in door.filters if whose == "*" and member == "CopyJobs" and at
        ]
        assert since
        assert all(0 < now - at < 4 * DAY for at in since)
    with Door(lived.endpoint.url) as door:
        part = gather(door, before=each, extent=Extent(accounts=(PAYMENTS,)))
    assert {whose for whose, _, _ in door.asked} == {""}
    assert part.table("copy_jobs").num_rows == each.table("copy_jobs").num_rows


@pytest.mark.long
def test_a_reading_that_is_taken_up_asks_for_no_list_again(lived, gather, each, tmp_path):
    """What lies on the shelf is not asked for again, and whom the lists answer for is still known."""
    with Door(lived.endpoint.url) as door:
        gather(door, folder=tmp_path / "shelf", observed_at=each.observed_at)
    with Door(lived.endpoint.url) as door:
        found = gather(door, folder=tmp_path / "shelf", observed_at=each.observed_at)
    assert differences(each, found) == ()
    assert {member for _, _, member in door.asked} == {"BackupJobs"}  # whether the list shows others
