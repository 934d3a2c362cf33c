"""Prometheus' `prometheus.yml`: its jobs of redis_exporter, rules and alerting as a `config.yml`.

Source of keys, defaults and their meaning: config/config.go, scrape/target.go and discovery/ of
github.com/prometheus/prometheus, version 3, and its documentation of the configuration.
"""

from exporter.migration.prometheus.migration import Choices, migrate_prometheus

__all__ = ["Choices", "migrate_prometheus"]
