"""The control API under `/_twin/`: health, status, clock, calls, faults, state, mail, dump, shutdown. JSON in, JSON out."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from strongroom.twin import dump, saved
from strongroom.twin.app import App
from strongroom.twin.clock import duration, instant
from strongroom.twin.ports import ApiError, Response
from strongroom.twin.state import Endpoint
from strongroom.twin.wire import Call

PREFIX = "/_twin/"
_DATA = "data/"
_PATIENCE_SECONDS = 0.2  # how long `status` waits for a call to end before it tells what was last seen
_LOOK_SECONDS = 0.5  # between looks while the clock moves, and at least so many times what a look takes:
_LOOK_SHARE = 20


class Control:
    """Answers calls to `/_twin/`."""

    def __init__(self, app: App, *, endpoint: Endpoint, facts: Mapping[str, Any], shutdown: Callable[[], None]) -> None:
        self._app = app
        self._instance = endpoint.instance
        self._endpoint = endpoint
        self._facts = facts
        self._shutdown = shutdown
        self._seen: dict[str, Any] = {}  # status when it was last looked at
        self._seen_at, self._look_took = 0.0, 0.0
        app.passage.watch = self._look_again
        self._look()
        self._routes: dict[tuple[str, str], Callable[[Call], Any]] = {
            ("GET", "health"): self._health,
            ("GET", "status"): self._status,
            ("GET", "clock"): lambda _call: app.passage.progress(),
            ("POST", "clock"): self._move_clock,
            ("GET", "calls"): self._calls,
            ("DELETE", "calls"): lambda _call: app.journal.clear(),
            ("GET", "faults"): lambda _call: {"faults": app.faults.all()},
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "sessions/expire"): self._expire_sessions,
            ("POST", "load"): self._load,
            ("GET", "load"): self._tell_load,
            ("POST", "load/written"): lambda call: app.loads.note(_body(call)),
            ("GET", "state"): self._save,
            ("GET", "mail"): self._mail,
            ("GET", "dump"): lambda _call: dump.dump(app),
            ("POST", "shutdown"): self._stop,
        }

    def handle(self, call: Call) -> Response:
        """Answer a call to the control API."""
        name = call.path.removeprefix(PREFIX).rstrip("/")
        route = self._data if name.startswith(_DATA) else self._routes.get((call.method, name))
        if "origin" in call.headers:  # a web page in somebody's browser
            return _json(403, {"error": "pages can't control a twin"})
        if route is None:
            known = sorted({path for _, path in self._routes})
            return _json(404, {"error": f"{call.method} {call.path} is unknown", "paths": [PREFIX + path for path in known]})
        try:
            found = route(call)
            return found if isinstance(found, Response) else _json(200, found or {})
        except ApiError as refusal:
            return _json(400, {"error": refusal.message, "code": refusal.code})

    def _health(self, call: Call) -> dict[str, Any]:
        return {"ready": True, "instance": self._instance, "now": self._app.clock.now().isoformat()}

    def _status(self, call: Call) -> dict[str, Any]:
        """What is there now; while the clock moves, what was there at one of its last steps."""
        if self._app.lock.acquire(timeout=_PATIENCE_SECONDS):
            try:
                self._look()
            finally:
                self._app.lock.release()
        return {**self._seen, "clock": self._app.passage.progress(), "faults": self._app.faults.all()}

    def _look_again(self) -> None:
        """Look at a moving twin, so rarely that it doesn't slow down."""
        if time.monotonic() - self._seen_at >= max(_LOOK_SECONDS, _LOOK_SHARE * self._look_took):
            self._look()

    def _look(self) -> None:
        started = time.monotonic()
        organization = self._app.organization
        self._seen = {
            "instance": self._instance,
            "endpoint": self._endpoint.url,
            "seed": self._facts["seed"],
            "resources": self._facts["resources"],
            "now": self._app.clock.now().isoformat(),
            "organization": organization.organization_id,
            "management_account": organization.management_account,
            "accounts": len(organization.accounts()),
            "enforce_iam": bool(self._facts.get("enforce_iam")),
            "backup": self._app.backup.status(),
            "databases": getattr(self._app.data.get("databases"), "told", ""),
        }
        self._seen_at = time.monotonic()
        self._look_took = self._seen_at - started

    def _save(self, call: Call) -> Response:
        return Response(status=200, body=saved.save(self._app, dict(self._facts)), headers={"Content-Type": "application/octet-stream"})

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

    def _data(self, call: Call) -> dict[str, Any]:
        """Let the keeper of a kind of data answer, at an instant that stands still."""
        kind, _, path = call.path.removeprefix(PREFIX + _DATA).strip("/").partition("/")
        keeper = self._app.data.get(kind)
        if keeper is None:
            raise ApiError("BadPath", f"there are no data of kind {kind!r} here, known: {', '.join(sorted(self._app.data)) or 'none'}")
        with self._app.lock:
            self._app.passage.catch_up()
            return dict(keeper.control(call.method, path, _body(call)))

    def _load(self, call: Call) -> dict[str, Any]:
        """Move the clock and write one marker into all that holds data."""
        with self._app.lock:
            return self._app.loads.step(self._app, _body(call))

    def _tell_load(self, call: Call) -> dict[str, Any]:
        """Tell which markers were there at an instant, now without one."""
        asked = call.query.get("at", ("",))[0]
        with self._app.lock:
            return self._app.loads.tell(instant(asked) if asked else self._app.clock.now())

    def _mail(self, call: Call) -> dict[str, Any]:
        with self._app.lock:
            self._app.passage.catch_up()
            return {"mail": self._app.backup.mail()}

    def _add_fault(self, call: Call) -> dict[str, Any]:
        return {"fault": self._app.faults.add(_body(call))}

    def _clear_faults(self, call: Call) -> dict[str, Any]:
        number = call.query.get("number", ("0",))[0]
        if not number.isdigit():
            raise ApiError("BadQuery", f"number is that of a fault: {number!r} is none")
        cleared = self._app.faults.clear(int(number))
        if number != "0" and not cleared:
            raise ApiError("BadQuery", f"there is no fault {number}")
        return {"cleared": cleared}

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
