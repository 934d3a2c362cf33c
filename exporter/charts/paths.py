"""The text of paths: whole numbers, relative, level pieces in one step."""

from collections.abc import Sequence
from itertools import pairwise
from operator import sub
from typing import Final

WIDTH: Final = 1000
HEIGHT: Final = 300
"""The inner coordinates, which the browser stretches to the plot."""

# A value and its neighbours are lines to the next; one that stands alone is a dot.
_DOT: Final = "l0 0"

Place = tuple[int, int]
Run = Sequence[Place]
"""Places that hang together, from left to right."""


def across(count: int, width: int = WIDTH) -> list[int]:
    """How far from the left values at even distances lie."""
    step = width / max(1, count - 1)
    return [round(index * step) for index in range(count)]


def runs(values: Sequence[float], xs: Sequence[int], ys: Sequence[int]) -> list[Run]:
    """The places of values, parted where there is none; `ys` are those of the values that are there."""
    if len(ys) == len(values):
        return [list(zip(xs, ys, strict=True))] if ys else []
    parted: list[Run] = []
    run: list[Place] = []
    heights = iter(ys)
    for value, x in zip(values, xs, strict=True):
        # NaN is not equal to itself.
        if value == value:
            run.append((x, next(heights)))
        elif run:
            parted.append(run)
            run = []
    return [*parted, run] if run else parted


def line(parted: Sequence[Run]) -> str:
    """Return the path of a line."""
    return "".join(map(_moves, parted))


def area(parted: Sequence[Run], floor: int = HEIGHT) -> str:
    """Return the paths of what lies between a line and the floor."""
    closed = ([(run[0][0], floor), *run, (run[-1][0], floor)] for run in parted)
    return "".join(f"{_moves(run)}z" for run in closed)


def layer(lower: Sequence[Run], upper: Sequence[Run]) -> str:
    """Return the paths of what lies between two lines of the same runs."""
    return "".join(f"{_moves([*top, *reversed(low)])}z" for low, top in zip(lower, upper, strict=True))


def stairs(run: Run) -> Run:
    """The corners of a line that holds each height until the next place."""
    corners = list(run[:1])
    for (_, height), (x, y) in pairwise(run):
        corners += ((x, height), (x, y)) if y != height else ((x, y),)
    return corners


def _moves(run: Run) -> str:
    """One piece of a path; what goes on level, in the same direction, is one step."""
    if len(run) == 1:
        return f"M{run[0][0]} {run[0][1]}{_DOT}"
    xs, ys = zip(*run, strict=True)
    dxs, dys = list(map(sub, xs[1:], xs)), list(map(sub, ys[1:], ys))
    if 0 in dys:
        dxs, dys = _merged(dxs, dys)
    steps = [f"{dx} {dy}" if dy >= 0 else f"{dx}{dy}" for dx, dy in zip(dxs, dys, strict=True)]
    return f"M{xs[0]} {ys[0]}l{' '.join(steps)}"


def _merged(dxs: Sequence[int], dys: Sequence[int]) -> tuple[list[int], list[int]]:
    """The same steps, level ones together."""
    far, high = [dxs[0]], [dys[0]]
    for dx, dy in zip(dxs[1:], dys[1:], strict=True):
        if not dy and not high[-1] and dx * far[-1] >= 0:
            far[-1] += dx
        else:
            far.append(dx)
            high.append(dy)
    return far, high
