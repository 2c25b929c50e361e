"""The control API under `/_twin/`: health, status, clock, calls, faults, shutdown. JSON in, JSON out."""

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from strongroom.twin.app import App
from strongroom.twin.clock import duration, instant
from strongroom.twin.ports import ApiError, Response
from strongroom.twin.wire import Call

PREFIX = "/_twin/"


class Control:
    """Answers calls to `/_twin/`."""

    def __init__(self, app: App, *, instance: str, facts: Mapping[str, Any], shutdown: Callable[[], None]) -> None:
        self._app = app
        self._instance = instance
        self._facts = facts
        self._shutdown = shutdown
        self._routes: dict[tuple[str, str], Callable[[Call], Any]] = {
            ("GET", "health"): self._health,
            ("GET", "status"): self._status,
            ("GET", "clock"): lambda _call: app.passage.progress(),
            ("POST", "clock"): self._move_clock,
            ("GET", "calls"): self._calls,
            ("DELETE", "calls"): lambda _call: app.journal.clear(),
            ("GET", "faults"): lambda _call: {"faults": app.faults.all()},
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): lambda _call: app.faults.clear(),
            ("POST", "sessions/expire"): self._expire_sessions,
            ("POST", "shutdown"): self._stop,
        }

    def handle(self, call: Call) -> Response:
        """Answer a call to the control API."""
        name = call.path.removeprefix(PREFIX).rstrip("/")
        route = self._routes.get((call.method, name))
        if "origin" in call.headers:  # a web page in somebody's browser
            return _json(403, {"error": "pages can't control a twin"})
        if route is None:
            known = sorted({path for _, path in self._routes})
            return _json(404, {"error": f"{call.method} {call.path} is unknown", "paths": [PREFIX + path for path in known]})
        try:
            return _json(200, route(call) or {})
        except ApiError as refusal:
            return _json(400, {"error": refusal.message, "code": refusal.code})

    def _health(self, call: Call) -> dict[str, Any]:
        return {"ready": True, "instance": self._instance, "now": self._app.clock.now().isoformat()}

    def _status(self, call: Call) -> dict[str, Any]:
        with self._app.lock:
            organization = self._app.organization
            return {
                **self._facts,
                "now": self._app.clock.now().isoformat(),
                "organization": organization.organization_id,
                "management_account": organization.management_account,
                "accounts": len(organization.accounts()),
                "backup": self._app.backup.status(),
            }

    def _move_clock(self, call: Call) -> dict[str, Any]:
        request = _body(call)
        if len(request) != 1 or not set(request) <= {"advance", "to"}:
            raise ApiError("BadClock", 'either {"advance": "90d"} or {"to": "2027-01-01T00:00:00Z"} is expected')
        if "advance" in request:
            target = self._app.clock.target(advance=duration(request["advance"]))
        else:
            target = self._app.clock.target(to=instant(request["to"]))
        return self._app.passage.advance(target)

    def _calls(self, call: Call) -> dict[str, Any]:
        after = call.query.get("after", ("0",))[0]
        write = call.query.get("write", ("",))[0]
        if not after.isdigit() or write not in {"", "true", "false"}:
            raise ApiError("BadQuery", "after is a number of a call, write is true or false")
        return {"calls": self._app.journal.calls(after=int(after), write=None if not write else write == "true")}

    def _add_fault(self, call: Call) -> dict[str, Any]:
        return {"fault": self._app.faults.add(_body(call))}

    def _expire_sessions(self, call: Call) -> dict[str, Any]:
        return {"expired": self._app.identities.expire_sessions(account=str(_body(call).get("account", "")))}

    def _stop(self, call: Call) -> dict[str, Any]:
        threading.Timer(0.05, self._shutdown).start()  # after the answer has left
        return {"stopping": self._instance}


def _body(call: Call) -> Mapping[str, Any]:
    try:
        request = json.loads(call.body or b"{}")
    except ValueError:
        request = None
    if not isinstance(request, dict):
        raise ApiError("BadRequest", "the body is not a JSON object")
    return request


def _json(status: int, document: Any) -> Response:
    return Response(status=status, body=json.dumps(document).encode(), headers={"Content-Type": "application/json"})
