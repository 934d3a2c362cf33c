"""The text of paths: whole numbers, relative, level pieces in one step."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
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
    x, y = run[0]
    steps = "".join(_steps(run))
    return f"M{x} {y}l{steps.lstrip()}" if steps else f"M{x} {y}{_DOT}"


def _steps(run: Run) -> Iterator[str]:
    """Steps from place to place; one that goes on level, in the same direction, is part of the one before."""
    x, y = run[0]
    level = 0
    for next_x, next_y in run[1:]:
        dx, dy = next_x - x - level, next_y - y
        if not dy and dx * level >= 0:
            level += dx
            continue
        if level:
            yield f"{level} 0" if level < 0 else f" {level} 0"
        yield f"{'' if dx < 0 else ' '}{dx}{'' if dy < 0 else ' '}{dy}"
        x, y, level = next_x, next_y, 0
    if level:
        yield f"{level} 0" if level < 0 else f" {level} 0"
