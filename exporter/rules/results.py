"""Results of expressions become samples with the labels of the rule."""

from collections.abc import Mapping, Sequence
from typing import Final

from exporter.errors import QueryError
from exporter.model.labels import EMPTY, Labels
from exporter.promql import Result, Scalar, Vector, VectorSample

_MAX_REMEMBERED: Final = 20_000


def samples_of(result: Result) -> Sequence[VectorSample]:
    """Return the samples of a vector; a scalar is one sample without labels.

    Raises `QueryError` for a string or a range vector.
    """
    value = result.value
    if isinstance(value, Vector):
        return value.samples
    if isinstance(value, Scalar):
        return [VectorSample(EMPTY, value.value)]
    raise QueryError("the result of a rule must be a vector or a scalar")


class LabelSetter:
    """Labels to set on those of results; the outcome is remembered, since most results come again and again.

    An empty value takes a label away.
    """

    def __init__(self, overrides: Mapping[str, str]) -> None:
        self._overrides = overrides
        self._known: dict[Labels, Labels] = {}

    def apply(self, labels: Labels) -> Labels:
        """Return the labels, overridden."""
        made = self._known.get(labels)
        if made is None:
            if len(self._known) >= _MAX_REMEMBERED:
                self._known.clear()
            made = self._known[labels] = labels.with_(self._overrides)
        return made
