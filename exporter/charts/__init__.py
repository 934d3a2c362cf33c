"""Charts: data in, SVG out. Pure: nothing here knows where the data come from.

`Chart` says what is drawn (`Series` of points, `Threshold`, `Mark`, `Band`) in a `Unit`. For a page
`plot(chart)` returns the markup, which the stylesheet colours, and `legend(compute(chart))` the table below;
`sparkline(values)` is a line in a table. `format_value(value, unit)` writes figures as charts and tables have
them.
"""

from exporter.charts.chart import Band, Chart, Kind, Mark, MarkKind, Point, Series, Threshold
from exporter.charts.legend import legend
from exporter.charts.lines import MOST_LINES, Drawing, compute
from exporter.charts.plot import plot, plot_of
from exporter.charts.sparkline import sparkline
from exporter.charts.units import Unit, format_seconds, format_tick, format_value

__all__ = [
    "MOST_LINES",
    "Band",
    "Chart",
    "Drawing",
    "Kind",
    "Mark",
    "MarkKind",
    "Point",
    "Series",
    "Threshold",
    "Unit",
    "compute",
    "format_seconds",
    "format_tick",
    "format_value",
    "legend",
    "plot",
    "plot_of",
    "sparkline",
]
