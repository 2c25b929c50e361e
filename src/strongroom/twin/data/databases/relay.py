"""The ports that clients connect to: bytes pass through the twin, which starts servers when they are needed and sees who writes.

One thread with an event loop serves all of them. While the twin's clock moves, bytes wait, so that each write has one instant.
TLS ends here: the wheel's PostgreSQL is built without it.
"""

import asyncio
import contextlib
import resource
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from strongroom.twin.backup.contents import NotKept
from strongroom.twin.state import LOOPBACK

_CHUNK_BYTES = 1 << 18
_ANSWER_SECONDS_MAX = 60.0
_BACKLOG = 64
_REQUEST_BYTES = 8  # length and code, PostgreSQL documentation, message formats
_TLS_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
_GSS_REQUEST = (8).to_bytes(4, "big") + (80877104).to_bytes(4, "big")


class Relay:
    """Passes bytes between clients and servers; nothing runs before the first port is opened."""

    def __init__(self, upstream: Callable[[str], int], flows: Callable[[str], None], encryption: Callable[[], ssl.SSLContext]) -> None:
        self._upstream = upstream  # the port of the server of a database, which it starts; raises NotKept
        self._flows = flows  # hears that bytes of a database pass
        self._encryption = encryption
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._gate = asyncio.Event()
        self._starting = ThreadPoolExecutor(4, thread_name_prefix="twin-database")
        self._tasks: dict[str, set[asyncio.Task[None]]] = {}
        self._ports: dict[str, int] = {}
        self._servers: dict[str, asyncio.Server] = {}
        self.problems: dict[str, str] = {}  # why a database last refused somebody

    def port(self, database: str) -> int:
        """Return the port of a database, which stays its own."""
        if database not in self._ports:
            listening = socket.create_server((LOOPBACK, 0), backlog=_BACKLOG)
            self._ports[database] = listening.getsockname()[1]
            self._call(self._listen(database, listening))
        return self._ports[database]

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold all bytes back."""
        if self._loop is None:
            yield
            return
        self._call(self._close_gate())
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._gate.set)

    def cut(self, database: str) -> None:
        """End the connections to a database."""
        if database in self._ports:
            self._call(self._cut(database))

    def shut(self, database: str) -> None:
        """Close the port of a database that is gone."""
        if self._ports.pop(database, None) is not None:
            self._call(self._shut(database))

    def close(self) -> None:
        """End all connections and the thread."""
        loop, self._loop = self._loop, None
        if loop is not None and self._thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join(_ANSWER_SECONDS_MAX)
        self._starting.shutdown(wait=False, cancel_futures=True)

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        """Let the thread do something, and wait for it."""
        asyncio.run_coroutine_threadsafe(work, self._running()).result(_ANSWER_SECONDS_MAX)

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a file for each port
            self._loop = asyncio.new_event_loop()
            self._gate.set()
            self._thread = threading.Thread(target=self._loop.run_forever, name="twin-databases", daemon=True)
            self._thread.start()
        return self._loop

    async def _listen(self, database: str, listening: socket.socket) -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._serve(database, reader, writer)

        self._servers[database] = await asyncio.start_server(serve, sock=listening, limit=_CHUNK_BYTES)

    async def _close_gate(self) -> None:
        self._gate.clear()

    async def _cut(self, database: str) -> None:
        for task in list(self._tasks.get(database, ())):
            task.cancel()

    async def _shut(self, database: str) -> None:
        self._servers.pop(database).close()
        await self._cut(database)
        self.problems.pop(database, None)

    async def _serve(self, database: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect a client with its server until one of them goes; a database that doesn't run closes the connection."""
        tasks = self._tasks.setdefault(database, set())
        own = asyncio.current_task()
        if own is not None:
            tasks.add(own)
        try:
            begun = await self._greet(reader, writer)
            await self._gate.wait()
            port = await asyncio.get_running_loop().run_in_executor(self._starting, self._upstream, database)
            there, back = await asyncio.open_connection(LOOPBACK, port, limit=_CHUNK_BYTES)
            back.write(begun)
            try:
                ways = [
                    asyncio.ensure_future(self._pass(database, reader, back)),
                    asyncio.ensure_future(self._pass(database, there, writer)),
                ]
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                back.close()
        except (NotKept, OSError) as problem:
            self.problems[database] = str(problem)  # the client only sees that nobody answers
        except (asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # gone before it said anything, or cut
        finally:
            if own is not None:
                tasks.discard(own)
            writer.close()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """Agree on encryption, and return the first bytes that are meant for the server."""
        while True:
            begun = await reader.readexactly(_REQUEST_BYTES)
            if begun == _TLS_REQUEST:
                writer.write(b"S")
                await writer.drain()
                await writer.start_tls(self._encryption())
            elif begun == _GSS_REQUEST:
                writer.write(b"N")
            else:
                return begun

    async def _pass(self, database: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass bytes on, one way, until there are no more."""
        with contextlib.suppress(OSError):
            while chunk := await reader.read(_CHUNK_BYTES):
                await self._gate.wait()
                self._flows(database)
                writer.write(chunk)
                await writer.drain()
