"""Tokens are the words of PromQL."""

from enum import StrEnum
from typing import Final, NamedTuple

from exporter.errors import QueryError
from exporter.model.quoting import quote


class Kind(StrEnum):
    """The kind of a token. Operators and brackets are named as they are written, keywords in lower case."""

    END = "end of input"
    IDENTIFIER = "identifier"
    METRIC_IDENTIFIER = "metric identifier"
    KEYWORD = "keyword"
    AGGREGATOR = "aggregator"
    STRING = "string"
    NUMBER = "number"
    DURATION = "duration"
    SYMBOL = "symbol"
    ERROR = "error"


class Token(NamedTuple):
    """One word of a query.

    `text` is as written, except that keywords and aggregators are in lower case; of an error it says what is
    wrong there. `start` and `end` are offsets into the query.
    """

    kind: Kind
    text: str
    start: int
    end: int

    def is_symbol(self, text: str) -> bool:
        """True if this is that bracket, comma or operator."""
        return self.kind is Kind.SYMBOL and self.text == text

    def is_keyword(self, *texts: str) -> bool:
        """True if this is one of these keywords."""
        return self.kind is Kind.KEYWORD and self.text in texts

    def describe(self) -> str:
        """The token as an error message of Prometheus names it."""
        if self.kind is Kind.END:
            return "end of input"
        if self.kind is Kind.AGGREGATOR:
            return f"<aggr:{self.text}>"
        if self.text in OPERATORS and self.kind in (Kind.SYMBOL, Kind.KEYWORD):
            return f"<op:{self.text}>"
        if self.kind is Kind.KEYWORD:
            return f"<{self.text}>"
        if self.kind in (Kind.IDENTIFIER, Kind.METRIC_IDENTIFIER):
            return f"{self.kind} {quote(self.text[:_LONGEST_WORD])}"
        shown = quote(self.text[:10]) + "..." if len(self.text) > 10 else quote(self.text)
        return shown if self.kind is Kind.SYMBOL else f"{self.kind} {shown}"


_LONGEST_MESSAGE: Final = 400
_LONGEST_WORD: Final = 200
SET_OPERATORS: Final = frozenset({"and", "or", "unless"})
AGGREGATORS: Final = frozenset(
    {
        "avg",
        "bottomk",
        "count",
        "count_values",
        "group",
        "limit_ratio",
        "limitk",
        "max",
        "min",
        "quantile",
        "stddev",
        "stdvar",
        "sum",
        "topk",
    }
)
OPERATORS: Final = SET_OPERATORS | set("+-*/%^<>@") | {"==", "!=", "<=", ">=", "=~", "!~", "atan2"}
# Keywords that may also name a metric; on, ignoring, group_left, group_right, bool and atan2 cannot.
METRIC_KEYWORDS: Final = frozenset({"and", "or", "unless", "by", "without", "offset"})
KEYWORDS: Final = METRIC_KEYWORDS | {"atan2", "bool", "group_left", "group_right", "ignoring", "on"}


def position(text: str, offset: int) -> str:
    """Line and column of an offset, both from 1, as `3:14`; an empty text has none."""
    if not text:
        return "unknown position"
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    return f"{line}:{column}"


def syntax_error(text: str, offset: int, message: str) -> QueryError:
    """The error for a query that is wrong at an offset, worded and placed as Prometheus does."""
    if len(message) > _LONGEST_MESSAGE:
        message = message[:_LONGEST_MESSAGE] + "..."
    return QueryError(f"{position(text, offset)}: parse error: {message}")
