"""The budget of an expansion counts its steps, depth, time and text, and ends it at the limits."""

import time
from collections.abc import Callable
from typing import Final

from exporter.gotemplate.limits import LARGEST_TEXT, Limits

_STEPS_PER_LOOK: Final = 64


class ExpansionBudget:
    """The budget of one expansion; every method raises `ValueError` once it is used up."""

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
        """Count one node, one iteration of a loop or one call."""
        self._steps += 1
        if self._steps > self._limits.steps:
            raise ValueError(f"the template takes more than {self._limits.steps} steps")
        if self._monotonic() > self._deadline:
            raise ValueError(f"the template takes longer than {self._limits.seconds:g} s")
        # Asking for it takes longer than a step.
        if self._steps % _STEPS_PER_LOOK == 0 and time.thread_time() > self._busy_until:
            raise ValueError(f"the template takes longer than {self._limits.cpu_seconds:g} s")

    def enter(self) -> None:
        """Count one level of depth."""
        self._depth += 1
        if self._depth > self._limits.depth:
            raise ValueError(f"templates call each other deeper than {self._limits.depth} levels")

    def leave(self) -> None:
        """Go back one level of depth."""
        self._depth -= 1

    def produce(self, value: object) -> None:
        """Count a value that a function made."""
        size = len(value) if isinstance(value, (str, list, dict)) else 0
        self._produced += size
        if self._produced > self._limits.produced_characters or size > LARGEST_TEXT:
            raise ValueError("the functions of the template produce too much text")

    def write(self, text: str) -> None:
        """Count text that goes to the output."""
        self._written += len(text)
        if self._written > self._limits.output_characters:
            raise ValueError(f"the output is longer than {self._limits.output_characters} characters")
