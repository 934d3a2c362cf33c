"""From a sample to a total, with its 95 % error.

Every key of a group is asked about with a known probability p and then counts w = 1/p times (Horvitz and
Thompson, 1952). Keys with p = 1 stand for themselves; for the rest the total is the weighted mean of those
drawn times their number, which is known (Hájek's ratio estimator). Keys are drawn independently, so the
variance of the mean is estimated by sum(w (w - 1) (y - mean)^2) / sum(w)^2 (Särndal, Swensson and Wretman,
"Model Assisted Survey Sampling", 1992, 5.7 and 3.2). Sums suffice, so groups can be merged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt
from operator import mul
from typing import Final

# The 97.5 % quantile of the normal distribution.
Z: Final = 1.959964
# How far skewness moves the studentised mean's quantile, by skewness and the root of the number of values:
# (2 z^2 + 1) / 6 (Hall, "Inverting an Edgeworth expansion", 1983).
_EDGEWORTH: Final = (2 * Z**2 + 1) / 6
# A mean is about normal from this many values on, times the skewness squared (Cochran, "Sampling Techniques",
# 1977, 2.15).
_COCHRAN: Final = 25.0
_ROUNDING: Final = 1e-16


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and the half-width of its 95 % interval; 0: it is exact, infinite: nothing is known."""

    value: float
    half_width: float

    @property
    def error_ratio(self) -> float:
        """The half-width in parts of the value."""
        if self.half_width == 0.0:
            return 0.0
        return self.half_width / abs(self.value) if self.value else inf


class Moments:
    """Weighted sums of observed values y: enough for their mean, its error, and their spread."""

    __slots__ = ("certain", "certain_y", "count", "maximum", "u", "uy", "uyy", "w", "wy", "wyy", "wyyy")

    def __init__(self) -> None:
        self.count = 0
        self.maximum = 0.0
        # Sums of w, w y, w y^2 and w y^3, and with u = w (w - 1) of u, u y and u y^2.
        self.w = self.wy = self.wyy = self.wyyy = 0.0
        self.u = self.uy = self.uyy = 0.0
        # How many values have weight 1, and their sum.
        self.certain = self.certain_y = 0.0

    def add(self, values: Sequence[float], weight: float = 1.0, *, census: bool = False) -> None:
        """Take in values that all have the same weight; `census`: all values there are will be added."""
        count = len(values)
        total: float = sum(values)
        squares: float = sum(map(mul, values, values))
        self.maximum = max(self.maximum, max(values, default=0.0))
        self.w += weight * count
        self.wy += weight * total
        self.wyy += weight * squares
        if not census:
            self.wyyy += weight * sum([value * value * value for value in values])
        self.count += count
        if weight != 1.0:
            u = weight * (weight - 1.0)
            self.u += u * count
            self.uy += u * total
            self.uyy += u * squares
        else:
            self.certain += count
            self.certain_y += total

    def add_share(self, ones: int, count: int, weight: float = 1.0) -> None:
        """Take in `count` values of which `ones` are 1 and the rest 0."""
        self.count += count
        self.w += weight * count
        self.wy += weight * ones
        self.wyy += weight * ones
        if weight != 1.0:
            u = weight * (weight - 1.0)
            self.u += u * count
            self.uy += u * ones
            self.uyy += u * ones
        else:
            self.certain += count
            self.certain_y += ones

    def merge(self, other: "Moments") -> None:
        """Take over the sums of another group."""
        self.count += other.count
        self.maximum = max(self.maximum, other.maximum)
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def mean(self) -> float:
        """The weighted mean; 0 where nothing was observed."""
        return self.wy / self.w if self.w else 0.0

    @property
    def deviation(self) -> float:
        """The standard deviation of the values."""
        if not self.w:
            return 0.0
        return sqrt(max(0.0, self.wyy / self.w - self.mean**2))

    @property
    def skewness(self) -> float:
        """The third standardised moment; of no meaning for a census."""
        deviation = self.deviation
        if deviation <= 1e-6 * abs(self.mean):
            return 0.0
        mean = self.mean
        return (self.wyyy / self.w - 3 * mean * self.wyy / self.w + 2 * mean**3) / deviation**3

    def total(self, keys: float) -> Estimate:
        """The sum over `keys` keys."""
        if not self.count:
            return Estimate(0.0, inf if keys else 0.0)
        rest = keys - self.certain
        if rest <= 0:
            return Estimate(self.certain_y, 0.0)
        mean, weight = self._drawn
        if not weight:
            width = student(self.count - 1) * self.deviation / sqrt(self.count)
            return Estimate(self.certain_y + rest * self.mean, width * rest)
        variance = (self.uyy - 2 * mean * self.uy + mean**2 * self.u) / weight**2
        if variance <= _ROUNDING * mean**2:
            return Estimate(self.certain_y + rest * mean, 0.0)
        return Estimate(self.certain_y + rest * mean, self._quantile(weight) * sqrt(variance) * rest)

    @property
    def _drawn(self) -> tuple[float, float]:
        """The mean of the values that stand for others too, and their weight."""
        weight = self.w - self.certain if self.u else 0.0
        return ((self.wy - self.certain_y) / weight if weight else 0.0), weight

    def _quantile(self, weight: float) -> float:
        """How many standard errors wide the interval is: more where few values decide, or skewed ones."""
        effective = weight**2 / self.u
        return student(effective - 1) + _EDGEWORTH * min(2.0, abs(self.skewness) / sqrt(effective))

    def share_total(self, keys: float) -> Estimate:
        """The number of ones among `keys` keys, for values that are 0 or 1.

        Wilson's interval ("Probable inference", 1927), which stays honest where all or none were ones.
        """
        if not self.count:
            return Estimate(0.0, inf if keys else 0.0)
        rest = keys - self.certain
        if rest <= 0:
            return Estimate(self.certain_y, 0.0)
        share, weight = self._drawn
        if not weight:
            share, effective = self.mean, float(self.count)
        else:
            share, effective = min(1.0, max(0.0, share)), weight**2 / self.u
        spread = Z * sqrt(share * (1 - share) / effective + Z**2 / (4 * effective**2))
        middle = share + Z**2 / (2 * effective)
        scale = 1 + Z**2 / effective
        low, high = (middle - spread) / scale, (middle + spread) / scale
        return Estimate(self.certain_y + share * rest, max(high - share, share - low) * rest)

    def needed(self, half_width_ratio: float) -> float:
        """How many values must be drawn for the total to have this 95 % error, as far as one can tell."""
        if not self.count or not self.mean:
            return inf
        # Spread is underestimated more often than not while few values are known.
        variation = (self.deviation / self.mean) ** 2 + 0.02
        caution = 1 + 2 / sqrt(self.count)
        return max((Z / half_width_ratio) ** 2 * variation * caution, _COCHRAN * self.skewness**2)

    def to_list(self) -> list[float]:
        """For `from_list`."""
        return [self.count, self.maximum, *(getattr(self, name) for name in _SUMS)]

    @classmethod
    def from_list(cls, values: Sequence[float]) -> "Moments":
        """Raises `ValueError` where this is not what `to_list` has returned."""
        count, maximum, *sums = (float(value) for value in values)
        if not all(map(isfinite, (maximum, *sums))):
            raise ValueError("not finite")
        moments = cls()
        moments.count, moments.maximum = int(count), maximum
        for name, value in zip(_SUMS, sums, strict=True):
            setattr(moments, name, value)
        return moments


_SUMS: Final = ("w", "wy", "wyy", "wyyy", "u", "uy", "uyy", "certain", "certain_y")


def student(freedom: float) -> float:
    """The 97.5 % quantile of Student's distribution, for two degrees of freedom or more, to 1 %.

    Hill's expansion around the normal quantile (Abramowitz and Stegun, 26.7.5).
    """
    freedom = max(freedom, 2.0)
    z = Z
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3
