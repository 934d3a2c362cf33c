"""A server that answers as no server should: endless, huge, deep, misshapen or made up, a kind each.

What it says between is plausible, so that its reader goes on to the reply that hurts.
"""

import contextlib
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Self

# The words of a command, and what is sent for it; endless where it has no end.
Answer = Callable[[Sequence[bytes]], Iterator[bytes]]

_HEAD: Final = (
    b"# Server\r\nredis_version:7.4.0\r\nredis_mode:standalone\r\nrun_id:" + b"a" * 40 + b"\r\n"
    b"uptime_in_seconds:1000\r\n# Clients\r\nconnected_clients:10\r\n# Replication\r\nrole:master\r\n"
    b"# Keyspace\r\ndb0:keys=1000,expires=0,avg_ttl=0\r\n"
)


def bulk(text: bytes) -> bytes:
    """A text as it is sent."""
    return b"$%d\r\n%s\r\n" % (len(text), text)


def array(*items: bytes) -> bytes:
    """An array of what is already in the form in which it is sent."""
    return b"*%d\r\n%s" % (len(items), b"".join(items))


def _plausible(words: Sequence[bytes]) -> bytes:
    name, second = words[0].upper(), words[1].upper() if len(words) > 1 else b""
    if name == b"INFO":
        return bulk(_HEAD)
    if (name, second) in ((b"SLOWLOG", b"LEN"), (b"COMMANDLOG", b"LEN")):
        return b":0\r\n"
    if (name, second) == (b"CLIENT", b"LIST"):
        return bulk(b"id=1 addr=127.0.0.1:1 name= age=1 idle=1 flags=N db=0 cmd=x user=default\n")
    if name == b"SCAN":
        return array(bulk(b"0"), array())
    if name in (b"PING", b"CLIENT", b"SELECT", b"AUTH", b"READONLY", b"ASKING"):
        return b"+PONG\r\n" if name == b"PING" else b"+OK\r\n"
    return b"*0\r\n"


def _for(command: bytes, *pieces: bytes, endless: bytes = b"") -> Answer:
    """Say this for commands that begin so, and something plausible for all others."""

    def answer(words: Sequence[bytes]) -> Iterator[bytes]:
        if not b" ".join(words).upper().startswith(command):
            yield _plausible(words)
            return
        yield from pieces
        while endless:
            yield endless

    return answer


def _info(*lines: bytes) -> Answer:
    return _for(b"INFO", bulk(_HEAD + b"\r\n".join(lines) + b"\r\n"))


def _always(reply: bytes, endless: bytes = b"") -> Answer:
    return _for(b"", reply, endless=endless)


def _entry(number: int, arguments: int = 32, length: int = 128) -> bytes:
    texts = [bulk(b"%d" % index * length) for index in range(arguments)]
    return array(b":%d\r\n" % number, b":1\r\n", b":20000\r\n", array(*texts), bulk(b"a:1"), bulk(b"n"))


def _huge_info() -> Answer:
    cmdstat = b'cmdstat_c%d<b>"}:calls=1,usec=1,usec_per_call=1.0,rejected_calls=0,failed_calls=0'
    return _info(
        b"# Commandstats",
        *(cmdstat % n for n in range(1000)),
        b"# Errorstats",
        *(b"errorstat_E%d:count=1" % n for n in range(1000)),
        b"# Keyspace",
        *(b"db%d:keys=1,expires=0,avg_ttl=0" % n for n in range(100_000)),
        b"run_id:" + b"Z" * 1_000_000,
    )


def _slow_entries() -> Answer:
    entries = [_entry(number, length=64) for number in range(5_000, 0, -1)]

    def answer(words: Sequence[bytes]) -> Iterator[bytes]:
        name = b" ".join(words).upper()
        if name.startswith(b"SLOWLOG LEN"):
            yield b":5000\r\n"
        elif name.startswith(b"SLOWLOG GET"):
            yield array(*entries)
        else:
            yield _plausible(words)

    return answer


def _keys(count: int, length: int = 0) -> bytes:
    if length:
        return array(bulk(b"7"), array(bulk(b"k" * length)))
    return (
        b"*2\r\n" + bulk(b"7") + b"*%d\r\n" % count + b"".join(b"$8\r\nk%07d\r\n" % n for n in range(count))
    )


def _histograms() -> bytes:
    items: list[bytes] = []
    for number in range(2_000):
        buckets = array(*(b":%d\r\n" % one for one in range(60)))
        items += [bulk(b"cmd%d" % number), array(bulk(b"calls"), b":9\r\n", bulk(b"histogram_usec"), buckets)]
    return array(*items)


def _spike(number: int) -> bytes:
    return array(bulk(b"e%d" % number), b":1\r\n", b":2\r\n", b":3\r\n")


def _denied(number: int) -> bytes:
    return array(bulk(b"count"), b":1\r\n", bulk(b"reason"), bulk(b"r%d" % number))


_REPLICA: Final = b"slave%d:ip=1.1.1.%d,port=%d,state=online,offset=1,lag=0"
_CLIENT: Final = (
    b"id=%d addr=10.0.0.%d:%d name=n%d age=%d idle=%d flags=N db=%d omem=0 tot-mem=1 user=u%d lib-name=l%d "
    b"lib-ver=%d\n"
)
_CLIENTS: Final = b"".join(_CLIENT % ((n, n % 256) + (n,) * 8) for n in range(100_000))

KINDS: Final[dict[str, Callable[[], Answer]]] = {
    "endless array": lambda: _for(b"INFO", b"*2147483647\r\n", endless=b":1\r\n" * 20_000),
    "endless arrays to all": lambda: _always(b"*2147483647\r\n", endless=b":1\r\n" * 20_000),
    "endless small arrays": lambda: _for(b"INFO", b"*200000\r\n", endless=b"*0\r\n" * 20_000),
    "endless replies": lambda: _always(b"", endless=b"+OK\r\n" * 20_000),
    "endless text": lambda: _for(b"INFO", b"$2147483000\r\n", endless=b"x" * 100_000),
    "endless line": lambda: _for(b"INFO", b"+", endless=b"x" * 100_000),
    "endless nesting": lambda: _for(b"INFO", endless=b"*1\r\n" * 20_000),
    "deep nesting": lambda: _for(b"SLOWLOG GET", b"*1\r\n" * 15_000 + b":1\r\n"),
    "wide and deep": lambda: _for(b"SLOWLOG GET", b"*249999\r\n" * 40),
    "many announcements": lambda: _for(b"SLOWLOG GET", endless=b"*9999\r\n"),
    "huge info": _huge_info,
    "info of names": lambda: _info(*(b"field_%d:%d" % (n, n) for n in range(100_000))),
    "info of one line": lambda: _for(b"INFO", bulk(b"redis_version:" + b"7" * 10_000_000)),
    "info of commas": lambda: _info(*(b"cmdstat_c%d:" % n + b"a=1," * 2_000 for n in range(500))),
    "info of replicas": lambda: _info(*(_REPLICA % (n, n, n) for n in range(50_000))),
    "empty info": lambda: _for(b"INFO", bulk(b"")),
    "info is OK": lambda: _for(b"INFO", b"+OK\r\n"),
    "all is OK": lambda: _always(b"+OK\r\n"),
    "all is nothing": lambda: _always(b"$-1\r\n"),
    "all is empty": lambda: _always(b"*0\r\n"),
    "all is a number": lambda: _always(b":1\r\n"),
    "all is nested": lambda: _always(b"*2\r\n*2\r\n:1\r\n*1\r\n$1\r\nx\r\n$-1\r\n"),
    "numbers out of range": lambda: _always(b":99999999999999999999999999\r\n"),
    "negative length": lambda: _always(b"$-5\r\n"),
    "negative array": lambda: _always(b"*-7\r\n"),
    "length is no number": lambda: _always(b"$abc\r\n"),
    "pushed": lambda: _always(b">2\r\n+message\r\n+x\r\n"),
    "map of maps": lambda: _always(b"%1\r\n%0\r\n:1\r\n"),
    "set and double": lambda: _always(b"~2\r\n,1.5\r\n#t\r\n"),
    "huge error": lambda: _always(b"-ERR " + b"x" * 60_000 + b"\r\n"),
    "not redis": lambda: _always(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "slow log": _slow_entries,
    "slow log of numbers": lambda: _for(b"SLOWLOG", b"*3\r\n:1\r\n:2\r\n:3\r\n"),
    "long client list": lambda: _for(b"CLIENT LIST", bulk(_CLIENTS)),
    "wild client list": lambda: _for(b"CLIENT LIST", bulk(b"addr= =\n" * 50_000 + b"addr=" * 50_000)),
    "histograms": lambda: _for(b"LATENCY HISTOGRAM", _histograms()),
    "spikes": lambda: _for(b"LATENCY LATEST", array(*(_spike(n) for n in range(50_000)))),
    "parameters": lambda: _for(b"CONFIG", array(*(bulk(b"p%d" % n) for n in range(100_000)))),
    "memory statistics": lambda: _for(b"MEMORY", array(*(bulk(b"p%d" % n) for n in range(100_000)))),
    "acl log": lambda: _for(b"ACL", array(*(_denied(n) for n in range(50_000)))),
    "keys at once": lambda: _for(
        b"SCAN", b"*2\r\n$1\r\n7\r\n*10000000\r\n", endless=b"$3\r\nkey\r\n" * 10_000
    ),
    "many keys at once": lambda: _for(b"SCAN", _keys(200_000)),
    "cursor without end": lambda: _for(b"SCAN", _keys(10)),
    "cursor of words": lambda: _for(b"SCAN", array(bulk(b"abc"), array(bulk(b"k")))),
    "keys of 100 MB": lambda: _for(b"SCAN", _keys(1, 100_000_000)),
    "keys of a megabyte": lambda: _for(b"SCAN", _keys(1, 1_000_000)),
    "scan is a number": lambda: _for(b"SCAN", b":0\r\n"),
}  # fmt: skip


class HostileServer:
    """One of the `KINDS`, on a free port of 127.0.0.1; each connection has a thread."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._answer = KINDS[kind]()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: set[socket.socket] = set()

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """The same as a URL."""
        return f"redis://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.add(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        # Broken off by who has had enough, also in the middle of a number.
        with contextlib.suppress(OSError, ValueError), connection, connection.makefile("rb") as stream:
            while line := stream.readline():
                words = [stream.read(int(stream.readline()[1:]) + 2)[:-2] for _ in range(int(line[1:]))]
                for piece in self._answer(words):
                    connection.sendall(piece)
        self._connections.discard(connection)


def main(kinds: Sequence[str]) -> None:
    """A server of each of these kinds until standard input ends; prints a port and a kind per line."""
    with contextlib.ExitStack() as stack:
        for kind in kinds or KINDS:
            server = stack.enter_context(HostileServer(kind))
            print(server.port, kind, flush=True)
        print("ready", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1:])
