"""A moment as somebody wrote it: more exact than a float is, and in a time zone."""

from typing import Final

_NANOSECONDS: Final = 1_000_000_000


class Moment(float):
    """Seconds since the epoch that also know the nanoseconds and the offset from UTC they were written with.

    Unlike the float 0.0, which stands for a time that is not known, every moment is true.
    """

    __slots__ = ("nanoseconds", "offset_seconds")

    nanoseconds: int
    offset_seconds: int

    def __new__(cls, nanoseconds: int, offset_seconds: int = 0) -> "Moment":
        """Make the moment of so many nanoseconds since the epoch, written in a zone east of Greenwich."""
        self = super().__new__(cls, nanoseconds / _NANOSECONDS)
        self.nanoseconds = nanoseconds
        self.offset_seconds = offset_seconds
        return self

    def __bool__(self) -> bool:
        return True

    def __add__(self, seconds: float) -> "Moment":
        """A later moment, in the same zone."""
        return Moment(self.nanoseconds + round(seconds * _NANOSECONDS), self.offset_seconds)
