"""Values that must never show."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A text that no log line, page, error or `repr` shows; `reveal` is the only way to it."""

    _value: str

    def reveal(self) -> str:
        """The text itself, for the one call that needs it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "<secret>"

    def __str__(self) -> str:
        return "<secret>"
