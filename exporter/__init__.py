"""redis-vigil: samples Redis servers, exposes Prometheus metrics, evaluates alert rules, notifies people."""

__version__ = "0.2.0"
