"""What completion in the query box knows without asking: functions, aggregations and keywords of PromQL."""

from typing import Final

from exporter.promql.syntax.signatures import FUNCTIONS

_AGGREGATIONS: Final = (
    *("avg", "bottomk", "count", "count_values", "group", "max", "min", "quantile", "stddev", "stdvar"),
    *("sum", "topk"),
)
_KEYWORDS: Final = (
    *("and", "by", "group_left", "group_right", "ignoring", "offset", "on", "or", "unless", "without"),
)

FUNCTION_NAMES: Final = (*sorted([*FUNCTIONS, *_AGGREGATIONS]), *_KEYWORDS)
"""All names; metrics, labels and values come from the API."""
