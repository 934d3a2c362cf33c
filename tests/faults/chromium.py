"""A headless Chromium, and the web server of somebody whose pages it visits."""

import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from tests.peers import require_program

_PATIENCE_SECONDS: Final = 60.0
# `attempt` notes what became of one thing that the page tried; the page has ended when all are noted.
_PAGE: Final = """<!DOCTYPE html><title>a page</title><body><script>
const told = {};
const wait = ms => new Promise(done => setTimeout(done, ms));
async function attempt(name, what) {
  try { told[name] = await what(); } catch (error) { told[name] = "refused: " + error.name; }
}
(async () => {
  try { %s } catch (error) { told.broken = String(error); }
  await fetch("/told", {method: "POST", body: JSON.stringify(told)});
})();
</script></body>"""


@dataclass(slots=True)
class Site:
    """A web server: `script` is what its page does, `told` what that noted; `posts` what was posted here.

    `behind`: an address to which everything else is passed on as it came, byte for byte, as if the name that
    the browser asks for had been given that address (DNS rebinding).
    """

    port: int
    script: str = ""
    told: dict[str, Any] = field(default_factory=dict)
    posts: list[tuple[str, str]] = field(default_factory=list)
    has_ended: threading.Event = field(default_factory=threading.Event)
    behind: tuple[str, int] | None = None


class _Handler(BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        if self.path == "/page":
            self._answer(_PAGE % self.site.script)
        else:
            self._take()

    def do_POST(self) -> None:
        if self.path == "/told":
            self.site.told = json.loads(self._body())
            self.site.has_ended.set()
            self._answer("")
        else:
            self._take()

    def do_DELETE(self) -> None:
        self._take()

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["content-length"] or 0))

    def _take(self) -> None:
        body = self._body()
        if self.site.behind is not None:
            self.wfile.write(self._passed_on(self.site.behind, body))
            self.close_connection = True
            return
        if self.command != "GET":
            self.site.posts.append((f"{self.command} {self.path}", self.headers.get("content-type") or ""))
        self._answer("")

    def _passed_on(self, address: tuple[str, int], body: bytes) -> bytes:
        lines = [f"{name}: {value}" for name, value in self.headers.items() if name.lower() != "connection"]
        head = "\r\n".join([self.requestline, *lines, "Connection: close", "", ""])
        with socket.create_connection(address, timeout=20) as connection:
            connection.sendall(head.encode("latin-1") + body)
            answer = b""
            while part := connection.recv(65536):
                answer += part
        return answer

    def _answer(self, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def serve(script: str = "", behind: tuple[str, int] | None = None) -> Iterator[Site]:
    """A site on a port of its own."""
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        handler.site = site = Site(server.server_address[1], script, behind=behind)  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


def visit(site: Site, host: str, profile: Path) -> dict[str, Any]:
    """Open the page of a site under a name ending in `.test`; returns what the page noted."""
    command = [
        str(require_program("chromium")),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        f"--user-data-dir={profile}",
        "--host-resolver-rules=MAP *.test 127.0.0.1",
        # Or the process ends as soon as the page has been loaded.
        "--remote-debugging-port=0",
        f"http://{host}:{site.port}/page",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert site.has_ended.wait(_PATIENCE_SECONDS), f"the page of {host} did not end"
        return site.told
    finally:
        process.terminate()
        try:
            process.wait(10)
        finally:
            process.kill()
            process.wait()
