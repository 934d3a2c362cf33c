"""The server time of commands, which INFO provides for the sampler of command latencies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite


@dataclass(frozen=True, slots=True)
class CommandTimes:
    """The server time of each command as of the pass at a moment (epoch seconds).

    `places` tells the index of a command in `values`, which are in seconds.
    """

    at: float = 0.0
    places: Mapping[str, int] = field(default_factory=dict)
    values: Sequence[float | None] = ()

    def microseconds(self, command: str) -> float | None:
        """The server time of a command in microseconds; None where it is not known."""
        place = self.places.get(command)
        seconds = None if place is None else self.values[place]
        if seconds is None:
            return None
        microseconds = seconds * 1e6
        # Whole, as the server counts; a server that makes things up may tell what cannot be rounded.
        return float(round(microseconds)) if isfinite(microseconds) else microseconds
