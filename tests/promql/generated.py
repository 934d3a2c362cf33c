"""Queries made up by hypothesis: well formed for the most part, wild in what they ask for."""

from hypothesis import strategies as st

from exporter.promql.syntax.signatures import FUNCTIONS, Signature, ValueType

_LABELS = st.sampled_from(["a", "b", "le", "__name__", "missing"])
_LISTS = st.lists(_LABELS, max_size=2).map(lambda names: f"({', '.join(names)})")
_RANGES = st.sampled_from(["1s", "30s", "1m", "90", "1h", "0.5", "1ms", "290y"])
_MODIFIERS = st.sampled_from(
    [""] * 6 + [" offset 10s", " offset -1m", " @ 30", " @ start()", " @ end()", " @ -5 offset 20s"]
)
_SELECTORS = st.sampled_from(
    ["m0", "m1", "c_total", 'm0{a="0"}', '{__name__=~"m.*"}', '{a!="", b=~"0|1"}', "nothing", "vector(3)"]
)
_NUMBERS = st.sampled_from(
    ["0", "1", "-1", "0.5", "2", "NaN", "Inf", "-Inf", "1e300", "1m", "time()", "pi()"]
)
_STRINGS = st.sampled_from(['"a"', '"new"', '""', '"$1"', '"(.*)"', '"__name__"', '"x$1${2}"', '"("'])
_COMPARISONS = ["==", "!=", "<", ">", "<=", ">="]
_ARITHMETIC = ["+", "-", "*", "/", "%", "^", "atan2"]
_VECTOR_FUNCTIONS = [one for one in FUNCTIONS.values() if one.returns is ValueType.VECTOR]


@st.composite
def _selected(draw: st.DrawFn) -> str:
    selector = draw(_SELECTORS)
    return selector if selector.startswith("vector") else selector + draw(_MODIFIERS)


def _matching(operators: list[str], grouping: bool) -> st.SearchStrategy[str]:
    words = st.sampled_from(["", " on ", " ignoring "])
    sides = st.sampled_from(["", " group_left ", " group_right "] if grouping else [""])

    @st.composite
    def build(draw: st.DrawFn) -> str:
        text = draw(st.sampled_from(operators))
        word = draw(words)
        if word:
            text += word + draw(_LISTS)
            side = draw(sides)
            text += side + draw(_LISTS) if side else ""
        return text

    return build()


_BETWEEN_VECTORS = st.one_of(
    _matching(_ARITHMETIC, grouping=True),
    _matching(_COMPARISONS, grouping=True),
    _matching(["and", "or", "unless"], grouping=False),
)


def _extended(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    scalars = st.one_of(_NUMBERS, inner.map(lambda text: f"scalar({text})"))
    windows = st.one_of(
        st.tuples(_SELECTORS.filter(lambda text: "vector" not in text), _RANGES, _MODIFIERS).map(
            lambda parts: f"{parts[0]}[{parts[1]}]{parts[2]}"
        ),
        st.tuples(inner, st.sampled_from(["1m:10s", "30s:", "100s:7s"]), _MODIFIERS).map(
            lambda parts: f"({parts[0]})[{parts[1]}]{parts[2]}"
        ),
    )
    by_type = {
        ValueType.VECTOR: inner,
        ValueType.SCALAR: scalars,
        ValueType.MATRIX: windows,
        ValueType.STRING: _STRINGS,
    }

    def call(function: Signature) -> st.SearchStrategy[str]:
        arguments = st.tuples(*(by_type[one] for one in function.arguments))
        return arguments.map(lambda texts: f"{function.name}({', '.join(texts)})")

    aggregators = st.sampled_from(["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"])
    clauses = st.tuples(st.sampled_from(["by", "without"]), _LISTS).map(" ".join)
    return st.one_of(
        st.sampled_from(_VECTOR_FUNCTIONS).flatmap(call),
        st.tuples(aggregators, clauses, inner).map(lambda parts: f"{parts[0]} {parts[1]} ({parts[2]})"),
        st.tuples(st.sampled_from(["topk", "bottomk", "quantile"]), clauses, scalars, inner).map(
            lambda parts: f"{parts[0]} {parts[1]} ({parts[2]}, {parts[3]})"
        ),
        st.tuples(clauses, _STRINGS, inner).map(
            lambda parts: f"count_values {parts[0]} ({parts[1]}, {parts[2]})"
        ),
        st.tuples(inner, _BETWEEN_VECTORS, inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(inner, st.sampled_from(_ARITHMETIC + _COMPARISONS), scalars).map(
            lambda parts: f"({' '.join(parts)})"
        ),
        st.tuples(scalars, st.sampled_from(_ARITHMETIC + _COMPARISONS), inner).map(
            lambda parts: f"({' '.join(parts)})"
        ),
        inner.map(lambda text: f"-{text}"),
    )


vectors: st.SearchStrategy[str] = st.recursive(_selected(), _extended, max_leaves=6)
