"""The slow log sampler: counts each slow command once, and tells the patterns that they follow."""

from exporter.samplers.slowlog.report import PatternReport, SlowlogReport
from exporter.samplers.slowlog.sampler import SPEC, SlowlogSampler

__all__ = ["SPEC", "PatternReport", "SlowlogReport", "SlowlogSampler"]
