"""Bounds of histograms and summaries are kept as Prometheus 3 keeps them, and shown as they were written."""

import pytest

from exporter.model.labels import Labels
from exporter.model.sample import Family, Kind, Layout, Point


@pytest.mark.parametrize(
    ("kind", "suffix", "labels", "kept"),
    [
        (Kind.HISTOGRAM, "_bucket", {"le": "1", "quantile": "1"}, {"le": "1.0", "quantile": "1"}),
        (Kind.HISTOGRAM, "_bucket", {"le": "+Inf"}, {"le": "+Inf"}),
        (Kind.HISTOGRAM, "_sum", {"cmd": "get"}, {"cmd": "get"}),
        (Kind.SUMMARY, "", {"quantile": "50", "le": "1"}, {"quantile": "50.0", "le": "1"}),
        (Kind.GAUGE, "", {"le": "1", "quantile": "1"}, {"le": "1", "quantile": "1"}),
    ],
)
def test_bounds_in_the_one_form(
    kind: Kind, suffix: str, labels: dict[str, str], kept: dict[str, str]
) -> None:
    point = Point(Family("x", kind, ""), suffix, Labels(labels))
    assert point.written == Labels(labels)
    assert Layout([point]).labels(0) == Labels({"__name__": f"x{suffix}", **kept})
