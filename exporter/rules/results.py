"""What a rule makes of the value of its expression."""

from collections.abc import Sequence

from exporter.errors import QueryError
from exporter.model.labels import EMPTY
from exporter.promql import Result, Scalar, Vector, VectorSample


def samples_of(result: Result) -> Sequence[VectorSample]:
    """The samples of a vector; a scalar is one sample without labels.

    Raises `QueryError` for a string or a range vector.
    """
    value = result.value
    if isinstance(value, Vector):
        return value.samples
    if isinstance(value, Scalar):
        return [VectorSample(EMPTY, value.value)]
    raise QueryError("the result of a rule must be a vector or a scalar")
