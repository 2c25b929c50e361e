"""Whether somebody can connect to what was restored, and log in; built into every test of something with an endpoint."""

import socket
import time
from collections.abc import Mapping
from typing import Any

from strongroom.validators import postgres
from strongroom.validators.target import Found, Target, passed, unknown

_CONNECT_SECONDS_MAX = 30.0


def connection(target: Target, _: Mapping[str, Any], /) -> Found:
    """Connect to the endpoint, and log in where a login is declared and the database is a PostgreSQL; measures how long each takes."""
    endpoint = target.restored.endpoint
    if endpoint is None:
        return unknown("it has no endpoint")
    where = f"{endpoint.address}:{endpoint.port}"
    begun = time.monotonic()
    try:
        with socket.create_connection((endpoint.address, endpoint.port), timeout=min(_CONNECT_SECONDS_MAX, target.deadline_seconds)):
            tcp = time.monotonic() - begun
    except OSError as error:
        return unknown(f"{where} can't be reached from here: {error.strerror or error}", address=endpoint.address, port=endpoint.port)
    measured: dict[str, Any] = {"address": endpoint.address, "port": endpoint.port, "connect_seconds": round(tcp, 4), "logged_in": False}
    if not postgres.speaks(endpoint):
        return passed(f"{where} accepts connections; nobody logged in, {endpoint.engine or 'its engine'} is not PostgreSQL", **measured)
    if target.login is None:
        return passed(f"{where} accepts connections; nobody logged in, no login is declared", **measured)
    begun = time.monotonic()
    with postgres.connected(target) as session:
        measured |= {"logged_in": True, "login_seconds": round(time.monotonic() - begun, 4), **session.measured()}
    secured = "over TLS" if measured["tls"] else "without TLS"
    return passed(f"{where} accepts connections, and {measured['user']} logged in {secured}", **measured)
