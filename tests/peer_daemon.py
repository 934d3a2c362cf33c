"""Another daemon, as far as it can be asked for its health: answers what a test tells it to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def report(**keys: Any) -> dict[str, Any]:
    """What a daemon says of two servers, of which one is down."""
    finding = {
        "name": "RedisDown",
        "health": "unhealthy",
        "severity": "critical",
        "instance": "orders:6379",
        "summary": "Redis orders:6379 is down",
        "description": "It does not answer.",
        "recommendation": "Start it.",
        "labels": {"alertname": "RedisDown", "instance": "orders:6379"},
        "since": 1_700_000_000.0,
        "quiet": "",
    }
    return {
        "health": "unhealthy",
        "checks": 100,
        "findings": [finding],
        "up": ["cache:6379"],
        "down": {"orders:6379": "refused"},
        "problems": {"orders:6379": {"reason": "connection_refused", "words": "connection refused"}},
        "daemon": {
            "id": "b",
            "version": "0.3.0",
            "external_url": "https://vigil-b.example.com",
            "shard": "2/2",
        },
        **keys,
    }


@dataclass
class PeerDaemon:
    """`asked` are the paths and the headers Authorization of requests; `delay` comes before each answer."""

    url: str = ""
    status: int = 503
    body: bytes = field(default_factory=lambda: json.dumps(report()).encode())
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)


@contextmanager
def peer_daemon() -> Iterator[PeerDaemon]:
    """Inside the block it answers at `url`; while `hold` is clear it keeps everybody waiting."""
    state = PeerDaemon()
    state.hold.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append((self.path, self.headers.get("Authorization", "")))
            state.hold.wait(20)
            try:
                self.send_response(state.status)
                self.send_header("content-length", str(len(state.body)))
                for name, value in state.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(state.body)
            except OSError:
                return

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield state
        finally:
            state.hold.set()
            server.shutdown()
            thread.join()
