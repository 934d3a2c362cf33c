"""Limits bound one template: templates come from users and run inside the daemon's event loop."""

from dataclasses import dataclass
from typing import Final

LARGEST_TEXT: Final = 1 << 20
"""Characters that one value inside a template may have at most."""

LARGEST_PADDING: Final = 1_000_000
"""Width and precision that `printf` honours at most, as in Go."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on parsing and expanding.

    `nesting` counts blocks within blocks and parentheses within parentheses; `depth` counts what is open at
    one moment of an expansion, called templates included; `produced_characters` counts everything that
    functions returned, kept or not. `seconds` have passed, `cpu_seconds` this thread has been busy.
    """

    source_characters: int = 256 * 1024
    nesting: int = 40
    depth: int = 100
    steps: int = 200_000
    output_characters: int = LARGEST_TEXT
    produced_characters: int = 16 << 20
    seconds: float = 2.0
    cpu_seconds: float = 2.0


DEFAULT_LIMITS: Final = Limits()
