"""The origins of recorded series: the metrics of the servers that they are made of."""

from collections.abc import Iterable, Mapping

from exporter.promql import Expression
from exporter.rules.model import AlertSpec, RuleFile

Origins = Mapping[str, frozenset[str]]
"""By the name of a recorded series: the metrics that it is made of, through all rules between them."""


def origins_of(files: Iterable[RuleFile]) -> Origins:
    """The metrics behind every recording rule of these files."""
    read: dict[str, frozenset[str]] = {}
    for file in files:
        for group in file.groups:
            for rule in group.rules:
                if not isinstance(rule, AlertSpec):
                    names = rule.expression.metric_names
                    read[rule.name] = read.get(rule.name, frozenset()) | names
    return {name: _resolve(name, read, set()) for name in read}


def metrics_behind(expression: Expression, origins: Origins) -> frozenset[str]:
    """Return the metrics of servers that an expression reads, itself or through recording rules.

    There are none where it selects series by labels alone.
    """
    if any(not selector.metric_name for selector in expression.selectors):
        return frozenset()
    found: set[str] = set()
    for name in expression.metric_names:
        found |= origins.get(name, frozenset({name}))
    return frozenset(found)


def _resolve(name: str, read: Mapping[str, frozenset[str]], seen: set[str]) -> frozenset[str]:
    if name not in read:
        return frozenset({name})
    # A rule may read what it has recorded itself.
    seen.add(name)
    found: set[str] = set()
    for inner in read[name] - seen:
        found |= _resolve(inner, read, seen)
    return frozenset(found)
