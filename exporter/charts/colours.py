"""Which series has which colour: by what its name means, else one that no other series of the chart has.

Colours are the numbers of the stylesheet's `--s1` to `--s8`; 8 is grey, for "other" and for what is at rest.
"""

from collections.abc import Mapping, Sequence
from typing import Final

GREY: Final = 8
_HUES: Final = range(1, 8)
_NAMES: Final[Mapping[int, Sequence[str]]] = {
    1: ("used", "in", "get", "p50", "waiting", "connected", "hit rate", "main thread", "expired"),
    2: ("out", "hgetall", "p99", "growth", "blocked", "evicted"),
    3: ("set", "active"),
    4: ("hset", "failed"),
    5: ("resident", "rss", "resident (rss)", "expire", "whole process"),
    8: ("delayed", "slowest", "other"),
}
MEANINGS: Final[Mapping[str, int]] = {name: colour for colour, names in _NAMES.items() for name in names}
"""Colours by the names, in small letters, that series have on pages, in mails and in pictures."""


def colour_at(index: int) -> int:
    """The colour of the server or queue that is `index` by name within its group, however that is sorted."""
    return _HUES[index % len(_HUES)]


def choose(named: Sequence[tuple[str, int]]) -> list[int]:
    """Return a colour for each (name, colour) of a chart, where 0 stands for one that is to be chosen.

    No hue is there twice: the second series that asks for it gets another one, as long as there are any.
    """
    chosen: list[int] = []
    for _, colour in named:
        chosen.append(0 if colour != GREY and colour in chosen else colour)
    for index, (name, colour) in enumerate(named):
        meant = MEANINGS.get(name.casefold(), 0)
        if not colour and meant not in chosen:
            chosen[index] = meant
    free = iter([hue for hue in _HUES if hue not in chosen])
    return [colour or next(free, GREY) for colour in chosen]
