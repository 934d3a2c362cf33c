"""What a soak runs: many small servers, a receiver, a daemon whose clock, names and disk can be broken."""

import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import redis
import yaml

from benchmarks.sampling import fetch
from exporter.shipped import shipped, shipped_rules
from tests.peers import require_program
from tests.servers import RealServer, free_port

NAMED_EVERY: Final = 4
"""One target in so many has a host name, which is looked up."""
_SERVER_PORT: Final = 7379
_PATIENCE_SECONDS: Final = 30.0
_ROUTE: Final = {
    "receiver": "hook",
    "group_by": ["..."],
    "group_wait": "20s",
    "group_interval": "30s",
    "repeat_interval": "4h",
}
# For processes that see other files /etc/hosts and /etc/resolv.conf than the rest of the machine.
_OWN_NAMES: Final = (
    'mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/resolv.conf && shift 2 && exec "$@"'
)


class Told(NamedTuple):
    """An alert in a message: when it came, on the clock of `time.monotonic`."""

    at: float
    status: str
    name: str
    instance: str


class Hook:
    """A receiver; `status` is what it answers, and only what it takes (200) is `told`."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.refused = 0
        self.status = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = _read_json(self.rfile.read(int(self.headers["content-length"])))
                if body is None:
                    return
                status = hook.status
                hook.note(body, status)
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def note(self, body: dict[str, Any], status: int) -> None:
        """A message came."""
        if status != 200:
            self.refused += 1
            return
        for one in body["alerts"]:
            labels = one["labels"]
            told = Told(time.monotonic(), one["status"], labels["alertname"], labels.get("instance", ""))
            self.told.append(told)

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()


class World:
    """Servers, receiver and daemon; use it with `with`.

    Each server is a process of its own on an address of its own (127.x.y.z), and so a host of its own to the
    rules. `can_name`: whether names can be broken on this machine, which takes root.
    """

    def __init__(self, directory: Path, targets: int, seed: int, interval: str = "15s") -> None:
        self.directory = directory
        self.interval = interval
        self.hook = Hook()
        self.can_name = os.geteuid() == 0 and _can_unshare()
        # Another soak on this machine gets other addresses.
        network = f"127.{random.SystemRandom().randrange(2, 250)}.{random.SystemRandom().randrange(1, 250)}"
        program = require_program("redis-server")
        self.servers = {
            f"cache-{number:03}": RealServer(
                program,
                directory / f"server-{number}",
                "--enable-debug-command",
                "local",
                "--hz",
                "2",
                "--loglevel",
                "warning",
                host=f"{network}.{number}" if number < 255 else f"{network[:-1]}.{number - 254}",
                port=_SERVER_PORT,
            )
            for number in range(1, targets + 1)
        }
        self.port = free_port()
        self.log: list[str] = []
        self.pid = 0
        self.ended_after_seconds = 0.0
        self._resolver: socket.socket | None = None
        self._rng = random.Random(seed)
        self._ended = threading.Event()
        self._at_work: set[str] = set(self.servers)

    def __enter__(self) -> Self:
        for server in self.servers.values():
            server.start()
        self._write_files()
        self._start_daemon()
        self._work = threading.Thread(target=self._use_servers, daemon=True)
        self._work.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._end_daemon()
        self._work.join()
        for server in self.servers.values():
            server.stop()
        self.hook.close()
        self.set_resolver_hanging(False)

    @property
    def named(self) -> Sequence[str]:
        """The instances whose hosts have names."""
        return list(self.servers)[::NAMED_EVERY] if self.can_name else []

    @property
    def megabytes(self) -> float:
        """What the daemon's process holds in memory."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    @property
    def descriptors(self) -> int:
        """How many file descriptors the daemon's process has open, but for files of the history.

        Those are as many as its retention has blocks of: their number says nothing of a leak.
        """
        return sum("/history-" not in _opened(path) for path in Path(f"/proc/{self.pid}/fd").iterdir())

    def rest(self, instance: str) -> None:
        """Have no application use this server any more: it is about to be broken."""
        self._at_work.discard(instance)

    def set_names(self, *, known: bool) -> None:
        """Let the names of the targets stand for their addresses, or be unknown."""
        lines = ["127.0.0.1 localhost"]
        if known:
            lines += [f"{self.servers[name].host} {name}.soak.test" for name in self.named]
        # In its place: another file would not be the one that was mounted.
        (self.directory / "hosts").write_text("\n".join(lines) + "\n")

    def set_resolver_hanging(self, hanging: bool) -> None:
        """Have the name server take questions and answer none, or not be there."""
        if self._resolver is not None:
            self._resolver.close()
            self._resolver = None
        if hanging:
            self._resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._resolver.bind((self._name_server, 53))

    def set_clock(self, seconds: int) -> None:
        """Set the daemon's wall clock ahead of the machine's by so much."""
        (self.directory / "offset").write_text(f"{seconds:+d}")

    def set_disk_full(self, full: bool) -> None:
        """Have no write of the daemon to a file succeed."""
        limit = 0 if full else resource.RLIM_INFINITY
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    def signal(self, number: signal.Signals) -> None:
        """Send the daemon a signal."""
        self._process.send_signal(number)

    def write_rules(self, version: int) -> None:
        """The soak's own rule file, which a reload takes on."""
        rule = {"alert": "Never", "expr": f"vector({version}) < 0"}
        groups = {"groups": [{"name": "own", "rules": [rule]}]}
        (self.directory / "own.yml").write_text(yaml.safe_dump(groups))

    def metric(self, name: str) -> float | None:
        """The sum of a metric of the daemon's own; None where it has none of this name."""
        lines = fetch(self.port, "/metrics").decode().splitlines()
        found = [line for line in lines if line.startswith((f"{name} ", f"{name}{{"))]
        return sum(float(line.rpartition(" ")[2]) for line in found) if found else None

    @property
    def _name_server(self) -> str:
        return f"{next(iter(self.servers.values())).host.rpartition('.')[0]}.253"

    def _write_files(self) -> None:
        targets = [
            {"url": f"redis://{name}.soak.test:{server.port}" if name in self.named else server.url}
            | {"instance": name}
            for name, server in self.servers.items()
        ]
        config = {
            "global": {"sample_interval": self.interval, "evaluation_interval": self.interval},
            "targets": targets,
            "rule_files": [*map(str, shipped_rules()), "own.yml"],
            # Short, so that memory and disk hold all that they will ever hold, and each keyspace has its
            # series, before the memory is compared.
            "storage": {"path": "data", "retention": "8m", "history": "10m"},
            "samplers": {"keyspace": {"interval": "4m"}},
            "alerting": {"config_file": "alertmanager.yml"},
        }
        routing = yaml.safe_load(shipped("alertmanager.yml").read_text())
        routing["route"] = _ROUTE
        routing["receivers"] = [{"name": "hook", "webhook_configs": [{"url": self.hook.url}]}]
        (self.directory / "config.yml").write_text(yaml.safe_dump(config))
        (self.directory / "alertmanager.yml").write_text(yaml.safe_dump(routing))
        self.write_rules(1)
        (self.directory / "resolv.conf").write_text(f"nameserver {self._name_server}\n")
        self.set_names(known=True)
        self.set_clock(0)

    def _start_daemon(self) -> None:
        command = [sys.executable, "-m", "benchmarks.soak_daemon", str(self.directory / "offset"), "run"]
        command += ["--config", str(self.directory / "config.yml")]
        command += ["--web.listen-address", f"127.0.0.1:{self.port}"]
        if self.can_name:
            files = [str(self.directory / name) for name in ("hosts", "resolv.conf")]
            command = ["unshare", "--mount", "sh", "-c", _OWN_NAMES, "sh", *files, *command]
        # A pipe: a full disk must not end the log.
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.pid = self._process.pid
        self._reading = threading.Thread(target=self._read_log, daemon=True)
        self._reading.start()
        deadline = time.monotonic() + 120
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the daemon did not start:\n" + "\n".join(self.log[-20:]))
            time.sleep(0.2)

    def _end_daemon(self) -> None:
        began = time.monotonic()
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self.ended_after_seconds = time.monotonic() - began
        self._reading.join()

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            for line in stream:
                self.log.append(line.rstrip("\n"))

    def _is_ready(self) -> bool:
        try:
            return b"ready" in fetch(self.port, "/-/ready")
        except OSError:
            return False

    def _use_servers(self) -> None:
        """What applications do: some reads and writes, everywhere in turn."""
        while not self._ended.wait(0.2):
            resting = [name for name in list(self._at_work) if self.servers[name].is_running]
            for name in self._rng.sample(resting, min(5, len(resting))):
                try:
                    with self.servers[name].client.pipeline(transaction=False) as pipe:
                        for number in range(10):
                            pipe.set(f"session:{number}", "x" * 100, ex=3600)
                            pipe.get(f"session:{number}")
                        pipe.execute()
                except (redis.RedisError, OSError):
                    continue


def _read_json(body: bytes) -> dict[str, Any] | None:
    """What was posted; nothing where the daemon has gone before it had posted all of it."""
    try:
        found: dict[str, Any] = json.loads(body)
    except ValueError:
        return None
    return found


def _can_unshare() -> bool:
    return subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode == 0


def _opened(descriptor: Path) -> str:
    """What a descriptor is open for; empty where it has been closed meanwhile."""
    try:
        return str(descriptor.readlink())
    except OSError:
        return ""
