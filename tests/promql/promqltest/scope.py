"""Tells which evals of a script are about what the engine refuses: native histograms, experimental features.

It looks at the text and at the data, never at how the engine fares.
"""

import re
from typing import Final

from exporter.errors import QueryError
from exporter.promql import parse
from exporter.promql.functions.calendar import CALENDAR
from exporter.promql.functions.elementwise import ELEMENTWISE
from exporter.promql.syntax.nodes import Call, Expr, Paren, VectorSelector
from tests.promql.promqltest.script import Eval
from tests.promql.promqltest.world import World

# Functions that pass over native histograms without a word, so that a selector of floats and histograms in
# their argument is about floats only.
_FLOAT_ONLY: Final = {
    *ELEMENTWISE,
    *CALENDAR,
    "clamp",
    "clamp_max",
    "clamp_min",
    "round",
    "sort",
    "sort_desc",
}
_STRINGS: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`")
_AT_EDGE: Final = re.compile(r"@\s*(?:start|end)\s*\(\s*\)", re.I)
_FUNCTIONS: Final = (
    "double_exponential_smoothing end histogram_quantiles info integral limit_ratio limitk "
    "mad_over_time max_of min_of range sort_by_label sort_by_label_desc start step ts_of_first_over_time "
    "ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time fill fill_left fill_right"
)
_EXPERIMENTAL: Final = re.compile(
    rf"\b({_FUNCTIONS.replace(' ', '|')})\s*(?:(?:by|without)\s*\([^)]*\)\s*)?\(", re.I
)
_NATIVE: Final = re.compile(r"</|>/")
_EXTENDED: Final = re.compile(r"\b(anchored|smoothed)\b", re.I)
# Where these words are durations: they are experimental as functions only.
_DURATIONS: Final = re.compile(r"\[[^]]*\]|\boffset\s*[-+]?\s*(?:step|range|min_of|max_of)\s*\(", re.I)


def out_of_scope(found: Eval, world: World) -> str | None:
    """Why the engine is not meant to pass this eval; None: it is."""
    plain = _AT_EDGE.sub("", _STRINGS.sub('""', found.query))
    if found.has_histograms:
        return "native histogram expected"
    if found.has_unknown:
        return "samples of a kind not known expected"
    if (match := _EXPERIMENTAL.search(_DURATIONS.sub("", plain))) is not None:
        return f"experimental: {match[1].lower()}"
    if (match := _NATIVE.search(plain)) is not None:
        return f"native histograms: {match[0]}"
    if (match := _EXTENDED.search(plain)) is not None:
        return f"experimental: {match[1].lower()} selectors"
    return _about_data(found, world)


def _about_data(found: Eval, world: World) -> str | None:
    try:
        root = parse(found.query).root
    except QueryError:
        return None
    selectors = list(_telling_selectors(root, float_only=False))
    if any(world.matches_histogram(selector.matchers) for selector in selectors):
        return "native histograms selected"
    if any(world.matches_start_times(selector.matchers) for selector in selectors):
        return "experimental: start timestamps"
    if any(world.matches_unknown(selector.matchers) for selector in selectors):
        return "samples of a kind not known selected"
    return None


def _telling_selectors(node: Expr, *, float_only: bool) -> list[VectorSelector]:
    """All selectors but those right below a function that passes over histograms."""
    if isinstance(node, VectorSelector):
        return [] if float_only else [node]
    passes_over = isinstance(node, Call) and node.function.name in _FLOAT_ONLY
    below = passes_over or (float_only and isinstance(node, Paren))
    found = []
    for child in node.children:
        found.extend(_telling_selectors(child, float_only=below))
    return found
