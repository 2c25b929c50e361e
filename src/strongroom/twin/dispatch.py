"""The way of an accepted call to moto: one Flask application per service, made on first use."""

import functools
import importlib
import io
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from moto.core.base_backend import BaseBackend
from moto.core.request import Request as MotoRequest
from moto.core.routing import get_service_router
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.exceptions import NotFound

from strongroom.twin import images, quotas
from strongroom.twin.ports import ApiError, Response
from strongroom.twin.wire import Call, Scope

Environ = dict[str, Any]


class StartResponse(Protocol):
    """WSGI's start_response."""

    def __call__(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Callable[[bytes], object]:
        """Begin the answer."""


class Moto(DomainDispatcherApplication):
    """Moto's services; what moto lacks is refused with an error, never with a trace."""

    def __init__(self) -> None:
        super().__init__(_create)
        self._backends: dict[str | None, Any] = {}
        self._making = threading.Lock()

    def get_backend_for_host(self, host: str | None) -> Any:
        """Return moto's name of the service behind a host name; raises ApiError when moto has none."""
        if host not in self._backends:
            backend = super().get_backend_for_host(host)
            if backend is None and host is not None:
                raise ApiError("NotImplemented", f"the twin has no service at {host}", status=501)
            self._backends[host] = backend
        return self._backends[host]

    def answer(self, environ: Environ, account: str, principal: str) -> Response:
        """Let moto answer a call in the name of a principal of an account; raises ApiError."""
        # moto would look the account up by the access key, in every account and partition
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
        environ["HTTP_X_TWIN_PRINCIPAL"] = principal  # whatever the client says
        begun: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None, /) -> Callable[[bytes], object]:
            begun.update(status=int(status.split(None, 1)[0]), headers=dict(headers))
            return lambda _data: None

        chunks: Iterable[bytes] = self(environ, start_response)
        body = b"".join(chunks)
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
        return Response(status=begun["status"], body=body, headers=begun["headers"])


def _url_module(backend: BaseBackend) -> Any:
    """Return the module with the URLs of a backend; moto looks beside the class, where our subclasses have none."""
    own = next(each for each in type(backend).__mro__ if each.__module__.startswith("moto."))
    return importlib.import_module(own.__module__.removesuffix("models") + "urls")


BaseBackend._url_module = property(_url_module)


# What moto lacks is taught when a service is first used: importing it before would make every start slower.
_LESSONS: dict[str, Callable[[], None]] = {"ec2": images.teach_ec2, "rds": quotas.teach_rds, "servicequotas": quotas.teach_service_quotas}


def before_first_use(service: str, lesson: Callable[[], None]) -> None:
    """Let a lesson be taught before a service of moto answers its first call; one a service."""
    _LESSONS[service] = lesson


def _create(service: Any) -> Any:
    _LESSONS.get(service, _nothing)()
    app = create_backend_app(service)
    app.debug = False  # a bug in a service is answered with 500 and logged; in debug mode Flask would raise it to the listener
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.register_error_handler(NotImplementedError, _not_implemented)
    return app


def _nothing() -> None:
    """Most services need no lesson."""


def _not_implemented(problem: NotImplementedError) -> tuple[str, int, dict[str, str]]:
    return f"the twin can't do this: {problem}", 501, {"x-twin-refusal": "NotImplemented"}


def environ_of(call: Call, server: tuple[str, int]) -> Environ:
    """Return the WSGI environment of a call."""
    from urllib.parse import unquote

    environ: Environ = {
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(call.body),
        "wsgi.input_terminated": True,
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "REQUEST_METHOD": call.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(call.path, "latin-1"),
        "QUERY_STRING": call.query_string,
        "RAW_URI": call.path + ("?" + call.query_string if call.query_string else ""),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(call.body)),
        "HTTP_HOST": f"{server[0]}:{server[1]}",
    }
    environ["REQUEST_URI"] = environ["RAW_URI"]
    preserved: dict[str, str] = {}
    for name, value in call.headers.items():
        key = name.upper().replace("-", "_")
        if key in {"CONTENT_LENGTH", "TRANSFER_ENCODING"}:
            continue
        if "_" in name:
            if not name.startswith("x-amz-meta-"):
                continue
            preserved["HTTP_" + key] = name
        environ[key if key == "CONTENT_TYPE" else "HTTP_" + key] = value
    environ["moto.preserved_header_names"] = preserved
    return environ


def rest_operation(environ: Mapping[str, Any], scope: Scope) -> str:
    """Return the operation behind a REST request by botocore's model of the service, empty when there is none."""
    router = _router(scope.service)
    if router is None:
        return ""
    try:
        operation, _ = router.match(MotoRequest({**environ, "wsgi.input": io.BytesIO()}))
    except (NotFound, NotImplementedError, KeyError):
        return ""
    return str(operation.name)


_MODEL_NAMES = {"elasticfilesystem": "efs", "execute-api": "apigatewaymanagementapi"}


@functools.cache
def _router(service: str) -> Any:
    from botocore.exceptions import UnknownServiceError

    try:
        return get_service_router(_MODEL_NAMES.get(service, service))
    except UnknownServiceError:
        return None
