"""Estimation computes totals from a sample, from the sums that it keeps.

The keys of a group come in an order of chance (that of hashes), so those that were asked about are a simple
random sample of them however the rate has changed meanwhile: the total is what was seen, plus the mean for
each key that was not (Cochran, "Sampling Techniques", 1977, 2.5 to 2.7). That no longer holds once groups
of which different shares were asked have become one. Then every value counts w = 1/p times, p being the
probability with which it was drawn (Horvitz and Thompson, 1952): those with p = 1 stand for themselves, the
others' weighted mean for the rest, whose number is known (Hájek's ratio estimator), with the variance sum(w
(w - 1) (y - mean)^2) / sum(w)^2 (Särndal, Swensson and Wretman, "Model Assisted Survey Sampling", 1992, 5.7
and 3.2). Keys that were asked because of their size are a stratum of their own, which is known and says
nothing about others.

`interval` says how wide an interval is. Sums suffice, so groups can be merged.
"""

from collections.abc import Sequence
from math import inf, isfinite, sqrt
from operator import mul
from typing import Final

from exporter.keyspace.interval import (
    LEAST_IN_SUMS,
    LEAST_VALUES,
    NOTHING,
    UNKNOWN,
    Dispersion,
    Estimate,
    Picture,
    Z,
    half_width,
    share_half_width,
)

# A mean is about normal from this many values on, times the skewness squared (Cochran, 2.15).
_COCHRAN: Final = 25.0


class Moments:
    """Sums over observed values y, enough for their mean, its error, and their spread.

    `count` of them were observed. `mixed`: no simple random sample any more, weights count.
    """

    __slots__ = (
        "apart",
        "apart_y",
        "certain",
        "certain_y",
        "count",
        "maximum",
        "mixed",
        "n",
        "u",
        "uy",
        "uyy",
        "w",
        "wy",
        "wyy",
        "y",
        "yy",
        "yyy",
    )

    def __init__(self) -> None:
        self.count = 0
        self.maximum = 0.0
        self.mixed = False
        # How many values stand for others like them, and the sums of y, y^2 and y^3.
        self.n = self.y = self.yy = self.yyy = 0.0
        # The same with weights, and with u = w (w - 1).
        self.w = self.wy = self.wyy = 0.0
        self.u = self.uy = self.uyy = 0.0
        # How many of these have weight 1, and their sum; then those that stand for themselves only.
        self.certain = self.certain_y = 0.0
        self.apart = self.apart_y = 0.0

    def add(
        self, values: Sequence[float], weight: float = 1.0, *, census: bool = False, apart: bool = False
    ) -> None:
        """Take in values that all have the same weight.

        `census`: all values there are will be added; `apart`: these were asked for because of what they are.
        """
        count = len(values)
        total: float = sum(values)
        self.count += count
        if apart:
            self.apart += count
            self.apart_y += total
            return
        squares: float = sum(map(mul, values, values))
        self.maximum = max(self.maximum, max(values, default=0.0))
        if not census:
            self.yyy += sum([value * value * value for value in values])
        self._add_sums(count, total, squares, weight)

    def add_share(self, ones: int, count: int, weight: float = 1.0, *, apart: bool = False) -> None:
        """Take in `count` values of which `ones` are 1 and the rest 0."""
        self.count += count
        if apart:
            self.apart += count
            self.apart_y += ones
        else:
            self._add_sums(count, ones, ones, weight)

    def _add_sums(self, count: int, total: float, squares: float, weight: float) -> None:
        self.n += count
        self.y += total
        self.yy += squares
        self.w += weight * count
        self.wy += weight * total
        self.wyy += weight * squares
        if weight != 1.0:
            u = weight * (weight - 1.0)
            self.u += u * count
            self.uy += u * total
            self.uyy += u * squares
        else:
            self.certain += count
            self.certain_y += total

    def merge(self, other: "Moments", mine: float, theirs: float) -> None:
        """Take over the sums of another group; `mine` and `theirs` are how many keys the two have."""
        self.mixed |= other.mixed
        if mine and theirs and (self.count < mine or other.count < theirs):
            # Not all of both were asked, so one may be over-represented.
            self.mixed = True
        self.count += other.count
        self.maximum = max(self.maximum, other.maximum)
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def mean(self) -> float:
        """The mean of the values that stand for others; 0 where there is none."""
        n, total, _ = self._weighted
        return total / n if n else 0.0

    @property
    def deviation(self) -> float:
        """The standard deviation of the values."""
        return sqrt(self._variance)

    @property
    def _weighted(self) -> tuple[float, float, float]:
        return (self.w, self.wy, self.wyy) if self.mixed else (self.n, self.y, self.yy)

    @property
    def _variance(self) -> float:
        n, total, squares = self._weighted
        if self.n < 2:
            return 0.0
        return max(0.0, squares / n - (total / n) ** 2) * self.n / (self.n - 1)

    @property
    def skewness(self) -> float:
        """The third standardised moment; of no meaning for a census."""
        if not self.n:
            return 0.0
        mean = self.y / self.n
        deviation = sqrt(max(0.0, self.yy / self.n - mean**2))
        if deviation <= 1e-6 * abs(mean):
            return 0.0
        return (self.yyy / self.n - 3 * mean * self.yy / self.n + 2 * mean**3) / deviation**3

    @property
    def shape(self) -> Dispersion:
        """How the values are spread, in parts of their mean."""
        mean = self.mean or 1.0
        return Dispersion(self.deviation / mean, abs(self.skewness), self.maximum / mean)

    def total(
        self,
        keys: float,
        typical: Dispersion | None = None,
        *,
        least: float = LEAST_VALUES,
    ) -> Estimate:
        """The sum over `keys` keys.

        `typical` is how values are spread in groups of the same kind that are known better. Where fewer than
        `least` values are known, nobody knows how far it is off.
        """
        known, rest = self.known(keys)
        if rest <= 0:
            return Estimate(known, 0.0)
        if not self.count:
            return NOTHING
        picture = self.picture
        return Estimate(known + rest * picture.mean, half_width(picture, rest, typical, least))

    def share_total(self, keys: float) -> Estimate:
        """The number of ones among `keys` keys, for values that are 0 or 1."""
        known, rest = self.known(keys)
        if rest <= 0:
            return Estimate(known, 0.0)
        if not self.count:
            return NOTHING
        picture = self.picture
        return Estimate(known + rest * picture.mean, share_half_width(picture, rest))

    def known(self, keys: float) -> tuple[float, float]:
        """The sum of the values that need no estimate, and the number of keys that do."""
        if self.mixed:
            return self.apart_y + self.certain_y, keys - self.apart - self.certain
        return self.apart_y + self.y, keys - self.apart - self.n

    @property
    def picture(self) -> Picture:
        """Return what is known about a value that was not observed."""
        if not self.n:
            return UNKNOWN
        if not self.mixed:
            return Picture(self.mean, self._variance, self.n, self.n, self.maximum)
        drawn = self.n - self.certain
        if drawn < LEAST_IN_SUMS:
            effective = self.w**2 / (self.u + self.w)
            return Picture(self.mean, self._variance, effective, self.n, self.maximum)
        weight = self.w - self.certain
        mean = (self.wy - self.certain_y) / weight
        variance = max(0.0, self.uyy - 2 * mean * self.uy + mean**2 * self.u) / self.u
        if drawn < LEAST_VALUES:
            # Too few to know by themselves how they are spread.
            variance = max(variance, self._variance)
        # The weights have taken into account that the rest is finite.
        return Picture(mean, variance, weight**2 / self.u, self.n, self.maximum, is_finite=True)

    def needed(self, half_width_ratio: float, typical: Dispersion | None = None) -> float:
        """How many values must be drawn for the total to have this 95 % error, as far as one can tell."""
        if not self.n or not self.mean:
            return inf
        shape = self.shape.at_least(typical, self.n)
        # Spread is underestimated more often than not while few values are known.
        variation = shape.variation**2 + 0.02
        caution = 1 + 2 / sqrt(self.n)
        return max((Z / half_width_ratio) ** 2 * variation * caution, _COCHRAN * shape.skewness**2)

    def to_list(self) -> list[float]:
        """For `from_list`."""
        return [self.count, self.maximum, self.mixed, *(getattr(self, name) for name in _SUMS)]

    @classmethod
    def from_list(cls, values: Sequence[float]) -> "Moments":
        """Raises `ValueError` where this is not what `to_list` has returned."""
        count, maximum, mixed, *sums = (float(value) for value in values)
        if not all(map(isfinite, (count, maximum, *sums))):
            raise ValueError("not finite")
        moments = cls()
        moments.count, moments.maximum, moments.mixed = int(count), maximum, bool(mixed)
        for name, value in zip(_SUMS, sums, strict=True):
            setattr(moments, name, value)
        return moments


_SUMS: Final = tuple(name for name in Moments.__slots__ if name not in ("count", "maximum", "mixed"))
