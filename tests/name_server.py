"""A name server of a test's own on loopback: real messages over UDP and TCP."""

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


@dataclass
class NameServer:
    """What it answers; a test changes `records` as it likes.

    `records` are texts such as `1 1 6379 redis-1.example.com.` by name and type. `rcode` answers everything;
    while it is `silent` it answers nothing; `garbage` is sent instead of an answer. `asked` are the names and
    types that were asked for, `over_tcp` how many of them by TCP.
    """

    address: str = ""
    records: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    silent: bool = False
    garbage: bytes = b""
    asked: list[tuple[str, str]] = field(default_factory=list)
    over_tcp: int = 0

    def answer(self, wire: bytes, most_bytes: int) -> bytes:
        """The answer to a message; empty for none."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name, kind = str(question.name).rstrip("."), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if self.silent:
            return b""
        if self.garbage:
            return wire[:2] + self.garbage
        response = dns.message.make_response(query)
        texts = self.records.get((name, kind), [])
        is_known = any(known == name for known, _ in self.records)
        response.set_rcode(self.rcode or (dns.rcode.NOERROR if is_known else dns.rcode.NXDOMAIN))
        if texts and not self.rcode:
            response.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", kind, texts))
        return self._bounded(response, most_bytes)

    def _bounded(self, response: dns.message.Message, most_bytes: int) -> bytes:
        wire: bytes = response.to_wire(max_size=65_535)
        if len(wire) <= most_bytes:
            return wire
        response.answer.clear()
        response.flags |= dns.flags.TC
        shortened: bytes = response.to_wire()
        return shortened


class _Udp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        wire, there = self.request
        answer = _of(self.server).answer(wire, 1232)
        if answer:
            there.sendto(answer, self.client_address)


class _Tcp(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        (size,) = struct.unpack("!H", self.request.recv(2))
        state = _of(self.server)
        state.over_tcp += 1
        answer = state.answer(self.request.recv(size), 65_535)
        if answer:
            self.request.sendall(struct.pack("!H", len(answer)) + answer)


def _of(server: socketserver.BaseServer) -> NameServer:
    state = getattr(server, "state")  # noqa: B009
    assert isinstance(state, NameServer)
    return state


class _UdpServer(socketserver.ThreadingUDPServer):
    daemon_threads = True


class _TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def name_server() -> Iterator[NameServer]:
    """Inside the block it answers at `address`."""
    state = NameServer()
    tcp = _TcpServer(("127.0.0.1", 0), _Tcp)
    udp = _UdpServer(("127.0.0.1", tcp.server_address[1]), _Udp)
    state.address = f"127.0.0.1:{tcp.server_address[1]}"
    threads = []
    for server in (tcp, udp):
        setattr(server, "state", state)  # noqa: B010
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        threads.append((server, thread))
    try:
        yield state
    finally:
        for server, thread in threads:
            server.shutdown()
            server.server_close()
            thread.join()


@contextmanager
def deaf_port() -> Iterator[str]:
    """An address of UDP that takes questions and answers none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"
