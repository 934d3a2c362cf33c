"""Charts of alerts: what the rule of an alert watches, around a moment, with its threshold.

The page of an alert shows one, and so do messages. `AlertChart` says what is to be asked of the store, and
makes a chart of the answers; `span_around` says of which time.
"""

from exporter.alert_charts.alert_chart import AlertChart
from exporter.alert_charts.episode import Episode
from exporter.alert_charts.figures import figure_of, single_comparison, threshold_words, tone_of
from exporter.alert_charts.span import span_around
from exporter.alert_charts.units import unit_of

__all__ = [
    "AlertChart",
    "Episode",
    "figure_of",
    "single_comparison",
    "span_around",
    "threshold_words",
    "tone_of",
    "unit_of",
]
