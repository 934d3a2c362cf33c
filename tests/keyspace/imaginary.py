"""A keyspace that is only made up, and a sample through it: what a server would answer is computed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp
from random import Random

from exporter.connection import Reply
from exporter.keyspace.answers import FactsRequest, UnsupportedCommands
from exporter.keyspace.configured import ConfiguredPatterns
from exporter.keyspace.keyspace_sample import KeyspaceSample, SampleSettings
from exporter.keyspace.miner import PatternMiner
from exporter.keyspace.payload import Payload
from exporter.keyspace.plan import SamplePlan
from exporter.sampling.keyspace_stats import KeyspaceStats


@dataclass(frozen=True, slots=True)
class Key:
    """What a server would say of a key."""

    type: bytes
    ttl: int
    memory: int
    idle: int = 100
    encoding: bytes = b"raw"


def make_keys(counts: Mapping[str, int], random: Random) -> dict[bytes, Key]:
    """`counts` keys of each family, of its own sizes: `even…`, `skewed…`, `heavy…`; half without TTL."""
    keys = {}
    for family, count in counts.items():
        for number in range(count):
            if family.startswith("even"):
                memory = random.randint(60, 140)
            elif family.startswith("skewed"):
                memory = 50 + round(exp(random.gauss(5, 1)))
            else:
                memory = 50 + round(exp(random.gauss(5, 1.6)))
            ttl = -1 if random.random() < 0.5 else random.randint(1, 10**7)
            keys[f"{family}:{number}".encode()] = Key(b"string", ttl, memory)
    return keys


def answer(request: FactsRequest, keys: Mapping[bytes, Key], refused: UnsupportedCommands) -> Sequence[Reply]:
    """The replies to a request, in the order of its commands."""
    payload = Payload()
    request.write(payload, refused)
    asked = [keys.get(name) for name in request.names]
    extra = [asked[index] for index in request.extra]
    columns: Mapping[str, Sequence[Reply]] = {
        "TYPE": [b"none" if key is None else key.type for key in asked],
        "PTTL": [-2 if key is None else key.ttl for key in asked],
        "MEMORY USAGE": [None if key is None else key.memory for key in asked],
        "OBJECT ENCODING": [None if key is None else key.encoding for key in extra],
        "OBJECT IDLETIME": [None if key is None else key.idle for key in extra],
    }
    return [reply for command, column in columns.items() if command not in refused for reply in column]


def new_sample(
    plan: SamplePlan | None = None,
    *,
    seed: int = 0,
    patterns: Sequence[str] = (),
    no_touch: bool = False,
    watched: frozenset[bytes] = frozenset(),
    extra_keys: float = 400,
    is_adaptive: bool = False,
) -> KeyspaceSample:
    settings = SampleSettings(
        plan=plan,
        extra_keys=extra_keys,
        is_adaptive=is_adaptive,
        usage="OBJECT IDLETIME",
        no_touch=no_touch,
        top_keys=5,
        watched=watched,
        seed=seed,
    )
    return KeyspaceSample(
        settings, PatternMiner(ConfiguredPatterns(patterns)), UnsupportedCommands(), KeyspaceStats()
    )


def fill_sample(sample: KeyspaceSample, keys: Mapping[bytes, Key], random: Random, batch: int = 500) -> None:
    """All keys, in the order of chance."""
    names = list(keys)
    random.shuffle(names)
    sample.note_size(len(names))
    for start in range(0, len(names), batch):
        part = sample.select(b"0", names[start : start + batch])
        sample.commit(part, answer(part.request, keys, sample.refused))
        if sample.needs_tidying:
            sample.tidy()
