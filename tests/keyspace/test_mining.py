"""Patterns are found by themselves, with exact counts, in bounded memory, the same every time."""

import json
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.keyspace.configured import ConfiguredPatterns
from exporter.keyspace.miner import PatternMiner
from tests.keyspace.applications import APPLICATIONS, WORDS, make_application
from tests.keyspace.platforms import SHAPES, make_names

BATCH = 200


def mine(
    names: Sequence[bytes], patterns: Sequence[str] = (), template: object = None
) -> tuple[dict[str, int], object]:
    """The keys by pattern, and what the next pass should know."""
    miner = PatternMiner(ConfiguredPatterns(patterns))
    if template is not None:
        miner.load(json.loads(json.dumps(template)))
    for start in range(0, len(names), BATCH):
        count(miner, names[start : start + BATCH])
    found = {name: group.keys for name, group in miner.finalize().items()}
    return found, miner.template()


def count(miner: PatternMiner, names: Sequence[bytes]) -> None:
    miner.count(miner.find(names))
    if miner.is_crowded:
        miner.make_room()


def shuffled(groups: Iterable[Sequence[bytes]], seed: int) -> list[bytes]:
    names = [name for group in groups for name in group]
    Random(seed).shuffle(names)
    return names


@pytest.mark.parametrize("count", [3, 6, 12, 30, 100, 500, 3000])
def test_every_shape_is_found_with_its_exact_count(count: int) -> None:
    made = make_names(dict.fromkeys(SHAPES, count), seed=count)
    found, _ = mine(shuffled(made.values(), seed=count))
    assert found == dict.fromkeys(SHAPES, count)


@pytest.mark.parametrize("seed", range(10))
def test_patterns_of_different_sizes(seed: int) -> None:
    random = Random(seed)
    counts = {pattern: int(10 ** random.uniform(0.7, 3.5)) for pattern in SHAPES}
    made = make_names(counts, seed)
    found, _ = mine(shuffled(made.values(), seed))
    assert found == counts


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("application", APPLICATIONS)
def test_patterns_are_those_that_a_person_would_write(application: str, seed: int) -> None:
    names, expected = make_application(APPLICATIONS[application], seed)
    found, template = mine(names)
    assert found == expected
    # Other keys of the same kinds, in another order, after a restart.
    other_names, other_expected = make_application(APPLICATIONS[application], seed + 100)
    again, _ = mine(other_names, template=template)
    assert again == other_expected


def test_the_order_of_keys_does_not_matter() -> None:
    made = make_names(dict.fromkeys(SHAPES, 400))
    results = [mine(shuffled(made.values(), seed))[0] for seed in range(6)]
    sorted_names, _ = mine(sorted(name for names in made.values() for name in names))
    assert all(result == sorted_names for result in results)


def test_names_stay_the_same_from_pass_to_pass() -> None:
    """Other keys, and at times so few that nothing would be folded by itself."""
    template: object = None
    for number, count in enumerate((200, 40, 9, 5, 60)):
        made = make_names(dict.fromkeys(SHAPES, count), seed=number)
        found, template = mine(shuffled(made.values(), number), template=template)
        assert set(found) == set(SHAPES)


def names_of(make: Callable[[Random], str], count: int) -> list[bytes]:
    random = Random(7)
    return [make(random).encode() for _ in range(count)]


def test_tenants_are_ids_by_what_they_have_in_common() -> None:
    tenants = [
        f"{a}{b}"
        for a in ("acme", "globex", "initech", "umbra")
        for b in ("", "east", "west", "north", "lab")
    ]
    kinds = ("order", "invoice", "user")
    names = [f"v2:{tenant}:{kind}:{i}".encode() for tenant in tenants for kind in kinds for i in range(50)]
    found, _ = mine(shuffled([names], 1))
    assert found == {f"v2:*:{kind}:*": 1000 for kind in kinds}


def test_a_large_kind_stays_beside_more_ids_than_there_is_room_for() -> None:
    slugs = names_of(lambda r: "-".join(r.choices(WORDS["word"], k=r.randint(3, 6))), 30_000)
    names = [b"product:%s" % slug for slug in slugs[::3]] + [b"%s:cart" % slug for slug in slugs[1::3]]
    names += [b"page:/%s/x" % slug for slug in slugs[2::3]]
    names = list(dict.fromkeys(names))
    found, _ = mine(shuffled([names], 1))
    assert set(found) == {"product:*", "*:cart", "page:/*/x"}


def test_families_are_no_ids() -> None:
    """Forty families of an application, each with its own structure."""
    families = [f"{a}{b}" for a in ("cart", "user", "lock", "sess", "job") for b in "abcdefgh"]
    names = [f"{family}:{i}".encode() for family in families for i in range(30)]
    found, _ = mine(shuffled([names], 1))
    assert found == {f"{family}:*": 30 for family in families}


def test_numbered_words_keep_their_stem() -> None:
    names = [f"shard{shard}:lock:{i}".encode() for shard in range(16) for i in range(20)]
    names += [f"v{version}:user:{i}".encode() for version in (1, 2) for i in range(20)]
    found, _ = mine(shuffled([names], 1))
    assert found == {"shard*:lock:*": 320, "v1:user:*": 20, "v2:user:*": 20}


def test_a_thousand_true_patterns() -> None:
    words = "abcdefghij"
    names = names_of(
        lambda r: f"a{r.choice(words)}:b{r.choice(words)}:c{r.choice(words)}:{r.randrange(10**9)}", 30_000
    )
    found, _ = mine(names)
    assert len(found) == 1000
    assert sum(found.values()) == 30_000


def test_configured_patterns_come_first() -> None:
    names = [b"session:1", b"session:2", b"session:1:cart", b"cache:a:b:html", b"{x}:y", b"other:1"]
    found, _ = mine(names, ["session:{id}", "cache:*:html", "{{x}}:{what}"])
    assert found == {
        "session:{id}": 2,
        "cache:*:html": 1,
        "{x}:{what}": 1,
        "session:*:cart": 1,
        "other:*": 1,
    }


def test_single_keys_beside_ids_are_not_patterns_of_their_own() -> None:
    names = [f"job:{i}".encode() for i in range(200)] + [b"job:abcXYZ", b"job:id", b"jobs:id"]
    found, _ = mine(names)
    assert found == {"job:*": 202, "jobs:id": 1}


HOSTILE: dict[str, Callable[[Random], bytes]] = {
    "words at every place": lambda r: ":".join(
        "".join(r.choices("abcdefghijklmnop", k=6)) for _ in range(r.randint(1, 8))
    ).encode(),
    "long slugs": lambda r: "-".join(
        "".join(r.choices("abcdefghijklmnop", k=4)) for _ in range(r.randint(1, 30))
    ).encode(),
    "bytes": lambda r: r.randbytes(r.randint(0, 40)),
    "separators": lambda r: bytes(r.choices(b":./|_-{}", k=r.randint(0, 60))),
    "very long": lambda r: ("x" * 1000 + f":{r.random()}").encode(),
    "wildcards": lambda r: "".join(r.choices("*:*_ab", k=10)).encode(),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_names_are_counted_in_bounded_memory(kind: str) -> None:
    random, total = Random(3), 4_000
    miner = PatternMiner(ConfiguredPatterns([]))
    tracemalloc.start()
    try:
        for _ in range(total // BATCH):
            count(miner, [HOSTILE[kind](random) for _ in range(BATCH)])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 60e6
    assert miner.tree.size <= 20_000
    assert sum(group.keys for group in miner.finalize().values()) == total


@given(st.lists(st.binary(max_size=12), max_size=60))
def test_every_name_is_counted_once(names: list[bytes]) -> None:
    found, template = mine(names)
    assert sum(found.values()) == len(names)
    again, _ = mine(names, template=template)
    assert sum(again.values()) == len(names)


def test_keys_of_queues_are_told_apart() -> None:
    queues = [
        f"{adjective}{noun}"
        for adjective in ("in", "out", "re", "un", "pre")
        for noun in ("mail", "job", "run")
    ]
    names = [f"bull:{queue}:{part}".encode() for queue in queues for part in (*range(20), "meta", "id")]
    miner = PatternMiner(ConfiguredPatterns([]))
    miner.reserve([f"bull:{queue}:" for queue in queues])
    miner.count(miner.find(shuffled([names], 1)))
    found = {name: group.keys for name, group in miner.finalize().items()}
    assert found == {f"bull:{queue}:*": 22 for queue in queues}
    # Without being told, they are ids: the same words stand below each.
    without, _ = mine(names)
    assert without == {"bull:*:*": 300, "bull:*:meta": 15, "bull:*:id": 15}
