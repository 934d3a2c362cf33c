"""The HTTP server: uvicorn inside the daemon's own event loop."""

import asyncio
import contextlib
import resource
import socket
import ssl
from collections import Counter
from collections.abc import Generator
from email.utils import formatdate
from functools import partial
from ipaddress import ip_address
from typing import Any, Final

import uvicorn
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporter.config.web_config import WebConfig
from exporter.errors import VigilError
from exporter.web.protocol import HEAD_SECONDS, MAX_CONNECTIONS, BoundedProtocol
from exporter.web.turns import RequestTurns

_BACKLOG = 1024
_GRACE_SECONDS = 3
# The servers that are watched, receivers and files need descriptors, too.
_SHARE_OF_DESCRIPTORS: Final = 0.5


class ListenError(VigilError):
    """The listen address cannot be used."""


def bind(host: str, port: int) -> socket.socket:
    """A bound socket; an empty host means all addresses, IPv6 and IPv4.

    It does not listen yet: who connects before there is somebody to answer would wait. Raises `ListenError`.
    """
    is_dual = not host and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if is_dual or ":" in host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not is_dual)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise _listen_error(host, port, error) from error
    return listener


def _listen_error(host: str, port: int, error: OSError) -> ListenError:
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return ListenError(
        f"cannot listen on {where}: {error.strerror or error}; choose another address with "
        "web.listen_address or --web.listen-address"
    )


def default_url(listener: socket.socket, config: WebConfig) -> str:
    """Return the URL by which others on the network reach the daemon.

    Where it listens to this machine only, it is one for this machine.
    """
    scheme = "https" if config.tls_server_config else "http"
    host, port = listener.getsockname()[:2]
    if not ip_address(host).is_loopback:
        host = socket.gethostname()
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


class _Quiet(uvicorn.Server):
    """A uvicorn server without signal handlers: the daemon has its own.

    It sleeps until it is told to end, instead of waking up ten times a second to see whether it is.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._end = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen as uvicorn does; a handshake has no more time than headers have."""
        config, loop = self.config, asyncio.get_running_loop()

        def connect() -> asyncio.Protocol:
            create: Any = config.http_protocol_class
            protocol: asyncio.Protocol = create(config=config, server_state=self.server_state, app_state={})
            return protocol

        seconds = HEAD_SECONDS if config.ssl else None
        self.servers = [
            await loop.create_server(
                connect, sock=one, ssl=config.ssl, backlog=_BACKLOG, ssl_handshake_timeout=seconds
            )
            for one in sockets or ()
        ]
        self.started = True

    async def main_loop(self) -> None:
        await self._end.wait()

    def end(self) -> None:
        """Finish what is under way and return."""
        self.should_exit = True
        self._end.set()


def _dated(app: ASGIApp) -> ASGIApp:
    """The application with the header Date, which uvicorn would look after once a second.

    A client that goes before its request is complete is nothing to tell of; neither is a request that waits
    for something when the daemon ends, such as a password that is checked.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def send_dated(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                date = formatdate(usegmt=True).encode()
                message = {**message, "headers": [*message.get("headers", ()), (b"date", date)]}
            await send(message)

        try:
            with contextlib.suppress(ClientDisconnect):
                await app(scope, receive, send_dated)
        except asyncio.CancelledError:
            if has_begun:
                raise
            # uvicorn cancels it, and would tell of it with a traceback.
            ends = PlainTextResponse("The daemon is stopping.\n", 503, {"connection": "close"})
            await ends(scope, receive, send_dated)

    return answer


def _most_connections() -> int:
    """So many clients leave descriptors for everything else."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_CONNECTIONS if soft == resource.RLIM_INFINITY else int(soft * _SHARE_OF_DESCRIPTORS)


class WebServer:
    """Serves an application on a bound socket until it is stopped."""

    def __init__(self, app: ASGIApp, listener: socket.socket, tls: ssl.SSLContext | None = None) -> None:
        self.refused: Counter[int] = Counter()
        """Requests and connections that were not taken, by HTTP status; 408: they did not come in time, or
        nobody took the answer."""
        config = uvicorn.Config(
            RequestTurns(_dated(app)),
            http=partial(BoundedProtocol, self.refused, _most_connections()),  # type: ignore[arg-type]
            # Whatever is installed: what takes a connection over is not bounded.
            ws="none",
            date_header=False,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            backlog=_BACKLOG,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            timeout_keep_alive=75,
            ssl_context_factory=(lambda *_: tls) if tls else None,
        )
        self._server = _Quiet(config)
        self._listener = listener
        self._task: asyncio.Task[None] | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port on which it listens."""
        host, port = self._listener.getsockname()[:2]
        return host, port

    @property
    def connections(self) -> int:
        """The number of open connections."""
        return len(self._server.server_state.connections)

    def renew_connections(self) -> None:
        """Close the open connections, each after the request under way: clients have to come in anew."""
        for connection in list(self._server.server_state.connections):
            connection.shutdown()

    def _cut_connections(self) -> None:
        for connection in list(self._server.server_state.connections):
            if isinstance(connection, BoundedProtocol) and connection.flow.write_paused:
                connection.transport.abort()

    def start(self) -> None:
        """Begin to answer. Raises `ListenError` where another listens there by now."""
        try:
            self._listener.listen(_BACKLOG)
        except OSError as error:
            raise _listen_error(*self.address, error) from error
        self._task = asyncio.create_task(self._server.serve(sockets=[self._listener]))

    async def stop(self) -> None:
        """Finish the requests under way, at most a few seconds, and close."""
        self._server.end()
        # Who takes no answer would have its request cancelled, with a traceback.
        cut = asyncio.get_running_loop().call_later(_GRACE_SECONDS / 2, self._cut_connections)
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=_GRACE_SECONDS + 1)
        cut.cancel()
        self._listener.close()
