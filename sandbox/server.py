"""The application behind a real port of 127.0.0.1, for tests, the demo and the command."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.faults.turn import SEVER

HOST = "127.0.0.1"


class Server:
    """Runs an application in a background thread, from entering the block until leaving it.

    The socket is bound here, so that `url` is true from the start and port 0 means any free one. Requests are answered
    when the block begins; leaving it closes the connections that are still open.
    """

    def __init__(self, app: ASGIApp, *, port: int = 0) -> None:
        self._socket = _bound(port)
        self._port = self._socket.getsockname()[1]
        # A connection pool may rest between two requests: longer than any client here keeps one.
        config = uvicorn.Config(
            _Severable(app),
            log_level="warning",
            access_log=False,
            lifespan="off",
            date_header=False,  # it would tell the machine's time, not the sandbox's
            timeout_keep_alive=300,
            timeout_graceful_shutdown=1,
        )
        self._server = _Announcing(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="sandbox", daemon=True
        )

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        return f"http://{HOST}:{self._port}"

    def wait(self) -> None:
        """Stay until the server ends, which it does when the process is interrupted or the block is left."""
        self._thread.join()

    def __enter__(self) -> Self:
        self._thread.start()
        self._server.ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


class _Announcing(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.ready.set()


class _Severable:
    """Lets the application break the connection of a request: ASGI has no word for it, the protocol below has."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if transport is not None:
            scope.setdefault("extensions", {})[SEVER] = _severing(transport)
        await self._app(scope, receive, send)


def _severing(transport: asyncio.Transport) -> Callable[[bool], None]:
    def sever(gently: bool) -> None:  # noqa: FBT001 - one word at its only place
        if gently:
            transport.close()
            return
        # With no time to linger the kernel resets the connection: what is on its way is lost.
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    return sever


def _bound(port: int) -> socket.socket:
    # With the protocol named, asyncio sets TCP_NODELAY: otherwise every answer waits 40 ms for a delayed ACK.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
        bound.listen(128)
    except OSError as error:
        bound.close()
        raise OSError(
            error.errno, f"port {port} of {HOST} cannot be used; choose another one or 0 for any free"
        ) from error
    return bound
