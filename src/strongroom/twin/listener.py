"""HTTP on a port, of the loopback unless told otherwise: threads, keep-alive, and one answer for each request."""

import socket
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import urlsplit

from strongroom.twin.faults import ConnectionCut
from strongroom.twin.ports import Response
from strongroom.twin.state import EVERYWHERE, LOOPBACK
from strongroom.twin.wire import Call

_BODYLESS = {204, 304}
_BODY_BYTES_MAX = 5 << 30  # of one PUT into S3
_UNREADABLE = b'{"__type":"SerializationException","message":"the length of the body can\'t be read"}'


class Answers(Protocol):
    """What the listener asks for answers."""

    def __call__(self, call: Call, server: tuple[str, int], /) -> Response:
        """Answer a call; may raise ConnectionCut."""


class Listener(ThreadingHTTPServer):
    """The port of a twin; werkzeug's own server closes the connection after each answer, which doubles what a small call costs."""

    daemon_threads = True
    allow_reuse_address = True  # a port in use is still refused on Linux and macOS; one in TIME_WAIT isn't
    request_queue_size = 512

    def __init__(self, port: int, host: str = LOOPBACK) -> None:
        """Take the port without listening yet; raises OSError when it is taken."""
        super().__init__((host, port), _Handler, bind_and_activate=False)
        try:
            self.server_bind()
        except OSError:
            self.server_close()
            raise
        self.answers: Answers | None = None

    @property
    def port(self) -> int:
        """The port that was taken."""
        return int(self.server_address[1])

    @property
    def host(self) -> str:
        """Where clients on this machine reach it."""
        bound = str(self.server_address[0])
        return LOOPBACK if bound == EVERYWHERE else bound

    def listen(self, answers: Answers) -> None:
        """Accept connections; `serve_forever` answers them."""
        self.answers = answers
        self.server_activate()

    def server_bind(self) -> None:
        """Bind, without the reverse lookup of the host name that http.server does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "strongroom-twin"
    sys_version = ""
    wbufsize = -1  # buffered: headers and body leave in one packet
    disable_nagle_algorithm = True
    server: Listener
    headers: Message

    def handle(self) -> None:
        """Answer requests until the client hangs up."""
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def handle_one_request(self) -> None:
        """Answer one request, whatever its method."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline:
            self.close_connection = True
            return
        if len(self.raw_requestline) > 65536:
            self.requestline = self.request_version = self.command = ""
            self.send_error(414)
            return
        if not self.parse_request():
            return
        self._answer()
        self.wfile.flush()

    def handle_expect_100(self) -> bool:
        """Let a client that asks first send its body at once: boto3 does for each object of S3, and would wait for a second."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def _answer(self) -> None:
        assert self.server.answers is not None  # noqa: S101  # nothing is accepted before `listen`
        answered = False
        try:
            call = self._call()
        except ValueError:
            self.close_connection = True  # nobody knows where the next request would begin
            self._send(Response(status=400, body=_UNREADABLE, headers={"Content-Type": "application/json"}))
            return
        try:
            response = self.server.answers(call, self.server.server_address)  # type: ignore[arg-type]
            answered = True
            self._send(response)
        except ConnectionCut:
            answered = True
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        finally:
            if not answered:  # a bug: the trace goes to the log, the client gets an answer and no retry loop
                self.close_connection = True
                self._send(Response(status=500, body=b'{"__type":"InternalFailure","message":"a bug in the twin, see its log"}'))
                self.wfile.flush()

    def _call(self) -> Call:
        target = urlsplit(self.path) if "://" in self.path else None
        path, _, query = (f"{target.path}?{target.query}" if target else self.path).partition("?")
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]},{value}" if key in headers else value
        return Call(method=self.command, path=path, query_string=query, headers=headers, body=self._body())

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            length = int(self.headers.get("Content-Length") or 0)
            if not 0 <= length <= _BODY_BYTES_MAX:
                raise ValueError(length)
            return self._read(length)
        parts, total = [], 0
        while size := int(self.rfile.readline(1024).split(b";")[0], 16):
            total += size
            if not 0 < size <= total <= _BODY_BYTES_MAX:
                raise ValueError(size)
            parts.append(self._read(size))
            self.rfile.readline(8)
        while self.rfile.readline(65537).strip():
            pass  # trailers
        return b"".join(parts)

    def _read(self, length: int) -> bytes:
        content = self.rfile.read(length)
        if len(content) < length:
            raise ValueError(length)  # the client hung up in between
        return content

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        length = len(response.body)
        for name, value in response.headers.items():
            low = name.lower()
            if low == "content-length" and self.command == "HEAD":
                length = int(value)  # S3 HeadObject: the length of the object, without it
            elif low not in {"content-length", "date", "server", "connection", "transfer-encoding", "status"}:
                self.send_header(name, str(value))
        if response.status not in _BODYLESS:
            self.send_header("Content-Length", str(length))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and response.status not in _BODYLESS:
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is http.server's
        """Say nothing: the journal has it."""
