"""What the rules read, and how far back."""

from pathlib import Path

from exporter.model.labels import Labels
from exporter.rules.load import load_rule_files
from exporter.rules.required_selectors import required_selectors
from exporter.store.required_selectors import RequiredSelectors

MINUTE_MS = 60_000
# What is kept longer than a query asks for.
MARGIN_MS = MINUTE_MS


def reaches(tmp_path: Path, text: str) -> RequiredSelectors:
    path = tmp_path / "rules.yml"
    path.write_text(text)
    return RequiredSelectors(required_selectors(load_rule_files([path])))


def test_ranges_offsets_and_subqueries_count_and_the_longest_wins(tmp_path: Path) -> None:
    needs = reaches(
        tmp_path,
        """
groups:
  - name: a
    query_offset: 1m
    rules:
      - {alert: A, expr: 'rate(hits_total{db="0"}[10m] offset 5m) > 1 or hits_total{db="0"} < 0'}
      - {record: 'x:y', expr: 'max_over_time(rate(misses_total[5m])[30m:1m])'}
  - {name: b, rules: [{alert: B, expr: 'up == 0'}, {alert: C, expr: '{job="x"} > 1'}]}
  - {name: c, rules: [{alert: D, expr: 'fixed @ 1000 > 1'}]}
""",
    )
    assert needs.range_ms(Labels({"__name__": "hits_total", "db": "0"})) == 16 * MINUTE_MS + MARGIN_MS
    assert needs.range_ms(Labels({"__name__": "hits_total", "db": "1"})) == 0
    assert needs.range_ms(Labels({"__name__": "misses_total"})) == 36 * MINUTE_MS + MARGIN_MS
    assert needs.range_ms(Labels({"__name__": "up"})) == 5 * MINUTE_MS + MARGIN_MS
    assert needs.range_ms(Labels({"__name__": "anything", "job": "x"})) == 5 * MINUTE_MS + MARGIN_MS
    assert needs.range_ms(Labels({"__name__": "nothing"})) == 0
    assert needs.range_ms(Labels({"__name__": "fixed"})) > 365 * 86_400_000
    assert needs.longest_ms == needs.range_ms(Labels({"__name__": "fixed"}))


def test_without_rules_nothing_is_needed() -> None:
    assert RequiredSelectors(required_selectors([])).longest_ms == 0
