"""The faults of a soak: what each does to the world, for how long, and what people are to be told of it."""

import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from benchmarks.soak_world import World

Alert = tuple[str, str]
"""Its name and instance; no instance for those about the daemon."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault.

    `tells`: alerts of which exactly one message is to come per fault (`{}` is the server it is done to).
    `ends`: those of them of whose end a message is to come too, soon after the fault. `allows`: what may be
    told. `is_possible`: on this machine.
    """

    name: str
    seconds: float
    do: Callable[[World, str, "Fault"], Iterator[None]]
    tells: Sequence[str] = ()
    ends: Sequence[str] = ()
    allows: Sequence[str] = ()
    on_server: bool = True
    is_possible: Callable[[World], bool] = lambda _: True


@dataclass(slots=True)
class Fault:
    """One fault at one moment, in seconds after the soak has begun."""

    kind: Kind
    at: float
    instance: str
    seed: int
    began_monotonic: float = 0.0
    ended_monotonic: float = 0.0
    notes: list[str] = field(default_factory=list)

    def alerts(self, names: Sequence[str]) -> list[Alert]:
        """Those with these names that are about this fault."""
        return [(name, self.instance if name.startswith("Redis") else "") for name in names]


def _kill(world: World, instance: str, fault: Fault) -> Iterator[None]:
    server = world.servers[instance]
    server.kill()
    yield
    server.start()


def _restart(world: World, instance: str, fault: Fault) -> Iterator[None]:
    world.servers[instance].restart()
    yield


def _stop(world: World, instance: str, fault: Fault) -> Iterator[None]:
    with world.servers[instance].paused():
        yield


def _cut(world: World, instance: str, fault: Fault) -> Iterator[None]:
    for _ in range(8):
        for one in ("normal", "pubsub"):
            world.servers[instance].command("CLIENT", "KILL", "TYPE", one, "SKIPME", "yes")
        time.sleep(0.7)
    yield


def _slow(world: World, instance: str, fault: Fault) -> Iterator[None]:
    for _ in range(4):
        world.servers[instance].command("DEBUG", "SLEEP", "0.8")
        time.sleep(7)
    yield


def _fill_disk(world: World, instance: str, fault: Fault) -> Iterator[None]:
    world.set_disk_full(True)
    yield
    world.set_disk_full(False)


def _lose_names(world: World, instance: str, fault: Fault) -> Iterator[None]:
    world.set_names(known=False)
    yield
    world.set_names(known=True)


def _hang_names(world: World, instance: str, fault: Fault) -> Iterator[None]:
    world.set_resolver_hanging(True)
    world.set_names(known=False)
    yield
    world.set_names(known=True)
    world.set_resolver_hanging(False)


def _set_clock(world: World, instance: str, fault: Fault) -> Iterator[None]:
    seconds = random.Random(fault.seed).choice((-7200, 7200, -300, 300, -30))
    fault.notes.append(f"{seconds:+d} s")
    world.set_clock(seconds)
    yield
    world.set_clock(0)


def _reload(world: World, instance: str, fault: Fault) -> Iterator[None]:
    for version in range(2, 12):
        world.write_rules(version)
        world.signal(signal.SIGHUP)
        time.sleep(0.1)
    yield


def _refuse_messages(world: World, instance: str, fault: Fault) -> Iterator[None]:
    world.hook.status = 503
    for _ in _kill(world, instance, fault):
        yield
        world.hook.status = 200
        # Alertmanager's retries are some ten seconds apart by then; of a server that is back before the next
        # one nobody hears, as there.
        time.sleep(_RETRY_SECONDS)


def _stand_still(world: World, instance: str, fault: Fault) -> Iterator[None]:
    world.signal(signal.SIGSTOP)
    yield
    world.signal(signal.SIGCONT)


_RETRY_SECONDS: Final = 25.0
_DOWN: Final = ("RedisDown",)
KINDS: Final = (
    Kind("killed, back after 75 s", 75, _kill, ("RedisDown", "RedisRestarted"), _DOWN),
    Kind("restarted at once", 1, _restart, ("RedisRestarted",)),
    Kind("stopped for 75 s (SIGSTOP)", 75, _stop, _DOWN, _DOWN),
    Kind("connections cut, 8 times", 1, _cut),
    Kind("slow: 0.8 s, 4 times", 1, _slow),
    Kind("disk full for 80 s", 80, _fill_disk, on_server=False),
    Kind(
        "names unknown for 50 s", 50, _lose_names, on_server=False, is_possible=lambda world: world.can_name
    ),
    Kind(
        "resolver hangs for 50 s", 50, _hang_names, on_server=False, is_possible=lambda world: world.can_name
    ),
    Kind(
        "clock set and set back",
        25,
        _set_clock,
        allows=("VigilClockJumped",),
        on_server=False,
    ),
    Kind("10 reloads within a second", 1, _reload, on_server=False),
    Kind(
        "receiver refuses for 50 s, server killed",
        50,
        _refuse_messages,
        ("RedisDown", "RedisRestarted"),
        _DOWN,
        ("VigilNotificationsFailing",),
    ),
    Kind("daemon stopped for 12 s (SIGSTOP)", 12, _stand_still, on_server=False),
)


def plan(world: World, seconds: float, every_seconds: float, seed: int) -> list[Fault]:
    """The schedule: all kinds in turn, in a new order each time; a server has one fault at most."""
    rng = random.Random(seed)
    kinds = [kind for kind in KINDS if kind.is_possible(world)]
    servers = rng.sample(list(world.servers), len(world.servers))
    faults: list[Fault] = []
    bag: list[Kind] = []
    at = every_seconds
    while at < seconds:
        bag = bag or rng.sample(kinds, len(kinds))
        kind = bag.pop()
        instance = servers[len(faults) % len(servers)] if kind.on_server else ""
        faults.append(Fault(kind, at, instance, rng.randrange(1 << 30)))
        at += every_seconds
    return faults


@contextmanager
def injected(world: World, fault: Fault) -> Iterator[None]:
    """The fault lasts for as long as the block does."""
    if fault.instance:
        world.rest(fault.instance)
        time.sleep(0.5)
    fault.began_monotonic = time.monotonic()
    steps = fault.kind.do(world, fault.instance, fault)
    next(steps)
    try:
        yield
    finally:
        for _ in steps:
            pass
        fault.ended_monotonic = time.monotonic()
