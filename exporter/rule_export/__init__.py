"""Rules in force as files for others: Prometheus rule files and objects for Kubernetes, and as a list."""

from exporter.rule_export.files import RuleTexts, rule_texts
from exporter.rule_export.kubernetes import KubernetesOptions, prometheus_rules

__all__ = ["KubernetesOptions", "RuleTexts", "prometheus_rules", "rule_texts"]
