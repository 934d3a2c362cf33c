"""From where on a value is orange or red."""

from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import Threshold, ThresholdsMode

GREEN: Final = "green"
ORANGE: Final = "orange"
RED: Final = "red"
BLUE: Final = "blue"


@dataclass(frozen=True)
class Limits:
    """Colours by value: the colour below every limit, and from each limit on another one."""

    base: str
    steps: tuple[tuple[float, str], ...] = ()

    def build(self) -> ThresholdsConfig:
        """As Grafana wants them."""
        steps = [Threshold(value=None, color=self.base)]
        steps += [Threshold(value=value, color=color) for value, color in self.steps]
        return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


PLAIN: Final = Limits(BLUE)
"""For a value that is neither good nor bad."""


def above(orange: float | None = None, red: float | None = None) -> Limits:
    """Good while small."""
    given = ((orange, ORANGE), (red, RED))
    return Limits(GREEN, tuple((value, color) for value, color in given if value is not None))


def below(orange: float, red: float) -> Limits:
    """Good while great: red below `red`, orange below `orange`."""
    return Limits(RED, ((red, ORANGE), (orange, GREEN)))
