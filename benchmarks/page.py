"""The price of rendering `/metrics` in pieces, beside rendering it whole.

    python -m benchmarks.page [--targets 50] [--passes 60] [--rounds 40]

Runs all default samplers on a real server with traffic, and plays what they write as the life of so many
targets. After each pass of all targets the page is rendered by

- pieces: `Exposition`, which renders the values that changed and joins the families in which any did;
- whole: every value and every line of every target, from the same prepared lines;
- anew: the same without prepared lines, so that labels are formatted each time, too.

All three must give the same bytes. Prints milliseconds of CPU time per page, and what is kept between two
pages, when values move as the server has moved them, when none does, and when all do.
"""

import argparse
import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from benchmarks.store import Pass, Player, record_lively
from exporter.metrics.exposition import Exposition
from exporter.metrics.lines import PreparedLayouts
from exporter.metrics.text import Format, format_head, format_values
from exporter.model.labels import METRIC_NAME
from exporter.model.sample import Family, Layout, Sample
from exporter.store import Store
from exporter.store.series_group import SeriesGroup
from tests.peers import find_program

_HIDDEN: Final = frozenset({METRIC_NAME})
_INTERVAL_MS: Final = 15_000


class WholePage:
    """Renders every line of every group each time; `is_prepared`: from lines that were made before."""

    def __init__(self, groups: Callable[[], Sequence[SeriesGroup]], *, is_prepared: bool) -> None:
        self._groups = groups
        self._is_prepared = is_prepared
        self._lines = PreparedLayouts(_HIDDEN, Format.TEXT)
        self._layouts: dict[str, Layout] = {}
        # The families of a page by name, and their groups in the order in which `Exposition` has them.
        self._families: dict[str, tuple[Family, dict[tuple[str, Family], None]]] = {}

    def render(self) -> list[bytes]:
        """Return the text of all families in order of name."""
        lines = self._lines if self._is_prepared else PreparedLayouts(_HIDDEN, Format.TEXT)
        texts: dict[tuple[str, Family], str] = {}
        for group in self._groups():
            base, prepared = lines.get(group.layout)
            if self._layouts.get(group.source) is not group.layout:
                self._enter(group, [one.family for one in prepared.families])
            values = format_values(group.values)
            for one in prepared.families:
                texts[group.source, one.family] = "".join(one.fill(values, base))
        return list(self._join(texts))

    def _enter(self, group: SeriesGroup, families: Sequence[Family]) -> None:
        self._layouts[group.source] = group.layout
        for _, members in self._families.values():
            for key in [key for key in members if key[0] == group.source]:
                del members[key]
        for family in families:
            _, members = self._families.setdefault(family.name, (family, {}))
            members[group.source, family] = None

    def _join(self, texts: dict[tuple[str, Family], str]) -> Iterator[bytes]:
        for _, (family, members) in sorted(self._families.items()):
            body = "".join([texts[key] for key in members])
            if body and family.exposed:
                yield (format_head(family, Format.TEXT).removesuffix("\n") + body + "\n").encode()


class Life:
    """So many targets in a store; `move` plays one pass of all of them."""

    def __init__(self, recorded: list[Pass], targets: int) -> None:
        self.store = Store()
        self._player = Player(self.store, recorded, targets)
        self._number = 0

    def move(self) -> None:
        """Write what the server has written."""
        self._number += 1
        self._player.play(self._number, self._number * _INTERVAL_MS)

    def stand_still(self) -> None:
        """Write the same values once more."""
        self._write_again(0.0)

    def move_all(self) -> None:
        """Write other values everywhere."""
        self._write_again(1.5)

    def _write_again(self, more: float) -> None:
        self._number += 1
        at_ms = self._number * _INTERVAL_MS
        for group in list(self.store.groups):
            values = (
                [None if value is None else value + more for value in group.values] if more else group.values
            )
            self.store.append(Sample(group.source, at_ms, group.layout, values))

    @property
    def groups(self) -> Sequence[SeriesGroup]:
        """The groups on the page."""
        return list(self.store.groups)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--targets", type=int, default=50)
    parser.add_argument("--passes", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    program = find_program("redis-server")
    if program is None:
        parser.error("redis-server is not installed")
    measure(record_lively(program, options.passes), options.targets, options.rounds)


def measure(recorded: list[Pass], targets: int, rounds: int) -> None:
    """Render with all three, compare, and print."""
    life = Life(recorded, targets)
    makers: dict[str, Callable[[], Exposition | WholePage]] = {
        "pieces": lambda: Exposition(lambda: life.groups, Format.TEXT),
        "whole": lambda: WholePage(lambda: life.groups, is_prepared=True),
        "anew": lambda: WholePage(lambda: life.groups, is_prepared=False),
    }
    life.move()
    # A table gets most of its series with its first passes: what comes later is what is measured.
    for _ in range(3):
        life.move()
    pages = {}
    kept = {}
    for name, make in makers.items():
        gc.collect()
        tracemalloc.start()
        pages[name] = make()
        pages[name].render()
        gc.collect()
        kept[name], _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    size = sum(map(len, pages["pieces"].render()))
    print(f"{targets} targets, {life.store.series_count:,} series, a page of {size:,} bytes")
    print(f"{'ms per page':24}" + "".join(f"{name:>10}" for name in pages))
    for what, step in (
        ("as the server moves", life.move),
        ("nothing moves", life.stand_still),
        ("all moves", life.move_all),
    ):
        spent = _compare(pages, step, rounds)
        print(f"{what:24}" + "".join(f"{spent[name] / rounds * 1e3:10.2f}" for name in pages))
    print(f"{'MB kept between pages':24}" + "".join(f"{kept[name] / 1e6:10.2f}" for name in pages))


def _compare(
    pages: dict[str, Exposition | WholePage], step: Callable[[], None], rounds: int
) -> dict[str, float]:
    """Return the CPU seconds of each; raises `SystemExit` where they differ by a byte."""
    spent = dict.fromkeys(pages, 0.0)
    for _ in range(rounds):
        step()
        found = set()
        for name, page in pages.items():
            started = time.process_time()
            parts = page.render()
            spent[name] += time.process_time() - started
            found.add(b"".join(parts))
        if len(found) != 1:
            raise SystemExit("the pages differ")
    return spent


if __name__ == "__main__":
    main()
