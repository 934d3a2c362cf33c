"""The text of paths: whole numbers, relative, flat pieces in one step."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 1000
HEIGHT: Final = 300
"""The inner coordinates, which the browser stretches to the plot."""

# A value and its neighbours are lines to the next; one that stands alone is a dot.
_DOT: Final = "l0 0"

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Box:
    """The inner coordinates in which a line is drawn, `top` from the upper edge."""

    width: int
    height: int
    top: int = 0


PLOT: Final = Box(WIDTH, HEIGHT)


def line(values: Sequence[float], places: Sequence[float], box: Box = PLOT) -> str:
    """Return the path of a line: `places` from 0 (top) to 1 (bottom), where `values` are not NaN."""
    return " ".join(_moves(run) for run in runs(values, places, box))


def area(values: Sequence[float], places: Sequence[float]) -> str:
    """Return the paths of what lies between a line and the bottom."""
    pieces = []
    for run in runs(values, places):
        closed = [(run[0][0], HEIGHT), *run, (run[-1][0], HEIGHT)]
        pieces.append(_moves(closed) + "z")
    return " ".join(pieces)


def layer(lower: Sequence[float], upper: Sequence[float], is_there: Sequence[bool]) -> str:
    """Return the paths of what lies between two lines, where it is there."""
    step = WIDTH / max(1, len(upper) - 1)
    pieces: list[str] = []
    run: list[int] = []
    for index in range(len(upper) + 1):
        if index < len(upper) and is_there[index]:
            run.append(index)
        elif run:
            top = [(round(one * step), round(upper[one] * HEIGHT)) for one in run]
            bottom = [(round(one * step), round(lower[one] * HEIGHT)) for one in reversed(run)]
            pieces.append(_moves([*top, *bottom]) + "z")
            run = []
    return " ".join(pieces)


def runs(values: Sequence[float], places: Sequence[float], box: Box = PLOT) -> Iterator[Sequence[Place]]:
    """Yield what hangs together, as inner coordinates."""
    step = box.width / max(1, len(values) - 1)
    run: list[Place] = []
    for index, value in enumerate(values):
        # NaN is not equal to itself.
        if value == value:
            run.append((round(index * step), box.top + round(places[index] * box.height)))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _moves(run: Sequence[Place]) -> str:
    (x, y), *rest = run
    if not rest:
        return f"M{x} {y}{_DOT}"
    pieces = [f"M{x} {y}l"]
    for index, (next_x, next_y) in enumerate(rest):
        is_last = index == len(rest) - 1
        if not is_last and next_y == y and rest[index + 1][1] == y:
            continue
        dx, dy = next_x - x, next_y - y
        space = "" if pieces[-1].endswith("l") or dx < 0 else " "
        pieces.append(f"{space}{dx}{'' if dy < 0 else ' '}{dy}")
        x, y = next_x, next_y
    return "".join(pieces)
