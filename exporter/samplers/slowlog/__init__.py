"""The slow log: each slow command counted, and what kinds there are."""

from exporter.samplers.slowlog.report import PatternReport, SlowlogReport
from exporter.samplers.slowlog.sampler import SPEC, SlowlogSampler

__all__ = ["SPEC", "PatternReport", "SlowlogReport", "SlowlogSampler"]
