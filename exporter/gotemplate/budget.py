"""Counts what an expansion uses up, and ends it when that is too much."""

import time
from collections.abc import Callable
from typing import Final

from exporter.gotemplate.limits import LARGEST_TEXT, Limits

_STEPS_PER_LOOK: Final = 64


class Budget:
    """What is left for one expansion; every method raises `ValueError` when nothing is."""

    def __init__(self, limits: Limits, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._deadline = monotonic() + limits.seconds
        self._busy_until = time.thread_time() + limits.cpu_seconds
        self._steps = 0
        self._depth = 0
        self._produced = 0
        self._written = 0

    def step(self) -> None:
        """One node, one turn of a loop or one call."""
        self._steps += 1
        if self._steps > self._limits.steps:
            raise ValueError(f"the template takes more than {self._limits.steps} steps")
        if self._monotonic() > self._deadline:
            raise ValueError(f"the template takes longer than {self._limits.seconds:g} s")
        # Asking for it takes longer than a step.
        if self._steps % _STEPS_PER_LOOK == 0 and time.thread_time() > self._busy_until:
            raise ValueError(f"the template takes longer than {self._limits.cpu_seconds:g} s")

    def enter(self) -> None:
        """One level deeper."""
        self._depth += 1
        if self._depth > self._limits.depth:
            raise ValueError(f"templates call each other deeper than {self._limits.depth} levels")

    def leave(self) -> None:
        """One level back."""
        self._depth -= 1

    def produce(self, value: object) -> None:
        """A function made this value."""
        size = len(value) if isinstance(value, (str, list, dict)) else 0
        self._produced += size
        if self._produced > self._limits.produced_characters or size > LARGEST_TEXT:
            raise ValueError("the functions of the template produce too much text")

    def write(self, text: str) -> None:
        """This goes to the output."""
        self._written += len(text)
        if self._written > self._limits.output_characters:
            raise ValueError(f"the output is longer than {self._limits.output_characters} characters")
