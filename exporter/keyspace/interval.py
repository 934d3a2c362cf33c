"""Intervals bound the error of an estimate: half-widths of 95 % confidence.

The usual interval, Student's quantile times the standard error, fails where a few large values decide and
none or one of them was drawn: sizes of keys are so. Therefore one more value is reckoned with than was
seen, as large as the largest, which is what the exact upper limit of a sum of Poisson events comes to (Fay
and Feuer, "Confidence intervals for directly standardized rates", 1997); for values that are all alike it
is the rule of three (Hanley and Lippman-Hand, "If nothing goes wrong, is everything all right?", 1983).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isfinite, isnan, nan, sqrt
from statistics import median
from typing import Final

# The 97.5 % quantile of the normal distribution.
Z: Final = 1.959964
# From fewer values nothing is concluded about a group; as a part of a sum a group may be known less well.
LEAST_VALUES: Final = 30
LEAST_IN_SUMS: Final = 5
_LEAST_FOR_SHARES: Final = 10
# Values that are all alike are no proof that there are no others: one may be this many times as large.
_UNSEEN_PEAK: Final = 2.0
# A tail with a frequency of f makes a skewness of about 1 / sqrt(f), and is missing in 1 % of the samples of
# 4.6 / f values: exp(-4.6).
_TELLING: Final = 4.6


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and the half-width of its 95 % interval; 0: it is exact, infinite: not known how far it is off.

    The value is NaN where nothing was asked.
    """

    value: float
    half_width: float

    @property
    def error_ratio(self) -> float:
        """The half-width in parts of the value."""
        if self.half_width == 0.0:
            return 0.0
        return self.half_width / abs(self.value) if self.value else inf

    @property
    def rounded(self) -> int | None:
        """The value as a whole number; None where nothing was asked."""
        return None if isnan(self.value) else round(self.value)

    def mean(self, keys: int) -> float | None:
        """Its part of each of so many keys; None where nothing was asked."""
        if isnan(self.value):
            return None
        return self.value / keys if keys else 0.0


NOTHING: Final = Estimate(nan, inf)


def error_ratio(estimate: Estimate) -> float | None:
    """The error in parts of the value; None where nothing is known."""
    ratio = estimate.error_ratio
    return ratio if isfinite(ratio) else None


def estimate_of(value: float | None, ratio: float | None) -> Estimate:
    """The estimate with this error ratio; value and ratio are None where they are not known."""
    if value is None:
        return NOTHING
    return Estimate(value, inf if ratio is None else ratio * value)


@dataclass(frozen=True, slots=True)
class Dispersion:
    """How values are spread: standard deviation and maximum in parts of the mean, and the skewness."""

    variation: float
    skewness: float
    peak: float

    def at_least(self, typical: "Dispersion | None", values: float) -> "Dispersion":
        """This one, or the `typical` one where so few values do not tell them apart."""
        if typical is None or values >= _TELLING * typical.skewness**2:
            return self
        return Dispersion(
            max(self.variation, typical.variation),
            max(self.skewness, typical.skewness),
            max(self.peak, typical.peak),
        )


@dataclass(frozen=True, slots=True)
class Picture:
    """The distribution of one more value, as far as a sample tells.

    Mean and variance, what it weighs in values, how many they were (`count`), and the largest.
    `is_finite`: `weight` regards already that the rest is finite.
    """

    mean: float
    variance: float
    weight: float
    count: float
    maximum: float
    is_finite: bool = False


UNKNOWN: Final = Picture(0.0, 0.0, 0.0, 0.0, 0.0)


def typical_shape(shapes: Iterable[Dispersion]) -> Dispersion | None:
    """The middle one in each respect, so that one odd group changes nothing; None where there is none."""
    listed = list(shapes)
    if not listed:
        return None
    return Dispersion(
        median(shape.variation for shape in listed),
        median(shape.skewness for shape in listed),
        median(shape.peak for shape in listed),
    )


def half_width(
    picture: Picture, rest: float, typical: Dispersion | None, least: float = LEAST_VALUES
) -> float:
    """For the sum of `rest` values that were not seen; infinite where fewer than `least` were."""
    if picture.count < least:
        return inf
    mean, n = picture.mean, picture.weight
    variation = sqrt(picture.variance) / mean if mean else 0.0
    shape = Dispersion(variation, 0.0, max(_UNSEEN_PEAK, picture.maximum / mean if mean else 0.0))
    shape = shape.at_least(typical, n)
    # One more value, which is the largest: how far it moves the mean, and what it makes of the variance.
    excess = (shape.peak - 1.0) * mean
    shift = excess / (n + 1)
    variance = ((shape.variation * mean) ** 2 + excess**2 / (n + 1)) * n / (n + 1)
    spread = 1 / (n + 1) + (0.0 if picture.is_finite else 1 / rest)
    return rest * (shift + student(picture.count - 1) * sqrt(variance * spread))


def share_half_width(picture: Picture, rest: float) -> float:
    """For the number of ones among `rest` values of 0 or 1 that were not seen; infinite where too few were.

    Wilson's interval ("Probable inference", 1927), which stays honest where all or none were ones.
    """
    if picture.count < _LEAST_FOR_SHARES:
        return inf
    n = picture.weight if picture.is_finite else 1 / (1 / picture.weight + 1 / rest)
    share = min(1.0, max(0.0, picture.mean))
    spread = Z * sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    middle = share + Z**2 / (2 * n)
    scale = 1 + Z**2 / n
    low, high = (middle - spread) / scale, (middle + spread) / scale
    return max(high - share, share - low) * rest


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
