"""Rules that look back further than memory see the history, and do not decode it each time."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.errors import QueryError
from exporter.history.kept import KeptHistory
from exporter.model.sample import Sample
from exporter.promql import Engine, Vector, parse
from exporter.store import Store
from tests.history.remembered_blocks import RememberedBlocks, RememberedSource, block_of
from tests.history.test_view import LAYOUTS, ROWS, SOURCES, STEP, Row, append, border, value_of

SPAN = 20
RETENTION = 60 * STEP


def counting(blocks: RememberedBlocks) -> list[int]:
    """Count the columns that are decoded from now on."""
    decoded = [0]
    for block in blocks.blocks:
        for source in block.sources:
            count(source, decoded)
    return decoded


def count(source: RememberedSource, decoded: list[int]) -> None:
    original = source.column

    def column(index: int) -> object:
        decoded[0] += 1
        return original(index)

    source.column = column  # type: ignore[assignment, method-assign]


class Daemon:
    """A daemon that writes rows, and seals a block every so many; beside it a store that never forgets."""

    def __init__(self) -> None:
        self.store, self.whole = Store(retention_ms=RETENTION), Store()
        self.blocks = RememberedBlocks()
        self.row = 0
        self.decoded = [0]

    def write(self, rows: int) -> None:
        for _ in range(rows):
            for store in (self.store, self.whole):
                store.append(Sample("here", self.row * STEP, LAYOUTS[0], [float(self.row)] * 4))
            self.row += 1
            if self.row % SPAN == 0:
                block = block_of(self.whole, (self.row - SPAN) * STEP, self.row * STEP)
                count(block.sources[0], self.decoded)
                self.blocks.blocks.append(block)

    @property
    def now_ms(self) -> int:
        return (self.row - 1) * STEP


@pytest.mark.parametrize(
    "query",
    [
        "avg_over_time(m[1h])",
        "increase(c_total[50m]) + on (n) m offset 40m",
        "max_over_time(rate(c_total[5m])[45m:1m])",
        "count_over_time(m[1h]) unless on (n) m{n='b'} @ 0",
        "m offset 1h - on (n) c_total",
    ],
)
def test_a_rule_sees_what_is_on_disk_and_decodes_it_rarely(query: str) -> None:
    daemon = Daemon()
    daemon.write(300)
    engine = Engine(daemon.store, history=KeptHistory(daemon.store, daemon.blocks))
    whole, rule = Engine(daemon.whole), parse(query)
    evaluations, decodings = 200, 0
    for _ in range(evaluations):
        before = daemon.decoded[0]
        found, wanted = (one.instant(rule, daemon.now_ms).value for one in (engine, whole))
        assert isinstance(found, Vector)
        assert isinstance(wanted, Vector)
        assert found.samples == wanted.samples
        assert found.samples
        decodings += daemon.decoded[0] > before
        daemon.write(1)
    # Memory reaches back 60 rows, a block is sealed every 20.
    assert 1 <= decodings <= evaluations // 20 + 1


def test_what_memory_holds_for_rules_is_read_from_memory() -> None:
    daemon = Daemon()
    daemon.write(300)
    engine = Engine(daemon.store, history=KeptHistory(daemon.store, daemon.blocks))
    engine.instant(parse("avg_over_time(m[14m]) + m offset 10m"), daemon.now_ms)
    assert daemon.blocks.asked == 0


def test_a_rule_without_place_reads_the_disk_each_time() -> None:
    daemon = Daemon()
    daemon.write(300)
    history = KeptHistory(daemon.store, daemon.blocks, most_bytes=6_000)
    engine = Engine(daemon.store, history=history)
    large, small = parse("sum_over_time(m[70m])"), parse("sum_over_time(m{n='a'}[16m])")
    wanted = Engine(daemon.whole).instant(parse("sum_over_time(m[70m])"), daemon.now_ms).value
    for _ in range(3):
        before = list(daemon.decoded)
        assert engine.instant(large, daemon.now_ms).value == wanted
        assert daemon.decoded > before
    engine.instant(small, daemon.now_ms)
    before = list(daemon.decoded)
    engine.instant(small, daemon.now_ms)
    assert daemon.decoded == before
    assert history.bytes <= 6_000


def test_a_rule_that_is_given_up_while_it_reads_is_right_the_next_time() -> None:
    daemon = Daemon()
    daemon.write(300)
    engine = Engine(daemon.store, history=KeptHistory(daemon.store, daemon.blocks))
    rule = parse("last_over_time({__name__=~'m|c_total'}[70m])")
    wanted = Engine(daemon.whole).instant(rule, daemon.now_ms).value
    for patience in range(1, 200):
        try:
            found = engine.instant(rule, daemon.now_ms, pace=Impatient(patience)).value
        except QueryError:
            continue
        assert found == wanted
    assert found == wanted


class Impatient:
    """A pace that gives up when it has been asked to give way so many times."""

    is_due = True

    def __init__(self, patience: int) -> None:
        self._left = patience

    def yield_control(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise QueryError("it takes too long")


def test_after_the_clock_was_set_nothing_old_is_kept() -> None:
    daemon = Daemon()
    daemon.write(300)
    engine = Engine(daemon.store, history=KeptHistory(daemon.store, daemon.blocks))
    rule = parse("avg_over_time(m[1h])")
    engine.instant(rule, daemon.now_ms)
    daemon.store.shift(-600_000)
    before = list(daemon.decoded)
    engine.instant(rule, daemon.now_ms - 600_000)
    assert daemon.decoded > before


@settings(max_examples=100, deadline=None)
@given(SOURCES, st.lists(st.integers(1, ROWS), min_size=1, max_size=6))
def test_whatever_series_come_and_go(sources: Sequence[Sequence[Row | None]], moments: Sequence[int]) -> None:
    whole, memory = Store(), Store(retention_ms=10 * STEP)
    append(whole, sources, 0, ROWS)
    blocks = RememberedBlocks()
    engine = Engine(memory, history=KeptHistory(memory, blocks))
    texts = "count_over_time(m[10m])", "sum by (n) (last_over_time(m[5m] offset 2m))"
    rules = [parse(text) for text in texts]
    done = 0
    for moment in sorted(moments):
        append(memory, sources, done, moment)
        done = moment
        blocks.blocks = [
            block_of(whole, border(row), border(min(moment, row + 7))) for row in range(-1, moment, 7)
        ]
        for rule, text in zip(rules, texts, strict=True):
            wanted = Engine(whole).instant(parse(text), border(moment) - 1).value
            assert value_of(engine.instant(rule, border(moment) - 1).value) == value_of(wanted)
