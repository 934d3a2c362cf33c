"""Required selectors are those that rules read, with their range: their samples outlive a restart."""

from collections.abc import Iterable
from typing import Final

from exporter.model.matcher import Matcher
from exporter.rules.model import RuleFile
from exporter.store import RequiredSelector

# An evaluation can be late, and after a restart comes later still.
_MARGIN_MS: Final = 60_000
# A selector with a fixed `@` reads at a time that does not move: as far back as there is anything.
_EVERYTHING_MS: Final = 1 << 52


def required_selectors(files: Iterable[RuleFile]) -> list[RequiredSelector]:
    """Return the selectors of the expressions of these files, each once, with its longest range.

    Queries within templates do not count: they are only known when they are asked.
    """
    reaches: dict[tuple[Matcher, ...], int] = {}
    for file in files:
        for group in file.groups:
            for rule in group.rules:
                for selector in rule.expression.selectors:
                    is_fixed = selector.at_ms is not None
                    reach = _EVERYTHING_MS if is_fixed else selector.history_ms + group.query_offset_ms
                    known = reaches.get(selector.matchers, 0)
                    reaches[selector.matchers] = max(known, reach + _MARGIN_MS)
    return [RequiredSelector(matchers, reach) for matchers, reach in reaches.items()]
