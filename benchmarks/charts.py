"""What the charts of a page cost: `python -m benchmarks.charts`.

Twelve charts of six series each, one of them a stack, with legends; CPU time, the best of several runs, since
other programs on the machine make it longer, never shorter. And what a row's sparklines and a PNG cost.
"""

import argparse
import gc
import random
import time
from collections.abc import Callable

from exporter.charts import Chart, Kind, Series, Unit, compute, legend, picture, plot_of, sparkline
from exporter.charts.png import png

_CHARTS, _SERIES = 12, 6
_SPAN_MS = 21_600_000


def page(points: int) -> list[Chart]:
    """The charts of a page, each series of so many points over six hours."""
    dice = random.Random(points)
    step_ms = _SPAN_MS // points
    end_ms = step_ms * points
    return [
        Chart(
            f"Chart {number}",
            Unit.BYTES,
            0,
            end_ms,
            step_ms,
            [
                Series(
                    f"series {one}",
                    [(at_ms, dice.gauss(5e9, 1e8)) for at_ms in range(0, end_ms + 1, step_ms)],
                )
                for one in range(_SERIES)
            ],
            Kind.STACKED if number == 0 else Kind.LINES,
        )
        for number in range(_CHARTS)
    ]


def draw(charts: list[Chart]) -> int:
    """Draw them as a page does; the length of the markup."""
    drawings = [compute(chart) for chart in charts]
    return sum(len(plot_of(drawing)) + len(legend(drawing)) for drawing in drawings)


def best(work: Callable[[], object], runs: int) -> float:
    """The least CPU time of some runs, in milliseconds."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times) * 1000


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    for points in (200, 2_000):
        charts = page(points)
        # As in a daemon that has been running for long.
        gc.collect()
        gc.freeze()
        print(f"{points} points: {best(lambda c=charts: draw(c), runs):.1f} ms, {draw(charts) / 1000:.0f} kB")  # type: ignore[misc]
    values = [value for _, value in page(60)[0].series[0].points]
    print(f"100 sparklines: {best(lambda: [sparkline(values) for _ in range(100)], runs):.1f} ms")
    svg = picture(page(200)[1])
    print(f"picture as PNG: {best(lambda: png(svg), runs):.0f} ms, {len(png(svg)) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
