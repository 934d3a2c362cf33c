"""The kinds of panels, each with a title, what it shows, what is normal, and what it says when empty."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import common, heatmap, prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode, HeatmapColorScale
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from tools.dashboards.thresholds import PLAIN, Limits

DATA_SOURCE: Final = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
PanelBuilder = heatmap.Panel | stat.Panel | table.Panel | timeseries.Panel
REFS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_HALF_WIDTH: Final = 12
GRAPH_HEIGHT: Final = 8
_NUMBER_HEIGHT: Final = 4


@dataclass(frozen=True)
class Query:
    """PromQL, and how its series are called."""

    expression: str
    legend: str = "{{instance}}"


@dataclass(frozen=True)
class About:
    """What a panel is: `missing` is what it says when it has no data."""

    title: str
    unit: str
    text: str
    missing: str


def target(index: int, query: Query, form: PromQueryFormat, *, instant: bool) -> prometheus.Dataquery:
    """One query of a panel."""
    built = prometheus.Dataquery().ref_id(REFS[index]).expr(query.expression).legend_format(query.legend)
    return (built.instant() if instant else built.range()).format(form)


def targets(
    queries: Sequence[Query], form: PromQueryFormat = PromQueryFormat.TIME_SERIES, *, instant: bool = False
) -> list[prometheus.Dataquery]:
    """All queries of a panel."""
    return [target(index, query, form, instant=instant) for index, query in enumerate(queries)]


def graph(
    about: About,
    *queries: Query,
    width: int = _HALF_WIDTH,
    limits: Limits = PLAIN,
    stacked: bool = False,
    bars: bool = False,
) -> timeseries.Panel:
    """Lines over time; limits are drawn dashed."""
    panel = (
        timeseries.Panel()
        .title(about.title)
        .description(about.text)
        .unit(about.unit)
        .no_value(about.missing)
        .datasource(DATA_SOURCE)
        .span(width)
        .height(GRAPH_HEIGHT)
        .min(0)
        .color_scheme(builders.FieldColor().mode(models.FieldColorModeId.PALETTE_CLASSIC))
        .line_width(1)
        .fill_opacity(60 if stacked else 8)
        .show_points(kinds.VisibilityMode.AUTO)
        .draw_style(kinds.GraphDrawStyle.BARS if bars else kinds.GraphDrawStyle.LINE)
        .legend(_legend())
        .tooltip(
            common.VizTooltipOptions().mode(kinds.TooltipDisplayMode.MULTI).sort(kinds.SortOrder.DESCENDING)
        )
        .thresholds(limits.build())
        .thresholds_style(common.GraphThresholdsStyleConfig().mode(_threshold_style(limits)))
        .targets(list(targets(queries)))
    )
    if stacked:
        panel.stacking(common.StackingConfig().mode(kinds.StackingMode.NORMAL).group("A"))
    return panel


def _threshold_style(limits: Limits) -> kinds.GraphTresholdsStyleMode:
    if limits.steps:
        return kinds.GraphTresholdsStyleMode.DASHED
    return kinds.GraphTresholdsStyleMode.OFF


def _legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .display_mode(kinds.LegendDisplayMode.LIST)
        .placement(kinds.LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs([])
    )


def number(
    about: About,
    query: Query,
    *,
    width: int = 4,
    limits: Limits = PLAIN,
    mappings: Sequence[models.ValueMap | models.SpecialValueMap] = (),
    by_name: bool = False,
    decimals: int | None = None,
    height: int = _NUMBER_HEIGHT,
) -> stat.Panel:
    """One large value per series, coloured by its limits; `by_name` shows the legend instead of the value."""
    panel = (
        stat.Panel()
        .title(about.title)
        .description(about.text)
        .unit(about.unit)
        .no_value(about.missing)
        .datasource(DATA_SOURCE)
        .span(width)
        .height(height)
        .thresholds(limits.build())
        .color_scheme(builders.FieldColor().mode(models.FieldColorModeId.THRESHOLDS))
        .color_mode(kinds.BigValueColorMode.VALUE)
        .graph_mode(kinds.BigValueGraphMode.NONE)
        .text_mode(kinds.BigValueTextMode.NAME if by_name else kinds.BigValueTextMode.AUTO)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .mappings(list(mappings))
        .targets(list(targets([query], instant=True)))
    )
    if decimals is not None:
        panel.decimals(decimals)
    return panel


def heat(about: About, query: Query, *, width: int = 12, scheme: str = "Oranges") -> heatmap.Panel:
    """Buckets of a histogram over time; `about.unit` is the unit of its bounds."""
    colors = (
        heatmap.HeatmapColorOptions()
        .mode(HeatmapColorMode.SCHEME)
        .scale(HeatmapColorScale.EXPONENTIAL)
        .exponent(0.5)
        .scheme(scheme)
        .steps(64)
        .fill("dark-orange")
    )
    return (
        heatmap.Panel()
        .title(about.title)
        .description(about.text)
        .no_value(about.missing)
        .datasource(DATA_SOURCE)
        .span(width)
        .height(GRAPH_HEIGHT)
        .calculate(False)
        .hide_from(common.HideSeriesConfig().tooltip(False).legend(False).viz(False))
        .color(colors)
        .y_axis(heatmap.YAxisConfig().unit(about.unit))
        .unit("short")
        .thresholds(PLAIN.build())
        .show_legend()
        .show_tooltip()
        .targets(list(targets([query], PromQueryFormat.HEATMAP)))
    )
