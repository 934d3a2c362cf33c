"""`Queries`: the engines of rules and of people, with what bounds them."""

from typing import Final

from exporter.config.query import QuerySection
from exporter.history.kept import KeptHistory
from exporter.history.reading import ReadableBlocks
from exporter.history.source import HistorySource
from exporter.promql import Engine, Expression, Limits, MemoryBudget
from exporter.store import Store
from exporter.web.api_v1.cooperative import CooperativeExecutor
from exporter.web.api_v1.query import LIMITS

# Rules that are evaluated at a time, for how long each, and the number of series from which on all of them
# are run by the executor.
_RULES_AT_ONCE: Final = 4
_RULE_SECONDS: Final = 60.0
# After the clock was set each rule reads all its samples anew: a fifth of a second with 200 servers.
_MANY_SERIES: Final = 4_000


class Queries:
    """The engines, executors and budget of queries, those of rules apart from those by HTTP.

    `engine` and `executor` are for queries by HTTP, which count against `budget`: what people ask is bounded
    more tightly than rules are, and delays no rule. They read the `history` too, where there are blocks;
    rules read it from what is `kept`.
    """

    def __init__(self, store: Store, section: QuerySection, blocks: ReadableBlocks | None = None) -> None:
        self._store = store
        self.history = None if blocks is None else HistorySource(store, blocks)
        self.engine = Engine(store, LIMITS, history=self.history)
        self.budget = MemoryBudget(section.memory_limit, section.timeout.seconds)
        self.executor = CooperativeExecutor(section.max_concurrency)
        self.kept = None if blocks is None else KeptHistory(store, blocks)
        self.rule_engine = Engine(store, Limits(timeout_seconds=_RULE_SECONDS), history=self.kept)
        self.rule_executor = CooperativeExecutor(_RULES_AT_ONCE)

    def rules_take_long(self) -> bool:
        """Whether so much is held that no evaluation of a rule is sure to be short."""
        return self._store.series_count > _MANY_SERIES

    def rule_reads_disk(self, expression: Expression) -> bool:
        """Whether a rule looks back over more than memory holds, so that its evaluation may read files."""
        if self.history is None:
            return False
        retention_ms = self._store.retention_ms
        return any(one.at_ms is not None or one.history_ms > retention_ms for one in expression.selectors)

    def close(self) -> None:
        """Let what runs end."""
        self.executor.close()
        self.rule_executor.close()
