"""Servers that answer INFO with what nobody should: each kind on a port of its own.

    python -m benchmarks.hostile [PORT PORT PORT PORT]

An array of two thousand million elements that come as fast as they are taken; INFO of 4.7 MB with 100,000
databases; arrays in arrays in arrays; a line that does not end. A process of its own, which ends with its
input.
"""

import argparse
import socket
import sys
import threading
from collections.abc import Callable
from typing import Final

_HEAD: Final = b"# Server\r\nredis_version:7.0.0\r\nredis_mode:standalone\r\n# Replication\r\nrole:master\r\n"
_PLAIN: Final = {b"PING": b"+PONG\r\n", b"CLIENT": b"+OK\r\n"}


def _endless_array(connection: socket.socket) -> None:
    connection.sendall(b"*2147483647\r\n")
    while True:
        connection.sendall(b":1\r\n" * 20_000)


def _huge_info(connection: socket.socket) -> None:
    commands = b"".join(b"cmdstat_c%d:calls=1,usec=1,usec_per_call=1.00\r\n" % n for n in range(1000))
    databases = b"".join(b"db%d:keys=1,expires=0,avg_ttl=0\r\n" % n for n in range(100_000))
    errors = b"".join(b"errorstat_E%d:count=1\r\n" % n for n in range(1000))
    text = b"%b# Commandstats\r\n%b# Errorstats\r\n%b# Keyspace\r\n%brun_id:%b\r\n" % (
        _HEAD,
        commands,
        errors,
        databases,
        b"Z" * 1_000_000,
    )
    connection.sendall(b"$%d\r\n%b\r\n" % (len(text), text))


def _deep_nesting(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"*1\r\n" * 20_000)


def _endless_line(connection: socket.socket) -> None:
    connection.sendall(b"+")
    while True:
        connection.sendall(b"a" * 65_536)


KINDS: Final[tuple[Callable[[socket.socket], None], ...]] = (
    _endless_array,
    _huge_info,
    _deep_nesting,
    _endless_line,
)


def _serve(connection: socket.socket, answer_info: Callable[[socket.socket], None]) -> None:
    stream = connection.makefile("rb")
    try:
        while line := stream.readline():
            words = [stream.read(int(stream.readline()[1:]) + 2)[:-2] for _ in range(int(line[1:]))]
            if words[0].upper() == b"INFO":
                answer_info(connection)
            else:
                connection.sendall(_PLAIN.get(words[0].upper(), b"*0\r\n"))
    except (OSError, ValueError):
        pass
    finally:
        connection.close()


def _listen(port: int, answer_info: Callable[[socket.socket], None]) -> None:
    with socket.create_server(("127.0.0.1", port), backlog=64) as listener:
        while True:
            connection = listener.accept()[0]
            threading.Thread(target=_serve, args=(connection, answer_info), daemon=True).start()


def main() -> None:
    """Listen until the input ends."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("ports", nargs="*", type=int, help="one for each kind, in this order", metavar="PORT")
    ports = parser.parse_args().ports or [9700 + number for number in range(len(KINDS))]
    if len(ports) != len(KINDS):
        parser.error(f"there are {len(KINDS)} kinds")
    for port, kind in zip(ports, KINDS, strict=True):
        print(f"redis://127.0.0.1:{port} {kind.__name__.strip('_')}", flush=True)
        threading.Thread(target=_listen, args=(port, kind), daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
