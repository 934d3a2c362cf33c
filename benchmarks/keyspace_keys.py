"""A mixed keyspace of a given size: ten families of strings, hashes, lists, sets and sorted sets."""

import socket
import string
import uuid
from collections.abc import Iterator
from random import Random
from typing import Final

import hiredis

_IDS: Final = string.ascii_letters + string.digits + "_-"
# Lua patterns for redis_exporter's key groups, one for each family.
LUA_GROUPS: Final = ",".join(
    f"^({start})"
    for start in (
        "resume:cache:",
        "keywords:",
        "ratelimit:sliding:",
        "metrics:unique:",
        "llm:response:",
        "sess:",
        "presence:socket:",
        "rl:llm:",
        "cache:user:",
        "cache_page_",
    )
)
_PIPELINE: Final = 5000


def make_names(count: int, seed: int = 1) -> Iterator[bytes]:
    """So many different names, of the ten families in turn."""
    random = Random(seed)
    for number in range(count):
        yield _name(number % 10, number, random).encode()


def _name(family: int, number: int, random: Random) -> str:
    match family:
        case 0:
            return f"resume:cache:{random.randrange(10**5)}:{number}:{random.randrange(1, 5)}"
        case 1:
            return f"keywords:{number}:{random.getrandbits(128):032x}"
        case 2:
            return f"ratelimit:sliding:{random.choice(('api', 'auth', 'upload', 'search'))}:{number}"
        case 3:
            day = f"2024-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}"
            return f"metrics:unique:{random.choice(('views', 'visits', 'signups'))}:{day}-{number}"
        case 4:
            return f"llm:response:{random.getrandbits(64):016x}"
        case 5:
            return f"sess:{uuid.UUID(int=random.getrandbits(128), version=4)}"
        case 6:
            return f"presence:socket:{''.join(random.choices(_IDS, k=20))}"
        case 7:
            return f"rl:llm:{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        case 8:
            return f"cache:user:{number}"
        case _:
            return f"cache_page_{number}"


def _command(family: int, name: bytes, random: Random) -> tuple[bytes, ...]:
    match family:
        case 2 | 8:
            fields = [(b"f%d" % field, b"v" * random.randint(1, 40)) for field in range(random.randint(1, 8))]
            return (b"HSET", name, *(part for pair in fields for part in pair))
        case 3:
            return (b"RPUSH", name, *(b"e%d" % item for item in range(random.randint(1, 10))))
        case 4:
            return (b"SADD", name, *(b"m%d" % random.randint(1, 10**6) for _ in range(random.randint(1, 10))))
        case 5:
            pairs = [(b"%d" % score, b"m%d" % score) for score in range(random.randint(1, 6))]
            return (b"ZADD", name, *(part for pair in pairs for part in pair))
        case _:
            return (b"SET", name, b"x" * int(random.lognormvariate(4, 1)))


def fill(port: int, count: int, seed: int = 1) -> None:
    """Put the keys into a server; three families of ten have a TTL."""
    random = Random(seed)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        reader = hiredis.Reader()
        commands: list[bytes] = []
        for number, name in enumerate(make_names(count, seed)):
            family = number % 10
            commands.append(_pack(_command(family, name, random)))
            if family in (0, 5, 6):
                commands.append(_pack((b"EXPIRE", name, b"%d" % random.randint(10**5, 10**6))))
            if len(commands) >= _PIPELINE:
                _send(connection, reader, commands)
                commands = []
        _send(connection, reader, commands)


def _pack(command: tuple[bytes, ...]) -> bytes:
    packed: bytes = hiredis.pack_command(command)  # type: ignore[arg-type]  # its hints know one length only
    return packed


def _send(connection: socket.socket, reader: hiredis.Reader, commands: list[bytes]) -> None:
    connection.sendall(b"".join(commands))
    left = len(commands)
    while left:
        reader.feed(connection.recv(1 << 20))
        while reader.gets() is not False:
            left -= 1
