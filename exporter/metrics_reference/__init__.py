"""The reference of all metrics, docs/metrics.md: made from declarations, rules and dashboards.

- `entries`: what is said of each metric, from the families that samplers declare
- `commands`: the commands that samplers ask
- `own`: the daemon's own metrics
- `usage`: the shipped rules and dashboards that read a metric
- `groups`: the parts of the page
- `page`: the page, and `python -m exporter.metrics_reference.page docs/metrics.md`
"""
