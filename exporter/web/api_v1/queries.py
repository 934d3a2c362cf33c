"""`Queries`: the engines of rules and of people, with what bounds them."""

from typing import Final

from exporter.config.query import QuerySection
from exporter.promql import Engine, Limits
from exporter.promql.memory import Budget
from exporter.store import Store
from exporter.web.api_v1.query import LIMITS
from exporter.web.api_v1.turns import TurnTaker

# Rules that are evaluated at a time, for how long each, and of how many series on they take turns.
_RULES_AT_ONCE: Final = 4
_RULE_SECONDS: Final = 60.0
_MANY_SERIES: Final = 20_000


class Queries:
    """`engine` and `turns` are for queries by HTTP, which count against `budget`; those of rules stand apart:
    what people ask is bounded more tightly, and delays no rule."""

    def __init__(self, store: Store, section: QuerySection) -> None:
        self._store = store
        self.engine = Engine(store, LIMITS)
        self.budget = Budget(section.memory_limit, section.timeout.seconds)
        self.turns = TurnTaker(section.max_concurrency)
        self.rule_engine = Engine(store, Limits(timeout_seconds=_RULE_SECONDS))
        self.rule_turns = TurnTaker(_RULES_AT_ONCE)

    def rules_take_long(self) -> bool:
        """Whether so much is held that no evaluation of a rule is sure to be short."""
        return self._store.series_count > _MANY_SERIES

    def close(self) -> None:
        """Let what runs end."""
        self.turns.close()
        self.rule_turns.close()
