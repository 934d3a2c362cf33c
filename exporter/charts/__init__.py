"""Charts: data in, SVG out. Pure: nothing here knows where the data come from.

`Chart` says what is drawn (`Series` of points, `Threshold`, `Mark`, `Band`) in a `Unit`. For a page
`plot(chart)` returns the markup, which the stylesheet colours, and `legend(compute(chart))` the table below;
`sparkline(values)` is a line in a table. `format_value(value, unit)` writes figures as charts and tables have
them. For a mail, or a picture in a document, `picture(chart, theme=LIGHT)` returns an SVG file with title,
legend and all colours in it, and `charts.png.png(svg)` makes a PNG of that.

Points come in order of time; NaN is a gap, and where there are more than can be seen the lowest and the
highest are kept. Names may be anything: they are escaped here, and shortened.
"""

from exporter.charts.chart import Band, Chart, Kind, Mark, MarkKind, Point, Series, Threshold
from exporter.charts.colours import colour_at
from exporter.charts.legend import legend
from exporter.charts.lines import MOST_LINES, Drawing, compute
from exporter.charts.picture import picture
from exporter.charts.plot import plot, plot_of
from exporter.charts.sparkline import sparkline
from exporter.charts.themes import DARK, LIGHT, Theme
from exporter.charts.units import Unit, format_seconds, format_tick, format_value

__all__ = [
    "DARK",
    "LIGHT",
    "MOST_LINES",
    "Band",
    "Chart",
    "Drawing",
    "Kind",
    "Mark",
    "MarkKind",
    "Point",
    "Series",
    "Theme",
    "Threshold",
    "Unit",
    "colour_at",
    "compute",
    "format_seconds",
    "format_tick",
    "format_value",
    "legend",
    "picture",
    "plot",
    "plot_of",
    "sparkline",
]
